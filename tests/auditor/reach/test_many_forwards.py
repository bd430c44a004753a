"""A load balancer of many rules before many machines: what is the same is found out once."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from auditor.network.flow import terms_at
from auditor.network.graph import Network
from auditor.reach import filtering, narrowing, replay
from auditor.reach.openings import openings
from auditor.testing import ask, estate

from ...exposed import nic, nsg, pip, rule, subnet, vnet
from ...reaching import lb, lb_rule

PORTS = range(8000, 8012)
MEMBERS = ("one", "two", "three", "four", "five")


@pytest.fixture
def network() -> Network:
    return estate(
        nsg(rule("all", 100, "Internet", "*")),
        *(nic(name, address=f"10.0.0.{number}") for number, name in enumerate(MEMBERS, 4)),
        pip("pip", sku={"name": "Standard"}),
        lb(*(lb_rule(f"r{port}", port, port) for port in PORTS), members=MEMBERS),
        vnet(subnet("app", nsg="nsg")),
    )


def test_the_rules_before_a_machine_are_read_once_for_all_that_lead_there(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Mock(side_effect=terms_at)
    monkeypatch.setattr(narrowing, "terms_at", read)
    monkeypatch.setattr(filtering, "terms_at", read)

    found = openings(network)

    assert [len(opening.paths) for opening in found] == [len(PORTS)] * len(MEMBERS)
    assert read.call_count == 2 * len(MEMBERS)


def test_where_a_packet_ends_is_sorted_once_for_all_machines_that_may_get_it(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    sorting = Mock(side_effect=replay._Ends)
    monkeypatch.setattr(replay, "_Ends", sorting)

    assert len(ask("EXP-004", network).broken) == len(MEMBERS)
    assert sorting.call_count == 1
