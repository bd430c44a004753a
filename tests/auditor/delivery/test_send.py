"""Delivery to servers on this machine."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from dataclasses import replace
from typing import Any

import pytest
import trustme

from auditor.delivery import attempts
from auditor.delivery.attempts import Undelivered, attempted
from auditor.delivery.message import Message, of_report
from auditor.delivery.secrets import Source
from auditor.delivery.send import Failure, Ready, deliver
from auditor.delivery.targets import Mail, Webhook
from auditor.delivery.webhooks import signature

from ...receiving import mail_server, webhook
from ...reports import enemy, sample

MESSAGE = of_report(sample.complied())
CALM = Message("all well", failed=False)
POST = "c@d.test"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> trustme.LeafCert:
    """A certificate of this machine, by an authority that is trusted."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return authority.issue_cert("127.0.0.1", "localhost")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that is not there: this machine is spoken to without one."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")


def hook(url: str, kind: str = "json", **more: Any) -> Ready:
    return Ready(Webhook("team", kind, url, **more), url)


def mail(port: int, **more: Any) -> Mail:
    given = {"security": "none", "host": "127.0.0.1", **more}
    host, security = given.pop("host"), given.pop("security")
    return Mail("post", host, port, security, "a@b.test", (POST, "e@f.test"), **given)


class Told:
    """What came of delivering: failures, and the pauses between attempts."""

    def __init__(self, *targets: Ready, message: Message = MESSAGE, **attached: bytes) -> None:
        self.pauses: list[float] = []
        self.failures = deliver(targets, message, lambda _: attached, self.pauses.append)

    @property
    def why(self) -> str:
        (failure,) = self.failures
        return failure.why


# webhooks


@pytest.mark.parametrize("kind", ["json", "teams", "slack"])
def test_a_webhook_is_posted_to_once(kind: str) -> None:
    with webhook() as there:
        assert Told(hook(f"{there.url}/a/b", kind)).failures == []
        assert there.paths == ["/a/b"]
        assert there.headers[0]["Content-Type"] == "application/json; charset=utf-8"
        assert there.headers[0]["User-Agent"].startswith("auditor/")
        assert ("X-Auditor-Delivery" in there.headers[0]) is (kind == "json")


def test_generic_json_is_signed_with_the_time() -> None:
    with webhook() as there:
        Told(Ready(Webhook("soc", "json", secret=Source("env", "K", "")), there.url, "hunter2"))
        head = there.headers[0]

    stamp = head["X-Auditor-Timestamp"]
    assert head["X-Auditor-Signature"] == signature("hunter2", stamp, there.bodies[0])


def test_https_is_spoken_with_who_proves_to_be_it(trusted: trustme.LeafCert) -> None:
    with webhook(trusted) as there:
        assert Told(hook(there.url)).failures == []
        assert there.told["headline"] == MESSAGE.headline


def test_a_certificate_of_a_stranger_gets_nothing(authority: trustme.CA) -> None:
    with webhook(trustme.CA().issue_cert("127.0.0.1")) as there:
        told = Told(hook(there.url))

        assert told.why.startswith("its certificate is not good")
        assert (told.pauses, there.bodies) == ([], [])


def test_a_redirect_is_not_followed() -> None:
    with webhook() as elsewhere, webhook() as there:
        there.answers = [(302, {"Location": f"{elsewhere.url}/x"})]
        told = Told(hook(there.url))

        assert told.why == "the answer was 302, a redirect, which is not followed"
        assert (elsewhere.paths, told.pauses) == ([], [])


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_what_was_refused_for_good_is_not_tried_again(status: int) -> None:
    with webhook() as there:
        there.answers = [(status, {})]
        told = Told(hook(there.url))

        assert told.why.startswith(f"the answer was {status} ")
        assert len(there.paths) == 1


def test_what_may_go_better_later_is_tried_again_as_the_same_delivery() -> None:
    with webhook() as there:
        there.answers = [(503, {}), (429, {"Retry-After": "7"}), (202, {})]
        told = Told(hook(there.url))

        assert (told.failures, told.pauses) == ([], [1, 7])
        assert len({head["X-Auditor-Delivery"] for head in there.headers}) == 1


def test_there_are_three_attempts_and_no_pause_is_long() -> None:
    with webhook() as there:
        there.answers = [(503, {"Retry-After": "99999"})]
        told = Told(hook(there.url))

        assert told.why == "the answer was 503 Service Unavailable, tried 3 times"
        assert told.pauses == [30, 30]
        assert len(there.paths) == 3


def test_who_is_not_there_is_told_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    told = Told(hook(f"http://127.0.0.1:{port}/hunter2"))

    assert told.why == "cannot be reached: Connection refused, tried 3 times"


def test_who_does_not_answer_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "SECONDS", 0.1)
    with webhook() as there:
        there.slowly = 0.5
        assert Told(hook(there.url)).why == "no answer within 0.1 seconds, tried 3 times"


def test_who_answers_in_another_language_is_told_so() -> None:
    def serve() -> None:
        for _ in range(3):
            peer, _ = server.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(b"hello\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        port = server.getsockname()[1]
        assert "no HTTP" in Told(hook(f"http://127.0.0.1:{port}/")).why


def test_only_what_fails_is_told_to_who_wants_that() -> None:
    with webhook() as there:
        Told(hook(there.url, when="failed"), message=CALM)
        assert there.paths == []
        Told(hook(there.url, when="failed"))
        assert len(there.paths) == 1


def test_only_what_is_new_is_told_to_who_wants_that() -> None:
    with webhook() as there:
        Told(hook(there.url, when="changed"), message=replace(MESSAGE, changed=False))
        assert there.paths == []
        Told(hook(there.url, when="changed"))
        assert len(there.paths) == 1


def test_one_that_fails_keeps_nobody_else_from_being_told() -> None:
    with webhook() as there, webhook() as broken:
        broken.answers = [(500, {})]
        told = Told(hook(broken.url), hook(there.url))

        assert told.failures == [
            Failure("team", "the answer was 500 Internal Server Error, tried 3 times")
        ]
        assert len(there.paths) == 1


# mail


def test_mail_goes_to_everybody_with_the_reports_attached() -> None:
    with mail_server(security="none") as post:
        told = Told(Ready(mail(post.port)), pdf=b"%PDF", markdown="# ü\n".encode())
        assert told.failures == []
        (got,) = post.mails

    assert post.recipients == [[POST, "e@f.test"]]
    assert (got["From"], got["To"]) == ("a@b.test", f"{POST}, e@f.test")
    assert got["Subject"] == MESSAGE.headline
    assert got["Message-ID"].endswith("@b.test>")
    body = got.get_body(("plain",))
    assert body is not None
    assert "critical EXP-001 Only approved gateways own a public address" in body.get_content()
    files = {part.get_filename(): part.get_content() for part in got.iter_attachments()}
    assert files["auditor-report.pdf"] == b"%PDF"
    assert files["auditor-report.md"] == "# ü\n"


def test_mail_is_encrypted_before_anything_is_said(trusted: trustme.LeafCert) -> None:
    for security in ("starttls", "tls"):
        with mail_server(trusted, security=security) as post:
            assert Told(Ready(mail(post.port, security=security))).failures == []
            assert post.encrypted == [True]


def test_the_login_is_given_in_tls(trusted: trustme.LeafCert) -> None:
    with mail_server(trusted, password="hunter2") as post:
        target = mail(post.port, security="starttls", user="u")
        assert Told(Ready(target, secret="hunter2")).failures == []
        assert post.logins == [("u", "hunter2")]
        wrong = Told(Ready(target, secret="hunter3"))
        assert wrong.why == "127.0.0.1 does not accept the login (535)"
        assert wrong.pauses == []


def test_a_server_without_tls_gets_neither_login_nor_mail() -> None:
    with mail_server(security="none") as post:
        told = Told(Ready(mail(post.port, security="starttls", user="u"), secret="hunter2"))

        assert told.why == "127.0.0.1 does not offer STARTTLS; nothing was sent"
        assert (post.mails, post.logins) == ([], [])


def test_a_mail_server_with_the_certificate_of_a_stranger_gets_nothing() -> None:
    stranger = trustme.CA().issue_cert("127.0.0.1")
    for security in ("starttls", "tls"):
        with mail_server(stranger, security=security) as post:
            told = Told(Ready(mail(post.port, security=security)))
            assert told.why.startswith("the certificate of 127.0.0.1 is not good")
            assert post.mails == []


def test_a_mail_refused_for_now_is_tried_again_and_one_refused_for_good_is_not() -> None:
    with mail_server(security="none") as post:
        post.answers = ["451 later", "250 OK"]
        assert Told(Ready(mail(post.port))).failures == []
        post.answers = ["554 never"]
        told = Told(Ready(mail(post.port)))
        assert told.why == "127.0.0.1 refuses the mail (554)"
        assert told.pauses == []


def test_a_recipient_that_is_refused_is_named() -> None:
    with mail_server(security="none") as post:
        post.refused = POST
        assert Told(Ready(mail(post.port))).why == f"127.0.0.1 does not deliver to {POST}"
        assert len(post.mails) == 1


def test_a_mail_server_that_is_not_there_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    assert "127.0.0.1 cannot be reached: Connection refused" in Told(Ready(mail(port))).why


def test_no_line_of_a_hostile_report_becomes_a_header() -> None:
    with mail_server(security="none") as post:
        Told(Ready(mail(post.port)), message=of_report(enemy.besieged()))
        (got,) = post.mails

    assert {*map(str.lower, got.keys())} <= {
        *("subject", "from", "to", "date", "auto-submitted", "message-id", "mime-version"),
        *("content-type", "content-transfer-encoding", "x-peer", "x-mailfrom", "x-rcptto"),
    }


# attempts


def test_an_attempt_that_raises_something_else_is_not_repeated() -> None:
    def fails() -> None:
        tried.append(1)
        raise ssl.SSLError("x")

    tried: list[int] = []
    with pytest.raises(ssl.SSLError):
        attempted(fails)
    assert tried == [1]
    with pytest.raises(Undelivered):
        attempts.within(0.01, lambda: time.sleep(1))
