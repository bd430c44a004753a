"""`auditor snapshot --kubernetes`: the real clients against stand-ins of Azure and Kubernetes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ...command import Command, Ran
from ...standin import Estate, Fault, StandIn
from ...standin.faults import denied
from ...standin.kubernetes import TOKEN, Cluster

pytest.importorskip("azure.identity")
pytest.importorskip("kubernetes")

Json = dict[str, Any]
ESTATES = Path(__file__).parents[3] / "fixtures/estates"
ESTATE = ESTATES / "docker-to-aks-broken"
FQDN = "aks-shop-c1d82ce6.hcp.westeurope.azmk8s.io"
CLUSTER = (
    "/subscriptions/6f1d0c52-8a3e-4b77-9c41-2e5b7a90d318/resourcegroups/rg-shop"
    "/providers/Microsoft.ContainerService/managedClusters/aks-shop"
)
INTERNAL = {"service.beta.kubernetes.io/azure-load-balancer-internal": "true"}
RULES = "K8S-001,K8S-004,GW-002,DEP-010,EXP-009,GW-001,GW-003"
CREDENTIAL = r"/managedClusters/[^/]+/listClusterUserCredential\?"


def made(kind: str, name: str, version: str = "v1", space: str = "ingress", **more: Any) -> Json:
    metadata = {"name": name} | ({"namespace": space} if space else {})
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": metadata | more.pop("metadata", {}),
        **more,
    }


def service(name: str, address: str, uid: str, **annotations: str) -> Json:
    return made(
        "Service",
        name,
        metadata={"uid": uid, "annotations": annotations},
        spec={"type": "LoadBalancer", "ports": [{"port": 443, "nodePort": 31443}]},
        status={"loadBalancer": {"ingress": [{"ip": address}]}},
    )


POD = {
    "containers": [
        {
            "name": "c",
            "image": "registry.k8s.io/ingress-nginx/controller:v1.11.0",
            "env": [{"name": "DB_PASSWORD", "value": "hunter2-in-the-clear"}],
        }
    ]
}
OBJECTS = [
    service("nginx", "172.16.0.12", "c8812d7a-3f5e-4b66-90ab-14de27f3051a", **INTERNAL),
    service("pages", "203.0.113.20", "5b0f6c1e-94d2-4c0a-8f7b-e2d3196a7c4b"),
    made("Service", "kubernetes", space="default", spec={"type": "ClusterIP"}),
    made("Secret", "db", data={"password": "aHVudGVyMi1hcy1hLXNlY3JldA=="}),
    made("ConfigMap", "app", data={"note": "hunter2-as-configuration"}),
    made("Node", "aks-system-0", space="", status={"addresses": []}),
    made(
        "IngressClass",
        "nginx",
        "networking.k8s.io/v1",
        "",
        spec={"controller": "k8s.io/ingress-nginx"},
    ),
    made(
        "Ingress",
        "shop",
        "networking.k8s.io/v1",
        "web",
        spec={"rules": [{"host": "www.shop.contoso.example"}, {"host": "beta.example"}]},
    ),
    made("NetworkPolicy", "deny", "networking.k8s.io/v1", spec={"podSelector": {}}),
    made("Deployment", "nginx", "apps/v1", spec={"template": {"spec": POD}}),
    made("DaemonSet", "agent", "apps/v1", spec={"template": {"spec": {"containers": []}}}),
    made("Gateway", "g", "gateway.networking.k8s.io/v1", spec={"gatewayClassName": "x"}),
    made(
        "HTTPRoute",
        "api",
        "gateway.networking.k8s.io/v1",
        spec={"hostnames": ["api.shop.contoso.example"]},
    ),
]


@pytest.fixture
def azure() -> Iterator[StandIn]:
    with StandIn(Estate.of_path(ESTATE)) as standin, standin.signed():
        yield standin


@pytest.fixture
def api() -> Iterator[Cluster]:
    with Cluster(OBJECTS, name=FQDN, page_size=1) as standin:
        yield standin


Take = Callable[..., tuple[Ran, Json]]


@pytest.fixture
def take(auditor: Command, azure: StandIn) -> Take:
    def taken(*arguments: str | Path) -> tuple[Ran, Json]:
        ran = auditor(
            *("snapshot", "--output", "taken.json", "--credential", "environment"),
            *("--arm-endpoint", azure.base, "--authority", azure.base, "--sweep", "arm"),
            *arguments,
        )
        path = auditor.folder / "taken.json"
        return ran, json.loads(path.read_text()) if path.exists() else {}

    return taken


def findings(ran: Ran) -> list[tuple[Any, ...]]:
    return [
        (each["rule"], each["status"], each["severity"], each["subject"], each["message"])
        for each in ran.report["findings"]
    ]


def beside(auditor: Command) -> list[tuple[Any, ...]]:
    """What the same rules say of the Azure export with an export of kubectl beside it."""
    exported = [each for each in OBJECTS if each["kind"] not in ("Secret", "ConfigMap")]
    listed = {"apiVersion": "v1", "kind": "List", "items": exported}
    kubectl = auditor.write("kubernetes.json", listed)
    arguments = ("--select", RULES, "--report", "json", "--as-of", "2026-11-20")
    return findings(auditor("check", ESTATE, kubectl, *arguments))


def audited(auditor: Command) -> list[tuple[Any, ...]]:
    arguments = ("--select", RULES, "--report", "json", "--as-of", "2026-11-20")
    return findings(auditor("check", "taken.json", *arguments))


def test_a_context_gives_what_an_export_of_kubectl_gives(
    auditor: Command, take: Take, api: Cluster
) -> None:
    ran, snapshot = take("--kubernetes", "standin", "--kubeconfig", api.write(Path("config")))

    assert ran.status == 0, ran.err
    assert {each["cluster"] for each in snapshot["kubernetes"]} == {
        f"https://{FQDN}:{api.base.rpartition(':')[2]}"
    }
    expected = beside(auditor)
    assert {"K8S-001", "K8S-004", "GW-002", "DEP-010"} <= {each[0] for each in expected}
    assert audited(auditor) == expected


def test_azures_credentials_give_the_same(
    auditor: Command, take: Take, azure: StandIn, api: Cluster
) -> None:
    azure.faults.append(Fault(CREDENTIAL, status=200, body=api.credentials(), times=None))

    ran, snapshot = take("--kubernetes")

    assert ran.status == 0, ran.err
    assert {each["cluster"] for each in snapshot["kubernetes"]} == {CLUSTER}
    assert audited(auditor) == beside(auditor)
    asked = [call for call in azure.calls if call.method == "POST"]
    assert len(asked) == 1, "the credentials are asked for once"


def test_nothing_secret_is_asked_for_or_written(
    auditor: Command, take: Take, azure: StandIn, api: Cluster
) -> None:
    user = api.certificate()
    body = api.credentials(user | {"token": TOKEN})
    azure.faults.append(Fault(CREDENTIAL, status=200, body=body, times=None))

    ran, _ = take("--kubernetes")

    assert not [call for call in api.calls if "secrets" in call or "configmaps" in call]
    written = (auditor.folder / "taken.json").read_bytes() + ran.err.encode() + ran.out.encode()
    for secret in (TOKEN, *user.values(), "hunter2", "aHVudGVyMi1", "kubeconfig"):
        assert secret.encode() not in written
    assert not list(auditor.folder.glob("*.part"))


def test_two_runs_write_the_same(auditor: Command, take: Take, api: Cluster) -> None:
    arguments = ("--kubernetes", "standin", "--kubeconfig", api.write(Path("config")))

    _, first = take(*arguments)
    _, second = take(*arguments)

    assert first.pop("taken_at") <= second.pop("taken_at")
    assert json.dumps(first) == json.dumps(second)


def test_a_kind_that_is_refused_is_a_gap_and_not_told(
    auditor: Command, take: Take, api: Cluster
) -> None:
    api.faults.append(Fault("/ingressclasses", status=403, times=None))
    api.faults.append(Fault("/httproutes", status=403, times=None))

    ran, snapshot = take("--kubernetes", "standin", "--kubeconfig", api.write(Path("config")))

    gaps = {each["subject"].rpartition("/")[2]: each["kind"] for each in snapshot["gaps"]}
    assert gaps["ingressclasses"] == gaps["httproutes"] == "denied"
    assert "ClusterRole" in ran.err
    told = {(rule, status) for rule, status, *_ in audited(auditor)}
    assert ("K8S-004", "unknown") in told


def test_credentials_that_are_refused_are_one_gap(take: Take, azure: StandIn, api: Cluster) -> None:
    azure.faults.append(denied(CREDENTIAL))

    ran, snapshot = take("--kubernetes")

    about = [each for each in snapshot["gaps"] if "kubernetes" in each["subject"]]
    assert [(each["kind"], each["subject"]) for each in about] == [
        ("denied", f"{CLUSTER}/kubernetes")
    ]
    assert "listClusterUserCredential/action" in about[0]["detail"]
    assert "kubernetes" not in snapshot
    assert ran.status == 0


@pytest.mark.parametrize(
    "body", [b"{}", b'{"kubeconfigs": []}', b'{"kubeconfigs":[{"value":"_"}]}']
)
def test_credentials_that_are_none_are_one_gap(take: Take, azure: StandIn, body: bytes) -> None:
    azure.faults.append(Fault(CREDENTIAL, status=200, body=body, times=None))

    _, snapshot = take("--kubernetes")

    assert [each["kind"] for each in snapshot["gaps"] if "kubernetes" in each["subject"]] == [
        "failed"
    ]


def test_an_unknown_context_is_refused(take: Take, api: Cluster) -> None:
    ran, _ = take("--kubernetes", "other", "--kubeconfig", api.write(Path("config")))

    assert ran.status == 2
    assert "kubectl config get-contexts" in ran.err
    assert TOKEN not in ran.err


@pytest.mark.parametrize("text", ["", "[]", "{", '{"clusters": 3}'])
def test_a_kubeconfig_that_is_none_is_refused(take: Take, auditor: Command, text: str) -> None:
    ran, _ = take("--kubernetes", "--kubeconfig", auditor.write("config", text))

    assert ran.status == 2
    assert "kubeconfig" in ran.err


def test_objects_of_two_clusters_are_told_apart(auditor: Command) -> None:
    """The same Service in both: one public, one internal."""
    public = made("Service", "nginx", spec={"type": "LoadBalancer"})
    internal = public | {"metadata": public["metadata"] | {"annotations": INTERNAL}}
    template = json.loads((ESTATE / "managed-clusters.json").read_text())["value"][0]
    with ExitStack() as stack:
        inside = stack.enter_context(Cluster([internal], token="inside"))
        outside = stack.enter_context(Cluster([public], token="outside"))
        azure = stack.enter_context(
            StandIn(
                Estate.of(
                    template | {"id": CLUSTER.replace("aks-shop", name), "name": name}
                    for name in ("aks-in", "aks-out")
                )
            )
        )
        stack.enter_context(azure.signed())
        for name, api in (("in", inside), ("out", outside)):
            pattern = CREDENTIAL.replace("[^/]+", f"aks-{name}")
            azure.faults.append(Fault(pattern, status=200, body=api.credentials(), times=None))
        ran = auditor(
            *("snapshot", "--output", "taken.json", "--credential", "environment", "--kubernetes"),
            *("--arm-endpoint", azure.base, "--authority", azure.base, "--sweep", "arm"),
        )

    assert ran.status == 0, ran.err
    checked = auditor("check", "taken.json", "--select", "K8S-001", "--report", "json")
    [finding] = checked.report["findings"]
    assert finding["subject"] == "kubernetes/aks-out/Service/ingress/nginx"
    assert finding["location"]["pointer"].startswith("/kubernetes/1")
