"""The DNS record of a private endpoint gives another address.

## Why it matters
The name of the service leads to an address where the endpoint is not: connections hang, or reach
whoever has the address today. It happens when an endpoint was made anew and a record written by
hand, or an old zone, stayed.

## What fails
A zone group of the endpoint names a private zone, and in that zone the records of the service (A
and AAAA of one name together)

- give an address that is not the endpoint's, or
- are not there, although the zone group says that it wrote them, and the snapshot holds all records
  of the zone: as many as it counts (`numberOfRecordSets`), of which one is the zone's own (SOA).

The records' names are those the zone group lists, else the target's own name; a name that is only
guessed so and is not in the zone gives *unknown*. So do a zone, its records, or the endpoint's
addresses that are not in the snapshot, and zone groups of which the input holds none, nor asked for
any, unless a record that the endpoint's network sees leads to it; rule PE-005 speaks for that.

## What to do
Delete the record and let the zone group write it, or correct the address.

## References
- https://learn.microsoft.com/azure/private-link/private-endpoint-dns
- Facts L-10, L-12
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor import ids
from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network import names
from auditor.network.export_commands import records_of, zone_groups_of
from auditor.network.graph import Network, evidence, question
from auditor.network.private_link import endpoints_of_services
from auditor.remedy import az
from auditor.resources.dns import PrivateDnsZone, PrivateRecordSet
from auditor.resources.private_endpoints import PrivateEndpoint, ZoneConfig
from auditor.rule import Finding, Outcomes, Reads, Severity, Unknown, apart, rule


@question
def endpoints_with_zones(network: Network) -> tuple[PrivateEndpoint, ...]:
    """The private endpoints whose zone groups are in the snapshot, or may be anywhere else."""
    found = {
        endpoint.key: endpoint
        for endpoint in network.all(PrivateEndpoint)
        if endpoint.key in names.zone_groups(network)
    }
    for endpoint in endpoints_of_services(network):
        if names.groups_untold(network, endpoint):
            found[endpoint.key] = endpoint
    return tuple(found[key] for key in sorted(found))


@rule(
    "PE-006",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=endpoints_with_zones,
    reads=Reads(subjects=("privateEndpoints/privateDnsZoneGroups",)),
)
def private_endpoint_record_mismatch(network: Network, endpoint: PrivateEndpoint) -> Outcomes:
    """Compare each zone's records with the endpoint's addresses."""
    if names.groups_untold(network, endpoint):
        yield from _untold(network, endpoint)
        return
    own = names.endpoint_addresses(network, endpoint)
    configs = [
        config
        for group in names.zone_groups(network)[endpoint.key]
        for config in group.properties.private_dns_zone_configs or ()
    ]
    yield from apart(
        endpoint.id,
        ((fold(config.properties.private_dns_zone_id or ""), config) for config in configs),
        lambda config: _zone(network, endpoint, config, own),
    )


def _untold(network: Network, endpoint: PrivateEndpoint) -> Outcomes:
    """Tell that nothing names the endpoint's zones, unless a record that is seen leads to it."""
    try:
        if names.records_seen(network, endpoint).found:
            return
    except Undetermined:
        pass
    missing = f"the DNS zone groups of private endpoint {endpoint.label}"
    yield Unknown(endpoint.id, missing, remedy=zone_groups_of(endpoint), key="zone groups")


def _zone(
    network: Network, endpoint: PrivateEndpoint, config: ZoneConfig, own: tuple[str, ...]
) -> Outcomes:
    zone = network.get(config.properties.private_dns_zone_id, PrivateDnsZone)
    if zone is None:
        raise Undetermined("the private zone of the zone group", resource=endpoint.id)
    records = names.records_by_label(network, zone.key)
    written = _written(config)
    absent = []
    for label in written or _guessed(endpoint):
        found = [(each, told) for each in records.get(label, ()) if (told := each.addresses)]
        if found:
            yield from _elsewhere(endpoint, zone, found, own)
        else:
            absent.append(label)
    if absent and not names.records_whole(network, zone):
        missing = f"the records of private zone {zone.label}"
        raise Undetermined(missing, resource=zone.id, remedy=records_of(zone))
    if absent and not written:
        raise Undetermined(
            f"which records of {zone.label} are those of private endpoint {endpoint.label}"
        )
    for label in absent:
        yield _absent(endpoint, zone, label, own)


def _written(config: ZoneConfig) -> tuple[str, ...]:
    told = [r.record_set_name for r in config.properties.record_sets or ()]
    return tuple(sorted(set(map(str.lower, filter(None, told)))))


def _guessed(endpoint: PrivateEndpoint) -> tuple[str, ...]:
    targets = (c.properties.private_link_service_id for c in endpoint.connections)
    return tuple(sorted({ids.name(target).lower() for target in targets if target}))


def _elsewhere(
    endpoint: PrivateEndpoint,
    zone: PrivateDnsZone,
    records: Iterable[tuple[PrivateRecordSet, tuple[str, ...]]],
    own: tuple[str, ...],
) -> Iterator[Finding]:
    for record, told in records:
        if not set(own).issuperset(told):
            foreign = [address for address in told if address not in own]
            yield Finding(
                subject=endpoint.id,
                message=f"{record.host} gives {', '.join(foreign)}; private endpoint "
                f"{endpoint.label} is {', '.join(own)}",
                remedy=_correct(zone, record, foreign[0], own),
                related=(record.id, zone.id),
                evidence=(evidence(record, record.addresses_pointer, list(told)),),
                key=record.key,
            )


def _correct(
    zone: PrivateDnsZone, record: PrivateRecordSet, foreign: str, own: tuple[str, ...]
) -> str:
    kind = "aaaa" if ":" in foreign else "a"
    field = "ipv6_address" if kind == "aaaa" else "ipv4_address"
    where = {
        "resource_group": zone.resource_group,
        "zone_name": zone.label,
        "record_set_name": record.label,
    }
    command = ("network", "private-dns", "record-set", kind)
    right = next((address for address in own if (":" in address) == (":" in foreign)), None)
    steps = [az(*command, "remove-record", **where, **{field: foreign})]
    if right is not None and right not in record.addresses:
        steps.insert(0, az(*command, "add-record", **where, **{field: right}))
    return " && ".join(steps)


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
        evidence=(evidence(zone, "/name", zone.label),),
        key=f"{zone.key} {label}",
    )
