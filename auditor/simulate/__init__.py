"""Replays one packet through a network, hop by hop, by hand.

The second opinion: nothing is shared with the modules that compute sets of packets, so that a
mistake in one shows as a difference between the two. What is not modelled, or not told by the
snapshot, is `Fate.UNKNOWN`.
"""

from auditor.simulate.packet import Arrival, Fate, Packet
from auditor.simulate.walk import replay

__all__ = ["Arrival", "Fate", "Packet", "replay"]
