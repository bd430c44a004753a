"""A peering drops what networks beside the same hub send each other.

## Why it matters
Networks beside a hub reach each other by the appliance in it. What it forwards bears the address of
the other network, and a peering without `allowForwardedTraffic` takes nothing but what the hub's
own machines send. The routes look right, the firewall allows it, and nothing arrives.

## What fails
A peering has `allowForwardedTraffic` false, and a path needs it: a subnet of another peer of the
hub certainly routes to an appliance in the hub for addresses in this network, the appliance's
subnet leads on to it, and a subnet of this network routes back by an appliance in the hub. The same
goes for two hubs whose appliances pass on to each other. A network that has no such route of its
own needs none, and is kept.

*Unknown* when the flag is not told, where learned routes may come between, and when the hub or a
route table is not in the snapshot.

## What to do
Allow forwarded traffic on the peering that the finding names, or delete the routes if the two are
not meant to talk.

## References
- https://learn.microsoft.com/azure/virtual-network/virtual-network-manage-peering
- https://learn.microsoft.com/azure/architecture/networking/architecture/hub-spoke
- Facts R-15, R-16
"""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.finding import Hop
from auditor.network.filters import place_name
from auditor.network.graph import evidence, possibly
from auditor.network.peerings import peerings_of_ours
from auditor.network.reasons import remedy, teller
from auditor.reach.transit import (
    Crossing,
    crossing,
    hidden_crossing,
    sends_to,
    untold_around,
)
from auditor.remedy import az
from auditor.resources.routing import Route
from auditor.resources.virtual_networks import Peering, VirtualNetwork
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, rule


def guarded_peerings(network: Network) -> tuple[Peering, ...]:
    """The peerings that do not take what is only forwarded, or do not tell whether they do."""
    return tuple(each for each in peerings_of_ours(network) if possibly(_guarded, each))


def _guarded(peering: Peering) -> bool:
    return peering.properties.allow_forwarded_traffic is not True


@rule(
    "PER-004",
    severity=Severity.HIGH,
    since="0.1.0",
    of=guarded_peerings,
    reads=Reads(
        anywhere=(
            "azureFirewalls",
            "routeTables",
            "virtualNetworks",
            "networkInterfaces",
            "loadBalancers",
        )
    ),
)
def forwarding_is_off(network: Network, peering: Peering) -> Outcomes:
    """Look for somebody whose packets the peering would have to take."""
    vnet = network.holder(peering, VirtualNetwork)
    if vnet is None:
        raise Undetermined(f"the network of peering {peering.label}", resource=peering.id)
    hub = network.find(peering.properties.remote_virtual_network)
    if not isinstance(hub, VirtualNetwork):
        if sends_to(network, vnet, peering):
            far = peering.properties.remote_virtual_network
            missing = f"who reaches {vnet.label} by {far.id if far is not None else 'its peer'}"
            raise Undetermined(f"{missing}, which is not in the snapshot", resource=peering.id)
        return
    found = crossing(network, peering, vnet, hub)
    if found is None:
        untold = untold_around(network, vnet, hub)
        if untold is not None:
            raise untold
        lost = hidden_crossing(network, vnet, hub)
        if lost:
            who = f"whether somebody reaches {vnet.label} by an appliance of {hub.label}"
            yield Unknown(peering.id, f"{who}: {lost} is not in the snapshot", told_by=lost)
        return
    allowed = peering.properties.allow_forwarded_traffic
    what = _what(peering, found)
    if found.reasons or allowed is None:
        whys = [str(reason) for reason in found.reasons]
        if allowed is None:
            whys.append(f"allowForwardedTraffic of peering {peering.label}")
        yield Unknown(
            peering.id,
            f"whether {what}: {'; '.join(whys)}",
            related=_related(found),
            remedy=remedy(found.reasons),
            told_by=teller(found.reasons),
        )
        return
    here, there = found.here, found.there
    yield Finding(
        subject=peering.id,
        message=f"{what}: allowForwardedTraffic is false",
        remedy=az(
            *("network", "vnet", "peering", "update"),
            resource_group=peering.resource_group,
            vnet_name=vnet.label,
            name=peering.label,
            set="allowForwardedTraffic=true",
        ),
        related=_related(found),
        evidence=(
            evidence(peering, "/properties/allowForwardedTraffic", allowed),
            *(
                evidence(each.route.node, "/properties/nextHopIpAddress", str(each.appliance))
                for each in (here, there)
                if isinstance(each.route.node, Route)
            ),
        ),
        hops=tuple(
            Hop(id_, word, "forwarded-traffic")
            for id_, word in (
                (here.source.id, here.route.name),
                (peering.id, peering.label),
                (there.source.id, there.route.name),
            )
        ),
    )


def _what(peering: Peering, found: Crossing) -> str:
    here, there = found.here, found.there
    return (
        f"peering {peering.label} of {there.vnet.label} drops what {here.appliance} forwards from "
        f"{place_name(here.source)}, to which {place_name(there.source)} sends by "
        f"{there.appliance}"
    )


def _related(found: Crossing) -> tuple[str, ...]:
    nodes = (found.here.route.node, found.there.route.node)
    routes = [node.id for node in nodes if node is not None]
    return (found.here.source.id, found.there.source.id, *routes)
