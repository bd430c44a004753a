"""Commands that close what lets a packet in, with the real names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from auditor.addresses import EVERY_PORT, EVERYTHING, AddressSet, PortSet, Version
from auditor.errors import Undetermined
from auditor.network.clusters import cluster_of
from auditor.network.filters import VIRTUAL_NETWORK, Filter, Selector, compiled, custom_rules
from auditor.network.graph import Network
from auditor.network.group_commands import changed_rule, heeding_endpoints, new_rule
from auditor.network.layers import holder_of
from auditor.reach.answer import Answer
from auditor.reach.backends import asking_subnets
from auditor.reach.filter_stage import groups_apply
from auditor.reach.openings import Opening, beyond
from auditor.reach.points import Kind, Point
from auditor.reach.probing import probed_by_group
from auditor.reach.space import PORTED
from auditor.reach.talking import Intruders
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
            prefixes += _probes(network, rule.owner, opens, answer.version)
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


def only_from(network: Network, answer: Answer, meant: Meant, port: int) -> str:
    """Give the commands that let some alone in on a port where the packet of an answer gets in.

    An Allow and a Deny come right before the first rule that may have others in, which stays for
    its other ports; in words where there is no room. Empty where no security group of the input
    lets the packet in, or a cluster's own, which is not to be written into (K-44).
    """
    if answer.target.kind is Kind.ENDPOINT and groups_apply(answer.target) is False:
        return _made_to_count(network, answer, meant, port)
    for step in reversed(answer.hops):
        group = network.find(holder_of(step.resource)) if step.code == "nsg-inbound" else None
        if isinstance(group, NetworkSecurityGroup) and not cluster_of(network, group):
            there = AddressSet.from_range(step.packet.destination, step.packet.destination)
            return fenced(
                network, group, there, meant, step.packet.destination_port, answer.version
            )
    return ""


def heeded(target: Point) -> str:
    """Give the beginning of a remedy where no group counts for an endpoint; else nothing."""
    here = target.place if target.kind is Kind.ENDPOINT else None
    if here is None or groups_apply(target) is not False:
        return ""
    return (
        f"set privateEndpointNetworkPolicies of {here.label} to Enabled, so that its "
        "security group counts for its endpoints, and "
    )


def _made_to_count(network: Network, answer: Answer, meant: Meant, port: int) -> str:
    """The commands that make the group of an endpoint's subnet count (N-48).

    The rules come first: from then on those that stand there count, too.
    """
    place = answer.target.place
    if place is None:
        return ""
    group = group_of(network, place)
    rules = (
        fenced(network, group, answer.target.addresses, meant, port, answer.version)
        if group
        else ""
    )
    return " && ".join(filter(None, (rules, heeding_endpoints(place))))


def fenced(
    network: Network,
    group: NetworkSecurityGroup,
    there: AddressSet,
    meant: Meant,
    port: int,
    version: Version = 4,
) -> str:
    """Give the commands that let some alone in on a port by the group before a machine."""
    prefixes = prefixes_of(meant.subnets, version)
    if not prefixes:
        return ""
    rules = custom_rules(network, group, inbound=True)
    taken = {rule.properties.priority or 0 for rule in rules}
    own = AddressSet.from_text(prefixes)
    first = next((rule for rule in rules if _decides(rule, own, there or EVERYTHING, port)), None)
    room = _room(taken, _LAST + 1 if first is None else first.properties.priority or 0)
    if room is None or (first is not None and room.moved and by_cluster(first)):
        where = f"{first.label} of {group.label}" if first is not None else group.label
        return (
            f"there are no two free priorities before {where}: move it behind two, and give "
            f"them to a rule that allows {', '.join(prefixes)} and one that denies VirtualNetwork"
        )
    inside = prefixes + _probes(network, group, PortSet.of(port), version)
    tcp = {"protocol": "Tcp", "ports": str(port)}
    name = f"allow-{meant.who}-{port}"
    allow = new_rule(group, name, room.allow, access="Allow", sources=inside, **tcp)
    rest = prefixes_of(meant.others, version) or "VirtualNetwork"
    deny = new_rule(group, f"deny-others-{port}", room.deny, sources=rest, **tcp)
    commands = [allow, deny]
    if first is not None and room.moved:
        commands.insert(0, changed_rule(first, priority=str(room.moved)))
    return " && ".join(commands)


def _probes(
    network: Network, group: NetworkSecurityGroup, ports: PortSet, version: Version
) -> tuple[str, ...]:
    """Azure's host, where a load balancer asks by a group: `VirtualNetwork` holds it (N-20)."""
    probed = probed_by_group(network).get(group.key, PortSet())
    return (f"{PLATFORM_HOST}/32",) if version == 4 and probed.overlaps(ports) else ()


class Meant(msgspec.Struct, frozen=True):
    """Who is meant to get in; `who` names them in a rule.

    The Deny names `others` alone where it must not name all of `VirtualNetwork`.
    """

    who: str
    subnets: tuple[Subnet, ...]
    others: tuple[Subnet, ...] = ()


def meant_of(
    network: Network, who: str, keys: Iterable[str], intruders: Intruders, *, onprem: bool
) -> Meant:
    """Give those meant by the keys of their subnets.

    With `onprem`, sites on premises are too, which belong to `VirtualNetwork`: the intruders are
    denied by name.
    """
    nodes = (network.nodes.get(key) for key in sorted(keys))
    others = (point.place for point in intruders.sure if onprem)
    return Meant(
        who,
        tuple(node for node in nodes if isinstance(node, Subnet)),
        tuple(place for place in others if place is not None),
    )


class _Room(msgspec.Struct, frozen=True):
    """The priorities of an Allow and a Deny, and that to which the rule after them moves."""

    allow: int
    deny: int
    moved: int = 0


def _decides(rule: SecurityRule, meant: AddressSet, there: AddressSet, port: int) -> bool:
    """Whether a rule may be the one that lets others in on a port, or keeps those meant out.

    Of the tags, `VirtualNetwork` alone holds machines of networks and sites.
    """
    try:
        filtering = compiled(rule)
    except Undetermined:
        return True
    if not filtering.speaks_of("tcp") or port not in (filtering.destination_ports or EVERY_PORT):
        return False
    sources, side = filtering.sources, filtering.destinations
    if side.told and not (side.tags or side.groups or side.addresses.overlaps(there)):
        return False
    if not sources.told or sources.groups or VIRTUAL_NETWORK in sources.tags:
        return True
    if filtering.allow:
        return not sources.addresses <= meant
    return sources.addresses.overlaps(meant)


def _room(taken: set[int], end: int) -> _Room | None:
    """Find two priorities that no rule has before that of another, which may make way for them.

    It moves only where no other rule comes to stand before it.
    """
    before = [each for each in range(_FIRST, end) if each not in taken][-2:]
    if len(before) == 2:
        return _Room(*before)
    if end > _LAST:
        return None
    free = [*before, end, end + 1, end + 2][:3]
    behind = range(end + 1, free[2] + 1)
    if free[2] > _LAST or any(each in taken for each in behind):
        return None
    return _Room(*free)


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
