"""The last step to a Kubernetes Service: from the node that a load balancer chose to a pod.

What ARM tells of it depends on how pods get addresses (K-2). Those of an overlay, of kubenet and
of the nodes' subnet stand behind the nodes; those of a subnet of their own are filtered by its
security group (K-42), on a port that is not in ARM. Network policies are not in ARM either (K-43).
The pod may be on any node: where groups let no node talk to another, only its own answer (K-41).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from auditor import ids
from auditor.errors import Undetermined
from auditor.network.clusters import (
    Cni,
    most_nodes,
    node_group,
    node_subnets,
    plugin,
    pod_subnets,
)
from auditor.network.effective_rules import Direction
from auditor.network.graph import Network, question, question_about
from auditor.network.reasons import Reason, gap
from auditor.network.service_tags import ServiceTags
from auditor.packets.diagram import PacketSet
from auditor.packets.intervals import Intervals
from auditor.reach.balancing import Forward
from auditor.reach.bounds import Bounds
from auditor.reach.filtering import admitted
from auditor.reach.space import FlowSpace
from auditor.reach.stages import remark
from auditor.reach.subnet_addresses import possible
from auditor.reach.trail import Trail
from auditor.resources import walk
from auditor.resources.load_balancers import LoadBalancer, LoadBalancerFrontend
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.virtual_networks import Subnet


def to_pods(trail: Trail, forward: Forward) -> Trail:
    """Add that a node hands packets for a Service of its cluster to a pod; nothing elsewhere.

    Never blocked: which port the pods listen on is not told.
    """
    cluster = _clusters(trail.network).get(forward.frontend.key)
    if cluster is None:
        return trail
    reasons = _doubts(trail.network, cluster, forward.protocols, trail.space, trail.tags)
    pod = f"{_pod(trail.network, cluster)}, of cluster {cluster.label}"
    return remark(
        trail,
        "kube-proxy",
        cluster.id,
        lambda _: (
            f"it cannot be told whether the node may hand it to {pod}"
            if reasons
            else f"the node hands it to {pod}"
        ),
        Bounds.maybe(trail.space.all) if reasons else None,
        reasons=reasons,
    )


def behind_nodes(network: Network, frontend: LoadBalancerFrontend) -> bool:
    """Tell whether nothing but nodes stands before whatever a frontend serves."""
    cluster = _clusters(network).get(frontend.key)
    return cluster is None or not any(pool.pod_subnet_id for pool in cluster.pools)


@question
def _clusters(network: Network) -> dict[str, ManagedCluster]:
    """The clusters by the frontends on which their Services answer."""
    found: dict[str, ManagedCluster] = {}
    for cluster in network.all(ManagedCluster):
        for node in node_group(network, cluster):
            if isinstance(node, LoadBalancer):
                found.update((ids.fold(key), cluster) for key in _used(node))
    return found


def _used(balancer: LoadBalancer) -> Iterator[str]:
    """The frontends of a balancer that rules name, as far as they are told."""
    for rule in walk.peek(balancer, "rules") or ():
        ref = walk.peek(walk.peek(rule, "properties"), "frontend_ip_configuration")
        arm_id = walk.peek(ref, "id")
        if arm_id:
            yield arm_id


@question_about
def _doubts(
    network: Network,
    cluster: ManagedCluster,
    protocols: Intervals,
    space: FlowSpace,
    tags: ServiceTags,
) -> tuple[Reason, ...]:
    """Say why a node may not reach the pods of its cluster; nothing when it certainly does."""
    try:
        nodes = node_subnets(network, cluster)
        pods = pod_subnets(network, cluster)
    except Undetermined as unknown:
        return (gap(unknown, cluster.id),)

    def passing(here: Subnet, there: Subnet) -> tuple[PacketSet, Bounds]:
        """Give all that nodes of a subnet send to the ports in another, and what gets there."""
        asked = space.having(
            source=possible(here), destination=possible(there), protocols=protocols
        )
        out = admitted(network, None, Direction.OUTBOUND, space.version, here, tags)
        into = admitted(network, None, Direction.INBOUND, space.version, there, tags)
        return asked, (out & into).within(asked)

    found: list[Reason] = []
    for here, there in product(nodes, pods):
        asked, passes = passing(here, there)
        if asked != passes.must:
            what = f"{here.label} and {there.label} let the nodes talk to the port of the pods"
            found.append(Reason("semantics:K-42", f"whether {what}", there.id))
    for here, there in product(nodes, nodes) if not pods and _are_several(cluster) else ():
        if passing(here, there)[1].may.is_empty:
            what = f"{here.label} and {there.label} let no node talk to another"
            label = "k8s-objects-missing"
            found.append(Reason(label, f"whether a pod is on the same node: {what}", there.id))
    return tuple(found)


def _are_several(cluster: ManagedCluster) -> bool:
    """Whether a cluster has, or may have, more nodes than one."""
    try:
        return sum(map(most_nodes, cluster.pools)) > 1
    except Undetermined:
        return True


def _pod(network: Network, cluster: ManagedCluster) -> str:
    try:
        subnets = pod_subnets(network, cluster)
        mode = plugin(cluster)
    except Undetermined:
        return "a pod"
    if subnets:
        return f"a pod in {', '.join(subnet.label for subnet in subnets)}"
    return _PODS.get(mode, "a pod")


_PODS = {
    Cni.OVERLAY: "a pod of its overlay (K-40)",
    Cni.KUBENET: "a pod behind it (kubenet)",
    Cni.NODE_SUBNET: "a pod with an address of the nodes' subnet",
}
