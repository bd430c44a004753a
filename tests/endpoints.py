"""Private endpoints, zones, links and records in a line each, for tests."""

from __future__ import annotations

from typing import Any

from auditor.testing import arm_id, resource

from .networks import subnet_id, vnet_id

Json = dict[str, Any]
N = "Microsoft.Network"
ENDPOINT = f"{N}/privateEndpoints"
ZONE = f"{N}/privateDnsZones"
VAULTS = "privatelink.vaultcore.azure.net"
VAULT = arm_id("Microsoft.KeyVault/vaults", "kv")


def endpoint_id(name: str = "pe") -> str:
    return arm_id(ENDPOINT, name)


def zone_id(name: str = VAULTS) -> str:
    return arm_id(ZONE, name)


def endpoint(name: str = "pe", *, target: str = VAULT, network: str = "a", **more: Any) -> Json:
    """An endpoint in the subnet `ends`, with a NIC of the same name."""
    link = {
        "privateLinkServiceId": target,
        "groupIds": ["vault"],
        "privateLinkServiceConnectionState": {"status": "Approved"},
    }
    return resource(
        ENDPOINT,
        name,
        {
            "subnet": {"id": subnet_id(network, "ends")},
            "networkInterfaces": [{"id": arm_id(f"{N}/networkInterfaces", name)}],
            "privateLinkServiceConnections": [{"name": name, "properties": link}],
            **more,
        },
    )


def interface(*addresses: str, name: str = "pe", network: str = "a") -> Json:
    """The NIC of an endpoint."""
    configurations = [
        {
            "name": f"ip{number}",
            "properties": {
                "privateIPAddress": address,
                "subnet": {"id": subnet_id(network, "ends")},
            },
        }
        for number, address in enumerate(addresses)
    ]
    settings = {
        "ipConfigurations": configurations,
        "privateEndpoint": {"id": endpoint_id(name)},
    }
    return resource(f"{N}/networkInterfaces", name, settings)


def zone(name: str = VAULTS, **properties: Any) -> Json:
    return resource(ZONE, name, properties)


def zone_link(network: str, zone_name: str = VAULTS) -> Json:
    settings = {"virtualNetwork": {"id": vnet_id(network)}, "registrationEnabled": False}
    return resource(f"{ZONE}/virtualNetworkLinks", f"{zone_name}/to-{network}", settings)


def record(name: str, *addresses: str, zone_name: str = VAULTS) -> Json:
    """An A record; an AAAA record when the addresses are IPv6."""
    if addresses and ":" in addresses[0]:
        listed = [{"ipv6Address": address} for address in addresses]
        return resource(f"{ZONE}/AAAA", f"{zone_name}/{name}", {"aaaaRecords": listed})
    listed = [{"ipv4Address": address} for address in addresses]
    return resource(f"{ZONE}/A", f"{zone_name}/{name}", {"aRecords": listed})


def zone_group(*names: str, of: str = "pe", zone_name: str = VAULTS) -> Json:
    """A zone group that wrote records of these names."""
    config = {
        "name": "c",
        "properties": {
            "privateDnsZoneId": zone_id(zone_name),
            "recordSets": [{"recordType": "A", "recordSetName": name} for name in names],
        },
    }
    return resource(
        f"{ENDPOINT}/privateDnsZoneGroups", f"{of}/default", {"privateDnsZoneConfigs": [config]}
    )
