"""Drawing: what holds others before what is held, spots before lines."""

from __future__ import annotations

from collections.abc import Callable

from auditor.network.graph import Network, question
from auditor.picture.backends import draw_backends
from auditor.picture.beyond import draw_doors, draw_internet, draw_origins, draw_sites
from auditor.picture.canvas import Canvas
from auditor.picture.gateways import (
    draw_balancers,
    draw_databases,
    draw_endpoints,
    draw_gateways,
    draw_nat,
)
from auditor.picture.machines import draw_clusters, draw_machines, draw_scale_sets
from auditor.picture.networks import draw_networks, draw_peerings
from auditor.topology import Picture

_STEPS: tuple[Callable[[Canvas], None], ...] = (
    draw_networks,
    draw_doors,
    draw_gateways,
    draw_balancers,
    draw_databases,
    draw_clusters,
    draw_endpoints,
    draw_scale_sets,
    draw_machines,
    draw_nat,
    draw_sites,
    draw_peerings,
    draw_backends,
    draw_origins,
    draw_internet,
)


@question
def drawn(network: Network) -> Canvas:
    """Give the canvas with everything on it: the picture, and what stands for what."""
    canvas = Canvas(network)
    for step in _STEPS:
        step(canvas)
    return canvas


def picture(network: Network) -> Picture:
    """Give the picture of a network. Raises nothing for what the snapshot does not tell."""
    return drawn(network).finished()
