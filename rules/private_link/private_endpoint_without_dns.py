"""No DNS name leads to the private endpoint.

## Why it matters
Programs use names. Without a zone group or a record of one's own the service's name goes on
resolving to its public address: the endpoint is there, and nobody uses it.

## What fails
A private endpoint without a DNS zone group that names a zone, whose addresses no A or AAAA record
gives in any private zone that its network, or a network joined with it, is linked to. A record in a
zone of another estate, where the same address is somebody else's, does not count.

Zone groups are fetched one endpoint at a time, record sets and links one zone at a time: when the
input holds no zone group or no private record, nor asked for them, a record with the endpoint's
address whose zone's links are not there, or a record without its addresses, or when one of these
lists could not be read, and nothing else proves the rule kept, the answer is *unknown*. So it is
while a zone that the network may see counts records of which none came, and for the API server of a
private cluster that is not in the input, or whose zone, which AKS made, is not. An API server with
a public name, which gives the private address, keeps the rule; DNS-005 speaks where the zone that
its cluster names is not linked. An endpoint to a private link service of one's own needs no zone by
name and is not judged.

## What to do
Add a DNS zone group with the service's private zone; Azure then writes and renews the record.

## References
- https://learn.microsoft.com/azure/private-link/private-endpoint-dns
- Facts L-1, L-10, L-11, L-12, L-15, K-12
"""

from __future__ import annotations

from auditor import ids
from auditor.errors import Undetermined
from auditor.network import names
from auditor.network.api_servers import (
    absent_clusters,
    clusters_behind,
    has_public_name,
    is_zone_absent,
)
from auditor.network.gaps import unread_below
from auditor.network.graph import Network, evidence, possibly
from auditor.network.private_link import endpoints_of_services
from auditor.remedy import az
from auditor.resources import walk
from auditor.resources.dns import PrivateRecordSet
from auditor.resources.private_endpoints import PrivateEndpoint, ZoneConfig, ZoneGroup
from auditor.rule import Finding, Outcomes, Severity, Unknown, rule


def _remedy(network: Network, endpoint: PrivateEndpoint, groups: tuple[ZoneGroup, ...]) -> str:
    zone = names.zone_for(network, endpoint)
    steps = [] if zone is None or zone.startswith("/") else _new_zone(endpoint, zone)
    steps.append(
        az(
            *("network", "private-endpoint", "dns-zone-group", "add" if groups else "create"),
            resource_group=endpoint.resource_group,
            endpoint_name=endpoint.label,
            name=groups[0].label if groups else "default",
            zone_name="privatelink",
            private_dns_zone=zone or "<the service's zone>",
        )
    )
    return " && ".join(steps)


def _new_zone(endpoint: PrivateEndpoint, zone: str) -> list[str]:
    """The commands for a zone beside the endpoint that its network resolves."""
    subnet = walk.peek(walk.peek(walk.peek(endpoint, "properties"), "subnet"), "id")
    vnet = ids.parent(subnet) if subnet else None
    group, name = ("network", "private-dns"), ids.name(vnet) if vnet else "network"
    here = {"resource_group": endpoint.resource_group}
    return [
        az(*group, "zone", "create", **here, name=zone),
        az(
            *(*group, "link", "vnet", "create"),
            **here,
            zone_name=zone,
            name=f"link-{name}",
            virtual_network=vnet or "<id of the endpoint's network>",
            registration_enabled=False,
        ),
    ]


def _names_a_zone(group: ZoneGroup) -> bool:
    """Whether a group surely names a zone, or may."""
    configs = group.properties.private_dns_zone_configs
    return configs is None or any(map(_has_zone, configs))


def _has_zone(config: ZoneConfig) -> bool:
    try:
        return bool(config.properties.private_dns_zone_id)
    except Undetermined:
        return True  # there is one, by an expression


@rule("PE-005", severity=Severity.HIGH, since="0.1.0", of=endpoints_of_services)
def private_endpoint_without_dns(network: Network, endpoint: PrivateEndpoint) -> Outcomes:
    """Look for a zone group, then for a record with the endpoint's address."""
    groups = names.zone_groups(network).get(endpoint.key, ())
    for group in groups:
        if possibly(_names_a_zone, group):
            return
    lacking = [
        f"the private zones of {group.label} of private endpoint {endpoint.label}"
        for group in groups
        if group.properties.private_dns_zone_configs
    ]
    unread = unread_below(network, endpoint.id, "privateDnsZoneGroups")
    if names.groups_untold(network, endpoint) or unread:
        lacking.append(f"the DNS zone groups of private endpoint {endpoint.label}")
    if not network.all(PrivateRecordSet) and not network.asked_below(endpoint):
        lacking.append("the records of the private zones")
    else:
        seen = names.records_seen(network, endpoint)
        if seen.found:
            return
        lacking += seen.lacking
    for absent in absent_clusters(network, endpoint):
        lacking.append(f"by which names its API server is found: {absent} is not in the snapshot")
    for cluster in clusters_behind(network, endpoint):
        if has_public_name(cluster):
            return
        if is_zone_absent(network, cluster):
            lacking.append(f"the private zone that AKS made for {cluster.label}")
    if lacking:
        yield Unknown(
            endpoint.id,
            missing=", and ".join(lacking),
            remedy=az(
                "network",
                "private-endpoint",
                "dns-zone-group",
                "list",
                resource_group=endpoint.resource_group,
                endpoint_name=endpoint.label,
            ),
            covers=(("PE-006", endpoint.id, "zone groups"),),
        )
        return
    yield Finding(
        subject=endpoint.id,
        message=f"private endpoint {endpoint.label} has no DNS zone group"
        + (" that names a zone" if groups else "")
        + ", and no private record that its network sees gives its address",
        remedy=_remedy(network, endpoint, groups),
        related=tuple(
            c.properties.private_link_service_id
            for c in endpoint.connections
            if c.properties.private_link_service_id
        ),
        evidence=tuple(evidence(g, "/properties/privateDnsZoneConfigs", []) for g in groups)
        or (evidence(endpoint, "/properties", "no privateDnsZoneGroups"),),
    )
