from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from auditor import __version__, cli, registry
from auditor.snapshot import load as loading
from auditor.testing import arm_id, resource

from ..command import Command, Ran, apart

VNET = "Microsoft.Network/virtualNetworks"
HUB = arm_id(VNET, "hub")
Json = dict[str, Any]

CUSTOM = '''"""{title}

## Why it matters
It does.
"""

from dataclasses import dataclass

from auditor.network.graph import every
from auditor.resources.virtual_networks import VirtualNetwork
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule


@dataclass(frozen=True)
class Limits:
    word: str = "network"


networks = every(VirtualNetwork)


@rule("{id}", severity=Severity.{severity}, since="1.0.0", of=networks, parameters=Limits)
def {name}(network: Network, vnet: VirtualNetwork, limits: Limits) -> Outcomes:
    """Tell every network."""
    {body}
'''
BROKEN = 'yield Finding(vnet.id, f"a {limits.word}", "mend it")'
UNSURE = 'yield Unknown(vnet.id, missing="the weather")'


@pytest.fixture(autouse=True)
def _known_day(auditor: Command) -> None:
    """No configuration from above; the rules of the folder `own`."""
    auditor.write("auditor.toml", 'select = ["OWN"]\nrules = ["own"]\n')


def own(auditor: Command, number: int = 1, body: str = BROKEN, severity: str = "HIGH") -> None:
    text = CUSTOM.format(
        id=f"OWN-{number:03}", name=f"own_{number}", title="Own.", severity=severity, body=body
    )
    auditor.write(f"own/own_{number}.py", text)


EMPTY: Json = {"subnets": [], "virtualNetworkPeerings": []}


def network(name: str = "hub", **more: Any) -> Json:
    space = {"addressPrefixes": ["10.0.0.0/16"]}
    return resource(VNET, name, {"addressSpace": space, **EMPTY, **more})


def statuses(ran: Ran) -> list[str]:
    return [finding["status"] for finding in ran.report["findings"]]


# exit statuses


def test_kept_is_0(auditor: Command) -> None:
    own(auditor, body="yield from ()")

    ran = auditor.check(network())

    assert ran.status == 0
    assert ran.report["findings"] == []
    assert ran.report["summary"]["rules"][0]["kept"] == 1
    assert ran.err == ""


def test_broken_is_1(auditor: Command) -> None:
    own(auditor)

    ran = auditor.check(network())

    assert ran.status == 1
    (finding,) = ran.report["findings"]
    assert (finding["rule"], finding["status"], finding["subject"]) == ("OWN-001", "broken", HUB)
    assert finding["location"] == {"file": "-", "line": 1, "pointer": ""}


@pytest.mark.parametrize(
    ("severity", "threshold", "status"),
    [
        ("HIGH", "high", 1),
        ("HIGH", "critical", 0),
        ("MEDIUM", None, 0),
        ("MEDIUM", "medium", 1),
        ("INFO", "info", 1),
        ("INFO", "LOW", 0),
    ],
)
def test_what_is_below_the_threshold_does_not_fail(
    severity: str, threshold: str | None, status: int, auditor: Command
) -> None:
    own(auditor, severity=severity)
    given = ["--fail-on", threshold] if threshold else []

    ran = auditor.check(network(), *given)

    assert ran.status == status
    assert statuses(ran) == ["broken"]


@pytest.mark.parametrize(("given", "status"), [([], 0), (["--strict"], 1)])
def test_what_cannot_be_told_fails_when_strict(
    given: list[str], status: int, auditor: Command
) -> None:
    own(auditor, body=UNSURE)

    ran = auditor.check(network(), *given)

    assert ran.status == status
    assert statuses(ran) == ["unknown"]
    assert auditor.check(network(), *given, "--fail-on", "critical").status == 0


def test_the_configuration_sets_threshold_strictness_and_parameters(auditor: Command) -> None:
    own(auditor, body=UNSURE, severity="LOW")
    own(auditor, 2, severity="INFO")
    auditor.write(
        "auditor.toml",
        'rules = ["own"]\nselect = ["OWN"]\nfail-on = "low"\nstrict = true\n'
        '[params.OWN-002]\nword = "boat"\n',
    )

    ran = auditor.check(network())

    assert ran.status == 1
    assert ran.report["summary"]["threshold"] == "low"
    assert ran.report["findings"][0]["message"] == "a boat"
    assert auditor.check(network(), "--fail-on", "high").status == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Usage"),
        (["chekc"], "No such command"),
        (["check"], "Missing argument"),
        (["check", "--nonsense", "-"], "No such option"),
        (["check", "-", "--report", "xml"], "there is no report called 'xml'"),
        (["check", "-", "--report", "json", "--report", "sarif"], "two reports go to standard"),
        (["check", "-", "--report", "json=-", "--report", "sarif"], "two reports go to standard"),
        (["check", "-", "--report", "json=a", "--report", "csv=./a"], "two reports go to"),
        (["check", "-", "--select", "ZZZ-999"], 'no rule matches "ZZZ-999"'),
        (["check", "-", "--select", "OWN", "--ignore", "OWN"], "no rule is left"),
        (["check", "-", "--fail-on", "bad"], '"bad" is no severity'),
        (["check", "-", "--as-of", "soon"], "--as-of"),
        (["check", "-", "--config", "gone.toml"], "gone.toml: cannot be read"),
        (["check", "-", "--baseline", "gone.json"], "gone.json: cannot be read"),
        (["check", "-", "--baseline", "a", "--write-baseline", "b"], "exclude each other"),
        (["check", "-", "--rules", "gone"], "gone is no folder"),
        (["check", "-", "--report", "json=gone/out.json"], "gone/out.json: cannot be written"),
        (["check", "-", "--write-baseline", "gone/out.json"], "gone/out.json: cannot be written"),
        (["explain", "NSG-999"], "there is no rule 'NSG-999'"),
        (["completion", "tcsh"], "Invalid value"),
        (["rules", "--report", "xml"], "Invalid value"),
    ],
)
def test_a_command_line_that_cannot_be_followed_is_2(
    arguments: list[str], told: str, auditor: Command
) -> None:
    own(auditor)

    ran = auditor(*arguments, stdin=network())

    assert ran.status == 2
    assert told in ran.err
    assert ran.out == ""


@pytest.mark.parametrize("text", ["fail-on = 'x'", "nonsense = 1", "[params.ZZZ-001]\n", "x ="])
def test_a_configuration_that_cannot_be_followed_is_2(text: str, auditor: Command) -> None:
    path = auditor.write("auditor.toml", text)

    ran = auditor.check(network())

    assert ran.status == 2
    assert str(path) in ran.err


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"value": []}',
        b'{"a": 1}',
        b"\xff\xfe\x00",
        b"\x1f\x8b\x08broken",
        b"[" * 5000,
        json.dumps(network(subnets=5)).encode(),
        json.dumps(network(addressSpace={"addressPrefixes": ["10.0.0.0/99"]})).encode(),
    ],
)
def test_no_audit_is_3(content: bytes, auditor: Command) -> None:
    own(auditor, body="yield from ()")

    ran = auditor("check", "-", "--report", "json", stdin=content)

    assert ran.status == 3
    assert ran.out == ""
    assert ran.err.startswith("auditor: no audit was performed\nauditor: ")
    assert "\n  help: " in ran.err
    assert "fault of auditor's own" not in ran.err


def test_a_path_that_is_not_there_is_3(auditor: Command) -> None:
    own(auditor)

    ran = auditor("check", "gone")

    assert ran.status == 3
    assert "gone: cannot be read: No such file" in ran.err


def test_one_bad_file_stops_the_audit_unless_told_to_keep_going(auditor: Command) -> None:
    own(auditor, body="yield from ()")
    auditor.write("in/good.json", network())
    bad = auditor.write("in/bad.json", "{")

    stopped = auditor("check", "in")
    went_on = auditor("check", "in", "--keep-going", "--select", "OWN,GOV-006", "--report", "json")

    assert stopped.status == 3
    assert f"in/{bad.name}:1:2" in stopped.err
    assert went_on.status == 1
    (finding,) = went_on.report["findings"]
    assert finding["rule"] == "GOV-006"
    assert "in/bad.json is damaged" in finding["message"]


def test_a_damaged_value_is_unknown_when_told_to_keep_going(auditor: Command) -> None:
    own(auditor, body="vnet.subnets; yield from ()")

    ran = auditor.check(network(subnets=5), "--keep-going", "--strict")

    assert ran.status == 1
    assert ran.report["findings"][0]["message"] == "cannot tell: subnets of hub"


def test_a_rule_that_fails_is_unknown_never_green(auditor: Command) -> None:
    own(auditor, body="yield 1 / 0")

    ran = auditor.check(network(), "--strict")

    assert ran.status == 1
    assert "a fault of the rule itself" in ran.report["findings"][0]["message"]


def test_our_own_fault_is_3_and_says_so(auditor: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    own(auditor)

    def boom(*_: Any, **__: Any) -> None:
        raise KeyError("subnets\x1b[31m")

    monkeypatch.setattr(loading, "load", boom)
    ran = auditor.check(network())

    assert ran.status == 3
    assert "a fault of auditor's own, not of the input: KeyError" in ran.err
    assert "Traceback" not in ran.err
    assert "\x1b" not in ran.err


def test_an_interrupt_is_130(auditor: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    own(auditor)

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(loading, "load", interrupted)

    assert auditor.check(network()).status == 130


def test_a_closed_standard_input_is_3_only_when_it_is_read(
    auditor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    own(auditor)
    path = auditor.write("in.json", network())
    monkeypatch.setattr(sys, "stdin", None)

    assert cli.main(["check", str(path)]) == 1
    assert cli.main(["check", "-"]) == 3


def test_closed_standard_outputs_change_no_verdict(
    auditor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    own(auditor)
    path = auditor.write("in.json", network())

    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", None)
        assert cli.main(["check", str(path), "--report", "json=out.json"]) == 1
        assert sys.stderr is None
        assert cli.main(["check", "gone"]) == 3
    monkeypatch.setattr(sys, "stdout", None)
    assert cli.main(["check", str(path)]) == 2


class Broken(io.StringIO):
    """A stream whose reader has gone."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error

    def write(self, _: str) -> int:
        raise self.error


@pytest.mark.parametrize("body", [BROKEN, "yield from ()"])
@pytest.mark.parametrize("form", ["json", "console", "markdown"])
def test_a_reader_that_goes_away_changes_no_verdict(
    form: str, body: str, auditor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    own(auditor, body=body)
    path = auditor.write("in.json", network())
    monkeypatch.setattr(sys, "stdout", Broken(BrokenPipeError(32, "Broken pipe")))

    reports = ["--report", form, "--report", "json=out.json"]
    status = cli.main(["check", str(path), *reports])

    assert status == (body == BROKEN)
    assert json.loads((auditor.folder / "out.json").read_text())["findings"] or body != BROKEN


def test_an_output_that_is_full_is_2(auditor: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Broken(OSError(28, "No space left on device")))

    assert cli.main(["schema"]) == 2


def test_a_real_pipe_that_closes_early_leaves_no_trace() -> None:
    command = [sys.executable, "-m", "auditor", "rules"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 0


# selection, input and output


def test_select_and_ignore_take_lists_families_and_globs(auditor: Command) -> None:
    for number in (1, 2, 3):
        own(auditor, number)

    def ran(*arguments: str) -> list[str]:
        rules = auditor.check(network(), *arguments).report["summary"]["rules"]
        return [rule["rule"] for rule in rules]

    assert ran() == ["OWN-001", "OWN-002", "OWN-003"]
    assert ran("--select", "OWN-001,own-2", "--select", "OWN-003") == [
        "OWN-001",
        "OWN-002",
        "OWN-003",
    ]
    assert ran("--select", "OWN-00?", "--ignore", "OWN-002, OWN-003") == ["OWN-001"]


def test_rules_of_a_folder_given_on_the_command_line(auditor: Command) -> None:
    auditor.write("auditor.toml", "")
    own(auditor)

    ran = auditor.check(network(), "--rules", "own", "--select", "OWN")

    assert ran.status == 1
    assert "OWN-001" in auditor("rules", "--rules", "own").out
    assert "Own." in auditor("explain", "own-001", "--rules", "own").out


def test_a_folder_named_in_the_configuration_and_on_the_command_line(auditor: Command) -> None:
    own(auditor)

    assert auditor.check(network(), "--rules", "own").status == 1


SAYS_WHAT_IT_KNOWS = """\
\"\"\"Knows.

## Why it matters
A test.

## What fails
Everything.

## What to do
Nothing.
\"\"\"

from auditor.network.graph import whole
from auditor.rule import Finding, Severity, rule


@rule("OWN-009", severity=Severity.HIGH, since="0.1.0", of=whole)
def knows(network, _):
    intents = ",".join(intent.name for intent in network.intents)
    yield Finding("/x", message=f"{intents}: {network.tags('Storage')}", remedy="none")
"""
TAGS = {"values": [{"name": "Storage", "properties": {"addressPrefixes": ["20.60.0.0/16"]}}]}
INTENT = """
[[intent]]
name = "closed"
from = "internet"
to = "rg:rg"
expect = "unreachable"
"""


def known(auditor: Command, *arguments: str) -> str:
    ran = auditor.check(network(), "--select", "OWN-009", *arguments)
    (finding,) = ran.report["findings"]
    return str(finding["message"])


def test_rules_know_what_is_intended_and_what_tags_stand_for(auditor: Command) -> None:
    auditor.write("own/knows.py", SAYS_WHAT_IT_KNOWS)
    auditor.write("conf/tags.json", TAGS)
    auditor.write("other.json", {"values": []})
    told = 'rules = ["../own"]\nservice-tags = "tags.json"\n'
    conf = auditor.write("conf/auditor.toml", told + INTENT)

    assert known(auditor) == ": None"
    assert known(auditor, "--service-tags", "conf/tags.json") == ": 20.60.0.0/16"
    assert known(auditor, "--config", str(conf)) == "closed: 20.60.0.0/16"
    assert known(auditor, "--config", str(conf), "--service-tags", "other.json") == "closed: None"


@pytest.mark.parametrize("content", [b"{}", b"not json", b"\xff", None])
def test_a_tag_file_that_is_none_ends_the_audit(content: bytes | None, auditor: Command) -> None:
    auditor.write("auditor.toml", "")
    if content is not None:
        auditor.write("tags.json", content)
    ran = auditor("check", "-", "--service-tags", "tags.json", stdin=network())
    assert ran.status == 3
    assert "tags.json" in ran.err
    assert ran.out == ""


def test_a_configuration_given_by_name_comes_before_the_one_found(auditor: Command) -> None:
    own(auditor)
    auditor.write("other/it.toml", 'rules = ["../own"]\nselect = ["OWN"]\nfail-on = "critical"\n')

    assert auditor.check(network(), "--config", "other/it.toml").status == 0


def test_several_reports_at_once(auditor: Command) -> None:
    own(auditor)

    reports = [f"--report={name}=out/{name}" for name in registry.renderer_names()]
    (auditor.folder / "out").mkdir()
    ran = auditor("check", "-", "--report", "json", *reports, stdin=network())

    assert ran.status == 1
    assert sorted(os.listdir("out")) == list(registry.renderer_names())
    assert (auditor.folder / "out/json").read_text() == ran.out


def test_one_dash_is_standard_output(auditor: Command) -> None:
    own(auditor)

    assert auditor("check", "-", "--report=json=-", stdin=network()).report["findings"]
    assert not (auditor.folder / "-").exists()


def test_a_report_to_a_device_leaves_the_device_alone(auditor: Command) -> None:
    own(auditor)

    ran = auditor("check", "-", "--report", f"json={os.devnull}", stdin=network())

    assert ran.status == 1
    assert not Path(os.devnull).is_file()


def test_as_of_sets_the_day(auditor: Command) -> None:
    own(auditor)

    for given in ("2031-02-03", "2031-02-03T04:05:06Z", "2031-02-03T04:05:06+02:00"):
        ran = auditor.check(network(), "--as-of", given)
        assert ran.report["audit"]["as_of"] == "2031-02-03"


@pytest.mark.parametrize("given", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {}])
def test_no_colour_where_it_is_not_wanted(given: dict[str, str], auditor: Command) -> None:
    own(auditor)
    for name, value in given.items():
        auditor.patch.setenv(name, value)

    assert "\x1b" not in auditor("check", "-", stdin=network()).out


def test_hostile_names_do_not_reach_the_terminal(auditor: Command) -> None:
    own(auditor, body='yield Finding(vnet.id, vnet.name, "mend")')
    name = "\x1b[31m[bold]red[/]\r\nauditor: fine"

    ran = auditor("check", "-", stdin=network() | {"name": name})

    assert ran.status == 1
    assert "\x1b" not in ran.out
    assert "\r" not in ran.out


# baseline


def test_a_baseline_makes_only_new_findings_fail(auditor: Command) -> None:
    own(auditor)
    two = {"value": [network("a"), network("b")]}

    wrote = auditor.check({"value": [network("a"), network("gone")]}, "--write-baseline", "known")
    again = auditor.check(two, "--baseline", "known")

    assert wrote.status == 0
    assert statuses(wrote) == ["baseline", "baseline"]
    assert "2 findings recorded as known in known" in wrote.err
    assert again.status == 1
    assert statuses(again) == ["broken", "baseline"]
    assert again.report["findings"][0]["subject"].endswith("/b")
    assert again.report["summary"]["fixed"] == 1


def test_an_unknown_in_the_baseline_does_not_fail_a_strict_audit(auditor: Command) -> None:
    own(auditor, body=UNSURE)

    auditor.check(network(), "--write-baseline", "known")

    assert auditor.check(network(), "--baseline", "known", "--strict").status == 0


def test_what_becomes_broken_is_new_though_it_was_unknown(auditor: Command) -> None:
    own(auditor, body="vnet.subnets; " + BROKEN)
    hollow = {key: value for key, value in network().items() if key != "properties"}

    auditor.check({"value": [hollow, network("b")]}, "--write-baseline", "known")
    ran = auditor.check({"value": [network(), network("b")]}, "--baseline", "known")

    assert statuses(ran) == ["broken", "baseline"]
    assert ran.report["summary"]["fixed"] == 0


# waivers


WAIVER = """
rules = ["own"]
select = ["OWN", "GOV-008"]
[[waiver]]
rule = "OWN-001"
resource = "{resource}"
{rest}
"""
REST = 'reason = "r"\nowner = "o"\nexpires = 2027-01-31'


def waived(auditor: Command, resource: str = "hub", rest: str = REST, day: str = "") -> Ran:
    own(auditor)
    auditor.write("auditor.toml", WAIVER.format(resource=resource, rest=rest))
    return auditor.check(network(), "--as-of", day or "2026-11-23")


def test_a_waiver_that_holds(auditor: Command) -> None:
    ran = waived(auditor)

    assert ran.status == 0
    assert statuses(ran) == ["waived"]
    assert ran.report["summary"]["waivers"] == [
        {
            "fingerprint": ran.report["findings"][0]["fingerprint"],
            "reason": "r",
            "owner": "o",
            "expires": "2027-01-31",
        }
    ]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"day": "2027-02-01"}, "expired on 2027-01-31"),
        ({"rest": 'reason = "r"\nowner = "o"'}, "has no expires, so it waives nothing"),
        ({"rest": "expires = 2027-01-31"}, "has no reason and owner, so it waives nothing"),
        ({"resource": "other"}, "matches no finding"),
    ],
)
def test_a_waiver_that_does_not_hold_is_a_finding_and_waives_nothing(
    change: dict[str, str], told: str, auditor: Command
) -> None:
    ran = waived(auditor, **change)

    assert ran.status == 1
    own_, stale = ran.report["findings"]
    assert (own_["rule"], own_["status"]) == ("OWN-001", "broken")
    assert (stale["rule"], stale["status"]) == ("GOV-008", "broken")
    assert told in stale["message"]
    assert stale["location"]["file"].endswith("auditor.toml")
    assert stale["location"]["line"] == 4


def test_a_waiver_holds_on_its_last_day(auditor: Command) -> None:
    assert waived(auditor, day="2027-01-31").status == 0


def test_a_waiver_of_a_rule_that_did_not_run_is_not_judged(auditor: Command) -> None:
    own(auditor)
    own(auditor, 2, body="yield from ()")
    auditor.write("auditor.toml", WAIVER.format(resource="nothing", rest=REST))

    ran = auditor.check(network(), "--select", "OWN-002,GOV-008")

    assert ran.report["findings"] == []


def test_a_waiver_of_a_rule_that_does_not_exist_is_2(auditor: Command) -> None:
    own(auditor)
    text = WAIVER.format(resource="hub", rest=REST).replace("OWN-001", "OWN-0O1")
    path = auditor.write("auditor.toml", text)

    ran = auditor.check(network())

    assert ran.status == 2
    assert f'{path}:4: no rule matches "OWN-0O1"' in ran.err
    assert "did you mean OWN-001?" in ran.err


# help


def test_rules_lists_every_rule(auditor: Command) -> None:
    lines = auditor("rules").out.splitlines()

    assert [line.split()[0] for line in lines] == list(registry.rules())
    off = [rule.id for rule in registry.rules().values() if not rule.on]
    assert [line.split()[0] for line in lines if "only when selected" in line] == off


def test_rules_as_a_page(auditor: Command) -> None:
    page = auditor("rules", "--report", "html").out

    assert page.startswith("<!doctype html>")
    assert '<li class="finding critical" id="GW-002"' in page
    assert "<h2>What fails</h2>" in page


def test_the_report_as_a_page_has_the_picture_and_other_reports_have_not(auditor: Command) -> None:
    own(auditor)
    ran = auditor.check(network(), "--report", "html=r.html")
    page = (auditor.folder / "r.html").read_text(encoding="utf-8")

    assert "picture" not in ran.report
    assert 'id="picture-section"' in page


def test_rules_as_json(auditor: Command) -> None:
    told = json.loads(auditor("rules", "--report", "json").out)

    assert [rule["id"] for rule in told] == list(registry.rules())
    assert all(rule["title"] and rule["severity"] for rule in told)


@pytest.mark.parametrize("name", ["GOV-008", "gov-008", "stale-waiver"])
def test_explain_shows_the_page(name: str, auditor: Command) -> None:
    ran = auditor("explain", name)

    assert ran.status == 0
    assert ran.out.startswith("# GOV-008 ")
    assert "## What to do" in ran.out


def test_every_page_can_be_shown(auditor: Command) -> None:
    for rule in registry.rules().values():
        ran = auditor("explain", rule.id)
        assert ran.status == 0
        assert all(f"`{name}`" in ran.out for name in (rule.name,))


def test_explain_hints_at_the_nearest_rule(auditor: Command) -> None:
    assert "did you mean GOV-0" in auditor("explain", "GOV-00").err


def test_the_schema_is_json(auditor: Command) -> None:
    told = json.loads(auditor("schema").out)

    assert told["properties"]["schema"] == {"const": "auditor.report/1"} or told["$schema"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str, auditor: Command) -> None:
    ran = auditor("completion", shell)

    assert ran.status == 0
    assert "_AUDITOR_COMPLETE" in ran.out


def test_completion_answers() -> None:
    words = {"COMP_WORDS": "auditor ch", "COMP_CWORD": "1"}
    ran = apart(environment={"_AUDITOR_COMPLETE": "bash_complete", **words})

    assert ran.stdout.split() == [b"plain,check"]
    assert ran.returncode == 0


def test_version_and_help(auditor: Command) -> None:
    assert auditor("--version").out == f"auditor, version {__version__}\n"
    for arguments in (["--help"], ["-h"], ["check", "--help"]):
        ran = auditor(*arguments)
        assert ran.status == 0
        assert ran.out.startswith("Usage: auditor")


HEAVY = (
    "msgspec",
    "rich",
    "netaddr",
    "cryptography",
    "hypothesis",
    "zstandard",
    "importlib.metadata",
    "importlib.resources",
    "tomllib",
    "traceback",
)


def test_the_command_line_imports_nothing_heavy() -> None:
    told = "import sys, auditor.cli; auditor.cli.main(['--help']); print(*sys.modules)"

    ran = apart(python=told)

    loaded = set(ran.stdout.decode().splitlines()[-1].split())
    assert "click" in loaded
    assert loaded.isdisjoint(HEAVY)


UNASKED = (
    "auditor.past",
    "cryptography",
    "difflib",
    "gzip",
    "importlib.metadata",
    "netaddr",
    "rich",
    "traceback",
    "zstandard",
)


def test_an_audit_imports_nothing_that_it_does_not_ask(auditor: Command) -> None:
    auditor.write("export.json", network())
    check = "auditor.cli.main(['check', 'export.json', '--report', 'json=out.json'])"
    there = f"import os, sys; os.chdir({str(auditor.folder)!r})"

    ran = apart(python=f"{there}; import auditor.cli; {check}; print(*sys.modules)")

    loaded = set(ran.stdout.decode().splitlines()[-1].split())
    assert "auditor.rules" in loaded
    assert loaded & set(UNASKED) == set()


def test_every_option_is_told_in_help() -> None:
    for command in cli.cli.commands.values():
        assert command.help
        for option in command.params:
            assert getattr(option, "help", "") or option.param_type_name == "argument", option.name


def test_an_audit_apart_from_the_tests(auditor: Command) -> None:
    own(auditor)

    ran = apart("check", "-", "--report", "json", stdin=json.dumps(network()).encode())

    assert ran.returncode == 1
    assert json.loads(ran.stdout)["schema"] == "auditor.report/1"
    assert ran.stderr == b""
