from __future__ import annotations

from typing import Any

import pytest

from auditor.addresses import parse_address
from auditor.network.effective_rules import Direction
from auditor.network.flow import Access, flow
from auditor.testing import arm_id, resource

from ....exposed import NSG, SCALE_SET, SUBNET, deny, nic, nsg, ref, rule, subnet, vnet
from ....guarded import Asked, asks, out, out_deny

INTERNET = "203.0.113.7"
PUBLIC = "52.10.0.7"


def guarded(*rules: Any, **more: Any) -> Asked:
    """NIC web in a subnet whose group holds these rules."""
    return asks(nsg(*rules), nic("web"), vnet(subnet(nsg="nsg")), **more)


def both(at_subnet: list[Any], at_nic: list[Any]) -> Asked:
    return asks(
        nsg(*at_subnet, name="outer"),
        nsg(*at_nic, name="inner"),
        nic("web", nsg="inner"),
        vnet(subnet(nsg="outer")),
    )


def test_N_3_without_a_group_everything_passes() -> None:
    web = asks(nic("web"), vnet(subnet()))
    assert web.inbound(PUBLIC) == "Allow"
    assert web.outbound(PUBLIC) == "Allow"


def test_N_5_the_first_rule_that_matches_decides() -> None:
    web = guarded(deny("late", 200, ports="22"), rule("early", 100, ports="22"))
    assert web.inbound(PUBLIC, 22) == "Allow securityRules/early at subnet"
    assert web.outbound(PUBLIC, 22) == "Allow defaultSecurityRules/AllowInternetOutBound at subnet"


def test_N_5_of_two_rules_with_one_priority_nobody_knows_which_is_first() -> None:
    web = guarded(rule("a", 100, ports="22"), deny("b", 100, ports="20-30"))
    assert web.inbound(PUBLIC, 22) == "Unknown: semantics:N-5"
    assert web.inbound(PUBLIC, 21) == "Deny securityRules/b at subnet"


def test_N_6_a_protocol_meets_its_own_rules_only() -> None:
    web = guarded(rule("udp", 100, protocol="Udp"), rule("esp", 110, protocol="Esp"))
    assert web.inbound(PUBLIC, protocol="udp") == "Allow securityRules/udp at subnet"
    assert web.inbound(PUBLIC, protocol="esp") == "Allow securityRules/esp at subnet"
    assert web.inbound(PUBLIC) == "Deny defaultSecurityRules/DenyAllInBound at subnet"


def test_N_7_singular_and_plural_count_together() -> None:
    web = guarded(
        rule("odd", 100, PUBLIC, "22", sourceAddressPrefixes=["52.20.0.0/16"],
             destinationPortRanges=["80", "443"])
    )  # fmt: skip
    for port in (22, 80, 443):
        assert web.inbound(PUBLIC, port) == "Allow securityRules/odd at subnet"
    assert web.inbound("52.20.1.1", 80) == "Allow securityRules/odd at subnet"
    assert web.inbound("52.30.1.1", 80).startswith("Deny defaultSecurityRules/DenyAllInBound")


def test_N_9_zero_slash_zero_is_ipv4_only() -> None:
    six: Any = {"configuration": {"privateIPAddress": "fd00::4"}}
    web = asks(
        nsg(rule("four", 100, "0.0.0.0/0"), rule("any", 200, ports="22")),
        nic("web", **six),
        vnet(subnet(prefix="fd00::/64", nsg="nsg"), prefix="fd00::/48"),
        local="fd00::4",
    )
    assert web.inbound("2a01::1").startswith("Deny defaultSecurityRules/DenyAllInBound")
    assert web.inbound("2a01::1", 22) == "Allow securityRules/any at subnet"


def test_N_9b_source_ports_count() -> None:
    web = guarded(rule("dns", 100, protocol="Udp", sourcePortRange="53"))
    assert web.inbound(PUBLIC, protocol="udp", source=53) == "Allow securityRules/dns at subnet"
    assert web.inbound(PUBLIC, protocol="udp", source=54).startswith("Deny default")


def test_N_9c_a_rule_with_ports_may_match_what_has_none() -> None:
    web = guarded(deny("port", 100, ports="22"), rule("ping", 110, protocol="Icmp"))
    assert web.inbound(PUBLIC, protocol="icmp") == "Unknown: semantics:N-9c"
    assert web.inbound(PUBLIC, protocol="esp") == "Deny by one or another: semantics:N-9c"


def test_N_10_the_default_rules() -> None:
    web = guarded()
    assert web.inbound("10.0.9.9") == "Allow defaultSecurityRules/AllowVnetInBound at subnet"
    assert web.outbound("10.0.9.9") == "Allow defaultSecurityRules/AllowVnetOutBound at subnet"
    assert web.inbound(PUBLIC) == "Deny defaultSecurityRules/DenyAllInBound at subnet"
    assert web.outbound(PUBLIC) == "Allow defaultSecurityRules/AllowInternetOutBound at subnet"


def test_N_11_inbound_meets_the_subnet_first() -> None:
    web = both([deny("outer", 100)], [deny("inner", 100)])
    assert web.inbound(PUBLIC) == "Deny securityRules/outer at subnet"


def test_N_11_outbound_meets_the_nic_first() -> None:
    web = both([out_deny("outer", 100)], [out_deny("inner", 100)])
    assert web.outbound(PUBLIC) == "Deny securityRules/inner at networkInterface"


def test_N_11_both_must_allow() -> None:
    web = both([rule("outer", 100, ports="22")], [rule("inner", 100, ports="22-23")])
    assert web.inbound(PUBLIC, 22) == "Allow securityRules/inner at networkInterface"
    assert web.inbound(PUBLIC, 23) == "Deny defaultSecurityRules/DenyAllInBound at subnet"
    assert web.outbound(PUBLIC, 23) == "Allow defaultSecurityRules/AllowInternetOutBound at subnet"


def test_N_13_replies_need_no_rule_for_a_flow_is_judged_where_it_starts() -> None:
    web = guarded(out_deny("out", 100), rule("in", 100, ports="443"))
    assert web.inbound(PUBLIC) == "Allow securityRules/in at subnet"
    assert web.outbound(PUBLIC) == "Deny securityRules/out at subnet"


@pytest.mark.parametrize(
    ("remote", "port", "protocol"),
    [
        ("168.63.129.16", 53, "udp"),
        ("168.63.129.16", 53, "tcp"),
        ("168.63.129.16", 32526, "tcp"),
        ("169.254.169.254", 80, "tcp"),
        ("255.255.255.255", 67, "udp"),
    ],
)
def test_N_14_platform_traffic_passes_a_deny_of_everything(
    remote: str, port: int, protocol: str
) -> None:
    web = guarded(out_deny("all", 100), deny("all", 100))
    answer = web.answer(Direction.OUTBOUND, remote, port, protocol)
    assert (answer.access, answer.rule) == (Access.ALLOW, None)
    assert answer.verdicts[0].layers[0].platform
    assert web.inbound(remote, port, protocol) == "Deny securityRules/all at subnet"


def test_N_14_a_rule_that_names_the_tag_blocks_it() -> None:
    web = guarded(
        out_deny("dns", 100, "AzurePlatformDNS"), out_deny("imds", 110, "AzurePlatformIMDS")
    )
    assert web.outbound("168.63.129.16", 53, "udp") == "Deny securityRules/dns at subnet"
    assert web.outbound("169.254.169.254", 80) == "Deny securityRules/imds at subnet"
    assert web.outbound("168.63.129.16", 80) == "Allow"
    assert web.inbound("168.63.129.16", 53).startswith("Allow default")
    assert (
        web.outbound("9.9.9.9", 53) == "Allow defaultSecurityRules/AllowInternetOutBound at subnet"
    )


def test_N_15_probes_are_filtered() -> None:
    web = guarded(deny("all", 4096))
    assert web.inbound("168.63.129.16", 80) == "Deny securityRules/all at subnet"
    assert guarded().inbound("168.63.129.16", 80).startswith("Allow defaultSecurityRules/")


def test_N_19_the_load_balancer_is_the_probe_address_alone() -> None:
    web = guarded(rule("probe", 100, "AzureLoadBalancer"), deny("rest", 200))
    assert web.inbound("168.63.129.16") == "Allow securityRules/probe at subnet"
    assert web.inbound(PUBLIC) == "Deny securityRules/rest at subnet"


def test_N_28_a_tag_without_data_is_a_set_that_nobody_knows() -> None:
    web = guarded(rule("front", 100, "AzureFrontDoor.Backend", "443"))
    assert web.inbound(PUBLIC) == "Unknown: service-tag:azurefrontdoor.backend"
    assert web.inbound(PUBLIC, 80).startswith("Deny defaultSecurityRules/DenyAllInBound")
    assert web.inbound("10.200.0.1").startswith("Deny defaultSecurityRules/DenyAllInBound")


def test_N_28_a_region_lies_inside_its_tag() -> None:
    web = guarded(out("all", 100, "Storage"), out("west", 110, "Storage.WestEurope"),
                  out_deny("rest", 120))  # fmt: skip
    answer = web.answer(Direction.OUTBOUND, PUBLIC)
    names = {each.name for each in answer.verdicts[0].possible}
    assert names == {"securityRules/all", "securityRules/rest"}


def test_N_30_what_is_in_a_tag_and_in_internet_is_allowed_either_way() -> None:
    web = guarded(out("storage", 100, "Storage"))
    said = web.outbound(PUBLIC)
    assert said == "Allow by one or another: service-tag:storage"


def test_P_12_versions_do_not_mix() -> None:
    web = guarded()
    with pytest.raises(ValueError, match="two versions"):
        flow(web.network, web.nic, Direction.INBOUND, parse_address("10.0.0.4"),
             parse_address("fd00::4"), "tcp")  # fmt: skip


def test_N_4_a_group_that_is_not_there_is_no_missing_group() -> None:
    web = asks(nic("web", nsg="gone"), vnet(subnet()))
    assert web.inbound(PUBLIC) == "Unknown: collection-gap"
    assert web.outbound("10.0.0.9") == "Unknown: collection-gap"


def test_N_4_a_known_deny_decides_whatever_the_group_that_is_not_there_says() -> None:
    web = asks(nsg(deny("no", 100)), nic("web", nsg="gone"), vnet(subnet(nsg="nsg")))
    assert web.inbound(PUBLIC) == "Deny securityRules/no at subnet"
    assert web.outbound(PUBLIC) == "Unknown: collection-gap"


def test_N_2_a_group_that_claims_a_subnet_which_names_none() -> None:
    claim = [ref(arm_id(SUBNET, "vnet", "app"))]
    web = asks(nsg(deny("no", 100), subnets=claim), nic("web"), vnet(subnet()))
    assert web.inbound(PUBLIC) == "Unknown: collection-gap"


def test_U_2_a_subnet_that_is_not_there() -> None:
    assert asks(nic("web")).inbound(PUBLIC) == "Unknown: collection-gap"


def test_U_2_a_nic_that_tells_nothing() -> None:
    bare = nic("web")
    del bare["properties"]
    web = asks(bare, nsg(deny("no", 100)), vnet(subnet(nsg="nsg")))
    assert web.inbound(PUBLIC) == "Unknown: collection-gap"
    assert web.outbound("10.0.0.9") == "Unknown: collection-gap"


def test_a_rule_whose_source_is_not_told_is_unknown_where_it_counts() -> None:
    web = guarded(rule("odd", 100, ""), deny("no", 200, ports="22"))
    assert web.inbound(PUBLIC, 22) == "Unknown: collection-gap"
    assert web.inbound(PUBLIC, 22, "udp") == "Deny securityRules/no at subnet"


def test_any_port_tells_both_where_ports_differ() -> None:
    web = guarded(rule("web", 100, ports=["80", "443"]))
    answer = web.answer(Direction.INBOUND, PUBLIC, "*")
    assert answer.access is Access.MIXED
    told = {v.access: " ".join(str(ports[0]) for ports in v.ports) for v in answer.verdicts}
    assert told[Access.ALLOW] == "80, 443"
    assert guarded(rule("all", 100)).inbound(PUBLIC, "*") == "Allow securityRules/all at subnet"
    assert guarded().inbound(PUBLIC, "*").startswith("Deny defaultSecurityRules/DenyAllInBound")


def test_scale_set_model() -> None:
    configuration = {"name": "c", "properties": {"subnet": ref(arm_id(SUBNET, "vnet", "app"))}}
    model = {"name": "node", "properties": {"ipConfigurations": [configuration],
             "networkSecurityGroup": ref(arm_id(NSG, "inner"))}}  # fmt: skip
    profile = {"networkProfile": {"networkInterfaceConfigurations": [model]}}
    nodes = resource(SCALE_SET, "nodes", {"virtualMachineProfile": profile})
    web = asks(nodes, nsg(rule("in", 100, ports="22"), name="inner"), vnet(subnet()), nic="node")
    assert web.inbound(PUBLIC, 22) == "Allow securityRules/in at networkInterface"
    assert web.inbound(PUBLIC, 23).startswith("Deny default")


def test_who_decides_is_told_with_its_place() -> None:
    web = guarded(rule("a", 200), deny("b", 100))
    found = web.answer(Direction.INBOUND, PUBLIC).rule
    assert found is not None
    assert (found.resource, found.pointer) == (arm_id(NSG, "nsg"), "/properties/securityRules/1")
    assert (found.priority, found.id) == (100, f"{arm_id(NSG, 'nsg')}/securityRules/b")


def test_layers_are_told_each() -> None:
    web = both([rule("outer", 100)], [deny("inner", 100)])
    layers = web.answer(Direction.INBOUND, PUBLIC).verdicts[0].layers
    assert [(each.rule and each.rule.name, each.passes) for each in layers] == [
        ("securityRules/outer", True),
        ("securityRules/inner", False),
    ]


def test_N_44_private_endpoints_follow_their_subnets_policies() -> None:
    def asked(policy: str | None) -> Asked:
        more = {} if policy is None else {"privateEndpointNetworkPolicies": policy}
        endpoint = nic("web")
        endpoint["properties"]["privateEndpoint"] = ref(
            arm_id("Microsoft.Network/privateEndpoints", "pe")
        )
        return asks(nsg(deny("no", 100), out_deny("out", 100)), endpoint,
                    vnet(subnet(nsg="nsg", **more)))  # fmt: skip

    assert asked("Disabled").inbound(PUBLIC) == "Allow"  # N-48
    assert asked("RouteTableEnabled").inbound(PUBLIC) == "Allow"
    for policy in ("Enabled", "NetworkSecurityGroupEnabled"):
        assert asked(policy).inbound(PUBLIC) == "Deny securityRules/no at subnet"  # N-44
        assert asked(policy).outbound(PUBLIC) == "Allow"  # N-47
    assert asked(None).inbound(PUBLIC) == "Unknown: collection-gap"


def test_N_47_source_ports_mean_nothing_at_a_private_endpoint() -> None:
    endpoint = nic("web")
    rules = [deny("no", 100, sourcePortRange="53")]
    guards = vnet(subnet(nsg="nsg", privateEndpointNetworkPolicies="Enabled"))
    machine = asks(nsg(*rules), endpoint, guards)
    assert machine.inbound("10.0.0.9").startswith("Allow defaultSecurityRules/AllowVnetInBound")
    endpoint["properties"]["privateEndpoint"] = ref(
        arm_id("Microsoft.Network/privateEndpoints", "pe")
    )
    asked = asks(nsg(*rules), endpoint, guards)
    assert asked.inbound("10.0.0.9") == "Deny securityRules/no at subnet"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("AzureFirewallSubnet", "Allow"),
        ("AzureFirewallManagementSubnet", "Allow"),
        ("RouteServerSubnet", "Unknown: semantics:N-42"),
        ("GatewaySubnet", "Unknown: semantics:N-40"),
        ("AzureBastionSubnet", "Deny securityRules/no at subnet"),
    ],
)
def test_N_41_special_subnets(name: str, said: str) -> None:
    web = asks(nsg(deny("no", 100)), nic("web", subnet=name), vnet(subnet(name, nsg="nsg")))
    assert web.inbound(PUBLIC) == said
    assert web.outbound(PUBLIC).startswith(("Allow", "Unknown"))


def test_N_34_floating_addresses_are_no_members_for_sure() -> None:
    asg = "Microsoft.Network/applicationSecurityGroups"
    group = [ref(arm_id(asg, "web"))]
    to_group = {"destinationApplicationSecurityGroups": group, "destinationAddressPrefix": ""}
    web = asks(
        resource(asg, "web"),
        nsg(rule("web", 100, ports="443", **to_group)),
        nic("web", configuration={"applicationSecurityGroups": group}),
        vnet(subnet(nsg="nsg")),
    )
    assert web.inbound(PUBLIC) == "Allow securityRules/web at subnet"
    assert web.inbound(PUBLIC, local="20.1.1.1") == "Unknown: semantics:N-34"
