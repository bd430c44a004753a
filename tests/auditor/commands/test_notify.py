"""`auditor check --notify`: whom it tells, and what becomes of the exit status."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditor.delivery import attempts
from auditor.testing import resource

from ...command import Command
from ...receiving import Hook, mail_server, webhook

VNET = "Microsoft.Network/virtualNetworks"
KEPT = resource(VNET, "v", {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": []})
BARE = {"name": "s", "properties": {"addressPrefix": "10.0.0.0/24"}}
BROKEN = resource(
    VNET, "v", {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [BARE]}
)


@pytest.fixture(autouse=True)
def _quickly(auditor: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    auditor.write("auditor.toml", 'select = ["NSG-001", "ADR-001"]')
    monkeypatch.setattr(attempts, "ATTEMPTS", 1)


def configured(auditor: Command, hook: Hook, monkeypatch: pytest.MonkeyPatch, more: str) -> None:
    monkeypatch.setenv("HOOK", f"{hook.url}/hunter2")
    monkeypatch.setenv("KEY", "hunter3")
    auditor.write(
        "auditor.toml",
        f'select = ["NSG-001", "ADR-001"]\n[notify.team]\nkind = "json"\nurl-env = "HOOK"\n{more}',
    )


def test_a_webhook_is_told_when_the_reports_are_written(auditor: Command) -> None:
    with webhook() as hook:
        ran = auditor.check(BROKEN, "--notify", hook.url)

        assert (ran.status, ran.err) == (1, "")
        assert hook.told["failed"]
        assert hook.told["numbers"]["broken"]["high"] == 1
        kept = auditor.check(KEPT, "--notify", hook.url)
        assert (kept.status, hook.told["failed"]) == (0, False)


def test_a_name_of_the_configuration_is_told(
    auditor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    with webhook() as hook:
        configured(auditor, hook, monkeypatch, 'secret-env = "KEY"\nlink = "https://w.test"')
        ran = auditor.check(BROKEN, "--notify", "team", "--framework", "MCSB")

        assert ran.status == 1
        assert hook.told["link"] == "https://w.test"
        assert hook.told["compliance"][0]["framework"] == "MCSB"
        assert hook.headers[0]["X-Auditor-Signature"].startswith("v1=")


def test_who_is_not_asked_for_is_not_told(
    auditor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    with webhook() as hook:
        configured(auditor, hook, monkeypatch, "")
        auditor.check(BROKEN)

        assert hook.paths == []


def test_when_nobody_can_be_told_the_result_stands_and_the_exit_status_says_so(
    auditor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    with webhook() as hook:
        hook.answers = [(500, {})]
        configured(auditor, hook, monkeypatch, "")
        kept = auditor.check(KEPT, "--notify", "team", "--report", "json=report.json")
        broken = auditor.check(BROKEN, "--notify", "team")

    assert (kept.status, broken.status) == (5, 1)
    assert kept.err == (
        "auditor: team was not told: the answer was 500 Internal Server Error, tried 1 times\n"
        "  help: the reports are written, and the verdict stands\n"
    )
    assert json.loads(auditor.folder.joinpath("report.json").read_text())["findings"] == []
    assert broken.report["findings"]


def test_no_secret_is_told(auditor: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    with webhook() as hook:
        configured(auditor, hook, monkeypatch, 'secret-env = "KEY"')
        for answer in ((500, {}), (302, {"Location": "/hunter2"}), (404, {}), (200, {})):
            hook.answers = [answer]
            ran = auditor.check(BROKEN, "--notify", "team")
            assert "hunter" not in ran.out + ran.err
        assert not any(b"hunter" in body for body in hook.bodies)
    gone = auditor.check(BROKEN, "--notify", "team")
    assert "hunter" not in gone.err
    assert "Connection refused" in gone.err


def test_a_report_tells_what_is_new_once_it_is_recorded(
    auditor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    with webhook() as hook:
        configured(auditor, hook, monkeypatch, 'when = "changed"')
        words = ("report", "-", "--notify", "team", "--report", "json=r.json", "--as-of")
        assert auditor(*words, "2026-11-23", stdin=[KEPT]).status == 0
        assert auditor(*words, "2026-11-24", stdin=[BROKEN]).status == 1
        assert hook.told["changes"]["new"] == 1
        assert hook.told["facts"]["since 2026-11-23"] == "1 new"
        assert auditor(*words, "2026-11-24", stdin=[BROKEN]).status == 1

        assert len(hook.bodies) == 2


@pytest.mark.parametrize("when", ["always", "failed", "changed"])
def test_a_history_that_cannot_be_opened_is_told(
    auditor: Command, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    with webhook() as hook:
        configured(auditor, hook, monkeypatch, f'when = "{when}"')
        ran = auditor("report", "-", "--notify", "team", "--history", "no/such/h.db", stdin=[KEPT])

        assert ran.status == 2
        assert "cannot be written" in ran.err
        assert hook.told["headline"] == "Azure network audit: nothing was judged"
        assert hook.told["failed"]
        assert "cannot be written" in hook.told["facts"]["not recorded"]


def test_a_history_that_is_damaged_is_told(
    auditor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    with webhook() as hook:
        configured(auditor, hook, monkeypatch, "")
        auditor.write("h.db", b"x" * 5000)
        ran = auditor("report", "-", "--notify", "team", "--history", "h.db", stdin=[KEPT])

        assert ran.status == 3
        assert hook.told["headline"] == "Azure network audit: no audit was performed"


def test_an_audit_that_cannot_be_performed_is_told_too(
    auditor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    with webhook() as hook:
        configured(auditor, hook, monkeypatch, 'when = "failed"')
        ran = auditor("check", "gone.json", "--notify", "team")

        assert ran.status == 3
        assert hook.told["headline"] == "Azure network audit: no audit was performed"
        assert "gone.json" in hook.told["facts"]["reason"]
        assert not hook.told["audited"]
        ran = auditor.check(KEPT, "--notify", "team", "--report", "json=no/such/folder")
        assert ran.status == 2
        assert hook.told["headline"] == "Azure network audit: the audit was not completed"


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("nobody", "there is nobody called"),
        ("http://a.test/hook", "told in the clear"),
        ("https://hooks.slack.com/services/hunter2", "is a secret"),
        ("team", 'the environment has no "GONE"'),
        ("post", "there is no report called 'pfd'"),
    ],
)
def test_what_cannot_be_told_is_refused_before_the_audit(
    auditor: Command, argument: str, said: str
) -> None:
    auditor.write(
        "auditor.toml",
        '[notify.team]\nkind = "json"\nurl-env = "GONE"\n[notify.post]\nkind = "mail"\n'
        'host = "localhost"\nsecurity = "none"\nfrom = "a@b.test"\nto = "c@d.test"\n'
        'attach = ["pfd"]',
    )
    ran = auditor("check", "gone.json", "--notify", argument)

    assert ran.status == 2
    assert said in ran.err
    assert "hunter" not in ran.err


def test_a_mistake_in_a_table_is_told_though_nobody_is_to_be_told(auditor: Command) -> None:
    auditor.write("auditor.toml", "[notify.team]\nkind = 'json'\nurl-evn = 'A'")
    ran = auditor.check(KEPT)

    assert ran.status == 2
    assert "did you mean url-env?" in ran.err


def test_mail_brings_the_reports_that_are_asked_for(auditor: Command) -> None:
    with mail_server(security="none") as post:
        auditor.write(
            "auditor.toml",
            f'[notify.monday]\nkind = "mail"\nhost = "127.0.0.1"\nport = {post.port}\n'
            'security = "none"\nfrom = "a@b.test"\nto = ["c@d.test"]\n'
            'attach = ["pdf", "markdown", "oscal"]',
        )
        ran = auditor.check(KEPT, "--notify", "monday")
        assert ran.err == ""
        (mail,) = post.mails

    files: dict[str, Any] = {str(part.get_filename()): part for part in mail.iter_attachments()}
    assert [*files] == ["auditor-report.pdf", "auditor-report.md", "auditor-report.oscal.json"]
    assert files["auditor-report.pdf"].get_content().startswith(b"%PDF")
    # reports that tell of controls got some
    assert ran.report["compliance"][0]["framework"] == "CIS 6.0"
