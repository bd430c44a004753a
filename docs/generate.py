"""Write what the documentation takes from the program: `python -m docs.generate`.

The page of each rule, the index of rules, the picture of an estate, and the parts of pages between
`<!-- generated: NAME -->` and `<!-- end -->`. A test compares what is committed.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

from auditor.cli import main as auditor
from auditor.collect import permissions
from auditor.collect.catalogue import KINDS, By, Kind
from auditor.explain import page
from auditor.registry import rules
from auditor.rule import Rule

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "rules"
README = ROOT / "README.md"
REACH = ROOT / "docs" / "reach.md"
SNAPSHOT = ROOT / "docs" / "snapshot.md"
PICTURE = ROOT / "docs" / "network.svg"
DEMO = ("check", "fixtures/estates/docker-to-aks-broken", "--as-of", "2026-11-23")
SHOWN = ("GW-002", "TLS-003")
"""The findings of the demo that README.md shows."""
_FACTS = re.compile(r"^(- )(Facts?)(?= [A-Z]-\d)", re.MULTILINE)
_REGION = re.compile(r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def _linked(text: str) -> str:
    """Lead from the facts a page cites to what they say."""
    return _FACTS.sub(r"\1[\2](../facts.md)", text)


def pages() -> dict[Path, str]:
    """Give every generated file of docs/rules by its path."""
    found = {PAGES / f"{rule.id}.md": _linked(page(rule)) + "\n" for rule in rules().values()}
    return {**found, PAGES / "README.md": index()}


def index() -> str:
    """Give the list of all rules, a table for each family."""
    families: dict[str, list[Rule[Any]]] = defaultdict(list)
    for rule in rules().values():
        families[rule.module.rpartition(".")[0]].append(rule)
    parts = [
        "# Rules",
        "",
        "Written by `make docs` from the rules themselves; `auditor explain ID` shows a page too.",
    ]
    for package in sorted(families, key=lambda name: families[name][0].id):
        parts += ["", f"## {_about(package)}", "", "| Rule | Severity | What is wrong |"]
        parts += ["| --- | --- | --- |", *(_row(rule) for rule in families[package])]
    return "\n".join(parts) + "\n"


def _about(package: str) -> str:
    text = (import_module(package).__doc__ or "").strip().partition("\n")[0].rstrip(".")
    return text or package.rpartition(".")[2]


def _row(rule: Rule[Any]) -> str:
    off = "" if rule.on else " *(only when selected by id)*"
    return f"| [{rule.id}]({rule.id}.md) | {rule.severity.word} | {rule.title}{off} |"


def readme() -> str:
    """Give README.md with its generated parts as they must be."""
    return _filled(README, {"demo": _demo(), "help": _help()})


def reach() -> str:
    """Give docs/reach.md with its generated part as it must be."""
    return _filled(REACH, {"exposed": _exposed()})


def snapshot() -> str:
    """Give docs/snapshot.md with its generated parts as they must be."""
    made = {"help": _words("snapshot", "--help"), "read": _read(), "role": _role()}
    made |= {"cluster-role": _cluster_role(), "arithmetic": _arithmetic()}
    return _filled(SNAPSHOT, made)


def picture() -> str:
    """Give docs/network.svg as it must be."""
    return said("graph", "fixtures/estates/docker-to-aks-broken", "--format", "svg")


def _words(*arguments: str) -> str:
    return f"```text\n{said(*arguments).rstrip()}\n```"


def _read() -> str:
    """Every kind of list, once for each thing it is asked of."""
    rows = ["| List | Asked of | api-version |", "| --- | --- | --- |"]
    asked: dict[tuple[str, str], list[str]] = {}
    for kind in KINDS:
        listed = kind.action.removesuffix("/read")
        asked.setdefault((listed, kind.version), []).append(_asked_of(kind))
    rows += [
        f"| {listed} | {', '.join(of)} | {version} |" for (listed, version), of in asked.items()
    ]
    return "\n".join(rows)


def _asked_of(kind: Kind) -> str:
    if kind.by is By.GROUP:
        return "each resource group that has one"
    if kind.asked:
        return "each subscription that has one"
    if kind.by is By.SUBSCRIPTION:
        return "each subscription"
    listed = kind.action.removesuffix("/read")
    inside = listed.lower().startswith(kind.parent.lower())
    return "each parent" if inside else f"each {kind.parent.partition('/')[2]}"


def _role() -> str:
    return f"```json\n{json.dumps(permissions.role(), indent=2)}\n```"


def _cluster_role() -> str:
    return f"```json\n{json.dumps(permissions.cluster_role(), indent=2)}\n```"


def _arithmetic() -> str:
    plain = sum(kind.by is By.SUBSCRIPTION and not kind.asked for kind in KINDS)
    rare = sum(kind.asked for kind in KINDS)
    groups = sum(kind.by is By.GROUP for kind in KINDS)
    return (
        f"One subscription takes {plain + 2} calls: its resource groups, its inventory, and "
        f"{plain} lists. On top come up to {rare} lists of types that only some subscriptions "
        f"have, up to {groups} for each resource group with a gateway or a connection in it (the "
        "inventory tells which), a call for each further page, and one for each list of children."
    )


def _filled(page: Path, made: Mapping[str, str]) -> str:
    text = page.read_text(encoding="utf-8")
    return _REGION.sub(lambda m: f"{m[1]}{made[m[2]]}\n{m[3]}", text)


EXPOSED = ("reach", "fixtures/estates/docker-to-aks-broken", "--from", "internet")


def _exposed() -> str:
    command = " ".join(("$ auditor", *EXPOSED))
    return f"```text\n{command}\n\n{said(*EXPOSED).rstrip()}\n```"


def _demo() -> str:
    blocks = said(*DEMO).split("\n\n")
    chosen = [
        block for name in SHOWN for block in blocks if re.match(rf"\s*[A-Z]+  {name} ", block)
    ]
    parts = [" ".join(("$ auditor", *DEMO)), "[...]", *chosen, "[...]"]
    return "```text\n" + "\n\n".join(part.strip("\n").rstrip() for part in parts) + "\n```"


def _help() -> str:
    return "```text\n" + said("--help") + "\n" + said("check", "--help").rstrip() + "\n```"


def said(*arguments: str) -> str:
    """Give what a command says, at 100 columns, without colour, from the root of the project."""
    out, before = io.StringIO(), Path.cwd()
    environment: Mapping[str, str] = {"COLUMNS": "100", "NO_COLOR": "1"}
    os.chdir(ROOT)
    try:
        with mock.patch.dict(os.environ, environment), redirect_stdout(out):
            auditor(arguments)
    finally:
        os.chdir(before)
    return out.getvalue()


def stale() -> Iterator[Path]:
    """Give the pages of rules that are gone."""
    wanted = pages()
    yield from (path for path in sorted(PAGES.glob("*.md")) if path not in wanted)


def main() -> int:
    """Write everything."""
    PAGES.mkdir(exist_ok=True)
    for path in stale():
        path.unlink()
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
    README.write_text(readme(), encoding="utf-8")
    REACH.write_text(reach(), encoding="utf-8")
    SNAPSHOT.write_text(snapshot(), encoding="utf-8")
    PICTURE.write_text(picture(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
