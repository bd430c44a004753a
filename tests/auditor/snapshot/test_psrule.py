"""PSRule exports: PascalCase envelopes, camelCase ones, and children lifted out of both."""

from __future__ import annotations

from typing import Any

from auditor.snapshot.document import Dialect

from .reading import GROUP, bodies, kinds, read, vnet

SERVER = f"{GROUP}/providers/Microsoft.DBforMySQL/servers/db"


def server(**more: Any) -> dict[str, Any]:
    return {
        "ResourceId": SERVER,
        "Id": SERVER,
        "ResourceName": "db",
        "Name": "db",
        "ResourceType": "Microsoft.DBforMySQL/servers",
        "Type": "other",
        "Location": "westeurope",
        "Kind": None,
        "Sku": {"Name": "GP_Gen5_4", "Size": None},
        "Tags": {"Owner": "x"},
        "Properties": {"sslEnforcement": "Disabled"},
        **more,
    }


def test_the_envelope_is_renamed_and_the_settings_kept() -> None:
    snapshot = read([server()])

    assert bodies(snapshot) == [
        {
            "id": SERVER,
            "name": "db",
            "type": "Microsoft.DBforMySQL/servers",
            "location": "westeurope",
            "sku": {"name": "GP_Gen5_4"},
            "tags": {"Owner": "x"},
            "properties": {"sslEnforcement": "Disabled"},
        }
    ]
    assert snapshot.records[0].dialect is Dialect.LOOSE
    assert snapshot.sources[0].shape == "PSRule export"


def test_children_become_records_with_the_id_their_parent_implies() -> None:
    rule = {
        "ResourceName": "all",
        "ResourceType": "Microsoft.DBforMySQL/servers/firewallRules",
        "Properties": {"startIpAddress": "0.0.0.0"},
    }

    snapshot = read([server(resources=[rule])])

    child = snapshot.records[1]
    assert child.id == f"{SERVER}/firewallRules/all"
    assert child.pointer == "/0/resources/0"
    assert bodies(snapshot)[1]["id"] == child.id
    text = bytes(snapshot.sources[0].text)
    assert text[child.start :].startswith(b'{"ResourceName": "all"')


def test_children_whose_id_nothing_implies_are_counted() -> None:
    strange = [{"Name": "a"}, {"Name": "b", "Type": "Other/type"}, 7]

    assert kinds(read([server(resources=strange)])) == ["unsupported"]


def test_newer_exports_write_the_envelope_in_camel_case() -> None:
    subnet = {"id": vnet()["id"] + "/subnets/a", "type": "T/t", "properties": {"x": 1}}

    snapshot = read([{**vnet(), "resources": [subnet]}])

    assert [record.pointer for record in snapshot.records] == ["/0", "/0/resources/0"]
    assert snapshot.sources[0].shape == "PSRule export"


def test_resources_of_a_rest_answer_are_not_lifted() -> None:
    machine = {**vnet(), "resources": [{"id": vnet("x")["id"]}]}

    assert len(read({"value": [machine]}).records) == 1


def test_a_child_equal_to_its_own_entry_is_no_conflict() -> None:
    snapshot = read([server(), {**vnet(), "resources": [server()]}])

    assert len(snapshot.records) == 2
    assert kinds(snapshot) == []


def test_an_export_without_properties_leaves_them_unknown() -> None:
    snapshot = read([server(Properties=None)])

    assert [pointer for pointer, _ in snapshot.records[0].unresolved] == ["/properties"]


def test_an_extension_is_of_its_own_type_not_of_that_of_what_it_extends() -> None:
    setting = f"{SERVER}/providers/microsoft.insights/diagnosticSettings/logs"
    child = {
        "ResourceId": setting,
        "ResourceType": "Microsoft.DBforMySQL/servers",
        "ExtensionResourceType": "microsoft.insights/diagnosticSettings",
        "ResourceName": "logs",
        "Properties": {"workspaceId": "/w"},
    }

    snapshot = read([server(ExtensionResourceType=None, resources=[child])])

    assert [record.type for record in snapshot.records] == [
        "Microsoft.DBforMySQL/servers",
        "microsoft.insights/diagnosticSettings",
    ]
    assert bodies(snapshot)[1]["type"] == "microsoft.insights/diagnosticSettings"
