"""What two inputs tell differently: no verdict rests on which of them was taken (DESIGN 2)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditor.network.build import build
from auditor.network.graph import Network
from auditor.snapshot.load import load
from auditor.testing import arm_id

from ...exposed import NIC, deny, nic, nsg, pip, rule, subnet, vnet
from ...reaching import asked
from ...routing import TABLE, route, table

CLIENT = "52.10.0.7"


@pytest.fixture
def exposed(tmp_path: Path) -> Callable[..., Network]:
    """NIC web with a public address and security group nsg, read from files in this order."""

    def read(*more: Any, **of_subnet: Any) -> Network:
        whole = (
            nic("web", public="pip", nsg="nsg"),
            pip("pip", arm_id(f"{NIC}/ipConfigurations", "web", "primary")),
            vnet(subnet(**of_subnet)),
            *more,
        )
        for number, each in enumerate(whole):
            (tmp_path / f"{number}.json").write_text(json.dumps([each]))
        return build(load([str(tmp_path)])).network

    return read


def test_groups_that_contradict_each_other_decide_nothing(exposed: Callable[..., Network]) -> None:
    for pair in ((rule("a", 100), deny("a", 100)), (deny("a", 100), rule("a", 100))):
        found = asked(exposed(*(nsg(each) for each in pair)), CLIENT, "web")
        assert found.verdict == "unknown"
        assert any("contradict" in reason.detail for reason in found.one.reasons)


def test_groups_that_say_the_same_of_packets_do_not_contradict_each_other(
    exposed: Callable[..., Network],
) -> None:
    twins = nsg(rule("a", 100)), nsg(rule("a", 100), provisioningState="Updating")
    assert asked(exposed(*twins), CLIENT, "web").verdict == "reachable"


def test_tables_that_contradict_each_other_decide_nothing(exposed: Callable[..., Network]) -> None:
    by = {"routeTable": {"id": arm_id(TABLE, "rt")}}
    drops, leads = table("rt", route("0.0.0.0/0", "None")), table("rt")
    network = exposed(nsg(rule("a", 100)), drops, leads, **by)
    assert asked(network, CLIENT, "web").verdict == "unknown"


def test_N_5_two_rules_of_one_priority_decide_nothing_in_any_order(
    exposed: Callable[..., Network],
) -> None:
    for pair in ((rule("a", 100), deny("b", 100)), (deny("b", 100), rule("a", 100))):
        found = asked(exposed(nsg(*pair)), CLIENT, "web")
        assert (found.verdict, found.labels) == ("unknown", {"semantics:N-5"})
    agreed = exposed(nsg(rule("a", 100), rule("b", 100)))
    assert asked(agreed, CLIENT, "web").verdict == "reachable"
