"""A landing zone: one hub and the spokes that peer with it, as they should be.

No two landing zones are connected, so all of them use the same address plan: the hub is
10.0.0.0/16, the spokes 10.1.0.0/16 and on, on-premises 192.168.0.0/16.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from uuid import UUID

from bench import nsg
from bench.arm import NETWORK, Estate, Json, Scope
from bench.clusters import OUTBOUND_TYPES, POD_CIDR, Cluster, add_cluster, add_mysql
from bench.gateways import DOMAIN, add_gateway
from bench.hub import ON_PREMISES, Addresses, Hub, add_hub, add_storage, watch
from bench.machines import (
    Machine,
    add_internal_balancer,
    add_machine,
    add_private_endpoint,
    add_scale_set,
    put_behind,
)
from bench.network import Subnet, VNet, add_nat_gateway, add_route_table, add_vnet, peer

LOCATIONS = ("westeurope", "northeurope", "swedencentral", "eastus2", "southeastasia")
MOST_SPOKES = 5
PUBLIC_ADDRESSES_EACH = 64
PLATFORM = Scope("00000000-0000-4000-8000-00000000d115", "rg-platform", "westeurope")
PUBLIC_ZONE = PLATFORM.id(f"{NETWORK}/dnsZones", DOMAIN)


@dataclass(slots=True)
class Spoke:
    """One spoke: its network and what was put into it."""

    kind: str
    scope: Scope
    vnet: VNet
    nsgs: dict[str, str] = field(default_factory=dict)
    machines: list[Machine] = field(default_factory=list)
    routes: str = ""
    nat: str = ""
    balancer: str = ""
    scale_set: str = ""
    gateway: str = ""
    cluster: Cluster | None = None
    mysql: str = ""


@dataclass(slots=True)
class LandingZone:
    """A hub, its spokes, and all their resources."""

    number: int
    estate: Estate
    hub: Hub
    spokes: list[Spoke] = field(default_factory=list)

    def of(self, kind: str) -> list[Spoke]:
        """Give the spokes of one kind: `web`, `machines` or `cluster`."""
        return [spoke for spoke in self.spokes if spoke.kind == kind]


def build(seed: int, number: int, spokes: int = MOST_SPOKES) -> LandingZone:
    """Make landing zone `number`; the same seed, number and spokes give the same one."""
    rng = Random(f"{seed}/{number}")
    estate = Estate(rng)
    subscription = str(UUID(int=Random(f"{seed}/s{number // 4}").getrandbits(128), version=4))
    location = LOCATIONS[number % len(LOCATIONS)]
    scope = Scope(subscription, f"rg-hub-{number:05}", location)
    public = Addresses(next=PUBLIC_ADDRESSES_EACH * (number + 1))
    zone = LandingZone(number, estate, add_hub(estate, scope, number, public))
    kinds = ["machines", "web", "cluster", *rng.choices(("web", "machines", "cluster"), k=2)]
    for second, kind in enumerate(kinds[:spokes], 1):
        _add_spoke(zone, kind, second)
    return zone


def _add_spoke(zone: LandingZone, kind: str, second: int) -> None:
    hub = zone.hub
    name = f"{kind}-{zone.number:05}-{second}"
    scope = hub.scope.beside(f"rg-{name}")
    vnet = add_vnet(hub.estate, scope, f"vnet-{name}", second)
    peer(hub.vnet, vnet)
    watch(hub, vnet)
    spoke = Spoke(kind, scope, vnet)
    zone.spokes.append(spoke)
    {"web": _fill_web, "machines": _fill_machines, "cluster": _fill_cluster}[kind](hub, spoke, name)


def _guard(spoke: Spoke, subnet: str, rules: list[Json]) -> str:
    name = f"nsg-{spoke.vnet.id.rpartition('/')[2].removeprefix('vnet-')}-{subnet}"
    spoke.nsgs[subnet] = nsg.add_nsg(spoke.vnet.estate, spoke.scope, name, rules)
    return spoke.nsgs[subnet]


def _workload_nsg(spoke: Spoke, subnet: str, third: int, *sources: str) -> str:
    prefix = f"10.{spoke.vnet.second}.{third}.0/24"
    number = spoke.vnet.estate.rng.randint(4, 30)
    allowed = nsg.workload(sources[0], prefix, number)
    allowed += [
        nsg.rule(f"AllowWeb-{n}", 100 + n, source, prefix, ("443", "8443"))
        for n, source in enumerate(sources)
    ]
    return _guard(spoke, subnet, [*nsg.closed(*allowed, subnet=prefix), *nsg.services_only()])


def _through_firewall(hub: Hub, spoke: Spoke, name: str) -> str:
    hops = {"0.0.0.0/0": hub.firewall_address, ON_PREMISES: hub.firewall_address}
    return add_route_table(hub.estate, spoke.scope, f"rt-{name}", hops, propagate=False)


def _add_gateway_subnet(hub: Hub, spoke: Spoke, name: str) -> None:
    """Give the gateway a subnet of its own that learns no default route (A-14).

    None of its own to the internet either: it would leave in doubt what `Internet` holds (N-22).
    """
    prefix = f"10.{spoke.vnet.second}.0.0/24"
    guard = _guard(spoke, "gateway", nsg.gateway(prefix))
    routes = add_route_table(hub.estate, spoke.scope, f"rt-{name}-gateway", {}, propagate=False)
    spoke.vnet.subnet("snet-gateway", 0, nsg=guard, routes=routes)


def _add_endpoints(hub: Hub, spoke: Spoke, name: str, third: int) -> None:
    """Make a subnet of private endpoints and a storage account behind one."""
    prefix = f"10.{spoke.vnet.second}.{third}.0/24"
    allowed = nsg.rule("AllowHttps", 100, spoke.vnet.prefix, prefix, "443")
    guard = _guard(spoke, "endpoints", nsg.closed(allowed, subnet=prefix))
    subnet = spoke.vnet.subnet("snet-endpoints", third, nsg=guard)
    account = f"st{name.replace('-', '')}"
    storage = add_storage(hub.estate, spoke.scope, account)
    zone = "privatelink.blob.core.windows.net"
    add_private_endpoint(hub, spoke.scope, f"pe-{account}", subnet, storage, "blob", zone)


def _publish(hub: Hub, spoke: Spoke, name: str, backends: list[str]) -> None:
    subnets = spoke.vnet.subnets
    spoke.gateway = add_gateway(
        hub, spoke.scope, name, subnets["snet-gateway"], subnets["snet-endpoints"], backends
    )
    public = spoke.scope.id(f"{NETWORK}/publicIPAddresses", f"pip-{name}")
    address = hub.estate.properties(public)["ipAddress"]
    hub.estate.resources[f"{PUBLIC_ZONE}/A/{name}"] = {
        "id": f"{PUBLIC_ZONE}/A/{name}",
        "name": name,
        "type": f"{NETWORK}/dnsZones/A",
        "etag": hub.estate.guid(),
        "properties": {
            "fqdn": f"{name}.{DOMAIN}.",
            "TTL": 300,
            "ARecords": [{"ipv4Address": address}],
            "targetResource": {},
            "provisioningState": "Succeeded",
        },
    }


def _fill_web(hub: Hub, spoke: Spoke, name: str) -> None:
    """A gateway in front of machines, which leave through the hub's firewall."""
    _add_gateway_subnet(hub, spoke, name)
    _add_endpoints(hub, spoke, name, 1)
    spoke.routes = _through_firewall(hub, spoke, name)
    second = spoke.vnet.second
    guard = _workload_nsg(spoke, "web", 2, f"10.{second}.0.0/24")
    subnet = spoke.vnet.subnet("snet-web", 2, nsg=guard, routes=spoke.routes)
    for n in range(hub.estate.rng.randint(4, 8)):
        machine = add_machine(hub.estate, spoke.scope, f"vm-{name}-{n:02}", subnet)
        spoke.machines.append(machine)
    _publish(hub, spoke, name, [machine.address for machine in spoke.machines])


def _fill_machines(hub: Hub, spoke: Spoke, name: str) -> None:
    """Three tiers of machines, an internal load balancer, a scale set, a NAT gateway."""
    estate, second = hub.estate, spoke.vnet.second
    spoke.nat = add_nat_gateway(estate, spoke.scope, f"nat-{name}", hub.public.take())
    above = f"10.{second}.4.0/24"
    for third, tier in enumerate(("web", "app", "data")):
        guard = _workload_nsg(spoke, tier, third, above)
        subnet = spoke.vnet.subnet(f"snet-{tier}", third, nsg=guard, nat=spoke.nat)
        above = subnet.prefix
        for n in range(estate.rng.randint(5, 9)):
            machine = add_machine(estate, spoke.scope, f"vm-{name}-{tier}-{n:02}", subnet)
            spoke.machines.append(machine)
    app = spoke.vnet.subnets["snet-app"]
    pool, _ = add_internal_balancer(estate, spoke.scope, f"lb-{name}", app, "app", "app", 8443)
    spoke.balancer = pool.partition("/backendAddressPools/")[0]
    for machine in spoke.machines:
        if "-app-" in machine.id:
            put_behind(estate, machine, pool)
    spoke.scale_set = add_scale_set(estate, spoke.scope, f"vmss-{name}", app, 4, [])
    _add_endpoints(hub, spoke, name, 4)


def _fill_cluster(hub: Hub, spoke: Spoke, name: str) -> None:
    """A gateway in front of the internal ingress of a cluster, and a database beside it."""
    estate, second = hub.estate, spoke.vnet.second
    _add_gateway_subnet(hub, spoke, name)
    _add_endpoints(hub, spoke, name, 1)
    outbound = OUTBOUND_TYPES[(hub.number + second) % len(OUTBOUND_TYPES)]
    if outbound == "userAssignedNATGateway":
        spoke.nat = add_nat_gateway(estate, spoke.scope, f"nat-{name}", hub.public.take())
    if outbound == "userDefinedRouting":
        spoke.routes = _through_firewall(hub, spoke, name)
    prefix = f"10.{second}.2.0/24"
    allowed = (
        nsg.rule("AllowGateway", 100, f"10.{second}.0.0/24", "*", ("80", "443")),
        nsg.rule("AllowPods", 110, POD_CIDR, "*", "*", protocol="*"),
        nsg.rule("AllowToPods", 120, prefix, POD_CIDR, "*", protocol="*"),
    )
    egress = nsg.node_egress(spoke.scope.location)
    guard = _guard(spoke, "nodes", [*nsg.closed(*allowed, subnet=prefix), *egress])
    nodes = spoke.vnet.subnet("snet-nodes", 2, nsg=guard, routes=spoke.routes, nat=spoke.nat)
    data = f"10.{second}.3.0/24"
    guard = _guard(
        spoke, "mysql", nsg.closed(nsg.rule("AllowNodes", 100, prefix, data, "3306"), subnet=data)
    )
    delegated = spoke.vnet.subnet(
        "snet-mysql", 3, nsg=guard, delegation="Microsoft.DBforMySQL/flexibleServers"
    )
    spoke.cluster = add_cluster(hub, spoke.scope, f"aks-{name}", nodes, outbound)
    spoke.mysql = add_mysql(hub, spoke.scope, f"mysql-{name}", delegated, [spoke.vnet, hub.vnet])
    _publish(hub, spoke, name, [spoke.cluster.ingress])


def add_tools(hub: Hub, spoke: Spoke) -> Subnet:
    """Put a machine into a subnet of its own, which nobody is let into."""
    name = spoke.vnet.id.rpartition("/")[2].removeprefix("vnet-") + "-tools"
    prefix = f"10.{spoke.vnet.second}.9.0/24"
    guard = _guard(spoke, "tools", [*nsg.closed(subnet=prefix), *nsg.services_only()])
    routes = _through_firewall(hub, spoke, name)
    subnet = spoke.vnet.subnet("snet-tools", 9, nsg=guard, routes=routes)
    add_machine(hub.estate, spoke.scope, f"vm-{name}", subnet)
    return subnet


def platform(seed: int) -> Estate:
    """Make what all landing zones share: the public DNS zone."""
    estate = Estate(Random(f"{seed}/platform"))
    servers = [
        f"ns{n}-07.azure-dns.{tld}." for n, tld in enumerate(("com", "net", "org", "info"), 1)
    ]
    properties = {"numberOfRecordSets": 2, "nameServers": servers, "zoneType": "Public"}
    estate.add(PLATFORM, f"{NETWORK}/dnsZones", DOMAIN, properties, location="global")
    return estate
