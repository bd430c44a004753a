from __future__ import annotations

import re
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from auditor import registry
from auditor.errors import UsageError
from auditor.rule import Rule

RULES = registry.rules()
RULE = '''"""A thing is wrong.

## Why it matters
It does.
"""

from auditor.rule import Finding, Network, Outcomes, Severity, rule
from auditor.network.graph import whole


@rule("{id}", severity=Severity.LOW, since="1.0.0", of=whole)
def wrong_thing(network: Network, _: Network) -> Outcomes:
    """Say so."""
    yield Finding("", "wrong", "mend")
'''


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_a_rule_is_a_room(rule: Rule[Any]) -> None:
    path = Path(sys.modules[rule.module].__file__ or "")
    sections = re.findall(r"^## (.+)$", rule.page, re.MULTILINE)

    assert path.stem.replace("_", "-") == rule.name
    assert sections[:2] == ["Why it matters", "What fails"]
    assert "What to do" in sections
    assert rule.title.endswith(".")
    assert len(rule.title) <= 100
    assert re.fullmatch(r"\d+\.\d+\.\d+", rule.since)
    assert all(re.fullmatch(r"(CIS [\d.]+|MCSB)/\S+", each) for each in rule.controls)


def test_names_are_unique_and_ids_sorted() -> None:
    assert len({rule.name for rule in RULES.values()}) == len(RULES)
    assert list(RULES) == sorted(RULES)
    assert list(RULES) == [rule.id for rule in RULES.values()]


def test_rules_of_a_folder_come_with_ours(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "one.py").write_text(RULE.format(id="ZZZ-001"))
    (tmp_path / "two.py").write_text(RULE.format(id="ZZZ-002"))

    found = registry.rules((str(tmp_path),))

    assert list(found) == [*RULES, "ZZZ-001", "ZZZ-002"]


def test_a_folder_given_twice_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(RULE.format(id="ZZZ-003"))

    found = registry.rules((str(tmp_path), f"{tmp_path}/../{tmp_path.name}"))

    assert "ZZZ-003" in found


def test_tests_helpers_and_caches_of_a_folder_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(RULE.format(id="ZZZ-004"))
    for name in ("test_one.py", "_help.py", ".hidden.py", ".venv/lib/x.py", "__pycache__/x.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("raise SystemError('read')")

    assert "ZZZ-004" in registry.rules((str(tmp_path),))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = ", "SyntaxError"),
        ("raise SystemExit(0)", "SystemExit"),
        ("import nonsense_that_is_not_there", "ModuleNotFoundError"),
        (RULE.format(id="no id"), "BadRule"),
        (RULE.format(id="ZZZ-005").partition('"""\n\n')[2], "docstring"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_named(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(text)

    with pytest.raises(UsageError, match=re.escape(str(tmp_path / "bad.py"))) as caught:
        registry.rules((str(tmp_path),))

    assert told in caught.value.what
    assert not any(name.endswith("_bad") for name in sys.modules)


@pytest.mark.parametrize("taken", ["ZZZ-006", next(iter(RULES))])
def test_two_rules_with_one_id_are_refused_and_both_named(taken: str, tmp_path: Path) -> None:
    (tmp_path / "first.py").write_text(RULE.format(id="ZZZ-006"))
    (tmp_path / "second.py").write_text(RULE.format(id=taken))

    with pytest.raises(UsageError, match=f"two rules are called {taken}") as caught:
        registry.rules((str(tmp_path),))

    assert caught.value.what.count(".py") == 2


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder"):
        registry.rules((str(tmp_path / "gone"),))


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"readme.md": "rules"},
        {"test_one.py": RULE, "_one.py": RULE},
        {"one.py": "def wrong_thing(): ..."},
        {"one.py": "from auditor.rule import Rule, rule"},
    ],
    ids=["empty", "no Python", "passed over", "no decorator", "imports alone"],
)
def test_a_folder_without_rules_is_refused(files: dict[str, str], tmp_path: Path) -> None:
    """Else a misspelt folder would leave its rules out, and the audit be green."""
    for name, text in files.items():
        (tmp_path / name).write_text(text)

    with pytest.raises(UsageError, match=re.escape(f"{tmp_path} holds no rule")) as caught:
        registry.rules((str(tmp_path),))

    assert (caught.value.exit_status, caught.value.where) == (2, "--rules")
    assert "@rule" in caught.value.advice


def test_one_folder_without_rules_among_others_is_refused(tmp_path: Path) -> None:
    for name in ("full", "bare"):
        (tmp_path / name).mkdir()
    (tmp_path / "full" / "one.py").write_text(RULE.format(id="ZZZ-007"))

    with pytest.raises(UsageError, match="bare holds no rule"):
        registry.rules((str(tmp_path / "full"), str(tmp_path / "bare")))


def test_every_report_loads() -> None:
    assert "console" in registry.renderer_names()
    for name in registry.renderer_names():
        assert callable(registry.renderer(name))


def test_an_unknown_report_names_those_there_are() -> None:
    with pytest.raises(UsageError, match="no report called 'xml'") as caught:
        registry.renderer("xml")

    assert caught.value.advice == "choose from " + ", ".join(registry.renderer_names())


def test_a_report_that_cannot_be_loaded_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = EntryPoint("boat", "nonsense_that_is_not_there:render", "auditor.reports")
    points: Callable[[], dict[str, EntryPoint]] = lambda: {"boat": broken}  # noqa: E731
    monkeypatch.setattr(registry, "_renderer_points", points)

    with pytest.raises(UsageError, match="cannot load the report boat: ModuleNotFoundError"):
        registry.renderer("boat")
