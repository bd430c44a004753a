"""A public DNS record leads to something that is gone.

## Why it matters
Names such as `shop.westeurope.cloudapp.azure.com` can be claimed by anybody once they are free.
Whoever claims the one your record points at speaks with your name, and gets certificates for it.

## What fails
In a public zone,

- a CNAME to an Azure name (`*.cloudapp.azure.com`, `*.azurefd.net`, `*.trafficmanager.net`,
  `*.azurewebsites.net`, `*.azureedge.net`) that no resource of the snapshot has,
- an alias record whose target resource is not there, while resources of its type and subscription
  are.

It needs the owners in the snapshot, those of every subscription: while there is none of the kind
that could own the name, or the input names subscriptions that it holds nothing of, the answer is
*unknown*. So it is for the name of a scale set's instance,
and for an A or AAAA record with a public address that no public IP of the snapshot has: it may be
somebody else's, or yours until yesterday.

## What to do
Delete the record, or point it at what took over.

## References
- https://learn.microsoft.com/azure/security/fundamentals/subdomain-takeover
- https://learn.microsoft.com/azure/dns/dns-alias
- Fact E-1
"""

from __future__ import annotations

from auditor import ids
from auditor.addresses import Address, address_or_none, parse_address
from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.gaps import unread_type
from auditor.network.graph import Missing, every, evidence, question, question_about
from auditor.network.holes import holes
from auditor.remedy import az
from auditor.resources.base import TYPES
from auditor.resources.dns import PublicRecordSet
from auditor.resources.public_addresses import PublicIp
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, rule
from auditor.special_addresses import DOCUMENTATION, PUBLIC

_PLAIN = 2
"""Dots of `label.region.` before `cloudapp.azure.com`; more are instances of scale sets."""

_NAMED = 3
"""How many absent subscriptions a message names."""

_OWNERS = {
    "cloudapp.azure.com": ("microsoft.network/publicipaddresses",),
    "azurefd.net": (
        "microsoft.cdn/profiles/afdendpoints",
        "microsoft.network/frontdoors",
        "microsoft.cdn/profiles",
    ),
    "trafficmanager.net": ("microsoft.network/trafficmanagerprofiles",),
    "azurewebsites.net": ("microsoft.web/sites",),
    "azureedge.net": ("microsoft.cdn/profiles/endpoints",),
}


@rule(
    "DNS-007",
    severity=Severity.HIGH,
    since="0.1.0",
    of=every(PublicRecordSet),
    controls=("MCSB/NS-10",),
    reads=Reads(subjects=("dnsZones/recordsets",)),
)
def dangling_public_record(network: Network, record: PublicRecordSet) -> Outcomes:
    """Judge the alias target, the CNAME, or the addresses."""
    p = record.properties
    if p.target_resource is not None and p.target_resource.id:
        yield from _alias(network, record, p.target_resource.id)
    elif p.cname_record is not None and p.cname_record.cname:
        yield from _cname(network, record, p.cname_record.cname)
    elif record.type.lower().endswith("/cname"):
        raise Undetermined(f"where {record.host} leads", resource=record.id)
    else:
        yield from _addresses(network, record)


def _alias(network: Network, record: PublicRecordSet, target: str) -> Outcomes:
    if not isinstance(network.find(target), Missing) or fold(target) in network.counted:
        return
    kind = (ids.type_of(target) or "").lower()
    alike = _of_type(network, kind)
    subscription = (ids.subscription(target) or "").lower()
    whole = unread_type(network, kind, target) is None
    if whole and any(_scope(key) == subscription for key in alike):
        yield _gone(record, ids.name(target), "/properties/targetResource/id", target)
    else:
        yield Unknown(record.id, missing=f"{target}, the target of alias record {record.host}")


def _cname(network: Network, record: PublicRecordSet, target: str) -> Outcomes:
    name = target.lower().rstrip(".")
    suffix = next((each for each in _OWNERS if name.endswith(f".{each}")), None)
    if suffix is None or _is_owned(network, name, suffix):
        return
    if suffix == "cloudapp.azure.com" and name.removesuffix(suffix).count(".") > _PLAIN:
        yield Unknown(record.id, missing=f"whether a scale set's instance has the name {name}")
        return
    absent = _absent_subscriptions(network)
    unread = next((kind for kind in _OWNERS[suffix] if unread_type(network, kind)), None)
    if unread is not None:
        yield Unknown(record.id, missing=f"who owns {name}: not all {unread} could be read")
    elif absent:
        also = ", ".join(absent[:_NAMED]) + (" and others" if len(absent) > _NAMED else "")
        missing = f"who owns {name}: the input names subscriptions it holds nothing of ({also})"
        yield Unknown(record.id, missing)
    elif any(_of_type(network, kind) for kind in _OWNERS[suffix]):
        yield _gone(record, name, "/properties/CNAMERecord/cname", target)
    else:
        yield Unknown(record.id, missing=f"who owns {name}, which {record.host} leads to")


def _addresses(network: Network, record: PublicRecordSet) -> Outcomes:
    given = _given(network)
    foreign = [a for a in record.addresses if _is_public(a) and parse_address(a) not in given]
    if foreign:
        told = ", ".join(foreign)
        yield Unknown(
            record.id,
            missing=f"who has {told}, which {record.host} leads to: no public IP of the snapshot",
            evidence=(evidence(record, record.addresses_pointer, list(record.addresses)),),
        )


def _gone(record: PublicRecordSet, target: str, pointer: str, value: str) -> Finding:
    kind = ids.type_of(record.id) or ""
    return Finding(
        subject=record.id,
        message=f"{record.host} leads to {target}, which nothing in the snapshot owns",
        remedy=az(
            "network",
            "dns",
            "record-set",
            kind.rpartition("/")[2].lower(),
            "delete",
            resource_group=record.resource_group,
            zone_name=record.zone_name,
            name=record.label,
        ),
        evidence=(evidence(record, pointer, value),),
    )


@question_about
def _of_type(network: Network, kind: str) -> tuple[str, ...]:
    """The keys of all resources of a type (in lower case), read or only counted."""
    cls = TYPES.get(kind)
    read = network.all(cls) if cls else ()
    segment = kind.rpartition("/")[2]
    return (
        *(node.key for node in read if node.record and node.record.type.lower() == kind),
        *(key for key in network.counted if segment in key and (ids.type_of(key) or "") == kind),
    )


def _scope(key: str) -> str:
    """The subscription of a resource, by its key."""
    return ids.subscription(key.partition("/resourcegroups/")[0]) or ""


@question
def _absent_subscriptions(network: Network) -> tuple[str, ...]:
    """The subscriptions that references lead to and of which the input holds nothing, sorted."""
    named = {_scope(hole.missing.key) for hole in holes(network)} - {""}
    return tuple(sorted(one for one in named if not network.below(f"/subscriptions/{one}/")))


@question
def _public_names(network: Network) -> tuple[frozenset[str], Undetermined | None]:
    """The names of the public addresses, and why there may be more: one does not tell its own."""
    found = set()
    doubt = None
    for address in network.all(PublicIp):
        try:
            found.add(_name_of(address))
        except Undetermined as unknown:
            missing = f"the name of public IP {address.label}: {unknown.missing}"
            doubt = Undetermined(missing, resource=address.id)
    return frozenset(found), doubt


def _name_of(address: PublicIp) -> str:
    settings = address.properties.dns_settings
    if settings is not None and settings.fqdn:
        return settings.fqdn.lower().rstrip(".")
    if settings is not None and settings.domain_name_label:
        label = settings.domain_name_label.lower()
        return f"{label}.{(address.location or '').lower()}.cloudapp.azure.com"
    return ""


def _is_owned(network: Network, name: str, suffix: str) -> bool:
    """Whether a resource of the snapshot has an Azure name. Raises Undetermined when untold.

    Public addresses say theirs; an instance of a scale set puts a label of its own before its
    address's. The others are known by their resource's name, which newer default names continue
    with a hyphen and letters of Azure's choosing.
    """
    if suffix == "cloudapp.azure.com":
        names, doubt = _public_names(network)
        if name not in names and doubt is not None:
            raise doubt
        return name in names
    label = name.partition(".")[0]
    owners = (ids.name(key) for kind in _OWNERS[suffix] for key in _of_type(network, kind))
    return any(label == owner or label.startswith(f"{owner}-") for owner in owners)


@question
def _given(network: Network) -> frozenset[Address]:
    """The addresses of the public IPs, of those that tell theirs."""
    addresses = (_address_of(one) for one in network.all(PublicIp))
    return frozenset(parse_address(address) for address in addresses if address)


def _address_of(address: PublicIp) -> str | None:
    try:
        return address.properties.ip_address
    except Undetermined:
        return None


def _is_public(text: str) -> bool:
    address = address_or_none(text)
    return address is not None and address in PUBLIC and address not in DOCUMENTATION
