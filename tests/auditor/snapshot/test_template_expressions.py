"""Expressions of templates: what their text decides is a value, the rest is unknown."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.errors import InputError
from auditor.snapshot.formats import evaluate
from auditor.snapshot.formats.settle import COMPUTED

from .reading import bodies, read
from .templates import NETWORK, NO_PARTS, evaluated, resource, template


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("plain", "plain"),
        ("[[not an expression]", "[not an expression]"),
        ("[parameters('Cidr')]", "10.0.0.0/16"),
        ("[variables('made')]", "10.0.0.0/16!"),
        ("[variables('list')[1]]", 2),
        ("[variables('table').inner.deep]", True),
        ("[variables('table')['INNER']['deep']]", True),
        ("[concat('a', 'it''s', string(3))]", "ait's3"),
        ("[concat(variables('list'), createArray(3))]", [1, 2, 3]),
        ("[format('{0}-{1}{{}}', 'a', 2)]", "a-2{}"),
        (
            "[format('vm-{0:00}{1:D3}{2:D}-{3:N0}', 3, sub(0, 7), 12, 8175133)]",
            "vm-03-00712-8,175,133",
        ),
        ("[toLower(toUpper('Ab'))]", "ab"),
        ("[if(equals('a', 'a'), 'yes', reference('x'))]", "yes"),
        ("[if(not(empty(variables('list'))), 1, 2)]", 1),
        ("[if(and(true(), or(false(), contains('abc', 'b'))), 1, 2)]", 1),
        ("[length(split('a,b,c', ','))]", 3),
        ("[substring('abcdef', 1, 2)]", "bc"),
        ("[replace('a-b', '-', '')]", "ab"),
        ("[first(createArray('a', 'b'))]", "a"),
        ("[coalesce(null(), 'b')]", "b"),
        ("[union(createObject('a', 1), createObject('b', 2))]", {"a": 1, "b": 2}),
        (
            '[union(json(\'{"a": {"b": 1, "c": [1]}}\'), '
            'json(\'{"A": {"c": [2], "d": 3}, "e": 4}\'))]',
            {"a": {"b": 1, "c": [2], "d": 3}, "e": 4},
        ),
        ("[union(createObject('a', createObject('b', 1)), createObject('a', 2))]", {"a": 2}),
        ("[coalesce('a', reference('x').b)]", "a"),
        ("[tryGet(variables('table'), 'INNER', 'deep')]", True),
        ("[tryGet(variables('list'), 1)]", 2),
        ("[coalesce(tryGet(variables('table'), 'none', 'deep'), 'b')]", "b"),
        ("[coalesce(tryGet(variables('list'), 9), 'b')]", "b"),
        ("[tryGet(null(), 'a')]", None),
        ("[coalesce(parameters('optional'), 'b')]", "b"),
        (
            "[items(createObject('b', 1, 'a', 2))]",
            [{"key": "a", "value": 2}, {"key": "b", "value": 1}],
        ),
        ("[flatten(createArray(createArray(1), createArray(2, 3)))]", [1, 2, 3]),
        ("[intersection(createArray(1, 2, 3), createArray(3, 2, 5))]", [2, 3]),
        ("[shallowMerge(createArray(createObject('a', 1), createObject('a', 2)))]", {"a": 2}),
        ("[map(variables('list'), lambda('x', add(lambdaVariables('x'), 1)))]", [2, 3]),
        ("[map(variables('list'), lambda('x', 'i', lambdaVariables('i')))]", [0, 1]),
        ("[filter(variables('list'), lambda('x', equals(lambdaVariables('x'), 2)))]", [2]),
        (
            "[map(variables('list'), lambda('x', map(variables('list'), lambda('y', "
            "mul(lambdaVariables('x'), lambdaVariables('y'))))))]",
            [[1, 2], [2, 4]],
        ),
        (
            "[reduce(variables('list'), 10, lambda('sum', 'x', add(lambdaVariables('sum'), "
            "lambdaVariables('x'))))]",
            13,
        ),
        (
            "[sort(variables('list'), lambda('a', 'b', greater(lambdaVariables('a'), "
            "lambdaVariables('b'))))]",
            [2, 1],
        ),
        (
            "[toObject(variables('list'), lambda('x', string(lambdaVariables('x'))), "
            "lambda('x', mul(lambdaVariables('x'), 2)))]",
            {"1": 2, "2": 4},
        ),
        (
            "[groupBy(createArray('ab', 'ac', 'b'), lambda('x', take(lambdaVariables('x'), 1)))]",
            {"a": ["ab", "ac"], "b": ["b"]},
        ),
        (
            "[mapValues(createObject('a', 1), lambda('x', add(lambdaVariables('x'), 1)))]",
            {"a": 2},
        ),
        ("[objectKeys(createObject('b', 1, 'a', 2))]", ["a", "b"]),
        ("[lastIndexOf('abcabc', 'b')]", 4),
        ("[cidrSubnet('10.144.0.0/20', 24, 1)]", "10.144.1.0/24"),
        ("[cidrSubnet('fdad:3236:5555::/48', 52, 1)]", "fdad:3236:5555:1000::/52"),
        ("[cidrHost('10.144.3.0/24', 1)]", "10.144.3.2"),
        ("[parseCidr('10.144.0.0/20').lastUsable]", "10.144.15.254"),
        ("[int('7')]", 7),
        ("[add(1, mul(2, sub(5, 2)))]", 7),
        ("[json('{\"a\": [1]}').a[0]]", 1),
        ("[range(2, 3)]", [2, 3, 4]),
        ("[resourceGroup().name]", "{resource-group:-}"),
        ("[subscription().subscriptionId]", "{subscription}"),
        ("[resourceId('Microsoft.Network/natGateways', 'n')]", f"{NETWORK}/natGateways/n"),
        (
            "[resourceId('other', 'Microsoft.Network/virtualNetworks/subnets', 'v', 's')]",
            "/subscriptions/{subscription}/resourceGroups/other/providers/Microsoft.Network"
            "/virtualNetworks/v/subnets/s",
        ),
        (
            "[resourceId('sub', 'other', 'Microsoft.Network/natGateways', 'n')]",
            "/subscriptions/sub/resourceGroups/other/providers/Microsoft.Network/natGateways/n",
        ),
        (
            "[subscriptionResourceId('Microsoft.A/b', 'c')]",
            "/subscriptions/{subscription}/providers/Microsoft.A/b/c",
        ),
        ("[tenantResourceId('Microsoft.A/b', 'c')]", "/providers/Microsoft.A/b/c"),
        ("[extensionResourceId('/x', 'Microsoft.A/b', 'c')]", "/x/providers/Microsoft.A/b/c"),
        ("[ concat( 'a' ,\n'b' ) ]", "ab"),
    ],
)
def test_what_the_template_decides_is_evaluated(expression: str, value: Any) -> None:
    found, unresolved = evaluated(
        expression,
        parameters={
            "cidr": {"type": "string", "defaultValue": "10.0.0.0/16"},
            "optional": {"type": "string", "nullable": True},
        },
        variables={
            "made": "[concat(parameters('cidr'), '!')]",
            "list": [1, 2],
            "table": {"inner": {"deep": "[true()]"}},
        },
    )

    assert found == value
    assert unresolved == ()


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("[parameters('needed')]", "has no default value"),
        ("[parameters('secret')]", "is a secret"),
        ("[parameters('absent')]", "not declared"),
        ("[variables('absent')]", "not declared"),
        ("[variables('loop')]", "refers to itself"),
        ("[reference('x').ip]", "known only to Azure"),
        ("[environment().suffixes.storage]", "computed by Azure"),
        ("[endsWith(environment().suffixes.storage, 'net')]", "only Azure knows"),
        ("[if(equals(environment().name, 'AzureCloud'), 1, 2)]", "to which cloud"),
        ("[listKeys('x', '2020-01-01')]", "known only to Azure"),
        ("[uniqueString(resourceGroup().id)]", "computed by Azure"),
        ("[concat('a', uniqueString('x'))]", "computed by Azure"),
        ("[equals(uniqueString('x'), 'y')]", "does not take"),
        ("[resourceGroup().location]", "location"),
        ("[concat('a', parameters('needed'))]", "has no default value"),
        ("[contoso.name('a')]", "is not declared"),
        ("[concat('a']", "cannot be parsed"),
        ("[concat('a') 'b']", "cannot be parsed"),
        ("[]", "cannot be parsed"),
        ("[variables('loop').x]", "refers to itself"),
        ("[union(createObject('a', 1), createObject('a', null())).a]", "union() with null"),
        (
            "[union(variables('told'), createObject('a', createObject('b', 1))).a]",
            "has no default value",
        ),
        ("[format('{0:E2}', 3)]", "does not take"),
        ("[format('{0:D2}', 'a')]", "does not take"),
        ("[format('{9}', 3)]", "does not take"),
        ("[toLower(3)]", "does not take"),
        ("[div(1, 0)]", "does not take"),
        ("[coalesce(null(), parameters('needed'), 'a')]", "has no default value"),
        ("[tryGet(variables('half'), 0)]", "has no default value"),
        ("[contains(variables('half'), 'x')]", "does not take"),
        ("[equals(variables('half'), createArray('x', 'y'))]", "does not take"),
        ("[intersection(variables('half'), createArray('x'))]", "does not take"),
        ("[tryGet('text', 'a')]", "does not take"),
        ("[map(3, lambda('x', 1))]", "does not take"),
        ("[map(createArray(1), 'x')]", "does not take"),
        ("[map(createArray(1), lambda())]", "does not take"),
        ("[map(createArray(1))]", "does not take"),
        ("[filter(createArray(1), lambda('x', 'y'))]", "no boolean"),
        ("[map(variables('half'), lambda('x', concat(lambdaVariables('x'), '!')))]", "no default"),
        (
            "[reduce(variables('half'), 1, lambda('a', 'b', add(lambdaVariables('b'), 1)))]",
            "no default",
        ),
        ("[reduce(createArray(1), lambda('a', 'b', 1))]", "does not take"),
        ("[sort(createArray(1, 2), lambda('a', 'b', 3))]", "no boolean"),
        ("[toObject(createArray(1), lambda('x', 1))]", "a key of an object"),
        ("[lambdaVariables('x')]", "known only to Azure"),
        ("[cidrSubnet('10.0.0.0/16', 24, 256)]", "does not take"),
        ("[cidrSubnet('10.0.0.0/16', 12, 0)]", "does not take"),
        ("[cidrSubnet('10.0.0.0/33', 24, 0)]", "does not take"),
        ("[cidrSubnet('10.0.0.0/16', '24', 0)]", "does not take"),
        ("[cidrHost('fdad::/64', 1)]", "does not take"),
        ("[cidrHost('10.0.0.0/30', 2)]", "does not take"),
        ("[parseCidr('10.0.0.1')]", "does not take"),
        ("[createArray(1)[5]]", "does not have it"),
        ("[copyIndex()]", "outside a loop"),
        ("[resourceId('Microsoft.Network/natGateways')]", "does not take"),
        ("[" + "concat(" * 3000 + ")" * 3000 + "]", "nested too deeply"),
        ("['" + "a" * 30000 + "']", "longer than"),
    ],
)
def test_what_it_does_not_decide_is_absent_and_listed(expression: str, reason: str) -> None:
    snapshot = read(
        template(
            resource(properties={"x": expression, "y": 1}),
            parameters={
                "needed": {"type": "string"},
                "secret": {"type": "secureString", "defaultValue": "hunter2"},
            },
            variables={
                "loop": "[variables('loop')]",
                "half": ["[parameters('needed')]", "y"],
                "told": {"a": "[parameters('needed')]"},
            },
        )
    )

    assert bodies(snapshot)[0]["properties"] == {"y": 1, **NO_PARTS}
    ((pointer, why),) = snapshot.records[0].unresolved
    assert pointer == "/properties/x"
    assert reason in why
    assert "hunter2" not in why


def test_names_that_end_as_the_cloud_has_it_are_names() -> None:
    zone = "[format('privatelink.blob.{0}', environment().suffixes.storage)]"
    snapshot = read(template(resource(zone, "privateDnsZones")))
    assert snapshot.records[0].id == f"{NETWORK}/privateDnsZones/privatelink.blob.core.windows.net"


@pytest.mark.parametrize("nested", [False, True])
def test_a_list_with_one_unknown_element_is_unknown_as_a_whole(nested: bool) -> None:
    value: list[Any] = ["10.0.0.0/16", "[parameters('p')]"]
    value = [value] if nested else value
    found, unresolved = evaluated(value, parameters={"p": {"type": "string"}})

    assert found is None
    assert [pointer for pointer, _ in unresolved] == ["/properties/x"]


@pytest.mark.parametrize(
    ("written", "path"),
    [('{{"id": "{0}"}}', "id"), ('{{"all": ["{0}"]}}', "all")],
)
def test_json_around_an_id_keeps_the_id(written: str, path: str) -> None:
    an_id = "resourceId('Microsoft.Network/ipGroups', uniqueString('a'))"
    plainly, _ = evaluated({"id": f"[{an_id}]"})

    value, unresolved = evaluated(f"[json(format('{written}', {an_id}))]")
    assert unresolved == ()
    assert value[path] in (plainly["id"], [plainly["id"]])


def test_json_around_what_azure_computes_does_not_take_it_for_told() -> None:
    made = '[json(format(\'{{"size": "{0}", "n": 1}}\', uniqueString(\'a\')))]'
    assert evaluated(made) == ({"n": 1}, (("/properties/x/size", COMPUTED),))


@pytest.mark.parametrize("written", ['{{"n": {0}}}', '{{"{0}": 1}}', "{0}"])
def test_json_of_which_azure_computes_the_shape_is_unknown(written: str) -> None:
    value, unresolved = evaluated(f"[json(format('{written}', uniqueString('a')))]")
    assert value is None
    assert [at for at, _ in unresolved] == ["/properties/x"]


def test_ids_that_stand_in_a_list_by_themselves_are_kept() -> None:
    made = ["[resourceId('Microsoft.Network/ipGroups', uniqueString('a'))]"]
    value, unresolved = evaluated(made)
    assert unresolved == ()
    assert value[0].startswith(f"{NETWORK}/ipGroups/{{uniquestring-")


def test_an_object_in_a_list_loses_only_what_is_unknown() -> None:
    value = [{"a": 1, "b/c": "[parameters('p')]"}]
    found, unresolved = evaluated(value, parameters={"p": {"type": "string"}})

    assert found == [{"a": 1}]
    assert [pointer for pointer, _ in unresolved] == ["/properties/x/0/b~1c"]


def test_doubling_variables_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "MAX_NODES", 20_000)
    variables: dict[str, Any] = {"v0": ["x", "y"]}
    for number in range(60):
        variables[f"v{number + 1}"] = (
            f"[createArray(variables('v{number}'), variables('v{number}'))]"
        )

    with pytest.raises(InputError, match="unfolds to more values"):
        read(template(resource(properties={"x": "[variables('v60')]"}), variables=variables))


@pytest.mark.parametrize(
    "expression",
    ["[string(variables('v30'))]", "[uniqueString(variables('v30'))]", "[variables('t40')]"],
)
def test_doubling_texts_stay_unknown(expression: str) -> None:
    variables: dict[str, Any] = {"v0": ["x"], "t0": "xx"}
    for number in range(40):
        variables[f"v{number + 1}"] = (
            f"[createArray(variables('v{number}'), variables('v{number}'))]"
        )
        variables[f"t{number + 1}"] = f"[replace(variables('t{number}'), 'x', 'xx')]"

    assert evaluated(expression, variables=variables)[0] is None


FUNCTIONS = [
    {
        "namespace": "__bicep",
        "members": {
            "named": {
                "parameters": [{"name": "what", "type": "string"}],
                "output": {"type": "string", "value": "[format('{0}!', parameters('what'))]"},
            },
            "twice": {
                "parameters": [{"name": "what", "type": "string"}],
                "output": {
                    "type": "string",
                    "value": "[concat(__bicep.Named(parameters('what')), parameters('what'))]",
                },
            },
            "endless": {
                "parameters": [],
                "output": {"type": "string", "value": "[__bicep.endless()]"},
            },
            "beyond": {
                "parameters": [],
                "output": {"type": "string", "value": "[variables('list')]"},
            },
        },
    }
]


def test_the_functions_that_a_template_declares_are_applied() -> None:
    value, unresolved = evaluated(
        "[__bicep.twice(parameters('x'))]",
        functions=FUNCTIONS,
        parameters={"x": {"type": "string", "defaultValue": "a"}},
    )
    assert (value, unresolved) == ("a!a", ())


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("[__bicep.endless()]", "calls itself"),
        ("[__bicep.beyond()]", "is not declared"),
        ("[__bicep.named()]", "does not take"),
        ("[__bicep.missing('a')]", "is not declared"),
        ("[other.named('a')]", "is not declared"),
    ],
)
def test_a_function_that_cannot_be_applied_leaves_it_unknown(expression: str, why: str) -> None:
    value, unresolved = evaluated(expression, functions=FUNCTIONS, variables={"list": [1]})
    assert value is None
    assert why in unresolved[0][1]
