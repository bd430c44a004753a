"""What real exports do that tidy ones do not, as far as reading is concerned."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.ids import fold
from auditor.snapshot.document import Dialect

from .reading import bodies, kinds, read, vnet

SUB = "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590"
CLUSTER = f"{SUB}/resourcegroups/shop/providers/Microsoft.ContainerService/managedClusters/aks"


def test_a_cluster_and_a_reference_to_it_differ_in_case_and_are_one() -> None:
    cluster = {
        "id": CLUSTER,
        "type": "Microsoft.ContainerService/ManagedClusters",
        "properties": {"nodeResourceGroup": "MC_shop_aks_westeurope"},
    }
    again = {**cluster, "id": CLUSTER.replace("resourcegroups", "resourceGroups")}

    snapshot = read([cluster, again])

    assert len(snapshot.records) == 1
    assert snapshot.gaps == ()


@pytest.mark.parametrize(
    "spelled",
    [
        "Microsoft.ContainerService/ManagedClusters",
        "Microsoft.ContainerService/managedClusters",
        "microsoft.containerservice/managedclusters",
    ],
)
def test_a_type_is_kept_as_it_is_spelled(spelled: str) -> None:
    (record,) = read({"id": CLUSTER, "type": spelled, "properties": {}}).records

    assert record.type == spelled


def test_a_diagnostic_setting_without_its_leading_slash_is_a_resource() -> None:
    setting = (
        f"{SUB}/resourcegroups/g/providers/microsoft.network/networksecuritygroups/n"
        "/providers/microsoft.insights/diagnosticSettings/logs"
    ).strip("/")

    snapshot = read({"value": [{"id": setting, "properties": {}}, {"id": "/" + setting}]})

    (record,) = snapshot.records
    assert record.type == "microsoft.insights/diagnosticSettings"
    assert fold(record.id).startswith("/subscriptions/")


def test_the_interface_of_a_scale_set_instance_has_a_type_of_its_own() -> None:
    arm_id = (
        f"{SUB}/resourceGroups/G/providers/Microsoft.Compute/virtualMachineScaleSets/pool"
        "/virtualMachines/0/networkInterfaces/nic"
    )

    (record,) = read({"value": [{"id": arm_id, "name": "nic", "properties": {}}]}).records

    assert record.type == (
        "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces"
    )


def test_nulls_and_absent_keys_are_left_to_those_who_read_the_settings() -> None:
    cluster = {
        "id": CLUSTER,
        "type": "T/t",
        "properties": {"addonProfiles": {"omsagent": {"config": None}}},
    }

    assert bodies(read(cluster)) == [cluster]


def test_one_key_may_have_many_json_types() -> None:
    odd: list[Any] = [443, {"id": "/x"}, "10.0.0.0/8", ["10.0.0.0/8"], None, 6, "Tcp"]
    listed = [vnet(f"v{number}", frontendPort=value) for number, value in enumerate(odd)]

    snapshot = read({"value": listed})

    assert [body["properties"]["frontendPort"] for body in bodies(snapshot)] == odd


@pytest.mark.parametrize("key", ["name", "tags", "sku", "location", "etag", "kind", "identity"])
@pytest.mark.parametrize("value", [None, 7, [], {"name": 1}, True])
def test_an_envelope_key_that_nobody_needs_may_be_anything(key: str, value: Any) -> None:
    snapshot = read({"value": [{**vnet(), key: value}]})

    assert len(snapshot.records) == 1
    assert kinds(snapshot) == []


def test_deployment_outputs_without_a_type_get_it_from_the_id() -> None:
    snapshot = read([{"id": f"{CLUSTER}/agentPools/a", "name": "a", "properties": {}}])

    assert snapshot.records[0].type == "Microsoft.ContainerService/managedClusters/agentPools"
    assert snapshot.records[0].dialect is Dialect.ARM


def test_a_resource_group_and_a_management_group_are_resources() -> None:
    snapshot = read(
        [
            {"id": f"{SUB}/resourceGroups/g", "properties": {}},
            {"id": "/providers/Microsoft.Management/managementGroups/m", "name": "m"},
        ]
    )

    assert [(record.type, record.unresolved) for record in snapshot.records] == [
        ("Microsoft.Management/managementGroups", ()),
        ("Microsoft.Resources/resourceGroups", ()),
    ]


def test_placeholders_in_ids_are_letters_like_others() -> None:
    arm_id = "/subscriptions/--subscription--/resourceGroups/--g--/providers/A.B/c/--name--"

    assert read({"id": arm_id, "properties": {}}).records[0].type == "A.B/c"
