"""Which pools and redirects of a gateway are in use, and by whose requests (A-22 to A-26)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import msgspec

from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.doubt import Doubt, absent_parts
from auditor.network.gateways import Route, hiding, listeners, pools_of, routes_of
from auditor.network.graph import Network, question
from auditor.resources.application_gateways import GatewayPool, Listener
from auditor.resources.base import Node
from auditor.resources.gateway_routing import Redirect

N = TypeVar("N", bound=Node)


class Use(msgspec.Struct, frozen=True):
    """Which listeners' requests end at each pool or redirect, by its key.

    `unclear` are the keys of gateways with requests of which the snapshot does not tell where
    they go, each with what is missing; `astray` those where a rule names what is not there.
    """

    listeners: dict[str, tuple[Listener, ...]]
    unclear: dict[str, str]
    astray: dict[str, str]

    def of(self, node: Node) -> tuple[Listener, ...]:
        """Give the listeners; none for what nobody uses. Raises Undetermined."""
        known = self.listeners.get(node.key, ())
        if not known and node.owner is not None and node.owner.key in self.unclear:
            missing = self.unclear[node.owner.key]
            raise Undetermined(f"whether a rule uses {node.label}: {missing}", resource=node.id)
        return known

    def possible(self, nodes: Iterable[N]) -> tuple[N, ...]:
        """Give those of some parts that are in use, or of which it cannot be told."""
        return tuple(
            node
            for node in nodes
            if node.key in self.listeners
            or (node.owner is not None and node.owner.key in self.unclear)
        )


def _use(network: Network, ends: Callable[[Network, Route], Iterable[Node]]) -> Use:
    found: dict[str, dict[str, Listener]] = defaultdict(dict)
    unclear: dict[str, str] = {}
    astray: dict[str, str] = {}
    for subject in listeners(network):
        if isinstance(subject, Doubt):
            unclear.setdefault(fold(subject.id), subject.missing)
            continue
        owner = subject.owner.key if subject.owner is not None else ""
        try:
            routes = routes_of(network, subject)
        except Undetermined as unknown:
            unclear.setdefault(owner, unknown.missing)
            continue
        for route in routes:
            try:
                for end in ends(network, route):
                    found[end.key][subject.key] = subject
            except Undetermined as unknown:
                unclear.setdefault(owner, unknown.missing)
                astray.setdefault(owner, unknown.missing)
    return Use({key: tuple(each.values()) for key, each in found.items()}, unclear, astray)


@question
def pool_use(network: Network) -> Use:
    """Tell which pools are in use, and by whom."""
    return _use(network, pools_of)


@question
def pools_in_use(network: Network) -> tuple[GatewayPool | Doubt, ...]:
    """Give the pools that some listener's requests may reach, as far as can be told.

    `listeners_using` raises for those of which it cannot be told; a doubt stands for the pools of
    a gateway that does not tell them, or has none where a rule names one.
    """
    untold = hiding(network, lambda gateway: gateway.pools, "backend pools")
    pools = network.all(GatewayPool)
    having = {pool.owner.key for pool in pools if pool.owner is not None}
    having.update(fold(each.id) for each in untold)
    lost = tuple(
        Doubt(network.nodes[key].id, missing)
        for key, missing in pool_use(network).astray.items()
        if key not in having and key in network.nodes
    )
    return (*pool_use(network).possible(pools), *untold, *lost)


def listeners_using(network: Network, pool: GatewayPool) -> tuple[Listener, ...]:
    """Give the listeners whose requests a pool may get; none for a pool that no rule uses.

    Raises Undetermined when a rule of its gateway does not tell where it sends.
    """
    return pool_use(network).of(pool)


def listeners_redirected_by(network: Network, redirect: Redirect) -> tuple[Listener, ...]:
    """Give the listeners that answer some of their requests with a redirect.

    Raises Undetermined when none is known and a rule of its gateway does not tell where it sends.
    """
    return redirect_use(network).of(redirect)


@question
def redirect_use(network: Network) -> Use:
    """Tell which redirects are in use, and by whom."""
    return _use(network, _redirects)


def _redirects(network: Network, route: Route) -> Iterator[Redirect]:
    found = network.find(route.redirect)
    if isinstance(found, Redirect):
        yield found


@question
def redirects_in_use(network: Network) -> tuple[Redirect | Doubt, ...]:
    """Give the redirects that some listener answers with, as far as can be told."""
    untold = hiding(network, lambda gateway: gateway.redirects, "redirects")
    lost = absent_parts(network, "redirectConfiguration", "defaultRedirectConfiguration")
    return (*redirect_use(network).possible(network.all(Redirect)), *untold, *lost)
