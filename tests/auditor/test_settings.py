from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from auditor import registry, settings
from auditor.errors import UsageError
from auditor.finding import Severity
from auditor.rule import Rule
from auditor.settings import WaiverEntry, chosen, matches_resource, matches_rule, parameters
from auditor.testing import arm_id


@dataclass(frozen=True)
class Limits:
    max_days: int = 7
    share: float = 0.5
    words: tuple[str, ...] = ("a",)
    loud: bool = False
    since: date = date(2026, 1, 1)

    def __post_init__(self) -> None:
        if self.max_days < 0:
            raise ValueError("max-days is negative")


def rule(rule_id: str, name: str, **more: Any) -> Rule[Any]:
    return Rule(
        id=rule_id,
        name=name,
        title="T.",
        page="T.",
        severity=Severity.LOW,
        since="0.1.0",
        subjects=lambda _: (),
        check=lambda *_: iter(()),
        **more,
    )


ONE = rule("NSG-001", "open-door", parameters=Limits())
TWO = rule("NSG-014", "shadowed-rule")
OFF = rule("ADR-003", "shy-rule", on=False)
RULES = {each.id: each for each in (OFF, ONE, TWO)}


def read(tmp_path: Path, text: str, name: str = "auditor.toml") -> settings.Settings:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return settings.read(path)


def refused(tmp_path: Path, text: str, name: str = "auditor.toml") -> UsageError:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, text, name)
    assert caught.value.where.startswith(str(tmp_path / name))
    assert caught.value.exit_status == 2
    return caught.value


def test_every_key_is_read(tmp_path: Path) -> None:
    told = read(
        tmp_path,
        """
        select = ["NSG", "ADR-0*"]
        ignore = ["NSG-014"]
        fail-on = "Medium"
        strict = true
        rules = ["own/rules"]
        service-tags = "tags/public.json"

        [params.NSG-001]
        max-days = 3

        [[waiver]]
        rule = "NSG-001"
        resource = "*/hub"
        reason = "until the move"
        owner = "net@contoso.example"
        expires = 2027-01-31
        """,
    )

    assert told.select == ("NSG", "ADR-0*")
    assert told.ignore == ("NSG-014",)
    assert told.fail_on is Severity.MEDIUM
    assert told.strict is True
    assert told.rules == (str(tmp_path / "own/rules"),)
    assert told.service_tags == str(tmp_path / "tags/public.json")
    assert told.parameters == {"NSG-001": {"max-days": 3}}
    (waiver,) = told.waivers
    assert (waiver.owner, waiver.expires, waiver.line) == (
        "net@contoso.example",
        date(2027, 1, 31),
        12,
    )


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    told = read(tmp_path, "")

    assert told.select is None
    assert told.fail_on is None
    assert told.strict is None
    assert told.waivers == ()


@pytest.mark.parametrize(
    ("text", "what", "advice"),
    [
        ("fail_on = 'low'", "unknown key", "did you mean fail-on?"),
        ("selct = []", "unknown key", "did you mean select?"),
        ("zebra = 1", "unknown key", "valid keys: select"),
        ("select = 'NSG'", "select must be a list of strings", ""),
        ("ignore = [1]", "ignore must be a list of strings", ""),
        ("strict = 'yes'", "strict must be true or false", ""),
        ("fail-on = 3", "fail-on must be a severity", ""),
        ("fail-on = 'bad'", '"bad" is no severity', "choose from critical, high"),
        ("service-tags = 3", "service-tags must be the name of a file", ""),
        ("service-tags = ' '", "service-tags must be the name of a file", ""),
        ('service-tags = "a\\u0000b"', "service-tags must be the name of a file", ""),
        ("params = 1", "params must hold tables", ""),
        ("[params]\nNSG-001 = 1", "params must hold tables", ""),
        ("waiver = 1", r"written as \[\[waiver\]\]", ""),
        ("[waiver]\nrule = 'x'", r"written as \[\[waiver\]\]", ""),
        ("select = [", "is not TOML", ""),
        ("x = 1\nx = 2", "is not TOML", ""),
        ("x = " + "1" * 5000, "is not TOML", ""),
        ("x = " + "[" * 100_000, "(nests too deeply|is not TOML)", ""),
    ],
)
def test_what_is_wrong_is_an_error_that_says_so(
    text: str, what: str, advice: str, tmp_path: Path
) -> None:
    error = refused(tmp_path, text)

    with pytest.raises(UsageError, match=what):
        raise error
    assert advice in error.advice


COMPLETE = {
    "rule": '"NSG-001"',
    "resource": '"*"',
    "reason": '"r"',
    "owner": '"o"',
    "expires": "2027-01-31",
}


def waiver(**changes: str | None) -> str:
    fields = {**COMPLETE, **changes}
    return "\n[[waiver]]\n" + "\n".join(f"{k} = {v}" for k, v in fields.items() if v is not None)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"rule": None}, "a waiver needs rule"),
        ({"resource": None}, "a waiver needs resource"),
        ({"rule": '""'}, "a waiver needs rule"),
        ({"resource": "5"}, "a waiver needs resource"),
        ({"owner": "5"}, "a waiver's owner must be text"),
        ({"expires": "5"}, "a waiver's expires must be a date"),
        ({"expires": "2027-01-31T00:00:00"}, "a waiver's expires must be a date"),
        ({"expires": '"soon"'}, '"soon" is no date'),
        ({"expries": "2027-01-31"}, "unknown key"),
    ],
)
def test_a_waiver_that_cannot_be_followed_is_refused_with_its_line(
    changes: dict[str, str | None], what: str, tmp_path: Path
) -> None:
    error = refused(tmp_path, waiver() + waiver(**changes))

    assert what in error.what
    assert error.where == f"{tmp_path / 'auditor.toml'}:8"


@pytest.mark.parametrize("key", ["reason", "owner", "expires"])
def test_a_waiver_may_lack_what_it_should_have_and_then_waives_nothing(
    key: str, tmp_path: Path
) -> None:
    (told,) = read(tmp_path, waiver(**{key: None})).waivers

    assert told.lacking == (key,)
    assert not told.holds(date(2026, 1, 1))


def test_a_date_may_be_text(tmp_path: Path) -> None:
    (told,) = read(tmp_path, waiver(expires='"2027-01-31"')).waivers

    assert told.expires == date(2027, 1, 31)


def test_a_waiver_holds_to_the_end_of_its_last_day() -> None:
    told = WaiverEntry("NSG-001", "*", "r", "o", date(2027, 1, 31))

    assert told.holds(date(2027, 1, 31))
    assert not told.holds(date(2027, 2, 1))
    assert told.covers(ONE, "/any")
    assert not told.covers(TWO, "/any")


def test_pyproject_holds_the_same_under_tool_auditor(tmp_path: Path) -> None:
    text = "[tool.auditor]\nstrict = true\n\n[[tool.auditor.waiver]]\n"
    text += waiver().partition("[[waiver]]\n")[2]

    told = read(tmp_path, text, "pyproject.toml")

    assert told.strict is True
    assert told.waivers[0].line == 4


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "has no [tool.auditor]"),
        ("tool = 3", "has no [tool.auditor]"),
        ("[tool]\nauditor = 3", "must be a table"),
        ("[tool.auditor]\nstrikt = true", "unknown key"),
    ],
)
def test_a_pyproject_that_says_nothing_is_refused_when_it_is_asked(
    text: str, what: str, tmp_path: Path
) -> None:
    assert what in refused(tmp_path, text, "pyproject.toml").what


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_refused(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "auditor.toml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(UsageError, match=r"(cannot be read|is not UTF-8)"):
        settings.read(path)


def test_the_configuration_is_found_upwards(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)
    assert settings.find(deep) in (None, *(p / "auditor.toml" for p in tmp_path.parents))

    (tmp_path / "auditor.toml").write_text("")
    assert settings.find(deep) == tmp_path / "auditor.toml"

    (tmp_path / "a" / "pyproject.toml").write_text("[tool.ruff]\n")
    (tmp_path / "a" / "b" / "pyproject.toml").write_text("tool = 3\n")
    assert settings.find(deep) == tmp_path / "auditor.toml"

    (tmp_path / "a" / "pyproject.toml").write_text("[tool.auditor]\n")
    assert settings.find(deep) == tmp_path / "a" / "pyproject.toml"

    (tmp_path / "a" / "auditor.toml").write_text("")
    assert settings.find(deep) == tmp_path / "a" / "auditor.toml"


@pytest.mark.parametrize(
    ("pattern", "rule_", "names"),
    [
        ("NSG-001", ONE, True),
        ("nsg-001", ONE, True),
        ("NSG-001", TWO, False),
        ("NSG", ONE, True),
        ("nsg", ONE, True),
        ("NS", ONE, False),
        ("NSG-0*", TWO, True),
        ("NSG-00?", TWO, False),
        ("*", OFF, True),
        ("open-door", ONE, True),
        ("Open-Door", ONE, True),
        ("open-*", ONE, False),
        ("", ONE, False),
        ("[", ONE, False),
    ],
)
def test_a_rule_is_named_by_id_family_name_or_glob_of_ids(
    pattern: str, rule_: Rule[Any], names: bool
) -> None:
    assert matches_rule(pattern, rule_) is names


HUB = arm_id("Microsoft.Network/virtualNetworks", "Hub")


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        (HUB, True),
        (HUB.upper() + "/", True),
        (HUB.removeprefix("/"), True),
        ("virtualNetworks/hub", True),
        ("virtualnetworks/h*", True),
        ("hub", True),
        ("ub", False),
        ("*/hub", True),
        ("*ub", True),
        ("/subscriptions/*/virtualNetworks/hub", True),
        ("/virtualNetworks/hub", False),
        ("*/subnets/*", False),
        ("*", True),
        (HUB + "/subnets/app", False),
    ],
)
def test_a_resource_is_named_by_id_end_of_id_or_glob(pattern: str, names: bool) -> None:
    assert matches_resource(pattern, HUB) is names


def test_an_id_with_brackets_names_itself() -> None:
    assert matches_resource("exports/[a].json", "exports/[a].json")


def names(*found: Rule[Any]) -> list[str]:
    return [each.id for each in found]


def test_all_that_are_on_are_chosen_when_nothing_is_said() -> None:
    assert names(*chosen(RULES, None, ())) == ["NSG-001", "NSG-014"]


def test_what_is_ignored_is_left_out_even_if_selected() -> None:
    assert names(*chosen(RULES, ("NSG",), ("NSG-014",))) == ["NSG-001"]
    assert names(*chosen(RULES, ("NSG-*",), ("open-door",))) == ["NSG-014"]


@pytest.mark.parametrize("pattern", ["ADR-003", "adr-003", "shy-rule"])
def test_a_rule_that_is_off_runs_when_it_is_named(pattern: str) -> None:
    assert names(*chosen(RULES, (pattern,), ())) == ["ADR-003"]


@pytest.mark.parametrize("pattern", ["*", "ADR-*", "ADR"])
def test_a_rule_that_is_off_is_not_named_by_family_or_glob(pattern: str) -> None:
    assert "ADR-003" not in names(*chosen(RULES, (pattern, "NSG-001"), ()))


@pytest.mark.parametrize(
    ("select", "ignore", "what", "advice"),
    [
        (("NSG-100",), (), 'no rule matches "NSG-100"', "did you mean NSG-001?"),
        (None, ("nsg-041",), 'no rule matches "nsg-041"', "did you mean NSG-014?"),
        (("zebra",), (), 'no rule matches "zebra"', "see: auditor rules"),
        (("",), (), 'no rule matches ""', ""),
        (("NSG",), ("*",), "no rule is left", ""),
        ((), (), "no rule is left", ""),
        (("ADR",), (), "no rule is left", ""),
    ],
)
def test_a_pattern_that_names_nothing_is_refused(
    select: tuple[str, ...] | None, ignore: tuple[str, ...], what: str, advice: str
) -> None:
    with pytest.raises(UsageError, match=what) as caught:
        chosen(RULES, select, ignore)

    assert advice in caught.value.advice


def test_parameters_take_the_types_of_the_defaults() -> None:
    given = {
        "nsg-001": {
            "max-days": 3,
            "share": 1,
            "words": ["x", "y"],
            "loud": True,
            "since": date(2027, 2, 3),
        }
    }

    assert parameters(RULES, given, "f") == {
        "NSG-001": Limits(3, 1.0, ("x", "y"), True, date(2027, 2, 3))
    }
    assert parameters(RULES, {"NSG-001": {}}, "f") == {"NSG-001": Limits()}
    assert parameters(RULES, {}, "f") == {}


@pytest.mark.parametrize(
    ("given", "what", "advice"),
    [
        ({"NSG-001": {"max-days": "3"}}, "Expected `int`, got `str`", ""),
        ({"NSG-001": {"max-days": True}}, "Expected `int`, got `bool`", ""),
        ({"NSG-001": {"max-days": 1.5}}, "Expected `int`, got `float`", ""),
        ({"NSG-001": {"max-days": -1}}, "max-days is negative", ""),
        ({"NSG-001": {"words": "x"}}, "Expected `array`, got `str`", ""),
        ({"NSG-001": {"words": [1]}}, "Expected `str`, got `int`", ""),
        ({"NSG-001": {"max_days": 3}}, "unknown key", "did you mean max-days?"),
        ({"NSG-014": {"x": 3}}, "NSG-014 takes no parameters", ""),
        ({"NSG-02": {}}, "there is no rule", "did you mean NSG-0"),
        ({"NSG-001": {}, "nsg-001": {}}, "has its parameters twice", ""),
    ],
)
def test_parameters_that_do_not_fit_are_refused(
    given: dict[str, dict[str, Any]], what: str, advice: str
) -> None:
    with pytest.raises(UsageError, match=what) as caught:
        parameters(RULES, given, "auditor.toml")

    assert advice in caught.value.advice
    assert caught.value.where.startswith("auditor.toml: params.")


def test_a_waiver_of_a_rule_that_does_not_exist_is_refused() -> None:
    good = WaiverEntry("nsg-*", "*", file="f", line=3)
    bad = WaiverEntry("NSG-0O1", "*", file="f", line=9)

    settings.check_waivers(RULES, [good])
    with pytest.raises(UsageError, match='no rule matches "NSG-0O1"') as caught:
        settings.check_waivers(RULES, [good, bad])

    assert caught.value.where == "f:9"
    assert caught.value.advice.startswith("did you mean NSG-0")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("[params.PE-010]\nport = 99999", "2: params.PE-010.port: Expected `int` <= 65535"),
        ("[params.pe-010]\nport = -5", "2: params.pe-010.port: Expected `int` >= 0"),
        ("[params.NSG-011]\n\nports = [22, 70000]", "3: params.NSG-011.ports: Expected `int` <="),
        ("[params.NSG-011]\nports = [-1]", "2: params.NSG-011.ports: Expected `int` >= 0"),
        ("[params.NSG-008]\ntcp = [65536]", "2: params.NSG-008.tcp: Expected `int` <= 65535"),
        ("[params.EXP-007]\nports = [-1]", "2: params.EXP-007.ports: Expected `int` >= 0"),
        (
            '[params.EXP-005]\nallow = ["ports"]\nports = ["ssh"]',
            '3: params.EXP-005.ports: "ssh" is neither a port',
        ),
        (
            '[params.NAT-005.declared]\n"*/aks" = ["hello"]',
            '1: params.NAT-005.declared: "hello" is not a CIDR',
        ),
        (
            '[params.GW-023]\nclients = ["AzureCloud", "10.0.0.0/40"]',
            '2: params.GW-023.clients: "10.0.0.0/40"',
        ),
        ("[params.GW-020]\nrecommended-v1 = 33", "2: params.GW-020.recommended-v1: Expected `int`"),
        ("[params.ADR-009]\nlongest-prefix = -1", "2: params.ADR-009.longest-prefix: Expected"),
        ("[params.TLS-001]\nalarm-days = -1", "2: params.TLS-001.alarm-days: Expected `int`"),
        ("[params.NAT-003]\nports-per-machine = 70000", "2: params.NAT-003.ports-per-machine: "),
        ("[params.RTE-007]\nallowed = ['x']", "2: params.RTE-007.allowed: "),
    ],
)
def test_a_value_that_a_rule_cannot_use_is_told_with_its_place(
    given: str, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "auditor.toml"
    path.write_text(given)
    read_ = settings.read(path)

    with pytest.raises(UsageError) as caught:
        parameters(registry.rules(), read_.parameters, read_.file)

    assert str(caught.value).startswith(f"{path}:{told}")
