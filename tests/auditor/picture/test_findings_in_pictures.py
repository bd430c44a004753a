"""Where findings are, and the way of their packets."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from auditor.finding import Hop, Judged, Severity, Status
from auditor.picture.findings import with_findings
from auditor.testing import arm_id, estate
from auditor.topology import Picture

from ... import exposed
from ...networks import nic, subnet_id, vnet

NIC = arm_id("Microsoft.Network/networkInterfaces", "jump")
PIP = arm_id("Microsoft.Network/publicIPAddresses", "pip")
NSG = arm_id("Microsoft.Network/networkSecurityGroups", "nsg")
HOPS = (
    Hop(PIP, "the public address", "public-address"),
    Hop(NSG, "securityRules/ssh", "nsg-inbound"),
    Hop(arm_id("Microsoft.Network/virtualNetworks", "app"), "0.0.0.0/0", "return-route"),
)
WITNESS = {"source": "1.0.0.4", "destination": "20.1.2.3", "protocol": "tcp"}
FOUND = Judged(
    "EXP-004", "open", "Open", "EXP", Severity.HIGH, Status.BROKEN, NIC, "it is open", "", "f1",
    witness=WITNESS, hops=HOPS,
)  # fmt: skip


def drawn(*findings: Judged, more: tuple[Any, ...] = ()) -> Picture:
    web = {"addressPrefix": "10.0.1.0/24", "networkSecurityGroup": {"id": NSG}}
    network = estate(
        vnet("app", "10.0.0.0/16", subnets={"web": web, "db": "10.0.2.0/24"}),
        nic(
            "jump",
            "10.0.1.4",
            ("app", "web"),
            configuration={"publicIPAddress": {"id": PIP}},
        ),
        exposed.pip("pip", address="20.1.2.3"),
        exposed.nsg(),
        *more,
    )
    return with_findings(network, findings)


def test_a_finding_is_where_its_subject_is() -> None:
    part = f"{NIC}/ipConfigurations/primary"
    assert drawn(replace(FOUND, subject=part)).places["f1"] == (NIC,)


def test_a_finding_about_a_group_is_where_the_group_stands() -> None:
    rule = f"{NSG}/securityRules/ssh"
    assert drawn(replace(FOUND, subject=rule)).places["f1"] == (subnet_id("app", "web"),)


def test_a_finding_about_nothing_drawn_has_no_place() -> None:
    assert "f1" not in drawn(replace(FOUND, subject="auditor.toml")).places


def test_packets_come_from_the_internet_and_groups_are_no_stations() -> None:
    assert drawn(FOUND).paths["f1"] == ("internet", NIC)


def test_what_cannot_be_told_has_no_path() -> None:
    assert "f1" not in drawn(replace(FOUND, status=Status.UNKNOWN)).paths


def test_a_private_address_elsewhere_is_not_the_sender() -> None:
    witness = {"source": "10.0.1.4", "destination": "10.0.2.4"}
    about_db = replace(FOUND, subject=subnet_id("app", "db"), witness=witness, hops=())
    about_web = replace(about_db, related=(subnet_id("app", "web"),))
    sends = {**witness, "destination": "1.0.0.4"}

    assert "f1" not in drawn(about_db).paths
    assert "f1" not in drawn(replace(about_db, witness=sends)).paths
    assert drawn(replace(about_web, witness=sends)).paths["f1"] == (NIC, "internet")
