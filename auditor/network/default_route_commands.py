"""Commands that lead the internet of a subnet to the firewall, with the real names."""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.network import clusters
from auditor.network.address_owners import owned_addresses
from auditor.network.graph import Network
from auditor.network.namesakes import names_in
from auditor.network.routing_domains import networks_near
from auditor.network.table_commands import new_table_name
from auditor.remedy import az, unused_name
from auditor.resources.firewalls import Firewall
from auditor.resources.routing import Route, RouteTable
from auditor.resources.virtual_networks import Subnet

_DEFAULT = "0.0.0.0/0"
_UNKNOWN = "<private address of the firewall>"


def default_to_firewall(network: Network, subnet: Subnet, table: RouteTable | None) -> str:
    """Give the commands that lead 0.0.0.0/0 of a subnet to the firewall, by its table or a new one.

    A route for 0.0.0.0/0 that the table has is changed: it cannot have two.
    """
    group = table.resource_group if table is not None else subnet.resource_group
    name = table.label if table is not None else new_table_name(network, subnet)
    routes = names_in(table, "routes") if table is not None else ()
    known = _default_of(table) if table is not None else None
    steps = [
        az(
            *("network", "route-table", "route", "create" if known is None else "update"),
            resource_group=group,
            route_table_name=name,
            name=unused_name("default", routes) if known is None else known.label,
            address_prefix=_DEFAULT if known is None else None,
            next_hop_type="VirtualAppliance",
            next_hop_ip_address=_firewall(network, subnet),
        )
    ]
    if table is None:
        steps.insert(0, az("network", "route-table", "create", resource_group=group, name=name))
        steps.append(az("network", "vnet", "subnet", "update", ids=subnet.id, route_table=name))
    return " && ".join(steps)


def _default_of(table: RouteTable) -> Route | None:
    found = (each for each in table.routes if str(each.properties.address_prefix) == _DEFAULT)
    return next(found, None)


def _firewall(network: Network, subnet: Subnet) -> str:
    """The private address of the one firewall near the subnet; a placeholder when not one."""
    try:
        home = clusters.network_of(subnet)
    except Undetermined:
        return _UNKNOWN
    found = {
        str(address)
        for key in (home.key, *(near.key for near in networks_near(network, home)))
        for address, owners in owned_addresses(network, key).items()
        if any(isinstance(owner.holder, Firewall) for owner in owners)
    }
    return found.pop() if len(found) == 1 else _UNKNOWN
