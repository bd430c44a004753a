from __future__ import annotations

from typing import Any

from auditor.testing import arm_id, ask, estate, resource

from ..gateways import VNET, gateway, listener, part_id, pool, rule, told, vnet

NODES = arm_id(f"{VNET}/subnets", "vnet-shop", "snet-aks")
NETWORK = vnet(
    snet_gateway={"addressPrefix": "10.0.1.0/24"},
    snet_aks={"addressPrefix": "10.0.2.0/24"},
    snet_app={"addressPrefix": "10.0.3.0/24"},
)
GROUP = "MC_rg_aks-shop_westeurope"
WEB = (listener("web"), rule("web", "web", pool="ingress"))


def cluster(**more: Any) -> dict[str, Any]:
    pools = [{"name": "system", "count": 2, "vnetSubnetID": NODES}]
    return resource(
        "Microsoft.ContainerService/managedClusters",
        "aks-shop",
        {"nodeResourceGroup": GROUP, "agentPoolProfiles": pools, **more},
    )


def balancer(name: str, frontend: dict[str, Any]) -> dict[str, Any]:
    front = arm_id(
        "Microsoft.Network/loadBalancers/frontendIPConfigurations", name, "a1", group=GROUP
    )
    serves = {"frontendIPConfiguration": {"id": front}, "frontendPort": 443, "protocol": "Tcp"}
    return resource(
        "Microsoft.Network/loadBalancers",
        name,
        {
            "frontendIPConfigurations": [{"name": "a1", "id": front, "properties": frontend}],
            "loadBalancingRules": [{"name": "a1-TCP-443", "properties": serves}],
        },
        group=GROUP,
    )


INTERNAL = balancer(
    "kubernetes-internal", {"privateIPAddress": "10.0.2.10", "subnet": {"id": NODES}}
)
PIP = resource(
    "Microsoft.Network/publicIPAddresses",
    "kubernetes-a1",
    {"ipAddress": "20.50.2.10"},
    group=GROUP,
    tags={"k8s-azure-service": "shop/nginx"},
)
PUBLIC = balancer("kubernetes", {"publicIPAddress": {"id": PIP["id"]}})


NODE_CARD = {
    "name": "nodes",
    "properties": {"ipConfigurations": [{"name": "main", "properties": {"subnet": {"id": NODES}}}]},
}


def to(*addresses: str, **more: Any) -> dict[str, Any]:
    return gateway(*WEB, pool("ingress", *addresses), **more)


def test_the_internal_ingress_is_kept() -> None:
    assert ask("GW-002", estate(NETWORK, cluster(), INTERNAL, to("10.0.2.10"))).kept == 1


def test_the_public_address_of_a_service_is_told() -> None:
    made = (NETWORK, cluster(), INTERNAL, PUBLIC, PIP, to("20.50.2.10"))

    (finding,) = ask("GW-002", estate(*made)).broken

    assert finding.subject == part_id("backendAddressPools", "ingress")
    assert "the public address of the Service shop/nginx of the cluster aks-shop" in finding.message
    assert finding.remedy.endswith("--name ingress --servers 10.0.2.10")
    assert told(finding, *made)


def test_it_speaks_in_the_place_of_the_general_rules() -> None:
    public = estate(NETWORK, cluster(), INTERNAL, PUBLIC, PIP, to("20.50.2.10"))
    assert ask("GW-001", public).names == ["ingress"]
    assert ask("GW-001", public, beside=["GW-002"]).names == []


def test_it_speaks_where_the_general_rules_cannot_tell_of_the_same_member() -> None:
    nodes = {"networkProfile": {"networkInterfaceConfigurations": [NODE_CARD]}}
    pool = resource(
        "Microsoft.Compute/virtualMachineScaleSets",
        "aks-system",
        {"virtualMachineProfile": nodes},
        group=GROUP,
    )
    of_node = estate(NETWORK, cluster(), INTERNAL, pool, to("10.0.2.33"))
    of_both = estate(NETWORK, cluster(), INTERNAL, pool, to("10.0.2.33", "10.0.2.10"))

    for network in (of_node, of_both):
        assert [one.missing for one in ask("GW-003", network).unknown] == [
            "who has 10.0.2.33: the instances of the scale set aks-system"
        ]
        assert ask("GW-003", network, beside=["GW-002"]).unknown == []
    assert [one.message.split()[-1] for one in ask("GW-002", of_node).broken] == ["answers"]


def test_a_nodes_or_pods_address_is_told() -> None:
    answer = ask("GW-002", estate(NETWORK, cluster(), INTERNAL, to("10.0.2.33")))
    assert (
        "on which no internal Service of the cluster aks-shop answers" in answer.broken[0].message
    )


def test_without_load_balancers_of_the_cluster_it_is_unknown() -> None:
    (unknown,) = ask("GW-002", estate(NETWORK, cluster(), to("10.0.2.33"))).unknown
    assert GROUP in unknown.missing


def test_without_one_load_balancer_that_the_nodes_name_it_is_unknown() -> None:
    pool = "Microsoft.Network/loadBalancers/backendAddressPools"
    absent = arm_id(pool, "kubernetes-internal", "kubernetes", group=GROUP)
    main = {"subnet": {"id": NODES}, "loadBalancerBackendAddressPools": [{"id": absent}]}
    nodes = resource(
        "Microsoft.Network/networkInterfaces",
        "aks-system-0",
        {"ipConfigurations": [{"name": "main", "properties": main}]},
        group=GROUP,
    )

    answer = ask("GW-002", estate(NETWORK, cluster(), PUBLIC, PIP, nodes, to("10.0.2.10")))

    assert answer.broken == []
    assert GROUP in answer.unknown[0].missing


def test_another_machine_beside_the_nodes_is_not_the_clusters() -> None:
    main = {"privateIPAddress": "10.0.2.33", "subnet": {"id": NODES}}
    nic = resource(
        "Microsoft.Network/networkInterfaces",
        "nic-app",
        {"ipConfigurations": [{"name": "main", "properties": main}]},
    )
    answer = ask("GW-002", estate(NETWORK, cluster(), INTERNAL, nic, to("10.0.2.33")))
    assert (answer.kept, answer.broken) == (0, [])


def test_a_pool_outside_the_cluster_is_not_judged() -> None:
    answer = ask("GW-002", estate(NETWORK, cluster(), INTERNAL, to("10.0.3.4")))
    assert (answer.kept, answer.broken) == (0, [])


def test_one_member_in_the_cluster_makes_the_pool_the_clusters() -> None:
    answer = ask("GW-002", estate(NETWORK, cluster(), INTERNAL, to("10.0.2.10", "10.0.3.4")))
    assert [finding.key for finding in answer.broken] == ["10.0.3.4"]


def test_a_54_an_ingress_controllers_gateway_sends_to_pods() -> None:
    tagged = to("10.0.2.33", tags={"managed-by-k8s-ingress": "1.8"})
    addon = {"enabled": True, "config": {"effectiveApplicationGatewayId": to()["id"].upper()}}
    added = cluster(addonProfiles={"ingressApplicationGateway": addon})

    assert ask("GW-002", estate(NETWORK, cluster(), INTERNAL, tagged)).broken == []
    assert ask("GW-002", estate(NETWORK, added, INTERNAL, to("10.0.2.33"))).broken == []


def test_the_remedy_keeps_the_other_members_of_the_pool() -> None:
    members = ("10.0.2.10", "20.50.2.10", "10.0.3.9")
    made = (NETWORK, cluster(), INTERNAL, PUBLIC, PIP, to(*members))

    remedies = [each.remedy for each in ask("GW-002", estate(*made)).broken]

    assert any(each.endswith("--servers 10.0.3.9 10.0.2.10") for each in remedies)


def test_a_load_balancer_that_does_not_tell_where_it_answers_may_be_the_ingress() -> None:
    silent = balancer("kubernetes-internal", {"subnet": {"id": NODES}})
    ruleless = balancer("kubernetes-internal", {"privateIPAddress": "10.0.2.10"})
    del ruleless["properties"]["loadBalancingRules"]
    for made in (silent, ruleless):
        answer = ask("GW-002", estate(NETWORK, cluster(), made, to("10.0.2.10")))
        assert (len(answer.unknown), answer.broken) == (1, [])


def test_of_an_address_that_it_judges_the_general_rules_say_nothing_more() -> None:
    """In a subnet with nodes nobody lists who has an address, which GW-002 need not know."""
    nodes = estate(NETWORK, cluster(), INTERNAL, to("10.0.2.33"))
    assert len(ask("GW-003", nodes).unknown) == 1
    beside = ask("GW-003", nodes, beside=["GW-002"])
    assert (beside.kept, beside.broken, beside.unknown) == (0, [], [])
    assert ask("GW-002", nodes, beside=["GW-003"]).names == ["ingress"]


def test_of_what_it_does_not_judge_the_general_rules_still_speak() -> None:
    made = (NETWORK, cluster(), INTERNAL, to("10.0.2.33", "old.contoso.internal"), *zone())
    [finding] = ask("GW-003", estate(*made), beside=["GW-002"]).broken
    assert "old.contoso.internal" in finding.message
    hidden = (NETWORK, cluster(), INTERNAL, to("10.0.2.33", "10.0.2.10"), *zone())
    assert ask("GW-003", estate(*hidden), beside=["GW-002"]).unknown == []


def zone() -> tuple[dict[str, Any], ...]:
    kind = "Microsoft.Network/privateDnsZones"
    link = {"virtualNetwork": {"id": arm_id(VNET, "vnet-shop")}}
    return (
        resource(kind, "contoso.internal", {"numberOfRecordSets": 1}),
        resource(f"{kind}/virtualNetworkLinks", "contoso.internal/shop", link),
    )
