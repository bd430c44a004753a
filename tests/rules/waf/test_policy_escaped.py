from __future__ import annotations

from typing import Any

import pytest

from auditor.finding import Severity
from auditor.testing import arm_id, ask, estate, resource

from ..gateways import gateway, listener, part_id, path_map, pool, ref, rule, told

POLICIES = "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies"
MANAGED = {"managedRuleSets": [{"ruleSetType": "OWASP", "ruleSetVersion": "3.2"}]}
SETTING = (
    "network application-gateway waf-policy policy-setting update --resource-group rg "
    "--policy-name waf-soap --state Enabled --mode Prevention"
)
RULES = (
    "network application-gateway waf-policy managed-rule rule-set add --resource-group rg "
    "--policy-name waf-soap --type OWASP --version 3.2"
)
SERVERS = pool("servers", "10.0.2.4")


def policy(
    name: str, mode: str = "Prevention", state: str = "Enabled", managed: Any = MANAGED
) -> dict[str, Any]:
    settings = {"state": state, "mode": mode}
    return resource(POLICIES, name, {"policySettings": settings, "managedRules": managed})


def by(name: str) -> dict[str, Any]:
    return {"firewallPolicy": {"id": arm_id(POLICIES, name)}}


def made(frontend: str = "public", **gateway_more: Any) -> dict[str, Any]:
    exception = listener("soap", frontend=frontend, **by("waf-soap"))
    return gateway(
        exception, rule("soap", "soap", pool="servers"), SERVERS, **(gateway_more or by("waf"))
    )


@pytest.mark.parametrize(
    ("exception", "words", "proof", "remedy"),
    [
        (policy("waf-soap", state="Disabled"), "is switched off", "Disabled", SETTING),
        (policy("waf-soap", "Detection"), "only detects", "Detection", SETTING),
        (
            policy("waf-soap", managed={"managedRuleSets": []}),
            "has no managed rules",
            "no rule set",
            RULES,
        ),
        (
            policy(
                "waf-soap",
                managed={"managedRuleSets": [{"ruleSetType": "Microsoft_BotManagerRuleSet"}]},
            ),
            "has no managed rules",
            "Microsoft_BotManagerRuleSet",
            RULES,
        ),
        (
            policy("waf-soap", state="Disabled", managed={"managedRuleSets": []}),
            "is switched off",
            "Disabled",
            f"{SETTING} && az {RULES}",
        ),
    ],
)
def test_a_weaker_policy_on_a_listener_is_told(
    exception: dict[str, Any], words: str, proof: str, remedy: str
) -> None:
    (finding,) = ask("WAF-004", estate(made(), policy("waf"), exception)).broken

    assert finding.subject == part_id("httpListeners", "soap")
    assert f"its own policy waf-soap {words}" in finding.message
    assert finding.remedy == f"bring the policy up to the gateway's: az {remedy}"
    assert finding.evidence[1].value == proof
    assert told(finding, made(), exception)


def test_a_policy_as_strong_is_kept() -> None:
    assert ask("WAF-004", estate(made(), policy("waf"), policy("waf-soap"))).kept == 1
    both = (policy("waf", "Detection"), policy("waf-soap", "Detection"))
    assert ask("WAF-004", estate(made(), *both)).kept == 1


def test_a_gateway_without_firewall_is_for_another_rule() -> None:
    off = policy("waf", state="Disabled")
    assert ask("WAF-004", estate(made(), off, policy("waf-soap", "Detection"))).broken == []


def test_the_gateways_own_configuration_counts() -> None:
    own: dict[str, Any] = {
        "webApplicationFirewallConfiguration": {"enabled": True, "firewallMode": "Prevention"}
    }
    answer = ask("WAF-004", estate(made(**own), policy("waf-soap", "Detection")))
    assert answer.names == ["soap"]


def test_a_path_rule_may_escape_too() -> None:
    upload = {
        "paths": ["/upload/*"],
        "backendAddressPool": ref("backendAddressPools", "servers"),
        **by("waf-soap"),
    }
    gate = gateway(
        listener("web"),
        rule("web", "web", path_map="paths"),
        path_map(
            "paths",
            {"defaultBackendAddressPool": ref("backendAddressPools", "servers")},
            upload=upload,
        ),
        SERVERS,
        **by("waf"),
    )
    (finding,) = ask("WAF-004", estate(gate, policy("waf"), policy("waf-soap", "Detection"))).broken
    assert finding.message.startswith("The path rule upload of agw-shop")
    assert told(finding, gate, policy("waf-soap", "Detection"))


def test_a_private_listener_is_milder() -> None:
    network = estate(made("private"), policy("waf"), policy("waf-soap", "Detection"))
    assert ask("WAF-004", network).broken[0].severity is Severity.MEDIUM


def test_it_speaks_for_a_policy_that_only_such_listeners_use() -> None:
    network = estate(made(), policy("waf"), policy("waf-soap", "Detection"))

    assert ask("WAF-002", network).names == ["waf-soap"]
    assert ask("WAF-002", network, beside=["WAF-004"]).names == []
    shared = gateway(
        *(listener("web"), rule("web", "web", pool="servers"), SERVERS),
        name="agw-other",
        **by("waf-soap"),
    )
    wider = estate(made(), shared, policy("waf"), policy("waf-soap", "Detection"))
    assert ask("WAF-002", wider, beside=["WAF-004"]).names == ["waf-soap"]


def test_listeners_without_a_policy_and_gateways_without_waf_tier_are_not_judged() -> None:
    plain = gateway(listener("web"), rule("web", "web", pool="servers"), SERVERS, **by("waf"))
    assert ask("WAF-004", estate(plain, policy("waf"))).kept == 0
    tierless = made(**by("waf"), tier="Standard_v2")
    answer = ask("WAF-004", estate(tierless, policy("waf"), policy("waf-soap", "Detection")))
    assert (answer.kept, answer.broken) == (0, [])


def test_a_policy_that_is_not_here_is_unknown() -> None:
    assert len(ask("WAF-004", estate(made(), policy("waf"))).unknown) == 1
    assert len(ask("WAF-004", estate(made(), policy("waf-soap"))).unknown) == 1
