"""The matrix of subnets: each of its cells is the answer about the pair, asked one by one."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.addresses import EVERY_PORT, PortSet
from auditor.network.build import build
from auditor.network.graph import Network
from auditor.network.service_tags import NO_TAGS
from auditor.packets.partition import bits
from auditor.reach.answer import PROTOCOLS, private_answers
from auditor.reach.cell import Cell, cell_of
from auditor.reach.cells import Cells
from auditor.reach.matrix import matrix
from auditor.reach.places import Places, only
from auditor.reach.points import anywhere_in
from auditor.reach.subnet_classes import SubnetClass, classes_of
from auditor.resources.virtual_networks import Subnet
from auditor.snapshot.load import load
from auditor.testing import arm_id, estate, resource

from ...firewalls import application_rule, collection, firewall, group, network_rule, policy
from ...networks import hub, nic, peer
from ...networks import vnet as net
from ...reaching import ref
from ...routing import endpoint, route, table
from ..network.filtering.test_naive import Json, written

ESTATES = Path("fixtures/estates")
NAMES = ["clean-company", "docker-to-aks", "docker-to-aks-broken", "hub-and-spoke"]

Pair = tuple[str, str, int]


def cells(
    network: Network, protocols: Any = PROTOCOLS, ports: PortSet = EVERY_PORT
) -> dict[Pair, Cell]:
    """Every cell of the matrix, by source, target and version of IP; each once."""
    classes = classes_of(network, network.all(Subnet), NO_TAGS)
    found: dict[Pair, Cell] = {}
    for block in matrix(network, classes, protocols=protocols, ports=ports):
        for i in bits(block.targets):
            for source, target in product(block.source.subnets, classes[i].subnets):
                if source is not target:
                    key = (source.key, target.key, block.version)
                    assert key not in found
                    found[key] = block.cell
    return found


def one_by_one(
    network: Network, protocols: Any = PROTOCOLS, ports: PortSet = EVERY_PORT
) -> dict[Pair, Cell]:
    """The same, each pair asked about by itself."""
    found: dict[Pair, Cell] = {}
    for source, target in product(network.all(Subnet), repeat=2):
        if source is target:
            continue
        ends = anywhere_in(network, source), anywhere_in(network, target)
        told = private_answers(network, *ends, protocols=protocols, ports=ports)
        for version in {answer.version for answer in told}:
            here = [answer for answer in told if answer.version == version]
            found[source.key, target.key, version] = cell_of(here)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_each_cell_of_a_shipped_estate_is_the_answer_about_the_pair(name: str) -> None:
    network = build(load([str(ESTATES / name)])).network
    assert cells(network) == one_by_one(network)


A, B, C = "10.0.0.0/16", "10.1.0.0/16", "10.0.0.0/20"
SUBNETS = {
    "a": ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/26"],
    "b": ["10.1.0.0/24", "10.1.1.0/24", "10.1.2.0/24"],
    "c": ["10.0.0.0/24", "10.0.1.128/25"],
}
SPACES = {"a": A, "b": B, "c": C}
SIX = {"a": "fd00:a::/48", "b": "fd00:b::/48"}
SIDES = ["*", "Internet", "VirtualNetwork", "10.0.0.0/24", "10.1.0.0/16", "10.0.1.0/24",
         "10.0.1.7", "10.1.0.0/23", "AzureLoadBalancer", "Storage",
         ["10.0.0.9", "10.1.1.0/24"]]  # fmt: skip
PORTS = ["*", "443", "22-443", ["80", "1000-2000"]]
GROUPS = ("g0", "g1", "g2")
HOPS = ["VnetLocal", "Internet", "None", "VirtualAppliance", "VirtualNetworkGateway"]
PREFIXES = ["10.1.0.0/16", "10.0.1.0/24", "0.0.0.0/0", "10.0.0.0/16", "10.0.1.0/25", "10.0.0.0/8"]
APPLIANCES = ["10.0.1.4", "10.0.3.4", "10.9.9.9"]


@st.composite
def rules(draw: st.DrawFn) -> list[Json]:
    priorities = st.lists(st.integers(100, 110), unique=True, min_size=1, max_size=6)
    return [
        {
            "name": f"r{priority}",
            "priority": priority - draw(st.sampled_from([0, 0, 0, 1])),
            "direction": draw(st.sampled_from(["Inbound", "Outbound"])),
            "access": draw(st.sampled_from(["Allow", "Deny"])),
            "protocol": draw(st.sampled_from(["*", "Tcp", "Udp"])),
            "from": draw(st.sampled_from(SIDES)),
            "to": draw(st.sampled_from(SIDES)),
            "ports": draw(st.sampled_from(PORTS)),
        }
        for priority in draw(priorities)
    ]


@st.composite
def networks(draw: st.DrawFn) -> Network:
    groups = {name: draw(rules()) for name in GROUPS}
    tables = [
        table(
            name,
            *(
                route(prefix, draw(st.sampled_from(HOPS)), draw(st.sampled_from(APPLIANCES)),
                      name=f"to{place}")
                for place, prefix in enumerate(
                    draw(st.lists(st.sampled_from(PREFIXES), unique=True, max_size=3))
                )
            ),
            disableBgpRoutePropagation=draw(st.booleans()),
        )
        for name in ("t0", "t1")
    ]  # fmt: skip
    ties = {pair for pair in ("ab", "bc", "ac") if draw(st.sampled_from([True, True, False]))}
    forwarded = draw(st.sampled_from([True, False, None]))
    untold = draw(st.sampled_from([False, False, False, True]))
    vnets = []
    for name, prefixes in SUBNETS.items():
        subnets = {}
        for place, prefix in enumerate(prefixes):
            firewall_there = name == "a" and place == 3
            each = "AzureFirewallSubnet" if firewall_there else f"{name}{place}"
            subnets[each] = _subnet(
                prefix,
                None if firewall_there else draw(st.sampled_from([None, *GROUPS, "absent"])),
                None if firewall_there else draw(st.sampled_from([None, "t0", "t1"])),
            )
        others = [far for far in SPACES if {name + far, far + name} & ties]
        more: Json = {} if forwarded is None else {"allowForwardedTraffic": forwarded}
        more |= {} if untold else {"allowVirtualNetworkAccess": True}
        peers = [peer(far, SPACES[far], **more) for far in others]
        if name in SIX:
            for place in draw(st.sets(st.integers(0, 1))):
                prefix = subnets[f"{name}{place}"].pop("addressPrefix")
                second = SIX[name].replace("::", f":{place}::").replace("/48", "/64")
                subnets[f"{name}{place}"]["addressPrefixes"] = [prefix, second]
        if draw(st.sampled_from([False, False, True])):
            del subnets[f"{name}1"]["addressPrefix" if "addressPrefix" in subnets[f"{name}1"]
                                    else "addressPrefixes"]  # fmt: skip
        spaces = [SPACES[name], *([SIX[name]] if name in SIX else [])]
        vnets.append(net(name, *spaces, subnets=subnets, peers=peers))
    return estate(
        *(written(found, name) for name, found in groups.items()),
        *tables,
        *vnets,
        nic("nva", "10.0.1.4", ("a", "a1"), vm="nva", enableIPForwarding=draw(st.booleans())),
        endpoint("pe", "10.0.2.9", ("a", "a2")),
        *_firewall(draw),
    )


def _subnet(prefix: str, group_name: str | None, routes: str | None) -> Json:
    found: Json = {"addressPrefix": prefix, "privateEndpointNetworkPolicies": "Disabled"}
    if group_name is not None:
        found["networkSecurityGroup"] = ref("Microsoft.Network/networkSecurityGroups", group_name)
    if routes is not None:
        found["routeTable"] = ref("Microsoft.Network/routeTables", routes)
    return found


def _firewall(draw: st.DrawFn) -> list[Json]:
    sides = st.sampled_from(["*", "10.0.0.0/16", "10.1.0.0/24", "10.0.0.9"])
    collections = [
        collection(
            f"c{place}",
            100 + place,
            draw(st.sampled_from(["Allow", "Deny"])),
            network_rule(f"n{place}", draw(sides), draw(sides),
                         draw(st.sampled_from(["*", "443", "1000-2000"]))),
        )
        for place in range(draw(st.integers(0, 2)))
    ]  # fmt: skip
    if draw(st.booleans()):
        collections.append(
            collection("app", 900, "Allow", application_rule("web", "*.example.org"))
        )
    place = {"subnet": {"id": arm_id("Microsoft.Network/virtualNetworks/subnets", "a",
                                     "AzureFirewallSubnet")},
             "privateIPAddress": "10.0.3.4"}  # fmt: skip
    return [
        policy("rules"),
        group("rules", 200, *collections),
        firewall(ipConfigurations=[{"name": "x", "properties": place}]),
    ]


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks(), st.sampled_from([(PROTOCOLS, EVERY_PORT), (("tcp",), PortSet.of(443))]))
def test_each_cell_of_a_random_network_is_the_answer_about_the_pair(
    network: Network, asked: tuple[tuple[str, ...], PortSet]
) -> None:
    found, wanted = cells(network, *asked), one_by_one(network, *asked)
    assert found.keys() == wanted.keys()
    for pair, cell in wanted.items():
        assert found[pair] == cell, pair


def classes(network: Network) -> list[tuple[str, ...]]:
    found: tuple[SubnetClass, ...] = classes_of(network, network.all(Subnet), NO_TAGS)
    return [tuple(subnet.label for subnet in each.subnets) for each in found]


def closed(name: str, to: str) -> Json:
    """A group that lets nothing in but HTTPS to one address or prefix."""
    common = {"direction": "Inbound", "protocol": "Tcp", "from": "*"}
    https = {
        **common,
        "name": "https",
        "priority": 100,
        "access": "Allow",
        "to": to,
        "ports": "443",
    }
    rest = {**common, "name": "rest", "priority": 4096, "access": "Deny", "protocol": "*",
            "to": "*", "ports": "*"}  # fmt: skip
    return written([https, rest], name)


def test_subnets_that_nothing_tells_apart_are_one_class() -> None:
    network = estate(
        closed("g", "*"),
        net("a", A, subnets={name: _subnet(f"10.0.{i}.0/24", "g", None)
                             for i, name in enumerate(("x", "y", "z"))}),
    )  # fmt: skip
    assert classes(network) == [("x", "y", "z")]


@pytest.mark.parametrize(
    ("to", "wanted"),
    [
        ("10.0.1.0/24", [("x", "z"), ("y",)]),
        ("10.0.0.0/23", [("x", "y"), ("z",)]),
        ("10.0.2.9", [("x", "y"), ("z",)]),
        ("10.0.0.0/16", [("x", "y", "z")]),
    ],
)
def test_what_a_rule_names_is_told_apart(to: str, wanted: list[tuple[str, ...]]) -> None:
    network = estate(
        closed("g", to),
        net("a", A, subnets={name: _subnet(f"10.0.{i}.0/24", "g", None)
                             for i, name in enumerate(("x", "y", "z"))}),
    )  # fmt: skip
    assert classes(network) == wanted


def test_only_what_routes_lead_to_is_looked_at_one_by_one() -> None:
    network = estate(
        *(
            net(f"v{i}", f"10.{i}.0.0/16", subnets={"s": f"10.{i}.0.0/24", "t": f"10.{i}.1.0/24"})
            for i in range(20)
        )
    )
    found = classes_of(network, network.all(Subnet), NO_TAGS)
    blocks = list(matrix(network, found))
    assert len(found) == 20  # both subnets of a network are one class
    reachable = [block for block in blocks if block.cell.reachable]
    assert [block.targets for block in reachable] == [1 << i for i in range(20)]
    assert len(blocks) == 40


def test_no_pair_is_asked_about_twice_where_sets_tell_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(Cells, "between", lambda *given: asked.append(given))
    network = estate(
        closed("g", "10.1.0.0/24"),
        net("a", A, subnets={"x": "10.0.0.0/24"}, peers=[peer("b", B)]),
        net("b", B, subnets={"y": _subnet("10.1.0.0/24", "g", None)}, peers=[peer("a", A)]),
    )
    cells(network)
    assert asked == []


@pytest.mark.parametrize(("closed", "wanted"), [(False, "unknown"), (True, "blocked")])
def test_R_29_each_cell_by_a_virtual_hub_is_the_answer_about_the_pair(
    closed: bool, wanted: str
) -> None:
    network = estate(
        table("rt", disableBgpRoutePropagation=closed),
        net("a", A, subnets={"x": _subnet("10.0.0.0/24", None, "rt")}),
        net("b", B, subnets={"y": "10.1.0.0/24"}),
        net("c", "10.2.0.0/16", subnets={"z": "10.2.0.0/24"}),
        *hub("h", "10.8.0.0/23", "a", "b"),
    )
    found = cells(network)
    assert found == one_by_one(network)
    told = {(s[-1], t[-1]): cell.verdict.value for (s, t, _), cell in found.items()}
    assert (told["x", "y"], told["x", "z"], told["z", "y"]) == (wanted, "blocked", "blocked")


@pytest.mark.parametrize("access", ["AlwaysAllow", "Deny", "Allow"])
def test_N_50_why_an_admin_rule_may_decide_is_told_in_the_matrix_too(access: str) -> None:
    """Of a denial that it may skip no reason was told."""
    kind = "Microsoft.Network/networkManagers/securityAdminConfigurations"
    anyone = [{"addressPrefix": "*", "addressPrefixType": "IPPrefix"}]
    rule = {
        "access": access, "direction": "Inbound", "priority": 10, "protocol": "Tcp",
        "sources": anyone, "destinations": anyone,
        "sourcePortRanges": ["0-65535"], "destinationPortRanges": ["22", "443"],
    }  # fmt: skip
    network = estate(
        resource("Microsoft.Network/networkManagers", "avnm"),
        resource(kind, "avnm/config"),
        resource(f"{kind}/ruleCollections", "avnm/config/all"),
        resource(f"{kind}/ruleCollections/rules", "avnm/config/all/one", rule, kind="Custom"),
        closed("g", "*"),
        net("a", A, subnets={"x": "10.0.0.0/24", "y": _subnet("10.0.1.0/24", "g", None)}),
    )
    found = cells(network)
    assert found == one_by_one(network)
    unsure = [cell for cell in found.values() if cell.unsure]
    assert all("avnm-unknown" in {why.label for why in cell.reasons} for cell in unsure)
    assert bool(unsure) is (access != "Allow")


# Places

SETS = [((10, 19),), ((20, 29),), ((15, 40),), ((0, 4), (50, 54)), ()]


def test_sets_are_spread_over_the_keys_they_lie_under() -> None:
    found, odd = Places(SETS).spread((20, 45), ("low", "middle", "high"))
    assert found == {"low": 0b00001, "middle": 0b00010}
    assert odd == 0b01100


def test_a_set_of_two_parts_lies_under_a_key_that_comes_back() -> None:
    found, odd = Places(SETS).spread((10, 45), ("ends", "middle", "ends"))
    assert found == {"ends": 0b01000, "middle": 0b00111}
    assert odd == 0


@pytest.mark.parametrize(
    ("side", "wanted"), [(((0, 9),), "a"), (((9, 10),), None), (((0, 3), (20, 29)), None)]
)
def test_only_one_key_or_none(side: tuple[tuple[int, int], ...], wanted: str | None) -> None:
    assert only((10, 20), ("a", "b", "c"), side) == wanted
