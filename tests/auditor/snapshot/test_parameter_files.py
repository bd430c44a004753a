"""Parameter files give the values of the template they belong to, and of no other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import InputError
from auditor.snapshot.document import Snapshot
from auditor.snapshot.load import load

from .reading import bodies, kinds, vnet
from .templates import resource, template

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#"
DECLARED = {"x": {"type": "string", "defaultValue": "default"}, "name": {"type": "string"}}


def made(name: str = "hub", **declared: Any) -> dict[str, Any]:
    """Give a template of one network, whose setting `x` is a parameter."""
    network = resource(name, properties={"x": "[parameters('x')]"})
    return template(network, parameters=declared or DECLARED)


def values(**parameters: Any) -> dict[str, Any]:
    told = {name: {"value": value} for name, value in parameters.items()}
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "parameters": told}


def write(folder: Path, **files: Any) -> list[str]:
    """Write files called `main__parameters` for `main.parameters.json`."""
    paths = [folder / f"{name.replace('__', '.')}.json" for name in files]
    for path, content in zip(paths, files.values(), strict=True):
        path.write_text(json.dumps(content))
    return [str(path) for path in paths]


def beside(folder: Path, **files: Any) -> Snapshot:
    write(folder, **files)
    return load([str(folder)])


def x_of(snapshot: Snapshot, number: int = 0) -> Any:
    return bodies(snapshot)[number]["properties"].get("x")


def why(snapshot: Snapshot, number: int = 0) -> str:
    ((_, reason),) = snapshot.records[number].unresolved
    return reason


def test_the_file_called_after_a_template_gives_its_values(tmp_path: Path) -> None:
    snapshot = beside(tmp_path, main=made(), other=made("spoke"), main__parameters=values(x="told"))

    assert [x_of(snapshot, number) for number in (0, 1)] == ["told", "default"]
    assert snapshot.gaps == ()
    (record, _) = snapshot.records
    assert snapshot.sources[record.source].name == str(tmp_path / "main.json")
    assert record.pointer == "/resources/0"
    shapes = {Path(source.name).name: source.shape for source in snapshot.sources}
    assert shapes["main.parameters.json"] == "ARM template parameters"


def test_names_of_files_and_parameters_heed_no_letter_case(tmp_path: Path) -> None:
    assert x_of(beside(tmp_path, main=made(), Main__Parameters=values(X="told"))) == "told"


def test_a_resource_whose_name_is_given_is_known(tmp_path: Path) -> None:
    wanted = made("[parameters('name')]")

    snapshot = beside(tmp_path, main=wanted, main__parameters=values(name="dmz"))

    assert [body["name"] for body in bodies(snapshot)] == ["dmz"]
    with pytest.raises(InputError, match="no default value"):
        load([str(tmp_path / "main.json")])


def test_a_file_of_another_name_belongs_to_the_one_template_that_declares_it(
    tmp_path: Path,
) -> None:
    other = template(resource("spoke"), parameters={"y": {"type": "string"}})

    snapshot = beside(tmp_path, main=made(), other=other, prod=values(x="told"))

    assert (x_of(snapshot), snapshot.gaps) == ("told", ())


def test_files_given_by_name_may_lie_apart(tmp_path: Path) -> None:
    for name in ("infra", "values"):
        (tmp_path / name).mkdir()
    (main,) = write(tmp_path / "infra", main=made())
    (prod,) = write(tmp_path / "values", prod=values(x="told"))

    assert x_of(load([main, prod])) == x_of(load([prod, main])) == "told"


def test_in_another_folder_it_belongs_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "values").mkdir()
    write(tmp_path / "values", main__parameters=values(x="told"))

    snapshot = beside(tmp_path, main=made())

    assert (x_of(snapshot), kinds(snapshot)) == ("default", ["foreign"])
    assert "no template lies beside it" in snapshot.gaps[0].detail


def test_of_several_templates_that_declare_it_none_is_guessed(tmp_path: Path) -> None:
    snapshot = beside(tmp_path, a=made(), b=made("spoke"), prod=values(x="told"))

    assert [x_of(snapshot, number) for number in (0, 1)] == ["default", "default"]
    (gap,) = snapshot.gaps
    assert (gap.kind, "a.json and b.json" in gap.detail) == ("foreign", True)


def test_of_several_files_for_a_template_none_is_guessed(tmp_path: Path) -> None:
    snapshot = beside(
        tmp_path, main=made(), main__parameters=values(x="told"), main__prod=values(x="prod")
    )

    assert (x_of(snapshot), kinds(snapshot)) == ("default", ["foreign", "foreign"])
    assert all("main.parameters.json and main.prod.json" in gap.detail for gap in snapshot.gaps)
    with_one = load([str(tmp_path / name) for name in ("main.json", "main.prod.json")])
    assert x_of(with_one) == "prod"


def test_a_file_that_no_template_declares_all_of_is_not_used(tmp_path: Path) -> None:
    snapshot = beside(tmp_path, main=made(), prod=values(x="told", y="more"))

    assert (x_of(snapshot), kinds(snapshot)) == ("default", ["foreign"])
    assert "declares" in snapshot.gaps[0].detail


def test_a_file_without_values_is_told(tmp_path: Path) -> None:
    snapshot = beside(tmp_path, main=made(), prod=values())

    assert "gives no value" in snapshot.gaps[0].detail


def test_given_by_name_it_is_refused_where_it_belongs_to_nothing(tmp_path: Path) -> None:
    main, prod = write(tmp_path, main=made(), prod=values(y="more"))

    with pytest.raises(InputError, match="parameter file"):
        load([main, prod])


def test_values_that_the_template_does_not_declare_are_told(tmp_path: Path) -> None:
    snapshot = beside(tmp_path, main=made(), main__parameters=values(x="told", y="more", z=1))

    assert x_of(snapshot) == "told"
    (gap,) = snapshot.gaps
    assert gap.kind == "foreign"
    assert "y, z" in gap.detail
    assert gap.where.startswith(str(tmp_path / "main.parameters.json"))


@pytest.mark.parametrize(
    ("entry", "declared", "reason"),
    [
        ({"reference": {"keyVault": {"id": "x"}, "secretName": "y"}}, "string", "key vault"),
        ({"value": "plain"}, "secureString", "secret"),
        ({"value": "[resourceGroup().location]"}, "string", "expression"),
        ({"value": ["[[a]", {"b": "[c]"}]}, "array", "expression"),
        ({"value": None}, "string", "no value"),
        ({}, "string", "no value"),
        ("plain", "string", "no value"),
        ({"value": "1"}, "int", "type"),
        ({"value": True}, "int", "type"),
        ({"value": {}}, "array", "type"),
    ],
)
def test_what_is_no_literal_of_the_type_stays_undecided(
    tmp_path: Path, entry: Any, declared: str, reason: str
) -> None:
    parameters = {**values(), "parameters": {"x": entry}}
    main = made(x={"type": declared, "defaultValue": "default"})

    snapshot = beside(tmp_path, main=main, main__parameters=parameters)

    assert x_of(snapshot) is None
    assert reason in why(snapshot)


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ("int", 3),
        ("Bool", False),
        ("array", [1, "a"]),
        ("object", {"a": "b"}),
        ("string", "[[a]"),
        ("string", ""),
    ],
)
def test_a_literal_of_the_type_is_taken_as_it_stands(
    tmp_path: Path, declared: str, value: Any
) -> None:
    main = made(x={"type": declared})

    assert x_of(beside(tmp_path, main=main, main__parameters=values(x=value))) == value


def test_a_type_of_the_users_own_takes_any_literal(tmp_path: Path) -> None:
    main = made(x={"$ref": "#/definitions/place"})

    assert x_of(beside(tmp_path, main=main, main__parameters=values(x="told"))) == "told"


def test_among_lines_it_belongs_to_nothing(tmp_path: Path) -> None:
    text = "\n".join(json.dumps(one) for one in (made(), values(x="told")))
    (tmp_path / "main.jsonl").write_text(text)

    snapshot = load([str(tmp_path)])

    assert (x_of(snapshot), kinds(snapshot)) == ("default", ["foreign"])


def test_beside_exports_without_a_template_it_is_foreign(tmp_path: Path) -> None:
    snapshot = beside(tmp_path, hub=[vnet()], hub__parameters=values(x="told"))

    assert kinds(snapshot) == ["foreign"]


def test_a_template_that_is_damaged_owns_nothing(tmp_path: Path) -> None:
    write(tmp_path, hub=[vnet()], main__parameters=values(x="told"))
    (tmp_path / "main.json").write_text(json.dumps(made())[:-3])

    snapshot = load([str(tmp_path)], keep_going=True)

    assert kinds(snapshot) == ["damaged", "foreign"]


@pytest.mark.parametrize("name", ["main", "main.parameters"])
def test_damage_inside_is_told_of_the_file_it_is_in(tmp_path: Path, name: str) -> None:
    write(tmp_path, main=made(), main__parameters=values(x="told"))
    path = tmp_path / f"{name}.json"
    text = path.read_bytes()
    path.write_bytes(text.replace(b'"parameters": {', b'"parameters": {"y": "\xff", ', 1))

    with pytest.raises(InputError) as caught:
        load([str(tmp_path)])
    assert caught.value.where.startswith(str(path))
