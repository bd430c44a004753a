"""Who is asked by a public name of which no address is told: any public address may be it.

Packets get there for certain when they would at every address that it may have. With a file of
service tags these are Azure's; without, all but the input's own and those of documentation.
"""

from __future__ import annotations

from auditor.addresses import EVERY_V4, EVERYTHING, AddressSet
from auditor.network.graph import Network, question_about
from auditor.network.reasons import Reason
from auditor.network.service_tags import ServiceTags
from auditor.reach.bounds import Bounds
from auditor.reach.points import Kind, Point
from auditor.reach.space import FlowSpace, always
from auditor.reach.unanswered import own_public_addresses
from auditor.resources import walk
from auditor.resources.base import Node
from auditor.resources.front_doors import ClassicFrontDoor, FrontDoorEndpoint
from auditor.resources.mysql import MySqlFlexibleServer, MySqlSingleServer
from auditor.special_addresses import DOCUMENTATION, PUBLIC

_EDGE = (FrontDoorEndpoint, ClassicFrontDoor)

_NAMES = ("fqdn", "fully_qualified_domain_name", "host_name")


def is_named(point: Point) -> bool:
    """Tell whether clients ask a point by a public name alone."""
    return point.node is not None and (point.kind is Kind.SERVICE or isinstance(point.node, _EDGE))


def public_name(node: Node) -> str:
    """Give the name that clients call; what it is called in ARM, if it is not told."""
    settings = walk.peek(node, "properties")
    named = (walk.peek(settings, key) for key in _NAMES)
    return next((str(name) for name in named if name), node.label)


@question_about
def addresses_of_name(network: Network, node: Node, tags: ServiceTags) -> AddressSet:
    """Give the addresses that a name may stand for."""
    told = next((found for tag in _tags(node) if (found := tags(tag)) is not None), PUBLIC)
    whole = PUBLIC if isinstance(node, _EDGE) else PUBLIC & EVERY_V4
    public = (told & whole) or whole
    return (public - own_public_addresses(network)) or public


def _tags(node: Node) -> tuple[str, ...]:
    """The service tags that hold the address of a service, the narrowest first."""
    if isinstance(node, MySqlFlexibleServer | MySqlSingleServer):
        return ("Sql", "AzureCloud")
    if isinstance(node, _EDGE):
        return ("AzureFrontDoor.Frontend", "AzureCloud")
    return ("AzureCloud",)


def whichever_address(space: FlowSpace, total: Bounds, named: AddressSet) -> Bounds:
    """Give what gets to a name for certain: what does at each address that it may have."""
    asked = (named - DOCUMENTATION) or named
    elsewhere = space.having(destination=EVERYTHING - asked)
    return Bounds(total.may, total.must & always(total.must | elsewhere, "destination"))


def untold_address(node: Node) -> Reason:
    """Say that not every address that a name may stand for is reached."""
    name = public_name(node)
    return Reason(f"fqdn:{name}", f"which public address {name} has", node.id)
