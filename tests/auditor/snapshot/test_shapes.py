"""The other shapes: own snapshots, kubectl, what-if, bicep, pages; and what is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import InputError
from auditor.snapshot.document import Gap, KubernetesList
from auditor.snapshot.load import load

from .reading import GROUP, VNET, bodies, kinds, read, vnet

SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"type": "LoadBalancer"},
}
SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "db"},
    "data": {"password": "aHVudGVyMg=="},
}


def test_an_own_snapshot_carries_scope_time_and_gaps() -> None:
    snapshot = read(
        {
            "schema": "auditor.snapshot/1",
            "tool": "auditor 0.1.0",
            "taken_at": "2026-11-23T18:00:00Z",
            "scope": ["/subscriptions/s"],
            "gaps": [{"kind": "denied", "subject": "/subscriptions/t", "detail": "403"}],
            "resources": [{**vnet(), "apiVersion": "2024-05-01"}],
        }
    )

    assert snapshot.taken_at == snapshot.sources[0].taken_at == "2026-11-23T18:00:00Z"
    assert snapshot.scope == ("/subscriptions/s",)
    assert snapshot.gaps == (Gap("denied", "/subscriptions/t", "403"),)
    assert snapshot.records[0].api_version == "2024-05-01"
    assert snapshot.records[0].pointer == "/resources/0"


def test_the_newer_snapshot_wins(tmp_path: Path) -> None:
    for day, minutes in ((1, 9), (2, 4), (3, 7)):
        document = {
            "schema": "auditor.snapshot/1",
            "taken_at": f"2026-11-0{day}T00:00:00+00:00",
            "resources": [vnet(flowTimeoutInMinutes=minutes)],
        }
        (tmp_path / f"{9 - day}.json").write_text(json.dumps(document))

    snapshot = load([str(tmp_path)])

    assert bodies(snapshot)[0]["properties"]["flowTimeoutInMinutes"] == 7
    assert kinds(snapshot) == ["conflict"]
    assert snapshot.taken_at == "2026-11-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"schema": "auditor.snapshot/2"}, "this version reads"),
        ({"schema": "auditor.report/1"}, "output of auditor itself"),
        ({"resources": {}}, "is no list"),
        ({"gaps": [{"kind": 3}]}, "damaged snapshot"),
        ({"taken_at": 5}, "damaged snapshot"),
    ],
)
def test_snapshots_that_cannot_be_read(change: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        read({"schema": "auditor.snapshot/1", "resources": [vnet()], **change})


def mixed(*lines: Any) -> bytes:
    return b"\n".join(json.dumps(line).encode() for line in (vnet(), *lines))


def test_kubernetes_objects_are_kept_apart() -> None:
    snapshot = read(mixed({"apiVersion": "v1", "kind": "List", "items": [SERVICE]}, SERVICE))

    assert [(one.kind, one.namespace, one.name) for one in snapshot.kubernetes] == [
        ("Service", "shop", "web")
    ] * 2
    assert [one.pointer for one in snapshot.kubernetes] == ["/items/0", ""]
    assert len(snapshot.records) == 1


def test_objects_of_a_typed_list_inherit_its_kind() -> None:
    bare = {"metadata": {"name": "web"}}

    snapshot = read(mixed({"apiVersion": "v1", "kind": "ServiceList", "items": [bare]}))

    assert [(one.api_version, one.kind) for one in snapshot.kubernetes] == [("v1", "Service")]


def test_a_continued_kubernetes_list_is_partial() -> None:
    page = {"apiVersion": "v1", "kind": "List", "items": [], "metadata": {"continue": "x"}}

    assert kinds(read(mixed(page))) == ["partial"]


@pytest.mark.parametrize(
    "holder",
    [
        {"apiVersion": "v1", "kind": "List", "items": [SERVICE, SECRET, SERVICE, 7]},
        {"apiVersion": "v1", "kind": "SecretList", "items": [{"data": SECRET["data"]}]},
        SECRET,
        {**SECRET, "metadata": {"name": 7}},
        {key: value for key, value in SECRET.items() if key != "metadata"},
    ],
)
def test_nothing_of_a_secret_stays_in_memory(holder: Any) -> None:
    snapshot = read(mixed(holder))

    assert b"aHVudGVyMg" not in bytes(snapshot.sources[0].text)
    bodies_kept = [record.body for record in snapshot.records]
    bodies_kept += [one.body for one in snapshot.kubernetes]
    assert {type(body) for body in bodies_kept} == {bytes}
    text = bytes(snapshot.sources[0].text)
    for one in snapshot.kubernetes:
        assert text[one.start :].startswith(bytes(one.body))


def test_kubernetes_objects_alone_are_nothing_to_audit() -> None:
    with pytest.raises(InputError, match="nothing to audit"):
        read({"apiVersion": "v1", "kind": "List", "items": [SERVICE]})


def change(kind: str, name: str, **sides: Any) -> dict[str, Any]:
    return {"resourceId": vnet(name)["id"], "changeType": kind, **sides}


def test_a_what_if_is_read_as_the_state_after_it() -> None:
    snapshot = read(
        {
            "status": "Succeeded",
            "changes": [
                change("Create", "new", before=None, after=vnet("new", ip="[reference('x').ip]")),
                change("Modify", "old", before=vnet("old", t=1), after=vnet("old", t=2)),
                change("Delete", "gone", before=vnet("gone"), after=None),
                change("Ignore", "other", before=vnet("other"), after=None),
                change("Unsupported", "odd", before=None, after=None),
            ],
            "potentialChanges": [{}],
        }
    )

    names = {body["name"]: body["properties"] for body in bodies(snapshot)}
    assert names.keys() == {"new", "old", "other"}
    assert names["old"]["t"] == 2
    (new, old, _) = snapshot.records
    assert [pointer for pointer, _ in new.unresolved] == ["/properties/ip"]
    assert old.pointer == "/changes/1/after"
    assert sorted(kinds(snapshot)) == ["deleted", "partial", "undecided"]


def test_what_a_what_if_cannot_predict_leaves_its_list_not_whole() -> None:
    """It will be there: nobody may take the rest of its type for all there is."""
    group = vnet("hub")["id"].partition("/providers/")[0]
    child = f"{group}/providers/Microsoft.Network/virtualNetworks/hub/subnets/app"
    changes = [
        change("Create", "new", before=None, after=vnet("new")),
        change("Deploy", "hub"),
        {"resourceId": child, "changeType": "Unsupported", "unsupportedReason": "x"},
        {"resourceId": group, "changeType": "Unsupported"},
        {"resourceId": "[resourceId('x')]", "changeType": "Unsupported"},
    ]
    snapshot = read({"status": "Succeeded", "changes": changes})

    lists = f"{group}/providers/Microsoft.Network/virtualNetworks"
    assert sorted(kinds(snapshot)) == ["undecided", "undecided", "unsupported", "unsupported"]
    hidden = {gap.subject for gap in snapshot.gaps if gap.kind == "undecided"}
    assert hidden == {lists, f"{lists}/-/subnets"}


def test_arms_own_answer_to_a_what_if_is_read_like_that_of_az() -> None:
    changes = [change("Create", "new", before=None, after=vnet("new"))]
    snapshot = read(
        {"status": "Succeeded", "properties": {"correlationId": "x", "changes": changes}}
    )

    assert [record.pointer for record in snapshot.records] == ["/properties/changes/0/after"]
    assert kinds(snapshot) == []


def test_a_bicep_snapshot_is_read_as_it_is() -> None:
    snapshot = read({"predictedResources": [vnet(), {"id": "[x()]"}], "diagnostics": []})

    assert [record.pointer for record in snapshot.records] == ["/predictedResources/0"]
    assert kinds(snapshot) == ["unsupported"]


def test_slurped_pages_are_each_read() -> None:
    snapshot = read([{"value": [vnet("a")]}, {"value": [vnet("b")]}, {"error": {"code": "X"}}])

    assert [record.pointer for record in snapshot.records] == ["/0/value/0", "/1/value/0"]
    assert kinds(snapshot) == ["failed"]


POWERSHELL = {"Name": "nsg", "ResourceGroupName": "g", "Id": VNET, "SecurityRules": []}

REFUSED: list[tuple[Any, str]] = [
    ({"$schema": "https://x/deploymentParameters.json#", "parameters": {}}, "parameter file"),
    ({"$schema": "https://x/sarif-2.1.0.json", "runs": []}, "SARIF"),
    ({"error": {"code": "AuthorizationFailed", "message": "m"}}, "AuthorizationFailed"),
    ({"accessToken": "ey.secret", "expiresOn": "x"}, "access token"),
    ({"value": [{"addressPrefix": [], "nextHopType": "x", "state": "y"}]}, "effective routes"),
    ({"value": [{"effectiveSecurityRules": []}]}, "effective security rules"),
    ({"timespan": "t", "interval": "i", "value": [{"timeseries": []}]}, "metrics"),
    ({"backendAddressPools": []}, "backend health"),
    ({"id": "g", "createdDateTime": "", "lastModified": "", "resources": []}, "topology"),
    ({"version": 4, "lineage": "x", "serial": 1, "terraform_version": "1"}, "Terraform state"),
    ({"changeNumber": 1, "cloud": "Public", "values": []}, "service tags"),
    ({"clusters": [], "contexts": [], "users": []}, "kubeconfig"),
    ({"properties": {}, "tags": {}}, "without an id"),
    ({"changes": [{"changeType": "Create"}], "error": {"code": "x"}}, "ended in an error"),
    (
        {"status": "Failed", "error": {"code": "x"}, "properties": {"changes": []}},
        "ended in an error",
    ),
    ({"status": "Failed", "properties": {"changes": [7]}}, "without an id"),
    ({"status": "Failed", "properties": {"a": 1}}, "without an id"),
    (POWERSHELL, "an object of PowerShell"),
    ([POWERSHELL], "a list of objects of PowerShell"),
    ({}, "empty object"),
    ([{"a": 1}], "none of them an Azure resource"),
    ([[{"a": 1}]], "none of them an export"),
    ({"a": 1, "b\x1b[31m": 2}, "the keys a, b\ufffd"),
    (7, "a JSON number"),
    ("text", "a JSON string"),
    (None, "a JSON null"),
]


@pytest.mark.parametrize(("value", "told"), REFUSED, ids=[told for _, told in REFUSED])
def test_what_holds_no_resources_is_refused_by_its_name(value: Any, told: str) -> None:
    with pytest.raises(InputError) as caught:
        read(value)

    assert told in caught.value.what
    assert caught.value.where
    assert caught.value.advice
    assert "secret" not in str(caught.value)


def test_an_error_answer_among_others_is_a_gap_of_its_kind(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(vnet()))
    (tmp_path / "b.json").write_text(json.dumps({"error": {"code": "AuthorizationFailed"}}))
    (tmp_path / "c.json").write_text(json.dumps({"error": {"code": "no word ' at all"}}))
    (tmp_path / "d.json").write_text('{"name": "package", "version": "1"}')

    snapshot = load([str(tmp_path)])

    assert kinds(snapshot) == ["denied", "failed", "foreign"]
    assert snapshot.records[0].id == VNET
    with pytest.raises(InputError):
        load([str(tmp_path / "a.json"), str(tmp_path / "d.json")])


OWN = {"schema": "auditor.snapshot/1", "resources": [vnet()]}
HERE, THERE = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/a", "https://b:443"


def test_a_snapshot_says_of_which_cluster_objects_are() -> None:
    objects = [{"cluster": HERE, **SERVICE}, {"cluster": THERE, **SERVICE}]
    lists = [{"cluster": HERE, "apiVersion": "v1", "kind": "Service"}]

    snapshot = read({**OWN, "kubernetes": objects, "kubernetes_lists": lists})

    assert [(one.cluster, one.id, one.pointer) for one in snapshot.kubernetes] == [
        (HERE, "kubernetes/a/Service/shop/web", "/kubernetes/0"),
        (THERE, "kubernetes/b:443/Service/shop/web", "/kubernetes/1"),
    ]
    assert snapshot.kubernetes_lists == (KubernetesList(HERE, "v1", "Service"),)
    text = bytes(snapshot.sources[0].text)
    assert all(text[one.start :].startswith(bytes(one.body)) for one in snapshot.kubernetes)


def test_objects_of_one_cluster_are_called_as_kubectl_calls_them() -> None:
    snapshot = read({**OWN, "kubernetes": [{"cluster": HERE, **SERVICE}]})

    assert [one.id for one in snapshot.kubernetes] == ["kubernetes/Service/shop/web"]


def test_clusters_of_one_name_are_told_apart() -> None:
    other = HERE.replace("resourceGroups/g", "resourceGroups/h")
    objects = [{"cluster": each, **SERVICE} for each in (HERE, other, HERE.upper())]

    snapshot = read({**OWN, "kubernetes": objects})

    names = [one.id for one in snapshot.kubernetes]
    assert names[0] == names[2] == f"kubernetes{HERE.upper()}/Service/shop/web"
    assert names[1] == f"kubernetes{other}/Service/shop/web"


def test_an_export_of_kubectl_cannot_claim_a_cluster() -> None:
    snapshot = read(mixed({"cluster": HERE, **SERVICE}, {"cluster": 3, **SERVICE}))

    assert [one.cluster for one in snapshot.kubernetes] == ["", ""]


def test_nothing_of_a_secret_in_a_snapshot_stays_in_memory() -> None:
    objects = [SECRET, {"cluster": HERE, **SERVICE}]
    answer = {"id": f"{VNET}/effectiveRouteTable", "value": []}

    snapshot = read({**OWN, "kubernetes": objects, "effective": [answer]})

    assert b"aHVudGVyMg" not in bytes(snapshot.sources[0].text)
    assert [one.kind for one in snapshot.kubernetes] == ["Service"]
    assert kinds(snapshot) == ["foreign"]


def test_what_azure_answered_about_a_nic_is_kept() -> None:
    nic = f"{GROUP}/providers/Microsoft.Network/networkInterfaces/nic"
    answers = [
        {"id": f"{nic}/{question}", "apiVersion": "2024-05-01", "value": []}
        for question in ("effectiveRouteTable", "effectiveNetworkSecurityGroups")
    ]

    snapshot = read({**OWN, "effective": answers})

    assert [(one.nic, one.question, one.pointer) for one in snapshot.effective] == [
        (nic, "effectiveNetworkSecurityGroups", "/effective/1"),
        (nic, "effectiveRouteTable", "/effective/0"),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"kubernetes": {}},
        {"kubernetes_lists": [{"cluster": 3}]},
        {"effective": 3},
        {"effective": [{"value": []}]},
    ],
)
def test_a_snapshot_that_is_damaged_beside_its_resources(change: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="damaged snapshot"):
        read({**OWN, **change})
