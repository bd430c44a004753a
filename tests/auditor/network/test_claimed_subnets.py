"""Subnets that a route table or NAT gateway lists, and that name none: one of the two is old."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import estate, resource

from ...networks import nic, subnet_id, vnet
from ...reaching import asked
from ...routing import hop, labels, route, steered, table

NAT = "Microsoft.Network/natGateways"
Json = dict[str, Any]


def lists(*subnets: str) -> Json:
    return {"subnets": [{"id": subnet_id("a", each).upper()} for each in subnets]}


def network(*more: Json, app: Any = "10.0.0.0/24", **settings: Any) -> Network:
    """Machines in subnets `app` and `data`; a route table, which drops what is for `data`."""
    return estate(
        vnet("a", "10.0.0.0/16", subnets={"app": app, "data": "10.0.1.0/24"}),
        nic("web", "10.0.0.4", ("a", "app"), vm="web"),
        nic("db", "10.0.1.4", ("a", "data"), vm="db"),
        table("rt", route("10.0.1.0/24", "None"), **settings),
        *more,
    )


def test_a_table_that_lists_a_subnet_which_names_none_leaves_its_routes_open() -> None:
    there = network(**lists("app"))
    assert labels(hop(there, "10.0.1.4")) == {"collection-gap"}
    for source, target in (("web", "db"), ("db", "web")):
        answer = asked(there, source, target)
        assert (answer.verdict, answer.labels) == ("unknown", {"collection-gap"})
    assert labels(hop(there, "10.0.0.4", "data")) == set()


def test_a_table_that_lists_a_subnet_which_names_it_decides() -> None:
    there = network(app=steered("10.0.0.0/24"), **lists("app"))
    assert asked(there, "web", "db").verdict == "blocked"


@pytest.mark.parametrize("listed", [{}, {"subnets": None}, lists(), lists("gone")])
def test_a_table_that_lists_nobody_who_is_there_leaves_nothing_open(listed: Json) -> None:
    assert asked(network(**listed), "web", "db").verdict == "reachable"


def test_a_gateway_that_lists_a_subnet_which_names_none_leaves_its_ways_out_open() -> None:
    closed = {"addressPrefix": "10.0.0.0/24", "defaultOutboundAccess": False}
    answer = asked(network(resource(NAT, "nat", lists("app")), app=closed), "web", "internet")
    assert (answer.verdict, answer.labels) == ("unknown", {"collection-gap"})
    assert asked(network(app=closed), "web", "internet").verdict == "blocked"
