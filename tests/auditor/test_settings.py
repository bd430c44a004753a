from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from auditor import settings
from auditor.errors import UsageError
from auditor.finding import Severity
from auditor.settings import WaiverEntry

from ..few_rules import ONE, RULES, TWO


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


def test_a_file_saved_on_windows_is_read_and_its_lines_are_counted(tmp_path: Path) -> None:
    text = "\ufeff[[waiver]]\r\nrule = 'NSG-001'\r\nresource = '*'\r\n"

    (waiver,) = read(tmp_path, text).waivers

    assert waiver.line == 1


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


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("strict = true\n\nselekt = ['NSG']", 3),
        ("[params.NSG-001]\nstrict = 1\n[selekt]\nx = 1", 3),
        ("# strict = true\nfail-on = 'high'\nstrict = 'yes'", 3),
        ("select = [\n  'NSG',\n]\nignore = 'NSG'", 4),
        ("select = ['NSG']\nfail-on = 'bad'", 2),
        ("strict = true\nfail-on = 3", 2),
        ("strict = true\nparams = 1", 2),
        ("strict = true\n[params]\nNSG-001 = 1", 2),
        ("strict = true\nwaiver = 1", 2),
        ("strict = true\n[history]\nstore = 'x'\nkeep-days = 0", 4),
        ("strict = true\n[history]\nstore = 'x'\nkeep_days = 9", 4),
        ("strict = true\nhistory.keep_days = 9", 2),
        ("[compliance]\nframework = []", 2),
        ("strict = true\nservice-tags = 3", 2),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int, tmp_path: Path) -> None:
    file = str(tmp_path / "auditor.toml")
    assert re.match(rf"{re.escape(file)}:{line}(:|$)", refused(tmp_path, text).where)


def test_lines_of_a_shared_file_are_told_as_well(tmp_path: Path) -> None:
    text = '[project]\nstrict = 3\n\n["tool".auditor]\nstrict = "yes"\n'
    error = refused(tmp_path, text, "pyproject.toml")
    assert error.where == f"{tmp_path / 'pyproject.toml'}:5"


@pytest.mark.parametrize("key", ["select", "ignore"])
def test_a_pattern_that_names_no_rule_is_told_with_its_line(key: str, tmp_path: Path) -> None:
    told = read(tmp_path, f"strict = true\n{key} = ['NSG-0O1']")
    with pytest.raises(UsageError, match='no rule matches "NSG-0O1"') as caught:
        settings.check_patterns(RULES, told)
    assert caught.value.where == f"{tmp_path / 'auditor.toml'}:2"
    settings.check_patterns(RULES, read(tmp_path, f"{key} = ['NSG']"))


def test_a_folder_of_rules_that_is_none_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="own is no folder") as caught:
        settings.check_folders(read(tmp_path, "strict = true\nrules = ['own']"))
    assert caught.value.where == f"{tmp_path / 'auditor.toml'}:2"
    (tmp_path / "own").mkdir()
    settings.check_folders(read(tmp_path, "rules = ['own']"))


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


@pytest.mark.parametrize("key", ["reason", "owner"])
def test_a_reason_or_an_owner_of_blanks_is_none(key: str, tmp_path: Path) -> None:
    (told,) = read(tmp_path, waiver(**{key: '" \\t"'})).waivers

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
    "text",
    [
        "[tool.auditor]",
        "[ tool . auditor ]",
        "[\"tool\".'auditor']",
        "['tool'.\"audito\\u0072\"]",
        '["\\U00000074ool".auditor]',
        "[[tool.auditor.waiver]]",
        "[tool.auditor.params.NSG-001]",
        "[tool]\nauditor = {}",
        "[ 'tool' ]\nauditor.strict = true",
        "tool = { auditor = {} }",
        '"tool"={auditor={}}',
        "tool.auditor.strict = true",
        "tool\t.\t'auditor'.strict = true",
    ],
)
def test_a_table_of_ours_is_found_however_it_is_spelled(text: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[project]\nname = 'auditor'\n{text}\n")
    if not text.startswith("["):
        (tmp_path / "pyproject.toml").write_text(f"{text}\n")
    assert settings.find(tmp_path) == tmp_path / "pyproject.toml"


@pytest.mark.parametrize("damage", ["[tool.ruff", "[project]\nname = auditor"])
def test_a_damaged_file_of_other_tools_is_passed_over(damage: str, tmp_path: Path) -> None:
    (tmp_path / "auditor.toml").write_text("")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "pyproject.toml").write_text(damage)
    assert settings.find(tmp_path / "a") == tmp_path / "auditor.toml"


def test_a_waiver_of_a_rule_that_does_not_exist_is_refused() -> None:
    good = WaiverEntry("nsg-*", "*", file="f", line=3)
    bad = WaiverEntry("NSG-0O1", "*", file="f", line=9)

    settings.check_waivers(RULES, [good])
    with pytest.raises(UsageError, match='no rule matches "NSG-0O1"') as caught:
        settings.check_waivers(RULES, [good, bad])

    assert caught.value.where == "f:9"
    assert caught.value.advice.startswith("did you mean NSG-0")
