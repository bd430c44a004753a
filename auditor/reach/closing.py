"""Commands that close what lets a packet in, with the real names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.addresses import EVERY_PORT, AddressSet, PortSet, Version
from auditor.errors import Undetermined
from auditor.network.filters import VIRTUAL_NETWORK, Filter, Selector, compiled
from auditor.network.graph import Network
from auditor.network.group_commands import changed_rule
from auditor.reach.answer import Answer
from auditor.reach.backends import asking_subnets
from auditor.reach.openings import Opening, beyond
from auditor.reach.points import Point
from auditor.reach.probing import probed_by_group
from auditor.reach.space import PORTED
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
from auditor.resources.virtual_networks import Subnet
from auditor.special_addresses import PLATFORM_HOST

_BY_KUBERNETES = "k8s-azure-lb"
"""How names of rules begin that a cluster writes for its Services (K-59): it writes them again."""
_FIRST, _LAST = 100, 4096
_SHOWN = 3
"""How many ranges of ports one sentence names."""


def closing(
    network: Network,
    opening: Opening,
    found: dict[str, PortSet],
    ports: PortSet = EVERY_PORT,
    *,
    to: str = "",
) -> str:
    """Say how to close an opening on the ports that were found, as the end of a remedy.

    By the last security rule on the way of each packet, if somebody wrote it and Azure lets it be
    changed. What it lets in on other than some ports stays, and so do the gateways that ask the
    machine by it; `to` says to whom else.
    """
    rules = list(_entering_all(network, opening, found))
    if len(rules) < 2:
        what, who = "close the rule that lets the packet in", "it"
    else:
        what, who = "close the rules that let packets in", ""
    each = [_closed(network, answer, rule, ports, who) for answer, rule in rules]
    words = "; ".join(word for word, _ in each if word)
    commands = " && ".join(command for _, command in each)
    return what + to + (f" ({words})" if words else "") + also(commands)


_MOST = 5
"""How many rules one remedy closes."""


def _entering_all(
    network: Network, opening: Opening, found: dict[str, PortSet]
) -> Iterator[tuple[Answer, SecurityRule]]:
    """The rules that let packets to some ports in, each with the answer about one."""
    left, seen = found, set[str]()
    while len(seen) < _MOST:
        answer = opening.shown(left, certain=True) if left else None
        rule = letting_in(network, answer) if answer is not None else None
        if answer is None or rule is None or rule.key in seen:
            return
        seen.add(rule.key)
        yield answer, rule
        left = beyond(left, _opened(opening, rule))


def _opened(opening: Opening, rule: SecurityRule) -> dict[str, PortSet]:
    """The ports at the entrance on which a rule lets in, by protocol; all, where it tells none."""
    try:
        filtering = compiled(rule)
    except Undetermined:
        return dict.fromkeys(PORTED, EVERY_PORT)
    ports = opening.sent_for(filtering.destination_ports or EVERY_PORT)
    return {protocol: ports for protocol in PORTED if filtering.speaks_of(protocol)}


def _closed(
    network: Network, answer: Answer, rule: SecurityRule, ports: PortSet, who: str
) -> tuple[str, str]:
    """What is to be said of a rule when it is closed, by a name for it, and the command."""
    who = who or rule.label
    try:
        filtering = compiled(rule)
    except Undetermined:
        return "", changed_rule(rule, access="Deny")
    opens = filtering.destination_ports or PortSet()
    rest = opens - ports
    if rest:
        words = f"{who} opens {_few(rest)} too: limit it to the rest"
        return words, changed_rule(rule, destination_port_ranges=_ranges(rest))
    gateways = _carried(network, answer.target, filtering)
    if gateways:
        names = ", ".join(subnet.label for subnet in gateways)
        prefixes = prefixes_of(gateways, answer.version)
        if isinstance(rule.owner, NetworkSecurityGroup):
            prefixes += probes_by(network, rule.owner, opens, answer.version)
        words = f"{who} lets in the gateway too: limit it to {names}"
        return words, changed_rule(rule, source_address_prefixes=prefixes)
    return "", changed_rule(rule, access="Deny")


def _carried(network: Network, machine: Point, rule: Filter) -> list[Subnet]:
    """The subnets of the gateways that ask a machine, or another beside it, by a rule."""
    known = asking_subnets(network)
    place = machine.subnet.key if machine.subnet is not None else ""
    asking = known.get(place) or known.get(machine.id.lower(), {})
    told = ((network.nodes.get(key), asking[key]) for key in sorted(asking))
    return [
        subnet
        for subnet, ports in told
        if isinstance(subnet, Subnet) and rule.speaks_of("tcp")
        if any(port in (rule.destination_ports or EVERY_PORT) for port in ports)
        if _lets(rule.sources, subnet)
    ]


def _lets(sources: Selector, subnet: Subnet) -> bool:
    own = AddressSet.from_prefixes(subnet.prefixes)
    return VIRTUAL_NETWORK in sources.tags or sources.addresses.overlaps(own)


def prefixes_of(subnets: Iterable[Subnet], version: Version) -> tuple[str, ...]:
    """Give the prefixes of subnets, of one version of IP: a rule takes only one."""
    found = (prefix for subnet in subnets for prefix in subnet.prefixes)
    return tuple(str(prefix) for prefix in found if prefix.version == version)


def _ranges(ports: PortSet) -> tuple[str, ...]:
    return tuple(str(ports).split(", "))


def _few(ports: PortSet) -> str:
    shown = _ranges(ports)
    return str(ports) if len(shown) <= _SHOWN else "other ports"


def probes_by(
    network: Network, group: NetworkSecurityGroup, ports: PortSet, version: Version
) -> tuple[str, ...]:
    """Give Azure's host, where a load balancer asks by a group, as `VirtualNetwork` does (N-20)."""
    probed = probed_by_group(network).get(group.key, PortSet())
    return (f"{PLATFORM_HOST}/32",) if version == 4 and probed.overlaps(ports) else ()


def also(command: str) -> str:
    """Give the end of a remedy that a command follows, or nothing where there is none."""
    return f": {command}" if command else ""


def letting_in(network: Network, answer: Answer) -> SecurityRule | None:
    """Give the last rule on the way that somebody wrote, unless a cluster writes it again."""
    for step in reversed(answer.hops):
        node = network.find(step.rule_id) if step.code == "nsg-inbound" else None
        if isinstance(node, SecurityRule):
            ours = isinstance(node.owner, NetworkSecurityGroup)
            return node if ours and not by_cluster(node) else None
    return None


def group_of(network: Network, subnet: Subnet) -> NetworkSecurityGroup | None:
    """Give the group of a subnet, when the snapshot holds it."""
    try:
        found = network.find(subnet.properties.network_security_group)
    except Undetermined:
        return None
    return found if isinstance(found, NetworkSecurityGroup) else None


def by_cluster(rule: SecurityRule) -> bool:
    """Tell whether a cluster wrote a rule, and will write it again."""
    return rule.label.startswith(_BY_KUBERNETES)
