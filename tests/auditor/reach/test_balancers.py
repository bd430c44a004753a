"""Paths through load balancers (E-7 to E-18, P-4, P-9, P-10)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.reach.arrivals import arrivals
from auditor.reach.openings import openings
from auditor.testing import arm_id, estate, resource

from ...exposed import BALANCER, SUBNET, deny, nic, nsg, pip, rule, subnet, vnet
from ...firewalls import collection, firewall, group, nat_rule, policy
from ...reaching import asked, lb, lb_probe, lb_rule, ref
from ...routing import route, table

CLIENT = "52.10.0.7"
PIPS = "Microsoft.Network/publicIPAddresses"
FRONTENDS = f"{BALANCER}/frontendIPConfigurations"


def balanced(*rules: Any, lb_rules: Any = None, **more: Any) -> Network:
    """NIC web behind lb's public frontend 20.50.1.2."""
    return estate(
        nsg(*rules),
        nic("web", nsg="nsg"),
        pip("pip"),
        lb(*([lb_rule()] if lb_rules is None else lb_rules), **more),
        vnet(subnet()),
    )


def test_E_12_without_floating_ip_the_rules_see_the_machine_and_its_port() -> None:
    found = asked(balanced(rule("in", 100, ports="8443", destinationAddressPrefix="10.0.0.4")),
                  CLIENT, "web")  # fmt: skip
    assert (found.verdict, found.arrives) == ("reachable", "10.0.0.4:8443")
    assert found.step("load-balancer").rule == "https"
    shut = asked(balanced(rule("in", 100, ports="443")), CLIENT, "web")
    assert (shut.verdict, shut.stops) == ("blocked", ["nsg-inbound"])


def test_E_13_P_4_with_floating_ip_they_see_the_frontend_and_its_port() -> None:
    floating = [lb_rule(back=443, enableFloatingIP=True)]
    front = rule("in", 100, ports="443", destinationAddressPrefix="20.50.1.2")
    found = asked(balanced(front, lb_rules=floating), CLIENT, "web")
    assert (found.verdict, found.arrives) == ("reachable", "20.50.1.2:443")
    own = rule("in", 100, ports="443", destinationAddressPrefix="10.0.0.4")
    assert asked(balanced(own, lb_rules=floating), CLIENT, "web").stops == ["nsg-inbound"]


def test_only_the_ports_of_rules_are_forwarded() -> None:
    found = asked(balanced(rule("in", 100)), CLIENT, "web", None).answers
    assert [(a.verdict.value, str(a.ports)) for a in found] == [
        ("reachable", "443"),
        ("blocked", "0-442, 444-65535"),
    ]
    assert asked(balanced(rule("in", 100)), CLIENT, "web", 443, "udp").stops[0] == "load-balancer"


def test_E_7_outbound_rules_let_nobody_in() -> None:
    outbound = {
        "name": "out",
        "properties": {
            "frontendIPConfigurations": [ref(FRONTENDS, "lb", "front")],
            "backendAddressPool": ref(f"{BALANCER}/backendAddressPools", "lb", "pool"),
            "protocol": "All",
        },
    }
    network = balanced(rule("in", 100), lb_rules=[], outboundRules=[outbound])
    shut = asked(network, CLIENT, "web")
    assert (shut.verdict, shut.stops) == ("blocked", ["no-entrance"])
    assert openings(network) == ()
    assert "no rule of the load balancer takes it" in arrivals(network, arm_id(PIPS, "pip")).words
    assert [each.entrance.address for each in openings(balanced(rule("in", 100)))] == [
        arm_id(PIPS, "pip")
    ]


def test_E_10_rules_with_nobody_behind_them_are_told_as_such() -> None:
    network = balanced(rule("in", 100), members=[])
    said = arrivals(network, arm_id(PIPS, "pip")).words
    assert said == "nothing, since there is no machine behind https of front (E-10)"


def test_E_11_every_port_of_tcp_and_udp_with_a_rule_for_all() -> None:
    every = [lb_rule(front=0, back=0, protocol="All")]
    network = estate(
        nic("web"), nic("app", address="10.0.0.5"),
        lb(*every, public=False, members=["app"]), vnet(subnet()),
    )  # fmt: skip
    assert asked(network, "web", "front", 12345, "udp").verdict == "reachable"
    assert asked(network, "web", "front", None, "icmp").verdict == "blocked"


def test_P_9_the_group_of_the_frontends_subnet_does_not_count() -> None:
    network = estate(
        nsg(deny("no", 100), name="front"),
        nic("web", subnet="clients", address="10.0.2.4"),
        nic("app", subnet="data", address="10.0.1.4"),
        lb(lb_rule(), public=False, members=["app"]),
        vnet(
            subnet(nsg="front"),
            subnet("data", "10.0.1.0/24"),
            subnet("clients", "10.0.2.0/24"),
        ),
    )
    found = asked(network, "web", "front")
    assert (found.verdict, found.arrives) == ("reachable", "10.0.1.4:8443")


def test_P_10_a_machine_does_not_reach_itself_through_a_balancer() -> None:
    def inside(*members: str) -> Network:
        return estate(
            nic("web"),
            nic("app", address="10.0.0.5"),
            lb(lb_rule(), public=False, members=members),
            vnet(subnet()),
        )

    assert asked(inside("web"), "web", "front").stops == ["hairpin"]
    both = asked(inside("web", "app"), "web", "front")
    assert (both.verdict, both.labels) == ("unknown", {"semantics:P-10"})
    assert asked(inside("app"), "web", "front").verdict == "reachable"


def test_E_16_a_machine_whose_probe_is_denied_gets_nothing() -> None:
    def probed(*rules: Any) -> Network:
        probe = ref(f"{BALANCER}/probes", "lb", "probe")
        return balanced(*rules, lb_rules=[lb_rule(probe=probe)], probes=[lb_probe(8080)])

    shut = asked(probed(rule("in", 100, CLIENT), deny("rest", 200)), CLIENT, "web")
    assert (shut.verdict, shut.stops) == ("blocked", ["probe"])
    assert "TCP from AzureLoadBalancer to 10.0.0.4 to port 8080" in shut.one.blockers[0].opening
    assert "is denied by securityRules/rest of nsg: it counts" in shut.one.blockers[0].says
    fine = probed(rule("in", 100, CLIENT), rule("probe", 150, "AzureLoadBalancer", "8080"),
                  deny("rest", 200))  # fmt: skip
    assert asked(fine, CLIENT, "web").verdict == "reachable"


def test_which_machine_gets_a_packet_is_not_told() -> None:
    network = estate(
        nsg(deny("no", 100), name="shut"),
        nic("web", subnet="clients", address="10.0.2.4"),
        nic("open", address="10.0.0.5"),
        nic("closed", address="10.0.0.6", nsg="shut"),
        lb(lb_rule(), public=False, members=["open", "closed"]),
        vnet(subnet(), subnet("clients", "10.0.2.0/24")),
    )
    found = asked(network, "web", "front")
    assert (found.verdict, found.labels) == ("unknown", {"balancer-choice"})


def test_E_14_members_by_address_count() -> None:
    entry = {
        "name": "m",
        "properties": {
            "ipAddress": "10.0.0.4",
            "virtualNetwork": {"id": arm_id("Microsoft.Network/virtualNetworks", "vnet")},
        },
    }
    pool = {"name": "pool", "properties": {"loadBalancerBackendAddresses": [entry]}}
    network = balanced(rule("in", 100), backendAddressPools=[pool])
    assert asked(network, CLIENT, "web").verdict == "reachable"


def member(address: str, **settings: Any) -> dict[str, Any]:
    """A member of a pool by address, in the network of `balanced`."""
    home = {"id": arm_id("Microsoft.Network/virtualNetworks", "vnet")}
    return {
        "name": address,
        "properties": {"ipAddress": address, "virtualNetwork": home, **settings},
    }


def with_states(*rules: Any, probe: bool = True, behaviour: str = "", **states: str) -> Network:
    """NICs web and api behind the frontend; `states` are the administrative ones."""
    entries = [
        member(address, **({"adminState": states[name]} if name in states else {}))
        for name, address in (("web", "10.0.0.4"), ("api", "10.0.0.5"))
    ]
    pool = {"name": "pool", "properties": {"loadBalancerBackendAddresses": entries}}
    own = lb_probe(8080)
    if behaviour:
        own["properties"]["noHealthyBackendsBehavior"] = behaviour
    asks: dict[str, Any] = {"probe": ref(f"{BALANCER}/probes", "lb", "probe")} if probe else {}
    return estate(
        nsg(*rules),
        nic("web", nsg="nsg"),
        nic("api", address="10.0.0.5", nsg="nsg"),
        pip("pip"),
        lb(lb_rule(**asks), backendAddressPools=[pool], probes=[own]),
        vnet(subnet()),
    )


def test_E_15_a_member_that_is_set_down_gets_nothing_new() -> None:
    network = with_states(rule("in", 100), web="Down")
    shut = asked(network, CLIENT, "web")
    assert (shut.verdict, shut.stops) == ("blocked", ["load-balancer"])
    assert shut.one.blockers[0].opening == "set the administrative state of web to None"
    assert asked(network, CLIENT, "api").verdict == "reachable"
    assert asked(network, CLIENT, "front").verdict == "reachable"
    every = with_states(rule("in", 100), web="Down", api="Down")
    assert asked(every, CLIENT, "front").verdict == "blocked"


def test_E_15_without_a_probe_nobody_tells_what_a_state_does() -> None:
    network = with_states(rule("in", 100), probe=False, web="Down")
    found = asked(network, CLIENT, "web")
    assert (found.verdict, found.labels) == ("unknown", {"semantics:E-15"})
    assert asked(network, CLIENT, "api").verdict == "reachable"
    drained = asked(with_states(rule("in", 100), web="Drain"), CLIENT, "web")
    assert (drained.verdict, drained.labels) == ("unknown", {"semantics:E-15"})


def test_E_15_a_member_that_is_set_up_gets_packets_though_its_probe_is_denied() -> None:
    rules = (rule("in", 100, CLIENT), deny("rest", 200))
    assert asked(with_states(*rules, web="Up"), CLIENT, "web").verdict == "reachable"
    assert asked(with_states(*rules, web="None"), CLIENT, "web").stops == ["probe"]


def test_a_hop_points_into_the_resource_that_it_names() -> None:
    probed = lb(lb_rule(probe=ref(f"{BALANCER}/probes", "lb", "probe")), probes=[lb_probe(8080)])
    network = estate(
        nsg(rule("in", 100)), nic("web", nsg="nsg"), pip("pip"), probed, vnet(subnet())
    )
    step = asked(network, CLIENT, "web").step("probe")
    node = network.nodes[step.resource.lower()]
    assert (node.pointer, step.pointer) == ("", "/properties/probes/0")
    assert step.rule_id == f"{probed['id']}/probes/probe"


def test_E_16_where_no_probe_gets_in_all_machines_may_count_as_up() -> None:
    """`noHealthyBackendsBehavior: AllProbedUp` sends to all when none is healthy."""
    rules = (rule("in", 100, CLIENT), deny("rest", 200))
    every = with_states(*rules, behaviour="AllProbedUp")
    assert asked(every, CLIENT, "web").verdict == "reachable"
    assert asked(with_states(*rules, behaviour="AllProbedDown"), CLIENT, "web").stops == ["probe"]
    one_lives = with_states(*rules, behaviour="AllProbedUp", api="Up")
    assert asked(one_lives, CLIENT, "web").stops == ["probe"]
    assert asked(one_lives, CLIENT, "api").verdict == "reachable"


def nat(**settings: Any) -> dict[str, Any]:
    return {
        "name": "ssh",
        "properties": {
            "frontendIPConfiguration": ref(FRONTENDS, "lb", "front"),
            "protocol": "Tcp",
            "backendPort": 22,
            "enableFloatingIP": False,
            **settings,
        },
    }


def test_E_18_a_nat_rule_leads_a_port_to_one_nic() -> None:
    one = ref("Microsoft.Network/networkInterfaces/ipConfigurations", "web", "primary")
    network = balanced(
        rule("in", 100, ports="22"),
        lb_rules=[],
        inboundNatRules=[nat(frontendPort=50022, backendIPConfiguration=one)],
    )
    found = asked(network, CLIENT, "web", 50022)
    assert (found.verdict, found.arrives) == ("reachable", "10.0.0.4:22")
    assert asked(network, CLIENT, "web", 22).verdict == "blocked"


def test_E_18_of_a_range_for_a_pool_nobody_knows_whose_port_is_whose() -> None:
    pool = ref(f"{BALANCER}/backendAddressPools", "lb", "pool")
    ranged = nat(frontendPortRangeStart=500, frontendPortRangeEnd=510, backendAddressPool=pool)
    network = balanced(rule("in", 100, ports="22"), lb_rules=[], inboundNatRules=[ranged])
    found = asked(network, CLIENT, "web", 505)
    assert (found.verdict, found.labels) == ("unknown", {"nat-port"})
    assert asked(network, CLIENT, "web", 511).verdict == "blocked"


@pytest.mark.parametrize(("sku", "verdict"), [("Standard", "blocked"), ("Basic", "reachable")])
def test_E_3_a_standard_balancer_is_closed_without_a_group(sku: str, verdict: str) -> None:
    network = estate(nic("web"), pip("pip"), lb(lb_rule(), sku=sku), vnet(subnet()))
    assert asked(network, CLIENT, "web").verdict == verdict


def test_P_10_a_backend_reaches_its_public_frontend_from_another_public_address() -> None:
    """What leaves by a NAT gateway comes back from that, and not from the machine itself."""
    away = resource(
        "Microsoft.Network/natGateways",
        "nat",
        {"publicIpAddresses": [ref("Microsoft.Network/publicIPAddresses", "nat-ip")]},
        sku={"name": "Standard"},
    )
    network = estate(
        nsg(rule("in", 100, "Internet", "8443")),
        nic("web", nsg="nsg"),
        pip("pip"),
        pip("nat-ip", address="20.60.0.1"),
        away,
        lb(lb_rule()),
        vnet(subnet(natGateway={"id": away["id"]})),
    )

    found = asked(network, "web", "front")

    assert (found.verdict, found.arrives) == ("reachable", "10.0.0.4:8443")
    there = found.one.arrives_as
    assert there is not None
    assert str(there.source) == "20.60.0.1"


def test_P_10_with_the_frontends_own_address_nobody_tells_whether_it_gets_back() -> None:
    own = [lb_rule(disableOutboundSnat=False)]

    found = asked(balanced(rule("in", 100), lb_rules=own), "web", "front")

    assert (found.verdict, found.labels) == ("unknown", {"semantics:P-10"})


def test_P_10_a_public_frontend_that_lets_nobody_in_stays_shut() -> None:
    own = [lb_rule(disableOutboundSnat=False)]

    assert asked(balanced(lb_rules=own), "web", "front").verdict == "blocked"


def test_several_ways_to_one_machine_are_no_choice_of_the_load_balancer() -> None:
    """Two NAT rules of a firewall lead to one frontend, each with a port of its own."""
    home = {
        "name": "home",
        "properties": {
            "privateIPAddress": "10.0.9.4",
            "publicIPAddress": ref("Microsoft.Network/publicIPAddresses", "fpip"),
            "subnet": {"id": arm_id(SUBNET, "vnet", "AzureFirewallSubnet")},
        },
    }
    rules = [nat_rule(f"to-{port}", "10.0.0.10:443", "20.80.0.1", str(port)) for port in (81, 82)]
    back = table("rt", route("0.0.0.0/0", "VirtualAppliance", "10.0.9.4"))
    network = estate(
        nsg(rule("in", 100, ports="8443")),
        nic("web", nsg="nsg"),
        lb(lb_rule(), public=False),
        firewall(ipConfigurations=[home]),
        policy("rules"),
        group("rules", 100, collection("nat", 100, "Dnat", *rules)),
        pip("fpip", address="20.80.0.1"),
        back,
        vnet(
            subnet(routeTable={"id": back["id"]}),
            subnet("AzureFirewallSubnet", "10.0.9.0/26"),
        ),
    )

    assert asked(network, CLIENT, "web", 81).verdict == "reachable"
    assert asked(network, CLIENT, "web", 82).verdict == "reachable"


def two_rules(*rules: Any, **more: Any) -> Network:
    """NIC web behind a rule for HTTP, let in, and one for HTTPS, which is not."""
    return balanced(
        rule("http", 100, ports="80"),
        *rules,
        lb_rules=[lb_rule("http", 80, 80), lb_rule("https", 443, 443)],
        **more,
    )


def test_what_stops_a_port_that_a_rule_takes_is_not_another_rule() -> None:
    found = asked(two_rules(deny("no", 200)), CLIENT, "web", 443)
    assert (found.verdict, found.stops) == ("blocked", ["nsg-inbound"])
    assert found.step("load-balancer").rule == "https"
    assert "securityRules/no" in found.step("nsg-inbound").says


def test_of_ports_that_no_rule_takes_the_balancer_is_told() -> None:
    network = two_rules(deny("no", 200))
    assert asked(network, CLIENT, "web", 444).stops == ["load-balancer", "nsg-inbound"]
    every = asked(network, CLIENT, "web", None).answers
    [shut] = [answer for answer in every if answer.verdict.value == "blocked"]
    assert shut.blockers[0].code == "load-balancer"
    assert shut.witness is not None
    assert shut.witness.destination_port not in (80, 443)


def test_what_no_rule_takes_is_not_followed_to_the_port_of_another() -> None:
    network = balanced(rule("in", 100, ports="444"), deny("no", 200))
    shut = asked(network, CLIENT, "web", 444)
    assert shut.stops == [step.code for step in shut.one.hops] == ["load-balancer"]
    assert asked(network, CLIENT, "web", 443).stops == ["nsg-inbound"]


def test_E_18_a_nat_rule_is_no_load_balancing_rule_that_takes_another_port() -> None:
    nics = "Microsoft.Network/networkInterfaces/ipConfigurations"
    nat = {
        "name": "ssh",
        "properties": {
            "frontendIPConfiguration": ref(FRONTENDS, "lb", "front"),
            "backendIPConfiguration": ref(nics, "web", "primary"),
            "protocol": "Tcp",
            "frontendPort": 2222,
            "backendPort": 22,
            "enableFloatingIP": False,
        },
    }
    found = asked(two_rules(inboundNatRules=[nat]), CLIENT, "web", 2222)
    assert found.stops == ["nsg-inbound"]
    assert found.step("load-balancer").rule == "ssh"
