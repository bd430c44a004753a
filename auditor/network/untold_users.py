"""What may use a security group, a route table or a NAT gateway, and does not tell.

Their users name them: subnets, and interfaces a group. While one of those is not told, or not in
the snapshot, nobody knows that nothing uses the resource.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor import ids
from auditor.errors import Undetermined
from auditor.network.graph import Missing, Network, question
from auditor.network.holes import holes
from auditor.network.untold_homes import perhaps_meant_by, why_open
from auditor.resources import walk
from auditor.resources.base import Node, Ref, Resource
from auditor.resources.compute import ScaleSetInterface
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.virtual_networks import Subnet, VirtualNetwork

GROUP, TABLE, NAT = "networkSecurityGroup", "routeTable", "natGateway"
_FIELDS = {GROUP: "network_security_group", TABLE: "route_table", NAT: "nat_gateway"}
_NETWORK = "microsoft.network/virtualnetworks"


def require_users(network: Network, node: Resource, key: str) -> None:
    """Raise Undetermined when a subnet or an interface may name a resource, and does not tell."""
    doubt = untold_user(network, node, key)
    if doubt is not None:
        raise doubt


def untold_user(network: Network, node: Resource, key: str) -> Undetermined | None:
    """Give who may name a resource and does not tell, as a doubt; `key` is how they name it.

    What they use is of their own subscription and region (N-4). A resource that does not tell its
    region may be in that of any. So may be meant what a template names without its whole id.
    """
    for edge in perhaps_meant_by(network, node, key):
        return Undetermined(why_open(node, edge), resource=edge.spelled)
    subscription, region = node.subscription.lower(), walk.peek(node, "location")
    untold = _untold_users(network)
    if not region:
        mine = (
            doubt for (home, _, use), doubt in untold.items() if (home, use) == (subscription, key)
        )
        return next(mine, None)
    return untold.get((subscription, region.lower(), key)) or untold.get((subscription, "", key))


@question
def _untold_users(network: Network) -> dict[tuple[str, str, str], Undetermined]:
    """What may name a resource, by subscription, region (empty: any) and how they name it."""
    found: dict[tuple[str, str, str], Undetermined] = {}
    for node, key, doubt in (*_untold_parts(network), *_untold_uses(network)):
        region = (walk.peek(node.root, "location") or "").lower()
        found.setdefault((node.subscription.lower(), region, key), doubt)
    for absent in _absent_networks(network):
        for key in _FIELDS:
            doubt = Undetermined(f"{absent.id} is not in the snapshot", resource=absent.id)
            found.setdefault(((ids.subscription(absent.key) or "").lower(), "", key), doubt)
    return found


def _absent_networks(network: Network) -> Iterator[Missing]:
    """The virtual networks that somebody names and that are not in the snapshot."""
    absent = (hole.missing for hole in holes(network))
    return (one for one in absent if (ids.type_of(one.key) or "").lower() == _NETWORK)


def _untold_parts(network: Network) -> Iterator[tuple[Node, str, Undetermined]]:
    """The networks and interfaces that do not tell their parts, under each key."""
    for node in (*network.all(VirtualNetwork), *network.all(NetworkInterface)):
        settings = walk.peek(node, "properties")
        parts = "subnets" if isinstance(node, VirtualNetwork) else "ip_configurations"
        if settings is None or walk.peek(settings, parts) is None:
            for key in _FIELDS:
                yield node, key, Undetermined(f"what {node.label} uses", resource=node.id)


def _untold_uses(network: Network) -> Iterator[tuple[Node, str, Undetermined]]:
    """The subnets and interfaces that do not tell what they name under a key."""
    interfaces = ((NetworkInterface, (GROUP,)), (ScaleSetInterface, (GROUP,)))
    for cls, keys in ((Subnet, tuple(_FIELDS)), *interfaces):
        nodes = network.all(cls)
        for key in keys:
            told = walk.read_each(nodes, f"properties.{_FIELDS[key]}")
            for node, value in zip(nodes, told, strict=True):
                if value is walk.UNTOLD or _leads_nowhere(value):
                    yield node, key, Undetermined(f"{key} of {node.label}", resource=node.id)


def _leads_nowhere(value: object) -> bool:
    """Whether a reference is there, and does not tell to what: an expression of a template."""
    return isinstance(value, Ref) and value.node is None and not walk.peek(value, "id")
