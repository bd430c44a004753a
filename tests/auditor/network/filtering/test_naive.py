"""Flows against an independent simulator: the first match over plain dictionaries, nothing else.

The simulator knows one world: what each tag without data holds, and whether a route is part of
`VirtualNetwork`. The answer must be what the simulator says in every world, or unknown.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from auditor.network.effective_rules import Direction
from auditor.network.flow import Access
from auditor.testing import arm_id, resource

from ....exposed import NSG, SUBNET, nic, nsg, ref, vnet
from ....guarded import asks

Json = dict[str, Any]
World = dict[str, bool]

ASG = "Microsoft.Network/applicationSecurityGroups"
MEMBERS = {"red": ["10.0.0.4", "10.0.0.9"], "blue": ["10.0.0.9"]}
SPACE = "10.0.0.0/16"
ROUTED = "52.0.0.0/8"
PEERS = ["10.0.0.9", "10.0.0.7", "52.10.0.7", "20.1.1.1", "168.63.129.16", "192.168.0.1"]
SIDES = [
    "*", "Internet", "VirtualNetwork", "Storage", "Storage.West", "AzureLoadBalancer",
    "10.0.0.0/24", "52.10.0.7", "0.0.0.0/0", "asg:red", "asg:blue", ["52.0.0.0/8", "10.0.0.9"],
]  # fmt: skip
PORTS = ["*", "443", "22-443", ["80", "1000-2000"]]


FROM_INTERNET: list[Json] = [
    {"name": "r100", "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "*",
     "from": "Internet", "to": "*", "ports": "*"},
]  # fmt: skip
"""Private sources may pass it or not; if they do, a rule of the same name denies them next."""


def number(text: str) -> int:
    a, b, c, d = map(int, text.split("."))
    return ((a * 256 + b) * 256 + c) * 256 + d


def within(address: str, prefix: str) -> bool:
    base, _, length = prefix.partition("/")
    size = 1 << (32 - int(length or 32))
    return number(address) // size == number(base) // size


def holds(side: Any, address: str, world: World) -> bool:
    """Whether one side of a rule matches an address in a world."""
    if isinstance(side, list):
        return any(holds(each, address, world) for each in side)
    host = address == "168.63.129.16"
    private = any(within(address, prefix) for prefix in ("10.0.0.0/8", "192.168.0.0/16"))
    inside: bool = within(address, SPACE) or host or (world["routed"] and within(address, ROUTED))
    public = not private and not host
    known = {
        "*": True,
        "Internet": not inside and (public or (world["private"] and private)),
        "VirtualNetwork": inside,
        "Storage": public and (world["storage"] or world["west"]),
        "Storage.West": public and world["west"],
        "AzureLoadBalancer": host,
    }
    if side in known:
        return known[side]
    if side.startswith("asg:"):
        return address in MEMBERS[side[4:]]
    return within(address, side)


def has(ports: Any, port: int) -> bool:
    if isinstance(ports, list):
        return any(has(each, port) for each in ports)
    low, _, high = ports.partition("-")
    return ports == "*" or int(low) <= port <= int(high or low)


DEFAULTS = {
    "Inbound": [
        ("defaultSecurityRules/AllowVnetInBound", "VirtualNetwork", "VirtualNetwork", "Allow"),
        ("defaultSecurityRules/AllowAzureLoadBalancerInBound", "AzureLoadBalancer", "*", "Allow"),
        ("defaultSecurityRules/DenyAllInBound", "*", "*", "Deny"),
    ],
    "Outbound": [
        ("defaultSecurityRules/AllowVnetOutBound", "VirtualNetwork", "VirtualNetwork", "Allow"),
        ("defaultSecurityRules/AllowInternetOutBound", "*", "Internet", "Allow"),
        ("defaultSecurityRules/DenyAllOutBound", "*", "*", "Deny"),
    ],
}


def first(rules: list[Json], flow: Json, world: World) -> tuple[str, str]:
    """The first rule of a group that matches: its access and name."""
    for rule in sorted(rules, key=lambda each: int(each["priority"])):
        if (
            rule["direction"] == flow["direction"]
            and rule["protocol"] in ("*", flow["protocol"])
            and holds(rule["from"], flow["source"], world)
            and holds(rule["to"], flow["destination"], world)
            and has(rule["ports"], flow["port"])
        ):
            return rule["access"], f"securityRules/{rule['name']}"
    for name, source, destination, access in DEFAULTS[flow["direction"]]:
        if holds(source, flow["source"], world) and holds(destination, flow["destination"], world):
            return access, name
    raise AssertionError("the last default rule matches everything")


def simulate(
    groups: list[list[Json] | None], flow: Json, world: World
) -> tuple[str, tuple[int, str] | None]:
    """What becomes of a flow, and the rule that decides by the place of its group and its name.

    `groups` are the subnet's and the NIC's; both have default rules of the same names.
    """
    said: tuple[str, tuple[int, str] | None] = ("Allow", None)
    for place in (0, 1) if flow["direction"] == "Inbound" else (1, 0):
        group = groups[place]
        if group is not None:
            access, name = first(group, flow, world)
            said = (access, (place, name))
            if access == "Deny":
                return said
    return said


@st.composite
def some_rules(draw: st.DrawFn) -> list[Json]:
    priorities = draw(st.lists(st.integers(100, 4096), unique=True, max_size=5))
    return [
        {
            "name": f"r{priority}",
            "priority": priority,
            "direction": draw(st.sampled_from(["Inbound", "Outbound"])),
            "access": draw(st.sampled_from(["Allow", "Deny"])),
            "protocol": draw(st.sampled_from(["*", "Tcp", "Udp"])),
            "from": draw(st.sampled_from(SIDES)),
            "to": draw(st.sampled_from(SIDES)),
            "ports": draw(st.sampled_from(PORTS)),
        }
        for priority in priorities
    ]


def written(rules: list[Json], name: str) -> Json:
    """A group as Azure writes it."""
    return nsg(
        *(
            {
                "name": rule["name"],
                "properties": {
                    **{key: rule[key] for key in ("priority", "direction", "access", "protocol")},
                    "sourcePortRange": "*",
                    **side("source", rule["from"]),
                    **side("destination", rule["to"]),
                    **(
                        {"destinationPortRanges": rule["ports"]}
                        if isinstance(rule["ports"], list)
                        else {"destinationPortRange": rule["ports"]}
                    ),
                },
            }
            for rule in rules
        ),
        name=name,
    )


def side(key: str, text: Any) -> Json:
    if isinstance(text, list):
        return {f"{key}AddressPrefixes": text}
    if text.startswith("asg:"):
        return {f"{key}ApplicationSecurityGroups": [ref(arm_id(ASG, text[4:]))]}
    return {f"{key}AddressPrefix": text}


def member(name: str, address: str, **more: Any) -> Json:
    groups = [ref(arm_id(ASG, group)) for group, held in MEMBERS.items() if address in held]
    return nic(name, address=address, configuration={"applicationSecurityGroups": groups}, **more)


def estate(groups: list[list[Json] | None], routed: bool) -> list[Json]:
    table = "Microsoft.Network/routeTables"
    hop = {"addressPrefix": ROUTED, "nextHopType": "Internet"}
    routes = [{"name": "r", "properties": hop}] if routed else []
    settings: Json = {
        "addressPrefix": "10.0.0.0/24",
        "routeTable": ref(arm_id(table, "rt")),
        **({} if groups[0] is None else {"networkSecurityGroup": ref(arm_id(NSG, "outer"))}),
    }
    app = {"id": arm_id(SUBNET, "vnet", "app"), "name": "app", "properties": settings}
    return [
        *(written(rules, name) for rules, name in zip(groups, ("outer", "inner"), strict=True)
          if rules is not None),
        member("web", "10.0.0.4", nsg=None if groups[1] is None else "inner"),
        member("other", "10.0.0.9"),
        *(resource(ASG, name) for name in MEMBERS),
        resource(table, "rt", {"routes": routes, "disableBgpRoutePropagation": False}),
        vnet(app),
    ]  # fmt: skip


def worlds(routed: bool) -> list[World]:
    names = ["routed", "storage", "west", "private"]
    found = [dict(zip(names, each, strict=True)) for each in product([False, True], repeat=4)]
    return [world for world in found if routed or not world["routed"]]


@example(outer=FROM_INTERNET, inner=[], routed=False, port=22, protocol="Tcp")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(st.none(), some_rules()),
    st.one_of(st.none(), some_rules()),
    st.booleans(),
    st.sampled_from([22, 53, 443, 1500]),
    st.sampled_from(["Tcp", "Udp"]),
)
def test_the_answer_is_what_every_world_says(
    outer: list[Json] | None, inner: list[Json] | None, routed: bool, port: int, protocol: str
) -> None:
    groups = [outer, inner]
    web = asks(*estate(groups, routed))
    for direction, peer in product(Direction, PEERS):
        if peer == "168.63.129.16" and direction is Direction.OUTBOUND and port == 53:
            continue  # platform traffic
        ends = (peer, "10.0.0.4") if direction is Direction.INBOUND else ("10.0.0.4", peer)
        flow = {"direction": direction.value, "source": ends[0], "destination": ends[1],
                "port": port, "protocol": protocol}  # fmt: skip
        said = {simulate(groups, flow, world) for world in worlds(routed)}
        answer = web.answer(direction, peer, port, protocol.lower())
        accesses = {access for access, _ in said}
        assert answer.access.value == (accesses.pop() if len(accesses) == 1 else "Unknown"), flow
        decider = next(iter(said))[1] if len(said) == 1 else None
        told = answer.rule.name if answer.rule is not None else None
        assert told == (decider[1] if decider is not None else None), flow
        assert bool(answer.reasons) == (len(said) > 1), flow
        if answer.access is Access.UNKNOWN:
            assert answer.reasons


def test_the_simulator_tells_worlds_apart() -> None:
    rules = [{"name": "no", "priority": 100, "direction": "Outbound", "access": "Deny",
              "protocol": "*", "from": "*", "to": "Storage", "ports": "*"}]  # fmt: skip
    flow = {"direction": "Outbound", "source": "10.0.0.4", "destination": "20.1.1.1",
            "port": 443, "protocol": "Tcp"}  # fmt: skip
    said = {simulate([rules, None], flow, world) for world in worlds(False)}
    assert {access for access, _ in said} == {"Allow", "Deny"}
