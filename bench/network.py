"""Virtual networks and what hangs on them: subnets, peerings, public addresses, routes, NAT."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.arm import NETWORK, Estate, Json, Scope, part, part_id, ref

VNET = f"{NETWORK}/virtualNetworks"
PUBLIC_IP = f"{NETWORK}/publicIPAddresses"
NIC = f"{NETWORK}/networkInterfaces"


@dataclass(slots=True)
class Subnet:
    """A subnet 10.`second`.`third`.0; `properties` is the live part of its network."""

    id: str
    second: int
    third: int
    prefix: str
    properties: Json
    used: int = 4

    def take(self, ip_configuration: str | None) -> str:
        """Give the next free address to an IP configuration (the first four are Azure's, D-1).

        None keeps an address that no IP configuration holds.
        """
        address = f"10.{self.second}.{self.third}.{self.used}"
        self.used += 1
        if ip_configuration is not None:
            self.properties.setdefault("ipConfigurations", []).append(ref(ip_configuration))
        return address


@dataclass(slots=True)
class VNet:
    """A virtual network 10.`second`.0.0/16."""

    estate: Estate
    scope: Scope
    id: str
    second: int
    subnets: dict[str, Subnet] = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        """Its address space."""
        return f"10.{self.second}.0.0/16"

    def subnet(
        self,
        name: str,
        third: int,
        length: int = 24,
        *,
        nsg: str = "",
        routes: str = "",
        nat: str = "",
        delegation: str = "",
    ) -> Subnet:
        """Cut a subnet; the other arguments are ids and a service name."""
        arm_id = part_id(self.id, "subnets", name)
        prefix = f"10.{self.second}.{third}.0/{length}"
        properties: Json = {"addressPrefix": prefix}
        for key, target in (("networkSecurityGroup", nsg), ("routeTable", routes)):
            if target:
                properties[key] = ref(target)
                self.estate.back_reference(target, "subnets", arm_id)
        if nat:
            properties["natGateway"] = ref(nat)
            self.estate.back_reference(nat, "subnets", arm_id)
        properties |= {
            "delegations": _delegations(arm_id, delegation),
            "privateEndpointNetworkPolicies": "Disabled",
            "privateLinkServiceNetworkPolicies": "Enabled",
            "defaultOutboundAccess": False,
        }
        made = part(self.id, "subnets", name, properties)
        self.estate.properties(self.id)["subnets"].append(made)
        self.subnets[name] = Subnet(arm_id, self.second, third, prefix, made["properties"])
        return self.subnets[name]


def _delegations(subnet: str, service: str) -> list[Json]:
    if not service:
        return []
    properties = {
        "serviceName": service,
        "actions": ["Microsoft.Network/virtualNetworks/subnets/join/action"],
    }
    return [part(subnet, "delegations", "delegation", properties)]


def add_vnet(estate: Estate, scope: Scope, name: str, second: int) -> VNet:
    """Make a network without subnets and peerings."""
    properties: Json = {
        "addressSpace": {"addressPrefixes": [f"10.{second}.0.0/16"]},
        "privateEndpointVNetPolicies": "Disabled",
        "dhcpOptions": {"dnsServers": []},
        "subnets": [],
        "virtualNetworkPeerings": [],
        "enableDdosProtection": False,
    }
    return VNet(estate, scope, estate.add(scope, VNET, name, properties), second)


def peer(hub: VNet, spoke: VNet) -> None:
    """Peer a hub and a spoke, the hub's gateway serving both (R-14, R-17)."""
    _half(hub, spoke, allowGatewayTransit=True, useRemoteGateways=False)
    _half(spoke, hub, allowGatewayTransit=False, useRemoteGateways=True)


def _half(local: VNet, remote: VNet, **flags: bool) -> None:
    name = f"to-{remote.id.rpartition('/')[2]}"
    properties: Json = {
        "resourceGuid": local.estate.guid(),
        "peeringState": "Connected",
        "peeringSyncLevel": "FullyInSync",
        "remoteVirtualNetwork": ref(remote.id),
        "allowVirtualNetworkAccess": True,
        "allowForwardedTraffic": True,
        **flags,
        "doNotVerifyRemoteGateways": False,
        "peerCompleteVnets": True,
        "remoteAddressSpace": {"addressPrefixes": [remote.prefix]},
        "remoteVirtualNetworkAddressSpace": {"addressPrefixes": [remote.prefix]},
    }
    made = part(local.id, "virtualNetworkPeerings", name, properties)
    local.estate.properties(local.id)["virtualNetworkPeerings"].append(made)


def add_public_ip(
    estate: Estate,
    scope: Scope,
    name: str,
    address: str,
    owner: str,
    *,
    key: str = "ipConfiguration",
) -> str:
    """Make a Standard public address that `owner`, an IP configuration or a NAT gateway, holds."""
    properties = {
        "ipAddress": address,
        "publicIPAddressVersion": "IPv4",
        "publicIPAllocationMethod": "Static",
        "idleTimeoutInMinutes": 4,
        "ipTags": [],
        key: ref(owner),
        "ddosSettings": {"protectionMode": "VirtualNetworkInherited"},
    }
    sku = {"name": "Standard", "tier": "Regional"}
    return estate.add(scope, PUBLIC_IP, name, properties, sku=sku, zones=["1", "2", "3"])


def add_nat_gateway(estate: Estate, scope: Scope, name: str, address: str) -> str:
    """Make a NAT gateway with a public address of its own."""
    kind = f"{NETWORK}/natGateways"
    arm_id = scope.id(kind, name)
    public = add_public_ip(estate, scope, f"pip-{name}", address, arm_id, key="natGateway")
    properties = {"idleTimeoutInMinutes": 4, "publicIpAddresses": [ref(public)]}
    return estate.add(scope, kind, name, properties, sku={"name": "Standard", "tier": "Regional"})


def add_route_table(
    estate: Estate, scope: Scope, name: str, routes: dict[str, str], *, propagate: bool = True
) -> str:
    """Make a route table; `routes` maps a prefix to a next hop, an address or `Internet`."""
    kind = f"{NETWORK}/routeTables"
    arm_id = scope.id(kind, name)
    made = []
    for number, (prefix, hop) in enumerate(routes.items()):
        appliance = hop[:1].isdigit()
        properties = {
            "addressPrefix": prefix,
            "nextHopType": "VirtualAppliance" if appliance else hop,
            **({"nextHopIpAddress": hop} if appliance else {}),
            "hasBgpOverride": False,
        }
        made.append(part(arm_id, "routes", f"route-{number}", properties))
    return estate.add(
        scope, kind, name, {"disableBgpRoutePropagation": not propagate, "routes": made}
    )


def add_nic(
    estate: Estate,
    scope: Scope,
    name: str,
    subnet: Subnet,
    *,
    machine: str = "",
    endpoint: str = "",
) -> tuple[str, str]:
    """Make the NIC of a machine or of a private endpoint; give its id and its address."""
    arm_id = scope.id(NIC, name)
    ip_configuration = part_id(arm_id, "ipConfigurations", "ipconfig1")
    address = subnet.take(ip_configuration)
    properties: Json = {
        "ipConfigurations": [
            part(
                arm_id,
                "ipConfigurations",
                "ipconfig1",
                {
                    "privateIPAddress": address,
                    "privateIPAllocationMethod": "Dynamic",
                    "subnet": ref(subnet.id),
                    "primary": True,
                    "privateIPAddressVersion": "IPv4",
                },
            )
        ],
        "dnsSettings": {
            "dnsServers": [],
            "appliedDnsServers": [],
            "internalDomainNameSuffix": f"{estate.guid()[:8]}.ax.internal.cloudapp.net",
        },
        "macAddress": "-".join(f"{estate.rng.getrandbits(8):02X}" for _ in range(6)),
        "enableAcceleratedNetworking": False,
        "vnetEncryptionSupported": False,
        "enableIPForwarding": False,
        "disableTcpStateTracking": False,
        "primary": True,
        "hostedWorkloads": [],
        "tapConfigurations": [],
        "nicType": "Standard",
        "allowPort25Out": True,
        "auxiliaryMode": "None",
        "auxiliarySku": "None",
    }
    if machine:
        properties["virtualMachine"] = ref(machine)
    if endpoint:
        properties["privateEndpoint"] = ref(endpoint)
    return estate.add(scope, NIC, name, properties, kind="Regular"), address
