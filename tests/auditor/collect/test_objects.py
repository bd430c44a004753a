"""Lists of Kubernetes objects, read by the real client from a stand-in of its API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from auditor.collect.manifests import manifest
from auditor.collect.objects import take_objects
from auditor.collect.outcome import State
from auditor.snapshot import cluster
from auditor.snapshot.cluster import ApiServer, Refused

from ...standin import Fault
from ...standin.kubernetes import TOKEN, Cluster

pytest.importorskip("kubernetes")

Json = dict[str, Any]
HERE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/a"


def named(kind: str, name: str, **more: Any) -> Json:
    return {"apiVersion": "?", "kind": kind, "metadata": {"name": name, "namespace": "web"}, **more}


class Kept:
    """A desk that keeps in memory."""

    def __init__(self) -> None:
        self.found: dict[str, Json] = {}
        self.lists: list[Json] = []

    def keep(self, raw: bytes, *, id: str, type: str, member: str, version: str = "") -> bool:
        told = json.loads(raw)
        if member == "kubernetes":
            self.found[id.removeprefix(f"kubernetes/{HERE}/")] = told
        else:
            self.lists.append(told)
        return True


@pytest.fixture
def api() -> Iterator[Cluster]:
    services = [named("Service", f"s{number}") for number in range(5)]
    with Cluster(services, page_size=2) as standin:
        yield standin


@pytest.fixture
def server(api: Cluster, tmp_path: Path) -> ApiServer:
    return cluster.of_kubeconfig(str(api.write(tmp_path / "config")), None)


def taken(server: ApiServer, plural: str = "services") -> tuple[str, str, Kept]:
    desk: Any = Kept()
    outcome = take_objects(desk, server, plural, HERE)
    return outcome.state.value, outcome.detail, desk


def test_every_page_of_a_list(api: Cluster, server: ApiServer) -> None:
    state, _, desk = taken(server)

    assert state == "complete"
    assert list(desk.found) == [f"Service/web/s{number}" for number in range(5)]
    assert desk.lists == [{"cluster": HERE, "apiVersion": "v1", "kind": "Service"}]
    assert len(api.calls) == 3


def test_objects_are_what_kubectl_tells_and_whose_they_are(server: ApiServer) -> None:
    _, _, desk = taken(server)

    told = desk.found["Service/web/s0"]
    assert list(told)[:3] == ["cluster", "apiVersion", "kind"]
    assert told["metadata"] == {"name": "s0", "namespace": "web"}


def test_a_list_without_elements_came_whole(server: ApiServer) -> None:
    state, _, desk = taken(server, "ingresses")

    assert (state, desk.found) == ("complete", {})
    assert desk.lists[0]["apiVersion"] == "networking.k8s.io/v1"


def test_the_gateway_api_is_read_in_the_version_that_there_is() -> None:
    routes = [named("TLSRoute", "t"), named("HTTPRoute", "h")]
    with Cluster(routes) as standin:
        opened = cluster.of_credentials(json.dumps(standin.kubeconfig()).encode(), str)

        versions = [taken(opened, each)[2].lists[0] for each in ("tlsroutes", "httproutes")]

    assert [each["apiVersion"].rpartition("/")[2] for each in versions] == ["v1alpha2", "v1"]


@pytest.mark.parametrize("path", ["/apis$", r"/apis/gateway\.networking\.k8s\.io/v1(?:alpha2)?$"])
def test_a_server_that_does_not_say_what_it_has_is_asked_for_it(path: str) -> None:
    with Cluster([named("TLSRoute", "t")]) as standin:
        standin.faults.append(Fault(path, times=None, status=404))
        opened = cluster.of_credentials(json.dumps(standin.kubeconfig()).encode(), str)

        state, _, desk = taken(opened, "tlsroutes")

    assert (state, list(desk.found)) == ("complete", ["TLSRoute/web/t"])
    assert desk.lists[0]["apiVersion"] == "gateway.networking.k8s.io/v1alpha2"


def test_a_cluster_without_the_gateway_api_has_no_route() -> None:
    with Cluster(gateway_api=False) as standin:
        opened = cluster.of_credentials(json.dumps(standin.kubeconfig()).encode(), str)

        state, _, desk = taken(opened, "httproutes")

    assert (state, desk.found) == ("complete", {})
    assert [each["kind"] for each in desk.lists] == ["HTTPRoute"]


def test_a_list_that_grew_too_old_is_begun_again(api: Cluster, server: ApiServer) -> None:
    api.faults.append(Fault("continue=4", status=410))

    state, _, desk = taken(server)

    assert (state, len(desk.found)) == ("complete", 5)


def test_a_list_that_is_never_young_enough_is_partial(api: Cluster, server: ApiServer) -> None:
    api.faults.append(Fault("continue=4", status=410, times=None))

    state, why, desk = taken(server)

    assert (state, len(desk.found), desk.lists) == ("partial", 4, [])
    assert "410" in why


def test_a_server_that_asks_for_patience_is_asked_again(api: Cluster, server: ApiServer) -> None:
    api.faults.append(Fault("services", status=429, headers={"Retry-After": "0"}, times=2))
    api.faults.append(Fault("services", status=503, times=1))

    state, _, desk = taken(server)

    assert (state, len(desk.found)) == ("complete", 5)


@pytest.mark.parametrize(
    ("fault", "state", "told"),
    [
        (Fault("services", status=403, times=None), "denied", "may list services"),
        (Fault("services", status=401, times=None), "denied", "401"),
        (Fault("continue=2", status=403, times=None), "partial", "page 2 is missing"),
        (Fault("services", status=404, times=None), "failed", "404"),
        (Fault("services", status=302, headers={"Location": "/"}), "failed", "302"),
        (Fault("services", status=200, body=b"<html>", times=None), "failed", "no list"),
        (Fault("services", status=200, body=b"{}", times=None), "failed", "no list"),
        (
            Fault(
                "services",
                edit=lambda page: page | {"metadata": {"continue": "0"}},
                times=None,
            ),
            "partial",
            "read before",
        ),
    ],
)
def test_a_list_that_is_not_whole(
    api: Cluster, server: ApiServer, fault: Fault, state: str, told: str
) -> None:
    api.faults.append(fault)

    found, why, desk = taken(server)

    assert found == state
    assert told in why
    assert desk.lists == []


def test_groups_that_are_not_told_are_no_absence() -> None:
    with Cluster(gateway_api=False) as standin:
        standin.faults.append(Fault("/apis$", status=403, times=None))
        opened = cluster.of_credentials(json.dumps(standin.kubeconfig()).encode(), str)

        state, why, desk = taken(opened, "httproutes")

    assert (state, desk.lists) == (State.DENIED.value, [])
    assert "its API groups" in why


@pytest.mark.parametrize("plural", ["secrets", "configmaps", "pods", "../secrets", ""])
def test_nothing_else_can_be_asked_for(api: Cluster, server: ApiServer, plural: str) -> None:
    with pytest.raises(ValueError, match="not read"):
        server.page(plural, "v1")
    assert api.calls == []


@pytest.mark.parametrize(
    ("group", "version"),
    [("", "v1/secrets?x="), ("apps", "../v1"), ("apps/v1/secrets", "v1"), ("other.io", "v1")],
)
def test_nor_any_other_path(server: ApiServer, group: str, version: str) -> None:
    with pytest.raises(ValueError, match="not read"):
        server.kinds(group, version)
    if not group:
        with pytest.raises(ValueError, match="not read"):
            server.page("services", version)


def test_no_kind_that_holds_secrets_is_read() -> None:
    kinds = {kind for _, kind in cluster.READABLE.values()}

    assert not kinds & {"Secret", "ConfigMap", "ServiceAccount", "Pod"}


def test_a_certificate_signs_in_and_leaves_no_file(
    api: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    (tmp_path / "there").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "there"))
    text = json.dumps(api.kubeconfig(api.certificate())).encode()

    for _ in range(2):
        opened = cluster.of_credentials(text, str)
        assert not list((tmp_path / "there").iterdir())
        assert taken(opened)[0] == "complete"


def test_entra_id_signs_in_without_running_anything(api: Cluster) -> None:
    user = {
        "exec": {
            "command": "/bin/false",
            "args": ["get-token", "--server-id", "11111111-2222-3333-4444-555555555555"],
        }
    }
    asked: list[str] = []

    def token(scope: str) -> str:
        asked.append(scope)
        return TOKEN

    opened = cluster.of_credentials(json.dumps(api.kubeconfig(user)).encode(), token)

    assert taken(opened)[0] == "complete"
    assert asked == ["11111111-2222-3333-4444-555555555555/.default"]


def test_of_azures_credentials_nothing_is_read_from_disk(api: Cluster, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    text = json.dumps(api.kubeconfig({"tokenFile": str(tmp_path / "token")})).encode()

    state, why, _ = taken(cluster.of_credentials(text, str))

    assert (state, "401" in why) == ("denied", True)


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{}", b": :", b'{"contexts": 3, "current-context": "x"}', b"\xff"]
)
def test_credentials_that_are_none(text: bytes) -> None:
    with pytest.raises(Refused):
        cluster.of_credentials(text, str)


def test_a_token_does_not_travel_in_the_clear(api: Cluster) -> None:
    told = api.kubeconfig()
    told["clusters"][0]["cluster"]["server"] = "http://cluster.example"

    with pytest.raises(Refused, match="not https"):
        cluster.of_credentials(json.dumps(told).encode(), str)


def test_a_server_that_is_not_there(api: Cluster) -> None:
    told = api.kubeconfig()
    told["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:9"

    state, why, _ = taken(cluster.of_credentials(json.dumps(told).encode(), str))

    assert (state, why) == ("failed", "no connection")


def test_a_certificate_of_nobody_knows_whom(api: Cluster) -> None:
    told = api.kubeconfig()
    del told["clusters"][0]["cluster"]["certificate-authority-data"]

    state, why, _ = taken(cluster.of_credentials(json.dumps(told).encode(), str))

    assert (state, why) == ("failed", "its certificate is not trusted")
    assert api.calls == []


def test_what_containers_are_told_in_the_clear_is_taken_out() -> None:
    container = {
        "image": "shop:1",
        "env": [
            {"name": "MODE", "value": "geheim-1"},
            {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "db", "key": "k"}}},
        ],
        "args": [
            "--password=geheim-2",
            "--db-token",
            "geheim-3",
            "--set=db.x=geheim-6",
            "-pgeheim-7",
        ],
        "command": ["sh", "-c", "export PASSWORD=geheim-4; run"],
    }
    annotations = {
        "kubectl.kubernetes.io/last-applied-configuration": "geheim-5",
        "kapp.k14s.io/original": "geheim-8",
        "objectset.rio.cattle.io/applied": "geheim-9",
        "team": "web",
    }
    template = {
        "metadata": {"annotations": annotations},
        "spec": {"initContainers": [container], "containers": [container]},
    }
    deployment = {
        "metadata": {"name": "shop", "annotations": annotations},
        "spec": {"template": template},
    }

    made = manifest(msgspec.Raw(json.dumps(deployment).encode()), HERE, "apps/v1", "Deployment")

    assert made is not None
    name, text = made
    assert (name, b"geheim" in text) == ("shop", False)
    told = json.loads(text)["spec"]["template"]["spec"]["containers"][0]
    assert told["image"] == "shop:1"
    assert told["env"][1] == container["env"][1]
    hidden = "<redacted>"
    assert told["args"] == [f"--password={hidden}", "--db-token", hidden, f"--set={hidden}", hidden]
    assert json.loads(text)["metadata"]["annotations"]["team"] == "web"


@pytest.mark.parametrize("raw", [b"3", b"{}", b'{"metadata": {"name": 3}}', b'{"metadata": []}'])
def test_what_is_no_object(raw: bytes) -> None:
    assert manifest(msgspec.Raw(raw), HERE, "v1", "Service") is None
