"""What MySQL servers and private DNS zones of Terraform's azurerm provider are called in ARM."""

from __future__ import annotations

from auditor.snapshot.formats.azurerm_blocks import (
    Block,
    Body,
    Kind,
    common,
    enabled,
    reference,
    settings,
)

_SERVER = "Microsoft.DBforMySQL/flexibleServers"
_ZONE = "Microsoft.Network/privateDnsZones"


def _server(block: Block) -> Body:
    network = settings(
        delegatedSubnetResourceId=block.id("delegated_subnet_id"),
        privateDnsZoneResourceId=block.id("private_dns_zone_id"),
        publicNetworkAccess=enabled(
            block.get("public_network_access", "public_network_access_enabled")
        ),
    )
    return common(block, settings(version=block.get("version"), network=network))


def _single_server(block: Block) -> Body:
    access = enabled(block.get("public_network_access_enabled"))
    return common(block, settings(version=block.get("version"), publicNetworkAccess=access))


def _firewall_rule(block: Block) -> Body:
    return {
        "properties": settings(
            startIpAddress=block.get("start_ip_address"), endIpAddress=block.get("end_ip_address")
        )
    }


def _zone(block: Block) -> Body:
    return common(block, {})


def _link(block: Block) -> Body:
    properties = settings(
        virtualNetwork=reference(block.id("virtual_network_id")),
        registrationEnabled=block.get("registration_enabled"),
        resolutionPolicy=block.get("resolution_policy"),
    )
    return common(block, properties)


DATABASES: dict[str, Kind] = {
    "azurerm_mysql_flexible_server": Kind(_SERVER, ("name",), _server),
    "azurerm_mysql_flexible_server_firewall_rule": Kind(
        f"{_SERVER}/firewallRules", ("server_name", "name"), _firewall_rule
    ),
    "azurerm_mysql_server": Kind("Microsoft.DBforMySQL/servers", ("name",), _single_server),
    "azurerm_private_dns_zone": Kind(_ZONE, ("name",), _zone),
    "azurerm_private_dns_zone_virtual_network_link": Kind(
        f"{_ZONE}/virtualNetworkLinks", ("private_dns_zone_name", "name"), _link
    ),
}
"""The types by their names in Terraform."""
