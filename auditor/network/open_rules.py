"""What rules about open security rules have in common: one answer for one security rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from auditor import ids
from auditor.addresses import AddressSet, PortSet
from auditor.errors import Undetermined
from auditor.finding import Cover, Evidence, Finding, Severity, Unknown
from auditor.network.entrances import aims_at_frontends, unexpected_ports
from auditor.network.extents import joined
from auditor.network.filters import Selector, attachments, compiled, place_name
from auditor.network.gateway_homes import gateways_by_subnet
from auditor.network.graph import Missing, Network, evidence
from auditor.network.group_commands import changed_rule
from auditor.network.group_members import members
from auditor.network.openings import Opening, concerns_internet, group_of, openings, ports_in_words
from auditor.network.untold_users import GROUP, untold_user
from auditor.remedy import az
from auditor.resources.base import Node
from auditor.resources.compute import ScaleSetInterface
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
from auditor.resources.virtual_networks import Subnet
from auditor.special_addresses import PRIVATE

_SHOWN = 3
NO_PORTS = PortSet()
_MANAGEMENT = PortSet.of(65200, 65535)
"""Where Azure manages application gateways (A-10)."""


def answers_about_ports(
    network: Network,
    rule: SecurityRule,
    wanted: Mapping[str, PortSet],
    service: str,
    covers: tuple[tuple[str, str], ...] = (),
) -> Iterator[Finding | Unknown]:
    """Say whether one security rule opens some of the wanted ports to any source.

    `wanted` are ports by protocol, `service` is what they are called. A finding speaks for the
    general rule NSG-003 about the same security rule, whether that can tell or not: these ports are
    meant to be open nowhere. So it does for what else it `covers`.
    """
    if not concerns_internet(network, rule) or aims_at_frontends(network, rule):
        return
    group = group_of(network, rule)
    found = openings(network, group)
    certain = found.certain.get(rule)
    hit = common(certain, wanted)
    if certain is not None and hit:
        message = f"{title(rule, group)} lets {sources(certain)} reach {service} "
        message += f"({ports_in_words(hit)})" + at(network, rule, group)
        general: tuple[Cover, ...] = (("NSG-003", rule.id),)
        meant = meant_to_be_reached(network, rule, group, certain)
        told = finding(network, rule, group, certain, message, meant)
        yield replace(told, covers=(*general, *covers), settles=general)
    elif common(found.possible.get(rule), wanted):
        yield Unknown(rule.id, missing=" and ".join(found.doubts) or "what earlier rules match")


def common(
    opening: Opening[SecurityRule] | None, wanted: Mapping[str, PortSet]
) -> dict[str, PortSet]:
    """Give the wanted ports that an opening holds, by protocol."""
    if opening is None:
        return {}
    opened = opening.ports
    shared = {each: opened[each] & ports for each, ports in wanted.items() if each in opened}
    return {protocol: ports for protocol, ports in shared.items() if ports}


def title(rule: SecurityRule, group: NetworkSecurityGroup) -> str:
    """Name a security rule for a person: `ssh of nsg-web`."""
    return f"{rule.label} of {group.label}"


def sources(opening: Opening[SecurityRule]) -> str:
    """Say who gets in: any source, by this rule or together with others."""
    who = "any source over IPv6" if opening.versions == {6} else "any source"
    if not opening.together:
        return who
    names = ", ".join(sorted(other.label for other in opening.together))
    return f"{who} (together with {names})"


def at(network: Network, rule: SecurityRule, group: NetworkSecurityGroup) -> str:
    """Say where a rule opens something: ` at vnet-hub/snet-app`; or that its group stands nowhere.

    Or that it may stand somewhere, or that nothing there has an address that the rule is for.
    """
    places = attachments(network, group)
    if not places:
        if untold_user(network, group, GROUP) is not None:
            return "; whether the group is attached to anything is not told"
        return "; the group is attached to nothing in this snapshot"
    aimed = aims_at(network, rule, group)
    names = [place_name(place) for place in aimed or places]
    more = len(names) - _SHOWN
    words = ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
    return f" at {words}" if aimed else f"; nothing at {words} has an address that it names"


def aims_at(
    network: Network, rule: SecurityRule, group: NetworkSecurityGroup
) -> tuple[Subnet | NetworkInterface | ScaleSetInterface | Missing, ...]:
    """Give the places of a group that its rule can matter to.

    All of them, but for those where nothing has an address of its destinations, when these are
    told and private: a public one may be that of a load balancer with floating IP (P-4). An
    application security group stands for its members (N-32).
    """
    places = attachments(network, group)
    aims = compiled(rule).destinations
    named = _addresses(network, aims)
    if named is None or named - PRIVATE:
        return places
    return tuple(place for place in places if _may_hold(place, named))


def _addresses(network: Network, aims: Selector) -> AddressSet | None:
    """Give all that one side of a rule names; None where that is not told, or holds a tag."""
    if not aims.told or aims.tags:
        return None
    if not aims.groups:
        return aims.addresses
    found = joined(members(network, key, "") for key in sorted(aims.groups))
    # Without NICs in the input, nobody tells who is a member.
    if found.doubts or not network.all(NetworkInterface):
        return None
    return aims.addresses | found.must


def _may_hold(place: Node | Missing, addresses: AddressSet) -> bool:
    try:
        if isinstance(place, Subnet):
            return AddressSet.from_prefixes(place.prefixes).overlaps(addresses)
        if isinstance(place, NetworkInterface):
            own = [each.properties.private_ip_address for each in place.ip_configurations]
            return not all(own) or AddressSet.from_text(filter(None, own)).overlaps(addresses)
    except Undetermined:
        pass
    return True


def finding(
    network: Network,
    rule: SecurityRule,
    group: NetworkSecurityGroup,
    opening: Opening[SecurityRule],
    message: str,
    meant: PortSet = NO_PORTS,
) -> Finding:
    """Give a finding about an open security rule. What it opens to be reached stays open.

    A group that is known to filter nothing, or nothing that its rule names, opens nothing today:
    the finding is *medium* then.
    """
    aimed = aims_at(network, rule, group)
    places = aimed or attachments(network, group)
    return Finding(
        subject=rule.id,
        message=message,
        remedy=remedy(network, rule, group, meant),
        related=(
            *sorted(other.id for other in opening.together),
            *(place.id for place in places[:_SHOWN]),
        ),
        evidence=(source_evidence(rule), *port_evidence(rule)),
        severity=Severity.MEDIUM if _idle(network, group) or (places and not aimed) else None,
    )


def _idle(network: Network, group: NetworkSecurityGroup) -> bool:
    """Whether a group filters nothing, and the snapshot holds all subnets and NICs to tell by."""
    told_by = bool(network.all(Subnet)) or bool(network.all(NetworkInterface))
    if attachments(network, group) or not told_by:
        return False
    return untold_user(network, group, GROUP) is None


def meant_to_be_reached(
    network: Network,
    rule: SecurityRule,
    group: NetworkSecurityGroup,
    opening: Opening[SecurityRule],
) -> PortSet:
    """Give the TCP ports that a rule opens where clients are to reach something on them."""
    open_ports = opening.of("tcp")
    try:
        places = attachments(network, group)
        closed = unexpected_ports(network, rule, open_ports, places)
        # Nobody is there: to limit such a rule to the ports that it has would close nothing.
        return open_ports - closed if closed else NO_PORTS
    except Undetermined:
        return NO_PORTS


def remedy(
    network: Network, rule: SecurityRule, group: NetworkSecurityGroup, meant: PortSet
) -> str:
    """Say how to close a security rule, but for what clients are to reach by it."""
    if meant:
        first = ""
        if _lets_azure_manage(network, rule, group):
            first = f"let GatewayManager in on TCP {_MANAGEMENT} by a rule of its own, then "
        ranges = tuple(str(meant).split(", "))
        command = changed_rule(rule, destination_port_ranges=ranges)
        return f"{first}limit it to the ports that clients are to reach there: {command}"
    command = az(
        "network", "nsg", "rule", "delete",
        resource_group=ids.resource_group(rule.id),
        nsg_name=group.label,
        name=rule.label,
    )  # fmt: skip
    return f"limit the source to the addresses that need it, or delete the rule: {command}"


def _lets_azure_manage(network: Network, rule: SecurityRule, group: NetworkSecurityGroup) -> bool:
    """Whether a rule holds the ports by which Azure manages a gateway that the group guards."""
    homes = gateways_by_subnet(network)
    opens = compiled(rule).destination_ports or NO_PORTS
    return bool(opens & _MANAGEMENT) and any(
        place.key in homes for place in attachments(network, group)
    )


def source_evidence(rule: SecurityRule) -> Evidence:
    """Quote the sources of a rule, from the field that holds them (N-7)."""
    settings = rule.properties
    if settings.source_address_prefixes:
        return evidence(
            rule, "/properties/sourceAddressPrefixes", list(settings.source_address_prefixes)
        )
    return evidence(rule, "/properties/sourceAddressPrefix", settings.source_address_prefix)


def port_evidence(rule: SecurityRule) -> tuple[Evidence, ...]:
    """Quote the ports of a rule, from the field that holds them; nothing when not told."""
    try:
        settings = rule.properties
        if settings.destination_port_ranges:
            pointer = "/properties/destinationPortRanges"
            return (evidence(rule, pointer, list(settings.destination_port_ranges)),)
        if settings.destination_port_range:
            pointer = "/properties/destinationPortRange"
            return (evidence(rule, pointer, settings.destination_port_range),)
    except Undetermined:
        pass
    return ()
