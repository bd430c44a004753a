"""What selectors of endpoints find: `select(network, parse_selector("subnet:hub/web"))`.

A selector that fits nothing is an error that names what is nearly so called. What may fit besides
is told as doubts: resources that are referred to and not in the snapshot, resources of types that
nobody reads, pages that were not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import itemgetter

from auditor import ids
from auditor.addresses import AddressSet
from auditor.errors import Undetermined, UsageError, quoted
from auditor.ids import segment
from auditor.network.graph import Missing, Network, question, question_about
from auditor.network.reasons import Reason
from auditor.network.selected_services import select_service
from auditor.network.selection import ENDPOINTS, INSTANCES, PARTS, NothingSelected, Selection
from auditor.network.selector_matching import (
    classes_of,
    is_exact_id,
    names_by_id,
    of_type,
    test_of,
)
from auditor.network.sites import every_site
from auditor.network.suggestions import listed, suggestion
from auditor.network.unselected import (
    absent_endpoints,
    may_be_endpoint,
    named_by,
    perhaps,
    unread_endpoints,
)
from auditor.resources.base import Node, Resource
from auditor.resources.virtual_networks import Subnet
from auditor.selector import Kind, Selector, globbing, parse_selector
from auditor.special_addresses import PUBLIC

__all__ = ["Kind", "NothingSelected", "Selection", "Selector", "parse_selector", "select"]


@question_about
def select(network: Network, selector: Selector) -> Selection:
    """Give what a selector stands for.

    Raises NothingSelected, a UsageError, when that is nothing, and UsageError for the name of a
    subnet that several have.
    """
    kind = selector.kind
    if kind is Kind.INTERNET:
        return Selection(selector, addresses=PUBLIC)
    if selector.prefix is not None:
        return Selection(selector, addresses=AddressSet.from_prefixes([selector.prefix]))
    if kind is Kind.ON_PREMISES:
        return _sites(network, selector)
    if kind is Kind.SERVICE:
        return select_service(network, selector)
    if kind is Kind.TAG:
        return _tagged(network, selector)
    if kind is Kind.ID and is_exact_id(selector.value):
        return _one(network, selector)
    if kind is Kind.SUBNET:
        return _subnets(network, selector)
    return _fitting(network, selector, _candidates(network, selector))


def _sites(network: Network, selector: Selector) -> Selection:
    extent = every_site(network)
    if not extent.must and not extent.doubts:
        raise NothingSelected(
            "nothing of the input leads on premises",
            advice="export the local network gateways and the connections as well",
        )
    return Selection(selector, addresses=extent.must, doubts=extent.reasons())


@question
def _endpoints(network: Network) -> tuple[Node, ...]:
    return _all(network, ENDPOINTS)


def _all(network: Network, classes: Iterable[type[Node]]) -> tuple[Node, ...]:
    return tuple(sorted((node for cls in classes for node in network.all(cls)), key=_key))


def _key(node: Node) -> str:
    return node.key


def _candidates(network: Network, selector: Selector) -> Iterator[Node]:
    if selector.kind is Kind.TYPE:
        classes = classes_of(selector)
        yield from _all(network, classes)
        yield from _of_instances(network, selector, classes)
        return
    fits = test_of(selector)
    found = [node for node in _endpoints(network) if fits(node.key)]
    yield from found
    if selector.kind is Kind.ID:
        known = {node.key for node in found}
        for part in _all(network, PARTS):
            if fits(part.key) and not _inside(part, known):
                yield part


def _of_instances(
    network: Network, selector: Selector, classes: tuple[type[Node], ...]
) -> Iterator[Node]:
    """Give what instances of scale sets have, where their own type alone is asked for (E-2b)."""
    fits = of_type(selector)
    for cls, own in INSTANCES.items():
        if selector.exact and cls not in classes and fits(own):
            yield from (node for node in network.all(cls) if segment(node.key, _SCALE_SETS))


_SCALE_SETS = "virtualMachineScaleSets"


def _inside(part: Node, known: set[str]) -> bool:
    """Whether something that holds a part was matched: it stands for the part."""
    above = part.owner
    while above is not None and above.key not in known:
        above = above.owner
    return above is not None


def _fitting(network: Network, selector: Selector, found: Iterable[Node]) -> Selection:
    nodes = tuple(sorted(found, key=_key))
    doubts = named_by(network, selector)
    if not nodes and not doubts:
        raise _nothing(network, selector)
    return Selection(selector, nodes, doubts=tuple(sorted({*doubts, *perhaps(network, selector)})))


def _one(network: Network, selector: Selector) -> Selection:
    """What has an id: one thing, or something that is named and not told."""
    node = network.find(selector.value)
    if isinstance(node, Node) and isinstance(node, (*ENDPOINTS, *PARTS)):
        return Selection(selector, (node,))
    if isinstance(node, Missing):
        untold = _named_only(network, node)
        if untold is None:
            raise _nothing(network, selector)
        if may_be_endpoint(node.key) or node.key in map(itemgetter(0), unread_endpoints(network)):
            return Selection(selector, doubts=(untold,))
    word = (ids.type_of(selector.value) or "resource").rpartition("/")[2]
    raise NothingSelected(
        f"{quoted(selector.value, 200)} cannot be an end of a path: it is one of {quoted(word)}",
        advice="select a network interface, a subnet, a load balancer, a gateway, ...",
    )


def _named_only(network: Network, missing: Missing) -> Reason | None:
    """Why nothing is told of an id that the input does name."""
    if missing.key in network.counted:
        return Reason("type-not-read", f"{missing.id} is of a type that nobody reads", missing.id)
    if network.referrers(missing):
        return Reason("collection-gap", f"{missing.id} is not in the snapshot", missing.id)
    return None


def _subnets(network: Network, selector: Selector) -> Selection:
    fits = test_of(selector)
    found = [subnet for subnet in network.all(Subnet) if fits(subnet.key)]
    if selector.exact:
        if len(found) > 1:
            raise UsageError(
                f"{len(found)} subnets are called {quoted(selector.value)}",
                advice=f"give the VNet as well, or the id: {listed(each.id for each in found)}",
            )
        if found:
            return Selection(selector, tuple(found))
    return _fitting(network, selector, found)


def _tagged(network: Network, selector: Selector) -> Selection:
    fits = globbing(selector.value, cased=True)
    found: list[Node] = []
    untold = 0
    for node in _endpoints(network):
        if not isinstance(node, Resource):
            continue
        try:
            value = node.tag(selector.key)
        except Undetermined:
            untold += 1
            continue
        if value is not None and fits(value):
            found.append(node)
    if not found and not untold:
        raise _nothing(network, selector)
    absent = sum(not key.partition("/subnets/")[1] for key in absent_endpoints(network))
    unread = len(unread_endpoints(network))
    counted = (
        (untold, "that are not told"),
        (absent, "that are not in the snapshot"),
        (unread, "of types that nobody reads"),
    )
    doubts = [
        Reason("collection-gap", f"the tags of {number} resources {which}")
        for number, which in counted
        if number
    ]
    doubts += perhaps(network, selector)
    return Selection(selector, tuple(found), doubts=tuple(sorted(set(doubts))))


def _nothing(network: Network, selector: Selector) -> NothingSelected:
    what = f"nothing in the input fits {quoted(selector.text.strip(), 200)}"
    return NothingSelected(what, advice=_advice(network, selector))


def _advice(network: Network, selector: Selector) -> str:
    kind, value = selector.kind, selector.value
    nodes = _endpoints(network)
    if kind is Kind.TYPE:
        types = (types[0] for cls, types in ENDPOINTS.items() if network.all(cls))
        names = {arm_type.rpartition("/")[2]: arm_type for arm_type in types}
        return suggestion(
            value.strip("/").rpartition("/")[2],
            {name.casefold(): f"type:{name}" for name in sorted(names)},
            "resource that can be an end of a path",
        )
    if kind is Kind.GROUP:
        groups = {node.resource_group for node in nodes} - {""}
        return suggestion(value, {g.casefold(): f"rg:{g}" for g in sorted(groups)}, "resource")
    if kind is Kind.TAG:
        return _tag_advice(nodes, selector)
    if kind is Kind.SUBNET:
        return _subnet_advice(network, value)
    if kind is Kind.NAME:
        return suggestion(value, _by_name(nodes, "name:{}"), "resource")
    group = ids.resource_group(value)
    if group and ids.type_of(value) is None and ids.name(value).lower() == group.lower():
        return f"for all of a resource group, write rg:{group}"
    named = {node.label.casefold(): node.id for node in nodes}
    return suggestion(ids.name(value), named, "resource")


def _by_name(nodes: Iterable[Node], form: str) -> dict[str, str]:
    return {node.label.casefold(): form.format(node.label) for node in nodes}


def _subnet_advice(network: Network, value: str) -> str:
    names: dict[str, str] = {}
    whole = "/" in value and not names_by_id(value)
    for subnet in network.all(Subnet):
        path = f"{ids.segment(subnet.id, 'virtualNetworks') or ''}/{subnet.label}"
        names[(path if whole else subnet.label).casefold()] = f"subnet:{path}"
    return suggestion(value if whole else ids.name(value), names, "subnet")


def _tag_advice(nodes: Iterable[Node], selector: Selector) -> str:
    pairs: set[tuple[str, str]] = set()
    for node in nodes:
        if isinstance(node, Resource):
            try:
                tags = node.tags or {}
            except Undetermined:
                continue
            pairs |= {(key, value) for key, value in tags.items() if isinstance(value, str)}
    key = selector.key.casefold()
    values = {value for name, value in pairs if name.casefold() == key}
    if values:
        shown = {value.casefold(): f"tag:{selector.key}={value}" for value in sorted(values)}
        return suggestion(selector.value, shown, "tag")
    keys = {name.casefold(): f"tag:{name}=..." for name, _ in sorted(pairs)}
    return suggestion(selector.key, keys, "tag")
