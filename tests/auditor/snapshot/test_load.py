"""From paths to a Snapshot: discovery, shapes of ARM REST and az, merging, order."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

from auditor.errors import InputError
from auditor.snapshot.document import Dialect
from auditor.snapshot.load import load

from .reading import VNET, bodies, kinds, read, vnet


def test_a_single_resource() -> None:
    snapshot = read(vnet())

    (record,) = snapshot.records
    assert (record.id, record.type) == (VNET, "Microsoft.Network/virtualNetworks")
    assert record.dialect is Dialect.ARM
    assert record.unresolved == ()
    assert (record.start, record.pointer) == (0, "")
    assert bodies(snapshot) == [vnet()]
    assert snapshot.sources[0].shape == "ARM REST resource"
    assert snapshot.gaps == ()


def test_a_rest_list_points_at_each_element() -> None:
    text = json.dumps({"count": [1], "value": [vnet("b"), vnet("a")]}, indent=2).encode()

    snapshot = read(text)

    assert [record.pointer for record in snapshot.records] == ["/value/1", "/value/0"]
    for record in snapshot.records:
        assert text[record.start :].startswith(bytes(record.body))


def test_a_next_link_is_a_partial_answer() -> None:
    (gap,) = read({"value": [vnet()], "nextLink": "https://management.azure.com/x"}).gaps

    assert gap.kind == "partial"
    assert "nextLink" in gap.detail


def test_the_line_of_a_next_link_is_its_own() -> None:
    text = b'{\n"value": [%s],\n\n"nextLink":\n "https://management.azure.com/x"}'
    (gap,) = read(text % json.dumps(vnet()).encode()).gaps
    assert gap.where.endswith(":5: /nextLink")


def test_a_next_link_that_is_null_is_none() -> None:
    assert read({"value": [vnet()], "nextLink": None}).gaps == ()


def test_az_lists_are_flat() -> None:
    flat = {"id": VNET, "name": "hub", "resourceGroup": "g", "addressSpace": {}, "type": "T/t"}

    snapshot = read([flat])

    assert snapshot.records[0].dialect is Dialect.FLAT
    assert snapshot.sources[0].shape == "az CLI list"
    assert [gap.kind for gap in snapshot.gaps] == ["lossy"]


def test_what_lies_in_no_group_is_flat_without_telling_one() -> None:
    subscription = "/subscriptions/11111111-1111-1111-1111-111111111111"
    grant = {
        "condition": None,
        "id": f"{subscription}/providers/Microsoft.Authorization/roleAssignments/owner",
        "name": "owner",
        "principalType": "Group",
        "scope": subscription,
        "type": "Microsoft.Authorization/roleAssignments",
    }
    snapshot = read([grant])
    assert [record.dialect for record in snapshot.records] == [Dialect.FLAT]
    assert [gap.kind for gap in snapshot.gaps] == ["lossy"]


def test_az_resource_show_is_rest() -> None:
    (record,) = read({**vnet(), "resourceGroup": "g", "kind": None}).records

    assert record.dialect is Dialect.ARM


@pytest.mark.parametrize("settings", [{}, {"properties": None}])
@pytest.mark.parametrize("group", [{}, {"resourceGroup": "g"}])
def test_an_inventory_has_no_settings(settings: dict[str, Any], group: dict[str, Any]) -> None:
    entry = {"id": VNET, "type": "Microsoft.Network/virtualNetworks", "tags": {}}

    snapshot = read([{**entry, **settings, **group}])

    assert [pointer for pointer, _ in snapshot.records[0].unresolved] == ["/properties"]
    assert [gap.kind for gap in snapshot.gaps] == ["partial"]


def test_a_subscription_has_no_settings_to_miss() -> None:
    (record,) = read({"id": "/subscriptions/s", "subscriptionId": "s"}).records

    assert record.type == "Microsoft.Resources/subscriptions"
    assert record.unresolved == ()


@pytest.mark.parametrize("kind", ["networkWatchers", "applicationSecurityGroups"])
def test_what_az_lists_without_settings_has_none_to_miss(kind: str) -> None:
    """Of these a state is all that Azure tells, which `az` lifts out of `properties`."""
    watcher = {
        "etag": 'W/"0b1c"',
        "id": f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/{kind}/w",
        "location": "westeurope",
        "name": "w",
        "provisioningState": "Succeeded",
        "resourceGroup": "g",
        "type": f"Microsoft.Network/{kind}",
    }

    snapshot = read([watcher])

    assert snapshot.records[0].unresolved == ()
    assert snapshot.gaps == ()


def test_a_missing_type_is_read_off_the_id() -> None:
    subnet = {"id": VNET + "/subnets/web", "properties": {}}

    (record,) = read(subnet).records

    assert record.type == "Microsoft.Network/virtualNetworks/subnets"


def test_elements_that_are_no_resource_are_counted() -> None:
    snapshot = read({"value": [vnet(), {"x": 1}, 7, {"id": 3}, {"id": "c0ffee"}, {"y": 2}]})

    assert sorted((gap.kind, gap.detail.split(",")[0]) for gap in snapshot.gaps) == [
        ("unsupported", "1 element left out"),
        ("unsupported", "1 element left out"),
        ("unsupported", "1 element left out"),
        ("unsupported", "2 elements left out"),
    ]
    assert any(gap.where == "-:1: /value/1" for gap in snapshot.gaps)


def test_json_lines() -> None:
    text = json.dumps(vnet("a")).encode() + b"\r\n\n" + json.dumps({"value": [vnet("b")]}).encode()

    snapshot = read(text)

    assert snapshot.sources[0].shape == "JSON lines"
    assert [record.pointer for record in snapshot.records] == ["", "/value/0"]
    assert snapshot.sources[0].line(snapshot.records[1].start) == 3


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_compressed_input_is_told_by_its_bytes(pack: Any, tmp_path: Path) -> None:
    (tmp_path / "hub.txt").write_bytes(pack(json.dumps(vnet()).encode()))

    snapshot = load([str(tmp_path / "hub.txt")])

    assert bytes(snapshot.sources[0].text).startswith(b'{"id"')


def test_a_directory_is_read_to_the_bottom(tmp_path: Path) -> None:
    (tmp_path / "b" / ".git").mkdir(parents=True)
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "a.json").write_text(json.dumps(vnet("a")))
    (tmp_path / "b" / "c.JSONL").write_text(json.dumps(vnet("c")))
    (tmp_path / "b" / ".git" / "d.json").write_text("damaged")
    (tmp_path / "notes.txt").write_text("damaged")

    snapshot = load([str(tmp_path)])

    assert [record.id[-1] for record in snapshot.records] == ["a", "c"]
    assert snapshot.files == (f"{tmp_path}/a.json", f"{tmp_path}/b/c.JSONL")
    assert snapshot.passed_over == (f"{tmp_path}/notes.txt",)


def test_a_file_of_a_folder_that_is_named_besides_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(vnet("a")))
    (tmp_path / "b").write_text(json.dumps(vnet("b")))

    snapshot = load([str(tmp_path), f"{tmp_path}/./b"])

    assert [record.id[-1] for record in snapshot.records] == ["a", "b"]
    assert snapshot.passed_over == ()


def test_the_order_of_paths_does_not_matter(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.json").write_text(json.dumps([vnet(name), vnet("x", by=name)]))
    paths = [str(tmp_path / "a.json"), str(tmp_path / "b.json")]

    one, two = load(paths), load([*reversed(paths), paths[0]])

    assert bodies(one) == bodies(two)
    assert one.gaps == two.gaps
    assert one.files == two.files


def test_ids_merge_without_case() -> None:
    loud = {**vnet(), "id": VNET.upper(), "etag": "other"}

    snapshot = read([vnet(), loud])

    assert len(snapshot.records) == 1
    assert snapshot.gaps == ()


def test_settings_win_over_an_inventory_entry() -> None:
    entry = {"id": VNET, "properties": None}

    for pair in ([entry, vnet()], [vnet(), entry]):
        (record,) = read(pair).records
        assert record.unresolved == ()


def test_an_inventory_of_what_another_input_tells_lacks_nothing(tmp_path: Path) -> None:
    """`az resource list` beside the lists themselves leaves nothing in doubt."""
    kind = "Microsoft.Network/virtualNetworks"
    entries = [{"id": each, "type": kind} for each in (VNET, f"{VNET}2")]
    (tmp_path / "vnets.json").write_text(json.dumps([vnet()]))
    inventory = tmp_path / "inventory.json"

    inventory.write_text(json.dumps(entries[:1]))
    assert load([str(tmp_path)]).gaps == ()

    inventory.write_text(json.dumps(entries))
    (gap,) = load([str(tmp_path)]).gaps
    assert (gap.kind, gap.subject) == ("partial", str(inventory))
    assert gap.detail.startswith("an inventory: 1 resource listed without settings")


@pytest.mark.parametrize("kind", ["applicationSecurityGroups", "networkWatchers"])
def test_when_an_inventory_says_it_was_made_is_no_conflict(kind: str) -> None:
    """Such a resource has no settings, with which others win over their inventory entries."""
    arm_id = VNET.replace("virtualNetworks", kind)
    told = {"provisioningState": "Succeeded", "resourceGuid": "1"}
    times = {"createdTime": "2025-01-01T00:00:00+00:00", "changedTime": "2025-02-01T00:00:00+00:00"}
    entry = {"id": arm_id, "properties": None, "provisioningState": "Succeeded", **times}

    assert read([{"id": arm_id, "properties": told}, entry]).gaps == ()


def test_a_conflict_is_settled_the_same_way_and_told(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(vnet(flowTimeoutInMinutes=4)))
    (tmp_path / "b.json").write_text(json.dumps(vnet(flowTimeoutInMinutes=5)))

    snapshot = load([str(tmp_path)])

    (gap,) = snapshot.gaps
    assert (gap.kind, gap.subject) == ("conflict", VNET)
    told, other = (f"{tmp_path / name}.json:1" for name in "ab")
    assert gap.detail == (
        f"taken from {told}, not {other} (/properties/flowTimeoutInMinutes is 4, not 5)"
    )
    assert "a.json:1" in gap.detail
    assert "b.json:1" in gap.detail


def test_the_flattened_twin_of_a_resource_is_no_conflict() -> None:
    flat = {
        "addressSpace": {"addressPrefixes": ["10.0.0.0/16"], "ipamPoolPrefixAllocations": None},
        "id": VNET,
        "location": "westeurope",
        "name": "hub",
        "resourceGroup": "g",
        "type": "Microsoft.Network/virtualNetworks",
    }

    snapshot = read([flat, vnet()])

    assert [record.dialect for record in snapshot.records] == [Dialect.ARM]
    assert "conflict" not in {gap.kind for gap in snapshot.gaps}


def test_an_estate_without_resources_is_no_audit() -> None:
    with pytest.raises(InputError, match="nothing to audit"):
        read({"value": []})


@pytest.mark.parametrize(
    ("lost", "why"),
    [
        ({"id": None}, "it has no id"),
        ({"id": ""}, "its id is no ARM resource id"),
        ({"id": 5}, "its id is no string"),
        ({"type": 5}, "its type is no string"),
    ],
)
def test_a_resource_that_nobody_can_name_was_not_read(lost: dict[str, Any], why: str) -> None:
    """Its type, or its id, says that it is one: what it does is told by nothing else."""
    snapshot = read({"value": [vnet(), vnet("spoke") | lost]})

    (gap,) = snapshot.gaps
    named = VNET.replace("hub", "spoke") if "type" in lost else vnet()["type"]
    assert gap.kind == "partial"
    assert gap.detail == f"1 resource left out ({named}): {why}"
    assert gap.where.endswith("/value/1")


def test_a_lone_resource_that_nobody_can_name_was_not_read(tmp_path: Path) -> None:
    body = {key: value for key, value in vnet().items() if key != "id"}
    for name, content in (("a.json", vnet()), ("b.json", body), ("c.json", [body])):
        (tmp_path / name).write_text(json.dumps(content))

    assert kinds(load([str(tmp_path)])) == ["partial", "partial"]
