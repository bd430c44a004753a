from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import pytest
from msgspec import Struct

from auditor.finding import Finding, Severity
from auditor.network.graph import Network, whole
from auditor.rule import BadRule, Outcome, Rule, parameter_fields, rule

PAGE = """
A thing is wrong.

## Why it matters
It does.
"""


def in_module(check: Callable[..., Any], page: str | None) -> Callable[..., Any]:
    """Give the function as if it stood in a module with this docstring."""
    return FunctionType(check.__code__, {**check.__globals__, "__doc__": page}, check.__name__)


def wrong_thing(network: Network, _: Network) -> Iterator[Outcome]:
    yield Finding("", "wrong", "mend")


@dataclass(frozen=True)
class Limits:
    most_days: int = 3
    words: tuple[str, ...] = ("a",)


class Bounds(Struct, frozen=True):
    most_days: int = 3
    words: tuple[str, ...] = ("a",)


@dataclass
class Melting:
    days: int = 3


class Thawing(Struct):
    days: int = 3


def declared(**more: Any) -> Rule[Any]:
    options: dict[str, Any] = {"severity": Severity.LOW, "since": "0.1.0", "of": whole, **more}
    decorate: Any = rule(options.pop("id", "TST-001"), **options)
    made: Rule[Any] = decorate(in_module(wrong_thing, PAGE))
    return made


def test_a_rule_takes_its_name_title_and_page_from_its_file() -> None:
    made = declared()

    assert made.name == "wrong-thing"
    assert made.title == "A thing is wrong."
    assert made.page.endswith("It does.")
    assert made.family == "TST"
    assert made.on
    assert not made.after
    assert parameter_fields(made) == {}


@pytest.mark.parametrize(
    "name", ["TST-1", "tst-001", "T-001", "TST001", "TST-0001", "", "TST-001\n"]
)
def test_an_id_has_a_family_and_three_digits(name: str) -> None:
    with pytest.raises(BadRule, match="no rule id"):
        declared(id=name)


@pytest.mark.parametrize(
    "page",
    [
        "A.\n\n## Why\n  - It does.\n",
        "  A.\n\n    ## Why\n      - It does.\n    ",
        "\n    A.\n\n    ## Why\n      - It does.",
    ],
)
def test_a_page_begins_at_the_margin(page: str) -> None:
    decorate = rule("TST-001", severity=Severity.LOW, since="0.1.0", of=whole)
    assert decorate(in_module(wrong_thing, page)).page == "A.\n\n## Why\n  - It does."


@pytest.mark.parametrize("page", [None, "", "\n \n"])
def test_a_rule_without_a_page_is_refused(page: str | None) -> None:
    decorate = rule("TST-001", severity=Severity.LOW, since="0.1.0", of=whole)

    with pytest.raises(BadRule, match="docstring"):
        decorate(in_module(wrong_thing, page))


@pytest.mark.parametrize("parameters", [Melting, Thawing, int])
def test_parameters_are_frozen(parameters: type[Any]) -> None:
    with pytest.raises(BadRule, match="frozen"):
        declared(parameters=parameters)


@pytest.mark.parametrize("limits", [Limits, Bounds])
def test_parameters_replace_the_defaults(limits: type[Any]) -> None:
    made = declared(parameters=limits)
    seen: list[Any] = []

    def check(_: Network, __: Network, given: Any) -> Iterator[Outcome]:
        seen.append(given)
        yield from ()

    asked = Rule(**{**{f: getattr(made, f) for f in made.__struct_fields__}, "check": check})
    list(asked.judge(None, None))  # type: ignore[arg-type]
    list(asked.judge(None, None, limits(9)))  # type: ignore[arg-type]

    assert seen == [limits(), limits(9)]
    assert parameter_fields(made) == {"most-days": 3, "words": ("a",)}
