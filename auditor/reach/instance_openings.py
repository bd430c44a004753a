"""What the internet reaches of a scale set and, no differently, of its instances."""

from __future__ import annotations

from collections import defaultdict

from auditor.addresses import PortSet
from auditor.network.graph import Network, question
from auditor.network.instances import listed_configurations
from auditor.reach.openings import Opening, openings
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.interfaces import IpConfiguration


def of_instances_alike(network: Network, opening: Opening) -> tuple[Opening, ...]:
    """Give the openings of instances which that of their model tells of as well (E-2b).

    By the same entrance, or by the address that the model gives each of them, on the same ports.
    """
    model = opening.target.node
    if not isinstance(model, ScaleSetIpConfiguration):
        return ()
    return tuple(
        each
        for own in listed_configurations(network, model)
        for each in _by_machine(network).get(own.key, ())
        if _is_same_way(opening, each) and _ports(each) == _ports(opening)
    )


def _ports(opening: Opening) -> tuple[dict[str, PortSet], ...]:
    given = opening.given.certain if opening.given is not None else {}
    return opening.certain, opening.possible, given


def _is_same_way(ours: Opening, theirs: Opening) -> bool:
    of_their_own = ours.entrance.node is ours.target.node
    return ours.key == theirs.key or (of_their_own and theirs.entrance.node is theirs.target.node)


@question
def _by_machine(network: Network) -> dict[str, list[Opening]]:
    """The openings of machines with NICs, by ip configuration."""
    found: dict[str, list[Opening]] = defaultdict(list)
    for each in openings(network):
        if isinstance(each.target.node, IpConfiguration):
            found[each.target.node.key].append(each)
    return found
