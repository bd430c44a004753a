"""The Kubernetes client as an authenticated transport to one API server.

The only module that imports `kubernetes`, inside functions. It reads what `READABLE` names and
nothing else: there is no way to ask it for a Secret or a ConfigMap. Keys of a client are on disk
for the moment in which the TLS library takes them in, in a folder that is the caller's alone;
tokens never are.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import re
import ssl
import tempfile
import threading
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode, urlsplit

from auditor.errors import UsageError, quoted
from auditor.extras import lacking
from auditor.snapshot.transport import Answer, Unanswered

READABLE = {
    "services": ("", "Service"),
    "nodes": ("", "Node"),
    "ingresses": ("networking.k8s.io", "Ingress"),
    "ingressclasses": ("networking.k8s.io", "IngressClass"),
    "networkpolicies": ("networking.k8s.io", "NetworkPolicy"),
    "deployments": ("apps", "Deployment"),
    "daemonsets": ("apps", "DaemonSet"),
    "gateways": ("gateway.networking.k8s.io", "Gateway"),
    "httproutes": ("gateway.networking.k8s.io", "HTTPRoute"),
    "tlsroutes": ("gateway.networking.k8s.io", "TLSRoute"),
}
"""What is read of a cluster: the name in a path, with its API group and kind."""

PAGE = 500
"""Objects asked for at once."""

AKS = "6dae42f8-4368-4678-94ff-3960e28e3630"
"""The application that stands for the API servers of all AKS clusters with Entra ID sign-in."""

_VERSION = re.compile(r"v\d+(?:(?:alpha|beta)\d+)?")
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_LOADING = threading.Lock()
"""The client keeps the files that it writes in one table of the process."""


class Refused(Exception):
    """A kubeconfig that cannot be used; says why, without quoting what is secret in it."""


class ApiServer:
    """One API server: `url` is what it is called, without what differs from desk to desk."""

    def __init__(self, url: str, base: str, configuration: Any, context: ssl.SSLContext) -> None:
        from kubernetes import client
        from urllib3 import Retry, Timeout

        self.url = url
        self._base = base
        self._configuration = configuration
        self._pool = client.ApiClient(configuration).rest_client.pool_manager
        for key in ("ca_certs", "ca_cert_data", "cert_file", "key_file", "cert_reqs"):
            self._pool.connection_pool_kw.pop(key, None)
        self._pool.connection_pool_kw["ssl_context"] = context
        self._timeout = Timeout(connect=15, read=60)
        self._retries = Retry(
            total=6,
            connect=2,
            other=0,
            redirect=0,
            status_forcelist=(429, 500, 502, 503, 504),
            backoff_factor=0.3,
            raise_on_status=False,
        )

    def page(self, plural: str, version: str, token: str = "") -> Answer:
        """Ask for a page of all namespaces' objects; `token` continues after the page before.

        Raises Unanswered. Raises ValueError for anything that is not to be read.
        """
        if plural not in READABLE:
            raise ValueError(f"{plural} are not read")
        asked = {"limit": str(PAGE)} | ({"continue": token} if token else {})
        return self._get(f"{_prefix(READABLE[plural][0], version)}/{plural}?{urlencode(asked)}")

    def groups(self) -> Answer:
        """Ask which API groups there are. Raises Unanswered."""
        return self._get("/apis")

    def kinds(self, group: str, version: str) -> Answer:
        """Ask which kinds a version of an API group has. Raises Unanswered, ValueError."""
        return self._get(_prefix(group, version))

    def _get(self, path: str) -> Answer:
        from urllib3.exceptions import HTTPError

        signed = self._configuration.auth_settings().get("BearerToken")
        headers = {"Accept": "application/json"}
        if signed and signed["value"]:
            headers["Authorization"] = signed["value"]
        try:
            answer = self._pool.request(
                "GET",
                self._base + path,
                headers=headers,
                timeout=self._timeout,
                retries=self._retries,
                redirect=False,
            )
        except HTTPError as error:
            raise Unanswered(_reason(error)) from None
        return Answer(
            answer.status, answer.data, {name.lower(): v for name, v in answer.headers.items()}
        )


def _prefix(group: str, version: str) -> str:
    if group not in {group for group, _ in READABLE.values()} or not _VERSION.fullmatch(version):
        raise ValueError(f"{group}/{version} is not read")
    return f"/apis/{group}/{version}" if group else f"/api/{version}"


def require() -> None:
    """Raise UsageError, with what to install, without the library."""
    _library()


def of_kubeconfig(file: str | None, context: str | None) -> ApiServer:
    """Open the API server of a context, as kubectl does; None is the current one.

    Commands that the file names to sign in (kubelogin, aws, ...) are run, as kubectl runs them.
    Raises UsageError without the library, the file or the context, or when the file is damaged.
    """
    config = _library()
    try:
        return _open(
            lambda folder, settings: config.load_kube_config(
                file,
                context or None,
                client_configuration=settings,
                persist_config=False,
                temp_file_path=folder,
            )
        )
    except (config.ConfigException, Refused) as error:
        said = str(error).partition("\n")[0]
        raise UsageError(
            f"the kubeconfig cannot be used: {said[:200]}",
            where=file or "",
            advice="name a context that `kubectl config get-contexts` lists; without a kubeconfig "
            "`--kubernetes` alone asks Azure for the credentials of the clusters in scope",
        ) from None
    except Exception as error:
        raise UsageError(
            f"the kubeconfig is damaged ({type(error).__name__})", where=file or ""
        ) from None


def of_credentials(text: bytes, token: Callable[[str], str]) -> ApiServer:
    """Open the API server that the kubeconfig of an AKS cluster is for, as Azure gives it.

    Of it only the address, its certificate and the user's own credential count: nothing in it is
    run or read from disk. Where it wants one to sign in with Entra ID, `token` gives a token for
    a scope. Raises UsageError without the library, Refused.
    """
    config = _library()
    plain = _plain(text, token)
    try:
        return _open(
            lambda folder, settings: config.load_kube_config_from_dict(
                plain, client_configuration=settings, persist_config=False, temp_file_path=folder
            )
        )
    except (config.ConfigException, ValueError, OSError) as error:
        why = f"the cluster's credentials cannot be used ({type(error).__name__})"
        raise Refused(why) from None


def _library() -> Any:
    try:
        from kubernetes import config
    except ImportError as error:
        raise lacking("reading clusters", str(error.name), "azure,kubernetes") from None
    for name in ("kubernetes", "urllib3"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return config


def _open(load: Callable[[str, Any], None]) -> ApiServer:
    from kubernetes import client
    from kubernetes.config import kube_config

    settings = client.Configuration()
    with _LOADING, tempfile.TemporaryDirectory(prefix="auditor-") as folder:
        try:
            load(folder, settings)
            trusted = _trusted(settings)
        finally:
            forget: Callable[[], None] = kube_config._cleanup_temp_files
            forget()
    base = str(settings.host).rstrip("/")
    parts = urlsplit(base)
    if parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise Refused(f"its server is not https: {quoted(base)}")
    name = settings.tls_server_name or parts.hostname or ""
    port = f":{parts.port}" if parts.port not in (None, 443) else ""
    return ApiServer(f"{parts.scheme}://{name}{port}{parts.path}", base, settings, trusted)


def _trusted(settings: Any) -> ssl.SSLContext:
    """Take the certificates in, so that no file has to stay."""
    context = ssl.create_default_context(cafile=settings.ssl_ca_cert or None)
    if not settings.verify_ssl:
        from urllib3 import disable_warnings, exceptions

        disable_warnings(exceptions.InsecureRequestWarning)  # the kubeconfig says so
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if settings.cert_file:
        context.load_cert_chain(settings.cert_file, settings.key_file)
    return context


def _plain(text: bytes, token: Callable[[str], str]) -> dict[str, Any]:
    """Give a kubeconfig with an address, a certificate and a credential, and nothing else."""
    import yaml

    try:
        told = yaml.safe_load(text)
        context = _named(told["contexts"], told["current-context"])["context"]
        cluster = _named(told["clusters"], context["cluster"])["cluster"]
        user = _named(told["users"], context["user"])["user"] or {}
        server = {
            key: str(cluster[key])
            for key in ("server", "certificate-authority-data", "tls-server-name")
            if cluster.get(key)
        }
        credential = _credential(user, token)
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, RecursionError):
        raise Refused("the cluster's credentials are no kubeconfig") from None
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
        "clusters": [{"name": "c", "cluster": server}],
        "users": [{"name": "c", "user": credential}],
    }


def _named(entries: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next((each for each in entries if each["name"] == name), {})


def _credential(user: dict[str, Any], token: Callable[[str], str]) -> dict[str, str]:
    if "exec" in user or "auth-provider" in user:
        return {"token": token(f"{_application(user)}/.default")}
    return {
        key: str(user[key])
        for key in ("token", "client-certificate-data", "client-key-data")
        if user.get(key)
    }


def _application(user: dict[str, Any]) -> str:
    """For which application a token is wanted: what kubelogin is told, else AKS's own."""
    words = [str(each) for each in (user.get("exec") or {}).get("args") or ()]
    given = dict(pairwise(words)).get("--server-id", "")
    given = given or str(
        ((user.get("auth-provider") or {}).get("config") or {}).get("apiserver-id") or ""
    )
    return given if _GUID.fullmatch(given) else AKS


def kubeconfig_of(answer: bytes) -> bytes:
    """Give the kubeconfig in Azure's answer to `listClusterUserCredential`. Raises Refused."""
    try:
        return base64.b64decode(json.loads(answer)["kubeconfigs"][0]["value"])
    except (ValueError, KeyError, IndexError, TypeError, binascii.Error):
        raise Refused("Azure's answer holds no credentials") from None


def _reason(error: Exception) -> str:
    """Say in stable words why no answer came: no addresses of objects, no times."""
    from urllib3 import exceptions as they

    cause = getattr(error, "reason", None) or error
    if isinstance(cause, they.SSLError):
        return "its certificate is not trusted"
    if isinstance(cause, they.NameResolutionError):
        return "its name is not known here"
    if isinstance(cause, they.NewConnectionError):
        return "no connection"
    if isinstance(cause, they.TimeoutError):
        return "no answer in time"
    if isinstance(cause, they.ProtocolError):
        return "the answer broke off"
    return type(cause).__name__
