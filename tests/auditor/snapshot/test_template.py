"""ARM templates: what their text decides is read, the rest is unresolved, never guessed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import InputError
from auditor.network.build import build
from auditor.resources.virtual_networks import VirtualNetwork
from auditor.snapshot.document import Dialect, Snapshot
from auditor.snapshot.load import load

from .reading import bodies, kinds, read
from .templates import NETWORK, NO_PARTS, SCHEMA, resource, template


def test_literal_resources_are_read() -> None:
    snapshot = read(template(resource(location="westeurope", tags={"a": "b"}, dependsOn=["c"])))

    (record,) = snapshot.records
    assert record.id == f"{NETWORK}/virtualNetworks/hub"
    assert (record.dialect, record.api_version) == (Dialect.LOOSE, "2024-01-01")
    assert record.pointer == "/resources/0"
    assert bodies(snapshot) == [
        {
            "id": record.id,
            "name": "hub",
            "type": "Microsoft.Network/virtualNetworks",
            "location": "westeurope",
            "tags": {"a": "b"},
            "properties": NO_PARTS,
        }
    ]


def test_names_that_azure_computes_still_match_one_another() -> None:
    name = "[toLower(concat('Hub', uniqueString(resourceGroup().id)))]"
    subnet = "[resourceId('Microsoft.Network/virtualNetworks/subnets', variables('name'), 's')]"

    snapshot = read(
        template(
            resource("[variables('name')]"),
            resource("nic", "networkInterfaces", properties={"subnet": {"id": subnet}}),
            variables={"name": name},
        )
    )

    nic, network = sorted(bodies(snapshot), key=lambda body: str(body["type"]))
    assert nic["properties"]["subnet"]["id"] == network["id"] + "/subnets/s"
    assert snapshot.records[0].unresolved == ()


def test_children_are_lifted_with_their_full_type_and_name() -> None:
    snapshot = read(
        template(
            resource(
                resources=[
                    {"type": "subnets", "name": "a", "properties": {}},
                    resource("hub/b", "virtualNetworks/subnets"),
                    {
                        "type": "providers/diagnosticSettings",
                        "name": "Microsoft.Insights/logs",
                    },
                ]
            )
        )
    )

    hub = f"{NETWORK}/virtualNetworks/hub"
    assert [(record.id, record.pointer) for record in snapshot.records] == [
        (hub, "/resources/0"),
        (f"{hub}/providers/Microsoft.Insights/diagnosticSettings/logs", "/resources/0/resources/2"),
        (f"{hub}/subnets/a", "/resources/0/resources/0"),
        (f"{hub}/subnets/b", "/resources/0/resources/1"),
    ]
    text = bytes(snapshot.sources[0].text)
    assert text[snapshot.records[2].start :].startswith(b'{"type": "subnets"')


def test_symbolic_names_key_the_resources_of_newer_bicep() -> None:
    value = template()
    value["resources"] = {"net/work": resource(), "old": resource("x", existing=True)}

    (record,) = read(value).records

    assert record.pointer == "/resources/net~1work"


@pytest.mark.parametrize(
    ("scope", "base"),
    [
        ("Microsoft.Network/natGateways/n", f"{NETWORK}/natGateways/n"),
        ("[resourceId('Microsoft.Network/natGateways', 'n')]", f"{NETWORK}/natGateways/n"),
    ],
)
def test_an_extension_follows_its_scope(scope: str, base: str) -> None:
    extension = {"type": "Microsoft.Insights/diagnosticSettings", "name": "d", "scope": scope}

    (record,) = read(template(extension)).records

    assert record.id == f"{base}/providers/Microsoft.Insights/diagnosticSettings/d"


@pytest.mark.parametrize(
    ("condition", "count"), [(True, 2), (False, 1), ("[equals(1, 2)]", 1), ("true", 2)]
)
def test_a_condition_decides_whether_a_resource_is_there(condition: Any, count: int) -> None:
    snapshot = read(template(resource("always"), resource(condition=condition)))

    assert len(snapshot.records) == count
    assert snapshot.gaps == ()


@pytest.mark.parametrize(
    "broken",
    [
        {"name": "x"},
        {"type": 3, "name": "x"},
        {
            "type": "Microsoft.Resources/deployments",
            "name": "d",
            "properties": {"template": {"resources": 1.5}},
        },
        7,
    ],
)
def test_a_resource_that_cannot_be_known_is_a_gap(broken: Any) -> None:
    snapshot = read(template(resource("sound"), broken, parameters={"p": {"type": "string"}}))

    assert len(snapshot.records) == 1
    assert kinds(snapshot) == ["unsupported"]
    assert snapshot.gaps[0].where.startswith("-:1: /resources/1")


@pytest.mark.parametrize(
    ("maybe", "hides"),
    [
        (resource(condition="[parameters('p')]"), "providers/Microsoft.Network/virtualNetworks"),
        (
            resource(copy={"name": "c", "count": "[parameters('p')]"}),
            "providers/Microsoft.Network/virtualNetworks",
        ),
        (
            resource(copy={"name": "c", "count": 10**9}),
            "providers/Microsoft.Network/virtualNetworks",
        ),
        (resource("[parameters('p')]"), "providers/Microsoft.Network/virtualNetworks"),
        (resource("a/b"), "providers/Microsoft.Network/virtualNetworks"),
        (resource(""), "providers/Microsoft.Network/virtualNetworks"),
        ({"type": "Microsoft.Network//virtualNetworks", "name": "x/y"}, ""),
        (resource(scope="nowhere"), "providers/Microsoft.Network/virtualNetworks"),
        (
            resource(
                "w/[parameters('p')]", "networkWatchers/flowLogs", condition="[reference('x')]"
            ),
            "providers/Microsoft.Network/networkWatchers/-/flowLogs",
        ),
        ({"type": "[parameters('p')]", "name": "x"}, ""),
        ({"type": "Microsoft.Resources/deployments", "name": "d", "properties": {}}, ""),
    ],
)
def test_a_resource_that_only_the_deployment_decides_leaves_its_list_unread(
    maybe: Any, hides: str
) -> None:
    snapshot = read(template(resource("sound"), maybe, parameters={"p": {"type": "string"}}))

    [gap] = snapshot.gaps
    assert len(snapshot.records) == 1
    assert gap.kind == "undecided"
    assert gap.subject == f"{NETWORK.partition('/providers/')[0]}/{hides}".rstrip("/")
    assert gap.where.startswith("-:1: /resources/1")


def test_templates_of_one_file_name_deploy_apart(tmp_path: Path) -> None:
    for folder in ("hub", "spoke"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "main.json").write_text(json.dumps(template(resource("net"))))

    snapshot = load([str(tmp_path), f"{tmp_path}/hub/../hub/main.json"])

    assert snapshot.gaps == ()
    assert [record.id.split("/")[4] for record in snapshot.records] == [
        "{resource-group:hub_main.json}",
        "{resource-group:spoke_main.json}",
    ]


@pytest.mark.parametrize("settings", [{"subnets": [{"name": "a"}], "x": 1}, 1.5, None])
def test_a_child_that_is_left_out_leaves_its_parents_list_unknown(settings: Any) -> None:
    child = resource("hub/b", "virtualNetworks/subnets", condition="[parameters('p')]")

    snapshot = read(template(resource(properties=settings), child))

    assert [pointer for pointer, _ in snapshot.records[0].unresolved] == ["/properties/subnets"]
    assert "subnets" not in str(bodies(snapshot)[0])


def test_copy_loops_unfold() -> None:
    loop = {"name": "nets", "count": "[length(variables('names'))]"}
    inner = {
        "name": "subnets",
        "count": 2,
        "input": {"name": "[concat('s', copyIndex('subnets'))]"},
    }

    snapshot = read(
        template(
            resource(
                "[variables('names')[copyIndex()]]",
                copy=loop,
                properties={"copy": [inner], "n": "[copyIndex('nets', 10)]"},
            ),
            variables={
                "copy": [
                    {"name": "names", "count": 2, "input": "[concat('v', copyIndex('names'))]"}
                ]
            },
        )
    )

    assert [(body["name"], body["properties"]) for body in bodies(snapshot)] == [
        ("v0", {"n": 10, **NO_PARTS, "subnets": [{"name": "s0"}, {"name": "s1"}]}),
        ("v1", {"n": 11, **NO_PARTS, "subnets": [{"name": "s0"}, {"name": "s1"}]}),
    ]


def test_an_index_without_a_name_is_the_resources_turn_in_a_list_as_well() -> None:
    both = "[add(mul(copyIndex(), 10), copyIndex('ports'))]"
    twice = resource(
        "[concat('v', copyIndex())]",
        copy={"name": "nets", "count": 2},
        properties={"copy": [{"name": "ports", "count": 2, "input": both}]},
    )

    snapshot = read(template(twice))

    assert [body["properties"]["ports"] for body in bodies(snapshot)] == [[0, 1], [10, 11]]


def test_a_variable_that_is_read_in_a_loop_has_an_index_of_its_own() -> None:
    numbers = {"name": "numbers", "count": 2, "input": "[copyIndex()]"}
    twice = resource(
        "[concat('v', copyIndex())]",
        copy={"name": "nets", "count": 2},
        properties={"n": "[variables('numbers')]"},
    )

    snapshot = read(template(twice, variables={"copy": [numbers]}))

    assert [body["properties"]["n"] for body in bodies(snapshot)] == [[0, 1], [0, 1]]


def test_peerings_that_a_template_does_not_declare_there_are_none() -> None:
    def peerings(*children: Any) -> list[str]:
        [vnet] = build(read(template(resource(), *children))).network.all(VirtualNetwork)
        return [peering.name for peering in vnet.peerings]

    far = {"remoteVirtualNetwork": {"id": f"{NETWORK}/virtualNetworks/far"}}
    kind = "virtualNetworks/virtualNetworkPeerings"
    assert peerings() == []
    assert peerings(resource("hub/to-far", kind, properties=far)) == ["to-far"]


def nested(scope: str, **more: Any) -> dict[str, Any]:
    inner = template(resource("[parameters('name')]"), parameters={"name": {"type": "string"}})
    return {
        "type": "Microsoft.Resources/deployments",
        "name": "module",
        "properties": {
            "expressionEvaluationOptions": {"scope": scope},
            "parameters": {"name": {"value": "[concat('v', parameters('name'))]"}},
            "template": inner,
        },
        **more,
    }


@pytest.mark.parametrize(("scope", "name"), [("inner", "vx"), ("Outer", "x")])
def test_nested_deployments_are_read_in_their_scope(scope: str, name: str) -> None:
    given = {"name": {"type": "string", "defaultValue": "x"}}

    (record,) = read(template(nested(scope, resourceGroup="net"), parameters=given)).records

    expected = "/subscriptions/{subscription}/resourceGroups/net/providers"
    assert record.id == f"{expected}/Microsoft.Network/virtualNetworks/{name}"
    assert record.pointer == "/resources/0/properties/template/resources/0"


def test_a_template_for_a_subscription_has_no_resource_group() -> None:
    group = {"type": "Microsoft.Resources/resourceGroups", "name": "g", "tags": {"a": "b"}}
    value = {**template(group), "$schema": SCHEMA.replace("deployment", "subscriptionDeployment")}

    (record,) = read(value).records

    assert record.id == "/subscriptions/{subscription}/resourceGroups/g"


def test_a_template_of_which_nothing_is_known_is_refused() -> None:
    with pytest.raises(InputError, match="no resource can be known"):
        read(template(resource("[parameters('p')]")))


def test_templates_of_two_files_do_not_share_a_resource_group(tmp_path: Any) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_text(json.dumps(template(resource())))

    snapshot: Snapshot = load([str(tmp_path)])

    assert len(snapshot.records) == 2
    assert snapshot.gaps == ()


@pytest.mark.parametrize("more", [{}, {"properties": {}}])
def test_a_security_group_that_names_no_rules_has_none(more: dict[str, Any]) -> None:
    """A request leaves out what it does not ask for; an answer of Azure's has the empty list."""
    snapshot = read(template(resource("web", "networkSecurityGroups", **more)))

    assert bodies(snapshot)[0]["properties"] == {"securityRules": []}


@pytest.mark.parametrize("where", ["properties", "securityRules"])
def test_a_security_group_whose_rules_are_a_parameter_tells_none(where: str) -> None:
    value = "[parameters('open')]"
    settings = value if where == "properties" else {"securityRules": value}
    group = resource("web", "networkSecurityGroups", properties=settings)
    snapshot = read(template(group, parameters={"open": {"type": "object"}}))

    assert "securityRules" not in bodies(snapshot)[0].get("properties", {})
