"""Security admin rules of network managers: before the groups, and never certain."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.effective_rules import Direction
from auditor.testing import arm_id, resource

from ....exposed import SUBNET, deny, nic, nsg, rule, subnet, vnet
from ....guarded import Asked, asks

CONFIGURATION = "Microsoft.Network/networkManagers/securityAdminConfigurations"
RULES = f"{CONFIGURATION}/ruleCollections/rules"
PUBLIC = "52.10.0.7"


def admin(name: str, access: str, port: str = "22", **more: Any) -> Any:
    settings = {
        "access": access, "direction": "Inbound", "priority": 10, "protocol": "Tcp",
        "sources": [{"addressPrefix": "*", "addressPrefixType": "IPPrefix"}],
        "destinations": [{"addressPrefix": "*", "addressPrefixType": "IPPrefix"}],
        "sourcePortRanges": ["0-65535"], "destinationPortRanges": [port], **more,
    }  # fmt: skip
    return resource(RULES, f"avnm/config/collection/{name}", settings, kind="Custom")


def managed(*admins: Any, group: Any = (), name: str = "app") -> Asked:
    return asks(
        resource("Microsoft.Network/networkManagers", "avnm"),
        resource(CONFIGURATION, "avnm/config"),
        resource(f"{CONFIGURATION}/ruleCollections", "avnm/config/collection"),
        *admins,
        nsg(*group),
        nic("web", subnet=name),
        vnet(subnet(name, nsg="nsg")),
    )


def test_N_50_a_deny_may_drop_what_the_groups_allow() -> None:
    web = managed(admin("no", "Deny"), group=[rule("ssh", 100)])
    assert web.inbound(PUBLIC, 22) == "Unknown: avnm-unknown"
    assert web.inbound(PUBLIC, 23) == "Allow securityRules/ssh at subnet"
    assert web.outbound(PUBLIC, 22).startswith("Allow defaultSecurityRules/AllowInternetOutBound")


def test_N_50_a_deny_changes_nothing_where_the_groups_deny_too() -> None:
    web = managed(admin("no", "Deny"), group=[deny("no", 100)])
    assert web.inbound(PUBLIC, 22) == "Deny by one or another: avnm-unknown"


def test_N_50_always_allow_skips_the_groups() -> None:
    web = managed(admin("yes", "AlwaysAllow"), group=[deny("no", 100)])
    assert web.inbound(PUBLIC, 22) == "Unknown: avnm-unknown"
    assert web.inbound(PUBLIC, 23) == "Deny securityRules/no at subnet"


def test_N_50_allow_goes_on_to_the_groups() -> None:
    web = managed(admin("ok", "Allow"), group=[deny("no", 100)])
    assert web.inbound(PUBLIC, 22) == "Deny securityRules/no at subnet"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("/subscriptions/s/networkGroups/ng", "NetworkGroup"),
        ("10.0.0.0/99", "IPPrefix"),
        ("10.0.0.0/8,172.16.0.0/12", "IPPrefix"),
    ],
)
def test_N_51_what_is_neither_prefix_nor_tag_is_not_told(text: str, kind: str) -> None:
    to_group = [{"addressPrefix": text, "addressPrefixType": kind}]
    web = managed(admin("no", "Deny", sources=to_group), group=[rule("ssh", 100)])
    answer = web.answer(Direction.INBOUND, PUBLIC, 22)
    assert {reason.label for reason in answer.reasons} == {"avnm-unknown", "collection-gap"}


def test_N_52_rules_of_one_collection_are_deployed_together() -> None:
    both = [admin("yes", "AlwaysAllow", priority=5), admin("no", "Deny")]
    web = managed(*both, group=[rule("ssh", 100)])
    assert web.inbound(PUBLIC, 22) == "Allow by one or another: avnm-unknown"


@pytest.mark.parametrize("name", ["AzureBastionSubnet", "AzureFirewallSubnet", "GatewaySubnet"])
def test_N_53_subnets_that_admin_rules_do_not_apply_to(name: str) -> None:
    web = managed(admin("no", "Deny"), group=[rule("ssh", 100)], name=name)
    answer = web.answer(Direction.INBOUND, PUBLIC, 22)
    assert "avnm-unknown" not in {reason.label for reason in answer.reasons}


@pytest.mark.parametrize(
    ("frontend", "applies"),
    [
        ({"publicIPAddress": {"id": arm_id("Microsoft.Network/publicIPAddresses", "p")}}, False),
        ({"privateIPAddress": "10.0.0.9"}, True),
    ],
)
def test_N_53_subnets_of_gateways_without_isolation(frontend: Any, applies: bool) -> None:
    gateway = resource(
        "Microsoft.Network/applicationGateways",
        "agw",
        {
            "sku": {"tier": "WAF_v2"},
            "frontendIPConfigurations": [{"name": "front", "properties": frontend}],
            "gatewayIPConfigurations": [
                {"name": "home", "properties": {"subnet": {"id": arm_id(SUBNET, "vnet", "app")}}}
            ],
        },
    )
    web = managed(admin("no", "Deny"), gateway, group=[rule("ssh", 100)])
    allowed = "Allow securityRules/ssh at subnet"
    assert web.inbound(PUBLIC, 22) == ("Unknown: avnm-unknown" if applies else allowed)


def test_a_rule_without_a_priority_leaves_everything_open() -> None:
    web = managed(admin("no", "Deny", priority=None), group=[rule("ssh", 100)])
    assert web.inbound(PUBLIC, 22) == "Unknown: collection-gap"


@pytest.mark.parametrize("group", [rule("ssh", 100), deny("no", 100)], ids=["allowed", "denied"])
@pytest.mark.parametrize("untold", ["access", "priority", "direction"])
def test_N_50_a_rule_that_tells_nothing_may_be_always_allow(group: Any, untold: str) -> None:
    silent = admin("any", "Deny")
    del silent["properties"][untold]
    web = managed(silent, group=[group])
    assert web.inbound(PUBLIC, 22) == "Unknown: collection-gap"
    if untold == "direction":
        assert web.outbound(PUBLIC, 22) == "Unknown: collection-gap"


def test_what_an_admin_rule_does_not_tell_concerns_its_direction_alone() -> None:
    web = managed(admin("no", "Deny", direction="Outbound", priority=None), group=[rule("in", 100)])
    assert web.inbound(PUBLIC, 22) == "Allow securityRules/in at subnet"
    assert web.outbound(PUBLIC, 22) == "Unknown: collection-gap"
