"""The files of docs/schedules, and the image that they run: well formed, calling what there is."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from auditor import settings
from auditor.compliance.framework import names

from .commandline import read

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "schedules"
BIN = Path(sys.executable).parent
DOCKERFILE = ROOT / "Dockerfile"
WAYS = {
    "github-actions": ("github-actions.yml",),
    "azure-pipelines": ("azure-pipelines.yml",),
    "aks-cronjob": ("aks-cronjob.yaml",),
    "container-apps-job": ("container-apps-job.bicep",),
    "systemd": ("auditor.service", "auditor.timer"),
}
FILES = [name for ours in WAYS.values() for name in ours if name != "auditor.timer"]
CRON = "17 5 * * 1"


def text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def run(*words: str | Path, timeout: int = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, timeout=timeout, check=False
    )


def commands(name: str) -> list[list[str]]:
    """Give the arguments of every auditor command in a file, folded lines joined."""
    joined = re.sub(r"(?<=\S)\n\s+(?=--)", " ", text(name))
    found = re.findall(r"(?:^|[\s=/'])auditor ((?:snapshot|check|report) [^\n]*)", joined)
    parts = [part for line in found for part in line.split("&&")]
    return [shlex.split(part.strip().rstrip("',").removeprefix("auditor ")) for part in parts]


EVERY = [(name, command) for name in FILES for command in commands(name)]


def test_there_is_a_page_for_each_way_that_names_its_files() -> None:
    index = text("README.md")
    kinds = {path.name for path in FOLDER.iterdir()}
    pages = {f"{way}.md" for way in WAYS} | {"README.md", "docker.md"}

    assert kinds == pages | {name for ours in WAYS.values() for name in ours} | {"auditor.toml"}
    for way, ours in WAYS.items():
        assert f"({way}.md)" in index
        assert all(f"]({name})" in text(f"{way}.md") for name in ours)
        assert f"docs/schedules/{way}.md" in text(ours[0])


@pytest.mark.parametrize("name", FILES)
def test_a_file_takes_a_snapshot_and_audits_it(name: str) -> None:
    snapshot, audit = commands(name)

    assert snapshot[0] == "snapshot"
    assert audit[0] in ("check", "report")
    output = snapshot[snapshot.index("--output") + 1]
    assert audit[1] == output
    assert "--notify" in audit


@pytest.mark.parametrize(("name", "command"), EVERY, ids=lambda each: str(each)[:60])
def test_the_command_line_takes_every_command(name: str, command: list[str]) -> None:
    read(command)
    formats = {point.name for point in entry_points(group="auditor.reports")}
    pairs = [*pairwise(command)]
    wanted = {after.partition("=")[0] for word, after in pairs if word == "--report"}
    frameworks = {after for word, after in pairs if word == "--framework"}

    assert wanted <= formats
    assert frameworks <= {*names()}


@pytest.mark.parametrize("name", FILES)
def test_who_is_told_is_configured(name: str, tmp_path: Path) -> None:
    written = text("auditor.toml")
    if name == "aks-cronjob.yaml":
        (config,) = (each for each in cluster() if each["kind"] == "ConfigMap")
        written = config["data"]["auditor.toml"]
    (tmp_path / "auditor.toml").write_text(written, encoding="utf-8")
    told = settings.read(tmp_path / "auditor.toml")
    wanted = {
        after
        for command in commands(name)
        for word, after in pairwise(command)
        if word == "--notify"
    }

    assert wanted
    if name != "auditor.service":
        assert wanted <= {*told.targets}
    assert told.frameworks == ("CIS 6.0", "MCSB")


# GitHub Actions


def test_the_workflow_is_valid_and_signs_in_without_a_secret() -> None:
    path = FOLDER / "github-actions.yml"
    told = run(BIN / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", path)
    workflow: Any = yaml.load(text("github-actions.yml"), yaml.BaseLoader)
    steps = workflow["jobs"]["audit"]["steps"]
    (login,) = (step["with"] for step in steps if step.get("uses", "").startswith("azure/login"))

    assert told.returncode == 0, told.stdout
    assert workflow["permissions"] == {"contents": "read", "id-token": "write"}
    assert workflow["on"]["schedule"] == [{"cron": CRON}]
    assert "client-secret" not in login
    assert "creds" not in login
    assert steps[-1]["if"] == "${{ !cancelled() }}"


# Azure Pipelines


def test_the_pipeline_is_valid_and_signs_in_by_a_service_connection() -> None:
    schema = json.loads(
        files("check_jsonschema")
        .joinpath("builtin_schemas", "vendor", "azure-pipelines.json")
        .read_text(encoding="utf-8")
    )
    pipeline: Any = yaml.load(text("azure-pipelines.yml"), yaml.BaseLoader)  # all is text there
    jsonschema.Draft7Validator(schema).validate(pipeline)
    wrong = {**pipeline, "schedules": [{"crom": CRON}]}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(schema).validate(wrong)
    (login,) = (step for step in pipeline["steps"] if step.get("task") == "AzureCLI@2")

    assert pipeline["schedules"][0]["cron"] == CRON
    assert login["inputs"]["azureSubscription"] == "auditor"
    assert all(step["condition"] == "succeededOrFailed()" for step in pipeline["steps"][3:])


# AKS


def cluster() -> list[Any]:
    return [*yaml.safe_load_all(text("aks-cronjob.yaml"))]


def test_the_manifest_is_valid() -> None:
    told = run(BIN / "kubernetes-validate", "--strict", FOLDER / "aks-cronjob.yaml")

    assert told.returncode == 0, told.stdout + told.stderr


def test_the_pod_has_an_identity_and_no_more_rights_than_it_needs() -> None:
    kinds = {each["kind"]: each for each in cluster()}
    job = kinds["CronJob"]["spec"]
    pod = job["jobTemplate"]["spec"]["template"]
    (container,) = pod["spec"]["containers"]

    assert job["schedule"] == CRON
    assert job["concurrencyPolicy"] == "Forbid"
    assert job["jobTemplate"]["spec"]["backoffLimit"] == 0
    assert pod["metadata"]["labels"]["azure.workload.identity/use"] == "true"
    account = kinds["ServiceAccount"]["metadata"]
    assert "azure.workload.identity/client-id" in account["annotations"]
    assert pod["spec"]["serviceAccountName"] == account["name"]
    assert pod["spec"]["securityContext"]["runAsNonRoot"]
    assert str(pod["spec"]["securityContext"]["runAsUser"]) == user_of(DOCKERFILE)
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert not container["securityContext"]["allowPrivilegeEscalation"]
    mounted = {each["name"] for each in container["volumeMounts"]}
    assert mounted == {each["name"] for each in pod["spec"]["volumes"]}


# Container Apps


def test_the_bicep_is_read_and_says_what_it_should() -> None:
    program = (
        "import json, sys, pycep\n"
        "print(json.dumps(pycep.BicepParser().parse(text=sys.stdin.read()), default=str))"
    )
    told = subprocess.run(
        [sys.executable, "-c", program],
        input=text("container-apps-job.bicep"),
        capture_output=True,
        text=True,
        timeout=60,  # a parser that meets what it does not know may search for ever
        check=False,
    )
    assert told.returncode == 0, told.stderr
    parsed = json.loads(told.stdout)
    job = parsed["resources"]["job"]
    properties = job["config"]["properties"]

    assert job["type"] == "Microsoft.App/jobs"
    assert properties["configuration"]["triggerType"] == "Schedule"
    assert parsed["parameters"]["schedule"]["default"] == CRON
    secret = parsed["parameters"]["teamsUrl"]
    assert any("secure" in json.dumps(each) for each in secret["decorators"])


# systemd


def unit(name: str) -> dict[str, list[tuple[str, str]]]:
    """Read a unit: its sections, each with the settings in order."""
    found: dict[str, list[tuple[str, str]]] = {}
    for line in text(name).splitlines():
        if line.startswith("["):
            section = found.setdefault(line.strip("[]"), [])
        elif line and line[0] not in "#;":
            key, equals, value = line.partition("=")
            assert equals, line
            assert re.fullmatch(r"[A-Z][A-Za-z]+", key), line
            section.append((key, value))
    return found


def test_the_units_are_written_as_units_are() -> None:
    """What can be told on a machine without systemd; the next test asks systemd itself."""
    service, timer = unit("auditor.service"), unit("auditor.timer")
    starts = [value for key, value in service["Service"] if key == "ExecStart"]
    (when,) = (value for key, value in timer["Timer"] if key == "OnCalendar")

    assert set(service) == {"Unit", "Service"}
    assert set(timer) == {"Unit", "Timer", "Install"}
    assert [shlex.split(each)[:2] for each in starts] == [
        ["/opt/auditor/bin/auditor", "snapshot"],
        ["/opt/auditor/bin/auditor", "report"],
    ]
    assert ("Type", "oneshot") in service["Service"]  # more than one ExecStart
    assert re.fullmatch(r"Mon \*-\*-\* \d\d:\d\d:\d\d UTC", when)
    assert ("WantedBy", "timers.target") in timer["Install"]


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip(
            "NO SYSTEMD HERE, the units were read by us alone: apt-get install systemd"
            " (systemd-analyze verify)"
        )
    for name in WAYS["systemd"]:
        changed = text(name).replace("/opt/auditor/bin/auditor", "/bin/true")
        (tmp_path / name).write_text(changed, encoding="utf-8")
    told = run("systemd-analyze", "verify", *(tmp_path / name for name in WAYS["systemd"]))
    (when,) = re.findall(r"OnCalendar=(.*)", text("auditor.timer"))
    calendar = run("systemd-analyze", "calendar", when)

    assert (told.returncode, told.stderr) == (0, "")
    assert calendar.returncode == 0


def test_the_service_is_nobody_in_particular() -> None:
    lines = text("auditor.service").splitlines()

    for wanted in ("DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict"):
        assert wanted in lines


# the image


def user_of(path: Path) -> str:
    return str(re.findall(r"^USER (\d+):\d+$", path.read_text(encoding="utf-8"), re.MULTILINE)[-1])


def test_the_dockerfile_is_in_order() -> None:
    told = run(BIN / "hadolint", DOCKERFILE)

    assert told.returncode == 0, told.stdout


def test_the_image_is_pinned_and_runs_as_nobody() -> None:
    lines = DOCKERFILE.read_text(encoding="utf-8").splitlines()
    froms = [line for line in lines if line.startswith("FROM ")]
    (base,) = (line for line in lines if line.startswith("ARG BASE="))

    assert re.fullmatch(r"ARG BASE=python:\d+\.\d+\.\d+-slim-\w+", base)
    assert all(line.startswith("FROM ${BASE}") for line in froms)
    assert user_of(DOCKERFILE) != "0"
    assert lines.index("USER 65532:65532") > lines.index(froms[-1])
    assert any("uv sync --locked --no-dev" in line for line in lines)
    assert re.search(r"uv==\d+\.\d+\.\d+", "\n".join(lines))


def test_what_the_image_copies_is_there_and_gets_through() -> None:
    lines = DOCKERFILE.read_text(encoding="utf-8").splitlines()
    copied = [
        word for line in lines if re.match(r"COPY (?!--)", line) for word in line.split()[1:-1]
    ]
    passed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = re.findall(r"--extra (\S+)", "\n".join(lines))

    assert all((ROOT / name).exists() for name in copied)
    assert {f"!{name}" for name in copied} <= {*passed}
    assert {"auditor", *needed["tool"]["setuptools"]["package-dir"].values()} <= {*copied}
    assert {*extras} <= {*needed["project"]["optional-dependencies"]}
