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
*unknown*. So it is for the name of a scale set's instance, for that of a slot of an application
whose slot is not in the snapshot, and for an A or AAAA record with a public address that no public
IP of the snapshot has: it may be somebody else's, or yours until yesterday; and for a name of Front
Door while the endpoints of a profile, which own such names, are not in the snapshot. Public IPs and
Traffic Manager profiles say which name is theirs; the others are known by what they are called.

## What to do
Delete the record, or point it at what took over.

## References
- https://learn.microsoft.com/azure/security/fundamentals/subdomain-takeover
- https://learn.microsoft.com/azure/dns/dns-alias
- Fact E-1
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from auditor import ids
from auditor.addresses import Address, address_or_none, parse_address
from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.gaps import unread_type
from auditor.network.graph import Missing, every, evidence, question, question_about
from auditor.network.holes import holes
from auditor.remedy import az
from auditor.resources.base import TYPES, Resource
from auditor.resources.dns import PublicRecordSet
from auditor.resources.front_doors import FrontDoorEndpoint, FrontDoorProfile
from auditor.resources.public_addresses import PublicIp
from auditor.resources.traffic_manager import TrafficManagerProfile
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, rule
from auditor.special_addresses import DOCUMENTATION, PUBLIC

_PLAIN = 2
"""Dots of `label.region.` before `cloudapp.azure.com`; more are instances of scale sets."""

_NAMED = 3
"""How many absent subscriptions a message names."""

_SPELLED = {
    "microsoft.network/publicipaddresses": "public IPs",
    "microsoft.cdn/profiles/afdendpoints": "endpoints of Front Door profiles",
    "microsoft.network/frontdoors": "classic Front Doors",
    "microsoft.cdn/profiles": "Front Door profiles",
    "microsoft.network/trafficmanagerprofiles": "Traffic Manager profiles",
    "microsoft.web/sites": "web applications",
    "microsoft.cdn/profiles/endpoints": "endpoints of CDN profiles",
}

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
    lost = network.find(target)
    if not isinstance(lost, Missing) or fold(target) in network.counted:
        return
    kind = (ids.type_of(target) or "").lower()
    alike = _of_type(network, kind)
    subscription = (ids.subscription(target) or "").lower()
    whole = unread_type(network, kind, target) is None
    if whole and any(_scope(key) == subscription for key in alike):
        found = _gone(record, ids.name(target), "/properties/targetResource/id", target)
        alone = all(isinstance(edge.source, PublicRecordSet) for edge in network.referrers(lost))
        # What nothing but the record names is gone, and not left out of the export.
        yield replace(found, covers=(("GOV-006", target),)) if alone else found
    else:
        yield Unknown(record.id, missing=f"{target}, the target of alias record {record.host}")


def _cname(network: Network, record: PublicRecordSet, target: str) -> Outcomes:
    name = target.lower().rstrip(".")
    suffix = next((each for each in _OWNERS if name.endswith(f".{each}")), None)
    if suffix is None or _is_owned(network, name, suffix):
        return
    if suffix == "cloudapp.azure.com" and name.removesuffix(suffix).count(".") > _PLAIN:
        missing = f"whether a scale set's instance has the name {name}"
        listed = "ask for the names of the instances: az vmss list-instance-public-ips"
        yield Unknown(record.id, missing, remedy=listed)
        return
    absent = _absent_subscriptions(network)
    unread = next((kind for kind in _OWNERS[suffix] if unread_type(network, kind)), None)
    if unread is not None:
        yield Unknown(record.id, missing=f"who owns {name}: not all {unread} could be read")
    elif absent:
        also = ", ".join(absent[:_NAMED]) + (" and others" if len(absent) > _NAMED else "")
        missing = f"who owns {name}: the input names subscriptions it holds nothing of ({also})"
        yield Unknown(record.id, missing, remedy="export these subscriptions with the rest")
    elif (hollow := _without_endpoints(network, suffix)) is not None:
        missing = f"who owns {name}: the endpoints of {ids.name(hollow)} are not in the snapshot"
        group, profile = ids.resource_group(hollow), ids.name(hollow)
        listed = az("afd", "endpoint", "list", resource_group=group, profile_name=profile)
        yield Unknown(record.id, missing, remedy=listed, told_by=hollow)
    elif any(_of_type(network, kind) for kind in _OWNERS[suffix]):
        yield _gone(record, name, "/properties/CNAMERecord/cname", target)
    else:
        missing = f"who owns {name}, which {record.host} leads to"
        yield Unknown(record.id, missing, remedy=f"export what may own it: {_kinds(suffix)}")


def _without_endpoints(network: Network, suffix: str) -> str | None:
    """Give a Front Door of which no endpoint came: they own such names, and are listed apart."""
    if suffix != "azurefd.net":
        return None
    for profile in network.all(FrontDoorProfile):
        if not profile.is_front_door:
            continue  # of a CDN, whose endpoints have other names
        listed = any(isinstance(e, FrontDoorEndpoint) for e in network.below(f"{profile.key}/"))
        if not listed and not network.asked_below(profile):
            return profile.id
    return None


def _addresses(network: Network, record: PublicRecordSet) -> Outcomes:
    given = _given(network)
    foreign = [a for a in record.addresses if _is_public(a) and parse_address(a) not in given]
    if foreign:
        told = ", ".join(foreign)
        yield Unknown(
            record.id,
            missing=f"who has {told}, which {record.host} leads to: no public IP of the snapshot",
            remedy="export the public IPs of all your subscriptions; when none of them has it: "
            + _delete(record),
            evidence=(evidence(record, record.addresses_pointer, list(record.addresses)),),
        )


def _gone(record: PublicRecordSet, target: str, pointer: str, value: str) -> Finding:
    return Finding(
        subject=record.id,
        message=f"{record.host} leads to {target}, which nothing in the snapshot owns",
        remedy=_delete(record),
        evidence=(evidence(record, pointer, value),),
    )


def _delete(record: PublicRecordSet) -> str:
    kind = ids.type_of(record.id) or ""
    return az(
        *("network", "dns", "record-set", kind.rpartition("/")[2].lower(), "delete"),
        resource_group=record.resource_group,
        zone_name=record.zone_name,
        name=record.label,
    )


def _kinds(suffix: str) -> str:
    """Name the types of what may own a name, for a person."""
    return ", ".join(_SPELLED[kind] for kind in _OWNERS[suffix])


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


@question_about
def _told_names(network: Network, suffix: str) -> tuple[frozenset[str], Undetermined | None]:
    """The names that resources tell as theirs, and why there may be more: one does not tell."""
    cls, what, name_of = _TELLING[suffix]
    found = set()
    doubt = None
    for node in network.all(cls):
        try:
            found.add(name_of(node))
        except Undetermined as unknown:
            missing = f"the name of {what} {node.label}: {unknown.missing}"
            doubt = Undetermined(missing, resource=node.id)
    return frozenset(found), doubt


def _name_of(address: PublicIp) -> str:
    settings = address.properties.dns_settings
    if settings is not None and settings.fqdn:
        return settings.fqdn.lower().rstrip(".")
    if settings is not None and settings.domain_name_label:
        label = settings.domain_name_label.lower()
        return f"{label}.{(address.location or '').lower()}.cloudapp.azure.com"
    return ""


def _name_of_profile(profile: TrafficManagerProfile) -> str:
    dns = profile.properties.dns_config
    if dns is not None and dns.fqdn:
        return dns.fqdn.lower().rstrip(".")
    if dns is not None and dns.relative_name:
        return f"{dns.relative_name.lower()}.trafficmanager.net"
    raise Undetermined("dnsConfig", resource=profile.id)


_TELLING: dict[str, tuple[type[Resource], str, Callable[[Any], str]]] = {
    "cloudapp.azure.com": (PublicIp, "public IP", _name_of),
    "trafficmanager.net": (TrafficManagerProfile, "Traffic Manager profile", _name_of_profile),
}
"""Whose name in DNS is a setting of theirs, whatever they are called."""

_CONTINUED = ("azurefd.net", "azurewebsites.net")
"""Where Azure may continue the name of a resource with a hyphen and letters of its choosing."""


def _is_owned(network: Network, name: str, suffix: str) -> bool:
    """Whether a resource of the snapshot has an Azure name. Raises Undetermined when untold.

    Some say theirs. The others are known by their resource's name, which newer default names
    continue; of an application, a slot does so too.
    """
    if suffix in _TELLING:
        names, doubt = _told_names(network, suffix)
        if name not in names and doubt is not None:
            raise doubt
        return name in names
    label, _, region = name.removesuffix(f".{suffix}").partition(".")
    owners = [ids.name(key) for kind in _OWNERS[suffix] for key in _of_type(network, kind)]
    if label in owners:
        return True
    longer = [one for one in owners if label.startswith(f"{one}-") and suffix in _CONTINUED]
    if longer and suffix == "azurewebsites.net" and not region:
        return _is_slot(network, label, longer)
    return bool(longer)


def _is_slot(network: Network, label: str, sites: list[str]) -> bool:
    """Whether a name is that of a slot, `APPLICATION-SLOT`. Raises Undetermined when untold."""
    slots = (key.split("/") for key in _of_type(network, "microsoft.web/sites/slots"))
    if any(f"{key[-3]}-{key[-1]}" == label for key in slots):
        return True
    site = max(sites, key=len)
    raise Undetermined(
        f"whether the application {site} has the slot {label.removeprefix(f'{site}-')}",
        remedy="export the slots of the application as well: az webapp deployment slot list",
    )


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
