from __future__ import annotations

import pytest

from auditor.finding import Severity
from auditor.testing import ask, estate, resource

from ...networks import VNET, vnet

ID = "ADR-007"


@pytest.mark.parametrize(
    "prefix",
    [
        "10.0.0.0/8",
        "172.16.0.0/12",
        "172.31.255.0/24",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "fd00::/48",
    ],
)
def test_private_ranges_are_kept(prefix: str) -> None:
    assert ask(ID, estate(vnet("a", prefix))).kept == 1


@pytest.mark.parametrize(
    ("prefix", "severity"),
    [
        ("172.32.0.0/24", None),
        ("172.15.0.0/16", None),
        ("192.167.0.0/16", None),
        ("192.0.0.0/8", None),
        ("100.128.0.0/10", None),
        ("8.8.8.0/24", None),
        ("2001:db8::/48", Severity.LOW),
        ("169.254.0.0/16", Severity.HIGH),
        ("168.63.129.0/24", Severity.HIGH),
        ("224.0.0.0/24", Severity.HIGH),
        ("127.0.0.0/8", Severity.HIGH),
        ("240.0.0.0/4", Severity.HIGH),
        ("168.0.0.0/6", Severity.HIGH),
    ],
)
def test_d_3_others_are_broken(prefix: str, severity: Severity | None) -> None:
    (finding,) = ask(ID, estate(vnet("a", "10.0.0.0/16", prefix))).broken
    assert finding.severity is severity
    assert finding.message.startswith(f"{prefix} of a ")
    assert finding.evidence[0].pointer == "/properties/addressSpace/addressPrefixes/1"
    assert "--name a --address-prefixes 10.0.0.0/16" in finding.remedy


def test_ranges_of_ones_own_are_let_pass() -> None:
    network = estate(vnet("a", "198.51.100.0/24"))
    assert ask(ID, network, also_ours=("198.51.0.0/16",)).broken == []
    assert len(ask(ID, network, also_ours=("203.0.113.0/24",)).broken) == 1


def test_what_azure_reserves_is_nobodys_own() -> None:
    assert ask(ID, estate(vnet("a", "224.1.0.0/16")), also_ours=("224.0.0.0/4",)).broken


def test_a_network_without_a_space_is_unknown() -> None:
    assert len(ask(ID, estate(resource(VNET, "a", {}))).unknown) == 1


def test_a_parameter_that_is_no_range_is_refused() -> None:
    with pytest.raises(ValueError, match="not a CIDR"):
        ask(ID, estate(), also_ours=("ten",))
