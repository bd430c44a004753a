"""Public addresses of whom nobody can say who answers there: their owner is not told."""

from __future__ import annotations

from auditor import ids
from auditor.errors import Undetermined
from auditor.network.doubt import Doubt, doubt
from auditor.network.graph import Missing, Network, question
from auditor.resources.public_addresses import PublicIp

_ANSWERING = (
    "microsoft.network/networkinterfaces",
    "microsoft.network/loadbalancers",
    "microsoft.compute/virtualmachinescalesets",
)
"""What machines have public addresses by."""


@question
def hidden_openings(network: Network) -> tuple[Doubt, ...]:
    """Give the public addresses that name an owner which the snapshot lacks, or do not tell it."""
    found: list[Doubt] = []
    for public in network.all(PublicIp):
        try:
            ref = public.properties.ip_configuration
            named = ref.id if ref is not None else None
        except Undetermined as unknown:
            found.append(doubt(public.id, unknown))
            continue
        owner = ids.top_level(named) if named else None
        kind = (ids.type_of(owner) or "").lower() if owner else ""
        if named and kind in _ANSWERING and isinstance(network.find(named), Missing):
            missing = f"who answers at {public.label}: {named} is not in the snapshot"
            found.append(Doubt(public.id, missing, named))
    return tuple(found)
