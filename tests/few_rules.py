"""Three rules that judge nothing, for what is said about rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from auditor.finding import Severity
from auditor.rule import Rule


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
