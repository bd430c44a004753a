"""A packet at a machine: its filters, and whether the reply finds back."""

from __future__ import annotations

from auditor.addresses import Address
from auditor.network.graph import Missing, Network
from auditor.network.service_tags import ServiceTags
from auditor.resources.base import Node
from auditor.resources.network_manager import AdminRule
from auditor.resources.private_endpoints import PrivateEndpoint, ServiceConnection
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.simulate.beyond import beyond
from auditor.simulate.endpoints import Endpoint, endpoint_at, holds_untold, nowhere, policy
from auditor.simulate.filter import INBOUND, Groups, judge
from auditor.simulate.logic import Truth, both, told
from auditor.simulate.matching import Place, Ruling
from auditor.simulate.packet import INTERNET, ONPREM, WITH_PORTS, Arrival, Sighting, usable
from auditor.simulate.peers import network_of, network_with
from auditor.simulate.places import groups_of, nic_of, standing, subnet_of, subnets_with, vacant
from auditor.simulate.routes import choose
from auditor.simulate.spokes import shared
from auditor.simulate.trip import Configuration, Origin, Trip
from auditor.simulate.tunnels import joined


def place_of(trip: Trip, subnet: Subnet | None, nic: Node | None) -> Place:
    """Give where the filters of a machine look at a packet."""
    return Place(trip.network, subnet, trip.tags, standing(trip.network, nic))


def inbound(trip: Trip, configuration: Configuration, seen: Sighting) -> tuple[Groups, Ruling]:
    """Judge a packet at a machine; give the security groups that were asked, too."""
    subnet = subnet_of(trip.network, configuration)
    nic = nic_of(configuration)
    groups = groups_of(trip.network, subnet, nic, INBOUND)
    return groups, judge(place_of(trip, subnet, nic), INBOUND, groups, seen)


def receive(trip: Trip, configuration: Configuration, closed: Truth = False) -> Arrival:
    """End at a machine; `closed`: whether it is without any security group (E-3)."""
    groups, ruling = inbound(trip, configuration, trip.seen)
    at = configuration.id
    if not groups and closed is not False:
        why = "no security group allows what comes to a Standard public address"
        sure = closed and not trip.network.all(AdminRule)
        return trip.dropped(at, why) if sure else trip.untold(at, f"perhaps {why}")
    trip = trip.note(f"{at}: inbound {ruling}")
    if ruling.passes is False:
        return trip.dropped(at, f"inbound traffic is {ruling}")
    if ruling.passes is None:
        return trip.untold(at, f"inbound traffic is {ruling}")
    if trip.origin.configuration is configuration:
        return trip.untold(at, "whether a machine reaches itself this way is not told")
    subnet = subnet_of(trip.network, configuration)
    return trip.delivered(at, f"inbound traffic is {ruling}", reply(trip, subnet))


def reply(trip: Trip, subnet: Subnet | None) -> bool | None:
    """Whether the reply from a subnet finds the one who asked (P-11, R-13)."""
    source = trip.seen.packet.source
    if subnet is None or source.value == 0:
        return None
    return _comes_back(trip.network, trip.tags, subnet, source, trip.origin, trip.appliance)


def _comes_back(
    network: Network,
    tags: ServiceTags,
    subnet: Subnet,
    source: Address,
    origin: Origin,
    appliance: Address | None,
) -> bool | None:
    hop = choose(network, subnet, source, tags).hop
    if hop is None:
        return None
    if hop.kind == "appliance":
        if appliance is not None:
            return True if hop.address == appliance else None
        if hop.address == source and origin.subnet is not None:
            home = network_of(network, subnet)  # who asked is the appliance itself
            target = network_of(network, origin.subnet)
            where = network_with(network, home, source) if home is not None else None
            return True if where is not None and where is target else None
        return False if origin.kind == INTERNET else None
    if appliance is not None or hop.kind == "none":
        return False if hop.kind == "none" else None
    if origin.kind == INTERNET:
        return hop.kind == "internet"
    if origin.kind == ONPREM:
        # A route may name a gateway that is not there, or leads elsewhere.
        return _knows_site(network, subnet, source) if hop.kind == "gateway" else None
    target = network_of(network, origin.subnet) if origin.subnet is not None else None
    if hop.kind == "gateway" and target is not None:
        here = network_of(network, subnet)
        carried = here is not None and (
            joined(network, here, target) or shared(network, here, target)
        )
        return carried or None
    if target is None or hop.kind in ("gateway", "service"):
        return None
    if hop.kind == "peer":
        return hop.peer is not None and hop.peer.far is target
    return hop.kind == "local" and network_of(network, subnet) is target


def receive_at_endpoint(trip: Trip, home: VirtualNetwork, resource: PrivateEndpoint) -> Arrival:
    """End at a private endpoint (L-1, N-44, N-47)."""
    at = resource.id
    endpoint = endpoint_at(trip.network, home, trip.seen.packet.destination)
    if endpoint is None:
        return trip.untold(at, "where the private endpoint stands is not told")
    passes, why = _past_policies(trip, endpoint)
    trip = trip.note(f"{at}: {why}")
    if passes is False:
        return trip.dropped(at, why)
    if trip.seen.packet.protocol not in WITH_PORTS:
        return trip.dropped(at, "a private endpoint carries TCP and UDP only")
    if _deaf(trip, resource):
        return trip.dropped(at, "the service behind the private endpoint does not answer the port")
    approved = endpoint.approved
    if approved is False:
        return trip.dropped(at, "the connection of the private endpoint is not approved")
    if both(passes, approved) is None:
        return trip.untold(
            at, why if passes is None else "whether the connection is approved is not told"
        )
    return trip.delivered(at, why, _answers(trip, endpoint))


def _answers(trip: Trip, endpoint: Endpoint) -> Truth:
    """Whether an endpoint's reply gets back: routes of its subnet are none of its own (L-5)."""
    if policy(endpoint.subnet, "routetable") is False:
        if trip.origin.kind == ONPREM and trip.appliance is None:
            return _knows_site(trip.network, endpoint.subnet, trip.seen.packet.source)
        return True
    return True if reply(trip, endpoint.subnet) is True else None


def _knows_site(network: Network, subnet: Subnet, site: Address) -> Truth:
    """Whether a gateway that the network of a subnet uses leads back to a site (R-17, R-24)."""
    home = network_of(network, subnet)
    if home is None:
        return None
    known = beyond(network, home)
    if any(sure and site in prefix for prefix, sure in known.sites.items()):
        return known.gateways
    untold = known.learned or any(site in prefix for prefix in known.sites)
    return None if untold else False


_PORT_BY_KIND = (("/managedclusters/", 443), ("/microsoft.dbformysql/", 3306))


def _deaf(trip: Trip, resource: PrivateEndpoint) -> bool:
    """Whether the service behind an endpoint is known to answer on another port (K-10, L-25)."""
    asked = trip.seen.packet
    ports = {_port_behind(c) for c in told(lambda: resource.connections, ())}
    if len(ports) != 1 or None in ports:
        return False
    return asked.protocol != "tcp" or asked.destination_port not in ports


def _port_behind(connection: ServiceConnection) -> int | None:
    target = told(lambda: connection.properties.private_link_service_id, None) or ""
    return next((port for kind, port in _PORT_BY_KIND if kind in target.lower()), None)


def _past_policies(trip: Trip, endpoint: Endpoint) -> tuple[Truth, str]:
    groups = groups_of(trip.network, endpoint.subnet, None, INBOUND)
    on = policy(endpoint.subnet, "networksecuritygroup")
    if not groups or on is False:
        return True, "no security group applies to the private endpoint"
    place = Place(trip.network, endpoint.subnet, trip.tags)
    ruling = judge(place, INBOUND, groups, trip.seen.again())
    if on is None and ruling.passes is not True:
        return None, "whether the security group applies to the private endpoint is not told"
    return ruling.passes, f"inbound traffic is {ruling}"


def receive_at_nobody(trip: Trip, home: VirtualNetwork) -> Arrival:
    """End at an address that no resource of the input has."""
    to = trip.seen.packet.destination
    found = subnets_with(home, to)
    if found is None:
        return trip.untold(home.id, "the subnets of the network are not told")
    if not found:
        return trip.dropped(home.id, f"no subnet holds {to}")
    if len(found) > 1:
        return trip.untold(home.id, f"{len(found)} subnets hold {to}")
    return _in_subnet(trip, found[0], to)


def _in_subnet(trip: Trip, subnet: Subnet, to: Address) -> Arrival:
    at = subnet.id
    if to not in usable(subnet.prefixes, to.version):
        return trip.untold(at, f"{to} is an address that Azure keeps for itself")
    if subnet.key not in trip.supposed and vacant(trip.network, subnet):
        return trip.dropped(at, f"nobody has {to}")
    groups = groups_of(trip.network, subnet, None, INBOUND)
    ruling = judge(Place(trip.network, subnet, trip.tags), INBOUND, groups, trip.seen)
    endpoint = policy(subnet, "networksecuritygroup") is not True and _may_hold_endpoint(
        trip.network, subnet
    )
    if ruling.passes is False and not endpoint:
        return trip.dropped(at, f"inbound traffic is {ruling}")
    return trip.untold(at, f"who has {to} is not told")


def _may_hold_endpoint(network: Network, subnet: Subnet) -> bool:
    """Whether an endpoint that the groups do not guard may have an address of the subnet."""
    if nowhere(network) or holds_untold(network, subnet):
        return True
    listed = told(lambda: subnet.properties.private_endpoints, None)
    if listed is None:
        return told(lambda: bool(subnet.properties.private_endpoints), True)
    return any(isinstance(network.find(ref), Missing) for ref in listed)
