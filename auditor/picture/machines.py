"""Machines, scale sets and clusters, in their subnets.

Machines of one subnet that stand behind the same pools are one spot with a count, so that a farm of
web servers is one chip. A machine with a public address of its own always stands alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress

from auditor import ids
from auditor.errors import Undetermined
from auditor.network.backends import members
from auditor.network.clusters import cluster_of, node_group
from auditor.network.exposure import carried
from auditor.network.graph import Network
from auditor.picture.canvas import Canvas, key_of, linked, name_of, told
from auditor.resources import walk
from auditor.resources.base import Node
from auditor.resources.compute import ScaleSet, VirtualMachine
from auditor.resources.interfaces import NetworkInterface
from auditor.resources.load_balancers import BackendPool
from auditor.resources.managed_clusters import ManagedCluster
from auditor.topology import Kind, Spot, Tie

FEW = 3
"""Machines alike that are drawn one by one; more are one spot."""

_Alike = tuple[str, tuple[str, ...]]
_POOLS = (
    "load_balancer_backend_address_pools",
    "application_gateway_backend_address_pools",
    "load_balancer_inbound_nat_rules",
)


def draw_clusters(canvas: Canvas) -> None:
    """Draw AKS clusters where their nodes are, once in each subnet."""
    canvas.each(canvas.network.all(ManagedCluster), _cluster)


def _cluster(canvas: Canvas, cluster: ManagedCluster) -> None:
    doubts: list[str] = []
    homes: dict[str | None, list[str]] = defaultdict(list)
    pools = told(doubts, cluster, "pools") or ()
    for pool in pools:
        here = canvas.subnet(told(doubts, pool, "vnet_subnet_id"))
        homes[here if here is not None else _managed(canvas, cluster)].append(
            f"pool {name_of(pool)}{_nodes(told(doubts, pool, 'count'))}"
        )
    if homes.pop(None, None) and not homes:
        doubts.append("not told: the subnet of its nodes")
    version = told(doubts, cluster, "properties", "kubernetes_version")
    facts = [f"Kubernetes {version}"] if version else []
    first = next(iter(homes), None)
    above = canvas.spots[first].id if first is not None else ""
    facts += homes.get(first, [])
    key = canvas.put(
        Spot(cluster.id, Kind.CLUSTER, name_of(cluster), above, tuple(facts), tuple(doubts)),
        *(node.id for node in node_group(canvas.network, cluster) if isinstance(node, ScaleSet)),
        *(node.id for node in _machines_of(canvas, cluster)),
    )
    for number, (home, told_pools) in enumerate(homes.items()):
        if number and home is not None:
            part = Spot(
                f"{cluster.id}#{number}",
                Kind.CLUSTER,
                name_of(cluster),
                canvas.spots[home].id,
                tuple(told_pools),
            )
            canvas.join(key, canvas.put(part), Tie.PART)


def _nodes(count: int | None) -> str:
    return "" if count is None else f", {count} {'node' if count == 1 else 'nodes'}"


def _managed(canvas: Canvas, cluster: ManagedCluster) -> str | None:
    """The subnet that AKS made itself: that of a scale set of the node resource group."""
    for node in node_group(canvas.network, cluster):
        if isinstance(node, ScaleSet):
            for subnet in _scale_set_subnets(node):
                return canvas.subnet(subnet)
    return None


def _machines_of(canvas: Canvas, cluster: ManagedCluster) -> Iterator[Node]:
    for node in node_group(canvas.network, cluster):
        nic = isinstance(node, NetworkInterface) and _is_machines(node)
        if nic or isinstance(node, VirtualMachine):
            yield node


def draw_scale_sets(canvas: Canvas) -> None:
    """Draw the scale sets that no cluster stands for."""
    canvas.each(canvas.network.all(ScaleSet), _scale_set)


def _scale_set(canvas: Canvas, scale_set: ScaleSet) -> None:
    if cluster_of(canvas.network, scale_set) is not None and canvas.at(scale_set.id) is not None:
        return
    doubts: list[str] = []
    homes = [canvas.subnet(ref) for ref in _scale_set_subnets(scale_set)]
    home = next((each for each in homes if each is not None), None)
    if home is None:
        doubts.append("not told: its subnet")
    capacity = told(doubts, scale_set, "sku", "capacity")
    facts = () if capacity is None else (f"{capacity} instances",)
    above = canvas.spots[home].id if home is not None else ""
    name = name_of(scale_set)
    canvas.put(Spot(scale_set.id, Kind.MACHINES, name, above, facts, tuple(doubts)))


def _scale_set_subnets(scale_set: ScaleSet) -> Iterator[str | None]:
    doubts: list[str] = []
    for nic in told(doubts, scale_set, "interfaces") or ():
        for configuration in told(doubts, nic, "ip_configurations") or ():
            yield linked(doubts, configuration, "properties", "subnet")


def _is_machines(nic: NetworkInterface) -> bool:
    doubts: list[str] = []
    service = told(doubts, nic, "properties", "private_endpoint") or told(
        doubts, nic, "properties", "private_link_service"
    )
    return service is None


def draw_machines(canvas: Canvas) -> None:
    """Draw machines by their network interfaces, those alike together."""
    alike: dict[_Alike, list[tuple[Node, list[NetworkInterface]]]] = defaultdict(list)
    for owner, nics in _by_machine(canvas).values():
        alike[_place(canvas, nics[0], nics)].append((owner, nics))
    for (home, roles), machines in sorted(alike.items()):
        above = canvas.spots[home].id if home else ""
        if len(machines) <= FEW or "public" in roles:
            for owner, nics in machines:
                _one(canvas, above, owner, nics)
        else:
            _many(canvas, above, machines)
    canvas.each(canvas.network.all(VirtualMachine), _without_interface)


def _without_interface(canvas: Canvas, machine: VirtualMachine) -> None:
    """A machine that no network interface of the snapshot leads to."""
    if canvas.at(machine.id) is None:
        doubts = ("not told: its network interfaces",)
        canvas.put(Spot(machine.id, Kind.MACHINES, name_of(machine), doubts=doubts))


def _by_machine(canvas: Canvas) -> dict[str, tuple[Node, list[NetworkInterface]]]:
    """Network interfaces by their machine: a lone interface stands for itself."""
    found: dict[str, tuple[Node, list[NetworkInterface]]] = {}
    for nic in canvas.network.all(NetworkInterface):
        if not _is_machines(nic) or canvas.at(nic.id) is not None:
            continue
        owner = canvas.network.find(linked([], nic, "properties", "virtual_machine"))
        if owner is None:  # a plan tells it from the other side
            edges = canvas.network.referrers(nic, "networkInterfaces")
            named = (e.source.root for e in edges if isinstance(e.source.root, VirtualMachine))
            owner = next(named, None)
        key = canvas.at(owner.id) if owner is not None else None
        if key is not None:  # of a scale set or a cluster
            canvas.aliases.setdefault(nic.key, key)
            continue
        node = owner if isinstance(owner, VirtualMachine) else nic
        found.setdefault(node.key, (node, []))[1].append(nic)
    return found


def _place(canvas: Canvas, nic: NetworkInterface, nics: list[NetworkInterface]) -> _Alike:
    doubts: list[str] = []
    home, roles = "", set()
    listed = canvas.network.ask(_listed)
    for each in nics:
        for configuration in told(doubts, each, "ip_configurations") or ():
            if each is nic and not home:
                home = canvas.subnet(linked(doubts, configuration, "properties", "subnet")) or ""
            try:
                if carried(canvas.network, configuration):
                    roles.add("public")
            except Undetermined:
                roles.add("public")  # it may have one
            for attribute in _POOLS:
                for ref in told(doubts, configuration, "properties", attribute) or ():
                    roles.add(key_of(walk.peek(ref, "id") or ""))
            if configuration.key in listed:
                roles.add(listed[configuration.key])
    if len(nics) > 1:
        roles.add("public")  # an appliance: it stands alone
    return home, tuple(sorted(roles))


def _listed(network: Network) -> dict[str, str]:
    """The ip configurations that pools of load balancers list, each with a pool."""
    found: dict[str, str] = {}
    for pool in network.all(BackendPool):
        with suppress(Undetermined):
            for member in members(network, pool):
                found.setdefault(member, pool.key)
    return found


def _one(canvas: Canvas, above: str, owner: Node, nics: list[NetworkInterface]) -> None:
    doubts: list[str] = []
    facts = _addresses(nics, doubts)
    if not isinstance(owner, VirtualMachine):
        machine = linked(doubts, nics[0], "properties", "virtual_machine")
        facts.append(f"network interface{f' of {ids.name(machine)}' if machine else ''}")
    if not above:
        doubts.append("not told: its subnet")
    key = canvas.put(
        Spot(owner.id, Kind.MACHINES, name_of(owner), above, tuple(facts), tuple(doubts)),
        *(nic.id for nic in nics),
    )
    for nic in nics[1:]:
        for configuration in told([], nic, "ip_configurations") or ():
            there = canvas.subnet(linked([], configuration, "properties", "subnet"))
            if there is not None and canvas.spots[there].id != above:
                canvas.join(key, there, Tie.PART, (name_of(nic),))


def _addresses(nics: list[NetworkInterface], doubts: list[str]) -> list[str]:
    found = (
        told(doubts, configuration, "properties", "private_ip_address")
        for nic in nics
        for configuration in told(doubts, nic, "ip_configurations") or ()
    )
    return list(dict.fromkeys(address for address in found if address))


def _many(canvas: Canvas, above: str, machines: list[tuple[Node, list[NetworkInterface]]]) -> None:
    names = [name_of(owner) for owner, _ in machines]
    start = _beginning(names).rstrip("0123456789")
    what = f"{start}*" if len(start) > 2 else "machines"
    doubts = ["not told: their subnet"] if not above else []
    spot = Spot(
        f"{machines[0][0].id}#alike",
        Kind.MACHINES,
        what,
        above,
        (f"{len(machines)} machines",),
        tuple(doubts),
        count=len(machines),
        names=tuple(names),
    )
    canvas.put(spot, *(each.id for owner, nics in machines for each in (owner, *nics)))


def _beginning(names: list[str]) -> str:
    """What all names begin with."""
    first, last = min(names), max(names)
    alike = (number for number, char in enumerate(first) if last[number : number + 1] != char)
    return first[: next(alike, len(first))]
