"""Towards which destinations a firewall keeps the source of a packet (E-24)."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.addresses import EVERYTHING, NOTHING, AddressSet
from auditor.errors import Undetermined, quoted
from auditor.network.extents import Doubt, Extent
from auditor.network.firewalling.sides import read_texts
from auditor.network.reasons import Reason, gap
from auditor.resources.firewalls import Firewall, FirewallPolicy, SnatSettings
from auditor.special_addresses import RFC1918, RFC6598, UNIQUE_LOCAL

DEFAULT = RFC1918 | RFC6598
"""What stays untranslated unless told otherwise; of IPv6 `UNIQUE_LOCAL`, always."""

_KEYWORD = "ianaprivateranges"
_CLASSIC = "network.snat.privateranges"


def private_ranges_of_policies(policies: tuple[FirewallPolicy, ...]) -> Extent:
    """Give the private ranges of a policy (the first) that inherits from the others.

    Whether it inherits these settings is not documented: a parent's that say otherwise are doubts.
    """
    try:
        told = [policy.properties.snat for policy in policies]
        own = _of_settings(told[0], policies[0].id)
        if told[0] is not None or own.doubts:
            return own
        others = [_of_settings(each, policies[0].id) for each in told[1:] if each is not None]
    except Undetermined as unknown:
        return _unknown(gap(unknown, policies[0].id))
    must, may = own.must, own.must
    for other in others:
        must, may = must & other.must, may | other.may
    if must == may:
        return own
    reason = Reason("semantics:E-24", "whether private ranges are inherited", policies[0].id)
    return Extent(must, (Doubt(may, reason),))


def _of_settings(snat: SnatSettings | None, where: str) -> Extent:
    ranges = snat.private_ranges if snat is not None else None
    found = _read(ranges, where) if ranges else Extent(DEFAULT | UNIQUE_LOCAL)
    learns = (snat.auto_learn_private_ranges or "") if snat is not None else ""
    if learns.lower() == "enabled":
        reason = Reason("bgp-routes-unknown", "which private ranges are learned from routes", where)
        return Extent(found.must, (*found.doubts, Doubt(EVERYTHING, reason)))
    return found


def private_ranges_of_firewall(firewall: Firewall) -> Extent:
    """Give the private ranges of a firewall without a policy."""
    try:
        extra = firewall.properties.additional_properties or {}
    except Undetermined as unknown:
        return _unknown(gap(unknown, firewall.id))
    written = next((value for key, value in extra.items() if key.lower() == _CLASSIC), None)
    if written is None:
        return Extent(DEFAULT | UNIQUE_LOCAL)
    return _read(str(written).split(","), firewall.id)


def _read(texts: Iterable[str], where: str) -> Extent:
    words = [text.strip() for text in texts]
    found = read_texts(tuple(word for word in words if word.lower() != _KEYWORD))
    standard = DEFAULT if len(words) > sum(w.lower() != _KEYWORD for w in words) else NOTHING
    must: AddressSet = found.addresses | standard | UNIQUE_LOCAL
    strange = (*found.tags, *found.strange, *(("*",) if found.every else ()))
    reasons = (
        Reason("collection-gap", f"what the private range {quoted(text)} is", where)
        for text in strange
    )
    return Extent(must, tuple(Doubt(EVERYTHING, reason) for reason in reasons))


def _unknown(reason: Reason) -> Extent:
    return Extent(UNIQUE_LOCAL, (Doubt(EVERYTHING, reason),))
