"""Public and private DNS zones, their links and record sets (facts L-10 to L-15, T-2)."""

from typing import ClassVar

from msgspec import field

from auditor.errors import Undetermined
from auditor.resources.base import Ref, Resource, Wire, Word, arm, settings


class DnsZoneProperties(Wire):
    """Settings of a public zone."""

    name_servers: list[str] | None = None
    zone_type: Word | None = None
    number_of_record_sets: int | None = None


@arm("Microsoft.Network/dnsZones")
class DnsZone(Resource):
    """A public DNS zone."""

    properties: DnsZoneProperties = settings(DnsZoneProperties)


class PrivateDnsZoneProperties(Wire):
    """Settings of a private zone."""

    number_of_record_sets: int | None = None
    number_of_virtual_network_links: int | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/privateDnsZones")
class PrivateDnsZone(Resource):
    """A private DNS zone."""

    properties: PrivateDnsZoneProperties = settings(PrivateDnsZoneProperties)


class VirtualNetworkLinkProperties(Wire):
    """Settings of a link: the VNet that resolves names of the zone."""

    virtual_network: Ref | None = None
    registration_enabled: bool | None = None
    resolution_policy: Word | None = None
    virtual_network_link_state: Word | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/privateDnsZones/virtualNetworkLinks")
class VirtualNetworkLink(Resource):
    """A link of a private zone to a VNet. The zone is its `owner`, when that was exported."""

    properties: VirtualNetworkLinkProperties = settings(VirtualNetworkLinkProperties)


class Ipv4Record(Wire, gc=False):
    """An address of an A record."""

    ipv4_address: str | None = field(default=None, name="ipv4Address")


class Ipv6Record(Wire, gc=False):
    """An address of an AAAA record."""

    ipv6_address: str | None = field(default=None, name="ipv6Address")


class CnameRecord(Wire, gc=False):
    """The target of a CNAME record."""

    cname: str | None = None


class PublicRecordSetProperties(Wire):
    """Settings of a record set of a public zone, the kinds that lead to addresses."""

    a_records: list[Ipv4Record] | None = field(default=None, name="ARecords")
    aaaa_records: list[Ipv6Record] | None = field(default=None, name="AAAARecords")
    cname_record: CnameRecord | None = field(default=None, name="CNAMERecord")
    target_resource: Ref | None = None
    fqdn: str | None = None
    ttl: int | None = field(default=None, name="TTL")


class PrivateRecordSetProperties(Wire):
    """Settings of a record set of a private zone, the kinds that lead to addresses."""

    a_records: list[Ipv4Record] | None = None
    aaaa_records: list[Ipv6Record] | None = None
    cname_record: CnameRecord | None = None
    fqdn: str | None = None
    ttl: int | None = None


class RecordSet(Resource):
    """A record set. Its name is relative to the zone, `@` for the zone itself."""

    addresses_pointer: ClassVar[str] = ""

    @property
    def zone_name(self) -> str:
        """The name of its zone, lower case."""
        parts = self.id.rstrip("/").split("/")
        return parts[-3].lower() if len(parts) >= 3 else ""

    @property
    def host(self) -> str:
        """The full name, lower case, without a trailing dot."""
        label = self.name.lower()
        return self.zone_name if label == "@" else f"{label}.{self.zone_name}"

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses it gives, A and AAAA.

        Raises Undetermined when it has no list of its kind, or one with an entry that tells no
        address, and is no alias.
        """
        # Declared by both kinds below, each with settings of its own.
        p: PublicRecordSetProperties | PrivateRecordSetProperties = getattr(self, "properties")  # noqa: B009
        kind = self.type.rpartition("/")[2].lower()
        listed: object = {"a": p.a_records, "aaaa": p.aaaa_records}.get(kind, ())
        found = [record.ipv4_address for record in p.a_records or ()]
        if p.aaaa_records:
            found += [record.ipv6_address for record in p.aaaa_records]
        untold = listed is None or not all(found)
        if untold and getattr(p, "target_resource", None) is None:
            raise Undetermined(f"the addresses of record {self.host}", resource=self.id)
        return tuple(filter(None, found))


@arm(
    "Microsoft.Network/dnsZones/A",
    "Microsoft.Network/dnsZones/AAAA",
    "Microsoft.Network/dnsZones/CNAME",
)
class PublicRecordSet(RecordSet):
    """A record set of a public zone. The zone is its `owner`, when that was exported."""

    addresses_pointer: ClassVar[str] = "/properties/ARecords"
    properties: PublicRecordSetProperties = settings(PublicRecordSetProperties)


@arm(
    "Microsoft.Network/privateDnsZones/A",
    "Microsoft.Network/privateDnsZones/AAAA",
    "Microsoft.Network/privateDnsZones/CNAME",
)
class PrivateRecordSet(RecordSet):
    """A record set of a private zone. The zone is its `owner`, when that was exported."""

    addresses_pointer: ClassVar[str] = "/properties/aRecords"
    properties: PrivateRecordSetProperties = settings(PrivateRecordSetProperties)
