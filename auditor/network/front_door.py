"""Front Door: host names that answer the internet, their firewalls, and their origins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from auditor.errors import Undetermined
from auditor.ids import fold, parent
from auditor.network.gaps import unread_below
from auditor.network.graph import Network, possibly, question
from auditor.network.reasons import Reason, gap
from auditor.resources.base import Node
from auditor.resources.front_doors import (
    ClassicEndpoint,
    ClassicFrontDoor,
    FrontDoorDomain,
    FrontDoorEndpoint,
    FrontDoorOrigin,
    FrontDoorProfile,
    FrontDoorRoute,
    FrontDoorSecurityPolicy,
)
from auditor.resources.web_application_firewalls import WafPolicy

Entry: TypeAlias = FrontDoorEndpoint | FrontDoorDomain | ClassicEndpoint | ClassicFrontDoor
"""What has a host name at the edge; a whole classic Front Door where it does not tell them."""


def entries(network: Network) -> tuple[Entry, ...]:
    """Give the host names at the edge that answer: enabled endpoints, domains that a route uses.

    An endpoint answers by its own name unless each of its routes says `linkToDefaultDomain`
    `Disabled`; that is not looked at, because an endpoint without routes answers as well (404).
    Those that do not tell whether they are enabled are among them: `require_enabled` raises.
    """
    return tuple(_entries(network))


def _entries(network: Network) -> Iterator[Entry]:
    for endpoint in network.all(FrontDoorEndpoint):
        if possibly(_is_enabled, endpoint):
            yield endpoint
    for domain in network.all(FrontDoorDomain):
        users = (edge.source for edge in network.referrers(domain, "customDomains"))
        if any(isinstance(one, FrontDoorRoute) for one in users):
            yield domain
    for classic in network.all(ClassicFrontDoor):
        if possibly(_is_enabled, classic):
            yield from _endpoints(classic)


def _endpoints(classic: ClassicFrontDoor) -> tuple[Entry, ...]:
    try:
        return classic.endpoints
    except Undetermined:
        return (classic,)


def _is_enabled(door: FrontDoorEndpoint | ClassicFrontDoor) -> bool:
    return not _disabled(door.properties.enabled_state)


def require_enabled(entry: Entry) -> None:
    """Raise Undetermined when a host name may be switched off, or is not even told."""
    door = entry.owner if isinstance(entry, ClassicEndpoint) else entry
    if isinstance(door, ClassicFrontDoor):
        _ = door.endpoints
    if isinstance(door, FrontDoorEndpoint | ClassicFrontDoor):
        _is_enabled(door)


def _disabled(state: str | None) -> bool:
    return (state or "").lower() == "disabled"


def silent_profiles(network: Network) -> tuple[FrontDoorProfile, ...]:
    """Give the profiles of which no endpoint is told: lists of profiles do not hold them.

    Not those that were asked for theirs, and have none.
    """
    told = {parent(endpoint.key) for endpoint in network.all(FrontDoorEndpoint)}
    return tuple(
        profile
        for profile in network.all(FrontDoorProfile)
        if profile.key not in told
        and not network.asked_below(profile)
        and possibly(_is_front_door, profile)
        and unread_below(network, profile.id, "afdEndpoints") is None
    )


def _is_front_door(profile: FrontDoorProfile) -> bool:
    return profile.is_front_door


@question
def security_policies_known(network: Network) -> bool:
    """Tell whether the snapshot holds security policies at all: lists of profiles do not."""
    return bool(network.all(FrontDoorSecurityPolicy))


def waf_policies_of(network: Network, entry: Entry) -> tuple[WafPolicy, ...]:
    """Give the WAF policies that cover a host name.

    Raises Undetermined when one is missing, or a security policy of the profile may name it.
    """
    if isinstance(entry, ClassicFrontDoor):
        return ()
    if isinstance(entry, ClassicEndpoint):
        linked = network.get(entry.properties.web_application_firewall_policy_link, WafPolicy)
        return (linked,) if linked else ()
    found = []
    for edge in network.referrers(entry, "domains"):
        if isinstance(edge.source, FrontDoorSecurityPolicy):
            parameters = edge.source.properties.parameters
            policy = network.get(parameters.waf_policy if parameters else None, WafPolicy)
            if policy is not None:
                found.append(policy)
    if not found:
        _require_policies(network, entry)
    return tuple({policy.key: policy for policy in found}.values())


def _require_policies(network: Network, entry: Entry) -> None:
    doubt = _untold_policies(network).get(parent(entry.key) or "")
    if doubt is not None:
        raise doubt


@question
def _untold_policies(network: Network) -> dict[str, Undetermined]:
    """The profiles with a security policy that does not tell what it protects, by their keys."""
    found: dict[str, Undetermined] = {}
    for policy in network.all(FrontDoorSecurityPolicy):
        try:
            parameters = policy.properties.parameters
            for association in (parameters.associations or ()) if parameters else ():
                _ = association.domains, [domain.id for domain in association.domains or ()]
        except Undetermined as unknown:
            missing = f"what the security policy {policy.label} protects: {unknown.missing}"
            found[fold(parent(policy.id) or "")] = Undetermined(missing, resource=policy.id)
    return found


def origins(network: Network) -> tuple[tuple[FrontDoorOrigin | ClassicFrontDoor, str], ...]:
    """Give the host names and addresses Front Door fetches from, with what names them.

    Disabled origins are left out.
    """
    return tuple(_origins(network))


def _origins(network: Network) -> Iterator[tuple[FrontDoorOrigin | ClassicFrontDoor, str]]:
    for origin in network.all(FrontDoorOrigin):
        host = origin.properties.host_name
        if host and not _disabled(origin.properties.enabled_state):
            yield origin, host
    for classic in network.all(ClassicFrontDoor):
        for pool in classic.properties.backend_pools or ():
            for backend in pool.properties.backends or ():
                if backend.address and not _disabled(backend.enabled_state):
                    yield classic, backend.address


def has_waf(network: Network, door: FrontDoorProfile | ClassicFrontDoor) -> bool:
    """Tell whether a security policy of the snapshot, or a linked policy, protects a Front Door."""
    if isinstance(door, ClassicFrontDoor):
        links = (e.properties.web_application_firewall_policy_link for e in door.endpoints)
        return any(link is not None for link in links)
    return any(policy.owner is door for policy in network.all(FrontDoorSecurityPolicy))


def deciding_policies(
    network: Network, door: Node
) -> tuple[tuple[WafPolicy, ...], tuple[Reason, ...]]:
    """Give the WAF policies whose own rules may refuse a plain request to an endpoint.

    Managed rules look for attacks and let plain requests pass. Policies of any of its host names,
    and why others may stand before it.
    """
    found: dict[str, WafPolicy] = {}
    reasons: list[Reason] = []
    if isinstance(door, FrontDoorEndpoint) and not security_policies_known(network):
        detail = f"the security policies before {door.label}"
        reasons.append(Reason("collection-gap", detail, door.id))
    for entry in _names_of(network, door):
        try:
            for policy in waf_policies_of(network, entry):
                if policy.refuses is not False:
                    found[policy.key] = policy
        except Undetermined as unknown:
            reasons.append(gap(unknown, door.id))
    return tuple(found[key] for key in sorted(found)), tuple(dict.fromkeys(reasons))


def _names_of(network: Network, door: Node) -> Iterator[Entry]:
    """Give what has the host names of an endpoint: itself, and the domains of its routes."""
    if isinstance(door, FrontDoorEndpoint):
        yield door
        for domain in network.all(FrontDoorDomain):
            users = (edge.source for edge in network.referrers(domain, "customDomains"))
            if any(fold(parent(user.id) or "") == door.key for user in users):
                yield domain
    elif isinstance(door, ClassicFrontDoor):
        yield from _endpoints(door)
