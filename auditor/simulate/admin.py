"""Admin rules of network managers, which may or may not be deployed (N-50 to N-52)."""

from __future__ import annotations

from itertools import pairwise

from auditor.addresses import AddressSet, prefix_or_none
from auditor.network.graph import Network, question
from auditor.resources.base import Node
from auditor.resources.network_manager import (
    AddressItem,
    AdminRule,
    NetworkManager,
    RuleCollection,
    SecurityAdminConfiguration,
)
from auditor.simulate.logic import Truth, both, either, lies, told, told_of
from auditor.simulate.matching import Place, Rule, Ruling, fits_ports, fits_protocol, read_ports
from auditor.simulate.packet import Sighting


def administered(place: Place, inbound: bool, seen: Sighting, ruling: Ruling) -> Ruling:
    """Let admin rules, which may or may not be deployed, have their say (N-50, N-52)."""
    passes = ruling.passes
    by = list(ruling.by)
    if _may_hide_rules(place.network):
        return Ruling(None, (*by, "admin rules that were not read"))
    for rule in place.network.all(AdminRule):
        access = (told_of(rule, lambda r: r.properties.access, None) or "").lower()
        turns = (access != "allow" and passes is True and access != "alwaysallow") or (
            passes is False and access not in ("allow", "deny")
        )
        if turns and _admin_matches(place, inbound, rule, seen) is not False:
            passes = None
            by.append(f"admin rule {rule.label}, if it is deployed")
    return Ruling(passes, tuple(by))


@question
def _may_hide_rules(network: Network) -> bool:
    """Whether a manager may have admin rules that are not in the input."""
    if any("/networkmanagers" in gap.subject.lower() for gap in network.gaps):
        return True
    levels: list[type[Node]] = [
        NetworkManager,
        SecurityAdminConfiguration,
        RuleCollection,
        AdminRule,
    ]
    for kind, inside in pairwise(levels):
        ids = [each.key for each in network.all(inside)]
        for holder in network.all(kind):
            silent = not any(key.startswith(f"{holder.key}/") for key in ids)
            if silent and not network.asked_below(holder) and _rules(holder):
                return True
    return False


def _rules(holder: Node) -> bool:
    """Whether a manager may deploy admin rules; what is below one does."""
    if not isinstance(holder, NetworkManager):
        return True
    accesses = told_of(holder, lambda m: m.properties.network_manager_scope_accesses, None)
    return accesses is None or "securityadmin" in map(str.lower, accesses)


def _admin_matches(place: Place, inbound: bool, rule: AdminRule, seen: Sighting) -> Truth:
    p = told(lambda: rule.properties, None)
    if p is None:
        return None
    direction = (told(lambda: p.direction, None) or "").lower()
    read = Rule(
        None,
        rule.label,
        None,
        direction == "inbound" if direction in ("inbound", "outbound") else None,
        None,
        told(lambda: p.protocol, None),
        None,
        None,
        (),
        (),
        read_ports(told(lambda: p.source_port_ranges, None) or ()),
        read_ports(told(lambda: p.destination_port_ranges, None) or ()),
    )
    if read.inbound is (not inbound):
        return False
    return both(
        None,  # whether it is deployed, and for this network
        fits_protocol(read.protocol, seen.packet.protocol),
        fits_ports(read, seen),
        _items(place, told(lambda: p.sources, None), seen.sources),
        _items(place, told(lambda: p.destinations, None), seen.destinations),
    )


def _items(place: Place, items: list[AddressItem] | None, candidates: AddressSet) -> Truth:
    answers: list[Truth] = []
    for item in items or ():
        text = told_of(item, lambda i: i.address_prefix, None)
        prefix = prefix_or_none(text)
        if prefix is not None:
            answers.append(lies(candidates, AddressSet.from_prefixes([prefix])))
        else:
            answers.append(True if text == "*" else None)
    return either(*answers) if answers else None
