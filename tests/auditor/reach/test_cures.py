"""The change that is named for what is blocked opens it, once it is made."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings

from auditor.network.graph import Network
from auditor.reach.along import hops_of
from auditor.reach.answer import Answer, answers
from auditor.reach.paths import paths
from auditor.reach.samples import coordinates
from auditor.reach.trail import Step
from auditor.testing import arm_id, estate, resource

from ...exposed import deny, nic, nsg, pip, rule, subnet, vnet
from ...guarded import out_deny
from ...networks import gateway as vnet_gateway
from ...networks import nic as nic_in
from ...networks import peer, site, tunnel, vnet_id
from ...networks import vnet as net
from ...reaching import app_gateway, asked, lb, lb_probe, lb_rule, point
from ...routing import endpoint, route, steered
from ...routing import table as table_of
from ..network.filtering.test_naive import Json
from .test_against_simulator import MACHINES, resources

MYSQL = "Microsoft.DBforMySQL/flexibleServers"

_RULE = re.compile(
    r"add an (?P<way>inbound|outbound) Allow rule for (?P<protocol>\w+) from (?P<source>\S+) "
    r"to (?P<destination>\S+?)(?: to port (?P<port>\d+))? to (?P<group>\S+), "
    r"(?:with a priority (?:below (?P<below>\d+)|of (?P<at>\d+))"
    r"|before (?P<later>\S+), which has to get a priority above 100 first)"
)
_CHANGED = re.compile(r"change (?P<route>.+) of (?P<table>\S+), so that")
_PEERED = re.compile(r"peer (?P<one>\S+) with (?P<other>\S+), so that")
_FORWARDED = re.compile(r"add a load-balancing rule for \w+ \d+ at (?P<front>\S+)$")


def named(found: list[Json], name: str) -> Json:
    [one] = [each for each in found if each["name"] == name]
    return one


def made(found: list[Json], step: Step) -> list[Json] | None:
    """The resources after the change that a blocker names; None for what is not made here."""
    found = copy.deepcopy(found)
    if match := _RULE.match(step.opening):
        _add_rule(found, match)
    elif match := _CHANGED.match(step.opening):
        routes = named(found, match["table"])["properties"]["routes"]
        name = match["route"].removeprefix("route ")
        assert len([each for each in routes if each["name"] == name]) == 1
        routes[:] = [each for each in routes if each["name"] != name]
    elif match := _PEERED.match(step.opening):
        return _peered(found, match["one"], match["other"])
    elif match := _FORWARDED.match(step.opening):
        balancer = named(found, match["front"].removesuffix("-front"))
        rules = balancer["properties"]["loadBalancingRules"]
        more = copy.deepcopy(rules[0])
        more["name"] = "more"
        more["properties"] |= {
            "protocol": step.packet.protocol.title(),
            "frontendPort": step.packet.destination_port,
            "backendPort": step.packet.destination_port,
        }
        rules.append(more)
    else:
        return None
    return found


def _add_rule(found: list[Json], match: re.Match[str]) -> None:
    rules = named(found, match["group"])["properties"].setdefault("securityRules", [])
    taken = {each["properties"]["priority"] for each in rules}
    for each in rules:
        if f"securityRules/{each['name']}" == match["later"]:
            later = next(number for number in range(101, 4097) if number not in taken)
            each["properties"]["priority"] = later
            taken = {later, *taken} - {100}
    last = int(match["at"] or 0) or int(match["below"] or 101) - 1
    free = [number for number in range(100, last + 1) if number not in taken]
    assume(free)
    settings: Json = {
        "priority": free[-1],
        "direction": match["way"].title(),
        "access": "Allow",
        "protocol": match["protocol"].title(),
        "sourceAddressPrefix": match["source"],
        "sourcePortRange": "*",
        "destinationAddressPrefix": match["destination"],
        "destinationPortRange": match["port"] or "*",
    }
    rules.append({"name": "opened", "properties": settings})


def _peered(found: list[Json], one: str, other: str) -> list[Json] | None:
    if other == "the":  # the network of an address
        other = next(name for name in ("a", "b") if name != one)
    for near, far in ((one, other), (other, one)):
        settings = {
            "remoteVirtualNetwork": {"id": vnet_id(far)},
            "remoteAddressSpace": named(found, far)["properties"]["addressSpace"],
            "peeringState": "Connected",
            "allowVirtualNetworkAccess": True,
            "allowForwardedTraffic": True,
        }
        link = {"name": f"to-{far}", "properties": settings}
        named(found, near)["properties"]["virtualNetworkPeerings"] = [link]
    return found


def still(network: Network, source: str, target: str, step: Step, answer: Answer) -> list[Step]:
    """The hops that stop the same packet at the same place by the same rule, on every path."""
    packet = answer.witness
    assert packet is not None
    place = (step.code, step.resource.lower(), step.rule)
    found = [
        [
            each
            for each in hops_of(path, packet)
            if each.passes is False and (each.code, each.resource.lower(), each.rule) == place
        ]
        for path in paths(network, point(network, source), point(network, target))
        if path.trail.sent.at(coordinates(packet)) and _way(path) == _way(answer.path)
    ]
    return [each for stops in found for each in stops] if all(found) else []


def _way(path: Any) -> Any:
    return path.target.id, path.entrance.address if path.entrance else ""


def opened(found: list[Json], source: str, target: str) -> Iterator[str]:
    """Make each change that is named; give those that were made and stop it all the same."""
    network = estate(*found)
    for answer in answers(network, point(network, source), point(network, target)):
        for step in answer.blockers:
            after = made(found, step) if step.opening else None
            if after is not None and answer.path is not None:
                for again in still(estate(*after), source, target, step, answer):
                    yield f"{step.opening}: {again.says}"


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(resources())
def test_in_networks_at_random(found: list[Json]) -> None:
    for source, target in product(("internet", *MACHINES), (*MACHINES, "inner-front", "internet")):
        if source != target:
            assert list(opened(found, source, target)) == [], (source, target)


def opening(network: Network, *question: Any) -> str:
    [step] = asked(network, *question).one.blockers
    return step.opening


def guarded(*rules: Json, outbound: Any = ()) -> Network:
    return estate(
        nsg(*rules, name="in"),
        nsg(*outbound, name="out"),
        nic("web"),
        nic("db", subnet="data", address="10.0.1.4"),
        vnet(subnet(nsg="out"), subnet("data", "10.0.1.0/24", nsg="in")),
    )


def test_before_the_first_priority_no_rule_can_come() -> None:
    said = opening(guarded(deny("no", 100)), "web", "db")
    assert said == (
        "add an inbound Allow rule for TCP from 10.0.0.4 to 10.0.1.4 to port 443 to in, "
        "before securityRules/no, which has to get a priority above 100 first"
    )


def test_a_rule_that_nobody_may_write_is_not_proposed() -> None:
    """The default rules are at 65500: a rule of one's own ends at 4096."""
    network = estate(nsg(rule("x", 100, "Internet", "22")), nic("web", public="pip", nsg="nsg"),
                     pip("pip"), vnet(subnet()))  # fmt: skip
    said = opening(network, "internet", "web")
    assert said.endswith(
        "with a priority of 4096 or below, before defaultSecurityRules/DenyAllInBound"
    )


def test_of_several_rules_that_may_deny_the_first_is_told() -> None:
    """Whether 10.9.0.9 is in the tag or not, it is denied; a rule before both opens."""
    network = guarded(outbound=[out_deny("tag", 200, destinationAddressPrefix="AzureCloud"),
                                out_deny("all", 300)])  # fmt: skip
    said = opening(network, "web", "52.10.0.7")
    assert "to out, with a priority below 200 (securityRules/tag)" in said


@pytest.mark.parametrize(
    ("one", "other"), [("10.0", "10.1"), ("52.1", "52.2")], ids=["private", "public"]
)
def test_networks_without_a_peering_need_one(one: str, other: str) -> None:
    """Public ranges too: without a None route (R-1) they go to the internet, and no route helps."""
    network = estate(
        net("a", f"{one}.0.0/16", subnets={"app": f"{one}.0.0/24"}),
        net("b", f"{other}.0.0/16", subnets={"app": f"{other}.0.0/24"}),
        nic_in("web", f"{one}.0.4", ("a", "app")),
        nic_in("db", f"{other}.0.4", ("b", "app")),
    )
    there, back = (step.opening for step in asked(network, "web", "db").one.blockers)
    assert there == f"peer a with b, so that {other}.0.4 goes to b"
    assert back == f"peer b with the network of {one}.0.4, so that {one}.0.4 goes straight back"


def test_R_18_a_peering_that_does_not_know_new_addresses_has_to_be_synchronised() -> None:
    def peered(*known: str) -> Network:
        return estate(
            net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"}, peers=[peer("b", *known)]),
            net("b", "10.1.0.0/16", "10.2.0.0/16", subnets={"app": "10.2.0.0/24"},
                peers=[peer("a", "10.0.0.0/16")]),
            nic_in("web", "10.0.0.4", ("a", "app")),
            nic_in("db", "10.2.0.4", ("b", "app")),
        )  # fmt: skip

    stale = asked(peered("10.1.0.0/16"), "web", "db")
    [step] = stale.one.blockers
    assert step.opening == "synchronise the peering of a with b, so that 10.2.0.4 goes to b"
    assert asked(peered("10.1.0.0/16", "10.2.0.0/16"), "web", "db").verdict == "reachable"


def test_R_14_a_peering_that_waits_for_its_other_side_gets_it_and_no_more() -> None:
    def peered(state: str, *back: Json) -> Network:
        return estate(
            net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"},
                peers=[peer("b", "10.1.0.0/16", state=state)]),
            net("b", "10.1.0.0/16", subnets={"app": "10.1.0.0/24"}, peers=back),
            nic_in("web", "10.0.0.4", ("a", "app")),
            nic_in("db", "10.1.0.4", ("b", "app")),
        )  # fmt: skip

    half = asked(peered("Initiated"), "web", "db").one.blockers
    assert [step.opening for step in half] == [
        "peer b with a, so that 10.1.0.4 goes to b",
        "peer b with the network of 10.0.0.4, so that 10.0.0.4 goes straight back",
    ]
    back = peer("a", "10.0.0.0/16")
    assert asked(peered("Connected", back), "web", "db").verdict == "reachable"
    left = asked(peered("Disconnected", back), "web", "db").one.blockers
    assert [step.opening.partition(",")[0] for step in left] == [
        "make the peerings of a with b anew",
        "make the peerings of b with a anew",
    ]


def test_R_19_a_peering_of_some_subnets_has_to_join_another_one() -> None:
    def joined(*own: str) -> Network:
        some: Any = {"peerCompleteVnets": False}
        return estate(
            net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24", "more": "10.0.1.0/24"},
                peers=[peer("b", "10.1.0.0/24", **some, localSubnetNames=list(own),
                            remoteSubnetNames=["app"])]),
            net("b", "10.1.0.0/16", subnets={"app": "10.1.0.0/24"},
                peers=[peer("a", *(f"10.0.{i}.0/24" for i, _ in enumerate(own)), **some,
                            localSubnetNames=["app"], remoteSubnetNames=list(own))]),
            nic_in("web", "10.0.1.4", ("a", "more")),
            nic_in("db", "10.1.0.4", ("b", "app")),
        )  # fmt: skip

    to_web = asked(joined("app"), "db", "web").one.blockers
    assert [step.opening for step in to_web] == [
        "let the peering of b with a join the subnet of 10.0.1.4, so that 10.0.1.4 goes to a",
        "let the peering of a with b join subnet more, so that 10.1.0.4 goes straight back",
    ]
    assert asked(joined("app", "more"), "db", "web").verdict == "reachable"


@pytest.mark.parametrize("lends", [True, False])
def test_R_17_a_network_has_to_use_the_gateway_of_its_peer(lends: bool) -> None:
    def spoke(*, lends: bool, uses: bool) -> Network:
        return estate(
            net("hub", "10.1.0.0/16", subnets={"GatewaySubnet": "10.1.9.0/27"},
                peers=[peer("a", "10.0.0.0/16", allowGatewayTransit=lends)]),
            net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"},
                peers=[peer("hub", "10.1.0.0/16", useRemoteGateways=uses)]),
            vnet_gateway("gw", "hub", enableBgp=False),
            site("site", "192.168.0.0/16"),
            tunnel("tunnel", "gw", "site", enableBgp=False),
            nic_in("web", "10.0.0.4", ("a", "app")),
        )  # fmt: skip

    there = "onprem 192.168.1.1/32"
    step = asked(spoke(lends=lends, uses=False), "web", there).step("route")
    also = "" if lends else "allowGatewayTransit on the peering of hub with a, and "
    assert step.opening == (
        f"set {also}useRemoteGateways on the peering of a with hub, "
        "so that 192.168.1.1 goes to the gateway"
    )
    assert asked(spoke(lends=True, uses=True), "web", there).verdict == "reachable"


def test_R_17_a_gateway_that_its_network_does_not_lend_has_to_be_lent() -> None:
    def spoke(**lends: Any) -> Network:
        return estate(
            net("hub", "10.1.0.0/16", subnets={"GatewaySubnet": "10.1.9.0/27"},
                peers=[peer("a", "10.0.0.0/16", **lends)]),
            net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"},
                peers=[peer("hub", "10.1.0.0/16", useRemoteGateways=True)]),
            vnet_gateway("gw", "hub", enableBgp=False),
            site("site", "192.168.0.0/16"),
            tunnel("tunnel", "gw", "site", enableBgp=False),
            nic_in("web", "10.0.0.4", ("a", "app")),
        )  # fmt: skip

    there = "onprem 192.168.1.1/32"
    kept = asked(spoke(allowGatewayTransit=False), "web", there)
    assert kept.step("route").opening == (
        "set allowGatewayTransit on the peering of hub with a, "
        "so that 192.168.1.1 goes to the gateway"
    )
    assert asked(spoke(allowGatewayTransit=True), "web", there).verdict == "reachable"


def test_R_17_a_peer_whose_gateway_knows_the_site_is_named_both_ways() -> None:
    def spoke(uses: bool | None, lends: bool | None) -> Network:
        return estate(
            net("hub", "10.1.0.0/16", subnets={"GatewaySubnet": "10.1.9.0/27"},
                peers=[peer("a", "10.0.0.0/16", allowGatewayTransit=lends)]),
            net("b", "10.2.0.0/16", subnets={"GatewaySubnet": "10.2.9.0/27"},
                peers=[peer("a", "10.0.0.0/16", allowGatewayTransit=True)]),
            net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"},
                peers=[peer("b", "10.2.0.0/16"), peer("hub", "10.1.0.0/16",
                                                      useRemoteGateways=uses)]),
            vnet_gateway("gw", "hub", enableBgp=False),
            vnet_gateway("other", "b", enableBgp=False),
            site("site", "192.168.0.0/16"),
            tunnel("tunnel", "gw", "site", enableBgp=False),
            nic_in("web", "10.0.0.4", ("a", "app")),
        )  # fmt: skip

    there = "onprem 192.168.1.1/32"
    use = "useRemoteGateways on the peering of a with hub"
    lend = "allowGatewayTransit on the peering of hub with a"
    for sides, said in (
        ((None, False), f"set {lend}, and {use}"),
        ((False, True), f"set {use}"),
        ((True, False), f"set {lend}"),
    ):
        goes = ", so that 192.168.1.1 goes to the gateway"
        assert opening(spoke(*sides), "web", there) == said + goes
        assert opening(spoke(*sides), there, "web") == said
    assert asked(spoke(True, True), "web", there).verdict == "reachable"
    assert asked(spoke(True, True), there, "web").verdict == "reachable"
    assert opening(spoke(False, True), "onprem 10.77.0.1/32", "web") == ""


def test_P_12_a_nat_gateway_is_not_proposed_for_IPv6() -> None:
    both: Any = {"addressPrefixes": ["10.0.0.0/24", "fd00::/64"], "addressPrefix": None}
    client = nic("web", address="fd00::4")
    network = estate(client, vnet(subnet(**both), addressSpace={
        "addressPrefixes": ["10.0.0.0/16", "fd00::/48"]}))  # fmt: skip
    client["properties"]["ipConfigurations"][0]["properties"]["privateIPAddressVersion"] = "IPv6"
    found = asked(network, "web", "2600::7")
    assert found.step("egress").opening == "give it a public IPv6 address"


@pytest.mark.parametrize(("protocol", "port"), [("icmp", None), ("esp", None)])
def test_nothing_is_proposed_that_cannot_carry_the_protocol(protocol: str, port: Any) -> None:
    network = estate(nic("web"), pip("pip"), lb(lb_rule()), vnet(subnet()))
    found = asked(network, "internet", "front", port, protocol)
    assert found.step("load-balancer").opening == ""


def test_a_machine_that_nothing_leads_to_needs_an_entrance() -> None:
    """A rule where it is behind a public load balancer; where a gateway leads there, none."""

    def opening(*more: Json, protocol: str = "tcp") -> str:
        there = estate(nic("web"), vnet(subnet(), subnet("gw", "10.0.1.0/26")), *more)
        return asked(there, "internet", "web", protocol=protocol).one.blockers[0].opening

    assert opening() == "give web/primary a public address"
    assert opening(pip("pip"), lb()) == "add a load-balancing rule for pool at front"
    assert opening(pip("pip"), lb(), protocol="icmp") == "give web/primary a public address"
    assert opening(lb(public=False)) == "give web/primary a public address"
    assert opening(pip("pip"), app_gateway()) == ""


def test_R_17_sites_get_in_by_the_gateway_of_a_peer_once_it_is_used() -> None:
    there = estate(
        net("hub", "10.1.0.0/16", subnets={"GatewaySubnet": "10.1.9.0/27"},
            peers=[peer("a", "10.0.0.0/16", allowGatewayTransit=True)]),
        net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"}, peers=[peer("hub", "10.1.0.0/16")]),
        vnet_gateway("gw", "hub", enableBgp=False),
        site("site", "192.168.0.0/16"),
        tunnel("tunnel", "gw", "site", enableBgp=False),
        nic_in("web", "10.0.0.4", ("a", "app")),
    )  # fmt: skip
    [step] = asked(there, "onprem 192.168.1.1/32", "web").one.blockers
    assert step.opening == "set useRemoteGateways on the peering of a with hub"


def test_of_a_rule_for_another_protocol_the_port_is_not_what_lacks() -> None:
    network = estate(nic("web"), pip("pip"), lb(lb_rule()), vnet(subnet()))
    assert opening(network, "internet", "front", 443, "udp") == (
        "add a load-balancing rule for UDP 443 at front"
    )


def test_E_10_where_nobody_is_behind_a_frontend_a_rule_alone_is_not_enough() -> None:
    def behind(*rules: Json) -> Network:
        return estate(nic("web"), pip("pip"), lb(*rules, members=[]), vnet(subnet()))

    put = "put a machine behind https of front"
    more = "add a load-balancing rule for TCP 80 at front, with a machine behind it"
    assert opening(behind(lb_rule()), "internet", "front", 443) == put
    assert opening(behind(lb_rule()), "internet", "front", 80) == more
    assert opening(behind(), "internet", "front", 80) == more


def test_E_10_a_rule_with_nobody_behind_it_is_what_stops_its_port() -> None:
    pools = "Microsoft.Network/loadBalancers/backendAddressPools"
    empty = lb_rule("dns", 53, 53, protocol="Udp")
    empty["properties"]["backendAddressPool"] = {"id": arm_id(pools, "lb", "nobody")}
    balancer = lb(lb_rule(), empty)
    balancer["properties"]["backendAddressPools"].append({"name": "nobody", "properties": {}})
    network = estate(nic("web"), pip("pip"), balancer, vnet(subnet()))
    shut = asked(network, "internet", "front", 53, "udp").one.blockers[0]
    assert shut.says == "there is no machine behind dns of front (E-10)"
    assert shut.opening == "put a machine behind dns of front"


@pytest.mark.parametrize(("protocol", "cure"), [
    ("tcp", "give the subnet a NAT gateway"), ("icmp", "give it a public IP address"),
    ("esp", "give it a public IP address"), ("ah", ""),
])  # fmt: skip
def test_R_36_what_only_an_address_of_its_own_carries_needs_one(protocol: str, cure: str) -> None:
    network = estate(nic("web"), vnet(subnet(defaultOutboundAccess=False)))
    port = 443 if protocol == "tcp" else None
    assert opening(network, "web", "internet", port, protocol) == cure


def test_a_closed_database_is_opened_to_whom_its_firewall_does_not_list() -> None:
    rules = [{"name": "us", "properties": {"startIpAddress": "52.10.0.7",
                                           "endIpAddress": "52.10.0.7"}}]  # fmt: skip
    settings = {"network": {"publicNetworkAccess": "Disabled"}, "firewallRules": rules}
    network = estate(resource("Microsoft.DBforMySQL/flexibleServers", "db", settings))
    enable = "enable the public network access of db"
    assert opening(network, "52.10.0.7", "db", 3306) == enable
    assert opening(network, "52.10.0.8", "db", 3306) == (
        f"{enable} and allow 52.10.0.8 in the firewall of db"
    )


def test_a_probe_that_is_let_in_again_brings_the_machine_back() -> None:
    probe = {"id": "/probes/probe"}
    balancer = lb(lb_rule(probe=probe), probes=[lb_probe(8080)])
    probe["id"] = f"{balancer['id']}/probes/probe"
    rules = [rule("web", 100, "Internet", "8443"), deny("rest", 200)]
    before = [nsg(*rules), nic("web", nsg="nsg"), pip("pip"), balancer, vnet(subnet())]
    shut = asked(estate(*before), "internet", "front")
    assert shut.step("probe").opening == "allow AzureLoadBalancer to port 8080 inbound at web"
    let = rule("probe", 150, "AzureLoadBalancer", "8080")
    after = [nsg(*rules, let), *before[1:]]
    assert asked(estate(*after), "internet", "front").verdict == "reachable"


def _joined(**table: Any) -> list[Json]:
    """NIC web of network a, whose gateway knows a site, behind a table with these settings."""
    return [
        net("a", "10.0.0.0/16",
            subnets={"app": steered("10.0.0.0/24"), "GatewaySubnet": "10.0.9.0/27"}),
        table_of("rt", **table),
        vnet_gateway("gw", "a"),
        site("site", "192.168.0.0/16"),
        tunnel("tunnel", "gw", "site"),
        nic_in("web", "10.0.0.4", ("a", "app")),
    ]  # fmt: skip


def test_a_table_that_hides_what_gateways_know_has_to_tell_it() -> None:
    shut = asked(estate(*_joined(disableBgpRoutePropagation=True)), "web", "onprem 192.168.1.1/32")
    assert shut.step("route").opening == (
        "let rt propagate the routes of gateways, so that 192.168.1.1 goes to the gateway"
    )
    assert asked(estate(*_joined()), "web", "onprem 192.168.1.1/32").verdict == "reachable"


def test_a_network_without_a_gateway_needs_one_first() -> None:
    alone = estate(net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"}),
                   nic_in("web", "10.0.0.4", ("a", "app")))  # fmt: skip
    found = asked(alone, "web", "onprem 192.168.1.1/32").step("route").opening
    assert found.startswith("give a a gateway, its own or that of a peer, which knows 192.168.1.1")


def test_networks_that_overlap_need_other_addresses() -> None:
    both = estate(
        net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"}),
        net("b", "10.0.0.0/16", subnets={"app": "10.0.1.0/24"}),
        nic_in("web", "10.0.0.4", ("a", "app")),
        nic_in("db", "10.0.1.4", ("b", "app")),
    )
    there, back = (step.opening for step in asked(both, "web", "db").one.blockers)
    assert there.startswith("give a or b other addresses and peer them, so that")
    assert back.startswith("give b or the network of 10.0.0.4 other addresses and peer them")


def test_a_pending_endpoint_needs_approval_and_no_route() -> None:
    found = asked(
        estate(
            net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24", "ends": "10.0.1.0/24"}),
            nic_in("web", "10.0.0.4", ("a", "app")),
            endpoint("pe", "10.0.1.5", ("a", "ends"), status="Pending"),
        ),
        "web",
        "pe",
    )
    assert {step.opening for step in found.one.blockers} == {"approve the connection of pe"}


def test_what_a_rule_must_let_in_is_named_whole() -> None:
    resources = [
        nsg(rule("in", 100, "*", "443"), name="gw"),
        nsg(deny("all", 100), name="back"),
        nic("web"),
        pip("pip"),
        app_gateway(),
        vnet(subnet(nsg="back"), subnet("gw", "10.0.1.0/26", nsg="gw")),
    ]
    found = asked(estate(*resources), "agw", "web", 8080)
    assert "TCP from 10.0.1.0/26 to 10.0.0.4 to port 8080" in found.step("nsg-inbound").opening


def test_N_11_both_groups_that_deny_are_told_and_opened() -> None:
    def told(*opened: Any) -> Any:
        return asked(
            estate(
                nsg(*opened, name="outer"),
                nsg(deny("all", 200), *opened, name="inner"),
                nic("web", public="pip", nsg="inner"),
                pip("pip"),
                vnet(subnet(nsg="outer")),
            ),
            "internet",
            "web",
        )

    shut = told().one.blockers
    assert [step.resource.split("/")[-1] for step in shut] == ["outer", "inner"]
    assert all("from 203.0.113.10 to 10.0.0.4 to port 443" in step.opening for step in shut)
    assert told(rule("opened", 199, "203.0.113.10", "443")).verdict == "reachable"


def test_a_route_that_a_peering_must_replace_says_both() -> None:
    network = estate(
        net("a", "10.0.0.0/16", subnets={"app": steered("10.0.0.0/24")}),
        net("b", "10.1.0.0/16", subnets={"app": "10.1.0.0/24"}),
        table_of("rt", route("10.1.0.0/16", "Internet", name="out")),
        nic_in("web", "10.0.0.4", ("a", "app")),
        nic_in("db", "10.1.0.4", ("b", "app")),
    )
    there = asked(network, "web", "db").step("route").opening
    assert there == "peer a with b and change route out of rt, so that 10.1.0.4 goes to b"


def test_N_11_a_group_that_allows_is_told_after_one_that_denies() -> None:
    resources = [
        nsg(deny("all", 200), name="outer"),
        nsg(rule("web", 200, "*", "443"), name="inner"),
        nic("web", public="pip", nsg="inner"),
        pip("pip"),
        vnet(subnet(nsg="outer")),
    ]
    found = asked(estate(*resources), "internet", "web").one
    assert [step.passes for step in found.hops if step.code == "nsg-inbound"] == [False, True]


def test_a_network_may_be_called_what_it_likes() -> None:
    network = estate(
        net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"}),
        net("gateway-internet", "10.1.0.0/16", subnets={"app": "10.1.0.0/24"}),
        nic_in("web", "10.0.0.4", ("a", "app")),
        nic_in("db", "10.1.0.4", ("gateway-internet", "app")),
    )
    there = asked(network, "web", "db").step("route").opening
    assert there == "peer a with gateway-internet, so that 10.1.0.4 goes to gateway-internet"


@pytest.mark.parametrize(
    ("forwards", "appliance", "cure"),
    [
        (False, "10.0.9.4", "enable IP forwarding on NIC fw"),
        (
            True,
            "10.0.9.9",
            "let 10.0.9.9 be an appliance that forwards: nobody owns 10.0.9.9 (R-11)",
        ),
    ],
)
def test_R_11_what_lacks_at_an_appliance_is_cured_there(
    forwards: bool, appliance: str, cure: str
) -> None:
    """The route leads to the appliance as it should: to change the route would not help."""
    network = estate(
        net("a", "10.0.0.0/16", subnets={"app": steered("10.0.0.0/24"), "nva": "10.0.9.0/24"}),
        table_of("rt", route("10.1.0.0/16", "VirtualAppliance", appliance)),
        nic_in("web", "10.0.0.4", ("a", "app")),
        nic_in("fw", "10.0.9.4", ("a", "nva"), enableIPForwarding=forwards),
        net("b", "10.1.0.0/16", subnets={"app": "10.1.0.0/24"}),
        nic_in("db", "10.1.0.4", ("b", "app")),
    )
    [stop] = [step for step in asked(network, "web", "db").one.blockers if step.code == "route"]
    assert stop.opening == cure


def test_a_machine_outside_the_space_of_its_network_is_not_told_to_peer_that_with_itself() -> None:
    network = estate(
        net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"}),
        nic_in("web", "10.0.0.4", ("a", "app")),
        nic_in("stray", "10.9.9.9", ("a", "app")),
    )
    found = asked(network, "web", "stray")
    assert found.verdict == "blocked"
    opening = found.step("route").opening
    assert opening == "give 10.9.9.9 to a subnet of a, so that 10.9.9.9 goes to a"
