from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from auditor import registry, settings
from auditor.compliance.framework import NEWEST, Framework, chosen, names, read
from auditor.errors import UsageError

RULES: dict[str, Any] = registry.rules()


def one(name: str) -> Framework:
    (found,) = chosen([name], RULES)
    return found


def written(folder: Path, text: str) -> str:
    path = folder / "ours.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_shipped_frameworks_are_those_that_rules_name() -> None:
    claimed = {control.partition("/")[0] for rule in RULES.values() for control in rule.controls}

    assert claimed == {*names()}
    assert {*NEWEST} <= claimed


@pytest.mark.parametrize("name", names())
def test_every_control_that_a_rule_names_is_listed_with_a_title(name: str) -> None:
    claimed = {
        control.partition("/")[2]
        for rule in RULES.values()
        for control in rule.controls
        if control.startswith(f"{name}/")
    }
    framework = one(name)
    listed = {control.id: control for control in framework.controls}

    assert claimed <= {*listed}
    assert {number for number, control in listed.items() if control.rules} == claimed
    assert all(not control.title.startswith(name) for control in listed.values())
    assert framework.note


@pytest.mark.parametrize("name", names())
def test_types_and_what_is_beyond_stand_with_covered_controls_alone(name: str) -> None:
    assert [
        control.id
        for control in one(name).controls
        if not control.rules and (control.beyond or control.types)
    ] == []


def test_a_control_of_the_benchmark_of_microsoft_is_never_told_whole() -> None:
    assert all(control.beyond for control in one("MCSB").controls if control.rules)


@pytest.mark.parametrize("spelled", ["CIS 6.0", "cis-6.0", "cis6.0", "Cis_6.0"])
def test_a_framework_is_named_in_any_spelling(spelled: str) -> None:
    assert one(spelled).name == "CIS 6.0"


def test_a_framework_asked_for_twice_is_told_once() -> None:
    assert [each.name for each in chosen(["mcsb", "MCSB", "mcsb"], RULES)] == ["MCSB"]


def test_an_unknown_framework_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError) as refused:
        chosen(["CIS 7.0"], RULES)

    assert refused.value.what == 'there is no framework "CIS 7.0"'
    assert refused.value.advice == "did you mean CIS 6.0?"


def test_a_file_names_rules_by_pattern_and_intents(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
        name = "PCI"
        [[control]]
        id = "1.3.1"
        title = "Only what is needed comes in"
        rules = ["NSG-00[45]", "subnet-without-nsg"]
        intents = ["cards"]
        types = ["Microsoft.Network/networkSecurityGroups"]
        beyond = "the office"
        """,
    )
    (framework,) = chosen([path], RULES, ["cards"])
    (control,) = framework.controls

    assert (framework.name, framework.title, framework.note) == ("PCI", "PCI", "")
    assert control.rules == ("NSG-001", "NSG-004", "NSG-005")
    assert (control.intents, control.beyond) == (("cards",), "the office")


@pytest.mark.parametrize(
    ("text", "what", "advice"),
    [
        ("", "needs name", ""),
        ("name = 'a'", "has no [[control]]", ""),
        ("name = 'a'\n[control]\nid = '1'", "controls are written as [[control]]", ""),
        ("name = 'a'\nnoet = ''", 'unknown key "noet"', "did you mean note?"),
        ("name = 'a'\n[[control]]\ntitle = 'x'", "needs id", ""),
        ("name = 'a'\n[[control]]\nid = 1", "id must be text", ""),
        ("name = 'a'\n[[control]]\nid = '1'\nrules = 'NSG'", "rules must be a list", ""),
        ("name = 'a'\n[[control]]\nid = '1'\nrule = ['NSG']", 'unknown key "rule"', "rules"),
        ("name = 'a'\n[[control]]\nid = '1'\nrules = ['NSG-999']", "no rule matches", "NSG"),
        ("name = 'a'\n[[control]]\nid = '1'\nintents = ['crads']", "no intent", "cards"),
        ("name = 'a'\n[[control]]\nid = '1'\n[[control]]\nid = '1'", "two controls", ""),
        ("name = ", "is not TOML", ""),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_what_is_wrong(
    text: str, what: str, advice: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as refused:
        chosen([written(tmp_path, text)], RULES, ["cards"])

    assert what in refused.value.what
    assert "ours.toml" in refused.value.where
    assert advice in refused.value.advice


@pytest.mark.parametrize(
    ("control", "where"),
    [
        ("id = '2'\nrule = []", "ours.toml:6: control 2"),
        ("id = '2'\nrules = 'NSG'", "ours.toml:6: control 2 (2)"),
        ("id = '2'\nrules = ['NSG-999']", "ours.toml:6: control 2"),
        ("id = '2'\nintents = ['crads']", "ours.toml:6: control 2"),
        ("id = '1'", "ours.toml:6"),
    ],
)
def test_what_is_wrong_with_a_control_is_told_with_its_line(
    control: str, where: str, tmp_path: Path
) -> None:
    text = f"name = 'a'\n\n[[control]]\nid = '1'\n# the next:\n[[control]]\n{control}\n"
    with pytest.raises(UsageError) as refused:
        chosen([written(tmp_path, text)], RULES, ["cards"])

    assert refused.value.where.endswith(where)


def test_controls_written_in_one_line_are_told_by_the_file(tmp_path: Path) -> None:
    text = "name = 'a'\ncontrol = [{id = '1', rules = ['NSG-999']}]"
    with pytest.raises(UsageError) as refused:
        chosen([written(tmp_path, text)], RULES)

    assert refused.value.where.endswith("ours.toml: control 1")


def test_a_file_that_is_absent_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read(tmp_path / "none.toml")


def test_a_file_may_not_take_the_name_of_another_framework(tmp_path: Path) -> None:
    path = written(tmp_path, "name = 'mcsb'\n[[control]]\nid = '1'")

    with pytest.raises(UsageError, match="two frameworks are called"):
        chosen(["MCSB", path], RULES)


def test_the_mapping_file_of_the_documentation_is_valid(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "compliance.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    settings.read(Path(written(tmp_path, blocks[0])))
    (framework,) = chosen(
        [written(tmp_path, blocks[1])], RULES, ["only the gateway talks to the card network"]
    )

    assert framework.controls[0].rules == ("NSG-001", "NSG-003", "NSG-004", "NSG-005")
