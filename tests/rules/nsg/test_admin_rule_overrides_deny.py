from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import arm_id, ask, estate, resource

from ...exposed import NSG, VNET, deny, gateway, nic, nsg, rule, subnet, vnet
from ...guarded import out_deny

MANAGER = "Microsoft.Network/networkManagers"
CONFIGURATION = f"{MANAGER}/securityAdminConfigurations"
COLLECTION = f"{CONFIGURATION}/ruleCollections"
RULE = f"{COLLECTION}/rules"
GROUP = f"{MANAGER}/networkGroups"
ALL = deny("all", 4096)
HERE = arm_id(VNET, "vnet")


def always(name: str = "scan", source: str = "10.9.0.0/16", port: str = "22", **more: Any) -> Any:
    settings = {
        "access": "AlwaysAllow", "direction": "Inbound", "priority": 10, "protocol": "Tcp",
        "sources": [{"addressPrefix": source, "addressPrefixType": "IPPrefix"}],
        "destinations": [{"addressPrefix": "*", "addressPrefixType": "IPPrefix"}],
        "sourcePortRanges": ["0-65535"], "destinationPortRanges": [port], **more,
    }  # fmt: skip
    return resource(RULE, f"avnm/config/rules/{name}", settings, kind="Custom")


def managed(
    *rules: Any,
    groups: Any = ("all",),
    members: Any = (HERE,),
    services: Any = None,
) -> list[Any]:
    to = [{"networkGroupId": arm_id(GROUP, "avnm", each)} for each in groups]
    configured = {} if services is None else {
        "applyOnNetworkIntentPolicyBasedServices": services}  # fmt: skip
    return [
        resource(MANAGER, "avnm"),
        resource(CONFIGURATION, "avnm/config", configured),
        resource(COLLECTION, "avnm/config/rules", {"appliesToGroups": to}),
        resource(GROUP, "avnm/all"),
        *(
            resource(f"{GROUP}/staticMembers", f"avnm/all/m{n}", {"resourceId": each})
            for n, each in enumerate(members)
        ),
        *rules,
    ]


def app(*rules: Any, **settings: Any) -> list[Any]:
    return [nsg(*rules), vnet(subnet(nsg="nsg", **settings))]


def test_N_50_what_a_group_denies_and_a_rule_always_allows() -> None:
    network = estate(*managed(always()), *app(rule("web", 100, ports="443"), ALL))
    (finding,) = ask("NSG-025", network).broken

    assert finding.subject == arm_id(RULE, "avnm", "config", "rules", "scan")
    assert finding.message == (
        "scan, if it is deployed as written, lets tcp 10.9.0.4 to 10.0.0.4:22 "
        "past nsg at vnet/app, which denies it by all"
    )
    assert "--network-manager-name avnm --configuration-name config" in finding.remedy
    assert "--rule-collection-name rules --rule-name scan" in finding.remedy
    assert finding.evidence[1].pointer == "/properties/securityRules/1/properties/access"
    assert arm_id(NSG, "nsg") in finding.related


def test_N_10_the_default_rules_deny_too() -> None:
    assert ask("NSG-025", estate(*managed(always(source="Internet")), *app())).names == ["scan"]
    assert ask("NSG-025", estate(*managed(always(source="10.0.0.0/16")), *app())).kept == 1


@pytest.mark.parametrize(
    ("group", "broken"),
    [
        ([rule("ssh", 100, "10.9.0.0/16", "22"), ALL], 0),
        ([rule("ssh", 100, "10.9.0.0/17", "22"), ALL], 1),
        ([rule("all", 100), ALL], 0),
        ([deny("other", 90, ports="23"), rule("all", 100)], 0),
    ],
)
def test_what_the_group_allows_is_no_override(group: Any, broken: int) -> None:
    assert len(ask("NSG-025", estate(*managed(always()), *app(*group))).broken) == broken


@pytest.mark.parametrize("access", ["Allow", "Deny"])
def test_N_50_only_always_allow_is_final(access: str) -> None:
    answer = ask("NSG-025", estate(*managed(always(access=access)), *app(ALL)))
    assert (answer.broken, answer.unknown) == ([], [])


def test_what_an_earlier_admin_rule_decides_is_not_the_rules() -> None:
    no = always("no", "10.0.0.0/8", access="Deny", priority=5)
    assert ask("NSG-025", estate(*managed(always(), no), *app(ALL))).broken == []
    late = always("no", "10.0.0.0/8", access="Deny", priority=15)
    assert ask("NSG-025", estate(*managed(always(), late), *app(ALL))).names == ["scan"]


def test_outbound_rules_are_judged_too() -> None:
    out = always(direction="Outbound", source="*")
    yes = out_deny("yes", 100, access="Allow")
    network = estate(*managed(out), *app(out_deny("no", 100)))
    (finding,) = ask("NSG-025", network).broken
    assert "past nsg at vnet/app, which denies it by no" in finding.message
    assert ask("NSG-025", estate(*managed(out), *app(ALL, yes))).kept == 1


def test_a_group_of_a_nic_counts() -> None:
    network = estate(*managed(always()), nsg(ALL), nic("web", nsg="nsg"), vnet(subnet()))
    (finding,) = ask("NSG-025", network).broken
    assert "past nsg at web" in finding.message


def test_no_group_denies_nothing() -> None:
    assert ask("NSG-025", estate(*managed(always()), vnet(subnet()))).kept == 1


def test_N_54_networks_that_are_no_members_are_left_alone() -> None:
    elsewhere = managed(always(), members=[arm_id(VNET, "other")])
    network = estate(*elsewhere, *app(ALL), vnet(name="other", prefix="10.8.0.0/16"))
    assert ask("NSG-025", network).kept == 1


def test_a_collection_without_groups_is_for_nobody() -> None:
    assert ask("NSG-025", estate(*managed(always(), groups=[]), *app(ALL))).kept == 1


def test_N_54_a_group_that_a_policy_fills_is_unknown() -> None:
    answer = ask("NSG-025", estate(*managed(always(), members=[]), *app(ALL)))
    assert (answer.kept, answer.broken, len(answer.unknown)) == (0, [], 1)
    assert "whether a policy puts vnet into its network groups" in answer.unknown[0].missing

    kept = estate(*managed(always(), members=[]), *app(rule("all", 100, protocol="*")))
    assert ask("NSG-025", kept).kept == 1


def test_a_member_that_is_not_in_the_snapshot_is_unknown() -> None:
    absent = managed(always(), members=[arm_id(VNET, "gone")])
    answer = ask("NSG-025", estate(*absent, *app(ALL)))
    assert (answer.kept, answer.broken, len(answer.unknown)) == (0, [], 1)


def test_a_subnet_as_a_member_leaves_its_network_in_doubt() -> None:
    one = managed(always(), members=[arm_id(f"{VNET}/subnets", "vnet", "app")])
    answer = ask("NSG-025", estate(*one, *app(ALL)))
    assert (answer.kept, answer.broken, len(answer.unknown)) == (0, [], 1)


@pytest.mark.parametrize(
    ("service", "configured", "broken"),
    [
        ("Microsoft.Sql/managedInstances", None, 0),
        ("Microsoft.Databricks/workspaces", ["None"], 0),
        ("Microsoft.Sql/managedInstances", ["AllowRulesOnly"], 1),
        ("Microsoft.Web/serverFarms", None, 1),
    ],
)
def test_N_53_networks_that_admin_rules_leave_alone(
    service: str, configured: Any, broken: int
) -> None:
    delegations = [{"name": "d", "properties": {"serviceName": service}}]
    network = estate(
        *managed(always(), services=configured),
        nsg(ALL),
        vnet(subnet(nsg="nsg"), subnet("db", "10.0.2.0/24", delegations=delegations)),
    )
    assert len(ask("NSG-025", network).broken) == broken


@pytest.mark.parametrize("name", ["AzureBastionSubnet", "AzureFirewallSubnet", "GatewaySubnet"])
def test_N_53_subnets_of_the_platform(name: str) -> None:
    network = estate(*managed(always()), nsg(ALL), vnet(subnet(name, nsg="nsg")))
    assert ask("NSG-025", network).kept == 1


@pytest.mark.parametrize(
    ("tier", "public", "answer"),
    [
        ("WAF_v2", True, (1, 0, 0)),
        ("WAF", True, (1, 0, 0)),
        ("WAF_v2", False, (0, 1, 0)),
        (None, True, (1, 0, 0)),
        (None, False, (0, 0, 1)),
    ],
)
def test_N_53_the_subnet_of_an_application_gateway(
    tier: Any, public: bool, answer: tuple[int, int, int]
) -> None:
    agw = gateway(public=public)
    if tier is not None:
        agw["properties"]["sku"] = {"name": tier, "tier": tier}
    network = estate(*managed(always()), nsg(ALL), agw, vnet(subnet("gateway", nsg="nsg")))
    found = ask("NSG-025", network)
    assert (found.kept, len(found.broken), len(found.unknown)) == answer


def test_a_member_whose_subnets_are_not_told_is_unknown() -> None:
    bare = vnet()
    del bare["properties"]["subnets"]
    network = estate(
        *managed(always()), bare, unresolved=(("/properties/subnets", "an expression"),)
    )
    found = ask("NSG-025", network)
    assert (found.kept, found.broken, len(found.unknown)) == (0, [], 1)


def test_sources_that_are_a_network_group_are_unknown() -> None:
    who = [{"addressPrefix": arm_id(GROUP, "avnm", "all"), "addressPrefixType": "NetworkGroup"}]
    answer = ask("NSG-025", estate(*managed(always(sources=who)), *app(ALL)))
    assert (answer.kept, answer.broken, len(answer.unknown)) == (0, [], 1)


@pytest.mark.parametrize("untold", ["access", "direction", "priority"])
def test_a_rule_that_does_not_tell_its_place_is_unknown(untold: str) -> None:
    silent = always()
    del silent["properties"][untold]
    answer = ask("NSG-025", estate(*managed(silent), *app(ALL)))
    assert (answer.kept, answer.broken, len(answer.unknown)) == (0, [], 1)


def test_rules_may_be_approved() -> None:
    network = estate(*managed(always()), *app(ALL))
    assert ask("NSG-025", network, allow=("*/RULES/scan",)).kept == 1
