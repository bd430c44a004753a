from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import Any

from auditor.explain import page
from auditor.finding import Severity
from auditor.rule import Rule


@dataclass(frozen=True)
class Limits:
    max_days: int = 7
    strict: bool = True
    names: tuple[str, ...] = ("a", 'b"c')
    none: tuple[str, ...] = ()


def rule(**more: Any) -> Rule[Any]:
    return Rule(
        id="TST-001",
        name="wrong-thing",
        title="A thing is wrong.",
        page="A thing is wrong.\n\n## Why it matters\nIt does.",
        severity=Severity.HIGH,
        since="0.1.0",
        subjects=lambda _: (),
        check=lambda *_: iter(()),
        **more,
    )


def test_a_page_tells_what_there_is_to_tell() -> None:
    assert page(rule()) == (
        "# TST-001 A thing is wrong.\n\n`wrong-thing`\n\n- severity: high\n- since: 0.1.0\n\n"
        "## Why it matters\nIt does."
    )


def test_a_page_tells_controls_peers_and_parameters() -> None:
    text = page(rule(on=False, controls=("MCSB/NS-1",), peers=("CKV_1",), parameters=Limits()))

    assert "- runs only when selected by id\n" in text
    assert "- controls: MCSB/NS-1\n" in text
    assert "- elsewhere: CKV_1\n" in text
    _, _, parameters = text.partition("under `[params.TST-001]`:\n\n")
    assert parameters.splitlines() == [
        "- `max-days = 7` by default",
        "- `strict = true` by default",
        """- `names = ["a", "b\\"c"]` by default""",
        "- `none = []` by default",
    ]


def test_a_parameter_can_be_copied_as_it_is_shown() -> None:
    shown = re.findall(r"^- `(.*)` by default$", page(rule(parameters=Limits())), re.MULTILINE)

    assert tomllib.loads("\n".join(shown)) == {
        "max-days": 7,
        "strict": True,
        "names": ["a", 'b"c'],
        "none": [],
    }
