"""One estate with every kind of resource and every kind of reference: what the graph must join."""

from __future__ import annotations

from auditor.network.graph import Network
from auditor.testing import estate

from .cluster import cluster
from .gateways import gateways
from .hybrid import firewalls, hubs, hybrid
from .machines import balancers, machines, networks
from .managers import managers
from .paths import Json
from .services import front_doors, private_links, services


def everything() -> list[Json]:
    """Every resource."""
    families = (
        networks, machines, balancers, gateways, hybrid, firewalls,
        hubs, private_links, services, front_doors, managers, cluster,
    )  # fmt: skip
    return [each for family in families for each in family()]


def whole() -> Network:
    """The network of `everything`."""
    return estate(*everything())
