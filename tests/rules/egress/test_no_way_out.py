"""NAT-002: routes first, then what translates, then whether leaving is meant at all."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.finding import Severity
from auditor.testing import Answer, arm_id, ask, estate, resource

from ...egress import (
    APP,
    BY_NAT,
    BY_TABLE,
    IN_POOL,
    PRIVATE,
    VM,
    balancer,
    cluster,
    has_public,
    machine,
    nat,
    network,
    public,
    table,
)
from ...networks import gateway, nic, site, subnet_id, tunnel, vnet

Json = dict[str, Any]
NIC = "Microsoft.Network/networkInterfaces"
GROUP = "Microsoft.Network/networkSecurityGroups"


def judge(*resources: Json, **subnet: Any) -> Answer:
    return ask("NAT-002", estate(network(**subnet), *resources))


def verdict(answer: Answer) -> str:
    return "broken" if answer.broken else "unknown" if answer.unknown else "kept"


# --- machines


def test_a_machine_in_a_private_subnet() -> None:
    (finding,) = judge(*machine(), **PRIVATE).broken
    assert finding.subject == subnet_id(*APP)
    assert finding.severity is Severity.MEDIUM
    assert finding.message == (
        "web in subnet app of a has no way to the internet: "
        "the subnet is private and has no NAT gateway"
    )
    assert finding.remedy.endswith("--vnet-name a --name app --nat-gateway nat-app")


def test_a_machine_in_a_subnet_of_azures_own_has_to_go() -> None:
    own = {"addressPrefix": "10.0.0.0/27", **PRIVATE}
    home = vnet("a", "10.0.0.0/16", subnets={"GatewaySubnet": own})
    web = nic("web-nic", "10.0.0.4", ("a", "GatewaySubnet"), vm="web")
    (finding,) = ask("NAT-002", estate(home, web, resource(VM, "web", {}))).broken
    assert finding.remedy == "move web to a subnet of its own, with a NAT gateway"


def test_default_outbound_access_is_a_way() -> None:
    assert verdict(judge(*machine())) == "kept"
    assigned = machine(defaultOutboundConnectivityEnabled=True)
    assert verdict(judge(*assigned, **PRIVATE)) == "kept"


@pytest.mark.parametrize(
    "resources",
    [
        machine(configuration=has_public("pip")),
        [*machine(configuration=IN_POOL), balancer(outbound=True)],
        [*machine(configuration=IN_POOL), balancer(snat=True)],
        [*machine(), nic("second", "10.9.0.4", ("b", "x"), vm="web", configuration=has_public("p")),
         vnet("b", "10.9.0.0/16", subnets={"x": "10.9.0.0/24"})],
    ],
    ids=["public address", "outbound rule", "snat of a rule", "another nic"],
)  # fmt: skip
def test_a_way_of_its_own(resources: list[Json]) -> None:
    assert verdict(judge(*resources, **PRIVATE)) == "kept"


def test_a_nat_gateway() -> None:
    assert verdict(judge(*machine(), **PRIVATE, **BY_NAT)) == "kept"
    assert verdict(judge(*machine(), nat("pip"), **PRIVATE, **BY_NAT)) == "kept"


@pytest.mark.parametrize(("carries", "said"), [(True, "kept"), (False, "broken")])
def test_a_public_ipv6_address_takes_a_machine_out(carries: bool, said: str) -> None:
    card, vm = machine()
    home = {"subnet": {"id": subnet_id(*APP)}, "privateIPAddressVersion": "IPv6"}
    second = {**home, "privateIPAddress": "fd00::4", **(has_public("v6") if carries else {})}
    card["properties"]["ipConfigurations"].append({"name": "v6", "properties": second})
    assert verdict(judge(card, vm, public("v6", "2603:1020::5"), **PRIVATE)) == said


def test_r_33_a_member_of_a_standard_load_balancer() -> None:
    (finding,) = judge(*machine(configuration=IN_POOL), balancer(snat=False)).broken
    assert "load balancer lb is Standard, and no rule of it takes them out" in finding.message


def test_r_35_outbound_rules_that_are_not_listed_may_take_it_out() -> None:
    lb = balancer(snat=False)
    del lb["properties"]["outboundRules"]

    (unknown,) = judge(*machine(configuration=IN_POOL), lb).unknown

    assert "the outbound rules of lb" in unknown.missing
    assert unknown.remedy.endswith(f"az resource show --ids {lb['id']}")
    lb["sku"] = {"name": "Basic"}
    assert verdict(judge(*machine(configuration=IN_POOL), lb)) == "kept"


def test_r_33_a_member_of_a_basic_one_has_default_access() -> None:
    assert verdict(judge(*machine(configuration=IN_POOL), balancer(sku="Basic"))) == "kept"


def test_a_sku_that_is_not_told_is_the_load_balancers_to_tell() -> None:
    lb = {key: value for key, value in balancer().items() if key != "sku"}
    (unknown,) = judge(*machine(configuration=IN_POOL), lb, **PRIVATE).unknown
    assert unknown.missing == "the SKU of load balancer lb"
    assert unknown.told_by == lb["id"]


def test_e_14_membership_told_by_the_pool_alone() -> None:
    member = {"id": arm_id(f"{NIC}/ipConfigurations", "web-nic", "primary")}
    listed = {"backendIPConfigurations": [member]}
    assert verdict(judge(*machine(), balancer(outbound=True, pool=listed), **PRIVATE)) == "kept"
    assert verdict(judge(*machine(), balancer(pool=listed))) == "broken"


def test_a_pool_that_lists_the_machine_by_address_is_unknown() -> None:
    by_address = {"loadBalancerBackendAddresses": [{"properties": {"ipAddress": "10.0.0.4"}}]}
    lists = balancer(outbound=True, pool=by_address)
    assert verdict(judge(*machine(), lists, **PRIVATE)) == "unknown"
    other = {"loadBalancerBackendAddresses": [{"properties": {"ipAddress": "10.0.0.9"}}]}
    assert verdict(judge(*machine(), balancer(outbound=True, pool=other), **PRIVATE)) == "broken"


def test_an_absent_load_balancer_is_unknown() -> None:
    assert verdict(judge(*machine(configuration=IN_POOL), **PRIVATE)) == "unknown"


def test_an_absent_nic_is_unknown() -> None:
    listed = {"ipConfigurations": [{"id": arm_id(f"{NIC}/ipConfigurations", "x", "y")}]}
    (unknown,) = judge(**PRIVATE, **listed).unknown
    assert "not in the snapshot" in unknown.missing
    assert judge(nat("pip"), **PRIVATE, **listed, **BY_NAT).unknown == []


def test_an_empty_subnet_is_nobodys() -> None:
    answer = judge(**PRIVATE)
    assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])


def test_a_scale_set() -> None:
    profile = {
        "networkInterfaceConfigurations": [
            {
                "name": "n",
                "properties": {
                    "ipConfigurations": [
                        {"name": "ip", "properties": {"subnet": {"id": subnet_id(*APP)}}}
                    ]
                },
            }
        ]
    }
    workers = resource(
        "Microsoft.Compute/virtualMachineScaleSets",
        "workers",
        {"virtualMachineProfile": {"networkProfile": profile}},
    )
    assert judge(workers, **PRIVATE).broken[0].message.startswith("workers in subnet app")
    assert verdict(judge(workers)) == "kept"
    assert verdict(judge(workers, **PRIVATE, **BY_NAT)) == "kept"


# --- whether it is meant


GUARDED = {"networkSecurityGroup": {"id": arm_id(GROUP, "nsg")}}


def group(*rules: tuple[str, str]) -> Json:
    """A security group with outbound rules, in this order: access and destination."""
    written = [
        {
            "name": f"r{n}",
            "properties": {
                "direction": "Outbound", "access": access, "priority": 100 + n, "protocol": "*",
                "sourceAddressPrefix": "*", "sourcePortRange": "*",
                "destinationAddressPrefix": to, "destinationPortRange": "*",
            },
        }
        for n, (access, to) in enumerate(rules)
    ]  # fmt: skip
    return resource(GROUP, "nsg", {"securityRules": written})


@pytest.mark.parametrize(
    ("allowed", "said"), [("AzureMonitor", "broken"), ("Storage.WestEurope", "unknown"),
                          ("20.0.0.4", "broken"), ("10.9.0.0/16", "kept")],
)  # fmt: skip
def test_a_group_that_lets_to_services_asks_for_a_way(allowed: str, said: str) -> None:
    rules = group(("Allow", allowed), ("Deny", "Internet"))
    assert verdict(judge(*machine(), rules, **PRIVATE, **GUARDED)) == said
    hidden = group(("Deny", "Internet"), ("Allow", allowed))
    assert verdict(judge(*machine(), hidden, **PRIVATE, **GUARDED)) == "kept"


@pytest.mark.parametrize(
    ("prefix", "said"), [("Internet", "kept"), ("*", "kept"), ("20.0.0.0/8", "broken")]
)
def test_a_group_that_denies_the_internet_says_so(prefix: str, said: str) -> None:
    rules, guarded = group(("Deny", prefix)), GUARDED
    assert verdict(judge(*machine(), rules, **PRIVATE, **guarded)) == said
    assert (
        verdict(judge(cluster("userAssignedNATGateway"), rules, **PRIVATE, **guarded)) == "broken"
    )


def test_a_default_route_to_nowhere_says_so_of_machines_alone() -> None:
    away = table(("0.0.0.0/0", "None"), disableBgpRoutePropagation=True)
    assert verdict(judge(*machine(), away, **BY_TABLE)) == "kept"
    (finding,) = judge(cluster("loadBalancer"), away, **BY_TABLE).broken
    assert finding.severity is None
    assert finding.message.endswith(
        "has no way to the internet: the route r0 for 0.0.0.0/0 has next hop None"
    )
    assert "route-table route update" in finding.remedy
    assert finding.evidence[0].pointer == "/properties/routes/0/properties/nextHopType"


def test_the_parameter_isolated() -> None:
    where = estate(network(**PRIVATE), *machine())
    assert ask("NAT-002", where, isolated=("*/SUBNETS/app",)).kept == 1
    assert ask("NAT-002", where, isolated=("*/subnets/other",)).broken


# --- routes


def test_a_route_to_an_appliance_is_a_way() -> None:
    away = table(("0.0.0.0/0", "VirtualAppliance"), to="10.0.9.4")
    assert verdict(judge(*machine(), away, **PRIVATE, **BY_TABLE)) == "kept"
    some = table(("20.0.0.0/8", "VirtualAppliance"), to="10.0.9.4")
    assert verdict(judge(*machine(), some, **PRIVATE, **BY_TABLE)) == "kept"
    near = table(("192.168.0.0/16", "VirtualAppliance"), to="10.0.9.4")
    assert verdict(judge(*machine(), near, **PRIVATE, **BY_TABLE)) == "broken"


def test_what_bgp_may_teach_is_unknown() -> None:
    bgp = [gateway("gw", "a"), site("office"), tunnel("t", "gw", "office", enableBgp=True)]
    assert verdict(judge(*machine(), *bgp, **PRIVATE)) == "unknown"
    assert verdict(judge(*machine(), *bgp, nat("pip"), **PRIVATE, **BY_NAT)) == "kept"
    deaf = table(disableBgpRoutePropagation=True)
    assert verdict(judge(*machine(), *bgp, deaf, **PRIVATE, **BY_TABLE)) == "broken"


def test_an_absent_route_table_is_unknown() -> None:
    assert verdict(judge(*machine(), **PRIVATE, **BY_TABLE)) == "unknown"


# --- AKS


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("loadBalancer", "kept"),
        ("managedNATGateway", "kept"),
        ("none", "kept"),
        ("block", "kept"),
        ("userAssignedNATGateway", "broken"),
        ("userDefinedRouting", "broken"),
        (None, "unknown"),
    ],
)
def test_k_4_the_outbound_type(kind: str | None, said: str) -> None:
    assert verdict(judge(cluster(kind), **PRIVATE)) == said
    if kind:
        assert verdict(judge(cluster(kind), nat("pip"), **PRIVATE, **BY_NAT)) == "kept"


def test_nodes_without_a_way_are_critical() -> None:
    (finding,) = judge(cluster("userAssignedNATGateway"), **PRIVATE).broken
    assert finding.severity is None
    assert "pool system of aks in subnet app" in finding.message
    assert "with outbound type userAssignedNATGateway" in finding.message


def test_pods_in_a_subnet_of_their_own() -> None:
    assert verdict(judge(cluster("userAssignedNATGateway", pods=True), **PRIVATE)) == "broken"


def test_default_access_of_nodes_is_unknown() -> None:
    assert verdict(judge(cluster("userAssignedNATGateway"))) == "unknown"


def nodes_in_balancer(**tags: str) -> Json:
    """A scale set in the pool of a load balancer, in the node group."""
    home = {"subnet": {"id": subnet_id(*APP)}, **IN_POOL}
    interface = {"ipConfigurations": [{"name": "ip", "properties": home}]}
    profile = {"networkInterfaceConfigurations": [{"name": "nic", "properties": interface}]}
    return resource(
        "Microsoft.Compute/virtualMachineScaleSets",
        "aks-system-vmss",
        {"virtualMachineProfile": {"networkProfile": profile}},
        group="MC_rg_aks",
        tags=tags,
    )


@pytest.mark.parametrize(
    ("sku", "pool", "said"),
    [
        ("Standard", "system", "broken"),
        ("Standard", "SYSTEM", "broken"),
        ("Standard", "user", "unknown"),
        ("Basic", "system", "unknown"),
    ],
)
def test_r_33_nodes_in_a_standard_balancer_have_no_default_access(
    sku: str, pool: str, said: str
) -> None:
    made = cluster("userAssignedNATGateway")
    made["properties"]["nodeResourceGroup"] = "mc_rg_aks"
    nodes = nodes_in_balancer(**{"aks-managed-poolName": pool})
    assert verdict(judge(made, nodes, balancer(sku=sku))) == said


def test_routes_take_out_nodes_of_user_defined_routing() -> None:
    (finding,) = judge(cluster("userDefinedRouting"), **PRIVATE).broken

    assert finding.message.endswith(
        "with outbound type userDefinedRouting the subnet needs a route table that leads "
        "0.0.0.0/0 to a firewall, and has none"
    )
    assert "nat" not in finding.remedy
    assert "route-table create --resource-group rg --name rt-app && " in finding.remedy
    assert "--name default --address-prefix 0.0.0.0/0 " in finding.remedy


def test_aks_016_speaks_where_it_runs() -> None:
    where = estate(network(**PRIVATE), cluster("userDefinedRouting"))
    (finding,) = ask("AKS-016", where).broken
    assert ("NAT-002", subnet_id(*APP)) in finding.covers


def test_nodes_beside_machines_are_told_in_one() -> None:
    (finding,) = judge(*machine(), cluster("userAssignedNATGateway"), **PRIVATE).broken
    assert finding.severity is None
    assert finding.message.startswith("pool system of aks, web in subnet app of a have no way")


def test_a_route_to_a_gateway_that_is_not_there_says_where_it_leads() -> None:
    away = table(("0.0.0.0/0", "VirtualNetworkGateway"), disableBgpRoutePropagation=True)
    (finding,) = ask("NAT-002", estate(network(**BY_TABLE), cluster("loadBalancer"), away)).broken
    assert "the route r0 for 0.0.0.0/0 leads nowhere: there is no VPN gateway" in finding.message
