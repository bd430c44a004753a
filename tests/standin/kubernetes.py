"""A stand-in of the Kubernetes API on loopback, for the real client.

It serves objects as `kubectl get -o json` spells them, the way the API server lists them: by group
and version, in pages with `continue`, elements without apiVersion and kind, with `managedFields`.
Secrets are served like anything else, so that a test sees whether anybody asks.
"""

from __future__ import annotations

import base64
import json
import re
import ssl
import threading
from collections import defaultdict
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import trustme

from .faults import Fault, Script
from .secure import SecureServer

Json = dict[str, Any]
TOKEN = "kubernetes-token-of-the-stand-in"

PLURALS = {
    "Service": "services",
    "Node": "nodes",
    "Secret": "secrets",
    "ConfigMap": "configmaps",
    "Ingress": "ingresses",
    "IngressClass": "ingressclasses",
    "NetworkPolicy": "networkpolicies",
    "Deployment": "deployments",
    "DaemonSet": "daemonsets",
    "Gateway": "gateways",
    "HTTPRoute": "httproutes",
    "TLSRoute": "tlsroutes",
}
CORE = {
    "v1": ("services", "nodes", "secrets", "configmaps"),
    "networking.k8s.io/v1": ("ingresses", "ingressclasses", "networkpolicies"),
    "apps/v1": ("deployments", "daemonsets"),
}
GATEWAY_API = {
    "gateway.networking.k8s.io/v1": ("gateways", "httproutes"),
    "gateway.networking.k8s.io/v1alpha2": ("tlsroutes",),
}
KINDS = {plural: kind for kind, plural in PLURALS.items()}


class Cluster:
    """An API server, from `with` to its end.

    `name` is what its certificate says beside 127.0.0.1. `faults` are met as the ARM stand-in
    meets them; `calls` are the paths with their queries that were asked. `apis` are the kinds by
    group and version.
    """

    def __init__(
        self,
        objects: Iterable[Json] = (),
        *,
        name: str = "cluster.example",
        page_size: int = 500,
        gateway_api: bool = True,
        token: str = TOKEN,
    ) -> None:
        self.objects: dict[str, list[Json]] = defaultdict(list)
        for each in objects:
            self.objects[PLURALS[each["kind"]]].append(each)
        self.name = name
        self.page_size = page_size
        self.token = token
        self.apis = CORE | (GATEWAY_API if gateway_api else {})
        self.faults: list[Fault] = []
        self.script = Script(self.faults)
        self.calls: list[str] = []
        self._authority = trustme.CA()
        self._folder = TemporaryDirectory(prefix="cluster-")
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.cluster = self
        self.base = f"https://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Cluster:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert("127.0.0.1", self.name).configure_cert(context)
        self._authority.configure_trust(context)
        context.verify_mode = ssl.CERT_OPTIONAL
        self._server.context = context
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._folder.cleanup()

    def kubeconfig(self, user: Json | None = None, *, named: bool = True) -> Json:
        """Give a kubeconfig for it; `named` calls the server by its name, as through a tunnel."""
        authority = base64.b64encode(self._authority.cert_pem.bytes()).decode()
        server: Json = {"server": self.base, "certificate-authority-data": authority}
        if named:
            server["tls-server-name"] = self.name
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "standin",
            "contexts": [{"name": "standin", "context": {"cluster": "k", "user": "u"}}],
            "clusters": [{"name": "k", "cluster": server}],
            "users": [{"name": "u", "user": {"token": self.token} if user is None else user}],
        }

    def write(self, path: Path, **more: Any) -> Path:
        """Write that kubeconfig to a file; JSON is YAML."""
        path.write_text(json.dumps(self.kubeconfig(**more)))
        return path

    def certificate(self) -> Json:
        """Give a user who signs in with a certificate of the cluster's own authority."""
        made = self._authority.issue_cert("client.example", common_name="reader")
        chain = b"".join(blob.bytes() for blob in made.cert_chain_pems)
        return {
            "client-certificate-data": base64.b64encode(chain).decode(),
            "client-key-data": base64.b64encode(made.private_key_pem.bytes()).decode(),
        }

    def credentials(self, user: Json | None = None) -> bytes:
        """Give Azure's answer to `listClusterUserCredential` for it."""
        text = json.dumps(self.kubeconfig(user, named=False)).encode()
        value = base64.b64encode(text).decode()
        return json.dumps({"kubeconfigs": [{"name": "clusterUser", "value": value}]}).encode()

    # -- what the handler asks

    def respond(self, target: str, authorization: str, certified: bool) -> tuple[int, Any, Json]:
        """Answer a path: status, body, headers."""
        self.calls.append(target)
        if not certified and authorization != f"Bearer {self.token}":
            return 401, _status(401, "Unauthorized"), {}
        fault = self.script.meet("GET", target)
        if fault is not None and fault.status is not None:
            body = _status(fault.status, "Scripted") if fault.body is None else fault.body
            return fault.status, body, dict(fault.headers)
        parts = urlsplit(target)
        body = self._answer(parts.path, dict(parse_qsl(parts.query)))
        if fault is not None and fault.edit is not None:
            body = fault.edit(body)
        return (404, b"404 page not found\n", {}) if body is None else (200, body, {})

    def _answer(self, path: str, query: dict[str, str]) -> Any:
        if path == "/apis":
            return self._groups()
        found = re.fullmatch(r"/(?:api|apis/([a-z0-9.]+))/(v[a-z0-9]+)(?:/([a-z]+))?", path)
        if found is None:
            return None
        version = "/".join(part for part in found.groups()[:2] if part)
        if version not in self.apis:
            return None
        if found[3] is None:
            names = [{"name": each, "kind": KINDS[each]} for each in self.apis[version]]
            return {"kind": "APIResourceList", "groupVersion": version, "resources": names}
        return self._list(found[3], version, query) if found[3] in self.apis[version] else None

    def _groups(self) -> Json:
        groups: dict[str, list[Json]] = defaultdict(list)
        for each in self.apis:
            group, slash, version = each.partition("/")
            if slash:
                groups[group].append({"groupVersion": each, "version": version})
        named = [{"name": name, "versions": versions} for name, versions in groups.items()]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": named}

    def _list(self, plural: str, version: str, query: dict[str, str]) -> Json:
        size = min(int(query.get("limit", "500")), self.page_size)
        start = int(query.get("continue", "0") or 0)
        every = self.objects[plural]
        page = [_element(each) for each in every[start : start + size]]
        metadata: Json = {"resourceVersion": "4711"}
        if start + size < len(every):
            metadata |= {
                "continue": str(start + size),
                "remainingItemCount": len(every) - start - size,
            }
        kind = f"{KINDS[plural]}List"
        return {"kind": kind, "apiVersion": version, "metadata": metadata, "items": page or None}


def _element(told: Json) -> Json:
    bare = {key: value for key, value in told.items() if key not in ("apiVersion", "kind")}
    fields = [{"manager": "kubectl", "operation": "Update", "apiVersion": "v1"}]
    return bare | {"metadata": bare["metadata"] | {"managedFields": fields}}


def _status(code: int, reason: str) -> Json:
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "reason": reason,
        "code": code,
    }


class _Server(SecureServer):
    cluster: Cluster


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        """Read."""
        certified = bool(self.connection.getpeercert())
        signed = self.headers.get("Authorization", "")
        status, body, headers = self.server.cluster.respond(self.path, signed, certified)
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, str(value))
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
