"""Whether a gateway's own probe gets in at the machines behind it (A-29)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import estate

from ...exposed import deny, nic, nsg, pip, rule, subnet, vnet
from ...reaching import app_gateway, asked, ref

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
