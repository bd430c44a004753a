"""Spokes behind an Azure Firewall: pairs that are alike are asked about once, and told alike."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.network.graph import Network
from auditor.reach.cells import Cells
from auditor.reach.firewalled_pairs import FirewalledPairs
from auditor.testing import arm_id, estate, resource

from ...firewalls import (
    application_rule,
    collection,
    firewall,
    group,
    ip_group,
    nat_rule,
    network_rule,
    policy,
)
from ...networks import Json, peer, subnet_id
from ...networks import vnet as net
from ...reaching import ref
from ...routing import route, table
from ..network.filtering.test_naive import written
from .test_matrix import cells, one_by_one

HUB, APPLIANCE = "10.0.0.0/16", "10.0.1.4"
MANAGER = "Microsoft.Network/networkManagers"
CONFIGURATION = f"{MANAGER}/securityAdminConfigurations"


def prefix_of(number: int) -> str:
    return f"10.{number + 1}.0.0/24"


def spoke(number: int, *, subnet: Json | None = None, peering: Json | None = None) -> Json:
    """A network joined to the hub, with one subnet."""
    told: Json = {"allowVirtualNetworkAccess": True, "allowForwardedTraffic": True}
    own = {"addressPrefix": prefix_of(number), **(subnet or {})}
    to_hub = peer("hub", HUB, **{**told, **(peering or {})})
    return net(f"s{number}", prefix_of(number), subnets={"app": own}, peers=[to_hub])


def hub(spokes: int) -> Json:
    told: Json = {"allowVirtualNetworkAccess": True, "allowForwardedTraffic": True}
    peers = [peer(f"s{i}", prefix_of(i), **told) for i in range(spokes)]
    subnets = {"AzureFirewallSubnet": "10.0.1.0/26",
               "tools": "10.0.9.0/24"}  # fmt: skip
    return net("hub", HUB, subnets=subnets, peers=peers)


def in_hub() -> Json:
    place = {"privateIPAddress": APPLIANCE,
             "subnet": {"id": subnet_id("hub", "AzureFirewallSubnet")}}  # fmt: skip
    return firewall(ipConfigurations=[{"name": "x", "properties": place}])


def steered(number: int, groups: str | None = None) -> Json:
    found: Json = {"routeTable": ref("Microsoft.Network/routeTables", f"rt{number}")}
    if groups is not None:
        found["networkSecurityGroup"] = ref("Microsoft.Network/networkSecurityGroups", groups)
    return found


def default_by_firewall(number: int) -> Json:
    by = route("0.0.0.0/0", "VirtualAppliance", APPLIANCE, name="default")
    return table(f"rt{number}", by, disableBgpRoutePropagation=True)


def own_rules(number: int) -> Json:
    """A group that lets HTTPS in, to the subnet alone."""
    common = {"direction": "Inbound", "protocol": "Tcp", "from": "*"}
    to = {"access": "Allow", "to": prefix_of(number), "ports": "443"}
    rest = {"access": "Deny", "to": "*", "ports": "*"}
    return written(
        [
            {**common, **to, "name": "web", "priority": 100},
            {**common, **rest, "name": "rest", "priority": 4096, "protocol": "*"},
        ],
        f"g{number}",
    )


def plain(spokes: int) -> Network:
    """Spokes that differ by their addresses only, and one rule of the firewall for them all."""
    everyone = network_rule("spokes", "10.0.0.0/8", "10.0.0.0/8", "443")
    return estate(
        hub(spokes),
        *(spoke(i, subnet=steered(i, f"g{i}")) for i in range(spokes)),
        *(default_by_firewall(i) for i in range(spokes)),
        *(own_rules(i) for i in range(spokes)),
        in_hub(),
        policy("g"),
        group("g", 100, collection("c", 100, "Allow", everyone)),
    )


def test_spokes_that_differ_by_their_addresses_are_asked_about_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[object] = []
    for whose, name in ((Cells, "between"), (FirewalledPairs, "asked")):
        kept = getattr(whose, name)

        def counted(*given: object, kept: object = kept) -> object:
            asked.append(given)
            return kept(*given)  # type: ignore[operator]

        monkeypatch.setattr(whose, name, counted)
    network = plain(6)
    found = cells(network)
    assert len(asked) == 1
    assert found == one_by_one(network)


def test_why_a_pair_is_not_told_names_its_own_routes() -> None:
    network = plain(3)
    found = cells(network)
    for i, j in ((0, 1), (1, 2), (2, 0)):
        pair = (subnet_id(f"s{i}", "app").lower(), subnet_id(f"s{j}", "app").lower(), 4)
        told = {ref_of(reason.resource) for reason in found[pair].reasons}
        assert f"rt{i}" in told
        assert f"rt{j}" not in told  # the group of the target asks for no tag


def ref_of(resource_id: str) -> str:
    """The name of the route table that a resource is, or is in."""
    return resource_id.partition("/routeTables/")[2].partition("/")[0]


SIDES = ["*", "10.0.0.0/8", prefix_of(0), prefix_of(1), "10.2.0.0/25", "10.1.0.9", "10.0.9.0/24"]
TAGS = ["VirtualNetwork", "Internet", "Storage", "10.0.1.0/26"]
PORTS = ["*", "443", "22-443"]
SPOKES = 5


@st.composite
def some_rules(draw: st.DrawFn, number: int) -> list[Json]:
    return [
        {
            "name": f"r{priority}",
            "priority": priority,
            "direction": draw(st.sampled_from(["Inbound", "Outbound"])),
            "access": draw(st.sampled_from(["Allow", "Deny"])),
            "protocol": draw(st.sampled_from(["*", "Tcp", "Udp"])),
            "from": draw(st.sampled_from([*SIDES, *TAGS, prefix_of(number)])),
            "to": draw(st.sampled_from([*SIDES, *TAGS, prefix_of(number)])),
            "ports": draw(st.sampled_from(PORTS)),
        }
        for priority in range(100, 100 + draw(st.integers(0, 3)))
    ]


@st.composite
def firewalls(draw: st.DrawFn) -> list[Json]:
    sides, ports = st.sampled_from(SIDES), st.sampled_from(PORTS)
    found = [
        collection(f"n{i}", 100 + i, draw(st.sampled_from(["Allow", "Allow", "Deny"])),
                   _network_rule(draw, f"r{i}", draw(sides), draw(sides), draw(ports)))
        for i in range(draw(st.integers(0, 3)))
    ]  # fmt: skip
    if draw(st.booleans()):
        web = application_rule("web", "*.example.org", source=draw(sides))
        found.append(collection("app", 900, "Allow", web))
    if draw(st.sampled_from([False, False, True])):
        inwards = nat_rule("in", "10.3.0.9:443", draw(st.sampled_from([APPLIANCE, "10.3.0.9"])))
        found.append(collection("nat", 50, "Dnat", inwards))
    more: Json = {}
    kept = draw(
        st.sampled_from([None, None, ["10.2.0.0/24"], ["0.0.0.0/0"], ["255.255.255.255/32"]])
    )
    if kept is not None:
        more["snat"] = {"privateRanges": kept}
    missing = draw(st.sampled_from([False, False, False, True]))
    return [
        policy("g", *(["lost"] if missing else []), **more),
        group("g", 200, *found),
        ip_group("known", prefix_of(1), "10.3.0.0/25"),
        in_hub(),
    ]


def _network_rule(draw: st.DrawFn, name: str, source: str, target: str, ports: str) -> Json:
    rule = network_rule(name, source, target, ports, draw(st.sampled_from(["TCP", "Any"])))
    groups = draw(st.sampled_from([None, None, "known", "absent"]))
    if groups is not None:
        del rule["destinationAddresses"]
        rule["destinationIpGroups"] = [arm_id("Microsoft.Network/ipGroups", groups)]
    return rule


@st.composite
def estates(draw: st.DrawFn) -> Network:
    found: list[Json] = []
    for i in range(SPOKES):
        hops = [route("0.0.0.0/0", "VirtualAppliance", APPLIANCE, name="default")]
        odd = draw(st.sampled_from([*(None,) * 6, "near", "none", "nva"]))
        if odd == "near":
            hops.append(route(HUB, "VirtualAppliance", APPLIANCE, name="hub"))
        elif odd == "none":
            hops.append(route(prefix_of(2), "None", name="drop"))
        elif odd == "nva":
            hops = [route("10.0.0.0/8", "VirtualAppliance", "10.0.9.9", name="nva")]
        propagated = draw(st.sampled_from([True, True, False]))
        found.append(table(f"rt{i}", *hops, disableBgpRoutePropagation=propagated))
        found.append(written(draw(some_rules(i)), f"g{i}"))
        groups = draw(st.sampled_from([f"g{i}", f"g{i}", "g0", None]))
        subnet = steered(i, groups)
        if draw(st.sampled_from([*(False,) * 5, True])):
            del subnet["routeTable"]
        forwarded = draw(st.sampled_from([*(True,) * 6, False, None]))
        more = {} if forwarded is None else {"allowForwardedTraffic": forwarded}
        found.append(spoke(i, subnet=subnet, peering=more))
    if draw(st.sampled_from([False, False, True])):
        found += _admins(draw)
    return estate(hub(SPOKES), *found, *draw(firewalls()))


def _admins(draw: st.DrawFn) -> list[Json]:
    """Rules of a network manager that apply to everything."""

    def side(key: str) -> Json:
        where = draw(st.sampled_from(["*", "10.0.0.0/8", prefix_of(1)]))
        return {key: [{"addressPrefix": where, "addressPrefixType": "IPPrefix"}]}

    rule = {
        "access": draw(st.sampled_from(["Deny", "AlwaysAllow", "Allow"])), "priority": 10,
        "direction": draw(st.sampled_from(["Inbound", "Outbound"])), "protocol": "Tcp",
        **side("sources"), **side("destinations"), "sourcePortRanges": ["0-65535"],
        "destinationPortRanges": [draw(st.sampled_from(["22", "0-65535"]))],
    }  # fmt: skip
    return [
        resource(MANAGER, "avnm"),
        resource(CONFIGURATION, "avnm/config"),
        resource(f"{CONFIGURATION}/ruleCollections", "avnm/config/collection"),
        resource(f"{CONFIGURATION}/ruleCollections/rules", "avnm/config/collection/one", rule,
                 kind="Custom"),
    ]  # fmt: skip


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(estates())
def test_each_cell_of_random_spokes_is_the_answer_about_the_pair(network: Network) -> None:
    found, wanted = cells(network), one_by_one(network)
    assert found.keys() == wanted.keys()
    for pair, cell in wanted.items():
        assert found[pair] == cell, pair
