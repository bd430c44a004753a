from __future__ import annotations

from typing import Any

import pytest

from auditor.finding import Severity
from auditor.network.graph import Network
from auditor.testing import Answer, arm_id, ask, estate, resource

from ...exposed import GATEWAY, nic, nsg, pip, rule, subnet, vnet
from ...reaching import app_gateway, ref

ORIGIN = "Microsoft.Cdn/profiles/originGroups/origins"
POLICY = "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies"
HOST = "shop.westeurope.cloudapp.azure.com"
EVERYONE = rule("web", 100, "Internet", "443")
EDGE = rule("edge", 100, "AzureFrontDoor.Backend", "443")
OFFICE = rule("office", 110, "198.51.100.0/24", "443")


def custom(selector: str = "X-Azure-FDID", **more: Any) -> dict[str, Any]:
    variable = {"variableName": "RequestHeaders", "selector": selector}
    condition = {"matchVariables": [variable], "operator": "Equal", "negationConditon": True}
    return {"name": "fdid", "action": "Block", "matchConditions": [condition], **more}


def asked(
    *rules: Any, checks: Any = (), host: str = HOST, beside: Any = (), **origin: Any
) -> Answer:
    """Gateway agw at 20.50.1.2, whose WAF has these custom rules, as origin of a Front Door."""
    gateway = app_gateway(firewallPolicy=ref(POLICY, "waf"))
    address = pip("pip", settings={"dnsSettings": {"fqdn": HOST}})
    network: Network = estate(
        nsg(*rules),
        nic("nic-web"),
        address,
        gateway,
        resource(POLICY, "waf", {"customRules": list(checks)}),
        resource("Microsoft.Cdn/profiles", "door"),
        resource(
            ORIGIN, "door/group/shop", {"hostName": host, "enabledState": "Enabled", **origin}
        ),
        *beside,
        vnet(subnet(), subnet("gw", "10.0.1.0/26", nsg="nsg")),
    )
    return ask("GW-029", network)


@pytest.mark.parametrize("host", [HOST, HOST.upper(), "20.50.1.2"])
def test_a_gateway_that_answers_everyone(host: str) -> None:
    (finding,) = asked(EVERYONE, checks=[custom()], host=host).broken

    assert finding.subject == arm_id(GATEWAY, "agw")
    assert finding.key == "anyone"
    assert "(tcp 1.0.0.4 to 20.50.1.2:443" in finding.message
    assert finding.evidence[0].pointer == "/properties/hostName"


def test_the_edge_alone_with_the_header_is_kept() -> None:
    assert asked(EDGE, checks=[custom()]).kept == 1


def test_an_office_beside_the_edge_was_let_in_on_purpose() -> None:
    assert asked(EDGE, OFFICE, checks=[custom()]).kept == 1


@pytest.mark.parametrize("checks", [(), [custom("X-Forwarded-For")], [custom(state="Disabled")]])
def test_N_27_the_tag_without_the_header_lets_every_front_door_in(checks: Any) -> None:
    (finding,) = asked(EDGE, checks=checks).broken

    assert finding.key == "header"
    assert finding.severity is Severity.MEDIUM


def test_the_header_in_any_letters() -> None:
    assert asked(EDGE, checks=[custom("x-azure-fdid")]).kept == 1


def test_an_origin_over_private_link_needs_neither() -> None:
    link = {"privateLink": {"id": "/x"}}

    answer = asked(EVERYONE, sharedPrivateLinkResource=link)

    assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])


def test_an_origin_that_is_off_or_elsewhere_is_not_judged() -> None:
    assert asked(EVERYONE, enabledState="Disabled").broken == []
    assert asked(EVERYONE, host="elsewhere.example").broken == []


def test_a_policy_that_is_not_in_the_snapshot_says_nothing_about_the_header() -> None:
    gone = resource(POLICY, "other")

    assert asked(EDGE, checks=[custom()], beside=[gone]).broken == []


def test_another_tag_in_doubt_is_unknown() -> None:
    answer = asked(rule("cloud", 90, "AzureCloud", "443", access="Deny"), EVERYONE)

    assert [each.key for each in answer.broken] == []
    assert "answers clients outside Front Door: service-tag:azurecloud" in answer.unknown[0].missing
