from __future__ import annotations

from typing import Any

import pytest

from auditor.snapshot.document import OWN_SHAPE
from auditor.testing import arm_id, ask, estate, resource

from ..gateways import gateway, listener, pool, ref, rule, told

POLICIES = "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies"
WEB = (listener("web"), rule("web", "web", pool="servers"), pool("servers", "10.0.2.4"))


def policy(name: str = "waf", state: str = "Enabled", mode: str = "Prevention") -> dict[str, Any]:
    return resource(POLICIES, name, {"policySettings": {"state": state, "mode": mode}})


def attached(name: str = "waf") -> dict[str, Any]:
    return {"firewallPolicy": {"id": arm_id(POLICIES, name)}}


OWN: dict[str, Any] = {
    "webApplicationFirewallConfiguration": {"enabled": True, "firewallMode": "Detection"}
}


@pytest.mark.parametrize("tier", ["Standard_v2", "Standard", "Basic"])
def test_a_50_a_tier_without_waf_is_told(tier: str) -> None:
    made = gateway(*WEB, tier=tier, **attached())

    (finding,) = ask("WAF-001", estate(made, policy())).broken

    assert f"on web without a web application firewall: its tier {tier} has none" in finding.message
    assert "agw-shop" in finding.remedy
    assert told(finding, made)


def test_a_gateway_without_a_policy_is_given_one() -> None:
    (finding,) = ask("WAF-001", estate(gateway(*WEB, tier="Standard_v2"))).broken
    assert finding.remedy == (
        "move the gateway to the tier WAF_v2, with a WAF policy: "
        "az network application-gateway waf-policy create --resource-group rg --name agw-shop-waf "
        "&& az network application-gateway waf-policy policy-setting update --resource-group rg "
        "--policy-name agw-shop-waf --state Enabled --mode Prevention "
        "&& az network application-gateway update --resource-group rg --name agw-shop "
        "--set sku.tier=WAF_v2 sku.name=WAF_v2 "
        f"firewallPolicy.id={arm_id(POLICIES, 'agw-shop-waf')}"
    )
    (finding,) = ask("WAF-001", estate(gateway(*WEB))).broken
    assert finding.remedy.startswith("attach a WAF policy: az ")
    assert "sku." not in finding.remedy


def test_a_policy_without_a_tier_that_heeds_it_is_kept() -> None:
    made = gateway(*WEB, tier="Standard_v2", **attached())
    moved = "az network application-gateway update --resource-group rg --name agw-shop"
    (finding,) = ask("WAF-001", estate(made, policy())).broken
    assert finding.remedy == (
        f"move the gateway to the tier WAF_v2: {moved} --set sku.tier=WAF_v2 sku.name=WAF_v2"
    )
    (finding,) = ask("WAF-001", estate(made, policy(state="Disabled"))).broken
    assert "--policy-name waf --state Enabled --mode Prevention && az" in finding.remedy


def test_a_tier_without_waf_is_told_whatever_policy_is_named() -> None:
    named = gateway(*WEB, tier="Standard_v2", **attached())
    (finding,) = ask("WAF-001", estate(named)).broken
    assert finding.remedy.endswith("--set sku.tier=WAF_v2 sku.name=WAF_v2")
    blank = resource(POLICIES, "waf", {})
    assert len(ask("WAF-001", estate(named, blank)).broken) == 1


@pytest.mark.parametrize("tier", ["Standard", "WAF"])
def test_a_gateway_of_v1_is_never_set_to_a_tier_of_v2(tier: str) -> None:
    (finding,) = ask("WAF-001", estate(gateway(*WEB, tier=tier))).broken
    assert finding.remedy.startswith("migrate agw-shop to v2, of tier WAF_v2 with a WAF policy")
    assert "sku." not in finding.remedy
    inside = "waf-config set --resource-group rg --gateway-name agw-shop --enabled true"
    assert (inside in finding.remedy) is (tier == "WAF")
    assert ("--rule-set-version 3.0" in finding.remedy) is (tier == "WAF")


def test_no_policy_and_no_configuration_is_told() -> None:
    made = gateway(*WEB)
    (finding,) = ask("WAF-001", estate(made)).broken
    assert "it has no WAF policy" in finding.message
    assert told(finding, made)


def test_a_policy_or_a_configuration_that_is_on_keeps_it() -> None:
    assert ask("WAF-001", estate(gateway(*WEB, **attached()), policy())).kept == 1
    assert ask("WAF-001", estate(gateway(*WEB, **OWN))).kept == 1
    assert ask("WAF-001", estate(gateway(*WEB, tier="WAF", **OWN))).kept == 1


def test_a_policy_or_a_configuration_that_is_off_is_told() -> None:
    (off,) = ask("WAF-001", estate(gateway(*WEB, **attached()), policy(state="Disabled"))).broken
    assert "its WAF policy waf is switched off" in off.message
    assert "policy-setting update" in off.remedy
    disabled: dict[str, Any] = {"webApplicationFirewallConfiguration": {"enabled": False}}
    assert len(ask("WAF-001", estate(gateway(*WEB, **disabled))).broken) == 1


def test_a_configuration_that_does_not_say_whether_it_is_on_is_unknown() -> None:
    silent: dict[str, Any] = {"webApplicationFirewallConfiguration": {"firewallMode": "Prevention"}}
    for question in ("WAF-001", "WAF-002"):
        answer = ask(question, estate(gateway(*WEB, **silent)))
        assert (answer.kept, answer.broken) == (0, [])
        assert [each.missing for each in answer.unknown] == [
            "whether the WAF inside agw-shop is enabled"
        ]


def test_a_policy_goes_before_the_configuration() -> None:
    both = gateway(*WEB, **attached(), **OWN)
    assert len(ask("WAF-001", estate(both, policy(state="Disabled"))).broken) == 1


def test_policies_on_every_listener_protect_a_gateway_without_one() -> None:
    own = listener("web", **attached())
    other = (listener("api", port=8443), rule("api", "api", pool="servers"))

    assert ask("WAF-001", estate(gateway(own, *WEB[1:]), policy())).broken == []
    (finding,) = ask("WAF-001", estate(gateway(own, *WEB[1:], *other), policy())).broken
    assert "on api without" in finding.message


def test_private_gateways_tcp_listeners_and_unused_ones_are_no_entries() -> None:
    for parts in (
        (listener("web", frontend="private"), *WEB[1:]),
        (listener("web"),),
        (listener("web", protocol="Tcp"), *WEB[1:]),
    ):
        answer = ask("WAF-001", estate(gateway(*parts)))
        assert (answer.kept, answer.broken) == (0, [])


def test_a_policy_that_is_not_here_leaves_it_unknown() -> None:
    answer = ask("WAF-001", estate(gateway(*WEB, **attached())))
    assert (answer.kept, answer.broken) == (0, [])
    assert arm_id(POLICIES, "waf") in answer.unknown[0].missing


def test_a_policy_that_tells_no_state_leaves_it_unknown() -> None:
    silent = resource(POLICIES, "waf", {"managedRules": {}})
    assert len(ask("WAF-001", estate(gateway(*WEB, **attached()), silent)).unknown) == 1


def test_a_frontend_that_is_not_here_leaves_it_unknown() -> None:
    lost = listener("web", frontendIPConfiguration=ref("frontendIPConfigurations", "gone"))
    assert len(ask("WAF-001", estate(gateway(lost, *WEB[1:]))).unknown) == 1


EDGE = "Microsoft.Network/FrontDoorWebApplicationFirewallPolicies"
SHOP = arm_id("Microsoft.Cdn/profiles/afdEndpoints", "fd-shop", "shop")


def front_door(*protected: str) -> tuple[dict[str, Any], ...]:
    domain = arm_id("Microsoft.Cdn/profiles/customDomains", "fd-shop", "www")
    return (
        resource("Microsoft.Cdn/profiles", "fd-shop", sku={"name": "Premium_AzureFrontDoor"}),
        resource(
            "Microsoft.Cdn/profiles/afdEndpoints", "fd-shop/shop", {"hostName": "shop.azurefd.net"}
        ),
        resource(
            "Microsoft.Cdn/profiles/afdEndpoints/routes",
            "fd-shop/shop/all",
            {"customDomains": [{"id": domain}]},
        ),
        resource(
            "Microsoft.Cdn/profiles/customDomains",
            "fd-shop/www",
            {"hostName": "www.contoso.example"},
        ),
        resource(
            "Microsoft.Cdn/profiles/securityPolicies",
            "fd-shop/edge",
            {
                "parameters": {
                    "type": "WebApplicationFirewall",
                    "wafPolicy": {"id": arm_id(EDGE, "waf-edge")},
                    "associations": [{"domains": [{"id": each} for each in protected]}],
                }
            },
        ),
    )


def edge_policy(state: str = "Enabled") -> dict[str, Any]:
    settings = {"enabledState": state, "mode": "Prevention"}
    return resource(EDGE, "waf-edge", {"policySettings": settings})


def test_a_front_door_host_that_no_security_policy_names_is_told() -> None:
    made = front_door(SHOP)

    (finding,) = ask("WAF-001", estate(*made, edge_policy())).broken

    assert "www.contoso.example answers the internet without" in finding.message
    assert told(finding, *made)


def test_a_front_door_policy_that_is_off_protects_nothing() -> None:
    answer = ask("WAF-001", estate(*front_door(SHOP), edge_policy("Disabled")))
    assert answer.names == ["shop", "www"]


def test_a_snapshot_without_any_security_policy_leaves_front_door_unknown() -> None:
    answer = ask("WAF-001", estate(*front_door()[:-1]))
    assert (answer.broken, len(answer.unknown)) == ([], 2)


def test_a_disabled_endpoint_and_an_unused_domain_are_no_entries() -> None:
    profile, endpoint, _, domain, security = front_door()
    endpoint["properties"]["enabledState"] = "Disabled"
    answer = ask("WAF-001", estate(profile, endpoint, domain, security))
    assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])


@pytest.mark.parametrize("linked", [True, False])
def test_a_classic_front_door_endpoint_needs_a_link(linked: bool) -> None:
    link = {"webApplicationFirewallPolicyLink": {"id": arm_id(EDGE, "waf-edge")}} if linked else {}
    classic = resource(
        "Microsoft.Network/frontDoors",
        "fd-old",
        {"frontendEndpoints": [{"name": "web", "properties": {"hostName": "x.example", **link}}]},
    )
    assert (ask("WAF-001", estate(classic, edge_policy())).broken == []) is linked


@pytest.mark.parametrize(
    ("sku", "unknown"),
    [("Premium_AzureFrontDoor", 1), ("Standard_AzureFrontDoor", 1), ("Standard_Microsoft", 0)],
)
def test_a_profile_without_endpoints_is_not_told(sku: str, unknown: int) -> None:
    profile = resource("Microsoft.Cdn/profiles", "fd-shop", sku={"name": sku})
    answer = ask("WAF-001", estate(profile))
    assert (answer.kept, answer.broken, len(answer.unknown)) == (0, [], unknown)
    for each in answer.unknown:
        assert each.subject == profile["id"]
        assert "az afd endpoint list --resource-group rg --profile-name fd-shop" in each.remedy


def test_a_profile_that_was_asked_for_its_endpoints_and_has_none_is_no_entry() -> None:
    profile = resource("Microsoft.Cdn/profiles", "fd-shop", sku={"name": "Premium_AzureFrontDoor"})
    assert not ask("WAF-001", estate(profile, shape=OWN_SHAPE)).unknown
