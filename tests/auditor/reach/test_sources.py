"""From where ports can be reached: each with its own senders, and those who only perhaps can."""

from __future__ import annotations

from typing import Any

from auditor.network.graph import Network
from auditor.reach.listing import exposed
from auditor.reach.sources import sources_of
from auditor.testing import arm_id, estate

from ...exposed import NIC, nic, nsg, pip, rule, subnet, vnet


def behind(*rules: Any) -> Network:
    return estate(
        nsg(*rules),
        nic("web", public="pip", nsg="nsg"),
        pip("pip", arm_id(f"{NIC}/ipConfigurations", "web", "primary")),
        vnet(subnet()),
    )


def told(network: Network, protocol: str = "tcp") -> dict[str, tuple[str, str]]:
    """Who reaches which ports, surely and perhaps; `anywhere` for most of the internet."""
    return {
        f"{'?' if each.answer.reasons else ''}{part.ports}": (
            str(part.surely) if part.surely is not None else "anywhere",
            str(part.perhaps) if part.perhaps is not None else "anywhere",
        )
        for each in exposed(network, protocols=(protocol,))
        for part in sources_of(each.answer)
    }


def test_ports_of_different_senders_are_told_apart() -> None:
    assert told(
        behind(
            rule("web", 100, ports="443"),
            rule("ssh", 110, "52.0.0.0/24", ports=["22", "8000-8010"]),
            rule("more", 120, "52.1.0.0/24", ports="8005-8020"),
        )
    ) == {
        "443": ("anywhere", "nothing"),
        "22, 8000-8004": ("52.0.0.0/24", "nothing"),
        "8005-8010": ("52.0.0.0/24, 52.1.0.0/24", "nothing"),
        "8011-8020": ("52.1.0.0/24", "nothing"),
    }


def test_who_only_perhaps_reaches_a_port_is_told_besides() -> None:
    found = told(
        behind(rule("own", 100, "52.0.0.0/24", ports="22"), rule("az", 110, "AzureCloud", "22"))
    )
    assert found == {"22": ("52.0.0.0/24", "anywhere")}


def test_of_what_cannot_be_told_nobody_is_sure() -> None:
    assert told(behind(rule("az", 110, "AzureCloud", "22"))) == {"?22": ("nothing", "anywhere")}


def test_protocols_without_ports_have_senders_too() -> None:
    ping = rule("ping", 100, "52.0.0.0/24", protocol="Icmp")
    assert told(behind(ping), "icmp") == {"*": ("52.0.0.0/24", "nothing")}
