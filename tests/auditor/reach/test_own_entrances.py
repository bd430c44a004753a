"""What the internet may get to by entrances of Azure's own, into subnets of services (E-2)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.addresses import parse_ports
from auditor.network.graph import Network
from auditor.reach.answer import answers
from auditor.reach.own_entrances import own_entrances
from auditor.reach.points import INTERNET
from auditor.reach.selected import ends_of
from auditor.selector import parse_selector
from auditor.testing import estate, resource

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


API: Any = resource("Microsoft.ApiManagement/service", "apim")


def test_E_2_a_service_that_nobody_reads_may_let_the_internet_in_to_a_subnet_of_its_own() -> None:
    """API Management names its subnet, which need not name it, and no delegation does."""
    home = vnet(subnet(nsg="nsg"))
    open_to_all = nsg(rule("web", 100, "Internet", "443"), deny("rest", 200))
    found = asked(estate(open_to_all, home, API), "internet", "app", 443)
    assert (found.verdict, found.labels) == ("unknown", {"type-not-read"})
    shut = nsg(rule("own", 100, "10.0.0.0/16", "443"), deny("rest", 200))
    assert asked(estate(shut, home, API), "internet", "app", 443).verdict == "blocked"
    assert asked(estate(open_to_all, home), "internet", "app", 443).verdict == "blocked"


def test_E_2_an_address_of_it_that_nobody_listed_has_may_be_the_services() -> None:
    network = estate(vnet(subnet()), API)
    [one] = ends_of(network, parse_selector("10.0.0.9")).points
    [found] = answers(network, INTERNET, one, protocols=("tcp",), ports=parse_ports("443"))
    assert {reason.label for reason in found.reasons} == {"type-not-read", "nobody-listed"}


@pytest.mark.parametrize(
    "told",
    [
        {"ipConfigurations": []},
        {"delegations": [{"properties": {"serviceName": "Microsoft.Web/serverFarms"}}]},
        {"name": "GatewaySubnet"},
    ],
)
def test_it_is_in_no_subnet_that_is_told_to_be_empty_or_anothers(told: Any) -> None:
    name = told.pop("name", "app")
    network = estate(vnet(subnet(name, **told)), API)
    assert asked(network, "internet", name, 443).verdict == "blocked"
