"""The HTTPS server: sign-in, then faults, then what Resource Manager answers."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qsl, unquote, urlsplit

import trustme

from . import identity
from .answers import Answer, Answers, Question, error, said
from .estate import Estate
from .faults import Fault, Script
from .secure import SecureServer


@dataclass(frozen=True, slots=True)
class Call:
    """A call that came: `target` is the path with its query as it was sent."""

    method: str
    target: str
    signed: bool
    status: int

    @property
    def path(self) -> str:
        """The path, folded, without its query."""
        return urlsplit(self.target).path.lower().rstrip("/")

    @property
    def in_one(self) -> bool:
        """Whether it is about one subscription."""
        return self.path.startswith("/subscriptions/")


class StandIn:
    """Azure on loopback, from `with` to its end; `base` is where.

    `azure` is what it knows (subscriptions denied, namespaces not registered, page size ...),
    `faults` what it does wrong; both may be changed while it runs. `calls` is every call to
    Resource Manager in the order in which it was answered.
    """

    def __init__(self, estate: Estate | None = None, *, port: int = 0, **settings: Any) -> None:
        self.estate = estate or Estate()
        self.identity = identity.Identity()
        self.faults: list[Fault] = []
        self.script = Script(self.faults)
        self.calls: list[Call] = []
        self.signed_in = 0
        self._folder = TemporaryDirectory(prefix="standin-")
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.standin = self
        self.base = f"https://127.0.0.1:{self._server.server_address[1]}"
        self.azure = Answers(self.estate, self.base, **settings)

    @property
    def ca(self) -> str:
        """The file with the certificate to trust."""
        return str(Path(self._folder.name, "ca.pem"))

    def __enter__(self) -> StandIn:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.ca)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        self._server.context = context
        serve = self._server.serve_forever
        self._thread = threading.Thread(target=serve, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._folder.cleanup()

    def environment(self) -> dict[str, str]:
        """Give the variables with which a program signs in as the client of the stand-in."""
        return {
            "AZURE_TENANT_ID": identity.TENANT,
            "AZURE_CLIENT_ID": identity.CLIENT,
            "AZURE_CLIENT_SECRET": identity.SECRET,
            "AZURE_AUTHORITY_HOST": self.base,
            "REQUESTS_CA_BUNDLE": self.ca,
            "SSL_CERT_FILE": self.ca,
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }

    @contextlib.contextmanager
    def signed(self) -> Iterator[None]:
        """Have those variables in this process for a while."""
        with patch.dict("os.environ", self.environment()):
            yield

    def count(self) -> Counter[str]:
        """Count the calls to each folded path."""
        return Counter(call.path for call in self.calls)

    # -- what the handler asks

    def respond(self, call: Request) -> tuple[Answer, Fault | None]:
        """Answer a call, with the fault that it met."""
        known = self._sign_in(call)
        if known is not None:
            return known, None
        signed = self.identity.knows(call.authorization)
        fault = self.script.meet(call.method, call.target)
        if not signed:
            headers = {"WWW-Authenticate": f'Bearer authorization_uri="{self.base}/common"'}
            answer = error(401, "AuthenticationFailed", "The Authorization header is missing.")
            answer.headers.update(headers)
        elif fault is not None and fault.status is not None:
            answer = _wrong(fault, call)
        else:
            answer = self._right(call)
            if fault is not None and fault.edit is not None:
                answer.body = json.dumps(fault.edit(json.loads(answer.body))).encode()
        self.calls.append(Call(call.method, call.target, signed, answer.status))
        if fault is not None and fault.then is not None:
            fault.then()
        return answer, fault

    def _sign_in(self, call: Request) -> Answer | None:
        path = urlsplit(call.target).path.rstrip("/")
        if path.endswith("/.well-known/openid-configuration"):
            return said(identity.openid(self.base, path.split("/")[1]))
        if path.endswith("/oauth2/v2.0/token"):
            self.signed_in += 1
            status, body = self.identity.grant(dict(parse_qsl(call.body.decode())))
            return said(body, status)
        if path.endswith("/discovery/instance"):
            tenant = f"{self.base}/{identity.TENANT}"
            return said(
                {"tenant_discovery_endpoint": f"{tenant}/v2.0/.well-known/openid-configuration"}
            )
        if path == "/metadata/endpoints":
            cloud = identity.clouds(self.base)
            version = dict(parse_qsl(urlsplit(call.target).query)).get("api-version", "")
            return said([cloud] if version >= "2019-05-01" and version < "2022-09-01" else cloud)
        return None

    def _right(self, call: Request) -> Answer:
        parts = urlsplit(call.target)
        path = unquote(parts.path).rstrip("/")
        query = {name.lower(): value for name, value in parse_qsl(parts.query)}
        return self.azure.answer(Question(call.method, path.lower(), query, call.body, path))


def _wrong(fault: Fault, call: Request) -> Answer:
    status = fault.status or 500
    headers = dict(fault.headers)
    if fault.body is not None:
        return Answer(status, fault.body, headers)
    code, message = {
        403: ("AuthorizationFailed", "The client does not have authorization over the scope."),
        404: ("ResourceNotFound", "The resource was not found."),
        429: ("TooManyRequests", "The request is being throttled."),
        503: ("ServiceUnavailable", "The service is unavailable now."),
    }.get(status, ("InternalServerError", "The server met an internal error."))
    answer = error(status, code, f"{message} ({call.target})")
    answer.headers.update(headers)
    return answer


@dataclass(frozen=True, slots=True)
class Request:
    """What came over the wire."""

    method: str
    target: str
    authorization: str
    body: bytes


class _Server(SecureServer):
    standin: StandIn


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    server: _Server

    def do_GET(self) -> None:
        """Read."""
        self._serve()

    def do_POST(self) -> None:
        """Ask."""
        self._serve()

    def do_PUT(self) -> None:
        """Refuse: nothing that audits may write."""
        self._serve()

    do_DELETE = do_PATCH = do_PUT

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        authorization = self.headers.get("Authorization", "")
        call = Request(self.command, self.path, authorization, self.rfile.read(length))
        answer, fault = self.server.standin.respond(call)
        if fault is not None and fault.halve:
            answer.body = answer.body[: len(answer.body) // 2]
        if fault is not None and fault.delay:
            time.sleep(fault.delay)
        if fault is not None and fault.drop:
            self.close_connection = True
            return
        self._send(answer, cut=fault is not None and fault.truncate)

    def _send(self, answer: Answer, *, cut: bool) -> None:
        self.send_response(answer.status)
        headers = {"Content-Type": "application/json; charset=utf-8", **answer.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body[: len(answer.body) // 2] if cut else answer.body)
        self.wfile.flush()
        if cut:
            self.close_connection = True
