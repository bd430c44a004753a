"""Route tables and their routes (R-5)."""

from auditor.errors import Undetermined
from auditor.resources.base import (
    AddressOrTag,
    Detail,
    IpAddress,
    Ref,
    Resource,
    Wire,
    Word,
    arm,
    settings,
)

NEXT_HOPS = ("virtualappliance", "virtualnetworkgateway", "vnetlocal", "internet", "none")
"""The kinds of next hops (R-5), in lower case."""


class RouteProperties(Wire, gc=False):
    """Settings of a user-defined route."""

    address_prefix: AddressOrTag | None = None
    next_hop_type: Word | None = None
    next_hop_ip_address: IpAddress | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/routeTables/routes")
class Route(Detail):
    """A user-defined route. The route table is its `owner`."""

    properties: RouteProperties = settings(RouteProperties)

    @property
    def to_appliance(self) -> bool:
        """Whether its next hop is `VirtualAppliance`, the only kind that names an address."""
        return self.hop == "virtualappliance"

    @property
    def hop(self) -> str:
        """The kind of its next hop, in lower case.

        Raises Undetermined when the input tells none that Azure knows (R-5).
        """
        word = (self.properties.next_hop_type or "").lower()
        if word not in NEXT_HOPS:
            raise Undetermined(f"the next hop type of {self.id}", resource=self.id)
        return word


class RouteTableProperties(Wire):
    """Settings of a route table."""

    routes: list[Route] | None = None
    subnets: list[Ref] | None = None
    disable_bgp_route_propagation: bool | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/routeTables")
class RouteTable(Resource):
    """A route table; subnets name it (`routeTable`), and it lists them (`subnets`)."""

    properties: RouteTableProperties = settings(RouteTableProperties)

    @property
    def routes(self) -> tuple[Route, ...]:
        """The user-defined routes, in the order written. Raises Undetermined when not told."""
        settings = self.properties
        try:
            return tuple(settings.routes or ())
        except Undetermined:
            lacks = f"the routes of route table {self.label}"
        raise Undetermined(lacks, resource=self.id)
