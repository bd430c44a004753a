"""Effective routes as Azure documents them, held against what is computed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from auditor.network.build import build
from auditor.network.routing import effective_routes
from auditor.resources.virtual_networks import Subnet
from auditor.snapshot.load import load
from auditor.testing import estate

from ....networks import vnet
from ....routing import routes

CORPUS = Path(__file__).parents[5] / "shared" / "corpus"
ANSWERS = "**/*EffectiveRouteTableList*.json"


def as_told(entries: list[dict[str, Any]]) -> set[tuple[str, str, str, str]]:
    return {
        (each["source"], each["state"], prefix, each["nextHopType"])
        for each in entries
        for prefix in each["addressPrefix"]
    }


def test_recorded_answers_are_what_is_computed_for_their_address_space() -> None:
    """The recordings hold no network: its space is what they call local."""
    for file in sorted(CORPUS.glob(ANSWERS)):
        entries = json.loads(file.read_text())["value"]
        local = [p for e in entries if e["nextHopType"] == "VnetLocal" for p in e["addressPrefix"]]
        network = estate(vnet("a", *local, subnets={"app": local[0]}))
        computed = {
            (route.source.value, route.state, str(route.prefix), route.hop.value)
            for route in routes(network).routes
        }
        assert computed == as_told(entries), file


def test_every_subnet_on_record_has_routes_or_says_why_not() -> None:
    for folder in sorted(CORPUS.glob("*/")):
        if folder.name in {"vnet", "lb", "edge", "aks"}:
            for scenario in sorted(folder.glob("*/")):
                network = build(load([str(scenario)], keep_going=True), keep_going=True).network
                for subnet in network.all(Subnet):
                    found = effective_routes(network, subnet)
                    assert found.routes or found.reasons, subnet.id
