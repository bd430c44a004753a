"""The DNS record of a private endpoint gives another address.

## Why it matters
The name of the service leads to an address where the endpoint is not: connections hang, or reach
whoever has the address today. It happens when an endpoint was made anew and a record written by
hand, or an old zone, stayed.

## What fails
A zone group of the endpoint names a private zone, and in that zone the record of the service gives
addresses that are none of the endpoint's, or the record is not there. The record's name is taken
from the zone group, else from the target's own name.

A zone, or its records, or the endpoint's NIC, that are not in the snapshot give *unknown*.

## What to do
Delete the record and let the zone group write it, or correct the address.

## References
- https://learn.microsoft.com/azure/private-link/private-endpoint-dns
- Facts L-10, L-12
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor import ids
from auditor.ids import fold
from auditor.network import names
from auditor.network.graph import evidence, question
from auditor.remedy import az
from auditor.resources.dns import PrivateDnsZone, PrivateRecordSet
from auditor.resources.private_endpoints import PrivateEndpoint, ZoneConfig
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule


@question
def endpoints_with_zones(network: Network) -> tuple[PrivateEndpoint, ...]:
    """The private endpoints whose zone groups are in the snapshot."""
    return tuple(
        endpoint
        for endpoint in network.all(PrivateEndpoint)
        if endpoint.key in names.zone_groups(network)
    )


@rule("PE-006", severity=Severity.CRITICAL, since="0.1.0", of=endpoints_with_zones)
def private_endpoint_record_mismatch(network: Network, endpoint: PrivateEndpoint) -> Outcomes:
    """Compare each zone's record with the endpoint's addresses."""
    own = names.endpoint_addresses(network, endpoint)
    for group in names.zone_groups(network)[endpoint.key]:
        for config in group.properties.private_dns_zone_configs or ():
            yield from _zone(network, endpoint, config, own)


def _zone(
    network: Network, endpoint: PrivateEndpoint, config: ZoneConfig, own: tuple[str, ...]
) -> Outcomes:
    zone_id = config.properties.private_dns_zone_id
    zone = network.get(zone_id, PrivateDnsZone)
    if zone is None or not names.records_exported(network, zone.key):
        yield Unknown(
            endpoint.id,
            missing=f"the records of private zone {ids.name(zone_id or '') or 'of the zone group'}",
            key=fold(zone_id or ""),
        )
        return
    records = {record.name.lower(): record for record in names.private_records(network)[zone.key]}
    for label in sorted(_labels(endpoint, config)):
        record = records.get(label)
        if record is None:
            yield _absent(endpoint, zone, label, own)
        elif not set(record.addresses) & set(own):
            yield _elsewhere(endpoint, zone, record, own)


def _labels(endpoint: PrivateEndpoint, config: ZoneConfig) -> Iterator[str]:
    told = [r.record_set_name for r in config.properties.record_sets or () if r.record_set_name]
    if told:
        yield from (label.lower() for label in told)
        return
    for connection in endpoint.connections:
        target = connection.properties.private_link_service_id
        if target:
            yield ids.name(target).lower()


def _elsewhere(
    endpoint: PrivateEndpoint, zone: PrivateDnsZone, record: PrivateRecordSet, own: tuple[str, ...]
) -> Finding:
    given = ", ".join(record.addresses) or "nothing"
    return Finding(
        subject=endpoint.id,
        message=f"{record.host} gives {given}; private endpoint {endpoint.label} is "
        f"{', '.join(own)}",
        remedy=az(
            "network",
            "private-dns",
            "record-set",
            "a",
            "update",
            resource_group=zone.resource_group,
            zone_name=zone.label,
            name=record.label,
            set=f"aRecords[0].ipv4Address={own[0]}",
        ),
        related=(record.id, zone.id),
        evidence=(evidence(record, record.addresses_pointer, list(record.addresses)),),
        key=record.key,
    )


def _absent(
    endpoint: PrivateEndpoint, zone: PrivateDnsZone, label: str, own: tuple[str, ...]
) -> Finding:
    return Finding(
        subject=endpoint.id,
        message=f"zone {zone.label} has no record {label} for private endpoint {endpoint.label} "
        f"({', '.join(own)}): the name does not resolve",
        remedy=az(
            "network",
            "private-dns",
            "record-set",
            "a",
            "add-record",
            resource_group=zone.resource_group,
            zone_name=zone.label,
            record_set_name=label,
            ipv4_address=own[0],
        ),
        related=(zone.id,),
        evidence=(evidence(endpoint, "/id", endpoint.id),),
        key=f"{zone.key} {label}",
    )
