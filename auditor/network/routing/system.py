"""The routes that Azure makes for every subnet (R-1, R-2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from auditor.addresses import Prefix, parse_prefix
from auditor.errors import Undetermined
from auditor.network.routing.model import EffectiveRoute, Hop, Source
from auditor.network.routing_domains import Claim
from auditor.resources.virtual_networks import VirtualNetwork

LOCAL_ORDER = 3
PEERING_ORDER = 2
"""Among Azure's own routes of one prefix, the VNet's comes before a peering's before the rest."""

EVERYWHERE = parse_prefix("0.0.0.0/0")
_EVERYWHERE6 = Prefix.of(6, 0, 0)
RESERVED = tuple(
    map(parse_prefix, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
)
"""What Azure drops unless something closer is known (R-1)."""
_LONGEST = max(prefix.length for prefix in RESERVED)


def system_routes(
    space: Sequence[Claim], vnet: VirtualNetwork | None, *, own_default: bool = False
) -> Iterator[EffectiveRoute]:
    """Give the VNet's own prefixes, the internet, and the reserved prefixes that it leaves.

    With a user-defined route for 0.0.0.0/0 (`own_default`) Azure takes the reserved prefixes away:
    what is for them follows that route. IPv6 has a default route only where the VNet has IPv6
    (P-12).
    """
    for claim in space:
        yield EffectiveRoute(
            claim.prefix,
            Source.SYSTEM,
            Hop.LOCAL,
            "R-1",
            node=claim.node,
            pointer=claim.pointer,
            order=LOCAL_ORDER,
        )
    yield EffectiveRoute(EVERYWHERE, Source.SYSTEM, Hop.INTERNET, "R-1", node=vnet)
    if 6 in [claim.prefix.version for claim in space] or _in_subnets(vnet):
        yield EffectiveRoute(_EVERYWHERE6, Source.SYSTEM, Hop.INTERNET, "P-12", node=vnet)
    wide = [claim.prefix for claim in space if claim.prefix.length <= _LONGEST]
    for reserved in RESERVED if not own_default else ():
        if not any(reserved in prefix for prefix in wide):
            yield EffectiveRoute(reserved, Source.SYSTEM, Hop.NONE, "R-2", node=vnet)


def _in_subnets(vnet: VirtualNetwork | None) -> bool:
    """Whether a subnet has IPv6, though its VNet tells of none: it has some nevertheless."""
    try:
        listed = vnet.subnets if vnet is not None else ()
    except Undetermined:  # that they are not told says nothing against the address space
        return False
    for subnet in listed:
        try:
            told = subnet.properties
            if ":" in "".join((told.address_prefix or "", *(told.address_prefixes or ()))):
                return True
        except Undetermined:
            continue
    return False
