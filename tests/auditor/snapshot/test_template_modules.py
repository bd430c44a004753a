"""What the nested deployments of a template give one another, as the modules of Bicep do."""

from __future__ import annotations

from typing import Any

import pytest

from .reading import bodies, kinds, read
from .templates import NETWORK, resource, template

Json = dict[str, Any]
ID = "[resourceId('Microsoft.Network/networkSecurityGroups', parameters('name'))]"
GROUP_ID = f"{NETWORK}/networkSecurityGroups/web"


def module(name: str = "nsg", scope: str = "inner", **more: Any) -> Json:
    """A deployment that makes a security group and gives its id."""
    inside = template(
        resource("[parameters('name')]", "networkSecurityGroups"),
        parameters={"name": {"type": "string"}, "key": {"type": "string", "defaultValue": "k"}},
        outputs={
            "id": {"type": "string", "value": ID},
            "secret": {"type": "string", "value": "[listKeys('x', '2020-01-01')]"},
            "many": {"type": "array", "copy": {"count": 2, "input": "[copyIndex()]"}},
            "perhaps": {"type": "string", "value": "x", "condition": "[parameters('absent')]"},
            "odd": 3,
        },
    )
    settings = {
        "expressionEvaluationOptions": {"scope": scope},
        "parameters": {"name": {"value": "web"}},
        "template": inside,
    }
    return {"type": "Microsoft.Resources/deployments", "name": name, "properties": settings, **more}


def network(expression: str) -> Json:
    return resource(properties={"x": expression})


def read_x(*resources: Any, **more: Any) -> Any:
    found = [one for one in bodies(read(template(*resources, **more))) if one["name"] == "hub"]
    return found[0]["properties"].get("x")


BY_ID = "reference(resourceId('Microsoft.Resources/deployments', 'nsg'), '2022-09-01')"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (f"[{BY_ID}.outputs.id.value]", GROUP_ID),
        (f"[{BY_ID}.Outputs.ID.value]", GROUP_ID),
        (f"[{BY_ID}.outputs.secret.value]", None),
        (f"[{BY_ID}.outputs.many.value[1]]", 1),
        (f"[{BY_ID}.outputs.perhaps.value]", None),
        (f"[{BY_ID}.outputs.odd.value]", None),
        (f"[{BY_ID}.outputs.absent.value]", None),
        (f"[{BY_ID}.timestamp]", None),
        ("[reference('nsg').outputs.id.value]", GROUP_ID),
        ("[reference('hub').outputs.id.value]", None),
        ("[reference('x').outputs.id.value]", None),
        ("[reference(resourceId('Microsoft.Resources/deployments', 'x')).outputs.id.value]", None),
    ],
)
def test_outputs_of_a_module_are_evaluated(expression: str, value: Any) -> None:
    assert read_x(module(), network(expression)) == value


def test_symbolic_names_lead_to_modules_as_well() -> None:
    told = template(languageVersion="2.0")
    told["resources"] = {"made": module(), "hub": network("[reference('made').outputs.id.value]")}
    found = [one for one in bodies(read(told)) if one["name"] == "hub"]
    assert found[0]["properties"]["x"] == GROUP_ID


def looped() -> Json:
    """A loop of modules, each of which makes a security group of its own."""
    made = module("[format('nsg-{0}', copyIndex())]", copy={"name": "c", "count": 3})
    made["properties"]["parameters"]["name"]["value"] = "[format('web{0}', copyIndex())]"
    return made


def test_each_of_a_loop_of_modules_gives_its_own() -> None:
    one = "reference(resourceId('Microsoft.Resources/deployments', format('nsg-{0}', copyIndex())))"
    hub = resource("[format('hub{0}', copyIndex())]", copy={"name": "h", "count": 4})
    hub["properties"] = {"x": f"[{one}.outputs.id.value]"}
    found = {
        each["name"]: each["properties"].get("x") for each in bodies(read(template(looped(), hub)))
    }
    groups = {f"hub{n}": f"{GROUP_ID}{n}" for n in range(3)}
    assert {name: x for name, x in found.items() if name.startswith("hub")} == {
        **groups,
        "hub3": None,
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [("made[2]", f"{GROUP_ID}2"), ("MADE[0]", f"{GROUP_ID}0"), ("made[3]", None), ("made", None)],
)
def test_one_of_a_loop_of_modules_has_a_symbolic_name(name: str, value: str | None) -> None:
    told = template(languageVersion="2.0")
    told["resources"] = {
        "made": looped(),
        "hub": network(f"[reference('{name}').outputs.id.value]"),
    }
    found = [one for one in bodies(read(told)) if one["name"] == "hub"]
    assert found[0]["properties"].get("x") == value


def test_the_value_of_a_parameter_may_be_a_loop() -> None:
    """Bicep writes `names: [for i in range(0, 2): 'web${i}']` so."""
    made = module()
    loop = {"name": "value", "count": 2, "input": "[format('web{0}', copyIndex('value'))]"}
    made["properties"]["parameters"] = {"name": {"copy": [loop]}}
    [group] = made["properties"]["template"]["resources"]
    group["name"] = "[parameters('name')[1]]"
    assert [one["name"] for one in bodies(read(template(made)))] == ["web1"]


def test_a_module_of_another_group_is_known_by_its_own_id() -> None:
    there = module(resourceGroup="other")
    own = "reference(resourceId('other', 'Microsoft.Resources/deployments', 'nsg'))"
    made = GROUP_ID.replace("{resource-group:-}", "other")
    assert read_x(there, network(f"[{own}.outputs.id.value]")) == made
    assert read_x(there, network(f"[{BY_ID}.outputs.id.value]")) is None


@pytest.mark.parametrize(
    "more",
    [
        {"condition": False},
        {"condition": "[parameters('needed')]"},
        {"copy": {"name": "c", "count": "[parameters('needed')]"}},
        {"properties": {"templateLink": {"uri": "https://x.example"}}},
    ],
)
def test_a_module_that_may_not_be_made_gives_nothing(more: Json) -> None:
    hub = network(f"[{BY_ID}.outputs.id.value]")
    assert read_x(module(**more), hub, parameters={"needed": {"type": "bool"}}) is None


def test_a_module_that_asks_for_its_own_outputs_is_unknown() -> None:
    loop = module()
    loop["properties"]["parameters"]["name"]["value"] = f"[{BY_ID}.outputs.id.value]"
    assert read_x(loop, network(f"[{BY_ID}.outputs.id.value]")) is None


def test_a_module_may_hand_on_what_another_gives() -> None:
    second = module("second")
    second["properties"]["parameters"]["name"]["value"] = (
        f"[last(split({BY_ID}.outputs.id.value, '/'))]"
    )
    own = "reference(resourceId('Microsoft.Resources/deployments', 'second'))"
    assert read_x(module(), second, network(f"[{own}.outputs.id.value]")) == GROUP_ID


def test_modules_named_after_their_deployment_are_read() -> None:
    called = "[format('{0}-nsg', uniqueString(deployment().name))]"
    snapshot = read(template(module(called)))
    assert [one["name"] for one in bodies(snapshot)] == ["web"]
    assert kinds(snapshot) == []
    own = f"reference(resourceId('Microsoft.Resources/deployments', {called[1:-1]}))"
    assert read_x(module(called), network(f"[{own}.outputs.id.value]")) == GROUP_ID


@pytest.mark.parametrize(
    ("default", "known"),
    [("[utcNow('u')]", True), ("[newGuid()]", False), (None, False)],
)
def test_a_module_is_read_whatever_it_is_called(default: str | None, known: bool) -> None:
    """Bicep files often name their modules for the moment of the deployment."""
    parameter = {"type": "string", **({"defaultValue": default} if default else {})}
    made = module("[format('nsg-{0}', parameters('when'))]")
    own = f"reference(resourceId('Microsoft.Resources/deployments', {made['name'][1:-1]}))"
    told = template(made, network(f"[{own}.outputs.id.value]"), parameters={"when": parameter})
    found = {one["name"]: one["properties"] for one in bodies(read(told))}
    assert sorted(found) == ["hub", "web"]
    assert found["hub"].get("x") == (GROUP_ID if known else None)


def test_names_made_from_those_of_two_deployments_differ() -> None:
    made = [module("one"), module("two")]
    for each in made:
        [group] = each["properties"]["template"]["resources"]
        group["name"] = "[uniqueString(deployment().name)]"
    names = {one["name"] for one in bodies(read(template(*made)))}
    assert len(names) == 2
