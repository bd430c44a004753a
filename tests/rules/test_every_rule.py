"""What holds of every rule: its page, its names, its mappings, and its pair of fixtures.

A pair is `fixtures/<folder>/<rule>/broken.json` and `kept.json`, audited through the command with
that rule alone; `broken.toml` and `kept.toml` beside them give a rule that needs one its
configuration.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from auditor import registry
from auditor.cli import main
from auditor.finding import Severity
from auditor.ids import fold
from auditor.resources.base import TYPES
from auditor.rule import Rule, values_of
from auditor.snapshot.load import load

ROOT = Path(__file__).parents[2]
RULES = {id: rule for id, rule in registry.rules().items() if rule.module.startswith("auditor.")}
EACH = pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
DAY = "2026-11-23"

FOLDERS = {
    "EXP": "exposure",
    "ADR": "address_plan",
    "GW": "gateway",
    "WAF": "waf",
    "LB": "load_balancer",
    "NSG": "nsg",
    "RTE": "routes",
    "PER": "peering",
    "PE": "private_link",
    "DNS": "dns",
    "NAT": "egress",
    "FW": "firewall",
    "AKS": "aks",
    "K8S": "kubernetes",
    "TLS": "certificates",
    "DB": "database",
    "OBS": "observability",
    "DEP": "deprecation",
    "GOV": "governance",
}
SECTIONS = ["Why it matters", "What fails", "What to do", "References"]
CONTROL = re.compile(r"CIS (2\.[01]|[3-6]\.0)/\d+(\.\d+)+|MCSB/[A-Z]{2}-\d+")
PEER = re.compile(
    r"CKV2?_AZURE_\d+|(AZQ|POL|SPP|PRW|PSR|KICS|TRV|SCT|C7N|CART|AZTS|CHK|KSC|NPG):\S.*"
)
NOT_IN_THE_INPUT = {"GOV-007"}
"""Rules about the snapshot as a whole, which has no line of its own."""


def folder(rule: Rule[Any]) -> Path:
    return ROOT / "fixtures" / FOLDERS[rule.family] / rule.name.replace("-", "_")


def test_there_are_rules() -> None:
    assert len(RULES) > 60
    assert {rule.family for rule in RULES.values()} <= FOLDERS.keys()


@EACH
def test_the_page_has_its_sections(rule: Rule[Any]) -> None:
    lines = rule.page.splitlines()
    assert re.fullmatch(r"[A-Z].*\.", lines[0])
    assert lines[1] == ""
    found = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
    assert found in (SECTIONS, SECTIONS[:3])
    texts = re.split(r"^## .*$", rule.page, flags=re.MULTILINE)[1:]
    assert all(text.strip() for text in texts)
    assert 12 <= len(lines) <= 60


@EACH
def test_references_are_links_or_facts(rule: Rule[Any]) -> None:
    _, _, references = rule.page.partition("## References\n")
    for line in filter(None, references.splitlines()):
        assert re.match(r"- (https://\S+$|Facts? [A-Z]-\d)|  \S", line), line


@EACH
def test_one_name_for_file_function_and_rule(rule: Rule[Any]) -> None:
    snake = rule.check.__name__
    assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", snake)
    assert rule.name == snake.replace("_", "-")
    assert rule.module == f"auditor.rules.{FOLDERS[rule.family]}.{snake}"
    path = inspect.getsourcefile(sys.modules[rule.module])
    assert path is not None
    assert Path(path).stem == snake


@EACH
def test_a_file_holds_one_rule(rule: Rule[Any]) -> None:
    assert [other.id for other in RULES.values() if other.module == rule.module] == [rule.id]


@EACH
def test_id_severity_version_and_parameters(rule: Rule[Any]) -> None:
    assert re.fullmatch(r"[A-Z0-9]{2,3}-[0-9]{3}", rule.id)
    assert rule.severity in Severity
    assert re.fullmatch(r"\d+\.\d+\.\d+", rule.since)
    if rule.parameters is not None:
        assert rule.parameters == type(rule.parameters)()
        with pytest.raises(AttributeError):
            setattr(rule.parameters, next(iter(values_of(rule.parameters))), None)


@EACH
def test_mappings_are_well_formed(rule: Rule[Any]) -> None:
    assert [each for each in rule.controls if not CONTROL.fullmatch(each)] == []
    assert [each for each in rule.peers if not PEER.fullmatch(each)] == []
    assert len({*rule.controls}) == len(rule.controls)
    assert len({*rule.peers}) == len(rule.peers)


def test_names_and_titles_are_unique() -> None:
    for attribute in ("name", "title"):
        values = [getattr(rule, attribute) for rule in RULES.values()]
        assert len(values) == len({*values})


@EACH
def test_every_rule_has_its_pair(rule: Rule[Any]) -> None:
    assert (folder(rule) / "broken.json").is_file()
    assert (folder(rule) / "kept.json").is_file()


def test_every_pair_has_its_rule() -> None:
    known = {folder(rule) for rule in RULES.values()}
    assert [p.parent for p in ROOT.glob("fixtures/*/*/broken.json") if p.parent not in known] == []


@cache
def audited(path: Path, rule_id: str) -> tuple[int, dict[str, Any]]:
    """Audit one fixture through the command; give the exit status and the JSON report."""
    import tempfile

    configuration = path.with_suffix(".toml")
    chosen = ["--config", str(configuration)] if configuration.exists() else ["--select", rule_id]
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.json"
        status = main(
            [
                *("check", str(path), *chosen, "--as-of", DAY),
                *("--fail-on", "info", "--report", f"json={report}"),
            ]
        )
        return status, json.loads(report.read_bytes())


def of(rule: Rule[Any], path: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Give the findings of a rule, and its summary."""
    _, report = audited(path, rule.id)
    findings = [each for each in report["findings"] if each["rule"] == rule.id]
    [summary] = [each for each in report["summary"]["rules"] if each["rule"] == rule.id]
    return findings, summary


@EACH
def test_the_broken_fixture_breaks_the_rule(rule: Rule[Any]) -> None:
    path = folder(rule) / "broken.json"
    findings, summary = of(rule, path)
    assert audited(path, rule.id)[0] == 1
    assert {finding["status"] for finding in findings} == {"broken"}
    assert summary["broken"] == len(findings)


@EACH
def test_the_kept_fixture_keeps_it(rule: Rule[Any]) -> None:
    path = folder(rule) / "kept.json"
    findings, summary = of(rule, path)
    assert findings == []
    assert summary["kept"] >= 1
    if not path.with_suffix(".toml").exists():
        assert audited(path, rule.id)[0] == 0


@EACH
def test_a_finding_says_what_to_do_and_where(rule: Rule[Any]) -> None:
    findings, _ = of(rule, folder(rule) / "broken.json")
    for finding in findings:
        assert finding["remedy"].strip()
        assert finding["message"].strip()
        assert "\n" not in finding["message"] + finding["remedy"]
        if rule.id not in NOT_IN_THE_INPUT:
            assert finding["location"]["line"] >= 1
            assert finding["subject"]


def resolve(document: Any, pointer: str) -> Any:
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document


@EACH
def test_evidence_points_at_what_is_there(rule: Rule[Any]) -> None:
    path = folder(rule) / "broken.json"
    snapshot = load((str(path),))
    known = {fold(record.id): json.loads(bytes(record.body)) for record in snapshot.records}
    known |= {fold(each.id): json.loads(bytes(each.body)) for each in snapshot.kubernetes}
    findings, _ = of(rule, path)
    for finding in findings:
        assert finding["evidence"] or rule.id in NOT_IN_THE_INPUT | {"GOV-008"}
        for evidence in finding["evidence"]:
            there = resolve(known[fold(evidence["resource"])], evidence["pointer"])
            assert evidence["value"] is not None or there is None, evidence


def silent(arm_type: str) -> dict[str, Any]:
    """A resource of another subscription that tells nothing but its name."""
    provider, *kinds = arm_type.split("/")
    tail = "".join(f"/{kind}/silent" for kind in kinds)
    group = "/subscriptions/99999999-9999-9999-9999-999999999999/resourceGroups/silent"
    return {"id": f"{group}/providers/{provider}{tail}", "name": "silent", "type": arm_type}


COULD_BE_THE_ANSWER = {
    "DNS-007",
    "K8S-004",
    "OBS-002",
    "PE-005",
    # A security admin rule that tells nothing may filter anything.
    *("DB-008", "DB-009", "LB-004", "NAT-002", "PE-010", "RTE-005"),
    *("EXP-004", "EXP-005", "EXP-008", "EXP-015", "GW-004", "GW-025", "GW-029"),
    *("NSG-010", "NSG-011", "NSG-025"),
}
COULD_BE_THE_ANSWER |= {"PER-004"}  # a network manager may join the networks without the hub
"""Rules that look for something that may be what a silent resource is: unknown, then."""


@EACH
def test_resources_that_tell_nothing_make_nothing_green(rule: Rule[Any], tmp_path: Path) -> None:
    path = folder(rule) / "broken.json"
    if path.with_suffix(".toml").exists():
        return
    beside = tmp_path / "silent.json"
    beside.write_text(json.dumps({"value": [silent(each) for each in sorted(TYPES)]}))
    report = tmp_path / "report.json"
    asked = ("--select", rule.id, "--as-of", DAY, "--fail-on", "info")
    assert main(["check", str(path), str(beside), *asked, "--report", f"json={report}"]) in (0, 1)
    after = json.loads(report.read_bytes())["findings"]
    broken = {finding["subject"] for finding in after if finding["status"] == "broken"}
    lost = {finding["subject"] for finding in of(rule, path)[0]} - broken
    assert not [each for each in after if "a fault of the rule itself" in each["message"]]
    if lost:
        assert rule.id in COULD_BE_THE_ANSWER
        assert lost <= {finding["subject"] for finding in after if finding["status"] == "unknown"}
