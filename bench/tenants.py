"""Tenants for questions about reach: many small networks around hubs; many machines and groups."""

from __future__ import annotations

from pathlib import Path
from random import Random

import msgspec

from bench import nsg
from bench.arm import NETWORK, Estate, Json, Scope, part, part_id, ref
from bench.network import VNET, Subnet, add_nic, add_public_ip, add_route_table

SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"
TRANSIT = ("nothing", "appliance", "firewall")
"""What stands in a region's hub to join its spokes."""

_APPLIANCES = "snet-appliance"
_REGIONS = "10.0.0.0/8"

_PLACES = 16
"""Subnets of 256 addresses that a network of 4,096 has room for."""


class Regions:
    """Hubs that are peered with each other, each with spokes; the hubs of regions take turns in
    joining their spokes by nothing, by an appliance, by an Azure Firewall.

    Every subnet has a security group of its own, with rules as people write them.
    """

    def __init__(self, seed: int = 1, transit: tuple[str, ...] = TRANSIT) -> None:
        """Make an empty tenant."""
        self.estate = Estate(Random(seed))
        self.transit = transit
        self._networks = 0
        self._hubs: list[str] = []
        self._prefixes: dict[str, str] = {}

    def add_region(self, spokes: int, subnets: int) -> None:
        """Make a hub and its spokes, each with so many subnets."""
        number = len(self._hubs)
        transit = self.transit[number % len(self.transit)]
        scope = Scope(SUBSCRIPTION, f"rg-region-{number:02}", "westeurope")
        hub = self._network(scope, f"vnet-hub-{number:02}")
        for other in self._hubs:
            self._peer(hub, other)
        self._hubs.append(hub)
        appliance = self._prefixes[hub].replace(".0/20", ".4")
        if transit == "firewall":
            self._add_firewall(scope, hub, appliance)
        elif transit == "appliance":
            home = self._subnet(scope, hub, 0, _APPLIANCES)
            arm_id, _ = add_nic(self.estate, scope, f"nic-appliance-{number:02}", home)
            self.estate.properties(arm_id)["enableIPForwarding"] = True
        for place in range(0 if transit == "nothing" else 1, subnets):
            self._subnet(scope, hub, place, f"snet-{place:02}")
        for spoke in range(spokes):
            self._add_spoke(scope, hub, f"{number:02}-{spoke:02}", subnets, transit, appliance)

    def _add_spoke(
        self, scope: Scope, hub: str, name: str, subnets: int, transit: str, appliance: str
    ) -> None:
        scope = scope.beside(f"rg-spoke-{name}")
        vnet = self._network(scope, f"vnet-{name}")
        self._peer(vnet, hub)
        hops = {} if transit == "nothing" else {_REGIONS: appliance, "0.0.0.0/0": appliance}
        table = add_route_table(self.estate, scope, f"rt-{name}", hops, propagate=False)
        for place in range(subnets):
            self._subnet(scope, vnet, place, f"snet-{place:02}", hub, table)

    def _network(self, scope: Scope, name: str) -> str:
        second, third = divmod(self._networks * _PLACES, 256)
        self._networks += 1
        prefix = f"10.{second}.{third}.0/20"
        space = {"addressPrefixes": [prefix]}
        properties: Json = {"addressSpace": space, "subnets": [], "virtualNetworkPeerings": []}
        arm_id = self.estate.add(scope, VNET, name, properties)
        self._prefixes[arm_id] = prefix
        return arm_id

    def _peer(self, one: str, other: str) -> None:
        for local, remote in ((one, other), (other, one)):
            name = f"to-{remote.rpartition('/')[2]}"
            space = {"addressPrefixes": [self._prefixes[remote]]}
            properties: Json = {
                "peeringState": "Connected",
                "remoteVirtualNetwork": ref(remote),
                "allowVirtualNetworkAccess": True,
                "allowForwardedTraffic": True,
                "allowGatewayTransit": False,
                "useRemoteGateways": False,
                "peerCompleteVnets": True,
                "remoteAddressSpace": space,
                "remoteVirtualNetworkAddressSpace": space,
            }
            peerings = self.estate.properties(local)["virtualNetworkPeerings"]
            peerings.append(part(local, "virtualNetworkPeerings", name, properties))

    def _subnet(
        self, scope: Scope, vnet: str, place: int, name: str, hub: str = "", table: str = ""
    ) -> Subnet:
        second, third = map(int, self._prefixes[vnet].split(".")[1:3])
        prefix = f"10.{second}.{third + place}.0/24"
        properties: Json = {"addressPrefix": prefix, "defaultOutboundAccess": False}
        if name != "AzureFirewallSubnet":
            short = vnet.rpartition("/")[2].removeprefix("vnet-")
            sources = [self._prefixes[hub or vnet], self._prefixes[vnet]]
            rules = self._rules(prefix, sources)
            if name == _APPLIANCES:  # whose card sees what it forwards
                rules.append(nsg.rule("AllowTransit", 90, _REGIONS, _REGIONS, "*", protocol="*"))
            group = nsg.add_nsg(self.estate, scope, f"nsg-{short}-{place:02}", rules)
            properties["networkSecurityGroup"] = ref(group)
        if table:
            properties["routeTable"] = ref(table)
        arm_id = part_id(vnet, "subnets", name)
        self.estate.properties(vnet)["subnets"].append(part(vnet, "subnets", name, properties))
        return Subnet(arm_id, second, third + place, prefix, properties)

    def _rules(self, prefix: str, sources: list[str]) -> list[Json]:
        chance = self.estate.rng
        allowed = [
            nsg.rule(f"AllowApp-{n}", 100 + n, chance.choice([*sources, "VirtualNetwork"]), prefix,
                     str(chance.randrange(1024, 50_000)))
            for n in range(chance.randint(3, 8))
        ]  # fmt: skip
        if chance.random() < 0.5:  # half of them trust their region
            allowed.append(nsg.rule("AllowHttps", 200, "VirtualNetwork", prefix, ("443", "8443")))
        return [*nsg.closed(*allowed, subnet=prefix), *nsg.services_only()]

    def _add_firewall(self, scope: Scope, hub: str, address: str) -> None:
        place = self._subnet(scope, hub, 0, "AzureFirewallSubnet")
        second, third = place.second, place.third
        region = f"10.{second}.{third}.0/20"
        policy = scope.id(f"{NETWORK}/firewallPolicies", "policy")
        self.estate.add(scope, f"{NETWORK}/firewallPolicies", "policy", {"threatIntelMode": "Deny"})
        rules = [
            {
                "ruleType": "NetworkRule",
                "name": name,
                "ipProtocols": ["TCP"],
                "sourceAddresses": [source],
                "destinationAddresses": [destination],
                "destinationPorts": ports,
                "sourceIpGroups": [],
                "destinationIpGroups": [],
                "destinationFqdns": [],
            }
            for name, source, destination, ports in (
                ("web", "10.0.0.0/8", "10.0.0.0/8", ["443"]),
                ("manage", region, "10.0.0.0/8", ["22", "3389"]),
            )
        ]
        self.estate.child(
            policy,
            "ruleCollectionGroups",
            "rules",
            {
                "priority": 200,
                "ruleCollections": [
                    {
                        "name": "network",
                        "ruleCollectionType": "FirewallPolicyFilterRuleCollection",
                        "priority": 200,
                        "action": {"type": "Allow"},
                        "rules": rules,
                    }
                ],
            },
        )
        kind = f"{NETWORK}/azureFirewalls"
        firewall = scope.id(kind, "firewall")
        public = scope.id(f"{NETWORK}/publicIPAddresses", "pip-firewall")
        front = part(
            firewall,
            "azureFirewallIpConfigurations",
            "ipconfig1",
            {
                "privateIPAddress": address,
                "subnet": ref(place.id),
                "publicIPAddress": ref(public),
                "privateIPAllocationMethod": "Dynamic",
            },
        )
        number = len(self._hubs)
        add_public_ip(self.estate, scope, "pip-firewall", f"20.40.0.{number}", front["id"])
        self.estate.add(
            scope,
            kind,
            "firewall",
            {
                "sku": {"name": "AZFW_VNet", "tier": "Standard"},
                "threatIntelMode": "Alert",
                "additionalProperties": {},
                "firewallPolicy": ref(policy),
                "ipConfigurations": [front],
                "networkRuleCollections": [],
                "applicationRuleCollections": [],
                "natRuleCollections": [],
            },
        )


def machines(groups: int, per_group: int, seed: int = 1) -> Estate:
    """Make NICs: so many security groups, each of so many NICs, in a subnet of its own.

    One NIC of every fourth group has a public address, to which the group lets somebody in.
    """
    estate = Estate(Random(seed))
    chance = estate.rng
    for number in range(groups):
        at, third = divmod(number, 200)
        scope = Scope(SUBSCRIPTION, f"rg-{at:03}", "westeurope")
        if third == 0:
            space = {"addressPrefixes": [f"10.{at}.0.0/16"]}
            settings: Json = {"addressSpace": space, "subnets": [], "virtualNetworkPeerings": []}
            vnet = estate.add(scope, VNET, f"vnet-{at:03}", settings)
        prefix = f"10.{at}.{third}.0/24"
        inner: Json = {"addressPrefix": prefix, "defaultOutboundAccess": False}
        name = f"snet-{third:03}"
        estate.properties(vnet)["subnets"].append(part(vnet, "subnets", name, inner))
        subnet = Subnet(part_id(vnet, "subnets", name), at, third, prefix, inner)
        services = chance.sample(range(1024, 50_000), chance.randint(2, 6))
        allowed = [
            nsg.rule(f"AllowApp-{n}", 100 + n, "VirtualNetwork", prefix, str(port))
            for n, port in enumerate(services)
        ]
        for n in range(chance.randint(1, 2)):
            source = chance.choice(["Internet", f"52.{chance.randrange(256)}.0.0/16"])
            port = str(chance.choice([443, 443, 22, 8080, chance.randrange(1024, 50_000)]))
            allowed.append(nsg.rule(f"AllowPublic-{n}", 200 + n, source, prefix, port))
        group = nsg.add_nsg(estate, scope, f"nsg-{number:05}", nsg.closed(*allowed, subnet=prefix))
        for n in range(per_group):
            arm_id, _ = add_nic(estate, scope, f"nic-{number:05}-{n}", subnet)
            properties = estate.properties(arm_id)
            properties["networkSecurityGroup"] = ref(group)
            if n == 0 and number % 4 == 0:
                address = f"20.{number >> 16}.{number >> 8 & 255}.{number & 255}"
                configuration = properties["ipConfigurations"][0]
                pip = add_public_ip(
                    estate, scope, f"pip-{number:05}-{n}", address, configuration["id"]
                )
                configuration["properties"]["publicIPAddress"] = ref(pip)
    return estate


def save(estate: Estate, file: Path) -> Path:
    """Write an estate as one export."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.encode({"value": list(estate.resources.values())}))
    return file
