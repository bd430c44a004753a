"""What lets the packets of an answer through where they are stopped, with the real names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from auditor import ids
from auditor.addresses import NOTHING, Address, AddressSet
from auditor.network.clusters import cluster_of
from auditor.network.graph import Network
from auditor.network.group_commands import changed_rule, new_rule
from auditor.network.layers import holder_of
from auditor.reach.answer import Answer
from auditor.reach.closing import also, by_cluster, prefixes_of
from auditor.reach.naming import addressed_by_name
from auditor.reach.points import Kind, Point
from auditor.reach.trail import Step
from auditor.reach.turns import Turn, addresses_behind, turn_of, turn_of_application
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
from auditor.resources.virtual_networks import Subnet

_FIRST, _LAST = 100, 4096
_NSG = ("nsg-inbound", "nsg-outbound")


class Alike(msgspec.Struct, frozen=True):
    """What one rule is to let through: `who` names it, `sources` to `targets` besides the answer's.

    `targets` by the port on which they are asked. Of two commands with one name and one priority
    the second would undo the first. The sources are an application's; a gateway has none besides
    itself. `neighbours` are targets, by id, that share a subnet with those that others ask: what
    address each has there, who makes the rule has to look up.
    """

    who: str
    sources: tuple[Subnet, ...] = ()
    targets: Mapping[int, AddressSet] = msgspec.field(default_factory=dict)
    neighbours: tuple[tuple[str, Subnet], ...] = ()

    def turn(self, network: Network, group: NetworkSecurityGroup, asker: Subnet, port: int) -> Turn:
        """Give the turn in a group for which other rules are proposed, too."""
        if self.sources:
            return turn_of_application(network, group, tuple(each.key for each in self.sources))
        return turn_of(network, group, asker, port)


def letting_through(network: Network, answer: Answer, alike: Alike) -> str:
    """Say what lets an answer's packets through; empty where nobody knows.

    A security group gets an Allow for the whole subnet of the source, for which the packet is but
    one example.
    """
    return "; then ".join(dict.fromkeys(_each(network, answer, alike)))


def _each(network: Network, answer: Answer, alike: Alike) -> Iterator[str]:
    for step in answer.blockers:
        command = _allow(network, answer, step, alike)
        if command:
            yield command
        elif step.opening:
            yield step.opening


def _allow(network: Network, answer: Answer, step: Step, alike: Alike) -> str:
    group = network.find(holder_of(step.resource)) if step.code in _NSG else None
    place = answer.source.place
    if not isinstance(group, NetworkSecurityGroup) or place is None or cluster_of(network, group):
        return ""
    inbound, packet = step.code == _NSG[0], step.packet
    if packet.protocol != "tcp" or not _within(packet.source, place):
        return ""
    port, rule = packet.destination_port, ids.name(step.rule)
    subnets = {each.key: each for each in (place, *alike.sources)}
    places = [subnets[key] for key in sorted(subnets)]
    sources = prefixes_of(places, answer.version)
    names = ", ".join(each.label for each in places)
    what = f"allow TCP {port} from {names} ({', '.join(sources)}) in {group.label}"
    turn = alike.turn(network, group, place, port)
    beside, apart = alike.targets.get(port, NOTHING), list(alike.neighbours)
    if inbound:
        behind = addresses_behind(network, group)
        beside = beside & behind
        apart = [each for each in apart if behind.overlaps(_space(each[1]))]
    who = f"{alike.who}-{turn.again + 1}" if turn.again else alike.who
    priority, move = _room(network, group, step, turn, inbound=inbound)
    if not priority:
        return f"{what}, before {rule}, which has to be moved behind a free priority"
    name = "" if inbound else addressed_by_name(answer)
    destinations = _destinations(answer.target, packet.destination, beside, apart)
    command = new_rule(
        group,
        f"allow-{who}-{port}" if inbound else f"allow-{who}-out-{port}",
        priority,
        direction="Inbound" if inbound else "Outbound",
        access="Allow",
        protocol="Tcp",
        sources=sources,
        destinations=(f"<address of {name}>",) if name else destinations,
        ports=str(port),
    )
    return f"{what}, before {rule}{also(' && '.join(filter(None, (move, command))))}"


def _room(
    network: Network, group: NetworkSecurityGroup, step: Step, turn: Turn, *, inbound: bool
) -> tuple[int, str]:
    """The last free priority of a turn before the rule that denies.

    Else one that gets free when that rule is moved, and the command to move it; 0 where there is
    none.
    """
    end = step.priority or _LAST + 1
    taken = {rule.properties.priority for rule in group.rules if rule.inbound is inbound}
    before = range(_FIRST, min(end, _LAST + 1))
    free = [each for each in before if each not in taken and turn.may_have(each)]
    if free:
        return free[-1], ""
    rule, later = network.find(step.rule_id), end + turn.of
    stays = later > _LAST or any(each in taken for each in range(end + 1, later + 1))
    if stays or not isinstance(rule, SecurityRule) or by_cluster(rule):
        return 0, ""
    own = next(each for each in range(end, later) if turn.may_have(each))
    return own, changed_rule(rule, priority=str(later))


def _destinations(
    target: Point, address: Address, others: AddressSet, apart: Sequence[tuple[str, Subnet]]
) -> tuple[str, ...]:
    """The address that the packet has there, and those of others that are asked alike.

    All of the subnet where the target is any of its machines, unless it stands apart there.
    """
    place = target.place
    if place is None or not _within(address, place):
        return (str(address),)
    found = AddressSet.from_range(address, address)
    if target.kind is Kind.SUBNET:
        shared = any(subnet.key == place.key for _, subnet in apart)
        found = NOTHING if shared else _space(place)
    alike = (each for each in (found | others).prefixes() if each.version == address.version)
    told = tuple(str(each.address if each.size == 1 else each) for each in alike)
    return (*told, *(f"<address of {ids.name(one)} in {at.label}>" for one, at in apart))


def _within(address: Address, subnet: Subnet) -> bool:
    return address in _space(subnet)


def _space(subnet: Subnet) -> AddressSet:
    return AddressSet.from_prefixes(subnet.prefixes)
