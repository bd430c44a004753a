"""The custom role is what a snapshot does: no less, no more."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from auditor.collect import permissions
from auditor.collect.catalogue import KINDS

from ...command import Command
from ...standin import Call, Estate, StandIn

pytest.importorskip("azure.identity")

ESTATES = Path(__file__).parents[3] / "fixtures/estates"
_SCOPES = (
    (r"/subscriptions/?", "microsoft.resources/subscriptions/read"),
    (
        r"/subscriptions/[^/]+/resourcegroups(/[^/]+)?",
        "microsoft.resources/subscriptions/resourcegroups/read",
    ),
    (
        r"/subscriptions/[^/]+/resourcegroups/[^/]+/resources",
        "microsoft.resources/subscriptions/resourcegroups/resources/read",
    ),
    (r"/subscriptions/[^/]+/resources", "microsoft.resources/subscriptions/resources/read"),
    (
        r"/subscriptions/[^/]+/providers/microsoft.network/locations/[^/]+/servicetags",
        "microsoft.network/locations/servicetags/read",
    ),
    (
        r"/subscriptions/[^/]+/providers/microsoft.network/locations/[^/]+/operationresults/.*",
        "microsoft.network/locations/operationresults/read",
    ),
    (r"/providers/microsoft.resourcegraph/resources", "microsoft.resourcegraph/resources/read"),
    (
        r"/providers/microsoft.management/managementgroups/[^/]+/descendants",
        "microsoft.management/managementgroups/descendants/read",
    ),
)


def action(call: Call) -> str:
    """The permission that Azure asks for, lower case: of a list, of a resource, of a question."""
    for pattern, found in _SCOPES:
        if re.fullmatch(pattern, call.path):
            return found
    namespace, *rest = call.path.rpartition("/providers/")[2].split("/")
    verb = "action" if call.method == "POST" else "read"
    return "/".join([namespace, *rest[::2], verb])


def lower(*actions: str) -> set[str]:
    return {each.lower() for each in actions}


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("hub-and-spoke", ("--sweep", "arm")),
        ("hub-and-spoke", ("--sweep", "graph")),
        ("docker-to-aks-broken", ("--sweep", "arm")),
        ("docker-to-aks-broken", ("--resource-group", "rg-shop")),
    ],
)
def test_a_snapshot_asks_for_nothing_that_the_role_does_not_grant(
    auditor: Command, name: str, options: tuple[str, ...]
) -> None:
    with StandIn(Estate.of_path(ESTATES / name)) as azure, azure.signed():
        ran = auditor(
            *("snapshot", "--output", "taken.json", "--credential", "environment"),
            *("--arm-endpoint", azure.base, "--authority", azure.base, *options),
        )

    assert ran.status == 0, ran.err
    taken = {action(call) for call in azure.calls}
    assert taken - lower(*permissions.actions()) == set()


def test_effective_and_kubernetes_take_what_is_said(auditor: Command) -> None:
    with StandIn(Estate.of_path(ESTATES / "hub-and-spoke")) as azure, azure.signed():
        for nic in azure.estate.by_key:
            azure.azure.effective[nic, "effectiveroutetable"] = []
        auditor(
            *("snapshot", "--output", "taken.json", "--credential", "environment"),
            *("--arm-endpoint", azure.base, "--authority", azure.base, "--sweep", "arm"),
            *("--effective", "--kubernetes"),
        )

    beyond = {action(call) for call in azure.calls} - lower(*permissions.actions())
    assert beyond == lower(*permissions.EFFECTIVE, *permissions.KUBERNETES)


def test_the_role_only_reads() -> None:
    role = permissions.role()

    assert all(each.endswith("/read") and "*" not in each for each in role["Actions"])
    assert len(lower(*role["Actions"])) == len(role["Actions"])
    assert role["DataActions"] == role["NotActions"] == []
    granted = lower(*role["Actions"]) - lower(*permissions.OVERVIEW)
    assert granted == lower(*(kind.action for kind in KINDS)), "and nothing that is not listed"


def test_the_role_of_a_cluster_lists_no_secret() -> None:
    rules = permissions.cluster_role()["rules"]

    assert {verb for rule in rules for verb in rule["verbs"]} == {"list"}
    named = {plural for rule in rules for plural in rule["resources"]}
    assert not named & {"secrets", "configmaps", "pods", "*"}
