"""A network relies on a peer's gateway that it may not use, or that is not there.

## Why it matters
With `useRemoteGateways` a network has no way on premises of its own. If the peer does not allow
transit, or has no gateway, it has no way at all; Azure refuses the change that would have told.

## What fails
A peering has `useRemoteGateways` true, and the other side has `allowGatewayTransit` false, or the
other network has neither a VPN or ExpressRoute gateway nor a Route Server. *Unknown* when the other
network, or a gateway that its GatewaySubnet lists, is not in the snapshot, or when the other side
does not tell. Peerings to the inside of a virtual hub are Azure's own and are not judged.

## What to do
Allow transit on the hub's side of the peering, or deploy the gateway, or stop relying on it.

## References
- https://learn.microsoft.com/azure/vpn-gateway/vpn-gateway-peering-gateway-transit
- Fact R-17
"""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.ids import name as last_segment
from auditor.network.gaps import unread_type
from auditor.network.graph import evidence
from auditor.network.learned_routes import route_server_of
from auditor.network.on_premises import gateways_in, homeless_gateway
from auditor.network.peerings import far_network, name_of_way_back, peerings_of_ours, way_back
from auditor.network.routing_domains import network_id
from auditor.remedy import az
from auditor.resources.virtual_networks import Peering, VirtualNetwork
from auditor.rule import Finding, Network, Outcomes, Severity, rule

_GATEWAYS = (
    "Microsoft.Network/virtualNetworkGateways",
    "Microsoft.Network/virtualHubs",
    "Microsoft.Network/virtualHubs/ipConfigurations",
)
"""Where gateways and Route Servers are listed, in the subscription of their network."""


def peerings_in_transit(network: Network) -> tuple[Peering, ...]:
    """The peerings that use the far side's gateways, or do not tell whether they do."""
    return tuple(peering for peering in peerings_of_ours(network) if _may_transit(peering))


def _may_transit(peering: Peering) -> bool:
    try:
        return bool(peering.properties.use_remote_gateways)
    except Undetermined:
        return True


@rule("PER-003", severity=Severity.HIGH, since="0.1.0", of=peerings_in_transit)
def transit_without_gateway(network: Network, peering: Peering) -> Outcomes:
    """Judge the other side's permission, then its gateways."""
    if not peering.properties.use_remote_gateways:
        return
    home, far = last_segment(network_id(peering)), far_network(network, peering)
    flag = evidence(peering, "/properties/useRemoteGateways", True)
    back = way_back(network, peering)
    if back is None:
        yield Finding(
            subject=peering.id,
            related=(far.id,),
            message=f"{home} uses the gateways of {far.label}, which has no peering back",
            remedy=_allow(network, peering, None, far),
            evidence=(flag,),
        )
        return
    allowed = back.properties.allow_gateway_transit
    refused = evidence(back, "/properties/allowGatewayTransit", False)
    if _certainly_has_none(network, far, refused=allowed is False):
        permit = f" and let its peering {back.label} allow transit" if allowed is False else ""
        yield Finding(
            subject=peering.id,
            related=(far.id,),
            message=f"{home} uses the gateways of {far.label}, which has none",
            remedy=f"deploy a gateway in {far.label}{permit}, or: "
            + az(
                "network",
                "vnet",
                "peering",
                "update",
                resource_group=peering.resource_group,
                vnet_name=home,
                name=peering.label,
                set="useRemoteGateways=false",
            ),
            evidence=(flag, refused) if allowed is False else (flag,),
        )
    elif allowed is False:
        yield Finding(
            subject=peering.id,
            related=(back.id,),
            message=f"{home} uses the gateways of {far.label}, whose peering {back.label} does "
            "not allow transit",
            remedy=_allow(network, peering, back, far),
            evidence=(flag, refused),
        )
    elif allowed is None:
        raise Undetermined(f"allowGatewayTransit of peering {back.label}", resource=back.id)


def _certainly_has_none(network: Network, far: VirtualNetwork, *, refused: bool) -> bool:
    """Whether a network has no gateway; False where that is not told and transit is refused."""
    try:
        return _has_none(network, far)
    except Undetermined:
        if refused:
            return False
        raise


def _has_none(network: Network, far: VirtualNetwork) -> bool:
    """Whether a network has neither gateway nor Route Server. Raises Undetermined."""
    if gateways_in(network, far) or route_server_of(network, far.key) is not None:
        return False
    homeless = homeless_gateway(network, far.location)
    if homeless is not None:
        raise Undetermined(f"the network of gateway {homeless.label}", resource=homeless.id)
    for arm_type in _GATEWAYS:
        unread = unread_type(network, arm_type, far.id)
        if unread is not None:
            raise Undetermined(f"the gateways of {far.label}: {unread.detail}", resource=far.id)
    return True


def _allow(network: Network, peering: Peering, back: Peering | None, far: VirtualNetwork) -> str:
    if back is None:
        home = network_id(peering)
        return az(
            "network",
            "vnet",
            "peering",
            "create",
            resource_group=far.resource_group,
            vnet_name=far.label,
            name=name_of_way_back(network, peering),
            remote_vnet=home,
            allow_gateway_transit=True,
        )
    return az(
        "network",
        "vnet",
        "peering",
        "update",
        resource_group=far.resource_group,
        vnet_name=far.label,
        name=back.label,
        set="allowGatewayTransit=true",
    )
