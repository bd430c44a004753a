"""NAT-005: as whom a subnet is seen, way by way, against what was declared."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.addresses import AddressError
from auditor.finding import Severity
from auditor.testing import Answer, arm_id, ask, estate, resource

from ...egress import (
    APP,
    BY_NAT,
    BY_TABLE,
    IN_POOL,
    LB,
    NAT,
    PIP,
    PRIVATE,
    balancer,
    cluster,
    has_public,
    machine,
    nat,
    network,
    public,
    table,
)
from ...networks import gateway, site, subnet_id, tunnel, vnet

Json = dict[str, Any]
ONE, TWO = "20.0.0.1", "20.0.0.2"
TO_FIREWALL = table(
    ("0.0.0.0/0", "VirtualAppliance"), to="10.0.9.4", disableBgpRoutePropagation=True
)


def judge(*resources: Json, declared: tuple[str, ...] = (ONE,), **subnet: Any) -> Answer:
    said = {"*/SUBNETS/app": declared} if declared else {}
    return ask("NAT-005", estate(network(**subnet), *resources), declared=said)


def told(answer: Answer) -> str:
    """What a subnet leaves by and as whom, of one finding; or the answer without one."""
    if not answer.broken:
        return "unknown" if answer.unknown else "kept"
    (finding,) = answer.broken
    if finding.key == "unused":
        return "unused"
    return finding.message.partition(" by ")[2].partition(", declared")[0]


NATTED = [*machine(), nat("a"), public("a", ONE)]


# --- NAT gateways


def test_the_declared_address() -> None:
    assert told(judge(*NATTED, **BY_NAT)) == "kept"
    assert told(judge(*NATTED, declared=("20.0.0.0/30",), **BY_NAT)) == "kept"


def test_another_address() -> None:
    (finding,) = judge(*NATTED, declared=(TWO,), **BY_NAT).broken
    assert finding.subject == subnet_id(*APP)
    assert finding.severity is None
    assert finding.message == (
        "web in subnet app of a leaves by NAT gateway nat as 20.0.0.1, declared is 20.0.0.2"
    )
    assert "nat gateway update" in finding.remedy
    assert finding.related == (arm_id(NAT, "nat"),)


def test_one_of_two_addresses_is_not_declared() -> None:
    both = [*machine(), nat("a", "b"), public("a", ONE), public("b", TWO)]
    assert told(judge(*both, **BY_NAT)) == "NAT gateway nat as 20.0.0.2"
    assert told(judge(*both, declared=(ONE, TWO), **BY_NAT)) == "kept"


def test_a_declared_address_that_nobody_uses_is_low() -> None:
    (finding,) = judge(*NATTED, declared=(ONE, TWO), **BY_NAT).broken
    assert (finding.key, finding.severity) == ("unused", Severity.LOW)
    assert "leaves by 20.0.0.2, which is declared" in finding.message


def test_an_address_that_is_not_told_is_unknown() -> None:
    assert told(judge(*machine(), nat("a"), public("a"), **BY_NAT)) == "unknown"
    assert told(judge(*machine(), nat("a"), **BY_NAT)) == "unknown"
    assert told(judge(*machine(), **BY_NAT)) == "unknown"


def test_what_is_sure_is_told_beside_what_is_not() -> None:
    two = [*machine(), nat("a"), public("a", TWO), *machine("other", "10.0.0.5")[:1]]
    assert told(judge(*two, **BY_NAT)) == "NAT gateway nat as 20.0.0.2"


# --- what is not judged


def test_without_a_declaration_nothing_is_judged() -> None:
    answer = judge(*NATTED, declared=(), **BY_NAT)
    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])
    where = estate(network(**BY_NAT), *NATTED)
    assert ask("NAT-005", where, declared={"*/subnets/other": (TWO,)}).kept == 1


def test_what_does_not_leave_is_another_rules() -> None:
    assert told(judge(*machine(), **PRIVATE)) == "kept"


def test_all_globs_that_fit_count() -> None:
    where = estate(network(**BY_NAT), *NATTED, public("b", TWO))
    answer = ask("NAT-005", where, declared={"*/app": (TWO,), "*/subnets/*": (ONE,)})
    assert told(answer) == "unused"


def test_an_entry_that_is_no_address_is_refused() -> None:
    with pytest.raises(AddressError, match="our firewall"):
        judge(*NATTED, declared=("our firewall",), **BY_NAT)


# --- the other ways


def test_its_own_public_address() -> None:
    own = [*machine(configuration=has_public("own")), public("own", TWO)]
    assert told(judge(*own)) == "its public address as 20.0.0.2"
    assert told(judge(*own, declared=(TWO,))) == "kept"


def test_the_outbound_rule_of_its_pool() -> None:
    behind = [*machine(configuration=IN_POOL), balancer(outbound=True), public("front", TWO)]
    assert told(judge(*behind)) == "load balancer lb as 20.0.0.2"
    assert told(judge(*behind, declared=(TWO,))) == "kept"


def test_rules_of_other_pools_do_not_count() -> None:
    behind = balancer(outbound=True)
    p = behind["properties"]
    p["backendAddressPools"].append({"name": "pool2", "properties": {}})
    p["frontendIPConfigurations"].append({"name": "front2", "properties": has_public("far")})
    other = {
        "backendAddressPool": {"id": arm_id(f"{LB}/backendAddressPools", "lb", "pool2")},
        "frontendIPConfigurations": [
            {"id": arm_id(f"{LB}/frontendIPConfigurations", "lb", "front2")}
        ],
    }
    p["outboundRules"].append({"name": "o2", "properties": other})
    resources = [*machine(configuration=IN_POOL), behind, public("front", ONE), public("far", TWO)]
    assert told(judge(*resources)) == "kept"


def test_default_outbound_access_is_nobodys() -> None:
    (finding,) = judge(*machine()).broken
    assert "leaves by default outbound access as an address that Azure chooses" in finding.message
    assert finding.covers == (("NAT-001", subnet_id(*APP)),)


def firewall(public_name: str = "fw") -> Json:
    configuration = {
        "privateIPAddress": "10.0.9.4",
        "subnet": {"id": subnet_id("a", "AzureFirewallSubnet")},
        **has_public(public_name),
    }
    return resource(
        "Microsoft.Network/azureFirewalls",
        "fw",
        {"ipConfigurations": [{"name": "fw", "properties": configuration}]},
    )


def hub(**subnet: Any) -> Json:
    """The VNet with a firewall's subnet, which has these settings."""
    return vnet(
        "a",
        "10.0.0.0/16",
        subnets={
            "app": {"addressPrefix": "10.0.0.0/24", **BY_TABLE},
            "AzureFirewallSubnet": {"addressPrefix": "10.0.9.0/26", **subnet},
        },
    )


def through_firewall(*resources: Json, declared: str = ONE) -> str:
    where = estate(*machine(), TO_FIREWALL, firewall(), *resources)
    return told(ask("NAT-005", where, declared={"*/app": (declared,)}))


def test_the_firewall_to_which_routes_lead() -> None:
    assert through_firewall(hub(), public("fw", ONE)) == "kept"
    assert through_firewall(hub(), public("fw", TWO)) == "firewall fw as 20.0.0.2"
    assert through_firewall(hub()) == "unknown"


def test_r_30_a_nat_gateway_before_the_firewall() -> None:
    resources = [hub(**BY_NAT), public("fw", TWO), nat("a"), public("a", ONE)]
    assert through_firewall(*resources) == "kept"
    assert through_firewall(*resources, declared=TWO) == "firewall fw as 20.0.0.1"


def test_another_appliance_is_unknown() -> None:
    assert told(judge(*machine(), TO_FIREWALL, **BY_TABLE)) == "unknown"


def test_what_bgp_may_teach_is_unknown() -> None:
    bgp = [gateway("gw", "a"), site("office"), tunnel("t", "gw", "office", enableBgp=True)]
    assert told(judge(*NATTED, *bgp, **BY_NAT)) == "unknown"


# --- AKS


def by_balancer(**profile: Any) -> Json:
    return cluster("loadBalancer", loadBalancerProfile=profile)


def test_r_39_the_clusters_addresses() -> None:
    ref = [{"id": arm_id(PIP, "out")}]
    for nodes in (
        by_balancer(effectiveOutboundIPs=ref),
        by_balancer(outboundIPs={"publicIPs": ref}),
        cluster("managedNATGateway", natGatewayProfile={"effectiveOutboundIPs": ref}),
    ):
        assert told(judge(nodes, public("out", ONE), **PRIVATE)) == "kept"
        assert told(judge(nodes, public("out", TWO), **PRIVATE)).endswith(" aks as 20.0.0.2")
        assert told(judge(nodes, **PRIVATE)) == "unknown"


def test_the_balancer_of_a_cluster_is_called_its() -> None:
    nodes = by_balancer(effectiveOutboundIPs=[{"id": arm_id(PIP, "out")}])
    (finding,) = judge(nodes, public("out", TWO), **PRIVATE).broken
    assert "leaves by the load balancer of cluster aks as 20.0.0.2" in finding.message


@pytest.mark.parametrize("kind", ["loadBalancer", None])
def test_a_cluster_that_does_not_tell_is_unknown(kind: str | None) -> None:
    assert told(judge(cluster(kind), **PRIVATE)) == "unknown"


def test_a_cluster_that_needs_no_way_out() -> None:
    assert told(judge(cluster("none"), **PRIVATE)) == "kept"
