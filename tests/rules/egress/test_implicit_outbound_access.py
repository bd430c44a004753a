from __future__ import annotations

from typing import Any

import pytest

from auditor.snapshot.document import Snapshot
from auditor.testing import Answer, arm_id, ask, estate, resource, snapshot

from ...networks import gateway, nic, site, subnet_id, tunnel, vnet

ID = "NAT-001"
APP = ("a", "app")
VM = "Microsoft.Compute/virtualMachines"
Json = dict[str, Any]


def judge(*resources: Json, **subnet: Any) -> Answer:
    return ask(ID, estate(network(**subnet), *resources))


def network(**subnet: Any) -> Json:
    return vnet("a", "10.0.0.0/16", subnets={"app": {"addressPrefix": "10.0.0.0/24", **subnet}})


def machine(name: str = "web", **more: Any) -> list[Json]:
    """A VM with one NIC."""
    configuration = more.pop("configuration", {})
    return [
        nic(f"{name}-nic", "10.0.0.4", APP, vm=name, configuration=configuration, **more),
        resource(VM, name, {}),
    ]


def balancer(sku: str | None = "Standard") -> Json:
    more: Json = {"sku": {"name": sku}} if sku else {}
    pools = {"backendAddressPools": [{"name": "pool", "properties": {}}]}
    return resource("Microsoft.Network/loadBalancers", "lb", pools, **more)


IN_POOL: Json = {
    "loadBalancerBackendAddressPools": [
        {"id": arm_id("Microsoft.Network/loadBalancers/backendAddressPools", "lb", "pool")}
    ]
}


def table(*routes: tuple[str, str], **more: Any) -> Json:
    return resource(
        "Microsoft.Network/routeTables",
        "rt",
        {
            "routes": [
                {"name": f"r{n}", "properties": {"addressPrefix": to, "nextHopType": kind}}
                for n, (to, kind) in enumerate(routes)
            ],
            **more,
        },
    )


USES: Json = {"routeTable": {"id": arm_id("Microsoft.Network/routeTables", "rt")}}


def test_r_31_a_gateways_subnet_is_left_as_it_is() -> None:
    """It takes no NAT gateway, and a private one would stop the gateway: the machine has to go."""
    home = vnet("a", "10.0.0.0/16", subnets={"GatewaySubnet": {"addressPrefix": "10.0.0.0/27"}})
    web = nic("web-nic", "10.0.0.4", ("a", "GatewaySubnet"), vm="web")

    (finding,) = ask(ID, estate(home, web, resource(VM, "web", {}))).broken

    assert finding.remedy == "move web to a subnet of its own, with a NAT gateway"


def test_r_33_a_machine_with_no_way_of_its_own() -> None:
    (finding,) = judge(*machine()).broken
    assert finding.subject == subnet_id(*APP)
    assert finding.message == (
        "web in subnet app of a reaches the internet by default outbound access"
    )
    assert "--vnet-name a --name app --nat-gateway nat-app" in finding.remedy
    assert finding.remedy.endswith("--default-outbound-access false")
    assert finding.evidence[0].pointer == "/properties/subnets/0/properties"


@pytest.mark.parametrize(
    ("denied", "kept"), [("Internet", 1), ("*", 1), ("20.0.0.0/8", 0), ("VirtualNetwork", 0)]
)
def test_a_machine_that_its_group_lets_to_nobody_takes_no_way(denied: str, kept: int) -> None:
    away = {
        "direction": "Outbound", "access": "Deny", "priority": 100, "protocol": "*",
        "sourceAddressPrefix": "*", "sourcePortRange": "*",
        "destinationAddressPrefix": denied, "destinationPortRange": "*",
    }  # fmt: skip
    kind = "Microsoft.Network/networkSecurityGroups"
    group = resource(kind, "nsg", {"securityRules": [{"name": "away", "properties": away}]})
    at = {"networkSecurityGroup": {"id": arm_id(kind, "nsg")}}
    assert judge(*machine(), group, **at).kept == kept
    assert judge(*machine(), group, *machine("free"), **at).kept == kept
    answer = judge(*machine(), **at)  # without the group
    assert (answer.kept, answer.broken) == (0, [])
    assert "networkSecurityGroups/nsg, which is not in the snapshot" in answer.unknown[0].missing


def test_r_34_a_private_subnet() -> None:
    assert judge(*machine(), defaultOutboundAccess=False).kept == 1
    (finding,) = judge(*machine(), defaultOutboundAccess=True).broken
    assert finding.evidence[0].pointer.endswith("/defaultOutboundAccess")


def test_r_30_a_nat_gateway() -> None:
    nat: Json = {"natGateway": {"id": arm_id("Microsoft.Network/natGateways", "nat")}}
    assert judge(*machine(), **nat).kept == 1


@pytest.mark.parametrize(
    ("routes", "kept"),
    [
        ([("0.0.0.0/0", "VirtualAppliance")], 1),
        ([("0.0.0.0/1", "VirtualAppliance"), ("128.0.0.0/1", "None")], 1),
        ([("0.0.0.0/0", "Internet")], 0),
        ([("10.0.0.0/8", "VirtualAppliance")], 0),
    ],
)
def test_r_30_a_default_route(routes: list[tuple[str, str]], kept: int) -> None:
    answer = judge(*machine(), table(*routes), **USES)
    assert (answer.kept, len(answer.broken)) == (kept, 1 - kept)


def test_a_public_address_on_any_nic_of_the_machine() -> None:
    public: Json = {"publicIPAddress": {"id": arm_id("Microsoft.Network/publicIPAddresses", "pip")}}
    assert judge(*machine(configuration=public)).kept == 1
    second = nic("second", "10.9.0.4", ("b", "x"), vm="web", configuration=public)
    assert judge(*machine(), second).kept == 1


LISTED = {"id": f"{nic('web-nic', None, APP)['id']}/ipConfigurations/primary"}


@pytest.mark.parametrize("listing", [
    {"backendIPConfigurations": [LISTED]},
    {"loadBalancerBackendAddresses": [
        {"name": "one", "properties": {"networkInterfaceIPConfiguration": LISTED}}
    ]},
])  # fmt: skip
@pytest.mark.parametrize(("sku", "kept"), [("Standard", 1), ("Basic", 0), (None, 0)])
def test_a_pool_that_lists_the_machine_on_its_own_side_alone_counts(
    listing: Json, sku: str | None, kept: int
) -> None:
    balanced = balancer(sku)
    balanced["properties"]["backendAddressPools"][0]["properties"] = listing

    answer = judge(*machine(), balanced)

    assert (answer.kept, len(answer.unknown)) == (kept, sku is None)


def test_a_pool_of_mere_addresses_leaves_its_members_their_access() -> None:
    one = {"name": "one", "properties": {"ipAddress": "10.0.0.4"}}
    balanced = balancer()
    balanced["properties"]["backendAddressPools"][0]["properties"] = {
        "loadBalancerBackendAddresses": [one]
    }

    assert len(judge(*machine(), balanced).broken) == 1


@pytest.mark.parametrize(("sku", "kept"), [("Standard", 1), ("Basic", 0)])
def test_a_pool_counts_when_its_load_balancer_is_standard(sku: str, kept: int) -> None:
    assert judge(*machine(configuration=IN_POOL), balancer(sku)).kept == kept


def test_a_load_balancer_that_is_absent_or_tells_no_sku_is_unknown() -> None:
    assert len(judge(*machine(configuration=IN_POOL)).unknown) == 1
    assert "SKU" in judge(*machine(configuration=IN_POOL), balancer(None)).unknown[0].missing


@pytest.mark.parametrize(("assigned", "kept"), [(False, 1), (True, 0)])
def test_what_the_nic_says_decides(assigned: bool, kept: int) -> None:
    told: Json = {"defaultOutboundConnectivityEnabled": assigned}
    answer = judge(*machine(**told))
    assert (answer.kept, len(answer.broken)) == (kept, 1 - kept)
    assert len(judge(*machine(**told), defaultOutboundAccess=False).broken) == 1 - kept


def test_an_instance_of_a_flexible_scale_set_has_none() -> None:
    flexible = resource(VM, "web", {"virtualMachineScaleSet": {"id": "/x"}})
    assert judge(machine()[0], flexible).kept == 1


def test_an_absent_machine_is_unknown() -> None:
    answer = judge(machine()[0])
    assert "virtualMachines/web is not in the snapshot" in answer.unknown[0].missing


def test_one_unknown_machine_does_not_hide_another() -> None:
    assert len(judge(machine()[0], *machine("db")).broken) == 1


def scale_set(**configuration: Any) -> Json:
    each = {"name": "ip", "properties": {"subnet": {"id": subnet_id(*APP)}, **configuration}}
    profile = {
        "networkInterfaceConfigurations": [
            {"name": "n", "properties": {"ipConfigurations": [each]}}
        ]
    }
    return resource(
        "Microsoft.Compute/virtualMachineScaleSets",
        "workers",
        {
            "orchestrationMode": "Uniform",
            "virtualMachineProfile": {"networkProfile": profile},
        },
    )


def test_scale_sets_are_judged_by_their_model() -> None:
    assert "workers in subnet app" in judge(scale_set()).broken[0].message
    assert judge(scale_set(publicIPAddressConfiguration={"name": "p"})).kept == 1
    assert judge(scale_set(**IN_POOL), balancer()).kept == 1


@pytest.mark.parametrize(
    ("outbound", "sku", "broken"),
    [
        ("loadBalancer", "standard", 0),
        ("loadBalancer", "basic", 1),
        ("userDefinedRouting", "standard", 0),
        ("none", "standard", 0),
    ],
)
def test_r_39_clusters_choose_their_way(outbound: str, sku: str, broken: int) -> None:
    cluster = resource(
        "Microsoft.ContainerService/managedClusters",
        "aks",
        {
            "networkProfile": {"outboundType": outbound, "loadBalancerSku": sku},
            "agentPoolProfiles": [{"name": "np", "count": 1, "vnetSubnetID": subnet_id(*APP)}],
        },
    )
    answer = judge(cluster)
    assert (len(answer.broken), answer.kept) == (broken, 1 - broken)


def test_a_cluster_that_does_not_tell_is_unknown() -> None:
    cluster = resource(
        "Microsoft.ContainerService/managedClusters",
        "aks",
        {"agentPoolProfiles": [{"name": "np", "vnetSubnetID": subnet_id(*APP)}]},
    )
    assert "outbound type" in judge(cluster).unknown[0].missing


def test_subnets_without_machines_are_no_subjects() -> None:
    pe = {"id": arm_id("Microsoft.Network/privateEndpoints", "pe")}
    for resources in ([], [nic("n", "10.0.0.4", APP)], [nic("n", None, APP, privateEndpoint=pe)]):
        answer = judge(*resources)
        assert (answer.broken, answer.unknown, answer.kept) == ([], [], 0)


def test_a_delegation_that_does_not_tell_its_service_leaves_it_unknown() -> None:
    for properties in ({}, {"serviceName": None}):
        answer = judge(*machine(), delegations=[{"name": "d", "properties": properties}])
        assert (answer.kept, answer.broken) == (0, [])
        assert answer.unknown[0].missing == "to whom the subnet app is delegated"
    hole = ("/properties/subnets/0/properties/delegations/0/properties/serviceName", "a parameter")
    told = network(delegations=[{"name": "d", "properties": {}}])
    answer = ask(ID, estate(told, *machine(), unresolved=(hole,)))
    assert (answer.kept, answer.broken, len(answer.unknown)) == (0, [], 1)


def test_a_delegated_subnet_is_no_subject() -> None:
    service = [{"name": "d", "properties": {"serviceName": "Microsoft.Databricks/workspaces"}}]
    answer = judge(*machine(), delegations=service)
    assert (answer.broken, answer.unknown, answer.kept) == ([], [], 0)


def test_a_nic_that_only_the_subnet_tells_of_is_unknown_unless_an_endpoints() -> None:
    base = "Microsoft.Network/networkInterfaces/ipConfigurations"
    lost = [{"id": arm_id(base, "LOST-NIC", "c")}]
    assert "LOST-NIC" in judge(ipConfigurations=lost).unknown[0].missing
    own = [{"id": arm_id(base, "PE.NIC.1234", "c")}]
    endpoints = [{"id": arm_id("Microsoft.Network/privateEndpoints", "pe")}]
    answer = judge(ipConfigurations=own, privateEndpoints=endpoints)
    assert (answer.broken, answer.unknown) == ([], [])


def test_a_default_route_that_may_be_learned_is_unknown() -> None:
    hybrid = [
        gateway("gw", "a"), site("office"), tunnel("t", "gw", "office", enableBgp=True)
    ]  # fmt: skip
    (unknown,) = judge(*machine(), *hybrid).unknown
    assert "BGP" in unknown.missing
    assert unknown.remedy.startswith("no export tells it: ")
    off = table(disableBgpRoutePropagation=True)
    assert len(judge(*machine(), *hybrid, off, **USES).broken) == 1


def test_an_absent_route_table_is_unknown() -> None:
    assert "rt is not in the snapshot" in judge(*machine(), **USES).unknown[0].missing


def template(version: str) -> Snapshot:
    import msgspec

    from auditor.snapshot.document import Dialect

    read = snapshot(network(), *machine())
    records = [
        msgspec.structs.replace(each, dialect=Dialect.LOOSE, api_version=version)
        for each in read.records
    ]
    return Snapshot(read.sources, records)


@pytest.mark.parametrize(("version", "broken"), [("2024-05-01", 1), ("2025-07-01", 0)])
def test_r_34_the_default_of_a_template_depends_on_its_version(version: str, broken: int) -> None:
    from auditor.network.build import build

    answer = ask(ID, build(template(version)).network)
    assert (len(answer.broken), len(answer.unknown)) == (broken, 1 - broken)


def test_the_balancer_that_does_not_tell_its_sku_is_what_to_export_again() -> None:
    (unknown,) = judge(*machine(configuration=IN_POOL), balancer(None)).unknown
    lb = arm_id("Microsoft.Network/loadBalancers", "lb")
    assert unknown.remedy.endswith(f"whole: az resource show --ids {lb}")
