"""Machines to which load balancers may send what comes from the internet, that the input lacks.

A machine names the pools and NAT rules of its load balancers. Of one that is not in the input
nobody can tell what it lets in, nor on which ports: that is a doubt, as far as the security groups
at the machine let any source in.
"""

from __future__ import annotations

from collections import defaultdict

import msgspec

from auditor import ids
from auditor.addresses import EVERYTHING, PortSet
from auditor.errors import Undetermined
from auditor.network.doubt import Doubt
from auditor.network.effective_rules import Direction, effective_rules
from auditor.network.graph import Missing, Network, question
from auditor.network.interfaces import Configuration
from auditor.network.reasons import Reason
from auditor.reach.hidden_openings import hidden_openings
from auditor.reach.narrowing import let_through_between
from auditor.reach.openings import Opening, open_to_any, openings
from auditor.reach.points import machine
from auditor.reach.samples import numbers_of
from auditor.reach.space import PORTED, space_of
from auditor.reach.untold_balancers import untold_before
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.interfaces import IpConfiguration
from auditor.special_addresses import PUBLIC

_SHOWN = 3


class LostBalancer(msgspec.Struct, frozen=True, eq=False):
    """A load balancer that the input lacks: for each machine that names it, what may be open.

    That is ports at the machine, by protocol.
    """

    id: str
    machines: dict[str, dict[str, PortSet]]

    def opens(self, wanted: dict[str, PortSet] | None = None) -> str:
        """Name the machines that it may open, on some ports or on any; empty for none."""
        names = [
            name
            for name, ports in self.machines.items()
            if wanted is None or any(ports.get(each, PortSet()) & wanted[each] for each in wanted)
        ]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        return ", ".join(names[:_SHOWN]) + more

    @property
    def why(self) -> str:
        """Say what is missing."""
        return f"{self.id} is not in the snapshot"


@question
def openings_told_or_not(network: Network) -> tuple[Opening | LostBalancer | Doubt, ...]:
    """Give every opening, and the entrances of which nobody can tell what they open.

    A public address of a load balancer that machines name is told by that one.
    """
    lost = lost_balancers(network)
    known = {ids.fold(each.id) for each in lost}
    doubts = [
        each
        for each in hidden_openings(network)
        if ids.fold(ids.top_level(each.told_by) or "") not in known
    ]
    return (*openings(network), *lost, *doubts)


@question
def lost_balancers(network: Network) -> tuple[LostBalancer, ...]:
    """Give those that machines name, and whose security groups may let any source in."""
    found: dict[str, dict[str, dict[str, PortSet]]] = defaultdict(dict)
    for key, reasons in untold_before(network).items():
        lost = {ids.top_level(each.resource) for each in reasons if _is_lost(network, each)}
        node = network.nodes[key]
        if not lost or not isinstance(node, IpConfiguration | ScaleSetIpConfiguration):
            continue
        ports = _open(network, node)
        if ports:
            for each in lost:
                found[each][node.root.label] = ports
    return tuple(LostBalancer(each, found[each]) for each in sorted(found))


def _is_lost(network: Network, reason: Reason) -> bool:
    owner = ids.top_level(reason.resource)
    kind = (ids.type_of(owner) or "").lower()
    return kind == "microsoft.network/loadbalancers" and isinstance(network.find(owner), Missing)


def _open(network: Network, node: Configuration) -> dict[str, PortSet]:
    """The ports to which the security groups may let any source in, over IPv4; all, if not told."""
    point = machine(network, node)
    if point.nic is None:
        return dict.fromkeys(PORTED, PortSet.of(0, 65535))
    space = space_of(network, 4)
    try:
        rules = effective_rules(network, point.nic, Direction.INBOUND, point.place, network.tags)
    except Undetermined:
        return dict.fromkeys(PORTED, PortSet.of(0, 65535))
    packets = let_through_between(network, rules, 4, EVERYTHING, PUBLIC).may
    packets = packets & space.having(source=PUBLIC)
    found = {
        each: open_to_any(packets & space.having(protocols=numbers_of(each, 4)), 4)
        for each in PORTED
    }
    return {each: ports for each, ports in found.items() if ports}
