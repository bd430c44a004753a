"""The files that users copy into their pipelines: well formed, and calling what there is."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from importlib.metadata import entry_points
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from .commandline import read

ROOT = Path(__file__).parents[1]
HOOKS = ROOT / ".pre-commit-hooks.yaml"
PIPELINES = sorted((ROOT / "docs" / "ci").glob("*.yml"))


def loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def commands(path: Path) -> list[list[str]]:
    """Give the arguments of every auditor command in a pipeline."""
    lines = (line for text in strings(loaded(path)) for line in text.splitlines())
    return [shlex.split(line)[1:] for line in lines if line.startswith("auditor ")]


def hook_command() -> list[str]:
    (hook,) = loaded(HOOKS)
    return [*shlex.split(hook["entry"])[1:], *hook["args"]]


def every_command() -> list[list[str]]:
    return [hook_command(), *(command for path in PIPELINES for command in commands(path))]


def test_there_is_a_file_for_each_platform() -> None:
    names = [path.name for path in PIPELINES]

    assert names == ["azure-pipelines.yml", "github-actions.yml", "gitlab-ci.yml"]


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.stem)
def test_a_pipeline_installs_auditor_and_checks_the_exports(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    (command,) = commands(path)

    assert re.search(r"(pipx|uv tool) install \"\$\(?AUDITOR\)?\"", text)
    assert command[:2] == ["check", "exports/"]


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.stem)
def test_what_a_pipeline_writes_it_publishes(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    reports = [word.partition("=") for word in commands(path)[0] if "=" in word]
    files = [file for _, _, file in reports if not file.startswith("$")]

    assert files
    assert all(text.count(file) > 1 for file in files)


@pytest.mark.parametrize("command", every_command(), ids=" ".join)
def test_a_command_names_reports_that_exist(command: list[str]) -> None:
    formats = {point.name for point in entry_points(group="auditor.reports")}
    used = [after.partition("=")[0] for word, after in pairwise(command) if word == "--report"]

    assert set(used) <= formats


@pytest.mark.parametrize("command", every_command(), ids=" ".join)
def test_the_command_line_takes_it(command: list[str]) -> None:
    context = read(command)

    assert context.params["paths"] == ("exports/",)


def test_the_hook_is_what_pre_commit_reads() -> None:
    (hook,) = loaded(HOOKS)

    assert hook["id"] == "auditor"
    assert hook["entry"] == "auditor check"
    assert hook["language"] == "python"
    assert hook["pass_filenames"] is False
    assert re.search(hook["files"], "exports/hub.json")
    assert not re.search(hook["files"], "exports/hub.yaml")


def test_code_scanning_may_be_written() -> None:
    workflow = loaded(ROOT / "docs" / "ci" / "github-actions.yml")

    assert workflow["permissions"]["security-events"] == "write"
    assert workflow["jobs"]["audit"]["steps"][-1]["uses"].startswith("github/codeql-action/")


def test_reports_are_published_when_the_audit_fails() -> None:
    azure = loaded(ROOT / "docs" / "ci" / "azure-pipelines.yml")
    gitlab = loaded(ROOT / "docs" / "ci" / "gitlab-ci.yml")

    assert all(step["condition"] == "succeededOrFailed()" for step in azure["steps"][2:])
    assert gitlab["network-audit"]["artifacts"]["when"] == "always"
