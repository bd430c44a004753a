from __future__ import annotations

from typing import Any

import pytest

from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.graph import Missing, Network, every, evidence, question, question_about, whole
from auditor.network.holes import holes
from auditor.resources.base import Node
from auditor.resources.compute import ScaleSet, ScaleSetInterface, ScaleSetIpConfiguration
from auditor.resources.interfaces import IpConfiguration, NetworkInterface
from auditor.resources.load_balancers import LoadBalancer
from auditor.resources.public_addresses import PublicIp
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.testing import arm_id, estate, resource

from ...everything import everything

NETWORK = "Microsoft.Network"
VNET = f"{NETWORK}/virtualNetworks"
NSG = f"{NETWORK}/networkSecurityGroups"
NIC = f"{NETWORK}/networkInterfaces"
PIP = f"{NETWORK}/publicIPAddresses"
VMSS = "Microsoft.Compute/virtualMachineScaleSets"

Json = dict[str, Any]


def nic(**settings: Any) -> Json:
    return resource(NIC, "n", {"ipConfigurations": [{"name": "a", "properties": settings}]})


def configuration(network: Network) -> IpConfiguration:
    (found,) = network.all(IpConfiguration)
    return found


def test_a_reference_leads_to_its_target_whatever_the_letter_case() -> None:
    shouted = {"id": arm_id(PIP, "p").upper()}

    network = estate(nic(publicIPAddress=shouted), resource(PIP, "p"))

    target = configuration(network).properties.public_ip_address
    found = network.get(target, PublicIp)
    assert found is network.all(PublicIp)[0]
    assert found is not None
    assert found.id == arm_id(PIP, "p")


def test_no_reference_is_none() -> None:
    network = estate(nic())

    assert network.get(configuration(network).properties.subnet, Subnet) is None
    assert network.get(None, Subnet) is None
    assert network.get("", Subnet) is None


def test_an_absent_target_is_missing_and_following_it_is_undetermined() -> None:
    target = arm_id(f"{VNET}/subnets", "Hub", "App")
    network = estate(nic(subnet={"id": target}))
    subnet = configuration(network).properties.subnet

    assert network.find(subnet) == Missing(target, target.lower())
    with pytest.raises(Undetermined, match="is not in the snapshot") as caught:
        network.get(subnet, Subnet)
    assert caught.value.resource == target


def test_a_target_of_another_kind_is_undetermined() -> None:
    network = estate(nic(subnet={"id": arm_id(PIP, "p")}), resource(PIP, "p"))

    with pytest.raises(Undetermined, match="is no Subnet"):
        network.get(configuration(network).properties.subnet, Subnet)


def test_a_reference_without_an_id_leads_nowhere() -> None:
    network = estate(nic(subnet={}))

    assert network.find(configuration(network).properties.subnet) is None


@pytest.mark.parametrize("key", ["auditor:node", "node", "auditor:record"])
def test_an_input_cannot_forge_where_a_reference_leads(key: str) -> None:
    forged = {"id": arm_id(PIP, "gone"), key: {"id": "x", "type": "y", "source": 99}}

    network = estate(nic(publicIPAddress=forged))

    found = network.find(configuration(network).properties.public_ip_address)
    assert isinstance(found, Missing)


def test_back_references_leave_out_what_is_absent() -> None:
    ids = [arm_id(NIC, "n"), arm_id(NIC, "gone")]
    group = resource(NSG, "g", {"networkInterfaces": [{"id": each.upper()} for each in ids]})

    network = estate(group, nic())

    (found,) = network.all(NetworkSecurityGroup)
    present = network.present(found.properties.network_interfaces, NetworkInterface)
    assert [each.name for each in present] == ["n"]


def test_referrers_are_found_by_kind() -> None:
    pip = {"id": arm_id(PIP, "P").lower()}
    balancer = resource(
        f"{NETWORK}/loadBalancers",
        "lb",
        {"frontendIPConfigurations": [{"name": "f", "properties": {"publicIPAddress": pip}}]},
    )
    group = {"networkSecurityGroup": {"id": arm_id(NSG, "g")}}
    network = estate(
        nic(publicIPAddress=pip), balancer, resource(PIP, "P"), resource(NIC, "m", group)
    )
    (address,) = network.all(PublicIp)

    assert [edge.source.name for edge in network.referrers(address)] == ["f", "a"]
    assert [edge.kind for edge in network.referrers(address, "publicIPAddress")] == 2 * [
        "publicIPAddress"
    ]
    assert network.referrers(address, "subnet") == ()
    first, _ = network.referrers(address)
    assert first.pointer == "/properties/publicIPAddress/id"
    assert first.spelled == pip["id"]
    assert network.holder(first.source, LoadBalancer) is network.all(LoadBalancer)[0]


def test_a_missing_target_has_referrers_too() -> None:
    target = arm_id(PIP, "gone")
    network = estate(nic(publicIPAddress={"id": target}))

    (edge,) = network.referrers(Missing(target, target.lower()))

    assert edge.source is configuration(network)


def scale_set() -> Json:
    interface = {
        "name": "eth0",
        "properties": {"ipConfigurations": [{"name": "main", "properties": {"primary": True}}]},
    }
    profile = {"networkProfile": {"networkInterfaceConfigurations": [interface]}}
    return resource(VMSS, "pool", {"virtualMachineProfile": profile})


def instance(number: int, tail: str = "") -> str:
    return f"{arm_id(VMSS, 'pool')}/virtualMachines/{number}/networkInterfaces/eth0{tail}"


def test_an_instance_of_a_scale_set_stands_for_the_model() -> None:
    shouted = instance(3, "/ipConfigurations/main").upper()

    network = estate(scale_set())

    assert isinstance(network.find(instance(0)), ScaleSetInterface)
    assert isinstance(network.find(shouted), ScaleSetIpConfiguration)
    assert isinstance(network.find(f"{arm_id(VMSS, 'pool')}/virtualMachines/7"), ScaleSet)
    assert isinstance(network.find(instance(0).replace("eth0", "eth1")), Missing)


def test_parts_come_by_key_or_as_they_are_with_and_without_settings() -> None:
    rules = [{"name": "b", "properties": {"priority": 100}}, {"name": "A"}]
    network = estate(resource(NSG, "g", {"securityRules": rules}))

    assert [rule.name for rule in network.all(SecurityRule)] == ["A", "b"]
    assert set(network.unordered(SecurityRule)) == set(network.all(SecurityRule))


def test_references_to_instances_are_references_to_the_model() -> None:
    back = [{"id": instance(number, "/ipConfigurations/main")} for number in (0, 1)]
    subnet = {"name": "s", "properties": {"ipConfigurations": back}}
    network = estate(scale_set(), resource(VNET, "hub", {"subnets": [subnet]}))

    (model,) = network.all(ScaleSetIpConfiguration)

    edges = network.referrers(model, "ipConfigurations")
    assert len(edges) == 2
    assert {edge.spelled for edge in edges} <= {each["id"] for each in back}
    assert holes(network) == ()


def test_instances_of_an_absent_scale_set_are_one_hole() -> None:
    back = [{"id": instance(number, "/ipConfigurations/main").upper()} for number in (0, 1)]
    subnet = {"name": "s", "properties": {"ipConfigurations": back}}

    (hole,) = holes(estate(resource(VNET, "hub", {"subnets": [subnet]})))

    assert hole.missing.key == arm_id(VMSS, "pool").lower()
    assert hole.missing.id == arm_id(VMSS, "pool").upper()
    assert hole.referrer.source.name == "s"


@pytest.mark.parametrize("spelling", ["{}", "{}/", "//{}"])
def test_a_hole_is_named_as_it_is_spelled(spelling: str) -> None:
    target = arm_id(VNET, "Hub")
    spelled = spelling.format(target.strip("/"))

    (hole,) = holes(estate(nic(subnet={"id": f"{spelled.rstrip('/')}/subnets/app/"})))

    assert hole.missing.id.strip("/") == target.strip("/")


def test_what_is_only_counted_is_no_hole() -> None:
    counted = resource("Microsoft.Contoso/boats", "b")

    assert holes(estate(nic(publicIPAddress={"id": counted["id"]}), counted)) == ()


def test_a_part_that_is_absent_from_a_present_owner_is_no_hole_but_missing() -> None:
    target = arm_id(f"{VNET}/subnets", "hub", "gone")
    network = estate(nic(subnet={"id": target}), resource(VNET, "hub", {"subnets": []}))

    assert holes(network) == ()
    assert isinstance(network.find(target), Missing)


def test_all_is_sorted_and_holds_subclasses_once() -> None:
    network = estate(*(resource(PIP, name) for name in "cab"))

    assert [each.name for each in network.all(PublicIp)] == ["a", "b", "c"]
    assert network.all(Subnet) == ()
    assert network.all(PublicIp) is network.all(PublicIp)


def test_a_rule_that_nobody_refers_to_is_still_found_by_its_id() -> None:
    rules = [{"name": "ssh", "properties": {}}]
    network = estate(resource(NSG, "g", {"securityRules": rules}))

    found = network.find(f"{arm_id(NSG, 'g')}/securityRules/SSH")

    assert found is network.all(SecurityRule)[0]


def test_edges_are_sorted_by_target_then_source() -> None:
    network = estate(
        nic(publicIPAddress={"id": arm_id(PIP, "z")}, subnet={"id": arm_id(PIP, "a")}),
    )

    assert [edge.target.rpartition("/")[2] for edge in network.edges()] == ["a", "z"]


def test_a_question_is_answered_once_for_a_network() -> None:
    asked = []

    @question
    def number(network: Network) -> int:
        asked.append(network)
        return len(asked)

    one, two = estate(resource(PIP, "a")), estate(resource(PIP, "a"))

    assert (number(one), number(one), number(two), number(one)) == (1, 1, 2, 1)


def test_a_question_about_something_is_answered_once_for_each() -> None:
    asked: list[str] = []

    @question_about
    def found(network: Network, name: str) -> str:
        asked.append(name)
        if name == "gone":
            raise Undetermined("what is gone")
        return name

    @question_about
    def found_by(network: Network, name: str, hidden: bool) -> str | None:
        asked.append(name)
        return None if hidden else name

    one, two = estate(resource(PIP, "a")), estate(resource(PIP, "a"))

    assert [found(one, "a"), found(one, "a"), found(one, "b"), found(two, "a")] == [*"aaba"]
    assert found_by(one, "a", True) is found_by(one, "a", True) is None
    assert found_by(one, "a", False) == found_by(one, "a", False) == "a"
    assert asked == ["a", "b", "a", "a", "a"]
    for _ in range(2):
        with pytest.raises(Undetermined):
            found(one, "gone")
    assert asked[5:] == ["gone", "gone"]


def test_subjects_and_evidence() -> None:
    subnet = {"name": "s", "properties": {"addressPrefix": "10.0.0.0/24"}}
    network = estate(resource(VNET, "hub", {"subnets": [subnet]}))
    (found,) = every(Subnet)(network)

    told = evidence(found, "/properties/addressPrefix", "10.0.0.0/24")

    assert told.resource == network.all(VirtualNetwork)[0].id
    assert told.pointer == "/properties/subnets/0/properties/addressPrefix"
    assert whole(network) == (network,)


def test_every_node_knows_its_folded_id_also_those_that_are_not_kept_by_key() -> None:
    nodes = estate(*everything()).all(Node)

    assert {type(node).indexed for node in nodes} == {True, False}
    assert [node.id for node in nodes if node.key != fold(node.id)] == []
    assert list(nodes) == sorted(nodes, key=lambda node: node.key)
