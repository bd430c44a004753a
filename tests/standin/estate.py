"""What there is to serve: resources by folded id, and which list each of them is on."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

SUBSCRIPTION = "/subscriptions/"


class _Head(msgspec.Struct):
    id: str
    type: str = ""


class _Export(msgspec.Struct):
    value: list[msgspec.Raw] = []
    resources: list[msgspec.Raw] = []


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource as its file spells it."""

    id: str
    type: str
    body: bytes | memoryview | msgspec.Raw

    @property
    def key(self) -> str:
        """The id, folded: Azure compares ids without letter case."""
        return self.id.lower()

    def decoded(self) -> dict[str, Any]:
        """Give its JSON as values."""
        found: dict[str, Any] = msgspec.json.decode(self.body)
        return found


def subscription_of(key: str) -> str:
    """Give the subscription of a folded id, or nothing."""
    return key.split("/", 3)[2] if key.startswith(SUBSCRIPTION) else ""


def group_of(key: str) -> str:
    """Give the resource group of a folded id, or nothing."""
    parts = key.split("/", 5)
    return parts[4] if len(parts) > 4 and parts[3] == "resourcegroups" else ""


def kind_of(key: str) -> str:
    """Give the type that a folded id spells: what follows its last `providers`."""
    namespace, *rest = key.rpartition("/providers/")[2].split("/")
    return "/".join([namespace, *rest[::2]])


@dataclass(slots=True)
class Estate:
    """Resources that can be listed, and lists that change while they are read."""

    by_key: dict[str, Resource] = field(default_factory=dict)
    lists: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    within: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    """What each subscription holds, by folded ids."""

    groups: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    subscriptions: dict[str, str] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @classmethod
    def of_path(cls, *paths: str | Path) -> Estate:
        """Read exports: files, or every `*.json` of folders."""
        estate = cls()
        for path in map(Path, paths):
            files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
            for file in files:
                estate.add_text(file.read_bytes())
        return estate

    @classmethod
    def of(cls, resources: Iterable[Mapping[str, Any]]) -> Estate:
        """Take resources as values."""
        estate = cls()
        for resource in resources:
            estate.add(resource)
        return estate

    def add_text(self, text: bytes) -> None:
        """Take an export's text: `value` or `resources`; anything else holds no resources."""
        if not text.lstrip().startswith(b"{"):
            return
        export = msgspec.json.decode(text, type=_Export)
        for body in (*export.value, *export.resources):
            self._put(body)

    def add(self, resource: Mapping[str, Any]) -> None:
        """Take one resource, in the place of the one with its id."""
        self._put(msgspec.json.encode(resource))

    def add_subscription(self, subscription: str) -> None:
        """Have a subscription, empty until something is added."""
        with self.lock:
            self.subscriptions.setdefault(subscription.lower(), subscription)

    def forget(self, id: str) -> None:
        """Let a resource vanish."""
        with self.lock:
            if self.by_key.pop(id.lower(), None) is not None:
                self.within[subscription_of(id.lower())].pop(id.lower(), None)
                for path in lists_of(id.lower()):
                    self.lists[path].pop(id.lower(), None)

    def listed(self, path: str) -> list[Resource]:
        """Give what stands on a list, in the order in which it came."""
        with self.lock:
            return [self.by_key[key] for key in self.lists.get(path, ())]

    def of_subscription(self, subscription: str) -> list[Resource]:
        """Give what a folded subscription holds."""
        with self.lock:
            return [self.by_key[key] for key in self.within.get(subscription, ())]

    def embedded(self, path: str) -> list[Resource] | None:
        """Give a list that stands inside its parent (`subnets`), nothing if it does not."""
        parent, _, name = path.rpartition("/")
        with self.lock:
            owner = self.by_key.get(parent)
        if owner is None:
            return None
        settings = owner.decoded().get("properties") or {}
        name = {"agentpools": "agentpoolprofiles"}.get(name, name)
        for spelled, inner in settings.items():
            if spelled.lower() == name and isinstance(inner, list):
                return [_inner(owner, path, one) for one in inner if isinstance(one, dict)]
        return None

    def _put(self, body: msgspec.Raw | bytes) -> None:
        head = msgspec.json.decode(body, type=_Head)
        resource = Resource(head.id, head.type, body)
        key = resource.key
        with self.lock:
            self.by_key[key] = resource
            self.within[subscription_of(key)][key] = None
            for path in lists_of(key):
                self.lists[path][key] = None
            parts = head.id.split("/")
            if key.startswith(SUBSCRIPTION) and len(parts) > 2:
                self.subscriptions.setdefault(parts[2].lower(), parts[2])
            if group := group_of(key):
                self.groups[parts[2].lower()].setdefault(group, parts[4])


def _inner(owner: Resource, path: str, one: dict[str, Any]) -> Resource:
    name = one.get("name", "")
    body = dict(one)
    body.setdefault("id", f"{owner.id}/{path.rpartition('/')[2]}/{name}")
    body.setdefault("type", kind_of(body["id"].lower()))
    return Resource(body["id"], body["type"], msgspec.json.encode(body))


def lists_of(key: str) -> Iterator[str]:
    """Give the paths, folded, of every list that a resource stands on."""
    collection = key.rpartition("/")[0]
    yield collection
    scope, _, rest = key.rpartition("/providers/")
    words = rest.split("/")
    subscription = f"/subscriptions/{subscription_of(key)}"
    if len(words) == 3 and scope.count("/") == 4:
        yield f"{subscription}/providers/{words[0]}/{words[1]}"
    if words[:2] == ["microsoft.authorization", "roleassignments"]:
        group = "/".join(key.split("/")[:5])
        above = {subscription, group} if "/resourcegroups/" in group else {subscription}
        for place in sorted(above - {scope}):  # told of a scope with all below it
            yield f"{place}/providers/microsoft.authorization/roleassignments"
    if len(words) == 5 and words[1] in ("dnszones", "privatednszones"):
        zone = collection.rpartition("/")[0]
        if words[3] != "virtualnetworklinks":
            yield f"{zone}/all"
            yield f"{zone}/recordsets"
    if words[:2] == ["microsoft.compute", "virtualmachinescalesets"] and len(words) >= 7:
        yield f"{scope}/providers/{'/'.join(words[:3])}/{words[-2]}"
