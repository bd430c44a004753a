"""Whether a user's next hop can take packets (R-11, R-26)."""

from __future__ import annotations

from auditor.addresses import Address
from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.address_owners import Owner, owned_addresses
from auditor.network.address_plan import locate, who_may_have
from auditor.network.backends import members
from auditor.network.graph import Network, question
from auditor.network.hidden_addresses import Unlisted
from auditor.network.reasons import GAP, Reason, gap
from auditor.network.routing.gateway import served_by
from auditor.network.routing.peered import ties_of
from auditor.network.routing.place import Place
from auditor.network.routing_domains import network_key, space_of, spelled
from auditor.resources import walk
from auditor.resources.compute import ScaleSetIpConfiguration
from auditor.resources.firewalls import FirewallIpConfiguration
from auditor.resources.interfaces import IpConfiguration, NetworkInterface
from auditor.resources.load_balancers import (
    BackendPool,
    LoadBalancer,
    LoadBalancerFrontend,
    LoadBalancingRuleProperties,
)

Verdict = tuple[str, tuple[Reason, ...]]
"""Why packets go nowhere (empty: nothing known stops them), and what cannot be told of it."""


def appliance_verdict(place: Place, address: Address) -> Verdict:
    """Judge a `VirtualAppliance` next hop: it must be reached directly, and must forward.

    Owners are a NIC with IP forwarding, an internal load balancer with a rule for all ports, and
    an Azure Firewall. Whether the guest forwards is not told by ARM (label `nva:`).
    """
    key, reasons = _home(place, address)
    if key is None:
        if reasons:
            return "", reasons
        return f"{address} is in no VNet that {place.vnet.label} reaches directly (R-11)", ()
    owners = owned_addresses(place.network, key).get(address, ())
    if not owners:
        found = locate(place.network, address, place.vnet)
        may = who_may_have(place.network, found) or _lost_balancers(place.network).get(key)
        if may is not None:
            who = f"who owns {address}: {may.words}"
            return "", (*reasons, Reason(GAP, who, may.told_by or key, may.remedy))
        return f"nobody owns {address} (R-11)", ()
    try:
        fault, doubts = _owner_verdict(place, owners[0])
    except Undetermined as unknown:
        fault, doubts = "", (gap(unknown, owners[0].holder.id),)
    return fault, (*reasons, *doubts)


@question
def _lost_balancers(network: Network) -> dict[str, Unlisted]:
    """By network, whose machines are in a pool of a load balancer that the input lacks.

    It may be one for appliances, with an address of that network.
    """
    found: dict[str, Unlisted] = {}
    for edge in network.dangling():
        if edge.kind == "loadBalancerBackendAddressPools":
            subnet = walk.peek(walk.peek(edge.source, "properties"), "subnet")
            balancer = spelled(network, edge.target).partition("/backendAddressPools/")[0]
            home = network_key(walk.peek(subnet, "id") or "")
            found.setdefault(home, Unlisted(f"{balancer} is not in the snapshot", balancer))
    return found


def _home(place: Place, address: Address) -> tuple[str | None, tuple[Reason, ...]]:
    """Find the directly reached VNet that holds an address, or what may be one."""
    if any(address in prefix for prefix in place.vnet.prefixes):
        return place.vnet.key, ()
    around = ties_of(place.network, place.vnet)
    for tie in around.ties:
        if any(address in claim.prefix for claim in tie.claims):
            return tie.far_key, tie.reasons
    vague = tuple(tie.vague for tie in around.ties if tie.vague is not None)
    hubs = tuple(
        reason
        for reason in served_by(place.network, place.vnet).teachers
        if "/virtualhubs/" in reason.resource.lower()
        and _may_hold(place.network, reason.resource, address)
    )
    return None, (*around.untold, *vague, *hubs)


def _may_hold(network: Network, hub: str, address: Address) -> bool:
    """Whether a virtual hub (its id) may have an address itself; nobody is reached through one."""
    try:
        space = space_of(network, fold(hub))
    except Undetermined:
        return True
    return not space or any(address in claim.prefix for claim in space)


def _owner_verdict(place: Place, owner: Owner) -> Verdict:
    node, holder = owner.node, owner.holder
    forwards = Reason(f"nva:{holder.label}", "whether its guest forwards", holder.id)
    if isinstance(node, FirewallIpConfiguration):
        return "", ()
    if isinstance(node, IpConfiguration) and isinstance(holder, NetworkInterface):
        p = holder.properties
        if p.private_endpoint is not None or p.private_link_service is not None:
            return f"{owner.address} is a private endpoint's (R-11)", ()
        if p.enable_ip_forwarding is None:
            return "", (
                Reason("collection-gap", f"enableIPForwarding of {holder.label}", holder.id),
                forwards,
            )
        if not p.enable_ip_forwarding:
            return f"NIC {holder.label} does not forward (enableIPForwarding is false, R-11)", ()
        return "", (forwards,)
    if isinstance(node, LoadBalancerFrontend) and isinstance(holder, LoadBalancer):
        return _balancer_verdict(place, node, holder, forwards)
    return f"{owner.address} is {holder.label}'s, which forwards nothing (R-11)", ()


def _balancer_verdict(
    place: Place, frontend: LoadBalancerFrontend, balancer: LoadBalancer, forwards: Reason
) -> Verdict:
    rules = [
        rule.properties
        for rule in balancer.rules
        if place.network.find(rule.properties.frontend_ip_configuration) is frontend
    ]
    whole = [p for p in rules if (p.protocol or "").lower() == "all" and p.frontend_port == 0]
    if whole:
        deaf = all(_forward_nothing(place.network, p) for p in whole)
        nobody = f"no machine behind load balancer {balancer.label} forwards"
        return (f"{nobody} (enableIPForwarding is false, R-11)", ()) if deaf else ("", (forwards,))
    if rules:
        some = f"load balancer {balancer.label} has rules for some ports only"
        return "", (Reason("semantics:R-11", some, balancer.id), forwards)
    return f"load balancer {balancer.label} has no rule for all ports (R-11)", ()


def _forward_nothing(network: Network, rule: LoadBalancingRuleProperties) -> bool:
    """Whether every machine that a rule leads to is told to forward nothing."""
    refs = (*(rule.backend_address_pools or ()), rule.backend_address_pool)
    pools = [network.get(ref, BackendPool) for ref in refs if ref is not None]
    found = [key for pool in pools if pool is not None for key in members(network, pool)]
    return bool(found) and all(_forwards_nothing(network, key) for key in found)


def _forwards_nothing(network: Network, member: str) -> bool:
    """Whether a NIC, or the model of a scale set's NICs, is told to forward nothing."""
    node = network.nodes.get(member)
    if isinstance(node, ScaleSetIpConfiguration) and node.owner is not None:
        return walk.peek(walk.peek(node.owner, "properties"), "enable_ip_forwarding") is False
    nic = node.owner if isinstance(node, IpConfiguration) else None
    return isinstance(nic, NetworkInterface) and nic.properties.enable_ip_forwarding is False


def gateway_verdict(place: Place) -> Verdict:
    """Judge a `VirtualNetworkGateway` next hop: only a VPN gateway, and no other kind, takes it."""
    served = served_by(place.network, place.vnet)
    try:
        kinds = {serving.gateway.kind for serving in served.gateways}
    except Undetermined as unknown:
        return "", (gap(unknown),)
    if "expressroute" in kinds:
        return "an ExpressRoute gateway takes no packets of user-defined routes (R-26)", ()
    if kinds == {"vpn"}:
        return "", tuple(r for serving in served.gateways for r in serving.reasons)
    if kinds:
        ids = ", ".join(serving.gateway.label for serving in served.gateways)
        return "", (Reason("collection-gap", f"gatewayType of {ids}"),)
    unsure = (*served.untold, *served.teachers)
    return ("", unsure) if unsure else ("there is no VPN gateway (R-26)", ())
