"""Ids as the input spells them: letter case counts for nothing, and is kept for people."""

from __future__ import annotations

from auditor.network.graph import Missing, Network


def as_spelled(network: Network, key: str) -> str:
    """Give the id behind a folded one: of what the input lacks, as the first to name it does."""
    node = network.nodes.get(key)
    if node is not None:
        return node.id
    named = network.referrers(Missing(key, key))
    return named[0].spelled if named else key
