"""What Azure would say: an answer for each path, from the estate."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import msgspec

from . import graph, identity
from .estate import Estate, Resource, group_of, kind_of

BY_GROUP_ONLY = {
    f"microsoft.network/{one}"
    for one in ("virtualnetworkgateways", "localnetworkgateways", "connections")
}
"""Types that Azure lists one resource group at a time."""


@dataclass(slots=True)
class Answer:
    """A status, headers and a JSON text."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """A call: `path` folded and without a slash at its end, `query` with lower-case names."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes
    target: str


def error(status: int, code: str, message: str) -> Answer:
    """Give an error as Resource Manager words it."""
    return Answer(status, msgspec.json.encode({"error": {"code": code, "message": message}}))


def said(value: Any, status: int = 200, **headers: str) -> Answer:
    """Give a value."""
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, msgspec.json.encode(value), names)


@dataclass(slots=True)
class Answers:
    """Resource Manager over an estate.

    `denied` are folded subscriptions that the caller may not read: they are not listed, ARM
    answers 403 for them and Resource Graph is silent about them. `unregistered` are folded
    namespaces that no subscription uses. `unreadable` are folded types that the caller's role
    leaves out: their lists are refused and Resource Graph is silent about them. `groups` are
    management groups with what is below each: subscriptions and other management groups.
    `effective` has, for the folded id of a NIC and the last word of the question, what it answers;
    a NIC that is not there does not run.
    """

    estate: Estate
    base: str
    page_size: int = 100
    denied: set[str] = field(default_factory=set)
    unregistered: set[str] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)
    groups: dict[str, list[str]] = field(default_factory=dict)
    effective: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    patience: int = 1
    most_bytes: int = graph.MOST_BYTES
    quota: int = 15
    operations: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    graphs: dict[tuple[str, tuple[str, ...]], list[bytes]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, question: Question) -> Answer:
        """Answer one call that has signed in."""
        version = question.query.get("api-version")
        if not version:
            return error(400, "MissingApiVersionParameter", "The api-version is required.")
        if not re.fullmatch(r"\d{4}-\d\d-\d\d(-preview|-alpha|-beta)?", version):
            return error(400, "InvalidApiVersionParameter", f"The api-version '{version}'.")
        for pattern, handler in _ROUTES:
            if found := pattern.fullmatch(question.path):
                return handler(self, question, *found.groups())
        return self._resource_or_list(question)

    # -- scopes

    def subscriptions(self, question: Question) -> Answer:
        """List the subscriptions that the caller sees."""
        seen = [s for key, s in self.estate.subscriptions.items() if key not in self.denied]
        return self.page(question, [msgspec.json.encode(_subscription(one)) for one in seen])

    def subscription(self, question: Question, name: str) -> Answer:
        """Give one subscription."""
        if name in self.denied:
            return self.refusal(question)
        if name not in self.estate.subscriptions:
            return error(404, "SubscriptionNotFound", f"The subscription '{name}' is unknown.")
        return said(_subscription(self.estate.subscriptions[name]))

    def tenants(self, question: Question) -> Answer:
        """List the one tenant."""
        tenant = identity.TENANT
        one = {"id": f"/tenants/{tenant}", "tenantId": tenant, "displayName": "Contoso"}
        return self.page(question, [msgspec.json.encode(one)])

    def management_group(self, question: Question, name: str, what: str) -> Answer:
        """List what is below a management group."""
        below = self.groups.get(name)
        if below is None:
            return error(403, "AuthorizationFailed", f"No access to management group {name}.")
        inner = [
            one for one in self._below(name) if what == "descendants" or one not in self.groups
        ]
        return self.page(question, [msgspec.json.encode(self._descendant(one)) for one in inner])

    def _below(self, name: str) -> list[str]:
        found = []
        for one in self.groups.get(name, ()):
            found.append(one)
            found += self._below(one)
        return found

    def _descendant(self, name: str) -> dict[str, Any]:
        kind = "Microsoft.Management/managementGroups"
        if name in self.groups:
            return {"id": f"/providers/{kind}/{name}", "type": kind, "name": name}
        kind += "/subscriptions"
        return {"id": f"/subscriptions/{name}", "type": kind, "name": name}

    def resource_groups(self, question: Question, subscription: str) -> Answer:
        """List the resource groups of a subscription."""
        if refused := self._missing(question, subscription):
            return refused
        names = self.estate.groups.get(subscription, {})
        spelled = self.estate.subscriptions[subscription]
        return self.page(
            question, [msgspec.json.encode(_group(spelled, name)) for name in names.values()]
        )

    def resource_group(self, question: Question, subscription: str, group: str) -> Answer:
        """Give one resource group."""
        if refused := self._missing(question, subscription):
            return refused
        name = self.estate.groups.get(subscription, {}).get(group)
        if name is None:
            return error(404, "ResourceGroupNotFound", f"Resource group '{group}' was not found.")
        return said(_group(self.estate.subscriptions[subscription], name))

    def inventory(self, question: Question, subscription: str, group: str | None = None) -> Answer:
        """List resources without their settings, all or of one type."""
        if refused := self._missing(question, subscription):
            return refused
        wanted = re.fullmatch(
            r"resourceType eq '([^']+)'", question.query.get("$filter", ""), re.IGNORECASE
        )
        found = []
        for one in self.estate.of_subscription(subscription):
            key = one.key
            if group and group_of(key) != group:
                continue
            kind = kind_of(key)
            if key.count("/providers/") != 1 or kind.count("/") != 1:
                continue
            if wanted is None or kind == wanted[1].lower():
                found.append(_head(one))
        return self.page(question, found)

    def service_tags(self, question: Question, subscription: str, location: str) -> Answer:
        """Give the service tags of a region."""
        if refused := self._missing(question, subscription):
            return refused
        prefixes = ["20.38.0.0/16", "2603:1020::/47"]
        tag = {
            "name": "Storage",
            "id": "Storage",
            "properties": {"changeNumber": "7", "region": "", "addressPrefixes": prefixes},
        }
        home = f"/subscriptions/{subscription}/providers/Microsoft.Network/serviceTags/Public"
        kind = "Microsoft.Network/serviceTags"
        head = {"name": "Public", "id": home, "type": kind, "changeNumber": "70"}
        return said({**head, "cloud": "Public", "values": [tag]})

    def permissions(self, question: Question, subscription: str) -> Answer:
        """Tell what the caller may do in a subscription: read, but for what is unreadable."""
        if refused := self._missing(question, subscription):
            return refused
        left_out = sorted(f"{kind}/read" for kind in self.unreadable)
        return said({"value": [{"actions": ["*/read"], "notActions": left_out}]})

    # -- lists and resources

    def _resource_or_list(self, question: Question) -> Answer:
        path = question.path
        if refused := self._missing(question, path.split("/")[2] if path.count("/") > 1 else ""):
            return refused
        spaces = re.findall(r"/providers/([^/]+)", path)
        if question.method == "POST":
            return self._effective(question)
        if spaces and spaces[-1] in self.unregistered:
            code = "MissingSubscriptionRegistration"
            return error(409, code, f"The subscription is not registered to use '{spaces[-1]}'.")
        one = self.estate.by_key.get(path)
        if one is not None:
            return Answer(200, bytes(one.body))
        words = path.rpartition("/providers/")[2].split("/")
        if not spaces or len(words) % 2:
            return error(404, "ResourceNotFound", f"The resource '{question.target}' is unknown.")
        return self._list(question, words)

    def _list(self, question: Question, words: list[str]) -> Answer:
        path = question.path
        if "/".join([words[0], *words[1::2]]) in self.unreadable:
            return self.refusal(question)
        scope = path.rpartition("/providers/")[0]
        kind = f"{words[0]}/{words[1]}"
        if len(words) == 2 and scope.count("/") == 2 and kind in BY_GROUP_ONLY:
            return error(404, "InvalidResourceType", f"No list of '{kind}' in a subscription.")
        group = group_of(f"{path}/")
        subscription = path.split("/")[2]
        if group and group not in self.estate.groups.get(subscription, {}):
            return error(404, "ResourceGroupNotFound", f"Resource group '{group}' was not found.")
        parent = path.rpartition("/")[0] if len(words) > 2 else scope
        if parent.count("/") > 4 and not self._part_of_something(parent):
            return error(404, "ParentResourceNotFound", f"'{parent}' was not found.")
        resources = self.estate.listed(path) or self.estate.embedded(path) or []
        return self.page(question, [one.body for one in resources])

    def _part_of_something(self, parent: str) -> bool:
        """Tell whether a path is a resource, or resources lie below it."""
        return parent in self.estate.by_key or any(
            key.startswith(f"{parent}/") for key in self.estate.by_key
        )

    def page(
        self, question: Question, bodies: Iterable[bytes | memoryview | msgspec.Raw]
    ) -> Answer:
        """Give one page of a list, with where the next one is."""
        rows = list(bodies)
        start = int(question.query.get("$skiptoken", "0") or 0)
        end = start + min(self.page_size, int(question.query.get("$top", self.page_size)))
        text = b'{"value":[' + b",".join(bytes(one) for one in rows[start:end]) + b"]"
        if end < len(rows):
            pairs = {**question.query, "$skiptoken": str(end)}
            query = "&".join(f"{quote(name)}={quote(value)}" for name, value in pairs.items())
            link = f"{self.base}{question.target}?{query}"
            text += b',"nextLink":' + msgspec.json.encode(link)
        return Answer(200, text + b"}")

    def refusal(self, question: Question) -> Answer:
        """Say 403 as Azure does."""
        message = (
            "The client 'auditor' with object id '00000000-0000-4000-8000-0000000000ad' does not "
            f"have authorization to perform this action over scope '{question.target}'."
        )
        return error(403, "AuthorizationFailed", message)

    def _missing(self, question: Question, subscription: str) -> Answer | None:
        if subscription in self.denied:
            return self.refusal(question)
        if subscription not in self.estate.subscriptions:
            message = f"The subscription '{subscription}' could not be found."
            return error(404, "SubscriptionNotFound", message)
        return None

    # -- long-running questions

    def _effective(self, question: Question) -> Answer:
        nic, _, what = question.path.rpartition("/")
        if what not in ("effectivenetworksecuritygroups", "effectiveroutetable"):
            return error(405, "MethodNotAllowed", "The stand-in only reads.")
        if nic not in self.estate.by_key:
            return error(404, "ResourceNotFound", f"'{nic}' was not found.")
        rows = self.effective.get((nic, what))
        if rows is None:
            message = "Network interface must be attached to a running virtual machine."
            return error(400, "NetworkInterfaceNotAttachedToRunningVirtualMachine", message)
        number = str(next(self.numbers))
        self.operations[number] = (self.patience, msgspec.json.encode({"value": rows}))
        subscription, version = nic.split("/")[2], question.query["api-version"]
        home = f"{self.base}/subscriptions/{subscription}/providers/Microsoft.Network/locations/x"
        location = f"{home}/operationResults/{number}?api-version={version}"
        return Answer(202, b"null", {"Location": location, "Retry-After": "0"})

    def operation(self, question: Question, subscription: str, number: str) -> Answer:
        """Tell how far a long-running question has come."""
        if number not in self.operations:
            return error(404, "OperationNotFound", f"Operation {number} was not found.")
        left, body = self.operations[number]
        self.operations[number] = (left - 1, body)
        if left > 0:
            location = f"{self.base}{question.target}?api-version={question.query['api-version']}"
            return Answer(202, b"null", {"Location": location, "Retry-After": "0"})
        return Answer(200, body)

    # -- Resource Graph

    def resource_graph(self, question: Question) -> Answer:
        """Answer a query over many subscriptions, one page of it."""
        asked = msgspec.json.decode(question.body)
        options = asked.get("options") or {}
        try:
            query = graph.read(asked.get("query", ""))
        except graph.Refused as refused:
            return error(400, "BadRequest", str(refused))
        named = asked.get("subscriptions")
        known = set(self.estate.subscriptions) - self.denied
        wanted = known if named is None else known & {one.lower() for one in named}
        if not wanted:
            return error(403, "AccessDenied", "None of the subscriptions can be read.")
        token = options.get("$skipToken") or "0"
        with self.lock:
            key = (asked["query"], tuple(sorted(wanted)))
            if token == "0" or key not in self.graphs:
                self.graphs[key] = graph.rows(
                    self.estate, query, wanted, identity.TENANT, self.unreadable
                )
            rows = self.graphs[key]
        return self._graph_page(rows, int(token), int(options.get("$top") or 100))

    def _graph_page(self, rows: list[bytes], start: int, top: int) -> Answer:
        page = rows[start : start + min(top, graph.MOST_ROWS)]
        end = start + len(page)
        more = end < len(rows)
        head = {
            "totalRecords": len(rows),
            "count": len(page),
            "facets": [],
            "resultTruncated": "false",
            **({"$skipToken": str(end)} if more else {}),
        }
        text = msgspec.json.encode(head)[:-1] + b',"data":[' + b",".join(page) + b"]}"
        if len(text) > self.most_bytes:
            message = f"Response payload size is {len(text)}, and has exceeded the limit."
            return error(400, "ResponsePayloadTooLarge", message)
        quota = {
            "x-ms-user-quota-remaining": str(self.quota),
            "x-ms-user-quota-resets-after": "00:00:00" if self.quota else "00:00:01",
        }
        return Answer(200, text, quota)


def _subscription(name: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{name}",
        "authorizationSource": "RoleBased",
        "subscriptionId": name,
        "tenantId": identity.TENANT,
        "displayName": f"Subscription {name[:8]}",
        "state": "Enabled",
        "subscriptionPolicies": {"spendingLimit": "Off"},
    }


def _group(subscription: str, name: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription}/resourceGroups/{name}",
        "name": name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": "westeurope",
        "properties": {"provisioningState": "Succeeded"},
    }


def _head(resource: Resource) -> bytes:
    body = resource.decoded()
    names = ("id", "name", "type", "location", "tags", "kind", "sku", "managedBy")
    return msgspec.json.encode({name: body[name] for name in names if name in body})


_SUBSCRIPTION = r"/subscriptions/([^/]+)"
_GROUP = r"/resourcegroups/([^/]+)"
_MANAGED = r"/providers/microsoft\.management/managementgroups/([^/]+)/(descendants|subscriptions)"
_ROUTES: list[tuple[re.Pattern[str], Callable[..., Answer]]] = [
    (re.compile(pattern), handler)
    for pattern, handler in (
        (r"/subscriptions", Answers.subscriptions),
        (r"/tenants", Answers.tenants),
        (_SUBSCRIPTION, Answers.subscription),
        (_SUBSCRIPTION + r"/resourcegroups", Answers.resource_groups),
        (_SUBSCRIPTION + _GROUP, Answers.resource_group),
        (_SUBSCRIPTION + r"/resources", Answers.inventory),
        (
            _SUBSCRIPTION + r"/providers/microsoft\.authorization/permissions",
            Answers.permissions,
        ),
        (_SUBSCRIPTION + _GROUP + "/resources", Answers.inventory),
        (
            _SUBSCRIPTION + r"/providers/microsoft\.network/locations/([^/]+)/servicetags",
            Answers.service_tags,
        ),
        (
            _SUBSCRIPTION + r"/providers/microsoft\.network/locations/x/operationresults/(\d+)",
            Answers.operation,
        ),
        (r"/providers/microsoft\.resourcegraph/resources", Answers.resource_graph),
        (_MANAGED, Answers.management_group),
    )
]
