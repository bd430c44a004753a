"""Services asked by a public name, of which no address is told: any public one may be it."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.addresses import AddressSet
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.reach import by_name
from auditor.reach.answer import Answer
from auditor.reach.services import service
from auditor.resources.managed_clusters import ManagedCluster
from auditor.testing import estate, resource

from ...clusters import cluster, pool
from ...egress import BY_NAT, BY_TABLE, machine, nat, network, public, table
from ...exposed import deny, nsg, ref, rule
from ...frontdoors import endpoint
from ...networks import subnet_id, vnet
from ...reaching import Asked, asked

OUT: Any = {"direction": "Outbound"}
AZURE = ServiceTags({"AzureCloud": AddressSet.from_text(["20.0.0.0/8"])})


def mysql() -> Any:
    """MySQL server db, whose firewall lets the NAT gateway's address in."""
    one = {"startIpAddress": "20.7.7.7", "endIpAddress": "20.7.7.7"}
    settings = {
        "network": {"publicNetworkAccess": "Enabled"},
        "firewallRules": [{"name": "nat", "properties": one}],
    }
    return resource("Microsoft.DBforMySQL/flexibleServers", "db", settings)


def from_web(
    *rules: Any,
    routes: tuple[tuple[str, str], ...] = (),
    target: Any = None,
    port: int = 3306,
    tags: ServiceTags = NO_TAGS,
) -> Asked:
    """VM web leaves by a NAT gateway, past a group and a route table, for a service."""
    asked_for = target or mysql()
    found = estate(
        network(**BY_NAT, **BY_TABLE),
        nsg(*rules),
        *machine(networkSecurityGroup=ref(nsg()["id"])),
        nat("out"),
        public("out", "20.7.7.7"),
        table(*routes),
        asked_for,
    )
    name = asked_for["name"].rpartition("/")[2]
    return asked(found, "web-nic", name, port, tags=tags)


def stops(answer: Answer) -> list[tuple[str, str]]:
    return [(step.code, step.rule) for step in answer.blockers]


def api_server() -> Any:
    return cluster(fqdn="shop.hcp.westeurope.azmk8s.io", provisioningState="Succeeded")


SERVICES = [
    (mysql(), 3306, "db"),
    (api_server(), 443, "shop.hcp.westeurope.azmk8s.io"),
    (endpoint(), 443, "shop-x.azurefd.net"),
]


@pytest.mark.parametrize(("target", "port", "name"), SERVICES)
def test_what_denies_the_internet_stops_it(target: Any, port: int, name: str) -> None:
    no_internet = deny("no-internet", 100, "*", "*", destinationAddressPrefix="Internet", **OUT)
    found = from_web(no_internet, target=target, port=port)
    assert stops(found.one) == [("nsg-outbound", "securityRules/no-internet")]
    assert from_web(target=target, port=port).verdict == "reachable"


@pytest.mark.parametrize(("target", "port", "name"), SERVICES)
def test_a_rule_for_one_public_address_does_not_tell_that_it_is_let_there(
    target: Any, port: int, name: str
) -> None:
    one = rule("one", 100, "*", str(port), destinationAddressPrefix="20.1.2.3", **OUT)
    rest = deny("rest", 200, "*", "*", destinationAddressPrefix="Internet", **OUT)
    found = from_web(one, rest, target=target, port=port)
    assert found.verdict == "unknown"
    assert found.labels == {f"fqdn:{name}"}
    every = rule("one", 100, "*", str(port), destinationAddressPrefix="Internet", **OUT)
    assert from_web(every, rest, target=target, port=port).verdict == "reachable"


def test_the_inputs_own_addresses_are_nobody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    own = rule("own", 100, "*", 3306, **OUT, destinationAddressPrefix="20.7.7.7")
    rest = deny("rest", 200, "*", "*", **OUT, destinationAddressPrefix="*", protocol="*")
    assert from_web(own, rest).verdict == "blocked"
    monkeypatch.setattr(by_name, "_MANY", 1)  # of an input with many, that is left open
    assert from_web(own, rest).verdict == "unknown"


def test_a_route_for_a_part_of_the_internet_does_not_tell_that_it_gets_there() -> None:
    part = (("0.0.0.0/0", "None"), ("20.0.0.0/8", "Internet"))
    assert from_web(routes=part).verdict == "unknown"
    none = from_web(routes=part[:1])
    assert stops(none.one) == [("route", "r0")]


def test_with_a_file_of_tags_it_has_an_address_of_azure() -> None:
    part = (("0.0.0.0/0", "None"), ("20.0.0.0/8", "Internet"))
    assert from_web(routes=part, tags=AZURE).verdict == "reachable"
    elsewhere = (("0.0.0.0/0", "None"), ("8.0.0.0/8", "Internet"))
    found = from_web(routes=elsewhere, tags=AZURE)
    assert stops(found.one) == [("route", "r0")]


def injected(*rules: Any, out: Any = (), routes: Any = ()) -> Asked:
    """MySQL server db somewhere in a/data, 10.0.1.0/28, which a group guards; VM web asks it."""
    guarded = {
        "addressPrefix": "10.0.1.0/28",
        "networkSecurityGroup": ref(nsg(name="in")["id"]),
        "delegations": [
            {"name": "d", "properties": {"serviceName": "Microsoft.DBforMySQL/flexibleServers"}}
        ],
    }
    settings = {
        "network": {
            "publicNetworkAccess": "Disabled",
            "delegatedSubnetResourceId": subnet_id("a", "data"),
        }
    }
    app: Any = {"addressPrefix": "10.0.0.0/24", **BY_TABLE}
    found = estate(
        vnet("a", "10.0.0.0/16", subnets={"app": app, "data": guarded}),
        nsg(*rules, name="in"),
        nsg(*out, name="out"),
        table(*routes),
        *machine(networkSecurityGroup=ref(nsg(name="out")["id"])),
        resource("Microsoft.DBforMySQL/flexibleServers", "db", settings),
    )
    return asked(found, "web-nic", "db", 3306)


HALF: Any = {"destinationAddressPrefix": "10.0.1.0/29"}


def test_L_21_what_lets_in_to_a_part_of_its_subnet_may_leave_the_server_out() -> None:
    rest = deny("rest", 200, "*", "*")
    found = injected(rule("half", 100, "*", "3306", **HALF), rest)
    assert (found.verdict, found.labels) == ("unknown", {"paas-injected"})
    whole: Any = {"destinationAddressPrefix": "10.0.1.0/28"}
    assert injected(rule("all", 100, "*", "3306", **whole), rest).verdict == "reachable"
    assert injected(rest).verdict == "blocked"


def test_L_21_so_may_what_the_client_is_denied_or_its_routes_drop() -> None:
    assert injected(out=[deny("half", 100, "*", "*", **HALF, **OUT)]).verdict == "unknown"
    assert injected(routes=[("10.0.1.0/29", "None")]).verdict == "unknown"
    assert injected(routes=[("10.0.1.0/28", "None")]).verdict == "blocked"
    assert injected().verdict == "reachable"


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [("userAssignedNATGateway", "unknown"), ("loadBalancer", "blocked"), (None, "blocked")],
)
def test_K_11_nobody_tells_whether_a_cluster_lets_in_the_nat_gateway_it_was_given(
    kind: str | None, verdict: str
) -> None:
    """It is that of the nodes' subnet, and no profile of the cluster names it (R-39)."""
    ranged = {"authorizedIPRanges": ["52.10.0.0/24"]}
    api = cluster("shop", pool(in_=("a", "app")), network={"outboundType": kind},
                  fqdn="shop.azmk8s.io", apiServerAccessProfile=ranged)  # fmt: skip
    network_ = estate(network(**BY_NAT), *machine(), nat("out"), public("out", "20.7.7.7"), api)
    [node] = network_.all(ManagedCluster)
    found = asked(network_, "web-nic", service(node))
    assert found.verdict == verdict
    assert found.labels == ({"semantics:K-11"} if verdict == "unknown" else set())
