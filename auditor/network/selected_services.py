"""Where a Kubernetes Service answers in Azure: the frontends that a load balancer has for it.

Told by the Service itself when kubectl's export is in the snapshot: by its uid, after which Azure's
objects are called (K-51, K-52), and by the addresses it was given. Without, by the tags of public
addresses (K-57); ARM does not name the Services behind private ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from auditor.addresses import Address, AddressSet, Prefix, address_or_none
from auditor.errors import Undetermined, quoted
from auditor.network.clusters import cluster_of, service_frontends, services_of
from auditor.network.graph import Network, question
from auditor.network.kubernetes import EXPORT, Found, addresses, clusters_without, of_kind
from auditor.network.reasons import Reason, gap
from auditor.network.selection import NothingSelected, Selection
from auditor.network.suggestions import suggestion
from auditor.resources.base import Node
from auditor.resources.kubernetes import Service
from auditor.resources.load_balancers import LoadBalancer, LoadBalancerFrontend
from auditor.resources.public_addresses import PublicIp
from auditor.selector import Selector


def select_service(network: Network, selector: Selector) -> Selection:
    """Give the frontends of a Service, `namespace/name`.

    Raises NothingSelected when there is no such Service, or none that Azure serves.
    """
    wanted = selector.value.lower()
    exported = [each for each in of_kind(network, "Service") if each.name.lower() == wanted]
    found = _joined(
        [_exported(network, each) for each in exported] if exported else [_tagged(network, wanted)]
    )
    if exported and not any(found):
        raise _not_balanced(exported[0])
    if not any(found):
        found = (), (), tuple(_unseen(network))
    if not any(found):
        raise _no_service(network, selector)
    nodes, alone, doubts = found
    return Selection(
        selector,
        tuple(sorted({node.key: node for node in nodes}.values(), key=lambda node: node.key)),
        AddressSet.from_prefixes(map(_alone, alone)),
        tuple(sorted(set(doubts))),
    )


def _alone(address: Address) -> Prefix:
    return Prefix.of(address.version, address.value, 32 if address.version == 4 else 128)


_Told: TypeAlias = tuple[tuple[Node, ...], tuple[Address, ...], tuple[Reason, ...]]
"""Frontends, addresses whose frontend is not known, and doubts."""


def _joined(told: Iterable[_Told]) -> _Told:
    nodes: list[Node] = []
    alone: list[Address] = []
    doubts: list[Reason] = []
    for each in told:
        nodes += each[0]
        alone += each[1]
        doubts += each[2]
    return tuple(nodes), tuple(alone), tuple(doubts)


def _exported(network: Network, found: Found[Service]) -> _Told:
    try:
        service = found.object
    except Undetermined as unknown:
        return (), (), (gap(unknown, found.id),)
    if _type(service).lower() != "loadbalancer":
        return (), (), ()
    if service.spec is not None and service.spec.load_balancer_class:
        detail = f"what serves the load balancer class of {found.name}"
        return (), (), (Reason("collection-gap", detail, found.id),)
    named = _named_after(network, service.metadata.uid)
    given = [address for text in addresses(service) if (address := address_or_none(text))]
    if named:
        return tuple(named), (), ()
    if not given:
        return (), (), (Reason("unallocated", f"the address of Service {found.name}", found.id),)
    return _at_addresses(network, found, given)


def _type(service: Service) -> str:
    return (service.spec.type if service.spec else None) or "ClusterIP"


def _not_balanced(found: Found[Service]) -> NothingSelected:
    return NothingSelected(
        f"the Service {quoted(found.name)} is of type {quoted(_type(found.object))[1:-1]}: "
        "no load balancer of Azure serves it",
        advice="select the nodes it runs on, or what stands before it",
    )


def _named_after(network: Network, uid: str | None) -> list[LoadBalancerFrontend]:
    """The frontends called after a Service's uid (K-51, K-52)."""
    if not uid:
        return []
    base = f"a{uid.replace('-', '')}"[:32].lower()
    if len(base) < 32:
        return []
    return [f for f in network.all(LoadBalancerFrontend) if _stem(f.label) == base]


def _stem(name: str) -> str:
    return name.lower().partition("-")[0]


def _at_addresses(network: Network, found: Found[Any], given: list[Address]) -> _Told:
    nodes: list[Node] = []
    alone: list[Address] = []
    doubts: list[Reason] = []
    for address in given:
        there = _frontends_at(network).get(address, ())
        if not there:
            alone.append(address)
            detail = f"the load balancer that serves {found.name} at {address}"
            doubts.append(Reason("collection-gap", detail, found.id))
        elif len(there) > 1:
            detail = f"which of {len(there)} load balancers at {address} serves {found.name}"
            doubts.append(Reason("collection-gap", detail, found.id))
        nodes += there
    return tuple(nodes), tuple(alone), tuple(doubts)


@question
def _frontends_at(network: Network) -> dict[Address, tuple[LoadBalancerFrontend, ...]]:
    """The frontends by address; where clusters have some there, those alone."""
    known = {each.frontend.key for each in _served(network)}
    found: dict[Address, list[LoadBalancerFrontend]] = defaultdict(list)
    for frontend in network.all(LoadBalancerFrontend):
        try:
            pip = network.find(frontend.properties.public_ip_address)
            public = pip.properties.ip_address if isinstance(pip, PublicIp) else None
            address = address_or_none(public or frontend.properties.private_ip_address)
        except Undetermined:
            continue
        if address is not None:
            found[address].append(frontend)
    return {
        address: tuple([each for each in frontends if each.key in known] or frontends)
        for address, frontends in found.items()
    }


def _served(network: Network) -> Iterable[Any]:
    try:
        return service_frontends(network)
    except Undetermined:
        return ()


def _tagged(network: Network, wanted: str) -> _Told:
    nodes: list[Node] = []
    alone: list[Address] = []
    doubts: list[Reason] = []
    for pip in network.all(PublicIp):
        try:
            named = any(name.lower() == wanted for name in services_of(pip))
        except Undetermined:
            continue  # the same as an address without tags: told by what is not exported
        if not named:
            continue
        frontends = list(_carriers(network, pip))
        nodes += frontends
        if not frontends:
            detail = f"the load balancer that carries {pip.label}"
            doubts.append(Reason("collection-gap", detail, pip.id))
            alone += _address(pip)
    return tuple(nodes), tuple(alone), tuple(doubts)


def _carriers(network: Network, pip: PublicIp) -> Iterator[LoadBalancerFrontend]:
    for edge in network.referrers(pip, "publicIPAddress"):
        if isinstance(edge.source, LoadBalancerFrontend):
            yield edge.source


def _address(pip: PublicIp) -> list[Address]:
    try:
        address = address_or_none(pip.properties.ip_address)
    except Undetermined:
        return []
    return [] if address is None else [address]


def _unseen(network: Network) -> Iterator[Reason]:
    """Whoever may have the Service, its objects not being in the snapshot."""
    try:
        for cluster in clusters_without(network, "Service"):
            yield _lacks(f"cluster {cluster.label}", cluster)
        for balancer in network.all(LoadBalancer):
            if balancer.label.lower() in _BALANCERS and cluster_of(network, balancer) is None:
                yield _lacks(f"the cluster that load balancer {balancer.label} is of", balancer)
    except Undetermined as unknown:
        yield gap(unknown)


_BALANCERS = ("kubernetes", "kubernetes-internal")
"""What a cluster's load balancers are called (K-50)."""


def _lacks(whose: str, node: Node) -> Reason:
    return Reason("collection-gap", f"the Services of {whose}: {EXPORT}", node.id)


def _no_service(network: Network, selector: Selector) -> NothingSelected:
    names = {each.name.casefold(): each.name for each in of_kind(network, "Service")}
    for pip in network.all(PublicIp):
        try:
            names.update((name.casefold(), name) for name in services_of(pip))
        except Undetermined:
            continue
    advice = suggestion(selector.value, names, "Kubernetes Service")
    return NothingSelected(
        f"there is no Service {quoted(selector.value)}", advice=advice if names else EXPORT
    )
