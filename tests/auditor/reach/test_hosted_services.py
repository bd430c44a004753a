"""Platform services inside networks: API servers (K-12, K-13) and MySQL servers (L-21, L-25)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.reach.answer import Answer, answers
from auditor.reach.replay import check
from auditor.reach.selected import ends_of, pairs
from auditor.selector import parse_selector
from auditor.testing import arm_id, estate, resource

from ...clusters import cluster, cluster_id, pool
from ...exposed import deny, nsg
from ...networks import gateway, nic, site, subnet_id, tunnel, vnet

MYSQL = "Microsoft.DBforMySQL/flexibleServers"


def told(network: Network, source: str, target: str) -> dict[str, dict[str, str]]:
    """The verdicts by port, of each end of a target; every witness is replayed."""
    found: dict[str, dict[str, str]] = {}
    for answer in _answers(network, source, target):
        name = "/".join(answer.target.id.split("/")[-2:])
        found.setdefault(name, {})[str(answer.ports)] = answer.verdict.value
    return found


def _answers(network: Network, source: str, target: str) -> list[Answer]:
    ends = [ends_of(network, parse_selector(each)).points for each in (source, target)]
    found = [
        answer
        for one in ends[0]
        for other in ends[1]
        for answer in answers(network, one, other, protocols=("tcp",))
    ]
    for answer in found:
        check(network, answer)
    return found


def api_endpoint(name: str = "kube-apiserver", group: str = "rg", **connection: Any) -> Any:
    """A private endpoint at 10.0.0.5, next to the nodes."""
    return resource(
        "Microsoft.Network/privateEndpoints",
        name,
        {
            "subnet": {"id": subnet_id("a", "nodes")},
            "privateLinkServiceConnections": [
                {
                    "name": "c",
                    "properties": {
                        "privateLinkServiceConnectionState": {"status": "Approved"},
                        **connection,
                    },
                }
            ],
            "ipConfigurations": [{"name": "x", "properties": {"privateIPAddress": "10.0.0.5"}}],
        },
        group=group,
    )


def private(*more: Any, **access: Any) -> Network:
    """Cluster shop, private unless told otherwise, and NIC jump in another subnet of its VNet."""
    profile = access or {"enablePrivateCluster": True}
    return estate(
        cluster("shop", pool(), apiServerAccessProfile=profile),
        vnet("a", "10.0.0.0/16", subnets=SUBNETS),
        nic("jump", "10.0.1.4", ("a", "ops"), vm="jump"),
        *more,
    )


SUBNETS: Any = {
    "nodes": "10.0.0.0/24",
    "ops": "10.0.1.0/24",
    "GatewaySubnet": "10.0.9.0/27",
    "api": {
        "addressPrefix": "10.0.2.0/28",
        "networkSecurityGroup": {"id": arm_id("Microsoft.Network/networkSecurityGroups", "api")},
    },
}


NODES = (vnet("a", "10.0.0.0/16", subnets={"nodes": "10.0.0.0/24"}),)


def test_K_12_a_private_api_server_answers_at_its_endpoint() -> None:
    listed = private(api_endpoint(privateLinkServiceId=cluster_id()))
    found = told(listed, "name:jump", "name:shop")
    assert found["privateEndpoints/kube-apiserver"] == {
        "443": "reachable",
        "0-442, 444-65535": "blocked",
    }
    assert set(found["managedClusters/shop"].values()) == {"blocked"}
    by_group = private(api_endpoint(group="MC_rg_shop_westeurope"))
    assert "privateEndpoints/kube-apiserver" in told(by_group, "name:jump", "name:shop")


def test_K_12_where_a_private_api_server_answers_may_be_missing() -> None:
    found = told(private(), "name:jump", "name:shop")["managedClusters/shop"]
    assert found == {"443": "unknown", "0-442, 444-65535": "blocked"}
    away = private(
        gateway("vpn", "a"), site("office", "192.168.0.0/16"), tunnel("line", "vpn", "office")
    )
    assert told(away, "onprem", "name:shop")["managedClusters/shop"]["443"] == "unknown"


def test_an_api_server_answers_whether_or_not_the_subnets_of_its_pools_are_told() -> None:
    public = estate(cluster("shop", pool(in_=None), pool("web"), fqdn="shop.example"), *NODES)
    ends = ends_of(public, parse_selector("name:shop"))
    assert [point.id.split("/")[-1] for point in ends.points] == ["shop", "nodes"]
    assert [(reason.label, reason.detail) for reason in ends.reasons] == [
        ("collection-gap", "the subnet of agent pool system")
    ]
    found = told(public, "internet", "name:shop")
    assert found["managedClusters/shop"]["443"] == "reachable"
    assert ends_of(private(), parse_selector("name:shop")).reasons == ()


def test_an_api_server_does_not_stand_for_machines_that_are_not_told() -> None:
    unplaced = estate(cluster("shop", pool(in_=None), fqdn="shop.example"), *NODES)
    ends = [ends_of(unplaced, parse_selector(each)) for each in ("name:shop", "internet")]
    assert pairs(*ends) == []
    assert len(pairs(*reversed(ends))) == 1


def test_K_13_an_integrated_api_server_answers_in_its_subnet() -> None:
    access = {"enableVnetIntegration": True, "subnetId": subnet_id("a", "api")}
    network = private(nsg(name="api"), **access)
    answers_ = _answers(network, "name:jump", "name:shop")
    inside = [a for a in answers_ if a.target.subnet is not None and "api" in a.target.subnet.id]
    assert [(str(a.ports), a.verdict.value) for a in inside] == [
        ("443", "reachable"), ("0-442, 444-65535", "blocked"),
    ]  # fmt: skip
    shut = private(nsg(deny("no", 100), name="api"), **access)
    inside = [
        a
        for a in _answers(shut, "name:jump", "name:shop")
        if a.target.subnet is not None and "api" in a.target.subnet.id
    ]
    assert {a.verdict.value for a in inside} == {"blocked"}


def before_api_server(pool: Any) -> Any:
    """The load balancer that AKS makes before an integrated API server, at 10.0.2.4."""
    named = arm_id("Microsoft.Network/loadBalancers", "kube-apiserver")
    front = f"{named}/frontendIPConfigurations/front"
    return resource(
        "Microsoft.Network/loadBalancers",
        "kube-apiserver",
        {
            "frontendIPConfigurations": [
                {
                    "name": "front",
                    "properties": {
                        "privateIPAddress": "10.0.2.4",
                        "subnet": {"id": subnet_id("a", "api")},
                    },
                }
            ],
            "backendAddressPools": [{"name": "pool", "properties": pool}],
            "loadBalancingRules": [
                {
                    "name": "tcp-443",
                    "properties": {
                        "frontendIPConfiguration": {"id": front},
                        "backendAddressPool": {"id": f"{named}/backendAddressPools/pool"},
                        "protocol": "Tcp",
                        "frontendPort": 443,
                        "backendPort": 443,
                    },
                }
            ],
            "inboundNatRules": [],
            "outboundRules": [],
        },
        sku={"name": "Standard"},
    )


@pytest.mark.parametrize(
    "pool",
    [
        {"loadBalancerBackendAddresses": []},
        {"loadBalancerBackendAddresses": [{"name": "x", "properties": {"ipAddress": "10.0.2.5"}}]},
    ],
    ids=["empty", "by address"],
)
def test_K_13_an_integrated_api_server_answers_at_its_load_balancer(pool: Any) -> None:
    access = {"enableVnetIntegration": True, "subnetId": subnet_id("a", "api")}
    network = private(nsg(name="api"), before_api_server(pool), **access)
    for target in ("name:shop", "10.0.2.4", "name:kube-apiserver"):
        found = [a for a in _answers(network, "name:jump", target) if a.target.subnet is not None]
        inside = [a for a in found if "api" in (a.target.subnet.id if a.target.subnet else "")]
        assert [(str(a.ports), a.verdict.value) for a in inside] == [
            ("443", "reachable"), ("0-442, 444-65535", "blocked"),
        ]  # fmt: skip
        assert str(inside[0].witness and inside[0].witness.destination) == "10.0.2.4"
    shut = private(nsg(deny("no", 100), name="api"), before_api_server(pool), **access)
    [answer] = _answers(shut, "name:jump", "10.0.2.4")
    assert [(step.code, step.passes) for step in answer.blockers] == [("nsg-inbound", False)]


def test_L_25_an_injected_database_answers_on_its_port_only() -> None:
    server = resource(
        MYSQL,
        "db",
        {"network": {"delegatedSubnetResourceId": subnet_id("a", "ops")}},
    )
    network = private(server, nic("web", "10.0.0.4", ("a", "nodes")))
    assert told(network, "name:web", "name:db") == {
        "flexibleServers/db": {"3306": "reachable", "0-3305, 3307-65535": "blocked"}
    }


def delegated(service: str) -> Any:
    """VNet a, whose subnet ops is a service's."""
    given = [{"name": "own", "properties": {"serviceName": service}}]
    ops = {"addressPrefix": "10.0.1.0/24", "delegations": given, "ipConfigurations": []}
    return vnet("a", "10.0.0.0/16", subnets={"nodes": "10.0.0.0/24", "ops": ops})


def test_L_21_an_address_of_a_databases_subnet_is_perhaps_that_of_the_database() -> None:
    settings = {"network": {"delegatedSubnetResourceId": subnet_id("a", "ops")}}
    client = nic("web", "10.0.0.4", ("a", "nodes"))
    network = estate(resource(MYSQL, "db", settings), delegated(MYSQL), client)
    assert told(network, "name:web", "10.0.1.5") == {
        "flexibleServers/db": {"3306": "unknown", "0-3305, 3307-65535": "blocked"}
    }
    [answer] = [
        a for a in _answers(network, "name:web", "10.0.1.5") if a.verdict.value == "unknown"
    ]
    assert [reason.label for reason in answer.reasons] == ["paas-injected"]


def test_an_address_of_what_a_service_injects_is_perhaps_nobodys() -> None:
    client = nic("web", "10.0.0.4", ("a", "nodes"))
    network = estate(delegated("Microsoft.Web/serverFarms"), client)
    [answer] = _answers(network, "name:web", "10.0.1.5")
    assert answer.verdict.value == "unknown"
    assert [reason.label for reason in answer.reasons] == ["paas-injected"]
    assert told(network, "name:web", "subnet:a/ops") == {"subnets/ops": {"*": "reachable"}}
    pods = estate(delegated("Microsoft.ContainerService/managedClusters"), client)
    assert told(pods, "name:web", "10.0.1.5") == {"subnets/ops": {"*": "reachable"}}


def test_L_25_a_private_endpoint_of_a_database_answers_on_its_port_only() -> None:
    server = resource(MYSQL, "db", {"network": {"publicNetworkAccess": "Disabled"}})
    behind = api_endpoint("pep", privateLinkServiceId=arm_id(MYSQL, "db"))
    found = told(private(server, behind), "name:jump", "name:db")
    assert found["privateEndpoints/pep"] == {"3306": "reachable", "0-3305, 3307-65535": "blocked"}


def said(network: Network, source: str, target: str, port: str) -> set[str]:
    """What the hop says at which a service answers, where the port is reachable."""
    return {
        step.says
        for answer in _answers(network, source, target)
        if (str(answer.ports), answer.verdict.value) == (port, "reachable")
        for step in answer.hops
        if step.code == "service"
    }


def test_K_76_what_reaches_a_stopped_cluster_is_told_with_it() -> None:
    def told_of(state: str | None) -> set[str]:
        stopped = {"powerState": {"code": state}} if state else {}
        profile = {"enablePrivateCluster": True}
        return said(
            estate(
                cluster("shop", pool(), apiServerAccessProfile=profile, **stopped),
                vnet("a", "10.0.0.0/16", subnets=SUBNETS),
                nic("jump", "10.0.1.4", ("a", "ops"), vm="jump"),
                api_endpoint(privateLinkServiceId=cluster_id()),
            ),
            "name:jump", "name:shop", "443",
        )  # fmt: skip

    assert told_of("Stopped") == {"shop is stopped (K-76): once started, it answers TCP 443"}
    assert told_of("Running") == told_of(None) == {"shop answers TCP 443"}


def test_L_26_what_reaches_a_stopped_database_is_told_with_it() -> None:
    def told_of(state: str | None) -> set[str]:
        settings = {"network": {"publicNetworkAccess": "Disabled"}}
        server = resource(MYSQL, "db", settings | ({"state": state} if state else {}))
        behind = api_endpoint("pep", privateLinkServiceId=arm_id(MYSQL, "db"))
        return said(private(server, behind), "name:jump", "name:db", "3306")

    assert told_of("Stopped") == {"db is stopped (L-26): once started, it answers TCP 3306"}
    assert told_of("Ready") == told_of(None) == {"db answers TCP 3306"}


def test_from_on_premises_a_public_service_may_be_reached() -> None:
    network = private(
        gateway("vpn", "a"),
        site("office", "192.168.0.0/16"),
        tunnel("line", "vpn", "office"),
        enablePrivateCluster=False,
    )
    assert told(network, "onprem", "name:shop")["managedClusters/shop"] == {
        "443": "unknown",
        "0-442, 444-65535": "blocked",
    }
