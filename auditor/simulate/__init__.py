"""Replays one packet through a network, hop by hop, by hand.

The second opinion: nothing is shared with the modules that compute sets of packets, so that a
mistake in one shows as a difference between the two. What is not modelled, or not told by the
snapshot, is `Fate.UNKNOWN`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.simulate.packet import Arrival, Fate, Packet

if TYPE_CHECKING:
    from auditor.network.graph import Network
    from auditor.network.service_tags import ServiceTags

__all__ = ["Arrival", "Fate", "Packet", "replay"]


def replay(
    network: Network,
    start: str,
    packet: Packet,
    tags: ServiceTags | None = None,
    supposed: frozenset[str] = frozenset(),
) -> tuple[Arrival, ...]:
    """Follow a packet from where it starts to wherever it ends; see `walk.replay`.

    The simulator is read when there is a first packet: most audits replay none.
    """
    from auditor.network.service_tags import NO_TAGS
    from auditor.simulate.walk import replay

    return replay(network, start, packet, NO_TAGS if tags is None else tags, supposed)
