from __future__ import annotations

from typing import Any

from auditor.finding import Severity
from auditor.testing import arm_id, ask, estate, resource

from ..gateways import gateway, listener, pool, rule, told

POLICIES = "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies"
WEB = (listener("web"), rule("web", "web", pool="servers"), pool("servers", "10.0.2.4"))
ATTACHED: dict[str, Any] = {"firewallPolicy": {"id": arm_id(POLICIES, "waf")}}


def policy(mode: str, state: str = "Enabled") -> dict[str, Any]:
    return resource(POLICIES, "waf", {"policySettings": {"state": state, "mode": mode}})


def own(mode: str, **more: Any) -> dict[str, Any]:
    return {"webApplicationFirewallConfiguration": {"enabled": True, "firewallMode": mode, **more}}


def test_a_policy_in_detection_is_told() -> None:
    made = (gateway(*WEB, **ATTACHED), policy("Detection"))

    (finding,) = ask("WAF-002", estate(*made)).broken

    assert finding.subject == arm_id(POLICIES, "waf")
    assert finding.severity is None
    assert "attacks on agw-shop are logged" in finding.message
    assert finding.remedy.endswith(
        "policy-setting update --resource-group rg --policy-name waf --mode Prevention"
    )
    assert told(finding, *made)


def test_prevention_in_any_letter_case_is_kept() -> None:
    assert ask("WAF-002", estate(gateway(*WEB, **ATTACHED), policy("prevention"))).kept == 1
    assert ask("WAF-002", estate(gateway(*WEB, **own("PREVENTION")))).kept == 1


def test_a_policy_that_is_off_or_attached_to_nothing_is_not_told() -> None:
    assert ask("WAF-002", estate(gateway(*WEB, **ATTACHED), policy("Detection", "Disabled"))).kept
    alone = ask("WAF-002", estate(policy("Detection")))
    assert (alone.kept, alone.broken) == (0, [])


def test_a_gateways_own_configuration_in_detection_is_told() -> None:
    made = gateway(*WEB, **own("Detection"))
    (finding,) = ask("WAF-002", estate(made)).broken
    assert finding.subject == made["id"]
    assert "waf-config set" in finding.remedy
    assert told(finding, made)


def test_a_policy_takes_the_place_of_the_configuration() -> None:
    both = gateway(*WEB, **ATTACHED, **own("Detection"))
    answer = ask("WAF-002", estate(both, policy("Prevention")))
    assert (answer.kept, answer.broken) == (1, [])


def test_what_protects_private_listeners_only_is_milder() -> None:
    inside = (listener("web", frontend="private"), *WEB[1:])
    for made in (
        (gateway(*inside, **ATTACHED), policy("Detection")),
        (gateway(*inside, **own("Detection")),),
    ):
        assert ask("WAF-002", estate(*made)).broken[0].severity is Severity.MEDIUM


def test_a_front_door_policy_in_detection_is_told() -> None:
    edge = "Microsoft.Network/FrontDoorWebApplicationFirewallPolicies"
    settings = {"enabledState": "Enabled", "mode": "Detection"}
    made = resource(edge, "waf-edge", {"policySettings": settings})
    bound = resource(
        "Microsoft.Cdn/profiles/securityPolicies",
        "fd-shop/edge",
        {"parameters": {"wafPolicy": {"id": made["id"]}, "associations": []}},
    )
    (finding,) = ask("WAF-002", estate(made, bound)).broken
    assert finding.severity is None
    assert "network front-door waf-policy update" in finding.remedy


def test_a_policy_that_is_not_here_is_unknown() -> None:
    answer = ask("WAF-002", estate(gateway(*WEB, **ATTACHED)))
    assert (answer.kept, len(answer.unknown)) == (0, 1)
    assert arm_id(POLICIES, "waf") in answer.unknown[0].missing


def test_a_policy_that_tells_no_mode_is_unknown() -> None:
    silent = resource(POLICIES, "waf", {"policySettings": {"state": "Enabled"}})
    assert len(ask("WAF-002", estate(gateway(*WEB, **ATTACHED), silent)).unknown) == 1
