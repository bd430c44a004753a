"""Receivers of what is delivered, on this machine: a webhook and a mail server."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

Answer = tuple[int, dict[str, str]]


@dataclass
class Hook:
    """A webhook that gives the answers it is told to, the last one for ever."""

    url: str
    answers: list[Answer] = field(default_factory=lambda: [(200, {})])
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    slowly: float = 0

    @property
    def told(self) -> Any:
        """What was posted last."""
        return json.loads(self.bodies[-1])


@contextmanager
def webhook(certificate: trustme.LeafCert | None = None) -> Iterator[Hook]:
    """Serve one, by https when there is a certificate."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hook.paths.append(self.path)
            hook.headers.append(dict(self.headers))
            hook.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            time.sleep(hook.slowly)
            status, headers = hook.answers.pop(0) if len(hook.answers) > 1 else hook.answers[0]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            hook.paths.append(f"GET {self.path}")
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "http" if certificate is None else "https"
    hook = Hook(f"{scheme}://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Post:
    """A mail server: what it took, from whom, and whether by TLS."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    answers: list[str] = field(default_factory=lambda: ["250 OK"])
    refused: str = ""
    by_tls: bool = False

    async def handle_RCPT(self, _: Any, __: Any, envelope: Any, address: str, ___: Any) -> str:
        if address == self.refused:
            return "550 nobody"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: Any, session: Any, envelope: Any) -> str:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer.startswith("250"):
            mail = message_from_bytes(envelope.content, EmailMessage, policy=policy.default)
            self.mails.append(mail)
            self.recipients.append(envelope.rcpt_tos)
            self.encrypted.append(self.by_tls or session.ssl is not None)
        return answer


@contextmanager
def mail_server(
    certificate: trustme.LeafCert | None = None,
    *,
    security: str = "starttls",
    password: str = "",
) -> Iterator[Post]:
    """Serve one; with a password it wants a login, which it offers in TLS alone."""
    post = Post(by_tls=security == "tls")  # such a server takes nothing else

    def login(_: Any, __: Any, ___: Any, ____: Any, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        post.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password.decode() == password, handled=False)

    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
    offered = context if security == "starttls" else None

    class Serving(Controller):
        def _trigger_server(self) -> None:
            assert isinstance(self.server, asyncio.Server)
            self.port = post.port = self.server.sockets[0].getsockname()[1]
            super()._trigger_server()  # type: ignore[no-untyped-call]

        def factory(self) -> SMTP:
            return SMTP(
                post,
                tls_context=offered,
                require_starttls=offered is not None,
                authenticator=login if password else None,
                auth_required=bool(password),
                auth_require_tls=security == "starttls",
                hostname="mail.test",
            )

    controller = Serving(post, "127.0.0.1", 0, ssl_context=context if security == "tls" else None)
    controller.start()
    try:
        yield post
    finally:
        controller.stop()
