from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.delivery.addresses import checked, is_secret, named
from auditor.delivery.secrets import Source
from auditor.delivery.send import ready
from auditor.delivery.targets import Mail, Webhook, chosen, read
from auditor.errors import UsageError

HERE = Path("/etc/auditor")
MAIL = {"kind": "mail", "host": "smtp.test", "from": "a@b.test", "to": ["c@d.test"]}


def target(**table: Any) -> Any:
    return read("team", {key.replace("_", "-"): value for key, value in table.items()}, "f", HERE)


def refused(**table: Any) -> UsageError:
    with pytest.raises(UsageError) as error:
        target(**table)
    return error.value


def test_a_webhook_has_its_address_from_the_environment_or_a_file() -> None:
    team = target(kind="teams", url_env="TEAMS", when="failed", link="https://w.test/r")
    assert team == Webhook(
        "team", "teams", "", Source("env", "TEAMS", "f: notify.team"), None, "failed",
        "https://w.test/r",
    )  # fmt: skip
    slack = target(kind="slack", url_file="secrets/slack")
    assert slack.url_source == Source("file", "/etc/auditor/secrets/slack", "f: notify.team")


def test_mail_has_the_usual_port_of_its_security() -> None:
    assert target(**MAIL) == Mail("team", "smtp.test", 587, "starttls", "a@b.test", ("c@d.test",))
    assert target(**MAIL, security="tls").port == 465
    assert target(**{**MAIL, "to": "e@f.test"}, port=2525).recipients == ("e@f.test",)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "needs kind"),
        ({"kind": "pager"}, "needs kind"),
        ({"kind": "json"}, "needs one of url, url-env and url-file"),
        ({"kind": "json", "url": "https://a.test", "url_env": "A"}, "needs one of"),
        ({"kind": "json", "url_env": "A", "url_file": "a"}, "exclude each other"),
        ({"kind": "json", "url_env": ""}, "must name a variable"),
        ({"kind": "json", "url": "https://a.test", "when": "never"}, "when must be one of"),
        ({"kind": "json", "url": "https://a.test", "link": "javascript:x"}, "link must be"),
        ({"kind": "json", "url": "https://a.test", "secret": "s"}, 'unknown key "secret"'),
        ({"kind": "teams", "url_env": "A", "secret_env": "B"}, 'unknown key "secret-env"'),
        ({"kind": "json", "url": "http://a.test/x"}, "in the clear"),
        ({"kind": "json", "url": "ftp://a.test/x"}, "no address of a webhook"),
        ({"kind": "json", "url": "https://"}, "no address of a webhook"),
        ({"kind": "json", "url": "https://a.test:x/"}, "no address of a webhook"),
        ({**MAIL, "host": ""}, "needs host"),
        ({**MAIL, "host": "a b"}, "needs host"),
        ({**MAIL, "security": "none"}, "in the clear"),
        ({**MAIL, "security": "ssl"}, "security must be one of"),
        ({**MAIL, "port": 0}, "port must be"),
        ({**MAIL, "port": True}, "port must be"),
        ({**MAIL, "to": []}, "needs to"),
        ({**MAIL, "to": ["x"]}, "to must be an address"),
        ({**MAIL, "to": ["a@b.test\nBcc: e@f.test"]}, "to must be an address"),
        ({**MAIL, "to": ["A <a@b.test>"]}, "to must be an address"),
        ({**MAIL, "from": "@b.test"}, "from must be an address"),
        ({**MAIL, "user": "u"}, "belong together"),
        ({**MAIL, "password_env": "P"}, "belong together"),
        ({**MAIL, "password": "hunter2"}, 'unknown key "password"'),
        ({**MAIL, "attach": "pdf"}, "attach must be a list"),
    ],
)
def test_a_table_that_is_wrong_is_refused(table: dict[str, Any], said: str) -> None:
    error = refused(**table)

    assert said in str(error)
    assert "hunter2" not in f"{error} {error.advice}"


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.slack.com/services/T/B/hunter2",
        "https://contoso.webhook.office.com/webhookb2/hunter2",
        "https://prod-1.westeurope.logic.azure.com:443/workflows/hunter2",
        "https://x.environment.api.powerplatform.com/powerautomate/hunter2",
        "https://a.test/hook?sig=hunter2",
        "https://user:hunter2@a.test/hook",
        "https://HOOKS.slack.com./services/hunter2",
    ],
)
def test_an_address_that_is_a_secret_is_not_written_down(url: str) -> None:
    assert is_secret(url)
    for error in (refused(kind="json", url=url), _of_command_line(url)):
        assert "is a secret" in str(error)
        assert "url-env" in error.advice
        assert "hunter2" not in f"{error} {error.advice}"


def _of_command_line(url: str) -> UsageError:
    with pytest.raises(UsageError) as error:
        chosen((url,), {})
    return error.value


def test_an_address_is_named_without_what_may_be_secret() -> None:
    assert named("https://u:hunter2@[::1]:8/p?q") == "https://[::1]:8/…"
    assert named("hunter2") == "the address"


@pytest.mark.parametrize("url", ["http://localhost/x", "http://127.8.0.1:80/x", "http://[::1]/x"])
def test_http_is_for_this_machine(url: str) -> None:
    assert checked(url, "w") == url


@pytest.mark.parametrize(
    "url", ["http://localhost.test/", "http://127.0.0.1.test/", "http://2130706433/", "http://0/"]
)
def test_what_only_looks_like_this_machine_is_not(url: str) -> None:
    with pytest.raises(UsageError, match="in the clear"):
        checked(url, "w")


def test_targets_are_chosen_by_name_or_address_each_once() -> None:
    known = {"team": target(kind="json", url="https://a.test")}
    found = chosen(("team", "https://b.test/x", "team"), known)

    assert [each.name for each in found] == ["team", ""]
    assert ready(found[1]).label == "https://b.test/…"
    with pytest.raises(UsageError) as error:
        chosen(("taem",), known)
    assert error.value.advice == "did you mean team?"


def test_a_secret_is_read_when_it_is_needed_and_its_absence_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOOK", " https://a.test/hunter2\n")
    assert ready(target(kind="slack", url_env="HOOK")).url == "https://a.test/hunter2"
    monkeypatch.setenv("HOOK", "")
    with pytest.raises(UsageError, match='the environment has no "HOOK"'):
        ready(target(kind="slack", url_env="HOOK"))
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        ready(read("t", {"kind": "slack", "url-file": "gone"}, "f", tmp_path))
    (tmp_path / "two").write_text("hunter2\nhunter3\n")
    with pytest.raises(UsageError, match="more than one line") as error:
        ready(read("t", {"kind": "slack", "url-file": "two"}, "f", tmp_path))
    assert "hunter" not in str(error.value)
    (tmp_path / "clear").write_text("http://a.test/hunter2\n")
    with pytest.raises(UsageError, match="in the clear") as error:
        ready(read("t", {"kind": "slack", "url-file": "clear"}, "f", tmp_path))
    assert "hunter" not in str(error.value)
