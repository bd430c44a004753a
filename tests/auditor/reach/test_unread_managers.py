"""Lists of network managers that were not read: admin rules may decide otherwise (N-50, R-22)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.snapshot.document import OWN_SHAPE, Gap
from auditor.testing import SUBSCRIPTION, arm_id, ask, estate, resource

from ...exposed import deny, nic, nsg, pip, rule, subnet, vnet
from ...networks import nic as nic_in
from ...networks import vnet as net
from ...reaching import asked

MANAGERS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Network/networkManagers"
KIND = "Microsoft.Network/networkManagers"
AVNM = arm_id(KIND, "avnm")
JOINING = f"{AVNM}/connectivityConfigurations"
CONFIGURATIONS = f"{AVNM}/securityAdminConfigurations"
RULES = f"{CONFIGURATIONS}/config/ruleCollections/collection/rules"


def unread(subject: str, kind: str = "denied") -> tuple[Gap, ...]:
    return (Gap(kind, subject, "403"),)


def web(gaps: tuple[Gap, ...], *more: Any, **kind: Any) -> Network:
    """NIC web lets in HTTPS and denies the rest."""
    return estate(
        *more,
        nsg(rule("https", 100, ports="443"), deny("rest", 200)),
        nic("web", public="pip", nsg="nsg"),
        pip("pip"),
        vnet(subnet()),
        gaps=gaps,
        **kind,
    )


@pytest.mark.parametrize("subject", [MANAGERS, CONFIGURATIONS, RULES])
@pytest.mark.parametrize("kind", ["denied", "failed", "partial"])
def test_N_50_rules_that_were_not_read_may_deny_or_always_allow(subject: str, kind: str) -> None:
    network = web(unread(subject, kind))
    for port in (443, 22):
        found = asked(network, "internet", "web", port)
        assert (found.verdict, found.labels) == ("unknown", {"avnm-unknown"})
        [reason] = found.one.reasons
        assert subject in reason.detail
        assert reason.resource == subject


def manager(*accesses: str) -> Any:
    return resource(KIND, "avnm", {"networkManagerScopeAccesses": [*accesses]})


CONFIGURATION = resource(f"{KIND}/securityAdminConfigurations", "avnm/c")
COLLECTION = resource(f"{KIND}/securityAdminConfigurations/ruleCollections", "avnm/c/r")


@pytest.mark.parametrize(
    "shown",
    [
        [manager("Connectivity", "SecurityAdmin")],
        [resource(KIND, "avnm")],
        [manager("SecurityAdmin"), CONFIGURATION],
        [CONFIGURATION, COLLECTION],
    ],
)
def test_N_50_rules_that_were_not_exported_may_deny_or_always_allow(shown: list[Any]) -> None:
    for port in (443, 22):
        found = asked(web((), *shown), "internet", "web", port)
        assert (found.verdict, found.labels) == ("unknown", {"avnm-unknown"})
        assert found.one.reasons[0].resource == shown[-1]["id"]
    [answer] = ask("NSG-025", web((), *shown)).unknown
    assert answer.subject == shown[-1]["id"]
    assert answer.remedy.startswith("export them with the rest: az rest --method get --url")


@pytest.mark.parametrize("shape", ["ARM REST list", OWN_SHAPE])
def test_N_50_a_manager_that_has_none_changes_nothing(shape: str) -> None:
    """It may not deploy admin rules, or the snapshot asked for all of them."""
    accesses = ("Connectivity", "SecurityAdmin")[: 2 if shape == OWN_SHAPE else 1]
    network = web((), manager(*accesses), shape=shape)
    assert asked(network, "internet", "web", 443).verdict == "reachable"
    assert asked(network, "internet", "web", 22).verdict == "blocked"
    assert not ask("NSG-025", network).unknown


def test_lists_of_others_change_nothing() -> None:
    for gaps in (
        (),
        unread(f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Network/natGateways"),
    ):
        assert asked(web(gaps), "internet", "web", 443).verdict == "reachable"
        assert asked(web(gaps), "internet", "web", 22).verdict == "blocked"


def test_R_22_managers_that_were_not_read_may_join_networks() -> None:
    def between(gaps: tuple[Gap, ...]) -> str:
        network = estate(
            net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"}),
            net("b", "10.1.0.0/16", subnets={"app": "10.1.0.0/24"}),
            nic_in("web", "10.0.0.4", ("a", "app")),
            nic_in("db", "10.1.0.4", ("b", "app")),
            gaps=gaps,
        )
        return asked(network, "web", "db").verdict

    assert between(()) == "blocked"
    assert between(unread(MANAGERS)) == "unknown"
    assert between(unread(JOINING)) == "unknown"
    assert between(unread(RULES)) == "blocked"
