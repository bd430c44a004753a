"""The second opinion: each packet is sent once, and held against every answer it stands for."""

from __future__ import annotations

from typing import Any

import pytest

from auditor import simulate
from auditor.network.graph import Network
from auditor.reach.answer import Answer, Verdict
from auditor.reach.listing import exposed
from auditor.reach.replay import replayed
from auditor.testing import estate

from ...exposed import deny, nic, nsg, pip, rule, subnet, vnet
from ...reaching import lb, lb_rule

PORTS = (443, 444)
MEMBERS = ("one", "two", "three")


def balanced(*rules: Any) -> Network:
    """A balancer of two rules before three members."""
    nics = [nic(name, address=f"10.0.0.{number}") for number, name in enumerate(MEMBERS, 4)]
    forwarding = [lb_rule(f"r{port}", port, port) for port in PORTS]
    return estate(
        nsg(*rules),
        *nics,
        pip("pip", sku={"name": "Standard"}),
        lb(*forwarding, members=MEMBERS),
        vnet(subnet("app", nsg="nsg")),
    )


def listed(network: Network) -> list[Answer]:
    return [each.answer for each in exposed(network, protocols=("tcp",))]


def test_a_packet_that_any_member_may_get_is_sent_once(monkeypatch: pytest.MonkeyPatch) -> None:
    network = balanced(rule("all", 100, "Internet", "*"))
    answers = listed(network)
    sent: list[simulate.Packet] = []
    original = simulate.replay

    def counting(*asked: Any) -> tuple[simulate.Arrival, ...]:
        sent.append(asked[2])
        return original(*asked)

    monkeypatch.setattr(simulate, "replay", counting)

    assert list(replayed(network, answers)) == answers
    assert len(answers) == len(PORTS) * len(MEMBERS)
    assert sorted(packet.destination_port for packet in sent) == list(PORTS)


def test_each_member_is_held_against_what_becomes_of_its_own_packet() -> None:
    everything = rule("all", 100, "Internet", "*")
    here = deny("here", 90, "Internet", "*")
    here["properties"]["destinationAddressPrefix"] = "10.0.0.5"
    answers = listed(balanced(everything))

    told = list(replayed(balanced(here, everything), answers))  # what holds of another network

    refuted = [after for before, after in zip(answers, told, strict=True) if before != after]
    assert ["networkInterfaces/two/" in each.target.id for each in refuted] == [True] * len(PORTS)
    assert {(each.verdict, each.reasons[0].label) for each in refuted} == {
        (Verdict.UNKNOWN, "replay")
    }
