"""The change that is named for what is blocked opens it, once it is made."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.addresses import EVERYTHING, AddressSet
from auditor.network.graph import Network
from auditor.reach.alternatives import openings_of
from auditor.reach.cures import named
from auditor.testing import arm_id, estate, resource

from ...exposed import BALANCER, deny, nic, nsg, pip, rule, subnet, vnet
from ...guarded import out_deny
from ...networks import nic as nic_in
from ...networks import peer
from ...networks import vnet as net
from ...reaching import app_gateway, asked, lb, lb_probe, lb_rule
from ...routing import endpoint, route, steered
from ...routing import table as table_of
from ..network.filtering.test_naive import Json


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


def test_of_a_rule_for_another_protocol_the_port_is_not_what_lacks() -> None:
    group = nsg(rule("in", 100, protocol="*"))
    network = estate(group, nic("web"), pip("pip"), lb(lb_rule()), vnet(subnet(nsg="nsg")))
    assert opening(network, "internet", "front", 443, "udp") == (
        "add a load-balancing rule for UDP 443 at front"
    )


def test_what_a_frontend_does_not_forward_is_opened_at_the_machines_behind_it_too() -> None:
    """Each that a new rule may send it to; a Basic balancer is open without a group (E-3)."""

    def openings(*groups: Json, source: str = "internet", **more: Any) -> list[str]:
        placed = subnet(nsg="nsg") if groups else subnet()
        network = estate(
            *groups, nic("web"), nic("api", address="10.0.0.5"), pip("pip"), vnet(placed),
            lb(lb_rule(), members=("web", "api"), **more), nic("client", address="10.0.0.6"),
        )  # fmt: skip
        return openings_of(asked(network, source, "front", 8080).one.blockers)

    first = "add a load-balancing rule for TCP 8080 at front"
    allow = "add an inbound Allow rule for TCP from {} to 10.0.0.4, 10.0.0.5 to port 8080 to nsg"
    shut = nsg(deny("no", 200))
    rule_lacks, group_lacks = openings(shut)
    assert rule_lacks == first
    assert group_lacks.startswith(allow.format("203.0.113.10"))
    rule_lacks, group_lacks = openings(shut, source="client", public=False)
    assert rule_lacks == first
    assert group_lacks.startswith(allow.format("10.0.0.6"))
    assert openings(sku="Basic") == [first]
    assert openings() == [
        first,
        "give the subnet of web a network security group that allows it",
        "give the subnet of api a network security group that allows it",
    ]


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


def test_a_firewall_is_not_opened_to_an_address_that_nobody_has() -> None:
    """Which public address a NAT gateway to come will have, nobody knows."""
    settings = {"network": {"publicNetworkAccess": "Disabled"}, "firewallRules": []}
    network = estate(
        nic("web"),
        vnet(subnet(defaultOutboundAccess=False)),
        resource("Microsoft.DBforMySQL/flexibleServers", "db", settings),
    )
    out, shut = asked(network, "web", "db", 3306).one.blockers
    assert out.opening == "give the subnet a NAT gateway"
    assert shut.opening == (
        "enable the public network access of db "
        "and allow whichever address it has there in the firewall of db"
    )


def test_a_probe_that_is_let_in_again_brings_the_machine_back() -> None:
    probe = {"id": "/probes/probe"}
    balancer = lb(lb_rule(probe=probe), probes=[lb_probe(8080)])
    probe["id"] = f"{balancer['id']}/probes/probe"
    rules = [rule("web", 100, "Internet", "8443"), deny("rest", 200)]
    before = [nsg(*rules), nic("web", nsg="nsg"), pip("pip"), balancer, vnet(subnet())]
    shut = asked(estate(*before), "internet", "front")
    assert shut.step("probe").opening == (
        "add an inbound Allow rule for TCP from AzureLoadBalancer to 10.0.0.4 to port 8080 to nsg, "
        "with a priority below 200 (securityRules/rest)"
    )
    let = rule("probe", 199, "AzureLoadBalancer", "8080", destinationAddressPrefix="10.0.0.4")
    after = [nsg(*rules, let), *before[1:]]
    assert asked(estate(*after), "internet", "front").verdict == "reachable"


def test_N_11_a_probe_is_let_in_at_both_groups_that_deny_it() -> None:
    """The one of the subnet and the one of the machine."""
    balancer = lb(
        lb_rule(probe={"id": f"{arm_id(BALANCER, 'lb')}/probes/probe"}), probes=[lb_probe(8080)]
    )
    web = rule("web", 100, "Internet", "8443")
    every = [pip("pip"), balancer, nic("web", nsg="nsg"), vnet(subnet(nsg="outer"))]

    def groups(*more: Any) -> list[Any]:
        return [nsg(web, *more, deny("rest", 200), name=name) for name in ("nsg", "outer")]

    shut = asked(estate(*groups(), *every), "internet", "front").step("probe")

    assert "denied by securityRules/rest of outer and securityRules/rest of nsg" in shut.says
    assert "to outer, with a priority below 200" in shut.opening
    assert "to nsg, with a priority below 200" in shut.opening
    let = rule("probe", 150, "AzureLoadBalancer", "8080")
    assert asked(estate(*groups(let), *every), "internet", "front").verdict == "reachable"


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


def test_L_1_no_approval_lets_an_endpoint_carry_pings() -> None:
    network = estate(
        net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24", "ends": "10.0.1.0/24"}),
        nic_in("web", "10.0.0.4", ("a", "app")),
        endpoint("pe", "10.0.1.5", ("a", "ends"), status="Pending"),
    )
    for protocol, opening in (("tcp", "approve the connection of pe"), ("icmp", "")):
        found = asked(network, "web", "pe", protocol=protocol)
        assert found.one.blockers[-1].opening == opening


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


@pytest.mark.parametrize(
    ("here", "there", "cure"),
    [
        ("Disconnected", "Connected", "make the peerings of a with hub anew, on both sides"),
        ("Connected", "Disconnected", "make the peerings of a with hub anew, on both sides"),
        ("", "", "peer a with hub"),
        ("", "Initiated", "peer a with hub"),
        ("Initiated", "", "peer hub with a"),
    ],
)
def test_R_11_an_appliance_of_a_network_that_is_not_peered_is_cured_at_the_peering(
    here: str, there: str, cure: str
) -> None:
    def side(far: str, prefix: str, state: str) -> Any:
        return [peer(far, prefix, state=state, allowForwardedTraffic=True)] if state else []

    def between(one: str, other: str) -> Network:
        return estate(
            net("a", "10.0.0.0/16", subnets={"app": steered("10.0.0.0/24")},
                peers=side("hub", "10.9.0.0/16", one)),
            net("hub", "10.9.0.0/16", subnets={"nva": "10.9.0.0/24"},
                peers=side("a", "10.0.0.0/16", other)),
            table_of("rt", route("0.0.0.0/0", "VirtualAppliance", "10.9.0.4")),
            nic_in("web", "10.0.0.4", ("a", "app")),
            nic_in("fw", "10.9.0.4", ("hub", "nva"), enableIPForwarding=True),
            net("b", "10.1.0.0/16", subnets={"app": "10.1.0.0/24"}),
            nic_in("db", "10.1.0.4", ("b", "app")),
        )  # fmt: skip

    found = asked(between(here, there), "web", "db")
    assert found.verdict == "blocked"
    assert found.step("route").opening == f"{cure}, so that 10.9.0.4 is reached directly"
    joined = asked(between("Connected", "Connected"), "web", "db")
    assert joined.step("route").passes


def test_addresses_that_may_be_any_are_named_in_words() -> None:
    """A rule for all of them would open more than the way, and one rule holds one version."""
    few = AddressSet.from_text(["10.0.0.4", "10.0.0.9", "fd00::4"])
    assert named(EVERYTHING, 4, "whichever") == "whichever"
    assert named(few, 4, "whichever") == "10.0.0.4/32, 10.0.0.9/32"


def test_R_11_an_address_of_nobody_in_a_peered_network_is_no_matter_of_the_peering() -> None:
    def joined(far: str, prefix: str) -> Any:
        return [peer(far, prefix, allowForwardedTraffic=True)]

    network = estate(
        net("a", "10.0.0.0/16", subnets={"app": steered("10.0.0.0/24")},
            peers=joined("hub", "10.9.0.0/16")),
        net("hub", "10.9.0.0/16", subnets={"nva": "10.9.0.0/24"},
            peers=joined("a", "10.0.0.0/16")),
        table_of("rt", route("0.0.0.0/0", "VirtualAppliance", "10.9.0.4")),
        nic_in("web", "10.0.0.4", ("a", "app")),
        net("b", "10.1.0.0/16", subnets={"app": "10.1.0.0/24"}),
        nic_in("db", "10.1.0.4", ("b", "app")),
    )  # fmt: skip
    assert asked(network, "web", "db").step("route").opening == (
        "let 10.9.0.4 be an appliance that forwards: nobody owns 10.9.0.4 (R-11)"
    )


def test_R_11_an_appliance_of_another_network_that_does_not_forward_needs_both() -> None:
    network = estate(
        net("a", "10.0.0.0/16", subnets={"app": steered("10.0.0.0/24")}),
        net("hub", "10.9.0.0/16", subnets={"nva": "10.9.0.0/24"}),
        table_of("rt", route("0.0.0.0/0", "VirtualAppliance", "10.9.0.4")),
        nic_in("web", "10.0.0.4", ("a", "app")),
        nic_in("fw", "10.9.0.4", ("hub", "nva"), enableIPForwarding=False),
        net("b", "10.1.0.0/16", subnets={"app": "10.1.0.0/24"}),
        nic_in("db", "10.1.0.4", ("b", "app")),
    )
    found = asked(network, "web", "db")
    assert found.step("route").opening == (
        "peer a with hub and enable IP forwarding on NIC fw, so that 10.9.0.4 is reached directly"
    )
