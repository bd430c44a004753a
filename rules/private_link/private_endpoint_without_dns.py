"""No DNS name leads to the private endpoint.

## Why it matters
Programs use names. Without a zone group or a record of one's own the service's name goes on
resolving to its public address: the endpoint is there, and nobody uses it.

## What fails
A private endpoint without a DNS zone group, whose addresses no A or AAAA record gives in any
private zone that its network, or a network joined with it, is linked to. A record in a zone of
another estate, where the same address is somebody else's, does not count.

Zone groups are fetched one endpoint at a time, record sets and links one zone at a time: when the
snapshot holds no zone group, no private record, or a record with the endpoint's address whose
zone's links are not there, and nothing else proves the rule kept, the answer is *unknown*. An
endpoint to a private link service of one's own needs no zone by name and is not judged.

## What to do
Add a DNS zone group with the service's private zone; Azure then writes and renews the record.

## References
- https://learn.microsoft.com/azure/private-link/private-endpoint-dns
- Facts L-1, L-10, L-11, L-12, L-15
"""

from __future__ import annotations

from auditor import ids
from auditor.network import names
from auditor.network.graph import evidence, question
from auditor.remedy import az
from auditor.resources.dns import PrivateRecordSet
from auditor.resources.private_endpoints import PrivateEndpoint, ZoneGroup
from auditor.resources.virtual_networks import Subnet
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule


@question
def endpoints_of_services(network: Network) -> tuple[PrivateEndpoint, ...]:
    """The endpoints that lead to Azure services, not to private link services of one's own."""
    return tuple(
        endpoint
        for endpoint in network.all(PrivateEndpoint)
        if any(
            (ids.type_of(c.properties.private_link_service_id or "") or "").lower()
            != "microsoft.network/privatelinkservices"
            for c in endpoint.connections
        )
    )


@rule("PE-005", severity=Severity.HIGH, since="0.1.0", of=endpoints_of_services)
def private_endpoint_without_dns(network: Network, endpoint: PrivateEndpoint) -> Outcomes:
    """Look for a zone group, then for a record with the endpoint's address."""
    if endpoint.key in names.zone_groups(network):
        return
    records = network.all(PrivateRecordSet)
    if records:
        own = set(names.endpoint_addresses(network, endpoint))
        if any(own & set(record.addresses) for record in _answering(network, endpoint)):
            return
    if not records or not network.all(ZoneGroup):
        yield Unknown(
            endpoint.id,
            missing=f"the DNS zone groups of private endpoint {endpoint.label}"
            + ("" if records else ", and the records of the private zones"),
            remedy=az(
                "network",
                "private-endpoint",
                "dns-zone-group",
                "list",
                resource_group=endpoint.resource_group,
                endpoint_name=endpoint.label,
            ),
        )
        return
    yield Finding(
        subject=endpoint.id,
        message=f"private endpoint {endpoint.label} has no DNS zone group, and no private record "
        "that its network sees gives its address",
        remedy=az(
            "network",
            "private-endpoint",
            "dns-zone-group",
            "create",
            resource_group=endpoint.resource_group,
            endpoint_name=endpoint.label,
            name="default",
            zone_name="privatelink",
            private_dns_zone="<the service's privatelink zone>",
        ),
        related=tuple(
            c.properties.private_link_service_id
            for c in endpoint.connections
            if c.properties.private_link_service_id
        ),
        evidence=(evidence(endpoint, "/properties", "no privateDnsZoneGroups"),),
    )


def _answering(network: Network, endpoint: PrivateEndpoint) -> tuple[PrivateRecordSet, ...]:
    """The private records that machines in the endpoint's network may get.

    Those of the zones linked to it; of every zone when no link was exported. Elsewhere the same
    private address means another machine.
    """
    links = names.linked_networks(network)
    subnet = network.get(endpoint.properties.subnet, Subnet)
    vnet = subnet.owner if subnet is not None else None
    return tuple(
        record
        for zone, records in names.private_records(network).items()
        if vnet is None or not links or vnet.key in links.get(zone, ())
        for record in records
    )
