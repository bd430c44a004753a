"""The reference of rules as a page: all of it, made of what the committed pages are made of."""

from __future__ import annotations

import html
import re
from functools import cache
from pathlib import Path

import pytest

from auditor import registry
from auditor.commands.rulebook import reference

PAGES = Path(__file__).parents[3] / "docs" / "rules"


@cache
def page() -> str:
    return reference(registry.rules().values())


def words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z]{3,}", text))


def test_the_same_rules_give_the_same_page() -> None:
    assert reference(registry.rules().values()) == page()


@pytest.mark.parametrize("rule", sorted(registry.rules()))
def test_it_says_what_the_committed_page_says(rule: str) -> None:
    entries = page().split('<li class="finding')
    (entry,) = (each for each in entries if f' id="{rule}" ' in each[:100])
    shown = words(html.unescape(re.sub(r"<[^>]*>", " ", entry))) | words(entry)
    committed = (PAGES / f"{rule}.md").read_text(encoding="utf-8")
    committed = re.sub(r"\]\((?!https:)[^)]*\)", "]", committed)

    assert words(committed) - shown == set()
