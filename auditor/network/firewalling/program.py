"""The rules of a firewall or of a policy, read and in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import combinations

from msgspec.structs import replace

from auditor.addresses import EVERY_V4, AddressSet, address_or_none
from auditor.errors import Undetermined
from auditor.network.extents import Extent
from auditor.network.firewalling.collections import (
    Collection,
    Found,
    Kind,
    Written,
    chain,
    classic_collections,
    has_rules_of_its_own,
    policy_collections,
)
from auditor.network.firewalling.platform_names import all_of_microsoft
from auditor.network.firewalling.private_ranges import (
    private_ranges_of_firewall,
    private_ranges_of_policies,
)
from auditor.network.firewalling.sides import Sides, only_v4, ports, protocols, told, untold_parts
from auditor.network.firewalling.terms import (
    EVERY_NUMBER,
    EVERY_PROTOCOL,
    TCP,
    FirewallProgram,
    FirewallTerm,
    Target,
    Translation,
    infrastructure,
)
from auditor.network.graph import Network, question_about
from auditor.network.reasons import Reason, gap
from auditor.network.reserved_addresses import of_others
from auditor.network.service_tags import ServiceTags
from auditor.packets.intervals import Intervals, disjoint
from auditor.ports import LAST_PORT, PortSet
from auditor.resources.firewalls import (
    ApplicationProtocol,
    ClassicApplicationRule,
    ClassicRule,
    Firewall,
    FirewallPolicy,
    PolicyRule,
)

_WEB = frozenset({"http", "https"})
_MODES = ("Off", "Alert", "Deny")


@question_about
def firewall_program(network: Network, firewall: Firewall, tags: ServiceTags) -> FirewallProgram:
    """Give the rules that a firewall has, of its own or by its policy (E-20)."""
    try:
        policy = network.get(firewall.properties.firewall_policy, FirewallPolicy)
        if policy is None:
            return _classic(network, firewall, tags)
        program = policy_program(network, policy, tags)
        if has_rules_of_its_own(firewall):
            detail = f"{firewall.label} has a policy and rules of its own"
            clash = Reason("conflict", detail, firewall.id)
            return replace(program, unknown=(*program.unknown, clash))
        return program
    except Undetermined as unknown:
        return FirewallProgram(unknown=(gap(unknown, firewall.id),))


@question_about
def policy_program(network: Network, policy: FirewallPolicy, tags: ServiceTags) -> FirewallProgram:
    """Give the rules of a policy and of those it inherits from (E-20, E-21)."""
    policies, unknown = chain(network, policy)
    found = policy_collections(policies)
    found.unknown += unknown
    mode = _strictest(map(_mode, policies))
    return _program(Sides(network, tags), found, private_ranges_of_policies(policies), mode)


def _classic(network: Network, firewall: Firewall, tags: ServiceTags) -> FirewallProgram:
    mode = _strictest((_mode(firewall),))
    ranges = private_ranges_of_firewall(firewall)
    return _program(Sides(network, tags), classic_collections(firewall), ranges, mode)


def _mode(node: Firewall | FirewallPolicy) -> str | None:
    return told(lambda: node.properties.threat_intel_mode)


def _strictest(modes: Iterable[str | None]) -> str | None:
    """Give the mode in force: a policy can only be stricter than its parent."""
    ranks = [
        next((i for i, mode in enumerate(_MODES) if mode.lower() == (word or "").lower()), None)
        for word in modes
    ]
    if len(_MODES) - 1 in ranks:
        return _MODES[-1]
    known = [rank for rank in ranks if rank is not None]
    return _MODES[max(known)] if known and len(known) == len(ranks) else None


def _program(
    sides: Sides, found: Found, private_ranges: Extent, threat_intel: str | None
) -> FirewallProgram:
    return FirewallProgram(
        nat=_terms(sides, found.of(Kind.NAT)),
        network=_terms(sides, found.of(Kind.NETWORK)),
        application=_terms(sides, found.of(Kind.APPLICATION)),
        unknown=tuple(sorted(set(found.unknown))),
        private_ranges=private_ranges,
        threat_intel=threat_intel,
        platform=infrastructure(of_others(sides.network)),
    )


def _terms(sides: Sides, collections: tuple[Collection, ...]) -> tuple[FirewallTerm, ...]:
    read = [[_term(sides, each, written) for written in each.rules] for each in collections]
    for (i, one), (j, other) in combinations(enumerate(collections), 2):
        if one.ties(other):
            _doubt_order(read[i], read[j], one, other)
    return tuple(term for terms in read for term in terms)


def _doubt_order(
    ones: list[FirewallTerm], others: list[FirewallTerm], one: Collection, other: Collection
) -> None:
    """Make rules doubtful that would decide otherwise in another order: nobody tells the order."""
    detail = f"which of {one.name} and {other.name} comes first"
    reason = Reason("semantics:E-21", detail, one.resource)
    clashes = [
        (i, j)
        for i, first in enumerate(ones)
        for j, second in enumerate(others)
        if _differ(first, second) and _meet(first, second)
    ]
    for terms, places in ((ones, {i for i, _ in clashes}), (others, {j for _, j in clashes})):
        for place in places:
            term = terms[place]
            terms[place] = replace(term, doubts=(*term.doubts, reason))


def _differ(one: FirewallTerm, other: FirewallTerm) -> bool:
    return one.action is not other.action or one.translation != other.translation


def _meet(one: FirewallTerm, other: FirewallTerm) -> bool:
    return bool(
        one.sources.may & other.sources.may and one.destinations.may & other.destinations.may
    ) and any(
        not disjoint(a.protocols, b.protocols)
        and not disjoint(a.destination_ports, b.destination_ports)
        for a in one.cells
        for b in other.cells
    )


def _term(sides: Sides, collection: Collection, written: Written) -> FirewallTerm:
    rule = written.rule
    if collection.kind is Kind.APPLICATION:
        return _application(sides, collection, written)
    name = told(lambda: rule.name) or written.pointer
    assert isinstance(rule, PolicyRule | ClassicRule)
    numbers = told(lambda: ports(rule.destination_ports))
    found = told(lambda: protocols(_names(rule), numbers))
    doubts = list(
        untold_parts(
            (("protocols", found), ("destination ports", numbers)), name, collection.resource
        )
    )
    term = _begun(collection, written, name)(
        sources=_sources(sides, rule, name),
        destinations=_destinations(sides, rule, name),
        protocols=found or EVERY_PROTOCOL,
        destination_ports=numbers or EVERY_NUMBER,
        doubts=tuple(doubts),
    )
    return _nat(term, rule, collection) if collection.kind is Kind.NAT else term


def _names(rule: PolicyRule | ClassicRule) -> list[str] | None:
    return rule.ip_protocols if isinstance(rule, PolicyRule) else rule.protocols


def _for_ipv6(rule: PolicyRule | ClassicRule | ClassicApplicationRule) -> bool:
    return isinstance(rule, PolicyRule) and bool(told(lambda: rule.ipv6_rule))


def _sources(
    sides: Sides, rule: PolicyRule | ClassicRule | ClassicApplicationRule, name: str
) -> Extent:
    what = f"the sources of {name}"
    try:
        return sides.extent(
            rule.source_addresses, rule.source_ip_groups, what=what, ipv6=_for_ipv6(rule)
        )
    except Undetermined:
        return sides.untold(what)


def _destinations(sides: Sides, rule: PolicyRule | ClassicRule, name: str) -> Extent:
    what = f"the destinations of {name}"
    try:
        return sides.extent(
            rule.destination_addresses,
            rule.destination_ip_groups,
            rule.destination_fqdns,
            what=what,
            ipv6=_for_ipv6(rule),
        )
    except Undetermined:
        return sides.untold(what)


def _nat(
    term: FirewallTerm, rule: PolicyRule | ClassicRule, collection: Collection
) -> FirewallTerm:
    """Say where a NAT rule leads. One that leads to a name works only while the name resolves."""
    doubts = list(term.doubts)
    if collection.level:
        # One page says that NAT rules are inherited, another that they are not.
        detail = f"whether {term.name} is inherited from the policy it stands in"
        doubts.append(Reason("semantics:E-20", detail, collection.resource))
    reasons: list[Reason] = []
    name = told(lambda: rule.translated_fqdn)
    address = address_or_none(told(lambda: rule.translated_address))
    if address is None and name:
        reasons.append(Reason(f"fqdn:{name.strip().lower()}", "which address it has"))
        doubts += reasons
    elif address is None:
        detail = f"where {term.name} leads"
        reasons.append(Reason("collection-gap", detail, collection.resource))
    port = _port(told(lambda: rule.translated_port))
    if port is None:
        detail = f"to which port {term.name} leads"
        reasons.append(Reason("collection-gap", detail, collection.resource))
    return replace(
        term,
        sources=only_v4(term.sources),
        destinations=only_v4(term.destinations),
        doubts=tuple(doubts),
        translation=Translation(address, port, tuple(reasons)),
    )


def _begun(collection: Collection, written: Written, name: str) -> partial[FirewallTerm]:
    """Say of a term where it is written, and how its collection ranks it."""
    return partial(
        FirewallTerm,
        name=name,
        collection=collection.name,
        resource=collection.resource,
        pointer=written.pointer,
        priorities=collection.priorities,
        level=collection.level,
        group=collection.group,
        action=collection.action,
    )


def _port(text: str | None) -> int | None:
    found = ports((text,)) if text else None
    return found[0][0] if found and PortSet(found).size == 1 else None


def _application(sides: Sides, collection: Collection, written: Written) -> FirewallTerm:
    """Read an application rule: what a packet asks for is seen only in what it carries (E-25)."""
    rule = written.rule
    assert isinstance(rule, PolicyRule | ClassicApplicationRule)
    name = told(lambda: rule.name) or written.pointer
    services = told(lambda: _services(rule.protocols))
    targets = told(lambda: tuple(_targets(rule)))
    doubts = list(
        untold_parts(
            (("protocols", services or None), ("targets", targets or None)),
            name,
            collection.resource,
        )
    )
    if not _for_all(services, targets):
        doubts += [target.reason for target in targets or ()]
    if _names_destinations(rule):
        detail = f"whether the destinations of {name} count beside what it lets one ask for"
        doubts.append(Reason("semantics:E-25", detail, collection.resource))
    return _begun(collection, written, name)(
        sources=only_v4(_sources(sides, rule, name)),
        destinations=Extent(_where(sides, targets)),
        protocols=TCP,
        destination_ports=_numbers(services),
        doubts=tuple(dict.fromkeys(doubts)),
        targets=targets or (),
        services=services or (),
    )


def _where(sides: Sides, targets: tuple[Target, ...] | None) -> AddressSet:
    """Give the addresses that what a rule lets one ask for may have."""
    own = bool(targets) and all_of_microsoft(targets or ())
    return of_others(sides.network, EVERY_V4) if own else EVERY_V4


def _services(written: list[ApplicationProtocol] | None) -> tuple[tuple[str, int], ...] | None:
    """Give the protocols of an application rule with their ports; None when one is not told."""
    found = []
    for each in written or ():
        if not each.protocol_type or each.port is None or not 0 <= each.port <= LAST_PORT:
            return None
        found.append((each.protocol_type.lower(), each.port))
    return tuple(sorted(set(found)))


def _numbers(services: tuple[tuple[str, int], ...] | None) -> Intervals:
    found = PortSet()
    for _, port in services or ():
        found = found | PortSet.of(port)
    return found.intervals or EVERY_NUMBER


def _targets(rule: PolicyRule | ClassicApplicationRule) -> Iterator[Target]:
    lists = [("fqdn", rule.target_fqdns), ("tag", rule.fqdn_tags)]
    if isinstance(rule, PolicyRule):
        lists += [("url", rule.target_urls), ("category", rule.web_categories)]
    for kind, names in lists:
        for name in names or ():
            yield Target(kind, name.strip().lower())


def _for_all(
    services: tuple[tuple[str, int], ...] | None, targets: tuple[Target, ...] | None
) -> bool:
    """Tell whether it matches HTTP and HTTPS to whatever name, and no other protocol."""
    everything = Target("fqdn", "*") in (targets or ())
    return everything and all(word in _WEB for word, _ in services or ())


def _names_destinations(rule: PolicyRule | ClassicApplicationRule) -> bool:
    if not isinstance(rule, PolicyRule):
        return False
    where = told(lambda: (rule.destination_addresses, rule.destination_ip_groups))
    return where is None or any(where)
