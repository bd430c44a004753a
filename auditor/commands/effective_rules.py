"""Effective security rules in the shape of Azure's answer, and as a table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from auditor.addresses import EVERY_PORT, AddressError, PortSet, parse_prefix
from auditor.commands.asking import columns, plain, reasons_json
from auditor.errors import Undetermined
from auditor.network.effective_rules import Direction, EffectiveRules, effective_rules, subnets_of
from auditor.network.extents import Extent
from auditor.network.filters import ANY, Filter, Selector
from auditor.network.graph import Network
from auditor.network.interfaces import Interface
from auditor.network.layers import EffectiveRule, Layer, LayerKind
from auditor.network.reasons import Reason
from auditor.network.service_tags import ServiceTags
from auditor.network.surroundings import Side, Surroundings
from auditor.resources.security import SecurityRule

_SPELLED = {
    "virtualnetwork": "VirtualNetwork",
    "internet": "Internet",
    "azureloadbalancer": "AzureLoadBalancer",
}
_ASSOCIATIONS = {
    LayerKind.ADMIN: "networkManager",
    LayerKind.SUBNET: "subnet",
    LayerKind.NIC: "networkInterface",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One place of filters: its layer in both directions (None: nothing filters there)."""

    layer: Layer
    rules: tuple[tuple[Direction, EffectiveRule, Surroundings], ...]


def answer(network: Network, nic: Interface, tags: ServiceTags) -> tuple[Entry, ...]:
    """Give what filters a NIC, by place: admin rules, its subnets, the NIC itself."""
    places = subnets_of(network, nic) or (None,)
    found: dict[tuple[LayerKind, str], tuple[Layer, list[Any]]] = {}
    for place in places:
        for direction in Direction:
            one_way = effective_rules(network, nic, direction, place, tags)
            for layer in one_way.layers:
                key = (layer.kind, layer.at if layer.kind is not LayerKind.ADMIN else "")
                entry = found.setdefault(key, (layer, []))
                if not any(way is direction for way, *_ in entry[1]):
                    entry[1].extend(_listed(one_way, layer))
    order = list(LayerKind)
    ordered = sorted(found.items(), key=lambda item: (order.index(item[0][0]), item[0][1]))
    return tuple(Entry(layer, tuple(rules)) for _, (layer, rules) in ordered)


def _listed(
    one_way: EffectiveRules, layer: Layer
) -> Iterator[tuple[Direction, EffectiveRule, Surroundings]]:
    for rule in layer.rules:
        yield one_way.direction, rule, one_way.surroundings


def as_json(entries: Iterable[Entry]) -> dict[str, Any]:
    """Give Azure's answer to `effectiveNetworkSecurityGroups`, and `reasons` where one is due."""
    value: list[dict[str, Any]] = []
    reasons: set[Reason] = set()
    for entry in entries:
        value.append(_entry_json(entry))
        if entry.layer.unknown is not None:
            reasons.add(entry.layer.unknown)
        for direction, rule, here in entry.rules:
            reasons.update(_reasons(direction, rule, here))
    found: dict[str, Any] = {"value": value}
    if reasons:
        found["reasons"] = reasons_json(sorted(reasons))
    return found


def _entry_json(entry: Entry) -> dict[str, Any]:
    layer = entry.layer
    found: dict[str, Any] = {
        "networkSecurityGroup": {"id": layer.group.id} if layer.group is not None else None,
        "association": {_ASSOCIATIONS[layer.kind]: {"id": _associated(layer)}},
        "effectiveSecurityRules": None
        if layer.unknown is not None
        else [_rule_json(direction, rule, here) for direction, rule, here in entry.rules],
    }
    if layer.unknown is not None:
        found["reasons"] = reasons_json([layer.unknown])
    return found


def _associated(layer: Layer) -> str:
    """Give the subnet or NIC of a layer, or the manager whose admin rules it has."""
    manager = re.match(r".*/networkManagers/[^/]+", layer.at, re.IGNORECASE)
    return manager[0] if layer.kind is LayerKind.ADMIN and manager else layer.at


def _rule_json(direction: Direction, rule: EffectiveRule, here: Surroundings) -> dict[str, Any]:
    each = rule.filter
    found: dict[str, Any] = {
        "name": rule.name,
        "protocol": _protocol(each),
        **_both("sourcePortRange", _ports(each.source_ports)),
        **_both("destinationPortRange", _ports(each.destination_ports)),
    }
    for key, selector, side in _sides(direction, each):
        found |= _both(f"{key}AddressPrefix", _prefixes(rule, key, selector), "es")
        expanded = _expanded(selector, side, here)
        if expanded is not None:
            listed = [str(prefix) for prefix in expanded.must.prefixes()]
            found[f"expanded{key.title()}AddressPrefix"] = listed
        if selector.groups:
            groups = [{"id": _group_id(here, group)} for group in sorted(selector.groups)]
            found[f"{key}ApplicationSecurityGroups"] = groups
    found |= {
        "access": rule.action.value,
        "priority": rule.priority,
        "direction": direction.value,
    }
    reasons = _reasons(direction, rule, here)
    if reasons:
        found["reasons"] = reasons_json(reasons)
    return found


def _both(key: str, texts: list[str] | None, more: str = "s") -> dict[str, Any]:
    """Give a value as Azure does: in the plural, and in the singular where it is one."""
    if texts is None:
        return {}
    return {**({key: texts[0]} if len(texts) == 1 else {}), f"{key}{more}": texts}


def _group_id(here: Surroundings, key: str) -> str:
    node = here.network.nodes.get(key)
    return node.id if node is not None else key


def _protocol(each: Filter) -> str | None:
    if each.protocols is None:
        return None
    return "All" if ANY in each.protocols else ", ".join(p.title() for p in sorted(each.protocols))


def _ports(ports: PortSet | None) -> list[str] | None:
    if ports is None:
        return None
    if ports == EVERY_PORT:
        return ["0-65535"]
    return [f"{low}-{high}" for low, high in ports.intervals]


def _sides(direction: Direction, each: Filter) -> tuple[tuple[str, Selector, Side], ...]:
    inbound = direction is Direction.INBOUND
    return (
        ("source", each.sources, "peer" if inbound else "own"),
        ("destination", each.destinations, "own" if inbound else "peer"),
    )


def _prefixes(rule: EffectiveRule, key: str, selector: Selector) -> list[str] | None:
    if not selector.told:
        return None
    if selector.everything:
        return ["0.0.0.0/0"]  # Azure's word for any, of either version
    texts = _written(rule.written, key)
    if texts is None:
        tags = [_SPELLED.get(tag, tag) for tag in sorted(selector.tags)]
        return [*map(str, selector.addresses.prefixes()), *tags]
    return [_prefix(text) for text in texts]


def _written(rule: SecurityRule | None, key: str) -> tuple[str, ...] | None:
    try:
        if rule is None:
            return None
        return rule.sources if key == "source" else rule.destinations
    except Undetermined:
        return None


def _prefix(text: str) -> str:
    try:
        return str(parse_prefix(text))
    except AddressError:
        return text


def _expanded(selector: Selector, side: Side, here: Surroundings) -> Extent | None:
    """Give what tags and groups stand for; None when there are none, or nothing is known."""
    if not selector.told or not (selector.tags or selector.groups):
        return None
    extents = list(_extents(selector, side, here))
    total = Extent(selector.addresses)
    for extent in extents:
        total = Extent(total.must | extent.must, (*total.doubts, *extent.doubts))
    return total if total.must or not total.doubts else None


def _extents(selector: Selector, side: Side, here: Surroundings) -> Iterator[Extent]:
    for tag in sorted(selector.tags):
        yield here.tag(tag)
    for group in sorted(selector.groups):
        yield here.group(group, side)


def _reasons(direction: Direction, rule: EffectiveRule, here: Surroundings) -> list[Reason]:
    """Why it is not told what a rule matches, or whether it is in force."""
    found = {rule.doubt} if rule.doubt is not None else set()
    for _, selector, side in _sides(direction, rule.filter):
        if not selector.told:
            found.add(Reason("collection-gap", f"what {rule.name} matches", rule.id))
        for extent in _extents(selector, side, here):
            found.update(extent.reasons())
    return sorted(reason for reason in found if reason.label not in _SETTLED)


# Whether Internet holds private addresses of nobody, and a group such as are none of its members',
# matters to a flow, not to a list.
_SETTLED = frozenset({"semantics:N-24", "semantics:N-34"})


def as_lines(entries: tuple[Entry, ...], nic: str) -> Iterator[str]:
    """Give the rules as tables, one for each place."""
    if not entries:
        yield f"{plain(nic)}: nothing filters it"
    for entry in entries:
        layer = entry.layer
        group = layer.group.id if layer.group is not None else ""
        yield plain(f"{layer.kind.value} {layer.at}: {group or 'rules of network managers'}")
        if layer.unknown is not None:
            yield f"  cannot tell: {plain(str(layer.unknown))}"
            continue
        rows = [_row(direction, rule) for direction, rule, _ in entry.rules]
        yield from (f"  {line}" for line in columns([_HEAD, *rows]))
    doubts = sorted({r for e in entries for d, rule, h in e.rules for r in _reasons(d, rule, h)})
    for reason in doubts:
        yield f"cannot tell: {plain(str(reason))}"


_HEAD = ("DIRECTION", "PRIORITY", "ACCESS", "PROTOCOL", "FROM", "PORTS", "TO", "PORTS", "NAME")


def _row(direction: Direction, rule: EffectiveRule) -> tuple[str, ...]:
    each = rule.filter
    return (
        direction.value,
        str(rule.priority),
        rule.action.value,
        _protocol(each) or "?",
        _words(rule, "source", each.sources),
        _join(_ports(each.source_ports)),
        _words(rule, "destination", each.destinations),
        _join(_ports(each.destination_ports)),
        rule.name,
    )


def _words(rule: EffectiveRule, key: str, selector: Selector) -> str:
    if selector.everything:
        return "*"
    groups = [group.rpartition("/")[2] for group in sorted(selector.groups)]
    return _join([*(_prefixes(rule, key, selector) or ()), *groups])


def _join(texts: list[str] | None) -> str:
    return "?" if not texts else "*" if texts == ["0-65535"] else ",".join(texts)
