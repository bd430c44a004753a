"""`terraform show -json` of a plan or of a state: the network types of azurerm, and azapi.

What a plan calls known only after apply is unresolved, except references: where the
configuration says that an id is that of one resource of the plan, it is that resource's.
Types that are not translated are counted in a Gap: their effect on the network is not known. The
lists that they, or what is left out, would be on are not whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec

from auditor.ids import fold, subscription, type_of
from auditor.snapshot.document import DEPLOYED, Gap
from auditor.snapshot.faults import shown
from auditor.snapshot.formats import azurerm, unwritten
from auditor.snapshot.formats.azurerm_blocks import reference
from auditor.snapshot.formats.azurerm_untranslated import LISTS
from auditor.snapshot.formats.configured import Configuration, without_index
from auditor.snapshot.formats.document import Document, Reading
from auditor.snapshot.formats.evaluate import Budget, join_names
from auditor.snapshot.formats.expressions import Unresolved
from auditor.snapshot.formats.functions import Unknown, Value
from auditor.snapshot.formats.homes import Homes, providers_of
from auditor.snapshot.formats.left_open import LeftOpen
from auditor.snapshot.formats.lists import list_path
from auditor.snapshot.formats.planned import Block, Made, Resource, configurations, inside
from auditor.snapshot.formats.settle import Place, record
from auditor.snapshot.formats.template import SUBSCRIPTION


def read(document: Document) -> Reading | None:
    """Read a plan (`planned_values`) or a state (`values`)."""
    envelope = document.envelope
    if envelope is None or not isinstance(envelope.format_version, str):
        return None
    planned = isinstance(envelope.planned_values, dict)
    if not planned and not isinstance(envelope.values, dict):
        return None
    key = "planned_values" if planned else "values"
    shape = "Terraform plan" if planned else "Terraform state"
    root = msgspec.json.decode(document.raw)
    written = Configuration(root.get("configuration"))
    return _Reader(document, root, shape, written).read(key)


@dataclass(slots=True)
class _Reader:
    """Reads one document."""

    document: Document
    root: dict[str, Any]
    shape: str
    written: Configuration
    resources: dict[str, Resource] = field(default_factory=dict)
    made: dict[str, Made] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    untranslated: Counter[str] = field(default_factory=Counter)
    homes: Homes = field(init=False)
    kinds: set[str] = field(default_factory=set)
    turns: dict[str, list[Resource]] = field(default_factory=dict)
    """The resources of each address without its index (`count`, `for_each`)."""
    indexes: dict[str, frozenset[str]] = field(default_factory=dict)
    """The indexes of those turns, once asked."""
    among: dict[tuple[int, int], bool] = field(default_factory=dict)
    """Whether all of some indexes are among others, once asked."""
    candidates: dict[frozenset[str], frozenset[str] | None] = field(default_factory=dict)
    """The ids of those turns, by their addresses, once asked."""
    left_open: LeftOpen = field(default_factory=LeftOpen)
    hidden: dict[str, str] = field(default_factory=dict)
    """The ARM types of which not everything was read, and why."""
    gone: set[str] = field(default_factory=set)
    """Ids of what the plan deletes, folded."""

    def __post_init__(self) -> None:
        self.homes = Homes(self.written)

    def read(self, key: str) -> Reading:
        changes = self._changes()
        start = Place(self.document.start, self.document.pointer)
        top = start.at(self.document.text, key).at(self.document.text, "root_module")
        values = inside(self.root.get(key), "root_module")
        for raw, place in self._listed(values, top, 0):
            self._register(raw, place, changes)
        self.homes.learn(self.resources.values(), providers_of(self.root))
        for resource in self.resources.values():
            self._attempt(resource, self._make)
        for resource in self.resources.values():
            self._attempt(resource, self._associate)
        self.left_open.open_all(self.made)
        self._fold_children()
        return self._reading()

    def _listed(self, module: Any, place: Place, depth: int) -> Iterator[tuple[Any, Place]]:
        """Yield every managed resource of a module and of those below it."""
        text = self.document.text
        for key in ("resources", "child_modules"):
            parts = inside(module, key)
            if not isinstance(parts, list):
                continue
            for part, where in zip(parts, place.below(text, key), strict=False):
                if key == "child_modules" and depth < 20:
                    yield from self._listed(part, where, depth + 1)
                elif key == "resources" and inside(part, "mode") == "managed":
                    yield part, where

    def _changes(self) -> dict[str, Any]:
        listed = self.root.get("resource_changes")
        changes: dict[str, Any] = {}
        for one in listed if isinstance(listed, list) else []:
            change = inside(one, "change")
            changes[str(inside(one, "address"))] = change
            before = inside(inside(change, "before"), "id")
            if inside(change, "actions") == ["delete"] and isinstance(before, str):
                self.gone.add(fold(before))
        return changes

    def _register(self, raw: dict[str, Any], place: Place, changes: dict[str, Any]) -> None:
        address, kind, values = (raw.get(key) for key in ("address", "type", "values"))
        if not isinstance(address, str) or not isinstance(kind, str) or f"{kind}." not in address:
            self._gap("an element that is no Terraform resource", place)
            return
        change = changes.get(address)
        actions = inside(change, "actions")
        resource = Resource(
            reader=self,
            address=address,
            kind=kind,
            values=values if isinstance(values, dict) else {},
            unknown=inside(change, "after_unknown"),
            expressions=self.written.expressions(address),
            actions=actions if isinstance(actions, list) else [],
            place=place,
        )
        self.resources[address] = resource
        self.kinds.add(kind)
        self.turns.setdefault(without_index(address), []).append(resource)

    def referred(self, references: Any, resource: Resource) -> str | None:
        """Give the id meant by an expression that refers to one resource and nothing else."""
        base = self.written.target(references, resource.module)
        if base is None:
            base = self._of_same_turn(references, resource)
        if base is None:
            return None
        exact = self.resources.get(base)
        meant = [exact] if exact is not None else self.turns.get(base, [])
        try:
            return meant[0].identify() if len(meant) == 1 else None
        except Unresolved:
            return None

    def _of_same_turn(self, references: Any, resource: Resource) -> str | None:
        """Give the address of the turn of others that one turn of a resource refers to.

        Of the same, where both have the same turns: one that reckoned would go past the last. A key
        is a word, with which nobody reckons: of those others may have more.
        """
        others = self.written.turned(references, resource.module)
        if others is None:
            return None
        mine, theirs = without_index(resource.address), self._indexes(others)
        own = self._indexes(mine)
        keys = "each.key" in references
        if own is not theirs and not (keys and self._are_among(own, theirs)):
            return None
        return others + resource.address[len(mine) :]

    def _are_among(self, some: frozenset[str], others: frozenset[str]) -> bool:
        """Tell whether indexes are all among others; asked of each turn."""
        pair = id(some), id(others)
        if pair not in self.among:
            self.among[pair] = some <= others
        return self.among[pair]

    def _indexes(self, base: str) -> frozenset[str]:
        """Give the indexes of the turns of an address without one: the same object for the same."""
        if base not in self.indexes:
            turns = self.turns.get(base, [])
            found = frozenset(one.address[len(base) :] for one in turns)
            known = (each for each in self.indexes.values() if each == found)
            self.indexes[base] = next(known, found)
        return self.indexes[base]

    def identity(self, resource: Resource) -> str:
        """Make a resource's id from what names it."""
        told = resource.values.get("id")
        if isinstance(told, str) and fold(told).startswith("/subscriptions/"):
            return told
        block = resource.block()
        if resource.kind == "azapi_resource":
            return self._azapi_identity(block)
        kind = azurerm.KINDS.get(resource.kind)
        if kind is None:
            raise Unresolved(f"its type {resource.kind} is not translated")
        if kind.names[0].endswith("_id"):
            parent = _text(block.id(kind.names[0]), kind.names[0])
            return f"{parent}/{kind.type.rpartition('/')[2]}/{_text(block.get('name'), 'name')}"
        group = _text(block.get("resource_group_name"), "resource_group_name")
        names = [_text(block.get(name), name) for name in kind.names]
        base = f"/subscriptions/{self.homes.subscription(resource.address)}/resourceGroups/{group}"
        return f"{base}/providers/{join_names(kind.type, names)}"

    def _azapi_identity(self, block: Block) -> str:
        kind = _text(block.get("type"), "type").partition("@")[0]
        parent = _text(block.id("parent_id"), "parent_id").rstrip("/")
        name = _text(block.get("name"), "name")
        above, _, last = kind.rpartition("/")
        if (type_of(parent) or "").lower() == above.lower():
            return f"{parent}/{last}/{name}"
        return f"{parent}/providers/{join_names(kind, [name])}"

    def _attempt(self, resource: Resource, step: Any) -> None:
        try:
            step(resource)
        except Unresolved as why:
            self._gap(f"{shown(resource.address, 120)} left out: {why}", resource.place)
            self._left_out(resource, str(why))

    def _left_out(self, resource: Resource, why: str) -> None:
        """Note what is not whole without a resource: its list, and what it may change."""
        kind = azurerm.KINDS.get(resource.kind)
        if kind is not None and not kind.into:
            left_out = f"{shown(resource.address, 120)} left out: {why}"
            self.hidden.setdefault(kind.type, left_out)
        reason = f"{shown(resource.address, 120)} may change it: {why}"
        self.left_open.note(resource, reason, partial(self._candidates, resource))

    def _candidates(self, resource: Resource, owner: str) -> frozenset[str] | None:
        """Give the ids (folded) of those that an attribute may name; None: any."""
        references = inside(inside(resource.expressions, owner), "references")
        bases = self.written.among(references, resource.module)
        if bases is not None and bases not in self.candidates:
            meant = [one for base in bases for one in self.turns.get(base, [])]
            try:
                self.candidates[bases] = frozenset(fold(one.identify()) for one in meant) or None
            except Unresolved:
                self.candidates[bases] = None
        return self.candidates[bases] if bases is not None else None

    def _make(self, resource: Resource) -> None:
        kind = azurerm.KINDS.get(resource.kind)
        if resource.kind == "azapi_resource":
            self._add(self._azapi(resource))
        elif kind is not None:
            body = kind.body(resource.block())
            made = Made(resource.identify(), body, resource.place, kind.into)
            unwritten.close_inline(resource, kind.type, made)
            unwritten.close_names(resource, made, self.kinds)
            self._add(made)
        elif not _is_association(resource.kind) and not resource.kind.startswith(azurerm.SILENT):
            self.untranslated[resource.kind] += 1
            hidden = LISTS.get(resource.kind)
            if hidden is not None:
                self.hidden.setdefault(hidden, f"{resource.kind} is not translated")

    def _add(self, made: Made) -> None:
        if fold(made.arm_id) in self.made:
            raise Unresolved("another resource of this file has its id")
        self.made[fold(made.arm_id)] = made

    def _azapi(self, resource: Resource) -> Made:
        block = resource.block()
        body = block.get("body")
        if isinstance(body, str):
            try:
                body = msgspec.json.decode(body)
            except (msgspec.DecodeError, RecursionError):
                body = Unknown("a body that is no JSON")
        if not isinstance(body, (dict, type(None))):
            body = {"properties": body if isinstance(body, Unknown) else None}
        envelope = {key: block.get(key) for key in ("location", "tags")}
        known = {key: value for key, value in envelope.items() if value is not None}
        version = str(block.get("type")).partition("@")[2]
        return Made(resource.identify(), {**known, **(body or {})}, resource.place, "", version)

    def _associate(self, resource: Resource) -> None:
        block = resource.block()
        if resource.kind in azurerm.LINKS:
            owner, other, key = azurerm.LINKS[resource.kind]
            self._target(block, owner).properties[key] = reference(block.id(other))
        elif resource.kind in azurerm.ADDITIONS:
            owner, other, key = azurerm.ADDITIONS[resource.kind]
            _append(self._target(block, owner).properties, key, reference(block.id(other)))
        elif resource.kind in azurerm.ELEMENTS:
            owner, make, key = azurerm.ELEMENTS[resource.kind]
            _append(self._target(block, owner).properties, key, make(block))
        elif resource.kind in azurerm.MEMBERSHIPS:
            other, key = azurerm.MEMBERSHIPS[resource.kind]
            made = self._target(block, "network_interface_id")
            for one in configurations(made, block.get("ip_configuration_name")):
                _append(one, key, reference(block.id(other)))

    def _target(self, block: Block, owner: str) -> Made:
        made = self.made.get(fold(_text(block.id(owner), owner)))
        if made is None:
            raise Unresolved("it changes a resource that is not in this file, or not known")
        return made

    def _fold_children(self) -> None:
        """Put elements of lists into their parents, where those are here."""
        for made in self.made.values():
            self._drop_deleted(made)
        present: dict[tuple[str, str], set[str]] = {}
        in_group: dict[str, list[Made]] = {}
        for key, made in self.made.items():
            in_group.setdefault(_in_group(key), []).append(made)
        for key, made in self.made.items():
            above = key.rpartition("/")[0].rpartition("/")[0]
            parent = self.made.get(above)
            if made.into and parent is None and f"/{SUBSCRIPTION}/" in key:
                for perhaps in in_group.get(_in_group(above), ()):
                    perhaps.properties[made.into] = Unknown(f"{made.arm_id} may be one of them")
            if not made.into or parent is None:
                continue
            siblings = parent.properties.setdefault(made.into, [])
            if not isinstance(siblings, list):
                continue
            if (above, made.into) not in present:
                told = {fold(str(inside(one, "id"))) for one in siblings}
                present[above, made.into] = told
            known = present[above, made.into]
            if key not in known:
                known.add(key)
                own = {"id": made.arm_id, "name": made.arm_id.rpartition("/")[2]}
                siblings.append({**own, **made.body})

    def _drop_deleted(self, made: Made) -> None:
        for key in ("securityRules", "routes", "subnets"):
            listed = made.properties.get(key)
            if isinstance(listed, list):
                made.properties[key] = [
                    one for one in listed if fold(str(inside(one, "id"))) not in self.gone
                ]

    def _reading(self) -> Reading:
        reading = Reading(self.shape)
        budget = Budget()
        for made in self.made.values():
            reading.records.append(
                record(self.document, made.place, made.arm_id, made.body, budget, made.version)
            )
        if self.untranslated:
            told = ", ".join(f"{kind} ({n})" for kind, n in sorted(self.untranslated.items())[:8])
            more = len(self.untranslated) - 8
            told += f" and {more} more types" if more > 0 else ""
            self._gap(f"resources of types that are not translated: {told}", None)
        ids = (made.arm_id for made in self.made.values())
        scopes = {f"/subscriptions/{subscription(each)}" for each in ids if subscription(each)}
        for scope in sorted(scopes | {f"/subscriptions/{self.homes.elsewhere()}"}):
            for hidden, why in sorted(self.hidden.items()):
                self._gap(why, None, list_path(hidden, scope))
        reading.gaps = self.gaps
        return reading

    def _gap(self, detail: str, place: Place | None, hides: str = "") -> None:
        at = place or Place(self.document.start, self.document.pointer)
        where = self.document.where(at.pointer, at.start)
        kind = "undecided" if hides else "unsupported"
        cure = DEPLOYED if hides else ""
        self.gaps.append(Gap(kind, hides or self.document.name, detail, where, cure=cure))


def _in_group(key: str) -> str:
    """What a folded id says after its subscription."""
    return key.partition("/resourcegroups/")[2]


def _is_association(kind: str) -> bool:
    tables = (azurerm.LINKS, azurerm.ADDITIONS, azurerm.ELEMENTS, azurerm.MEMBERSHIPS)
    return any(kind in table for table in tables)


def _text(value: Value, name: str) -> str:
    if isinstance(value, Unknown):
        raise Unresolved(value.reason)
    if not isinstance(value, str) or not value:
        raise Unresolved(f"it has no `{name}`")
    return value


def _append(holder: dict[str, Value], key: str, element: Value) -> None:
    listed = holder.setdefault(key, [])
    if isinstance(element, Unknown):
        holder[key] = element
    elif isinstance(listed, list):
        listed.append(element)
