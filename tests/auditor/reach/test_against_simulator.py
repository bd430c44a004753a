"""Paths against the simulator, which replays one packet at a time and shares nothing with them.

Small networks at random: two VNets, peered or not, security groups at both levels, routes, public
addresses, a load balancer inside and one outside. Every packet of a small set is asked of both;
where both are sure, they say the same.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor import simulate
from auditor.addresses import parse_address
from auditor.network.graph import Network
from auditor.reach.along import together
from auditor.reach.answer import answers
from auditor.reach.frame import Packet
from auditor.reach.path import ends_at
from auditor.reach.paths import paths
from auditor.reach.points import Kind, Point
from auditor.reach.replay import check
from auditor.reach.replay import replayed as tried_again
from auditor.reach.samples import coordinates
from auditor.simulate import Fate
from auditor.testing import arm_id, estate

from ...networks import nic as nic_in
from ...networks import peer
from ...networks import vnet as net
from ...reaching import point, ref
from ...routing import route, table
from ..network.filtering.test_naive import Json, written

A, B = "10.0.0.0/16", "10.1.0.0/16"
SIDES = ["*", "Internet", "VirtualNetwork", "10.0.0.0/24", "10.1.0.0/16", "10.0.1.0/24",
         "52.0.0.0/8", "AzureLoadBalancer"]  # fmt: skip
PORTS = ["*", "443", "22-443", ["80", "1000-2000"]]
MACHINES = {"web": "10.0.0.4", "app": "10.0.1.4", "db": "10.1.0.4"}
PUBLIC = {"web": "20.50.1.2", "balanced": "20.50.1.3"}
CLIENTS = ["52.10.0.7", "8.8.8.8"]


@st.composite
def rules(draw: st.DrawFn) -> list[Json]:
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
        for priority in draw(st.lists(st.integers(100, 4096), unique=True, max_size=4))
    ]


HOPS = ["VnetLocal", "Internet", "None", "VirtualAppliance"]


@st.composite
def resources(draw: st.DrawFn) -> list[Json]:
    groups = {name: draw(st.one_of(st.none(), rules())) for name in ("g0", "g1", "g2", "g3")}
    routes = [
        route(prefix, draw(st.sampled_from(HOPS)), "10.0.1.4", name=f"to{place}")
        for place, prefix in enumerate(
            draw(st.lists(
                st.sampled_from(["10.1.0.0/16", "10.0.1.0/24", "0.0.0.0/0", "10.0.0.0/16"]),
                unique=True, max_size=2,
            ))
        )
    ]  # fmt: skip
    peered = draw(st.booleans())
    steered = draw(st.booleans())
    sku = draw(st.sampled_from(["Standard", "Basic"]))
    floating = draw(st.booleans())
    return [
        *(written(found, name) for name, found in groups.items() if found is not None),
        net("a", A, subnets={"front": _subnet("10.0.0.0/24", "g0", groups, steered),
                             "back": _subnet("10.0.1.0/24", "g1", groups, False)},
            peers=[peer("b", B, allowForwardedTraffic=True)] if peered else ()),
        net("b", B, subnets={"far": _subnet("10.1.0.0/24", "g2", groups, False)},
            peers=[peer("a", A, allowForwardedTraffic=True)] if peered else ()),
        table("rt", *routes, disableBgpRoutePropagation=True),
        _nic("web", ("a", "front"), groups, public=True),
        _nic("app", ("a", "back"), groups),
        _nic("db", ("b", "far"), groups),
        _pip("pip-web", PUBLIC["web"], sku),
        _pip("pip-lb", PUBLIC["balanced"], sku),
        _balancer("outer", {"publicIPAddress": ref(_PIP, "pip-lb")}, sku, floating, "app"),
        _balancer("inner", {"privateIPAddress": "10.0.1.100", "subnet": ref(_SUB, "a", "back"),
                            "privateIPAllocationMethod": "Static"}, sku, floating, "app"),
    ]  # fmt: skip


def networks() -> st.SearchStrategy[Network]:
    return resources().map(lambda found: estate(*found))


_PIP = "Microsoft.Network/publicIPAddresses"
_SUB = "Microsoft.Network/virtualNetworks/subnets"
_LB = "Microsoft.Network/loadBalancers"


def _subnet(prefix: str, group: str, groups: Any, steered: bool) -> Json:
    found: Json = {"addressPrefix": prefix, "defaultOutboundAccess": True}
    if groups[group] is not None:
        found["networkSecurityGroup"] = ref("Microsoft.Network/networkSecurityGroups", group)
    if steered:
        found["routeTable"] = ref("Microsoft.Network/routeTables", "rt")
    return found


def _nic(name: str, in_: tuple[str, str], groups: Any, *, public: bool = False) -> Json:
    configuration: Json = {"privateIPAllocationMethod": "Static"}
    if public:
        configuration["publicIPAddress"] = ref(_PIP, "pip-web")
    more: Json = {"enableIPForwarding": False}
    if groups["g3"] is not None and name != "db":
        more["networkSecurityGroup"] = ref("Microsoft.Network/networkSecurityGroups", "g3")
    return nic_in(name, MACHINES[name], in_, vm=name, configuration=configuration, **more)


def _pip(name: str, address: str, sku: str) -> Json:
    from ...exposed import pip

    return pip(name, address=address, sku={"name": sku})


def _balancer(name: str, front: Json, sku: str, floating: bool, member: str) -> Json:
    from auditor.testing import resource

    nics = "Microsoft.Network/networkInterfaces/ipConfigurations"
    rule = {
        "frontendIPConfiguration": ref(f"{_LB}/frontendIPConfigurations", name, f"{name}-front"),
        "backendAddressPool": ref(f"{_LB}/backendAddressPools", name, "pool"),
        "protocol": "Tcp",
        "frontendPort": 443,
        "backendPort": 443 if floating else 1500,
        "enableFloatingIP": floating,
        "disableOutboundSnat": False,
    }
    settings: Json = {
        "frontendIPConfigurations": [{"name": f"{name}-front", "properties": front}],
        "backendAddressPools": [
            {"name": "pool",
             "properties": {"backendIPConfigurations": [{"id": arm_id(nics, member, "primary")}]}}
        ],
        "loadBalancingRules": [{"name": "https", "properties": rule}],
        "inboundNatRules": [],
        "outboundRules": [],
    }  # fmt: skip
    return resource(_LB, name, settings, sku={"name": sku})


def sure(network: Network, source: Point, target: Point, packet: Packet) -> bool | None:
    """What the sets of packets say of one packet: it arrives, it does not, or nobody knows."""
    every = [p for p in paths(network, source, target) if not p.relayed]
    if not every:
        return False
    bounds = together(every[0].trail.space, every)
    at = coordinates(packet)
    return True if bounds.must.at(at) else None if bounds.may.at(at) else False


def replayed(network: Network, source: Point, target: Point, packet: Packet) -> bool | None:
    """What the simulator says of the same packet."""
    start = source.id
    sent = simulate.Packet(packet.source, packet.destination, packet.protocol,
                           packet.source_port, packet.destination_port)  # fmt: skip
    found = simulate.replay(network, start, sent)
    here = [each for each in found if each.fate is Fate.DELIVERED and _at(each.at, target)]
    if any(each.fate is Fate.UNKNOWN for each in found):
        return None
    if here:
        returns = {each.returns for each in here}
        return returns.pop() if len(returns) == 1 else None
    return False


def _at(where: str, target: Point) -> bool:
    return where.lower() == target.id.lower() or target.id.lower().startswith(where.lower() + "/")


def sent(source: str, target: str) -> list[Packet]:
    froms = CLIENTS if source == "internet" else [MACHINES[source]]
    tos = [MACHINES[target]]
    tos += [PUBLIC["web"]] if target == "web" else []
    tos += [PUBLIC["balanced"], "10.0.1.100"] if target == "app" else []
    if source == "internet":
        tos = [to for to in tos if to.startswith("20.")]
    return [
        Packet(parse_address(one), parse_address(to), protocol, 50000, port)
        for one, to, protocol, port in product(froms, tos, ("tcp", "udp"), (22, 443, 1500))
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks())
def test_where_both_are_sure_they_agree(network: Network) -> None:
    points = {name: point(network, name) for name in ("internet", *MACHINES)}
    for source, target in product(points, MACHINES):
        if source == target:
            continue
        for packet in sent(source, target):
            ours = sure(network, points[source], points[target], packet)
            theirs = replayed(network, points[source], points[target], packet)
            if ours is not None and theirs is not None:
                assert ours == theirs, (source, target, packet)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks())
def test_every_witness_stands_the_replay(network: Network) -> None:
    points = [point(network, name) for name in ("internet", *MACHINES, "inner-front")]
    for source, target in product(points, points):
        if source == target or target.kind is Kind.INTERNET:
            continue
        for answer in answers(network, source, target):
            check(network, answer)
            if answer.path is not None:
                assert ends_at(answer.path, target) or answer.path.target.kind is target.kind


def test_an_answer_that_the_replay_contradicts_is_unknown_and_told_as_our_fault(
    monkeypatch: Any,
) -> None:
    every = (
        net("a", A, subnets={"front": {"addressPrefix": "10.0.0.0/24"}}),
        nic_in("web", "10.0.0.4", ("a", "front"), vm="web"),
        nic_in("app", "10.0.0.5", ("a", "front"), vm="app"),
    )
    network = estate(*every)
    found = answers(network, point(network, "web"), point(network, "app"), protocols=("tcp",))
    assert [each.verdict.value for each in tried_again(network, found)] == ["reachable"]

    sent: Any = found[0].witness
    lost = simulate.Arrival(Fate.DROPPED, "nobody", sent, "it fell", (), None)
    monkeypatch.setattr(simulate, "replay", lambda *_: [lost])
    [told] = tried_again(estate(*every), found)

    assert told.verdict.value == "unknown"
    assert "this is a fault of auditor's own" in str(told.reasons[0])
