"""Replies that a route leads by an appliance which has not seen the packet (P-7, P-11, N-13)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import arm_id, estate

from ...exposed import deny, nic, nsg, rule, subnet, vnet
from ...guarded import out_deny
from ...reaching import asked
from ...routing import TABLE, route, table
from .test_matrix import cells, one_by_one

NVA = "10.0.2.4"
RT: Any = {"routeTable": {"id": arm_id(TABLE, "rt")}}


def round_by(*rules: Any, at: str = "nic", both_ways: bool = False) -> Network:
    """NIC web talks to NIC db, whose replies go by appliance nva behind a group of some rules."""
    led = route("10.0.0.0/24", "VirtualAppliance", NVA)
    there = route("10.0.1.0/24", "VirtualAppliance", NVA)
    card = nic("nva", subnet="nva", address=NVA, nsg="nsg" if at == "nic" else None)
    card["properties"]["enableIPForwarding"] = True
    return estate(
        nsg(*rules),
        table("rt", led, *([there] if both_ways else [])),
        vnet(
            subnet("web", "10.0.0.0/24", **(RT if both_ways else {})),
            subnet("db", "10.0.1.0/24", **RT),
            subnet("nva", "10.0.2.0/24", nsg="nsg" if at == "subnet" else None),
        ),
        nic("n-web", subnet="web", address="10.0.0.4"),
        nic("n-db", subnet="db", address="10.0.1.4"),
        card,
    )


@pytest.mark.parametrize("at", ["nic", "subnet"])
@pytest.mark.parametrize("source", ["*", "10.0.1.0/24", "VirtualNetwork"])
def test_P_7_an_appliance_whose_own_rules_deny_the_reply_does_not_pass_it_on(
    at: str, source: str
) -> None:
    network = round_by(deny("no", 100, source), at=at)
    found = asked(network, "n-web", "n-db")
    assert (found.verdict, found.stops) == ("blocked", ["asymmetric-return"])
    assert cells(network) == one_by_one(network)


@pytest.mark.parametrize(
    "rules",
    [
        (),
        (deny("requests", 100, "10.0.0.0/24"),),
        (deny("some", 100, "10.0.1.0/24", "1-1023"),),
        (rule("first", 90, "10.0.1.4", "*"), deny("no", 100)),
        (out_deny("out", 100),),
    ],
)
def test_P_11_whether_it_passes_on_replies_that_its_rules_let_in_is_not_told(rules: Any) -> None:
    network = round_by(*rules)
    found = asked(network, "n-web", "n-db")
    assert (found.verdict, found.labels) == ("unknown", {"nva:nva"})
    assert cells(network) == one_by_one(network)


def test_N_13_rules_do_not_stop_replies_to_what_the_appliance_itself_sent_on() -> None:
    network = round_by(deny("replies", 100, "10.0.1.0/24"), both_ways=True)
    assert asked(network, "n-web", "n-db").verdict == "unknown"
    assert cells(network) == one_by_one(network)
