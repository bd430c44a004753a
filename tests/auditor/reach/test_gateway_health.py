"""Whether a gateway's own probe gets in at the machines behind it (A-29)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import estate

from ...exposed import deny, nic, nsg, pip, rule, subnet, vnet
from ...reaching import app_gateway, asked, lb, lb_rule, ref

GATEWAY = "Microsoft.Network/applicationGateways"
INSTANCES = "10.0.1.0/26"


def probed(*rules: Any, port: int | None = 9000, **more: Any) -> Network:
    """A gateway before NIC web, which it asks on a port whether web lives."""
    settings = {
        "port": 8080,
        "protocol": "Http",
        "probe": ref(f"{GATEWAY}/probes", "agw", "alive"),
    }
    asks = {"protocol": "Http", "path": "/", **({"port": port} if port else {})}
    return estate(
        nsg(*rules),
        pip("pip"),
        nic("web", nsg="nsg"),
        app_gateway(
            backendHttpSettingsCollection=[{"name": "set", "properties": settings}],
            probes=[{"name": "alive", "properties": asks}],
            **more,
        ),
        vnet(subnet(), subnet("gw", INSTANCES)),
    )


def no(source: str, port: str) -> Any:
    return deny("no", 100, sourceAddressPrefix=source, destinationPortRange=port)


@pytest.mark.parametrize(
    ("rules", "port", "verdict"),
    [
        ([], 9000, "reachable"),
        ([no(INSTANCES, "9000")], 9000, "blocked"),
        ([no("10.0.1.0/27", "9000")], 9000, "unknown"),
        ([no(INSTANCES, "9001")], 9000, "reachable"),
        ([no(INSTANCES, "9000")], 8080, "reachable"),
        ([no(INSTANCES, "9000")], None, "reachable"),
        ([rule("web", 100, INSTANCES, "8080"), deny("rest", 200)], 9000, "blocked"),
    ],
)
def test_A_29_a_machine_whose_probe_is_denied_gets_nothing(
    rules: list[Any], port: int | None, verdict: str
) -> None:
    found = asked(probed(*rules, port=port), "internet", "web")
    assert found.by_gateway == ([verdict] if verdict != "blocked" else [])
    if verdict == "unknown":
        [relayed] = (answer for answer in found.answers if answer.via)
        assert {reason.label for reason in relayed.reasons} == {"health-assumed"}


REQUESTS = lb_rule("requests", 8080, 8080)


def behind(
    *rules: Any, taken: Any = (REQUESTS,), members: Any = ("web",), more: Any = ()
) -> Network:
    """The same gateway before an internal load balancer before NIC web, which has rules."""
    settings = {
        "port": 8080,
        "protocol": "Http",
        "probe": ref(f"{GATEWAY}/probes", "agw", "alive"),
    }
    asks = {"protocol": "Http", "path": "/", "port": 9000}
    return estate(
        nsg(*rules),
        pip("pip"),
        nic("web", nsg="nsg"),
        lb(*taken, public=False, members=members),
        app_gateway(
            members=("10.0.0.10",),
            backendHttpSettingsCollection=[{"name": "set", "properties": settings}],
            probes=[{"name": "alive", "properties": asks}],
        ),
        vnet(subnet(), subnet("gw", INSTANCES)),
        *more,
    )


@pytest.mark.parametrize(
    ("rules", "probe", "verdict"),
    [
        ([], lb_rule("alive", 9000, 9000), "reachable"),
        ([], lb_rule("alive", 9000, 9100), "reachable"),
        ([], None, "blocked"),
        ([], lb_rule("alive", 9001, 9000), "blocked"),
        ([no(INSTANCES, "9100")], lb_rule("alive", 9000, 9100), "blocked"),
        ([no("10.0.1.0/27", "9100")], lb_rule("alive", 9000, 9100), "unknown"),
        ([no(INSTANCES, "9000")], lb_rule("alive", 9000, 9100), "reachable"),
    ],
)
def test_A_29_a_probe_goes_through_a_load_balancer_like_the_requests(
    rules: list[Any], probe: Any, verdict: str
) -> None:
    found = asked(behind(*rules, taken=[REQUESTS, *([probe] if probe else [])]), "internet", "web")

    assert found.by_gateway == ([verdict] if verdict != "blocked" else [])


def test_which_machine_behind_a_balancer_a_probe_asks_is_not_told() -> None:
    """One of the two answers it: the gateway then takes both for alive."""
    alone = [nsg(no(INSTANCES, "9000"), name="shut"), nic("db", address="10.0.0.5", nsg="shut")]
    taken = [REQUESTS, lb_rule("alive", 9000, 9000)]

    found = asked(behind(taken=taken, members=("web", "db"), more=alone), "internet", "web")

    assert found.by_gateway == ["unknown"]
    [relayed] = (answer for answer in found.answers if answer.via)
    assert "health-assumed" in {reason.label for reason in relayed.reasons}


@pytest.mark.parametrize(
    ("rules", "verdict"), [([], "reachable"), ([no("Internet", "9000")], "blocked")]
)
def test_A_29_a_probe_by_a_public_address_goes_there_too(rules: list[Any], verdict: str) -> None:
    settings = {
        "port": 443,
        "protocol": "Https",
        "probe": ref(f"{GATEWAY}/probes", "agw", "alive"),
    }
    asks = {"protocol": "Http", "path": "/", "port": 9000}
    network = estate(
        nsg(*rules, rule("all", 300, "*", "*")),
        pip("pip"),
        pip("pip-2", address="20.50.1.9"),
        nic("web", nsg="nsg", public="pip-2"),
        app_gateway(
            members=("20.50.1.9",),
            backendHttpSettingsCollection=[{"name": "set", "properties": settings}],
            probes=[{"name": "alive", "properties": asks}],
        ),
        vnet(subnet(), subnet("gw", INSTANCES)),
    )

    assert asked(network, "52.10.0.7", "web").by_gateway == (
        [verdict] if verdict != "blocked" else []
    )
