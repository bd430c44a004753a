"""Application security groups in flows: who is a member, and who may be."""

from __future__ import annotations

from typing import Any

from auditor.network.effective_rules import Direction
from auditor.testing import arm_id, resource

from ....exposed import NIC, SCALE_SET, SUBNET, deny, nic, nsg, ref, rule, subnet, vnet
from ....guarded import Asked, asks, out

ASG = "Microsoft.Network/applicationSecurityGroups"
ENDPOINT = "Microsoft.Network/privateEndpoints"
GROUP = [ref(arm_id(ASG, "web"))]
MEMBER = {"applicationSecurityGroups": GROUP}
TO_GROUP = {"destinationApplicationSecurityGroups": GROUP}


def asked(*others: Any, member: bool = False, rules: Any = None, **more: Any) -> Asked:
    """NIC web, whose subnet lets in SSH from members, and out to members at 3306."""
    to_group = {"destinationApplicationSecurityGroups": GROUP}
    guards = rules or [
        rule("from", 100, "", "22", sourceApplicationSecurityGroups=GROUP),
        deny("rest", 110),
        out("to", 100, "", "3306", **to_group),
    ]
    return asks(
        resource(ASG, "web"),
        nsg(*guards),
        nic("web", configuration=MEMBER if member else {}),
        vnet(subnet(nsg="nsg", **more)),
        *others,
    )


def test_N_31_members_are_named_by_their_ip_configurations() -> None:
    web = asked(nic("other", address="10.0.0.9", configuration=MEMBER))
    assert web.inbound("10.0.0.9", 22) == "Allow securityRules/from at subnet"
    assert web.inbound("10.0.0.8", 22) == "Deny securityRules/rest at subnet"
    assert web.outbound("10.0.0.9", 3306) == "Allow securityRules/to at subnet"


def test_N_31_members_of_scale_sets_are_known_by_their_subnet_only() -> None:
    configuration = {"subnet": ref(arm_id(SUBNET, "vnet", "app")), **MEMBER}
    model = {"name": "n", "properties": {"ipConfigurations": [
        {"name": "c", "properties": configuration}]}}  # fmt: skip
    profile = {"networkProfile": {"networkInterfaceConfigurations": [model]}}
    web = asked(resource(SCALE_SET, "nodes", {"virtualMachineProfile": profile}))
    assert web.inbound("10.0.0.9", 22) == "Unknown: vmss-model-only"
    assert web.inbound("10.0.9.9", 22) == "Deny securityRules/rest at subnet"


def test_N_31_private_endpoints_are_members() -> None:
    settings = {**MEMBER, "networkInterfaces": [ref(arm_id(NIC, "pe-nic"))]}
    endpoint = resource("Microsoft.Network/privateEndpoints", "pe", settings)
    web = asked(endpoint, nic("pe-nic", address="10.0.0.7"))
    assert web.outbound("10.0.0.7", 3306) == "Allow securityRules/to at subnet"
    assert web.outbound("10.0.0.8", 3306).startswith("Allow defaultSecurityRules/")


def test_N_31_an_address_that_is_not_told_may_be_any_of_its_subnet() -> None:
    web = asked(nic("other", address="", configuration={**MEMBER, "privateIPAddress": None}))
    assert web.inbound("10.0.0.9", 22) == "Unknown: unallocated"
    assert web.inbound("10.0.9.9", 22) == "Deny securityRules/rest at subnet"


def test_N_32_others_skip_the_rule() -> None:
    to_group = {"destinationApplicationSecurityGroups": GROUP, "destinationAddressPrefix": ""}
    rules = [rule("in", 100, ports="443", **to_group), deny("rest", 110)]
    assert asked(member=True, rules=rules).inbound("52.1.1.1").startswith("Allow securityRules/in")
    assert asked(rules=rules).inbound("52.1.1.1") == "Deny securityRules/rest at subnet"


def test_N_33_members_lie_in_the_network() -> None:
    web = asked(nic("other", address="10.0.0.9", configuration=MEMBER))
    assert web.inbound("10.0.0.9", 22) == "Allow securityRules/from at subnet"
    assert web.inbound("52.1.1.1", 22) == "Deny securityRules/rest at subnet"


def test_N_33_whether_a_group_selects_machines_of_other_networks_is_not_told() -> None:
    """A group has members of one network, and where others use it Azure is not said to."""
    there = {**MEMBER, "subnet": ref(arm_id(SUBNET, "far", "app"))}
    web = asked(nic("other", address="10.1.0.9", configuration=there))
    assert web.inbound("10.1.0.9", 22) == "Unknown: semantics:N-33"
    assert web.inbound("10.1.0.8", 22) == "Deny securityRules/rest at subnet"
    assert web.inbound("10.1.0.9", 23) == "Deny securityRules/rest at subnet"


def test_a_group_that_is_not_there_may_have_members_that_are_not() -> None:
    gone = [ref(arm_id(ASG, "gone"))]
    rules = [rule("from", 100, "", "22", sourceApplicationSecurityGroups=gone), deny("rest", 110)]
    assert asked(rules=rules).inbound("10.0.0.9", 22) == "Unknown: collection-gap"
    assert asked(rules=rules).inbound("10.0.0.9", 23) == "Deny securityRules/rest at subnet"
    [why, *_] = asked(rules=rules).answer(Direction.INBOUND, "10.0.0.9", 22).reasons
    assert why.detail == f"{arm_id(ASG, 'gone')} is not in the snapshot"


def test_a_nic_that_was_not_exported_may_be_a_member() -> None:
    listed = [ref(arm_id(f"{NIC}/ipConfigurations", "gone", "primary"))]
    web = asked(ipConfigurations=listed)
    assert web.inbound("10.0.0.9", 22) == "Unknown: collection-gap"
    assert web.inbound("10.0.9.9", 22) == "Deny securityRules/rest at subnet"


def endpoint_with(*groups: str, owner: str = "pe") -> Asked:
    """NIC web of an endpoint that tells its groups; its subnet lets only their members be seen."""
    told = {"applicationSecurityGroups": [ref(arm_id(ASG, each)) for each in groups]}
    settings = {**told, "networkInterfaces": [ref(arm_id(NIC, "web"))]}
    own = nic("web")
    own["properties"]["privateEndpoint"] = ref(arm_id(ENDPOINT, owner))
    return asks(
        resource(ASG, "web"),
        nsg(
            rule("in", 100, ports="443", destinationAddressPrefix="", **TO_GROUP), deny("rest", 110)
        ),
        own,
        vnet(subnet(nsg="nsg", privateEndpointNetworkPolicies="Enabled")),
        resource(ENDPOINT, "pe", settings),
    )


def test_N_31_rules_at_a_private_endpoint_know_the_groups_that_the_endpoint_tells() -> None:
    assert endpoint_with("web").inbound("10.0.0.9") == "Allow securityRules/in at subnet"
    assert endpoint_with("web").inbound("10.0.0.9", 22) == "Deny securityRules/rest at subnet"
    assert endpoint_with().inbound("10.0.0.9") == "Deny securityRules/rest at subnet"


def test_N_31_the_groups_of_an_endpoint_that_is_not_there_are_not_told() -> None:
    assert endpoint_with(owner="gone").inbound("10.0.0.9") == "Unknown: collection-gap"
