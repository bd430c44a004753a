"""What some of the filters at a place let through, the others left aside.

A packet passes admin rules, the subnet's security group and the NIC's. Rules about one of them ask
here for what it says by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from auditor.addresses import EVERYTHING, AddressSet, Version
from auditor.network.effective_rules import Direction, EffectiveRules, effective_rules
from auditor.network.filters import ANY, Filter
from auditor.network.graph import Network, question_about
from auditor.network.interfaces import Interface
from auditor.network.layers import LayerKind
from auditor.network.reasons import Reason
from auditor.network.terms import Terms
from auditor.packets.diagram import PacketSet
from auditor.reach.bounds import Bounds
from auditor.reach.narrowing import let_through_between
from auditor.reach.space import space_of
from auditor.resources.virtual_networks import Subnet

VERSIONS: tuple[Version, ...] = (4, 6)

GROUPS = (LayerKind.SUBNET, LayerKind.NIC)
"""Where security groups stand."""


def only(rules: EffectiveRules, *kinds: LayerKind) -> EffectiveRules:
    """Give the layers of some kinds."""
    return replace(rules, layers=tuple([each for each in rules.layers if each.kind in kinds]))


def at_subnet(network: Network, subnet: Subnet, direction: Direction) -> EffectiveRules:
    """Give the security group of a subnet, as a layer, or no layer."""
    rules = effective_rules(network, None, direction, subnet, network.tags)
    return only(rules, LayerKind.SUBNET)


def groups_at(
    network: Network, nic: Interface, direction: Direction, subnet: Subnet | None = None
) -> EffectiveRules:
    """Give the security groups before a NIC, without admin rules."""
    return only(effective_rules(network, nic, direction, subnet, network.tags), *GROUPS)


def packets_of(
    network: Network, rules: EffectiveRules, own: AddressSet, version: Version
) -> PacketSet:
    """Give the packets to some own addresses; those from them, where rules are outbound."""
    space = space_of(network, version)
    return space.having(destination=own) if rules.inbound else space.having(source=own)


def denied(
    network: Network,
    rules: EffectiveRules,
    region: PacketSet,
    version: Version,
    *,
    own: AddressSet = EVERYTHING,
    peers: AddressSet = EVERYTHING,
) -> Bounds:
    """Give what some layers keep out of a region, which is between some own addresses and peers."""
    passing = let_through_between(network, rules, version, own, peers)
    return Bounds(region - passing.must, region - passing.may)


def why(rules: EffectiveRules, most: int = 3) -> str:
    """Say why it is not told what some layers let through."""
    reasons = doubts_of(rules)
    more = f" and {len(reasons) - most} more" if len(reasons) > most else ""
    return "; ".join(map(str, reasons[:most])) + more or "what the rules match"


def doubts_of(rules: EffectiveRules) -> list[Reason]:
    """Give what is not told of some layers."""
    every = sorted(set(_reasons(rules)))
    return [each for each in every if each.label not in _RARE] or every


# What concerns addresses that few packets have comes last: others' than the NIC's, and nobody's.
_RARE = frozenset({"semantics:N-24", "semantics:N-34"})


def _reasons(rules: EffectiveRules) -> Iterator[Reason]:
    yield from (layer.unknown for layer in rules.layers if layer.unknown is not None)
    terms = Terms(rules)
    _ = terms.layers  # asking them fills in the doubts
    for doubts in terms.doubts.values():
        for doubt in doubts:
            yield doubt.reason


def is_whole(each: Filter) -> bool:
    """Tell whether a rule matches every packet."""
    return (
        each.protocols is not None
        and ANY in each.protocols
        and each.sources.everything
        and each.destinations.everything
        and each.destination_ports is not None
        and each.source_ports is not None
        and each.destination_ports.size == each.source_ports.size == 1 << 16
    )


@question_about
def allowing_first(_: Network, filters: tuple[Filter, ...]) -> tuple[Filter, ...] | None:
    """Give the Allow rules before the first that denies everything; None when there is none.

    Looked up once for all groups that say the same.
    """
    found: list[Filter] = []
    for each in filters:
        if each.allow:
            found.append(each)
        elif is_whole(each):
            return tuple(found)
    return None


def spoken_to(addresses: AddressSet, own: AddressSet) -> AddressSet:
    """Give the addresses of the versions of IP that some own addresses are of (P-12)."""
    v4 = addresses.intervals(4) if own.intervals(4) else ()
    return AddressSet(v4=v4, v6=addresses.intervals(6) if own.intervals(6) else ())
