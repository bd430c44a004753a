"""MySQL servers and private DNS zones of Terraform plans."""

from __future__ import annotations

from auditor.network.build import build
from auditor.snapshot.document import Snapshot
from auditor.testing import NOW, Answer, ask

from .planned import by_name, one, plan
from .reading import read

BASE = "/subscriptions/{subscription}/resourceGroups/g/providers"
ZONE = "db.private.mysql.database.azure.com"


def asked(rule: str, snapshot: Snapshot) -> Answer:
    return ask(rule, build(snapshot, as_of=NOW).network)


def site(*more: object) -> Snapshot:
    """A server inside a network, whose zone the network is not linked to."""
    return read(
        plan(
            one("azurerm_virtual_network.app", address_space=["10.0.0.0/16"]),
            one("azurerm_virtual_network.hub", address_space=["10.1.0.0/16"]),
            one("azurerm_subnet.db", virtual_network_name="app", address_prefixes=["10.0.0.0/28"]),
            one("azurerm_private_dns_zone.z", name=ZONE),
            one(
                "azurerm_private_dns_zone_virtual_network_link.l",
                {"virtual_network_id": True},
                {"virtual_network_id": ["azurerm_virtual_network.hub.id"]},
                private_dns_zone_name=ZONE,
                registration_enabled=False,
            ),
            one(
                "azurerm_mysql_flexible_server.mysql",
                {"delegated_subnet_id": True, "private_dns_zone_id": True},
                {
                    "delegated_subnet_id": ["azurerm_subnet.db.id", "azurerm_subnet.db"],
                    "private_dns_zone_id": ["azurerm_private_dns_zone.z.id"],
                },
                version="8.0.21",
            ),
            *more,  # type: ignore[arg-type]
        )
    )


def test_a_server_stands_in_its_subnet_and_names_its_zone() -> None:
    """Every rule about databases could not tell."""
    snapshot = site()
    assert snapshot.gaps == ()
    assert by_name(snapshot)["mysql"]["properties"]["network"] == {
        "delegatedSubnetResourceId": f"{BASE}/Microsoft.Network/virtualNetworks/app/subnets/db",
        "privateDnsZoneResourceId": f"{BASE}/Microsoft.Network/privateDnsZones/{ZONE}",
    }
    assert asked("DB-001", snapshot).kept == 1
    assert asked("DNS-005", snapshot).names == [ZONE]


def test_what_the_firewall_of_a_public_server_admits_is_told() -> None:
    server = one("azurerm_mysql_flexible_server.pub", public_network_access="Enabled")
    rule = one(
        "azurerm_mysql_flexible_server_firewall_rule.all",
        server_name="pub",
        start_ip_address="0.0.0.0",
        end_ip_address="255.255.255.255",
    )
    (finding,) = asked("DB-001", read(plan(server, rule))).broken
    assert finding.message.endswith("open to the whole internet (all)")


def test_a_single_server_is_retired() -> None:
    old = one("azurerm_mysql_server.old", public_network_access_enabled=False)
    assert asked("DEP-008", read(plan(old))).names == ["old"]


def test_records_that_are_not_translated_leave_open_who_is_called_by_them() -> None:
    record = one("azurerm_private_dns_a_record.a", zone_name=ZONE, records=["10.0.0.4"])
    subjects = [gap.subject for gap in site(record).gaps if gap.kind == "undecided"]
    assert subjects == [
        "/subscriptions/{subscription}/providers/Microsoft.Network/privateDnsZones/-/ALL"
    ]
