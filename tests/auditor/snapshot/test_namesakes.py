"""Objects of Kubernetes that share a name and come from several inputs are told apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditor.snapshot.load import load

from ...command import Command
from .reading import vnet


def service(address: str, **annotations: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"namespace": "shop", "name": "web", "annotations": annotations},
        "spec": {"type": "LoadBalancer"},
        "status": {"loadBalancer": {"ingress": [{"ip": address}]}},
    }


def names(folder: Path, **files: Any) -> list[str]:
    (folder / "network.json").write_text(json.dumps(vnet()))
    for name, content in files.items():
        path = folder / name / "cluster.json" if len(name) == 1 else folder / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        text = content if isinstance(content, list) else [content]
        path.write_text("\n".join(json.dumps(each) for each in text))
    return sorted(each.id for each in load([str(folder)]).kubernetes)


def test_a_name_that_one_object_has_stays_what_kubectl_calls_it(tmp_path: Path) -> None:
    assert names(tmp_path, east=service("20.0.0.1")) == ["kubernetes/Service/shop/web"]


def test_namesakes_of_several_files_are_named_after_them(tmp_path: Path) -> None:
    found = names(tmp_path, east=service("20.0.0.1"), west=service("20.0.0.2"))

    assert found == [
        "kubernetes/east.json/Service/shop/web",
        "kubernetes/west.json/Service/shop/web",
    ]


def test_files_that_share_a_name_are_told_by_their_paths(tmp_path: Path) -> None:
    found = names(tmp_path, a=service("20.0.0.1"), b=service("20.0.0.2"))

    assert [each.partition("/Service/")[0][-14:] for each in found] == [
        "a/cluster.json",
        "b/cluster.json",
    ]


def test_namesakes_of_one_file_are_numbered(tmp_path: Path) -> None:
    found = names(tmp_path, both=[service("20.0.0.1"), service("20.0.0.2")])

    assert found == [
        "kubernetes/both.json#1/Service/shop/web",
        "kubernetes/both.json#2/Service/shop/web",
    ]


def test_each_is_found_where_it_stands(auditor: Command) -> None:
    internal = {"service.beta.kubernetes.io/azure-load-balancer-internal": "true"}
    auditor.write("in/east.json", service("10.0.0.4", **internal))
    auditor.write("in/west.json", service("20.0.0.2"))

    auditor.write("in/network.json", vnet())

    report = auditor("check", "in", "--report", "json", "--select", "K8S-001").report

    [finding] = report["findings"]
    assert finding["location"]["file"].endswith("west.json")
    assert finding["message"] == "Service shop/web is public at 20.0.0.2"


@pytest.mark.parametrize("other", ["west", "zulu"])
def test_the_order_of_files_changes_no_name(tmp_path: Path, other: str) -> None:
    found = names(tmp_path, **{other: service("20.0.0.1"), "mike": service("20.0.0.2")})

    assert f"kubernetes/{other}.json/Service/shop/web" in found
