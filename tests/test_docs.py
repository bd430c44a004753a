"""What the documentation says is true: it is generated, parsed or run."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import runpy
import shlex
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditor import registry, settings
from auditor.cli import cli
from auditor.collect import permissions
from auditor.collect.outcome import State
from auditor.commands import recording
from auditor.history.lives import State as Stand
from auditor.parameters import parameters_of
from auditor.selection import chosen
from auditor.testing import resource

from .command import Command, apart
from .commandline import read

ROOT = Path(__file__).parents[1]


def loaded(path: Path) -> Any:
    """docs/ is no package of the installation."""
    spec = importlib.util.spec_from_file_location("docs_generate", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generate = loaded(ROOT / "docs" / "generate.py")
README = ROOT / "README.md"
WRITTEN = [
    *(README, *sorted(ROOT.glob("[A-Z]*.md")), *sorted((ROOT / "docs").glob("*.md"))),
    *sorted((ROOT / "docs" / "schedules").glob("*.md")),
]
WRITTEN = list(dict.fromkeys(WRITTEN))
TUTORIAL = ROOT / "docs" / "writing-rules.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
VNET = "Microsoft.Network/virtualNetworks"


def blocks(path: Path, language: str) -> list[str]:
    found = _BLOCK.findall(path.read_text(encoding="utf-8"))
    return [text for kind, text in found if kind == language]


def lines(path: Path) -> Iterator[str]:
    for text in blocks(path, "sh"):
        yield from (line for line in text.splitlines() if line and not line.startswith("#"))


def commands() -> list[tuple[str, list[str]]]:
    """Every auditor command of the documentation, also behind a pipe."""
    found = []
    for path in WRITTEN:
        for line in lines(path):
            for part in line.partition("    # ")[0].split(" | "):
                if part.startswith("auditor "):
                    found.append((path.name, shlex.split(part.partition(" > ")[0])[1:]))
    return found


def test_the_pages_of_the_rules_are_as_generated() -> None:
    there = {path: path.read_text(encoding="utf-8") for path in generate.PAGES.glob("*.md")}

    assert there == generate.pages(), "make docs writes them"


def test_the_page_about_reach_is_as_generated() -> None:
    assert generate.reach() == generate.REACH.read_text(encoding="utf-8")


def test_the_picture_of_an_estate_is_as_generated() -> None:
    assert generate.picture() == generate.PICTURE.read_text(encoding="utf-8"), "make docs writes it"


def test_the_page_about_snapshots_is_as_generated() -> None:
    text = generate.SNAPSHOT.read_text(encoding="utf-8")

    assert text == generate.snapshot(), "make docs writes it"
    assert text.count("<!-- generated:") == text.count("<!-- end -->") == 5


def test_the_roles_shown_are_what_a_snapshot_takes() -> None:
    role, cluster_role = map(json.loads, blocks(generate.SNAPSHOT, "json"))

    assert role == permissions.role()
    assert cluster_role == permissions.cluster_role()


def test_every_option_and_kind_of_gap_of_a_snapshot_is_documented() -> None:
    text = generate.SNAPSHOT.read_text(encoding="utf-8")

    options = {name for each in cli.commands["snapshot"].params for name in each.opts}
    assert {name for name in options if f"`{name}" not in text} == set()
    kinds = {state.value for state in State if not state.whole}
    assert {kind for kind in kinds if f"| `{kind}` |" not in text} == set()


def test_the_readme_is_as_generated() -> None:
    text = README.read_text(encoding="utf-8")

    assert text == generate.readme(), "make docs writes it"
    assert text.count("<!-- generated:") == text.count("<!-- end -->") == 2
    assert all(rule in text for rule in generate.SHOWN)


def test_generating_writes_what_is_missing_and_removes_what_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("# x\n<!-- generated: help -->\nold\n<!-- end -->\n", encoding="utf-8")
    monkeypatch.setattr(generate, "PAGES", tmp_path / "rules")
    monkeypatch.setattr(generate, "README", readme)
    for name in ("REACH", "SNAPSHOT", "PICTURE"):  # the tree itself stays as it is
        copy = tmp_path / getattr(generate, name).name
        copy.write_bytes(getattr(generate, name).read_bytes())
        monkeypatch.setattr(generate, name, copy)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "OLD-001.md").write_text("gone")

    generate.main()

    assert "Usage: auditor check" in readme.read_text(encoding="utf-8")
    names = {path.stem for path in (tmp_path / "rules").glob("*.md")}
    assert names == {"README", *registry.rules()}


@pytest.mark.parametrize(("file", "words"), commands(), ids=str)
def test_every_auditor_command_is_one(file: str, words: list[str]) -> None:
    context = read(words)

    for report in context.params.get("reports", ()):
        assert report.partition("=")[0] in registry.renderer_names()


def test_the_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    wanted = {line.split()[1] for path in WRITTEN for line in lines(path) if line[:5] == "make "}

    assert wanted >= {"demo", "test", "lint"}
    for target in wanted:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), target


def test_what_shipped_paths_commands_are_given_can_be_run(auditor: Command) -> None:
    run = [words for _, words in commands() if any("fixtures/" in word for word in words)]
    auditor.patch.chdir(ROOT)

    assert run
    for words in run:
        assert auditor(*words).status in (0, 1)


@pytest.mark.parametrize("number", range(2))
def test_the_configuration_shown_is_valid(number: int, auditor: Command) -> None:
    text = blocks(ROOT / "docs" / "configuration.md", "toml")[number]
    path = auditor.write(["auditor.toml", "pyproject.toml"][number], text)

    _follow(settings.read(path))


def _follow(told: settings.Settings) -> None:
    rules = registry.rules()
    assert chosen(rules, told.select, told.ignore)
    assert parameters_of(rules, told.parameters, told.file)
    settings.check_waivers(rules, told.waivers)
    assert all(not waiver.lacking for waiver in told.waivers)


def test_the_waiver_of_the_readme_is_valid(auditor: Command) -> None:
    text = "\n".join(blocks(README, "toml"))
    told = settings.read(auditor.write("auditor.toml", text))

    settings.check_waivers(registry.rules(), told.waivers)
    assert not told.waivers[0].lacking


def test_every_key_of_the_configuration_is_documented() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")

    for key in (*settings._KEYS, *settings._WAIVER_KEYS):
        spelled = (f"`{key}`", f"`[{key}]`", f"`[{key}.", f"`[[{key}]]`")
        assert any(each in text for each in spelled), key


def test_the_page_about_histories_tells_every_state_option_and_key(auditor: Command) -> None:
    page = ROOT / "docs" / "history.md"
    text = page.read_text(encoding="utf-8")

    assert {state for state in Stand if f"| `{state}` |" not in text} == {"open"}
    options = {name for each in recording.OPTIONS for name in each.opts}
    assert {name for name in options if f"`{name}" not in text} == set()
    assert {name for name in cli.commands["history"].commands if name not in text} == set()  # type: ignore[attr-defined]
    told = settings.read(auditor.write("auditor.toml", "\n".join(blocks(page, "toml"))))
    assert told.history.estate == "shop"
    assert {key for key in settings._HISTORY_KEYS if f"{key} = " not in text} == set()


def test_every_key_of_the_report_is_documented() -> None:
    text = (ROOT / "docs" / "json-report.md").read_text(encoding="utf-8")
    schema: Any = json.loads(generate.said("schema"))

    keys = {*schema["properties"], *schema["$defs"]["finding"]["properties"]}
    keys |= {*schema["$defs"]["audit"]["properties"], *schema["$defs"]["summary"]["properties"]}
    assert {key for key in keys if f"`{key}`" not in text} == set()


# the tutorial


@pytest.fixture
def tutorial(auditor: Command) -> Command:
    """A folder with the tutorial's rule, its test, and something to audit."""
    rule, test, report = blocks(TUTORIAL, "python")
    auditor.write("our-rules/untagged_network.py", rule)
    auditor.write("our-rules/test_untagged_network.py", test)
    auditor.write("contoso_auditor_rules/__init__.py", '"""Rules of Contoso."""\n')
    auditor.write("contoso_auditor_rules/untagged_network.py", rule)
    auditor.write("contoso_auditor_rules/_tabs.py", report)
    auditor.write("exports/hub.json", resource(VNET, "hub"))
    return auditor


def test_the_rule_of_the_tutorial_runs_from_its_folder(tutorial: Command) -> None:
    select = ("--select", "ORG-001", "--report", "json")
    ran = tutorial("check", "exports/", "--rules", "our-rules", *select, "--fail-on", "medium")

    (finding,) = ran.report["findings"]
    assert ran.status == 1
    assert finding["message"] == "the virtual network hub has no tag cost-centre"
    assert finding["remedy"].endswith("--operation Merge --tags cost-centre=NUMBER")
    assert (
        "A virtual network does not say"
        in tutorial("explain", "ORG-001", "--rules", "our-rules").out
    )

    tutorial.write("auditor.toml", blocks(TUTORIAL, "toml")[0])
    (finding,) = tutorial("check", "exports/", *select).report["findings"]
    assert finding["message"].endswith("has no tag kostenstelle")


def test_the_tests_of_the_tutorial_pass(tutorial: Command) -> None:
    tutorial.patch.setattr(sys, "path", [*sys.path])
    tutorial.patch.setitem(sys.modules, "untagged_network", None)
    del sys.modules["untagged_network"]

    told = runpy.run_path(str(tutorial.folder / "our-rules" / "test_untagged_network.py"))

    tests = [value for name, value in told.items() if name.startswith("test_")]
    assert len(tests) == 4
    for test in tests:
        test()


def test_the_package_of_the_tutorial_brings_its_rule_and_report(tutorial: Command) -> None:
    made: dict[str, Any] = {}
    for text in blocks(TUTORIAL, "toml")[1:]:
        for group, points in tomllib.loads(text)["project"]["entry-points"].items():
            made[group] = points
    told = [
        line
        for group, points in made.items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items()))
    ]
    tutorial.write("contoso-1.0.dist-info/entry_points.txt", "\n".join(told))
    tutorial.write("contoso-1.0.dist-info/METADATA", "Name: contoso\nVersion: 1.0\n")
    environment = {"PYTHONPATH": os.pathsep.join([str(tutorial.folder), *sys.path])}

    words = ["check", "exports/", "--select", "ORG-001", "--report", "tabs"]
    ran = apart(*words, environment=environment)

    assert ran.stderr == b""
    assert ran.stdout.decode().split("\t")[:2] == ["medium", "ORG-001"]


def test_the_page_about_reach_lists_the_codes_of_hops() -> None:
    page = (ROOT / "docs/reach.md").read_text(encoding="utf-8")
    listed = page[page.index("Codes of hops:") :].partition("\n\n")[0]
    called = re.compile(r'(?:remark|Step)\(\s*(?:[\w.()\s,]+?,\s*)?"([a-z]+(?:-[a-z]+)*)"')
    files = (ROOT / "auditor/reach").glob("*.py")
    used = {code for file in files for code in called.findall(file.read_text(encoding="utf-8"))}

    assert len(used) > 20
    assert sorted(used - set(re.findall(r"`([a-z-]+)`", listed))) == []
