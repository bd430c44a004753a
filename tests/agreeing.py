"""Small estates at random, from a seed: everything that a packet may meet, mixed."""

from __future__ import annotations

import random
from typing import Any

from auditor.testing import arm_id, resource

from .auditor.network.filtering.test_naive import written
from .exposed import NSG, PIP, pip
from .firewalls import application_rule, collection, firewall, group, nat_rule, network_rule, policy
from .guarded import Json
from .networks import gateway, nic, peer, site, subnet_id, tunnel, vnet
from .reaching import ref
from .routing import TABLE, endpoint, route, table

MACHINES = {
    "web": ("a", "front", "10.1.0.4"),
    "api": ("a", "front", "10.1.0.5"),
    "app": ("a", "back", "10.1.1.4"),
    "db": ("b", "data", "10.2.0.4"),
    "jump": ("hub", "tools", "10.0.9.4"),
    "nva": ("hub", "nva", "10.0.2.4"),
    "away": ("far", "rest", "10.3.0.4"),
}
"""Machines by name: their VNet, subnet and address."""

PUBLIC = {name: f"20.1.1.{10 + place}" for place, name in enumerate(MACHINES)}
BALANCED, FILTERED, FRONTED, INNER = "20.1.1.1", "20.1.1.80", "20.1.1.60", "10.1.1.100"
STRANGERS = ("52.10.0.7", "8.8.8.8", "203.0.113.7")
SITE = "192.168.7.0/24"

_NIC = "Microsoft.Network/networkInterfaces/ipConfigurations"
_LB = "Microsoft.Network/loadBalancers"
_GROUPS = "Microsoft.Network/applicationSecurityGroups"
_SIDES = [
    "*", "*", "VirtualNetwork", "Internet", "AzureLoadBalancer", "10.0.0.0/8", "10.1.0.0/24",
    "10.2.0.4", BALANCED, "52.0.0.0/8", "203.0.113.0/24", "Storage", "0.0.0.0/0", SITE,
    "asg:web", ["10.1.0.4", "10.2.0.0/24"],
]  # fmt: skip
_PORTS: list[Any] = ["*", "*", "443", "22", "80-443", ["22", "8000-9000"]]
_PREFIXES = [
    "0.0.0.0/0",
    "10.0.0.0/8",
    "10.1.0.0/16",
    "10.2.0.0/16",
    "10.3.0.0/16",
    "10.1.0.0/24",
    "52.0.0.0/8",
    SITE,
]
_HOPS = ["VirtualAppliance", "VirtualAppliance", "Internet", "None", "VnetLocal",
         "VirtualNetworkGateway"]  # fmt: skip


def _inbound(name: str, priority: int, access: str, ports: Any = "*", to: str = "*") -> Json:
    source = "Internet" if access == "Allow" else "*"
    return {"name": name, "priority": priority, "direction": "Inbound", "access": access,
            "protocol": "*", "from": source, "to": to, "ports": ports}  # fmt: skip


class Maker:
    """Makes one estate; the same seed makes the same."""

    def __init__(self, seed: int) -> None:
        """Take the seed."""
        self.draw = random.Random(seed)

    def maybe(self, chance: float) -> bool:
        return self.draw.random() < chance

    def estate(self) -> list[Json]:
        """Give the resources."""
        groups = [f"g{n}" for n in range(self.draw.randint(0, 4))]
        tables = [f"t{n}" for n in range(self.draw.randint(0, 3))]
        return [
            *(written(self.rules(), name) for name in groups),
            *(self.table(name) for name in tables),
            *self.networks(groups, tables),
            *(each for name in MACHINES for each in self.machine(name, groups)),
            resource(_GROUPS, "web"),
            *(self.balancers() if self.maybe(0.6) else ()),
            *(self.firewall() if self.maybe(0.4) else ()),
            *(self.sites() if self.maybe(0.3) else ()),
            *(self.endpoint() if self.maybe(0.3) else ()),
            *(self.administered() if self.maybe(0.2) else ()),
        ]

    def endpoint(self) -> list[Json]:
        status = self.draw.choice(["Approved", "Approved", "Pending"])
        return [endpoint("pe", "10.1.1.50", ("a", "back"), status)]

    def rules(self) -> list[Json]:
        """Some at random; perhaps the ones that people write: let something in, deny the rest."""
        found = self.random_rules()
        if self.maybe(0.4):
            to = self.draw.choice(["*", "10.1.0.0/16", BALANCED])
            found.append(_inbound("open", 4095, "Allow", self.draw.choice(_PORTS), to))
        if self.maybe(0.3):
            found.append(_inbound("rest", 4096, "Deny"))
        return found

    def random_rules(self) -> list[Json]:
        choose = self.draw.choice
        return [
            {
                "name": f"r{priority}",
                "priority": priority,
                "direction": choose(["Inbound", "Outbound"]),
                "access": choose(["Allow", "Allow", "Deny"]),
                "protocol": choose(["*", "*", "Tcp", "Udp", "Icmp"]),
                "from": choose(_SIDES),
                "to": choose(_SIDES),
                "ports": choose(_PORTS),
            }
            for priority in self.draw.sample(range(100, 4095), self.draw.randint(0, 5))
        ]

    def table(self, name: str) -> Json:
        hops = [(prefix, self.draw.choice(_HOPS)) for prefix in self.draw.sample(_PREFIXES, 2)]
        address = {"VirtualAppliance": self.draw.choice(["10.0.1.4", "10.0.2.4", "10.0.2.9"])}
        routes = [route(prefix, hop, address.get(hop)) for prefix, hop in hops]
        return table(name, *routes, disableBgpRoutePropagation=self.maybe(0.5))

    def networks(self, groups: list[str], tables: list[str]) -> list[Json]:
        """A hub with two spokes, peered in all ways that there are, and one that is not."""
        spaces = {"hub": "10.0.0.0/16", "a": "10.1.0.0/16", "b": "10.2.0.0/16",
                  "far": "10.3.0.0/16"}  # fmt: skip
        subnets: dict[str, Json] = {
            "hub": {
                "tools": self.subnet("10.0.9.0/24", groups, tables),
                "nva": self.subnet("10.0.2.0/24", groups, tables),
                "AzureFirewallSubnet": {"addressPrefix": "10.0.1.0/26"},
                "GatewaySubnet": {"addressPrefix": "10.0.3.0/27"},
            },
            "a": {
                "front": self.subnet("10.1.0.0/24", groups, tables),
                "back": self.subnet("10.1.1.0/24", groups, tables),
            },
            "b": {"data": self.subnet("10.2.0.0/24", groups, tables)},
            "far": {
                "rest": self.subnet("10.3.0.0/24", groups, tables),
                "GatewaySubnet": {"addressPrefix": "10.3.3.0/27"},
            },
        }
        ties: dict[str, list[Json]] = {name: [] for name in spaces}
        for one, other in (("hub", "a"), ("hub", "b"), ("a", "b")):
            if self.maybe(0.8 if one == "hub" else 0.3):
                ties[one].append(self.peering(other, spaces[other]))
                if self.maybe(0.95):
                    ties[other].append(self.peering(one, spaces[one]))
        return [
            vnet(name, space, subnets=subnets[name], peers=ties[name])
            for name, space in spaces.items()
        ]

    def subnet(self, prefix: str, groups: list[str], tables: list[str]) -> Json:
        found: Json = {"addressPrefix": prefix, "defaultOutboundAccess": self.maybe(0.7)}
        found["privateEndpointNetworkPolicies"] = self.draw.choice(["Disabled", "Enabled"])
        if groups and self.maybe(0.7):
            found["networkSecurityGroup"] = ref(NSG, self.draw.choice(groups))
        if tables and self.maybe(0.4):
            found["routeTable"] = ref(TABLE, self.draw.choice(tables))
        return found

    def peering(self, far: str, space: str) -> Json:
        return peer(
            far,
            space,
            state=self.draw.choice(["Connected"] * 8 + ["Initiated", "Disconnected"]),
            allowVirtualNetworkAccess=self.maybe(0.85),
            allowForwardedTraffic=self.maybe(0.7),
            allowGatewayTransit=self.maybe(0.6),
            useRemoteGateways=far == "hub" and self.maybe(0.5),
        )

    def machine(self, name: str, groups: list[str]) -> list[Json]:
        """A NIC, its machine, and perhaps a public address."""
        home, place, address = MACHINES[name]
        configuration: Json = {"privateIPAllocationMethod": "Static"}
        more: Json = {"enableIPForwarding": name == "nva" and self.maybe(0.8)}
        found: list[Json] = []
        if self.maybe(0.3):
            configuration["publicIPAddress"] = ref(PIP, f"pip-{name}")
            owner = arm_id(_NIC, name, "primary")
            sku = {"name": self.draw.choice(["Standard", "Standard", "Basic"])}
            found.append(pip(f"pip-{name}", owner, address=PUBLIC[name], sku=sku))
        if self.maybe(0.3):
            configuration["applicationSecurityGroups"] = [ref(_GROUPS, "web")]
        if groups and self.maybe(0.3):
            more["networkSecurityGroup"] = ref(NSG, self.draw.choice(groups))
        found.append(
            nic(name, address, (home, place), vm=name, configuration=configuration, **more)
        )
        return [*found, resource("Microsoft.Compute/virtualMachines", name)]

    def balancers(self) -> list[Json]:
        """One with a public frontend, and one inside."""
        sku = self.draw.choice(["Standard", "Standard", "Basic"])
        inside = {"privateIPAddress": INNER, "subnet": {"id": subnet_id("a", "back")}}
        return [
            pip("pip-lb", address=BALANCED, sku={"name": sku}),
            self.balancer("outer", {"publicIPAddress": ref(PIP, "pip-lb")}, sku),
            self.balancer("inner", inside, sku),
        ]

    def balancer(self, name: str, front: Json, sku: str) -> Json:
        choose = self.draw.choice
        port, floating = choose([443, 22, 80]), self.maybe(0.4)
        rule: Json = {
            "frontendIPConfiguration": ref(f"{_LB}/frontendIPConfigurations", name, "front"),
            "backendAddressPool": ref(f"{_LB}/backendAddressPools", name, "pool"),
            "protocol": choose(["Tcp", "Tcp", "Udp"]),
            "frontendPort": port,
            "backendPort": port if floating else choose([443, 8443]),
            "enableFloatingIP": floating,
            "disableOutboundSnat": self.maybe(0.5),
        }
        if self.maybe(0.5):
            rule["probe"] = ref(f"{_LB}/probes", name, "probe")
        probe: Json = {"protocol": "Tcp", "port": choose([80, 443])}
        if self.maybe(0.3):
            probe["noHealthyBackendsBehavior"] = choose(["AllProbedUp", "AllProbedDown"])
        members = self.draw.sample(["web", "api", "app"], self.draw.randint(1, 2))
        pool = {"loadBalancerBackendAddresses": [self.member(each) for each in members]}
        settings: Json = {
            "frontendIPConfigurations": [{"name": "front", "properties": front}],
            "backendAddressPools": [{"name": "pool", "properties": pool}],
            "loadBalancingRules": [{"name": "rule", "properties": rule}],
            "probes": [{"name": "probe", "properties": probe}],
            "inboundNatRules": [],
            "outboundRules": [],
        }
        if name == "outer" and self.maybe(0.3):
            out = {"backendAddressPool": rule["backendAddressPool"],
                   "frontendIPConfigurations": [rule["frontendIPConfiguration"]],
                   "protocol": choose(["Tcp", "Udp", "All"])}  # fmt: skip
            settings["outboundRules"] = [{"name": "out", "properties": out}]
        return resource(_LB, name, settings, sku={"name": sku})

    def member(self, name: str) -> Json:
        settings: Json = {"networkInterfaceIPConfiguration": ref(_NIC, name, "primary")}
        if self.maybe(0.2):
            settings["adminState"] = self.draw.choice(["Up", "Down", "None"])
        return {"name": name, "properties": settings}

    def firewall(self) -> list[Json]:
        """An Azure Firewall in the hub, with rules of all three kinds."""
        choose = self.draw.choice
        machine = MACHINES[choose(list(MACHINES))][2]
        rules = [
            collection(
                f"c{place}",
                200 + place,
                choose(["Allow", "Allow", "Deny"]),
                network_rule("n", choose(["*", "10.1.0.0/16"]), choose(["*", "10.2.0.0/16"]),
                             choose(["*", "443"]), choose(["TCP", "Any", "UDP"])),
            )
            for place in range(self.draw.randint(0, 3))
        ]  # fmt: skip
        nat = nat_rule("d", f"{machine}:443", FILTERED, choose(["443", "8443"]))
        rules.append(collection("nat", 100, "Dnat", nat))
        if self.maybe(0.3):
            rules.append(collection("names", 900, "Allow", application_rule("w", "*.example.com")))
        place = {"privateIPAddress": "10.0.1.4", "publicIPAddress": ref(PIP, "pip-fw"),
                 "subnet": {"id": subnet_id("hub", "AzureFirewallSubnet")}}  # fmt: skip
        return [
            pip("pip-fw", address=FILTERED),
            policy("rules"),
            group("rules", 200, *rules),
            firewall(ipConfigurations=[{"name": "x", "properties": place}]),
        ]

    def sites(self) -> list[Json]:
        """A VPN gateway in the hub, and behind it a site, another network, or both."""
        settled = {"enableBgp": False, "connectionStatus": "Connected"}
        found = [gateway("gw", "hub", enableBgp=False)]
        joined = self.maybe(0.6)
        if not joined or self.maybe(0.6):
            found += [site("site", SITE), tunnel("tunnel", "gw", "site", **settled)]
        if joined:
            found.append(gateway("gw-far", "far", enableBgp=False))
            found += [self.half(*ends, settled) for ends in (("gw", "gw-far"), ("gw-far", "gw"))
                      if self.maybe(0.9)]  # fmt: skip
        return found

    def half(self, start: str, end: str, settled: Json) -> Json:
        """One side's connection to another gateway."""
        kind = "Microsoft.Network/virtualNetworkGateways"
        ends = {
            "virtualNetworkGateway1": ref(kind, start),
            "virtualNetworkGateway2": ref(kind, end),
        }
        settings = {"connectionType": "Vnet2Vnet", **ends, **settled}
        return resource("Microsoft.Network/connections", f"{start}-to-{end}", settings)

    def administered(self) -> list[Json]:
        """A network manager with an admin rule, which may be deployed."""
        kind = "Microsoft.Network/networkManagers"
        inside = f"{kind}/securityAdminConfigurations"
        side = {"addressPrefixType": "IPPrefix"}
        rule = {
            "access": self.draw.choice(["Allow", "AlwaysAllow", "Deny"]),
            "direction": self.draw.choice(["Inbound", "Outbound"]),
            "priority": 10,
            "protocol": self.draw.choice(["Any", "Tcp"]),
            "sources": [{**side, "addressPrefix": self.draw.choice(["*", "10.1.0.0/16"])}],
            "destinations": [{**side, "addressPrefix": self.draw.choice(["*", "10.2.0.0/16"])}],
            "destinationPortRanges": [self.draw.choice(["22", "443", "0-65535"])],
        }
        return [
            resource(kind, "mgr", {"networkManagerScopeAccesses": ["SecurityAdmin"]}),
            resource(inside, "mgr/all"),
            resource(f"{inside}/ruleCollections", "mgr/all/some"),
            resource(f"{inside}/ruleCollections/rules", "mgr/all/some/one", rule),
        ]
