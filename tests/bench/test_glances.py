"""Glances that spare rules the long way change no answer of theirs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.addresses import NOTHING
from auditor.network.build import build
from auditor.network.graph import Network
from auditor.network.openings import foreign_allows
from auditor.resources.interfaces import IpConfiguration, NetworkInterface
from auditor.snapshot.load import load
from auditor.testing import ask
from bench.generate import AS_OF, write

from ..auditor.reach.test_against_simulator import networks


def _every_interface(network: Network) -> tuple[NetworkInterface, ...]:
    return network.all(NetworkInterface)


GLANCES: tuple[tuple[str, str, Any], ...] = (
    ("NAT-006", "auditor.rules.egress.competing_egress.has_one_at_most", lambda *_: False),
    ("NAT-006", "auditor.reach.competing._gives_no_choice", lambda *_: False),
    ("NAT-006", "auditor.reach.competing._takes_nobody_out", lambda *_: False),
    ("NAT-006", "auditor.reach.competing._plain", lambda _: frozenset()),
    (
        "EXP-002",
        "auditor.network.exposure._claimed",
        lambda network: frozenset(network.all(IpConfiguration)),
    ),
    ("GOV-001", "auditor.network.orphans._without_users", lambda _, nodes: nodes),
    ("NSG-018", "auditor.reach.east_west._near", lambda *_: NOTHING),
    ("RTE-005", "auditor.reach.asymmetry._may_be_straight", lambda *_: True),
    ("RTE-005", "auditor.reach.asymmetry.near", lambda *_: NOTHING),
    ("RTE-006", "auditor.reach.loops.appliances_of", lambda *_: True),
    ("LB-004", "auditor.reach.demands._met_in", lambda *_: False),
    ("NSG-012", "auditor.reach.probing.met_all_around", lambda *_: False),
    ("ADR-013", "auditor.network.usage._is_roomy", lambda *_: False),
    ("AKS-008", "auditor.network.usage._is_roomy", lambda *_: False),
    ("NSG-003", "auditor.network.openings._opening", lambda network, _: foreign_allows(network)),
    ("NSG-008", "auditor.network.openings._opening", lambda network, _: foreign_allows(network)),
    ("NSG-019", "auditor.network.openings._opening", lambda network, _: foreign_allows(network)),
    ("NSG-011", "auditor.reach.lateral._not_shut", lambda _network, _at, ports, _around: ports),
    ("NSG-011", "auditor.reach.lateral.kept_back", lambda *_: False),
    ("NSG-011", "auditor.reach.sending_subnets.sends", lambda *_: True),
    ("NSG-011", "auditor.reach.sending_subnets._MANY", 0),
    ("NSG-011", "auditor.reach.lateral._let_in", lambda *_: None),
    ("NSG-014", "auditor.packets.cover._Table.plainly_needed", lambda *_: False),
    ("EXP-015", "auditor.reach.dual_stack._may_be_dual", lambda *_: True),
    ("EXP-015", "auditor.reach.dual_stack.irregular", _every_interface),
    ("NAT-001", "auditor.network.strays.irregular", _every_interface),
    ("GW-003", "auditor.network.hidden_addresses.irregular", _every_interface),
    ("NSG-016", "auditor.reach.meetings._alive_somewhere", lambda *_: ()),
    ("NSG-012", "auditor.reach.demands._plainly_met", lambda *_: False),
    ("GW-023", "auditor.reach.audience._plainly_open", lambda *_: False),
    ("GW-004", "auditor.reach.plain.near", lambda *_: NOTHING),
    ("GW-004", "auditor.network.passage.plainly_pass", lambda *_: False),
    ("DB-009", "auditor.network.passage.plainly_pass", lambda *_: False),
    ("GW-025", "auditor.network.passage.at_most", lambda *_: None),
    ("GW-025", "auditor.reach.closed._others_overlap", lambda *_: True),
    ("DB-008", "auditor.reach.closed._others_overlap", lambda *_: True),
    ("GW-025", "auditor.rules.gateway.backend_open_to_others.closed_but_to", lambda *_: False),
    ("DB-008", "auditor.rules.database.database_open_to_others.closed_but_to", lambda *_: False),
)
"""A rule, its glance, and what sends it the long way."""


def _told(which: str, network: Network) -> list[str]:
    network.known.clear()
    answer = ask(which, network)
    return sorted(map(repr, (*answer.broken, *answer.unknown)))


@pytest.fixture(scope="module")
def landing_zones(tmp_path_factory: pytest.TempPathFactory) -> Network:
    """Some of a generated estate, with many faults."""
    folder: Path = tmp_path_factory.mktemp("estate")
    write(1500, folder, every=12)
    return build(
        load((str(folder / "estate.json"),)),
        as_of=datetime.fromisoformat(AS_OF).replace(tzinfo=UTC),
    ).network


@pytest.mark.parametrize(("which", "where", "away"), GLANCES)
def test_landing_zones(
    landing_zones: Network, monkeypatch: pytest.MonkeyPatch, which: str, where: str, away: Any
) -> None:
    quick = _told(which, landing_zones)
    monkeypatch.setattr(where, away)
    assert quick == _told(which, landing_zones)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(networks(), st.sampled_from(GLANCES))
def test_random_networks(
    monkeypatch: pytest.MonkeyPatch, network: Network, glance: tuple[str, str, Any]
) -> None:
    which, where, away = glance
    quick = _told(which, network)
    with monkeypatch.context() as patched:
        patched.setattr(where, away)
        assert quick == _told(which, network)
