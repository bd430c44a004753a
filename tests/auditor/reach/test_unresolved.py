"""Gateways that may send on to anybody: names that nothing resolves, members that nobody tells."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.finding import Location
from auditor.intent import read_intent
from auditor.network.graph import Network
from auditor.reach.intents import judgements
from auditor.testing import estate

from ...exposed import deny, nic, nsg, pip, subnet, vnet
from ...networks import gateway as vnet_gateway
from ...networks import site, tunnel
from ...reaching import app_gateway, asked

CLIENT = "52.10.0.7"
LISTENERS = (("public", 443), ("private", 80))


def gated(members: Any, *rules: Any, intents: Any = (), more: Any = ()) -> Network:
    """Gateway agw at 20.50.1.2:443 and 10.0.1.20:80, before a pool, to port 8080 of whom it names.

    NICs web and db in subnet app, whose group says `rules`; NIC ops in subnet far.
    """
    pools = {} if members is None else {"backendAddresses": members}
    gateway = app_gateway(
        listeners=LISTENERS, backendAddressPools=[{"name": "pool", "properties": pools}]
    )
    return estate(
        nsg(*rules, name="back"),
        nic("web"),
        nic("db", address="10.0.0.5"),
        nic("ops", subnet="far", address="10.0.2.4"),
        pip("pip"),
        gateway,
        vnet(
            subnet(nsg="back"),
            subnet("gw", "10.0.1.0/26"),
            subnet("far", "10.0.2.0/24"),
            subnet("GatewaySubnet", "10.0.9.0/27"),
        ),
        *more,
        intents=intents,
    )


def named(name: str) -> list[Any]:
    return [{"fqdn": name}]


@pytest.mark.parametrize("source", [CLIENT, "ops"])
def test_a_name_may_be_anybody_s_whom_the_gateway_gets_at(source: str) -> None:
    port = 443 if source == CLIENT else 80
    network = gated(named("app.example.com"))
    for target in ("web", "db"):
        found = asked(network, source, target, port)
        assert found.by_gateway == ["unknown"]
        [answer] = [each for each in found.answers if each.via]
        assert {reason.label for reason in answer.reasons} == {"fqdn:app.example.com"}
        assert str(answer.ports) == str(port)


@pytest.mark.parametrize("source", [CLIENT, "ops"])
def test_nobody_s_whom_rules_keep_it_from(source: str) -> None:
    port = 443 if source == CLIENT else 80
    network = gated(named("app.example.com"), deny("no", 100, "*", "8080"))
    assert asked(network, source, "web", port).by_gateway == []


def test_a_public_frontend_is_asked_from_inside_too() -> None:
    network = gated(named("app.example.com"))
    [answer] = [each for each in asked(network, "ops", "web").answers if each.via]
    assert answer.verdict.value == "unknown"
    assert answer.path is not None
    assert answer.path.entrance is not None


def test_sites_may_get_there_by_a_private_frontend() -> None:
    line = (vnet_gateway("vpn", "vnet"), site("office", "192.168.0.0/16"),
            tunnel("line", "vpn", "office"))  # fmt: skip
    network = gated(named("app.example.com"), more=line)
    assert asked(network, "onprem 192.168.0.0/16", "web", 80).by_gateway == ["unknown"]


def test_nor_anybody_s_where_the_listener_sends_elsewhere_for_certain() -> None:
    network = gated([{"ipAddress": "10.0.0.4"}])
    assert asked(network, CLIENT, "web").by_gateway == ["reachable"]
    assert asked(network, CLIENT, "db").by_gateway == []


def test_a_member_besides_the_name_stays_certain() -> None:
    network = gated([{"ipAddress": "10.0.0.4"}, *named("app.example.com")])
    assert "reachable" in asked(network, CLIENT, "web").by_gateway
    assert asked(network, CLIENT, "db").by_gateway == ["unknown"]


@pytest.mark.parametrize("name", ["shop.azurewebsites.net", "Shop.WestEurope.CloudApp.Azure.com."])
def test_a_name_of_microsoft_s_is_no_machine_s(name: str) -> None:
    assert asked(gated(named(name)), CLIENT, "web").by_gateway == []


def test_an_intent_is_not_broken_while_a_name_may_lead_there() -> None:
    table = {
        "name": "by the gateway",
        "from": "internet",
        "to": "name:db",
        "expect": "reachable",
        "protocol": "tcp",
        "ports": 443,
    }
    asks = (read_intent(table, Location("auditor.toml", 1, "/intent/0")),)

    def outcome(*rules: Any) -> str:
        [found] = judgements(gated(named("app.example.com"), *rules, intents=asks))
        return found.outcome.value

    assert outcome() == "unknown"
    assert outcome(deny("no", 100, "*", "8080")) == "broken"
