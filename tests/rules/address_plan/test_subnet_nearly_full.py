from __future__ import annotations

from typing import Any

import pytest

from auditor.finding import Severity
from auditor.testing import Answer, arm_id, ask, estate, resource

from ...clusters import cluster as made_cluster
from ...clusters import pool
from ...networks import internal_balancer, nic, subnet_id, vnet

ID = "ADR-013"
APP = ("a", "app")
Json = dict[str, Any]


def judge(prefix: Any, *resources: Json, name: str = "app", **parameters: Any) -> Answer:
    network = estate(vnet("a", "10.0.0.0/16", subnets={name: prefix}), *resources)
    return ask(ID, network, **parameters)


def nics(number: int) -> list[Json]:
    return [nic(f"n{i}", f"10.0.0.{4 + i}", APP) for i in range(number)]


def told(answer: Answer) -> str:
    (finding,) = answer.broken
    return finding.message


def scale_set(capacity: int | None, *, group: str = "rg", configurations: int = 1) -> Json:
    each = [
        {"name": f"ip{i}", "properties": {"subnet": {"id": subnet_id(*APP)}}}
        for i in range(configurations)
    ]
    profile = {
        "networkInterfaceConfigurations": [
            {"name": "nic", "properties": {"ipConfigurations": each}}
        ]
    }
    return resource(
        "Microsoft.Compute/virtualMachineScaleSets", "workers",
        {"virtualMachineProfile": {"networkProfile": profile}}, group=group,
        sku={"name": "D2", **({} if capacity is None else {"capacity": capacity})},
    )  # fmt: skip


def listed(*ids: str, prefix: str = "10.0.0.0/28") -> Json:
    return {"addressPrefix": prefix, "ipConfigurations": [{"id": each} for each in ids]}


def instance(number: int, group: str = "rg") -> str:
    return (
        arm_id("Microsoft.Compute/virtualMachineScaleSets", "workers", group=group)
        + f"/virtualMachines/{number}/networkInterfaces/nic/ipConfigurations/ip0"
    )


def test_d_1_each_side_of_the_threshold() -> None:
    assert judge("10.0.0.0/28", *nics(7)).kept == 1
    assert told(judge("10.0.0.0/28", *nics(8))) == (
        "subnet app of a needs 13 of its 16 addresses (81 %): 5 reserved, 8 ip configurations"
    )
    assert judge("10.0.0.0/28", *nics(8), threshold=90).kept == 1
    assert judge("10.0.0.0/28", *nics(7), threshold=75).broken


def test_a_finding_gives_the_command_with_a_free_range() -> None:
    (finding,) = judge("10.0.0.0/28", *nics(8)).broken
    assert finding.subject == subnet_id(*APP)
    assert finding.remedy.endswith("--name app --address-prefixes 10.0.0.0/28 10.0.0.16/28")
    assert finding.evidence[0].pointer == "/properties/subnets/0/properties/addressPrefix"


def test_both_sides_are_counted_once() -> None:
    configurations = [each["id"] + "/ipConfigurations/primary" for each in nics(8)]
    subnet = listed(*(each.upper() for each in configurations))
    assert "8 ip configurations" in told(judge(subnet, *nics(8)))
    assert "8 ip configurations" in told(judge(subnet))
    assert "8 ip configurations" in told(judge(subnet, *nics(3)))


def test_every_prefix_reserves_five() -> None:
    two = {"addressPrefixes": ["10.0.0.0/28", "10.0.1.0/28"]}
    assert "26 of its 32 addresses (81 %): 10 reserved" in told(judge(two, *nics(16)))


def test_ipv6_takes_nothing() -> None:
    six = nic("six", "fd00::4", APP, configuration={"privateIPAddressVersion": "IPv6"})
    assert judge({"addressPrefixes": ["10.0.0.0/28", "fd00::/64"]}, *nics(7), six).kept == 1
    assert judge("fd00::/64", *nics(7)).kept == 1


def test_frontends_count() -> None:
    answer = judge("10.0.0.0/28", *nics(7), internal_balancer("lb", "10.0.0.14", APP))
    assert "8 ip configurations" in told(answer)


def test_scale_sets_count_by_capacity_or_by_what_is_listed() -> None:
    assert judge("10.0.0.0/28", scale_set(7)).kept == 1
    assert "8 scale set workers" in told(judge("10.0.0.0/28", scale_set(8)))
    assert "8 scale set workers" in told(judge("10.0.0.0/28", scale_set(4, configurations=2)))
    more = listed(*(instance(n) for n in range(9)))
    assert "9 scale set workers" in told(judge(more, scale_set(2)))
    assert "9 ip configurations" in told(judge(more))


def test_a_scale_set_without_a_capacity_is_unknown() -> None:
    answer = judge("10.0.0.0/28", scale_set(None))
    assert "the capacity of scale set workers" in answer.unknown[0].missing
    assert told(judge("10.0.0.0/28", scale_set(None), *nics(8)))


def flexible(number: int) -> list[Json]:
    """VMs of the scale set, with the NICs n0, n1 and so on."""
    kind = "Microsoft.Network/networkInterfaces"
    owner = {"id": arm_id("Microsoft.Compute/virtualMachineScaleSets", "workers")}
    return [
        resource("Microsoft.Compute/virtualMachines", f"vm{i}", {
            "virtualMachineScaleSet": owner,
            "networkProfile": {"networkInterfaces": [{"id": arm_id(kind, f"n{i}")}]},
        })
        for i in range(number)
    ]  # fmt: skip


@pytest.mark.parametrize(("capacity", "machines", "kept"), [(7, 7, 1), (7, 4, 1), (8, 4, 0)])
def test_E_2b_machines_of_a_flexible_scale_set_are_counted_once(
    capacity: int, machines: int, kept: int
) -> None:
    workers = scale_set(capacity)
    workers["properties"]["orchestrationMode"] = "Flexible"
    answer = judge("10.0.0.0/28", workers, *flexible(machines), *nics(machines))
    assert answer.kept == kept


def gateway(**properties: Any) -> Json:
    subnet = {"subnet": {"id": subnet_id(*APP)}}
    return resource(
        "Microsoft.Network/applicationGateways", "agw",
        {
            "gatewayIPConfigurations": [{"name": "g", "properties": subnet}],
            "frontendIPConfigurations": [{"name": "private", "properties": subnet}],
            **properties,
        },
    )  # fmt: skip


def test_a_2_the_subnet_of_a_gateway_is_judged_by_what_the_gateway_needs() -> None:
    largest = {"minCapacity": 0, "maxCapacity": 58}
    network = estate(
        vnet("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/26"}),
        gateway(autoscaleConfiguration=largest, sku={"tier": "WAF_v2"}),
    )
    answer = ask(ID, network)
    assert (answer.broken, answer.unknown, answer.kept) == ([], [], 0)
    assert [finding.severity for finding in ask("GW-020", network).broken] == [Severity.LOW]


def test_a_gateway_that_only_the_subnet_tells_of_is_unknown() -> None:
    absent = arm_id("Microsoft.Network/applicationGateways/gatewayIPConfigurations", "agw", "g")
    assert "agw" in judge(listed(absent)).unknown[0].missing


def cluster(**pool: Any) -> Json:
    return resource(
        "Microsoft.ContainerService/managedClusters", "aks",
        {
            "nodeResourceGroup": "MC_aks",
            "networkProfile": {"networkPlugin": "azure", "networkPluginMode": "overlay"},
            "agentPoolProfiles": [{"name": "np", "vnetSubnetID": subnet_id(*APP), **pool}],
        },
    )  # fmt: skip


def test_k_20_a_cluster_counts_by_its_nodes_at_the_peak_and_not_twice() -> None:
    assert judge("10.0.0.0/28", cluster(count=6)).kept == 1
    assert "8 nodes of aks" in told(judge("10.0.0.0/28", cluster(count=7)))
    nodes = listed(*(instance(n, "MC_aks") for n in range(6)))
    assert judge(nodes, cluster(count=6), scale_set(6, group="mc_AKS")).kept == 1
    assert "count of agent pool np" in judge("10.0.0.0/28", cluster()).unknown[0].missing


def delegated(service: str, prefix: str = "10.0.0.0/28") -> Json:
    return {
        "addressPrefix": prefix,
        "delegations": [{"name": "d", "properties": {"serviceName": service}}],
    }


def test_a_service_that_lists_nothing_is_unknown() -> None:
    answer = judge(delegated("Microsoft.Web/serverFarms"))
    assert "Microsoft.Web/serverFarms" in answer.unknown[0].missing


@pytest.mark.parametrize(("prefix", "listed_too", "broken"), [
    ("10.0.0.0/28", 0, 0), ("10.0.0.0/28", 3, 0), ("10.0.0.0/29", 0, 1),
])  # fmt: skip
def test_d_9_a_28_is_enough_for_the_endpoint_of_a_resolver(
    prefix: str, listed_too: int, broken: int
) -> None:
    place = delegated("Microsoft.Network/dnsResolvers", prefix)
    place["ipConfigurations"] = [
        {"id": arm_id("Microsoft.Network/networkInterfaces/ipConfigurations", f"n{n}", "ip")}
        for n in range(listed_too)
    ]

    answer = judge(place)

    assert (answer.kept, len(answer.broken), answer.unknown) == (1 - broken, broken, [])


def test_delegated_servers_count() -> None:
    servers = [
        resource(
            "Microsoft.DBforMySQL/flexibleServers", f"db{n}",
            {"network": {"delegatedSubnetResourceId": subnet_id(*APP)}},
        )
        for n in range(2)
    ]  # fmt: skip
    assert judge(delegated("Microsoft.DBforMySQL/flexibleServers", "10.0.0.0/29"), servers[0]).kept
    answer = judge(delegated("Microsoft.DBforMySQL/flexibleServers", "10.0.0.0/29"), *servers)
    assert "2 database servers" in told(answer)


def test_endpoints_whose_nic_nobody_tells_count() -> None:
    endpoints = [{"id": arm_id("Microsoft.Network/privateEndpoints", f"pe{n}")} for n in range(8)]
    assert "8 ip configurations" in told(
        judge({"addressPrefix": "10.0.0.0/28", "privateEndpoints": endpoints})
    )
    own = [
        nic(f"pe-nic{n}", f"10.0.0.{4 + n}", APP, privateEndpoint=endpoints[n]) for n in range(7)
    ]
    assert judge({"addressPrefix": "10.0.0.0/28", "privateEndpoints": endpoints[:7]}, *own).kept


def test_endpoints_that_only_name_the_subnet_count_once() -> None:
    kind = "Microsoft.Network/privateEndpoints"
    place = {"subnet": {"id": subnet_id(*APP)}}
    endpoints = [resource(kind, f"pe{n}", place) for n in range(8)]
    assert "8 ip configurations" in told(judge("10.0.0.0/28", *endpoints))
    own = nics(7)
    named = [
        resource(kind, f"pe{n}", {**place, "networkInterfaces": [{"id": each["id"]}]})
        for n, each in enumerate(own)
    ]
    assert judge("10.0.0.0/28", *named, *own).kept


@pytest.mark.parametrize("name", ["GatewaySubnet", "azurefirewallsubnet"])
def test_reserved_names_are_judged_elsewhere(name: str) -> None:
    answer = judge("10.0.0.0/29", name=name)
    assert (answer.broken, answer.unknown, answer.kept) == ([], [], 0)


def test_a_subnet_without_a_prefix_is_unknown() -> None:
    assert len(judge({}).unknown) == 1


def test_a_threshold_that_is_no_share_is_refused() -> None:
    with pytest.raises(ValueError, match="percentage"):
        judge("10.0.0.0/24", threshold=0)


@pytest.mark.parametrize(
    ("prefix", "clusters", "broken"),
    [("10.0.0.0/28", 1, 0), ("10.0.0.0/29", 1, 1), ("10.0.0.0/28", 2, 1), ("10.0.0.0/27", 2, 0)],
)
def test_k_13_the_subnet_of_an_api_server_may_be_filled_up(
    prefix: str, clusters: int, broken: int
) -> None:
    access = {"enableVnetIntegration": True, "subnetId": subnet_id("a", "app")}
    made = [
        made_cluster(f"c{number}", pool(in_=None), apiServerAccessProfile=access)
        for number in range(clusters)
    ]
    frontend = internal_balancer("kube-apiserver", "10.0.0.4", APP)
    assert len(judge(prefix, *made, frontend).broken) == broken


def test_what_does_not_tell_how_much_it_takes_is_what_to_export_again() -> None:
    (unknown,) = judge("10.0.0.0/24", scale_set(None)).unknown
    workers = arm_id("Microsoft.Compute/virtualMachineScaleSets", "workers")
    assert unknown.remedy.endswith(f"whole: az resource show --ids {workers}")


def test_a_gateway_that_is_not_there_is_what_to_export_as_the_subnet_spells_it() -> None:
    agw = arm_id("Microsoft.Network/applicationGateways", "Agw-Web")
    (unknown,) = judge(listed(f"{agw}/gatewayIPConfigurations/home")).unknown

    assert unknown.missing == "application gateway Agw-Web, in subnet app"
    assert unknown.remedy == f"export it with the rest: az resource show --ids {agw}"


def test_what_a_service_takes_no_export_tells() -> None:
    service = {"serviceName": "Microsoft.Web/serverFarms"}
    given = {
        "addressPrefix": "10.0.0.0/24",
        "delegations": [{"name": "d", "properties": service}],
    }
    (unknown,) = judge(given).unknown
    assert unknown.remedy.startswith("no export tells it: ")
