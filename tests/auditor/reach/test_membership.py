"""Who is behind a load balancer's rules, where not all is told, and behind those of all regions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from auditor import simulate
from auditor.addresses import parse_address
from auditor.network.graph import Network
from auditor.reach.balancing import forwards_of, forwards_to
from auditor.resources.load_balancers import LoadBalancerFrontend
from auditor.simulate import Fate, Packet
from auditor.testing import arm_id, estate, resource

from ...agreeing import Maker
from ...exposed import (
    BALANCER,
    FRONTEND,
    NIC,
    POOL,
    SCALE_SET,
    SUBNET,
    VNET,
    nic,
    nsg,
    pip,
    rule,
    subnet,
    vnet,
)
from ...exposed import ref as idref
from ...reaching import asked, before_regions, lb, lb_rule, ref

CLIENT = "52.10.0.7"


def balanced(*resources: Any, members: Any = ("web",), rules: Any = None, **more: Any) -> Network:
    """Load balancer lb at 20.50.1.2:443, NIC web at 10.0.0.4:8443."""
    return estate(
        nsg(rule("in", 100, ports="8443")),
        nic("web", nsg="nsg"),
        pip("pip"),
        lb(*(rules or [lb_rule()]), members=members, **more),
        vnet(subnet()),
        *resources,
    )


def pool(*addresses: str, **more: Any) -> Any:
    entries = [
        {"name": f"a{place}", "properties": {"ipAddress": each}}
        for place, each in enumerate(addresses)
    ]
    return [{"name": "pool", "properties": {"loadBalancerBackendAddresses": entries, **more}}]


def test_a_probe_that_the_input_lacks_leaves_the_machine_in_doubt() -> None:
    gone = [lb_rule(probe=ref(f"{BALANCER}/probes", "lb", "gone"))]

    found = asked(balanced(rules=gone, probes=[]), CLIENT, "web")

    assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})


def test_the_machines_that_name_a_pool_are_in_it_though_the_input_lacks_it() -> None:
    named = {"loadBalancerBackendAddressPools": [idref(arm_id(POOL, "lb", "pool"))]}
    network = estate(
        nsg(rule("in", 100, ports="8443")),
        nic("web", nsg="nsg", configuration=named),
        nic("other", nsg="nsg", address="10.0.0.5"),
        pip("pip"),
        lb(lb_rule(), backendAddressPools=[]),
        vnet(subnet()),
    )

    assert asked(network, CLIENT, "web").verdict == "reachable"
    assert asked(network, CLIENT, "other").verdict == "blocked"
    assert asked(network, CLIENT, "front").verdict == "reachable"


def test_E_14_the_network_of_a_pool_is_that_of_its_addresses() -> None:
    told = pool("10.0.0.4", virtualNetwork=idref(arm_id(VNET, "vnet")))

    assert asked(balanced(backendAddressPools=told), CLIENT, "web").verdict == "reachable"


def test_E_14_an_address_without_network_may_be_any_machine_that_has_it() -> None:
    found = asked(balanced(backendAddressPools=pool("10.0.0.4")), CLIENT, "web")

    assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})
    other = asked(balanced(backendAddressPools=pool("10.0.0.5")), CLIENT, "web")
    assert other.verdict == "blocked"


@pytest.mark.parametrize(
    "more",
    [
        {"members": ("web", "gone")},
        {
            "backendAddressPools": pool(
                "10.0.0.4", "10.0.0.77", virtualNetwork=idref(arm_id(VNET, "vnet"))
            )
        },
    ],
    ids=["nic", "address"],
)
def test_E_14_a_rule_may_choose_a_member_that_the_input_lacks(more: Any) -> None:
    found = asked(balanced(**more), CLIENT, "front")
    assert (found.verdict, found.labels) == ("unknown", {"balancer-choice", "collection-gap"})
    assert asked(balanced(**more), CLIENT, "web").verdict == "reachable"
    assert asked(balanced(), CLIENT, "front").verdict == "reachable"


def test_a_member_that_the_input_lacks_is_called_as_the_pool_spells_it() -> None:
    answer = asked(balanced(members=("gone",)), CLIENT, "front")
    said = answer.step("load-balancer").says
    assert said == "rule https sends port 443 to gone as port 8443"
    [why] = answer.one.reasons
    spelled = f"{arm_id(NIC, 'gone')}/ipConfigurations/primary"
    assert (why.detail, why.resource) == (f"{spelled} is not in the snapshot", spelled)


def test_E_19_a_global_rule_may_choose_a_region_that_the_input_lacks() -> None:
    fronts = [arm_id(FRONTEND, name, "front") for name in ("lb", "gone")]
    both = balanced(*before_regions(*fronts))
    found = asked(both, CLIENT, "world", 8080)
    assert (found.verdict, found.labels) == ("unknown", {"balancer-choice", "collection-gap"})
    alone = balanced(*before_regions(fronts[0]))
    assert asked(alone, CLIENT, "world", 8080).verdict == "reachable"


def scale_set(capacity: int | None, **configuration: Any) -> Any:
    settings = {
        "primary": True,
        "subnet": idref(arm_id(SUBNET, "vnet", "app")),
        **configuration,
    }
    model = {"ipConfigurations": [{"name": "instance", "properties": settings}], "primary": True}
    profile = {
        "networkProfile": {"networkInterfaceConfigurations": [{"name": "nic", "properties": model}]}
    }
    sku: Any = {"name": "D2"} if capacity is None else {"name": "D2", "capacity": capacity}
    return resource(SCALE_SET, "set", {"virtualMachineProfile": profile}, sku=sku)


def behind_set(capacity: int | None, lb_of: Any, **configuration: Any) -> Network:
    return estate(
        nsg(rule("in", 100, ports=["22", "8443"])),
        scale_set(capacity, **configuration),
        pip("pip"),
        lb_of,
        vnet(subnet(nsg="nsg")),
    )


def test_E_14_an_address_of_a_scale_sets_subnet_may_be_an_instance() -> None:
    told = pool("10.0.0.7", virtualNetwork=idref(arm_id(VNET, "vnet")))

    found = asked(behind_set(3, lb(lb_rule(), backendAddressPools=told)), CLIENT, "instance")

    assert found.verdict == "unknown"


def nat_pool(**more: Any) -> Any:
    settings = {
        "frontendIPConfiguration": idref(arm_id(FRONTEND, "lb", "front")),
        "protocol": "Tcp",
        "frontendPortRangeStart": 50000,
        "frontendPortRangeEnd": 50002,
        "backendPort": 22,
    }
    return lb(members=(), inboundNatPools=[{"name": "ssh", "properties": settings}], **more)


@pytest.mark.parametrize(
    ("capacity", "verdict"), [(3, "reachable"), (2, "unknown"), (None, "unknown")]
)
def test_E_18_all_ports_of_a_nat_pool_are_open_with_as_many_instances(
    capacity: int | None, verdict: str
) -> None:
    own = idref(arm_id(f"{BALANCER}/inboundNatPools", "lb", "ssh"))
    network = behind_set(capacity, nat_pool(), loadBalancerInboundNatPools=[own])

    found = asked(network, CLIENT, "instance", None).answers

    assert [(a.verdict.value, str(a.ports)) for a in found] == [
        (verdict, "50000-50002"),
        ("blocked", "0-49999, 50003-65535"),
    ]


def test_E_18_the_rules_that_azure_makes_for_instances_tell_their_ports() -> None:
    instance = f"{SCALE_SET}/virtualMachines/networkInterfaces/ipConfigurations"
    made = {
        "name": "ssh.0",
        "properties": {
            "frontendIPConfiguration": idref(arm_id(FRONTEND, "lb", "front")),
            "protocol": "Tcp",
            "frontendPort": 50001,
            "backendPort": 22,
            "enableFloatingIP": False,
            "backendIPConfiguration": idref(arm_id(instance, "set", "0", "nic", "instance")),
        },
    }
    own = idref(arm_id(f"{BALANCER}/inboundNatPools", "lb", "ssh"))
    balancer = nat_pool(inboundNatRules=[made])
    network = behind_set(1, balancer, loadBalancerInboundNatPools=[own])

    found = asked(network, CLIENT, "instance", None).answers

    assert [(a.verdict.value, str(a.ports)) for a in found if a.verdict.value != "blocked"] == [
        ("reachable", "50001")
    ]


def worldwide(*members: str, **more: Any) -> Network:
    """A global load balancer before the regional one."""
    return balanced(*before_regions(*members, **more))


def test_E_19_a_global_load_balancer_leads_to_the_machines_of_regions() -> None:
    found = asked(worldwide(), CLIENT, "web", 8080)

    assert (found.verdict, found.arrives) == ("reachable", "10.0.0.4:8443")
    assert [step.rule for step in found.one.hops if step.code == "load-balancer"] == [
        "all",
        "https",
    ]
    assert [step.says for step in found.one.hops if step.code == "load-balancer"] == [
        "rule all sends port 8080 to front of lb as port 443",
        "rule https sends port 443 to web as port 8443",
    ]
    assert asked(worldwide(), CLIENT, "world", 8080).verdict == "reachable"
    assert asked(worldwide(), CLIENT, "front", 8080).verdict == "reachable"


def test_E_19_the_regional_rule_must_take_the_port() -> None:
    assert asked(worldwide(port=444), CLIENT, "web", 8080).verdict == "blocked"


def test_E_19_what_opens_a_global_load_balancer_names_the_ports_of_the_regional_ones() -> None:
    """And where it forwards a port already, what the regional one lacks is told."""
    further = before_regions(port=444)
    further[0]["properties"] |= {"inboundNatRules": [], "outboundRules": []}
    shut = asked(balanced(*further), CLIENT, "world", 9090).one.blockers
    assert [step.opening for step in shut] == [
        "add a load-balancing rule for TCP 9090 at world, to a port that the balancers behind it "
        "forward"
    ]
    rules = further[0]["properties"]["loadBalancingRules"]
    rules.append({"name": "more", "properties": {**rules[0]["properties"], "frontendPort": 9090}})
    found = asked(balanced(*further), CLIENT, "world", 9090).one
    assert [step.rule for step in found.hops] == ["more", "https"]
    assert [step.opening for step in found.blockers] == [
        "add a load-balancing rule for TCP 444 at front of lb",
        "add an inbound Allow rule for TCP from 52.10.0.7 to 10.0.0.4 to port 444 to nsg, "
        "with a priority of 4096 or below, before defaultSecurityRules/DenyAllInBound",
    ]


def test_E_19_whether_it_is_global_may_be_untold() -> None:
    found = asked(worldwide(tier=None), CLIENT, "web", 8080)

    assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})


def test_E_19_global_load_balancers_that_lead_to_each_other_end() -> None:
    own = arm_id(FRONTEND, "glb", "world")

    assert asked(worldwide(own), CLIENT, "web", 8080).verdict == "blocked"
    assert asked(worldwide(own), CLIENT, "world", 8080).verdict == "unknown"


def given(*ports: int | None, **rule_settings: Any) -> Network:
    """NICs web and db behind ports 500 to 510 of a NAT rule; Azure tells which port is whose."""
    entries = [
        {
            "name": name,
            "properties": {
                "networkInterfaceIPConfiguration": ref(f"{NIC}/ipConfigurations", name, "primary"),
                **(
                    {"inboundNatRulesPortMapping": [
                        {"inboundNatRuleName": "other", "frontendPort": 510, "backendPort": 22},
                        {"inboundNatRuleName": "NAT", "frontendPort": port, "backendPort": 22},
                    ]}
                    if port
                    else {}
                ),
            },
        }
        for name, port in zip(("web", "db"), ports, strict=True)
    ]  # fmt: skip
    settings = {
        "frontendIPConfiguration": ref(FRONTEND, "lb", "front"),
        "backendAddressPool": ref(POOL, "lb", "pool"),
        "protocol": "Tcp",
        "frontendPort": 0,
        "frontendPortRangeStart": 500,
        "frontendPortRangeEnd": 510,
        "backendPort": 22,
        "enableFloatingIP": False,
    }
    return estate(
        nsg(rule("in", 100, ports="22")),
        nic("web", nsg="nsg"),
        nic("db", nsg="nsg", address="10.0.0.5"),
        pip("pip"),
        lb(
            members=(),
            inboundNatRules=[{"name": "nat", "properties": settings}],
            backendAddressPools=[
                {"name": "pool", "properties": {"loadBalancerBackendAddresses": entries}}
            ],
        ),
        vnet(subnet()),
    )


def test_E_18_a_pool_tells_which_port_of_a_range_is_whose() -> None:
    network = given(500, 501)

    assert asked(network, CLIENT, "web", 500).verdict == "reachable"
    assert asked(network, CLIENT, "web", 501).verdict == "blocked"
    assert asked(network, CLIENT, "db", 501).verdict == "reachable"
    assert asked(network, CLIENT, "front", 501).verdict == "reachable"
    assert asked(network, CLIENT, "front", 502).verdict == "blocked"


def test_E_18_whose_port_is_not_told_may_have_any_that_is_left() -> None:
    network = given(500, None)

    assert asked(network, CLIENT, "web", 500).verdict == "reachable"
    left = asked(network, CLIENT, "db", 501)
    assert (left.verdict, left.labels) == ("unknown", {"nat-port"})
    assert asked(network, CLIENT, "db", 500).verdict == "blocked"
    assert asked(network, CLIENT, "web", 501).verdict == "blocked"


def test_E_18_no_rule_is_proposed_for_a_port_of_a_range() -> None:
    """Azure gives these to the members of the pool: a rule for one of them is refused."""
    network = given(500, 501)
    for target, port in (("web", 501), ("db", 500), ("front", 505)):
        assert [step.opening for step in asked(network, CLIENT, target, port).one.blockers] == [""]
    beside = asked(network, CLIENT, "web", 511).one.blockers[0].opening
    assert beside == "add a load-balancing rule for TCP 511 at front"


def test_E_10_a_port_that_a_rule_takes_for_others_is_no_other_rules() -> None:
    """Who is not behind that rule is to be put there."""
    other: Any = {"backendAddressPool": ref(POOL, "lb", "other")}
    nat = {
        "frontendIPConfiguration": ref(FRONTEND, "lb", "front"),
        "backendIPConfiguration": ref(f"{NIC}/ipConfigurations", "db", "primary"),
        "protocol": "Tcp",
        "frontendPort": 2200,
        "backendPort": 22,
    }
    network = estate(
        nsg(rule("in", 100)),
        nic("web", nsg="nsg"),
        nic("db", nsg="nsg", address="10.0.0.5"),
        pip("pip"),
        lb(
            lb_rule(),
            lb_rule("for-db", 444, **other),
            backendAddressPools=[
                {"name": name, "properties": {"backendIPConfigurations": [
                    ref(f"{NIC}/ipConfigurations", member, "primary")
                ]}}
                for name, member in (("pool", "web"), ("other", "db"))
            ],
            inboundNatRules=[{"name": "ssh", "properties": nat}],
        ),
        vnet(subnet()),
    )  # fmt: skip
    stops = {port: asked(network, CLIENT, "web", port).one.blockers for port in (444, 2200, 445)}
    assert {port: found[0].opening for port, found in stops.items()} == {
        444: "put it behind for-db of front, which takes that port",
        2200: "lead ssh of front, which takes that port, to it",
        445: "add a load-balancing rule for TCP 445 at front",
    }


def test_E_18_the_simulator_gives_ports_too() -> None:
    def fates(network: Network, port: int) -> set[Fate]:
        packet = Packet(parse_address(CLIENT), parse_address("20.50.1.2"), "tcp", 50000, port)
        return {each.fate for each in simulate.replay(network, "internet", packet)}

    assert fates(given(500, 501), 500) == {Fate.DELIVERED}
    assert fates(given(500, 501), 502) == {Fate.DROPPED}
    assert Fate.UNKNOWN in fates(given(500, None), 501)


def networks() -> Iterator[Network]:
    """Every way in which a load balancer may lead to somebody, and estates at random."""
    listed = idref(arm_id(f"{NIC}/ipConfigurations", "web", "ip"))
    pools = [{"name": "pool", "properties": {"backendIPConfigurations": [listed]}}]
    own = idref(arm_id(f"{BALANCER}/inboundNatPools", "lb", "ssh"))
    yield from (
        balanced(),
        balanced(backendAddressPools=pools),
        balanced(backendAddressPools=pool("10.0.0.4", virtualNetwork=idref(arm_id(VNET, "vnet")))),
        balanced(members=(), backendAddressPools=[]),
        behind_set(3, nat_pool(), loadBalancerInboundNatPools=[own]),
        behind_set(3, lb(lb_rule(), backendAddressPools=pool("10.0.0.7"))),
        worldwide(),
    )
    yield from (estate(*Maker(seed).estate()) for seed in range(12))


def test_what_forwards_to_somebody_is_found_from_either_end() -> None:
    led_to = 0
    for network in networks():
        every = [
            forward
            for frontend in network.all(LoadBalancerFrontend)
            for forward in forwards_of(network, frontend).known
        ]
        for node in network.nodes.values():
            found = tuple(each for each in every if each.target and each.target.node is node)
            assert forwards_to(network, node) == found
            led_to += len(found)
    assert led_to > 20
