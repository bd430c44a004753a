"""Which way packets go: the effective routes of a subnet, and the next hop of one address.

Azure's own algorithm (facts R-1 to R-42, L-4), one module for each kind of route:
`system`, `peered`, `gateway`, `service_endpoints`, `private_endpoints`, `user`; `selection` says
which of the routes that match an address wins, `appliances` and `outbound` what comes of the
packet then. Ask `effective_routes` and `next_hop`.
"""

from auditor.network.reasons import Reason
from auditor.network.routing.effective import effective_routes, routes_from
from auditor.network.routing.hops import next_hop
from auditor.network.routing.model import (
    EffectiveRoute,
    EffectiveRoutes,
    Hop,
    Influence,
    NextHop,
    Source,
)

__all__ = [
    "EffectiveRoute",
    "EffectiveRoutes",
    "Hop",
    "Influence",
    "NextHop",
    "Reason",
    "Source",
    "effective_routes",
    "next_hop",
    "routes_from",
]
