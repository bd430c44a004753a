"""What the internet may get to by entrances of Azure's own, into subnets of services (E-2)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.reach.own_entrances import own_entrances
from auditor.testing import estate

from ...exposed import deny, nsg, rule, subnet, vnet
from ...reaching import asked
from ...routing import route, table

INSTANCES = "Microsoft.Sql/managedInstances"


def given(service: str, *rules: Any, routes: Any = (), group: bool = True) -> Network:
    """A subnet that is given to a service."""
    place: Any = {"delegations": [{"name": "d", "properties": {"serviceName": service}}]}
    place |= {"routeTable": {"id": table("rt")["id"]}, **({"nsg": "nsg"} if group else {})}
    return estate(nsg(*rules), table("rt", *routes), vnet(subnet(**place)))


@pytest.mark.parametrize("service", [INSTANCES, "Microsoft.App/environments"])
def test_E_2_who_comes_in_by_a_services_own_entrance_is_not_told(service: str) -> None:
    found = asked(given(service, rule("public", 100, "Internet", "3342")), "internet", "app")
    assert (found.verdict, found.labels) == ("unknown", {"paas-injected"})
    assert asked(given(service, group=False), "internet", "app").verdict == "unknown"


def test_E_2_what_the_rules_of_the_subnet_deny_does_not_come_in_by_it() -> None:
    inside = given(INSTANCES, rule("own", 100, "10.0.0.0/16", "1433"), deny("rest", 200))
    assert asked(inside, "internet", "app", 1433).verdict == "blocked"


def test_R_13_nor_what_is_answered_another_way() -> None:
    away = given(INSTANCES, rule("public", 100), routes=[route("0.0.0.0/0", "None")])
    assert asked(away, "internet", "app").verdict == "blocked"


def test_an_integration_subnet_of_an_application_lets_nobody_in() -> None:
    network = given("Microsoft.Web/serverFarms", rule("all", 100))
    assert asked(network, "internet", "app").verdict == "blocked"
    assert own_entrances(network) == ()


def test_E_2_the_list_of_all_that_the_internet_reaches_says_so() -> None:
    [why] = own_entrances(given(INSTANCES, rule("public", 100, "Internet", "3342")))
    assert (why.label, why.detail) == (
        "paas-injected",
        "whether Microsoft.Sql/managedInstances lets the internet in to app",
    )
    assert own_entrances(given(INSTANCES, deny("rest", 200))) == ()
