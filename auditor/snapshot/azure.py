"""Microsoft's clients as authenticated transports, and the credentials they take.

The only module that imports `azure.*`, inside functions: the import takes a second and a half.
No typed models: they cost eight times the CPU of the parser, and some lose what they do not know.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

from auditor.errors import UsageError, quoted
from auditor.extras import lacking
from auditor.snapshot.pace import Pace
from auditor.snapshot.signing_in import ADVICE, CLOUDS, Cloud
from auditor.snapshot.signing_in_failed import reason_of, unknown_caller
from auditor.snapshot.transport import (
    Answer,
    ForeignAddress,
    NoCredential,
    Traffic,
    Unanswered,
    retry_after,
)

RETRIES: dict[str, Any] = {
    "retry_total": 10,
    "retry_status": 8,
    "retry_connect": 3,
    "retry_read": 2,
    "retry_backoff_max": 30,
}
"""How often a request is repeated after throttling, a failure of the service, no connection.

`Retry-After` is honoured whatever it says; else the waits double up to half a minute.
"""

_SILENCE = 70
"""Seconds without a byte until an answer is given up; Resource Manager waits 60 for a provider."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""What some services of Azure put in front of JSON; JSON itself has none."""

_REPEATABLE = frozenset({"GET", "POST"})
"""All that is sent asks; Resource Graph's questions and those for effective routes are POSTs."""

_TENANT = re.compile(r"[A-Za-z0-9.-]+")

_PATIENCE = 60
"""Seconds that az may take to give a token; on a busy machine ten are too few."""


def quiet() -> None:
    """Silence what the libraries would log; only errors of their own are let through."""
    for name in ("azure", "msal", "urllib3", "requests"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def connect(
    cloud: Cloud,
    *,
    credential: str = "auto",
    tenant: str | None = None,
    concurrency: int = 16,
    traffic: Traffic | None = None,
) -> AzureTransport:
    """Sign in and give a transport.

    Raises UsageError without the libraries or for a tenant that can be none, NoCredential when
    nobody could be signed in.
    """
    if tenant is not None and not _TENANT.fullmatch(tenant):
        raise UsageError(
            f"{quoted(tenant)} is no tenant",
            where="--tenant",
            advice="give its id or a domain of it: az account list",
        )
    try:
        import azure.core
        import azure.identity
        import azure.mgmt.containerservice
        import azure.mgmt.network  # noqa: F401
    except ImportError as error:
        raise lacking("auditor snapshot", str(error.name), "azure") from None
    quiet()
    known = Once(credential_of(credential, cloud, tenant), tenant)
    _token(known, cloud, credential)
    return AzureTransport(cloud, known, concurrency, traffic or Traffic(), kind=credential)


def credential_of(kind: str, cloud: Cloud, tenant: str | None) -> Any:
    """Make a credential; nobody is asked for it yet. Raises NoCredential."""
    from azure import identity

    foreign = cloud.authority not in {each.authority for each in CLOUDS.values()}
    common: dict[str, Any] = {"authority": cloud.authority}
    if foreign:
        common["disable_instance_discovery"] = True
    of_tenant: dict[str, Any] = {"tenant_id": tenant} if tenant else {}
    allowed = {"additionally_allowed_tenants": [tenant]} if tenant else {}
    client = os.environ.get("AZURE_CLIENT_ID")
    try:
        match kind:
            case "cli":
                return identity.AzureCliCredential(**of_tenant, process_timeout=_PATIENCE)
            case "environment":
                return identity.EnvironmentCredential(**common, **allowed)
            case "workload-identity":
                return identity.WorkloadIdentityCredential(**of_tenant, **common)
            case "managed-identity":
                return identity.ManagedIdentityCredential(client_id=client)
            case "browser":
                return identity.InteractiveBrowserCredential(**of_tenant, **common)
            case "device-code":
                return identity.DeviceCodeCredential(
                    **of_tenant, **common, prompt_callback=show_code
                )
            case _:
                with _default_authority(cloud.authority):
                    return identity.DefaultAzureCredential(
                        **common, **allowed, process_timeout=_PATIENCE
                    )
    except ValueError as error:
        raise NoCredential(reason_of(error), advice=ADVICE[kind]) from None


@contextmanager
def _default_authority(authority: str) -> Iterator[None]:
    """Have an authority in the environment: one credential of the chain is not told it."""
    before = os.environ.get("AZURE_AUTHORITY_HOST")
    os.environ["AZURE_AUTHORITY_HOST"] = authority
    try:
        yield
    finally:
        del os.environ["AZURE_AUTHORITY_HOST"]
        if before is not None:
            os.environ["AZURE_AUTHORITY_HOST"] = before


class Once:
    """A credential that is asked once at a time, and not before its token runs out.

    Some have no memory (az is a process of its own each time), and all threads start at once.
    """

    def __init__(self, credential: Any, tenant: str | None = None) -> None:
        self._credential = credential
        self._tenant = tenant
        self._lock = threading.Lock()
        self._tokens: dict[tuple[str, ...], Any] = {}

    def get_token(self, *scopes: str, **options: Any) -> Any:
        """Give a token that lasts five minutes at least, of the tenant that was chosen."""
        if self._tenant:
            options.setdefault("tenant_id", self._tenant)
        with self._lock:
            token = self._tokens.get(scopes)
            if options.get("claims") or token is None or token.expires_on < time.time() + 300:
                token = self._tokens[scopes] = self._credential.get_token(*scopes, **options)
            return token

    def close(self) -> None:
        """Close what the credential itself has open."""
        if hasattr(self._credential, "close"):
            self._credential.close()


def show_code(address: str, code: str, _until: object) -> None:
    """Tell a person where to sign in with a code."""
    import sys

    sys.stderr.write(f"auditor: to sign in, open {address} and enter the code {code}\n")


def _token(credential: Any, cloud: Cloud, kind: str) -> None:
    """Ask for a token once, so that a failure is told before any work is done."""
    from azure.core.exceptions import AzureError

    try:
        credential.get_token(cloud.scope)
    except AzureError as error:
        raise unknown_caller(error, kind) from None


class AzureTransport:
    """`send_request` of Microsoft's network and container service clients.

    Redirects are not followed, providers are not registered (that would be a write), answers are
    not parsed: what comes is handed on as it came.
    """

    def __init__(
        self,
        cloud: Cloud,
        credential: Any,
        concurrency: int,
        traffic: Traffic,
        *,
        kind: str = "auto",
    ) -> None:
        from azure.mgmt.containerservice import ContainerServiceClient
        from azure.mgmt.network import NetworkManagementClient

        self.endpoint = cloud.endpoint.rstrip("/")
        self.traffic = traffic
        self.credential = credential
        self._kind = kind
        pace = Pace()
        common: dict[str, Any] = {
            "base_url": self.endpoint,
            "credential_scopes": [cloud.scope],
            "transport": _session(concurrency),
        }

        def client(of: Any) -> Any:
            nobody = "00000000-0000-0000-0000-000000000000"  # each address names its subscription
            passed = _policies(credential, cloud.scope, traffic, pace)
            return of(credential, nobody, policies=passed, **common)

        self._clients: Mapping[str, Any] = {
            "": client(NetworkManagementClient),
            "microsoft.containerservice": client(ContainerServiceClient),
        }

    def send(
        self, method: str, url: str, body: bytes | None = None, *, provider: str = ""
    ) -> Answer:
        """Send one request; see `Transport`."""
        from azure.core.exceptions import AzureError, ClientAuthenticationError
        from azure.core.rest import HttpRequest

        address = self._own(url)
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        client = self._clients.get(provider.lower(), self._clients[""])
        try:
            answer = client.send_request(
                HttpRequest(method, address, headers=headers, content=body),
                retry_on_methods=_REPEATABLE,
            )
            content = answer.read().removeprefix(_BYTE_ORDER_MARK)
        except ClientAuthenticationError as error:
            raise unknown_caller(error, self._kind) from None
        except AzureError as error:
            raise Unanswered(_reason(error)) from None
        return Answer(
            answer.status_code, content, {k.lower(): v for k, v in answer.headers.items()}
        )

    def token(self, scope: str) -> str:
        """Give a token for something else than Resource Manager. Raises NoCredential."""
        from azure.core.exceptions import AzureError

        try:
            return str(self.credential.get_token(scope).token)
        except AzureError as error:
            raise unknown_caller(error, self._kind) from None

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            client.close()
        self.credential.close()

    def _own(self, url: str) -> str:
        """Give the address on our own endpoint; some services write its port into their links."""
        if url.startswith("/") and not url.startswith("//"):
            url = self.endpoint + url
        parts = urlsplit(url)
        if _place(url) != _place(self.endpoint) or "@" in parts.netloc or _climbs(parts.path):
            raise ForeignAddress(url)
        return f"{self.endpoint}{parts.path}" + (f"?{parts.query}" if parts.query else "")


def _climbs(path: str) -> bool:
    """Whether a path has steps up in it: a name of Azure's has none, and they lead elsewhere."""
    return any(word in (".", "..") for word in re.split(r"[/\\]", unquote(path)))


def _place(url: str) -> tuple[str, str | None, int] | None:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or 443
    except ValueError:  # a port that is no number
        return None


def _reason(error: Exception) -> str:
    """Say in stable words why no answer came: no addresses of objects, no times."""
    from azure.core import exceptions as they

    if isinstance(error, (they.ServiceRequestTimeoutError, they.ServiceResponseTimeoutError)):
        return "no answer in time"
    if isinstance(error, they.ServiceRequestError):
        untrusted = "CERTIFICATE_VERIFY_FAILED" in str(error)
        return "its certificate is not trusted" if untrusted else "no connection"
    if isinstance(error, they.ServiceResponseError) or "Incomplete" in type(error).__name__:
        return "the answer broke off"
    return type(error).__name__


def _session(concurrency: int) -> Any:
    from azure.core.pipeline.transport import RequestsTransport
    from requests import Session
    from requests.adapters import HTTPAdapter

    session = Session()
    session.mount("https://", HTTPAdapter(pool_maxsize=max(concurrency, 10)))
    transport: Any = RequestsTransport(
        session=session, connection_timeout=30, read_timeout=_SILENCE
    )
    return transport


def _policies(credential: Any, scope: str, traffic: Traffic, pace: Pace) -> list[Any]:
    """What a request passes: no registering of providers, no following, no parsing, no logging."""
    from azure.core.pipeline import policies
    from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

    from auditor import __version__

    class Watch(policies.SansIOHTTPPolicy[Any, Any]):
        """Stands behind the retries, so that it sees each attempt."""

        def on_request(self, request: Any) -> None:
            pace.wait(request.http_request.url)
            again = "auditor_attempt" in request.context
            request.context["auditor_attempt"] = True
            traffic.sent(again=again)

        def on_response(self, request: Any, response: Any) -> None:
            if response.http_response.status_code == 429:
                traffic.throttle(seconds(response.http_response.headers))

    class Patience(policies.RetryPolicy[Any, Any]):
        """Takes a Retry-After that is none for none, where the policy would raise ValueError."""

        def get_retry_after(self, response: Any) -> float | None:
            return asked_wait(response.http_response.headers)

    return [
        policies.RequestIdPolicy(),
        policies.HeadersPolicy(),
        policies.UserAgentPolicy(f"auditor/{__version__}"),
        policies.ProxyPolicy(),
        Patience(**RETRIES),
        ARMChallengeAuthenticationPolicy(credential, scope),
        Watch(),
    ]


def seconds(headers: Mapping[str, str]) -> float:
    """Read how many seconds an answer asks to wait: at least one, five if it does not say."""
    asked = asked_wait(headers)
    return 5.0 if asked is None else max(asked, 1.0)


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Read how many seconds an answer asks to wait, if it does."""
    return retry_after({name.lower(): value for name, value in headers.items()})
