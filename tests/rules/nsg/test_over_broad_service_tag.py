from __future__ import annotations

import pytest

from auditor.finding import Severity
from auditor.testing import ask, estate

from ...exposed import deny, gateway, nsg, rule, subnet, vnet

APP = vnet(subnet(nsg="nsg"))


@pytest.mark.parametrize(
    ("tag", "broken"),
    [
        ("AzureCloud", True),
        ("azurecloud.westeurope", True),
        ("AppService", True),
        ("AzureCloudFoo", False),
        ("Storage", False),
        ("Internet", False),
        ("VirtualNetwork", False),
        ("GatewayManager", False),
    ],
)
def test_tags_that_stand_for_other_customers(tag: str, broken: bool) -> None:
    findings = ask("NSG-019", estate(nsg(rule("in", 100, tag, "443")), APP)).broken

    assert len(findings) == broken
    assert all(tag in finding.message for finding in findings)


def test_the_message_says_where() -> None:
    (finding,) = ask("NSG-019", estate(nsg(rule("in", 100, "AzureCloud", "443")), APP)).broken

    assert finding.message == (
        "in of nsg admits AzureCloud, which other customers send from, to TCP 443 at vnet/app"
    )


def test_front_door_before_a_gateway_is_as_documented() -> None:
    own = subnet("gateway", "10.0.1.0/24", nsg="nsg")
    door = rule("door", 100, "AzureFrontDoor.Backend", "443")

    assert ask("NSG-019", estate(nsg(door), vnet(own), gateway())).broken == []
    assert ask("NSG-019", estate(nsg(door), APP)).names == ["door"]


def test_a_tag_that_an_earlier_rule_denies_is_kept() -> None:
    rules = deny("no", 100, "AzureCloud"), rule("in", 110, "AzureCloud.westeurope", "443")

    assert ask("NSG-019", estate(nsg(*rules), APP)).broken == []


def test_the_tags_are_a_parameter() -> None:
    network = estate(nsg(rule("in", 100, "Storage", "443")), APP)

    assert ask("NSG-019", network, tags=("Storage",)).names == ["in"]


def test_a_group_that_stands_before_nothing_is_medium() -> None:
    (finding,) = ask(
        "NSG-019", estate(nsg(rule("in", 100, "AzureCloud", "443")), vnet(subnet()))
    ).broken

    assert finding.severity is Severity.MEDIUM


def test_an_untold_deny_before_it_makes_it_unknown() -> None:
    network = estate(
        nsg(deny("maybe", 100), rule("in", 200, "AzureCloud", "443")),
        unresolved=(("/properties/securityRules/0/properties/sourceAddressPrefix", "x"),),
    )

    answer = ask("NSG-019", network)
    assert (len(answer.unknown), answer.broken) == (1, [])
