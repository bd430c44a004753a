from __future__ import annotations

from typing import Any

import pytest

from auditor.snapshot.document import KubernetesObject
from auditor.testing import Answer, arm_id, ask, estate, resource

from ...clusters import cluster, cluster_id
from ...kubernetes import exported, ingress, of, service, whole

Json = dict[str, Any]
GATEWAY = "Microsoft.Network/applicationGateways"


def ref(kind: str, name: str) -> Json:
    return {"id": arm_id(f"{GATEWAY}/{kind}", "agw", name)}


def gateway(**listeners: tuple[list[str], str]) -> Json:
    """Listeners by name: their hosts, and the address their requests go to ("" redirects)."""
    rules: list[Json] = []
    pools: list[Json] = []
    for name, (_, target) in listeners.items():
        to = (
            {"backendAddressPool": ref("backendAddressPools", name)}
            if target
            else {"redirectConfiguration": ref("redirectConfigurations", "r")}
        )
        rules.append(
            {"name": name, "properties": {"httpListener": ref("httpListeners", name), **to}}
        )
        members = [{"ipAddress": target}] if target else []
        pools.append({"name": name, "properties": {"backendAddresses": members}})
    return resource(
        GATEWAY,
        "agw",
        {
            "httpListeners": [
                {
                    "name": name,
                    "id": ref("httpListeners", name)["id"],
                    "properties": {"hostNames": hosts},
                }
                for name, (hosts, _) in listeners.items()
            ],
            "requestRoutingRules": rules,
            "backendAddressPools": [
                {**pool, "id": ref("backendAddressPools", pool["name"])["id"]} for pool in pools
            ],
            "redirectConfigurations": [
                {"name": "r", "id": ref("redirectConfigurations", "r")["id"], "properties": {}}
            ],
        },
    )


NGINX = service(address="10.0.0.40")


def asked(agw: Json | None, *objects: KubernetesObject) -> Answer:
    return ask("K8S-004", estate(cluster(), *([agw] if agw else []), kubernetes=objects))


def test_both_sides_know_the_host() -> None:
    agw = gateway(shop=(["Shop.example"], "10.0.0.40"))
    answer = asked(agw, NGINX, ingress("shop.EXAMPLE"))
    assert (answer.kept, answer.broken, answer.unknown) == (2, [], [])


def test_a_host_that_no_listener_accepts() -> None:
    agw = gateway(shop=(["shop.example"], "10.0.0.40"))
    [finding] = asked(agw, NGINX, ingress("shop.example", "admin.example")).broken
    assert finding.subject == "kubernetes/Ingress/web/shop"
    assert "admin.example of Ingress web/shop" in finding.message
    assert finding.evidence[0].pointer == "/spec/rules/1"


def test_a_host_that_nobody_serves() -> None:
    agw = gateway(shop=(["shop.example", "old.example"], "10.0.0.40"))
    [finding] = asked(agw, NGINX, ingress("shop.example")).broken
    assert finding.subject == ref("httpListeners", "shop")["id"]
    assert "old.example of listener shop" in finding.message
    assert finding.evidence[0].pointer == "/properties/httpListeners/0/properties/hostNames/1"
    assert "--resource-group rg --gateway-name agw --name shop" in finding.remedy


def test_a_listener_to_something_else_than_the_cluster_is_not_compared() -> None:
    agw = gateway(shop=(["shop.example"], "10.0.0.40"), erp=(["erp.example"], "10.9.0.4"))
    assert asked(agw, NGINX, ingress("shop.example")).broken == []


def test_a_listener_to_a_pool_that_is_not_told_is_unknown() -> None:
    """Nobody knows whether its requests go to the cluster at all."""
    agw = gateway(shop=(["shop.example"], "10.0.0.40"), admin=(["admin.example"], "10.0.9.9"))
    del agw["properties"]["backendAddressPools"][1]

    answer = asked(agw, NGINX, ingress("shop.example"))

    assert answer.broken == []
    assert [unknown.subject for unknown in answer.unknown][-1] == ref("httpListeners", "admin")[
        "id"
    ]


def test_the_address_of_an_ingress_tells_that_a_listener_leads_there() -> None:
    agw = gateway(shop=(["old.example"], "10.0.0.41"))
    answer = asked(agw, ingress("shop.example", address="10.0.0.41"))
    assert len(answer.broken) == 2


def test_a_redirect_publishes_nothing() -> None:
    agw = gateway(plain=(["shop.example"], ""), erp=(["erp.example"], "10.9.0.4"))
    assert len(asked(agw, NGINX, ingress("shop.example")).broken) == 1


@pytest.mark.parametrize("hosts", [[], ["*.example"], ["*"], ["sho?.example"]])
def test_listeners_that_accept_more(hosts: list[str]) -> None:
    assert asked(gateway(all=(hosts, "10.9.0.4")), NGINX, ingress("shop.example")).broken == []


def test_an_ingress_without_a_host_serves_all() -> None:
    agw = gateway(shop=(["shop.example"], "10.0.0.40"))
    assert asked(agw, NGINX, ingress("")).broken == []


@pytest.mark.parametrize(
    "spec",
    [
        {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}},
        {"backend": {"serviceName": "web", "servicePort": 80}},
        {"rules": [{"host": "b.example"}], "defaultBackend": {"resource": {"kind": "Bucket"}}},
    ],
)
def test_an_ingress_with_a_default_backend_serves_all(spec: Json) -> None:
    agw = gateway(shop=(["shop.example", "b.example"], "10.0.0.40"))
    assert asked(agw, NGINX, exported("Ingress", "shop", spec=spec)).broken == []


def test_a_default_backend_hides_no_host_that_is_not_published() -> None:
    spec = {"rules": [{"host": "b.example"}], "defaultBackend": {"service": {"name": "web"}}}
    agw = gateway(shop=(["shop.example"], "10.0.0.40"))
    [finding] = asked(agw, NGINX, exported("Ingress", "shop", spec=spec)).broken
    assert "b.example of Ingress web/shop" in finding.message


def test_an_ingress_wildcard_is_one_label() -> None:
    deep = gateway(shop=(["a.b.example"], "10.0.0.40"))
    assert len(asked(deep, NGINX, ingress("*.example")).broken) == 2
    flat = gateway(shop=(["a.example"], "10.0.0.40"))
    assert asked(flat, NGINX, ingress("*.example")).broken == []


def test_routes_of_the_gateway_api() -> None:
    agw = gateway(shop=(["shop.example"], "10.0.0.40"))
    route = exported("HTTPRoute", "shop", spec={"hostnames": ["shop.example", "b.example"]})
    [finding] = asked(agw, NGINX, route).broken
    assert finding.evidence[0].pointer == "/spec/hostnames/1"
    assert asked(agw, NGINX, exported("TLSRoute", "all", spec={})).broken == []


def test_without_ingresses_the_cluster_is_unknown() -> None:
    answer = asked(gateway(shop=(["shop.example"], "10.0.0.40")), NGINX)
    assert (answer.kept, answer.broken) == (0, [])
    assert [unknown.subject for unknown in answer.unknown] == [cluster_id()]


def test_without_a_gateway_nothing_is_compared() -> None:
    answer = asked(None, NGINX, ingress("shop.example"))
    assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])


def test_an_ingress_that_cannot_be_read_is_unknown() -> None:
    agw = gateway(shop=(["old.example"], "10.0.0.40"))
    answer = asked(agw, NGINX, exported("Ingress", "odd", spec=3), ingress("shop.example"))
    assert [finding.subject for finding in answer.broken] == ["kubernetes/Ingress/web/shop"]
    assert {unknown.subject for unknown in answer.unknown} == {
        "kubernetes/Ingress/web/odd",
        ref("httpListeners", "shop")["id"],
    }


LISTS = ("Ingress", "HTTPRoute", "TLSRoute")


def internal(name: str, address: str) -> Json:
    """The internal load balancer of a cluster, with one Service."""
    kind, group = "Microsoft.Network/loadBalancers", f"MC_rg_{name}_westeurope"
    frontend = arm_id(f"{kind}/frontendIPConfigurations", "kubernetes-internal", "f", group=group)
    parts = {
        "frontendIPConfigurations": [
            {"name": "f", "id": frontend, "properties": {"privateIPAddress": address}}
        ],
        "loadBalancingRules": [
            {"name": "r", "properties": {"frontendIPConfiguration": {"id": frontend}}}
        ],
    }
    return resource(kind, "kubernetes-internal", parts, group=group)


def test_a_listener_to_a_cluster_whose_ingresses_are_not_told_is_unknown() -> None:
    agw = gateway(shop=(["shop.example"], "10.0.0.40"), lab=(["lab.example"], "10.0.0.50"))
    balancers = internal("shop", "10.0.0.40"), internal("lab", "10.0.0.50")
    network = estate(
        cluster("shop"),
        cluster("lab"),
        *balancers,
        agw,
        kubernetes=of(cluster_id("shop"), NGINX, ingress("shop.example")),
        kubernetes_lists=whole(cluster_id("shop"), *LISTS),
    )
    answer = ask("K8S-004", network)
    assert answer.broken == []
    listener = ref("httpListeners", "lab")["id"]
    assert [unknown.subject for unknown in answer.unknown] == [cluster_id("lab"), listener]


def test_a_cluster_that_has_no_ingress_is_not_compared() -> None:
    agw = gateway(shop=(["shop.example"], "10.0.0.40"))
    lists = whole(cluster_id(), *LISTS)
    network = estate(cluster(), agw, kubernetes=(NGINX,), kubernetes_lists=lists)
    answer = ask("K8S-004", network)
    assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])
