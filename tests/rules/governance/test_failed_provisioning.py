from __future__ import annotations

from typing import Any

import pytest

from auditor.finding import Severity
from auditor.testing import Answer, ask, estate, resource

from ...clusters import cluster, pool
from ...networks import subnet_id, vnet, vnet_id

Json = dict[str, Any]


def network(state: str | None, **subnets: str) -> Json:
    made = vnet(
        "a", "10.0.0.0/16", subnets={name: {"provisioningState": s} for name, s in subnets.items()}
    )
    if state is not None:
        made["properties"]["provisioningState"] = state
    return made


def asked(*resources: Json) -> Answer:
    return ask("GOV-005", estate(*resources))


@pytest.mark.parametrize("state", ["Succeeded", "succeeded", "Succeded"])
def test_done(state: str) -> None:
    assert asked(network(state)).kept == 1


@pytest.mark.parametrize("state", ["Failed", "Canceled", "failed", "SomethingNew"])
def test_failed(state: str) -> None:
    [finding] = asked(network(state)).broken
    assert finding.subject == vnet_id("a")
    assert finding.message == f"a is in state {state}"
    assert finding.severity is None
    assert finding.evidence[0].pointer == "/properties/provisioningState"
    assert finding.remedy == f"az resource update --ids {vnet_id('a')}"


@pytest.mark.parametrize("state", ["Updating", "Creating", "deleting", "InProgress"])
def test_on_its_way(state: str) -> None:
    [finding] = asked(network(state)).broken
    assert finding.severity is Severity.LOW
    assert finding.remedy == "export again when a has settled"


def test_what_tells_no_state_is_not_judged() -> None:
    answer = asked(network(None))
    assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])


def test_a_part_alone() -> None:
    [finding] = asked(network("Succeeded", web="Failed", data="Succeeded")).broken
    assert finding.subject == vnet_id("a")
    assert finding.message == "parts of a are in no good state: web is Failed"
    assert finding.evidence[0].pointer == "/properties/subnets/0/properties/provisioningState"


def test_a_resource_with_its_parts_is_one_finding() -> None:
    [finding] = asked(network("Failed", web="Failed", data="Updating")).broken
    assert finding.message == "a is in state Failed; of its parts web is Failed"
    assert finding.severity is None


def test_many_parts_are_told_in_short() -> None:
    [finding] = asked(network("Succeeded", **dict.fromkeys("gfedcba", "Failed"))).broken
    assert finding.message.endswith("e is Failed and 2 more")
    assert len(finding.evidence) == 5


def test_an_agent_pool_tells_its_state_beside_its_name() -> None:
    [finding] = asked(cluster("shop", pool(provisioningState="Failed"))).broken
    assert finding.evidence[0].pointer == "/properties/agentPoolProfiles/0/provisioningState"


def test_a_part_of_its_own_record_is_judged_by_itself() -> None:
    alone = resource(
        "Microsoft.Network/virtualNetworks/subnets", "a/web", {"provisioningState": "Failed"}
    )
    [finding] = asked(network("Succeeded"), alone).broken
    assert finding.subject == subnet_id("a", "web")
    assert finding.evidence[0].pointer == "/properties/provisioningState"
