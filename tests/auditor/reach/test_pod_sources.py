"""Whose address others see on what a pod of AKS sends (section 5.5)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.reach.answer import Answer, answers
from auditor.reach.replay import check
from auditor.reach.selected import ends_of, pairs
from auditor.selector import parse_selector
from auditor.testing import arm_id, estate, resource

from ...clusters import GROUP, cluster, pool
from ...exposed import deny, nsg, rule
from ...networks import nic, peer, subnet_id, vnet

NICS = "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces"
SETS = "Microsoft.Compute/virtualMachineScaleSets"
LB = "Microsoft.Network/loadBalancers"
PIP = "Microsoft.Network/publicIPAddresses"
NODE, POD = "10.0.0.4", "10.0.0.5"
FLAT: Any = {"networkPlugin": "azure", "networkPluginMode": None, "podCidr": None}
MEMBER: Any = {
    "loadBalancerBackendAddressPools": [
        {"id": arm_id(f"{LB}/backendAddressPools", "kubernetes", "out", group=GROUP)}
    ]
}


def configuration(name: str, address: str | None, primary: bool) -> Any:
    told = {"privateIPAddress": address} if address else {}
    more = MEMBER if primary else {}
    settings = {"primary": primary, "subnet": {"id": subnet_id("a", "nodes")}, **told, **more}
    return {"name": name, "properties": settings}


def scale_set(*configurations: Any) -> Any:
    settings = {"primary": True, "ipConfigurations": list(configurations)}
    profile = {"networkInterfaceConfigurations": [{"name": "nodes", "properties": settings}]}
    return resource(
        SETS, "nodes", {"virtualMachineProfile": {"networkProfile": profile}}, group=GROUP
    )


def node() -> tuple[Any, ...]:
    """A node at 10.0.0.4 with a pod's address, 10.0.0.5; its scale set tells of two as well."""
    listed = [configuration("ipconfig1", NODE, True), configuration("ipconfig2", POD, False)]
    model = scale_set(
        configuration("ipconfig1", None, True), configuration("ipconfig2", None, False)
    )
    settings = {"primary": True, "ipConfigurations": listed}
    return model, resource(NICS, "nodes/0/nodes", settings, group=GROUP)


def balancer() -> tuple[Any, ...]:
    """Balancer kubernetes, by whose outbound rule nodes leave as 20.0.0.9."""
    front = {"id": arm_id(f"{LB}/frontendIPConfigurations", "kubernetes", "f", group=GROUP)}
    out = {
        "frontendIPConfigurations": [front],
        "backendAddressPool": MEMBER["loadBalancerBackendAddressPools"][0],
        "protocol": "All",
    }
    address = {"publicIPAddress": {"id": arm_id(PIP, "out", group=GROUP)}}
    settings = {
        "frontendIPConfigurations": [{"name": "f", "properties": address}],
        "backendAddressPools": [{"name": "out", "properties": {}}],
        "loadBalancingRules": [],
        "outboundRules": [{"name": "aksOutboundRule", "properties": out}],
    }
    return (
        resource(LB, "kubernetes", settings, group=GROUP, sku={"name": "Standard"}),
        resource(PIP, "out", {"ipAddress": "20.0.0.9"}, group=GROUP, sku={"name": "Standard"}),
    )


def flat(allowed: str = NODE, mode: Any = None, *more: Any, machines: Any = None) -> Network:
    """Nodes of a cluster in a/nodes, a VM beside them and one in a peered network.

    Both let in `allowed` to port 80 only.
    """
    group = nsg(rule("in", 100, allowed, "80"), deny("rest", 200))
    guarded = {"networkSecurityGroup": {"id": group["id"]}}
    return estate(
        group,
        cluster("shop", pool(), network=mode or FLAT),
        *(node() if machines is None else machines),
        *balancer(),
        nic("beside", "10.0.1.4", ("a", "other"), vm="beside", **guarded),
        nic("far", "10.1.0.4", ("b", "app"), vm="far", **guarded),
        vnet(
            "a",
            "10.0.0.0/16",
            subnets={"nodes": "10.0.0.0/24", "other": "10.0.1.0/24"},
            peers=[peer("b", "10.1.0.0/16")],
        ),
        vnet("b", "10.1.0.0/16", subnets={"app": "10.1.0.0/24"}, peers=[peer("a", "10.0.0.0/16")]),
        *more,
    )


def tell(network: Network, source: str, target: str, protocol: str = "tcp") -> list[Answer]:
    """The answers on port 80; every witness is replayed."""
    ends = [ends_of(network, parse_selector(each)).points for each in (source, target)]
    found = [
        answer
        for one in ends[0]
        for other in ends[1]
        for answer in answers(network, one, other, protocols=(protocol,))
        if 80 in answer.ports
    ]
    for answer in found:
        check(network, answer)
    return found


def verdicts(network: Network, source: str, target: str) -> set[str]:
    return {answer.verdict.value for answer in tell(network, source, target)}


def test_K_23_a_pod_with_an_address_of_the_nodes_subnet_keeps_it_inside_its_network() -> None:
    assert verdicts(flat(POD), POD, "name:beside") == {"reachable"}
    assert verdicts(flat(NODE), POD, "name:beside") == {"blocked"}


def test_K_23_other_networks_see_the_address_of_its_node() -> None:
    [answer] = tell(flat(NODE), POD, "name:far")
    assert answer.verdict.value == "reachable"
    assert str(answer.arrives_as.source) == NODE if answer.arrives_as else False
    [hop] = [step for step in answer.hops if step.code == "egress"]
    assert hop.says == "its node sends it on as 10.0.0.4 (K-23)"
    [refused] = tell(flat(POD), POD, "name:far")
    assert [step.rule for step in refused.blockers] == ["securityRules/rest"]
    assert "from 10.0.0.4 to 10.1.0.4" in refused.blockers[0].opening
    assert verdicts(flat(NODE), NODE, "name:far") == {"reachable"}


def test_K_23_pods_leave_for_the_internet_as_their_node_does() -> None:
    for source in (NODE, POD):
        [answer] = tell(flat(), source, "internet")
        assert answer.verdict.value == "reachable"
        assert str(answer.arrives_as and answer.arrives_as.source) == "20.0.0.9"
    [ping] = tell(flat(), POD, "internet", "icmp")
    assert [step.code for step in ping.blockers] == ["egress"]


def test_K_23_so_do_those_of_a_scale_set_whose_instances_are_not_told() -> None:
    network = flat("10.0.0.0/24", None, machines=node()[:1])
    for target in ("name:far", "internet"):
        assert verdicts(network, "name:nodes", target) == {"reachable"}


def test_K_23_a_second_address_of_a_machine_of_its_own_stays() -> None:
    alone = resource(NICS, "nodes/0/nodes", node()[1]["properties"])
    assert verdicts(flat(POD, machines=[alone]), POD, "name:far") == {"reachable"}
    assert verdicts(flat(machines=[alone]), POD, "internet") == {"blocked"}


@pytest.mark.parametrize("mode", [{"networkPluginMode": "overlay"}, {"networkPlugin": "kubenet"}])
def test_K_23_second_addresses_are_no_pods_where_pods_have_addresses_of_their_own(
    mode: Any,
) -> None:
    assert verdicts(flat(POD, {**FLAT, **mode}), POD, "name:far") == {"reachable"}


def of_pods(kind: str = "loadBalancer", **subnet: Any) -> Network:
    """A cluster whose pods have a subnet of their own, a/pods, and its outbound type."""
    place: Any = {"podSubnetID": subnet_id("a", "pods")}
    addresses = {"effectiveOutboundIPs": [{"id": arm_id(PIP, "out", group=GROUP)}]}
    profiles = {"loadBalancerProfile": addresses, "natGatewayProfile": addresses}
    return estate(
        cluster("shop", pool(**place), network={**FLAT, "outboundType": kind, **profiles}),
        *node()[:1],
        *balancer(),
        vnet(
            "a",
            "10.0.0.0/16",
            subnets={
                "nodes": "10.0.0.0/24",
                "pods": {
                    "addressPrefix": "10.0.8.0/22",
                    "delegations": [{"name": "d", "properties": {"serviceName": f"{CLUSTERS}"}}],
                    **subnet,
                },
            },
        ),
    )


CLUSTERS = "Microsoft.ContainerService/managedClusters"


@pytest.mark.parametrize("kind", ["loadBalancer", "managedNATGateway"])
def test_K_42_pods_of_a_subnet_of_their_own_leave_by_the_outbound_type(kind: str) -> None:
    [answer] = tell(of_pods(kind), "10.0.8.9", "internet")
    assert answer.verdict.value == "reachable"
    assert str(answer.arrives_as and answer.arrives_as.source) == "20.0.0.9"


def test_K_42_what_the_outbound_type_does_not_tell_stays_in_doubt() -> None:
    assert verdicts(of_pods("userDefinedRouting"), "10.0.8.9", "internet") == {"unknown"}
    assert verdicts(of_pods("none"), "10.0.8.9", "internet") == {"unknown"}


OVERLAY: Any = {
    "networkPlugin": "azure",
    "networkPluginMode": "overlay",
    "podCidr": "10.244.0.0/16",
}
KUBENET: Any = {**OVERLAY, "networkPlugin": "kubenet", "networkPluginMode": None}
INSIDE = "10.244.0.9"


def asked_by_pairs(network: Network, source: str, target: str) -> list[Answer]:
    ends = [ends_of(network, parse_selector(each)) for each in (source, target)]
    found = [
        answer
        for one, other in pairs(*ends)
        for answer in answers(network, one, other, protocols=("tcp",))
        if 80 in answer.ports
    ]
    for answer in found:
        check(network, answer)
    return found


@pytest.mark.parametrize("mode", [OVERLAY, KUBENET])
def test_K_40_pods_behind_their_nodes_are_seen_with_the_address_of_these(mode: Any) -> None:
    machines = [scale_set(), node()[1]]
    for target in ("name:beside", "name:far"):
        [answer] = asked_by_pairs(flat(NODE, mode, machines=machines), INSIDE, target)
        assert answer.verdict.value == "reachable"
        assert str(answer.witness and answer.witness.source) == INSIDE
        assert str(answer.arrives_as and answer.arrives_as.source) == NODE
        [shut] = asked_by_pairs(flat(INSIDE, mode, machines=machines), INSIDE, target)
        assert [step.rule for step in shut.blockers] == ["securityRules/rest"]
    [out] = asked_by_pairs(flat(NODE, mode, machines=machines), INSIDE, "internet")
    assert str(out.arrives_as and out.arrives_as.source) == "20.0.0.9"


def test_K_40_nobody_reaches_them_by_their_own_address() -> None:
    machines = [scale_set(), node()[1]]
    [answer] = asked_by_pairs(flat(NODE, OVERLAY, machines=machines), "name:beside", INSIDE)
    assert answer.verdict.value == "blocked"
    [other] = asked_by_pairs(flat(NODE, OVERLAY, machines=machines), "10.99.0.9", "name:beside")
    assert (other.verdict.value, other.source.id) == ("blocked", "onprem")


@pytest.mark.parametrize("source", [INSIDE, NODE])
def test_K_41_what_a_cluster_sends_to_its_own_pods_is_for_it_to_tell(source: str) -> None:
    """Not blocked: no route of Azure's leads there, and the nodes need none."""
    network = flat(NODE, OVERLAY, machines=[scale_set(), node()[1]])
    [answer] = asked_by_pairs(network, source, "10.244.7.9")
    assert answer.verdict.value == "unknown"
    assert [reason.label for reason in answer.reasons] == ["k8s-objects-missing"]
    [beside] = asked_by_pairs(network, "name:beside", "10.244.7.9")
    assert beside.verdict.value == "blocked"


def test_K_40_so_are_those_of_a_scale_set_whose_instances_are_not_told() -> None:
    machines = [scale_set(configuration("ipconfig1", None, True))]
    network = flat("10.0.0.0/24", OVERLAY, machines=machines)
    [answer] = asked_by_pairs(network, INSIDE, "name:beside")
    assert answer.verdict.value == "reachable"
    assert verdicts(network, "name:nodes", "10.244.7.9") == {"unknown"}
    half = flat("10.0.0.0/25", OVERLAY, machines=machines)
    assert [each.verdict.value for each in asked_by_pairs(half, INSIDE, "name:far")] == ["unknown"]
