"""What people get wrong in NSGs, address plans, peerings, routes, DNS and egress."""

from __future__ import annotations

from bench import nsg
from bench.arm import NETWORK, Json, part, ref
from bench.fault import Expected, Fault
from bench.hub import ON_PREMISES
from bench.landing_zone import PUBLIC_ZONE, LandingZone, Spoke, add_tools
from bench.network import Subnet, add_public_ip


def _spoke(zone: LandingZone, kind: str) -> Spoke:
    found = zone.of(kind)
    return found[zone.number % len(found)]


def _properties(zone: LandingZone, arm_id: str) -> Json:
    return zone.estate.properties(arm_id)


def _peering(zone: LandingZone, local: str, remote: str) -> Json:
    """Give the live peering of one network towards another."""
    found = _properties(zone, local)["virtualNetworkPeerings"]
    made: Json = next(p for p in found if p["properties"]["remoteVirtualNetwork"]["id"] == remote)
    return made


def _add_rule(zone: LandingZone, tier: str, rule: Json) -> str:
    guard = _spoke(zone, "machines").nsgs[tier]
    made = part(guard, "securityRules", rule["name"], rule["properties"])
    _properties(zone, guard)["securityRules"].append(made)
    return str(made["id"])


def _open(name: str, tier: str, rule_id: str, source: nsg.Side, ports: nsg.Side) -> Fault:
    """Make the fault that a rule of an NSG lets a source in."""

    def fault(zone: LandingZone) -> list[Expected]:
        if tier == "app" and _is_public(_instances(zone)):
            return []  # the two together are a third fault
        subnet = _spoke(zone, "machines").vnet.subnets[f"snet-{tier}"].prefix
        priority = 150 + OPENINGS.index(name)
        added = _add_rule(zone, tier, nsg.rule(name, priority, source, subnet, ports))
        return [Expected(rule_id, added)]

    return fault


OPENINGS = ("ssh", "rdp", "demo", "halves", "mysql", "metrics")


def shadowed_rule(zone: LandingZone) -> list[Expected]:
    """A rule behind one that decides all its packets."""
    subnet = _spoke(zone, "machines").vnet.subnets["snet-data"].prefix
    return [
        Expected("NSG-014", _add_rule(zone, "data", nsg.rule("late", 4020, subnet, subnet, "22")))
    ]


def redundant_rule(zone: LandingZone) -> list[Expected]:
    """A rule in front of one that says the same of more packets."""
    subnet = _spoke(zone, "machines").vnet.subnets["snet-data"].prefix
    return [
        Expected("NSG-015", _add_rule(zone, "data", nsg.rule("early", 3990, subnet, subnet, "22")))
    ]


def subnet_without_nsg(zone: LandingZone) -> list[Expected]:
    """A subnet that lost its NSG."""
    spoke = _spoke(zone, "machines")
    subnet = spoke.vnet.subnets["snet-endpoints"]
    del subnet.properties["networkSecurityGroup"]
    del zone.estate.resources[spoke.nsgs["endpoints"]]
    return [Expected("NSG-001", subnet.id)]


def machine_with_public_address(zone: LandingZone) -> list[Expected]:
    """A machine that the internet can address."""
    return [Expected("EXP-002", _give_address(zone, _spoke(zone, "web"), "pip-debug"))]


def _give_address(zone: LandingZone, spoke: Spoke, name: str) -> str:
    """Give a public address to the first machine of a spoke, and its NIC's id."""
    nic = spoke.machines[0].nic
    config = _properties(zone, nic)["ipConfigurations"][0]
    public = add_public_ip(
        zone.estate,
        spoke.scope,
        f"{name}-{zone.number:05}",
        zone.hub.public.take(),
        config["id"],
    )
    config["properties"]["publicIPAddress"] = ref(public)
    return nic


def machine_open_to_everyone(zone: LandingZone) -> list[Expected]:
    """A machine with an address of its own, and SSH open to it."""
    spoke = _spoke(zone, "machines")
    nic = _give_address(zone, spoke, "pip-open")
    subnet = _properties(zone, nic)["ipConfigurations"][0]["properties"]["subnet"]["id"]
    tier = subnet.rpartition("-")[2]
    prefix = spoke.vnet.subnets[f"snet-{tier}"].prefix
    rule = _add_rule(zone, tier, nsg.rule("debug", 170, "Internet", prefix, "22"))
    return [Expected("EXP-002", nic), Expected("EXP-005", nic), Expected("NSG-005", rule)]


def blocked_backend(zone: LandingZone) -> list[Expected]:
    """Nodes whose group lets the gateway in on another port than it asks."""
    spoke = _spoke(zone, "cluster")
    [rule] = [r for r in _properties(zone, spoke.nsgs["nodes"])["securityRules"]
              if r["name"] == "AllowGateway"]  # fmt: skip
    rule["properties"] |= {"destinationPortRange": "8443", "destinationPortRanges": []}
    pools = _properties(zone, spoke.gateway)["backendAddressPools"]
    return [Expected("GW-004", pool["id"]) for pool in pools]


def open_database(zone: LandingZone) -> list[Expected]:
    """A database that a machine for its operators reaches besides the nodes."""
    spoke = _spoke(zone, "cluster")
    data = spoke.vnet.subnets["snet-mysql"].prefix
    tools = add_tools(zone.hub, spoke)
    guard = spoke.nsgs["mysql"]
    rule = nsg.rule("tools", 150, tools.prefix, data, "3306")
    made = part(guard, "securityRules", rule["name"], rule["properties"])
    _properties(zone, guard)["securityRules"].append(made)
    return [Expected("DB-008", spoke.mysql)]


def instances_with_public_addresses(zone: LandingZone) -> list[Expected]:
    """A scale set that gives its instances public addresses."""
    spoke = _spoke(zone, "machines")
    rules = _properties(zone, spoke.nsgs["app"])["securityRules"]
    if any(rule["name"] in OPENINGS for rule in rules):
        return []  # the two together are a third fault
    _instances(zone)["publicIPAddressConfiguration"] = {
        "name": "public",
        "properties": {"idleTimeoutInMinutes": 15, "ipTags": []},
    }
    return [Expected("EXP-003", spoke.scale_set)]


def _instances(zone: LandingZone) -> Json:
    """Give the ip configuration of a scale set's model."""
    scale_set = _spoke(zone, "machines").scale_set
    profile = _properties(zone, scale_set)["virtualMachineProfile"]["networkProfile"]
    config = profile["networkInterfaceConfigurations"][0]["properties"]["ipConfigurations"][0]
    made: Json = config["properties"]
    return made


def _is_public(configuration: Json) -> bool:
    return "publicIPAddressConfiguration" in configuration


def overlapping_subnets(zone: LandingZone) -> list[Expected]:
    """A subnet that was widened over its neighbour."""
    spoke = _spoke(zone, "machines")
    spoke.vnet.subnets["snet-app"].properties["addressPrefix"] = f"10.{spoke.vnet.second}.0.0/23"
    return [Expected("ADR-001", spoke.vnet.subnets["snet-web"].id)]


def overlapping_peers(zone: LandingZone) -> list[Expected]:
    """A network that grew into its hub."""
    vnet = _spoke(zone, "web").vnet
    _grow(zone, vnet.id, "10.0.128.0/17")
    return [Expected("ADR-002", vnet.id)]


def subnet_outside_network(zone: LandingZone) -> list[Expected]:
    """A network that lost the range of one of its subnets."""
    vnet = _spoke(zone, "machines").vnet
    left = [f"10.{vnet.second}.0.0/23", f"10.{vnet.second}.4.0/24"]
    _properties(zone, vnet.id)["addressSpace"]["addressPrefixes"] = left
    _tell_hub(zone, vnet.id, left)
    return [Expected("ADR-004", vnet.subnets["snet-data"].id)]


def _grow(zone: LandingZone, vnet: str, prefix: str) -> None:
    space = _properties(zone, vnet)["addressSpace"]["addressPrefixes"]
    space.append(prefix)
    _tell_hub(zone, vnet, space)


def _tell_hub(zone: LandingZone, vnet: str, space: list[str]) -> None:
    peering = _peering(zone, zone.hub.vnet.id, vnet)["properties"]
    for key in ("remoteAddressSpace", "remoteVirtualNetworkAddressSpace"):
        peering[key] = {"addressPrefixes": list(space)}


def on_premises_inside_network(zone: LandingZone) -> list[Expected]:
    """An office that uses a range of Azure's."""
    vnet = _spoke(zone, "cluster").vnet
    local = zone.hub.scope.id(f"{NETWORK}/localNetworkGateways", f"lgw-{zone.number:05}")
    space = _properties(zone, local)["localNetworkAddressSpace"]
    space["addressPrefixes"].append(f"10.{vnet.second}.128.0/24")
    return [Expected("ADR-005", vnet.id)]


def _too_small(name: str, third: int, length: int, rule_id: str) -> Fault:
    """Make the fault that a subnet of the platform is too small."""

    def fault(zone: LandingZone) -> list[Expected]:
        subnet = zone.hub.vnet.subnets[name]
        subnet.properties["addressPrefix"] = f"10.0.{third}.0/{length}"
        return [Expected(rule_id, subnet.id)]

    return fault


def static_address_outside_subnet(zone: LandingZone) -> list[Expected]:
    """A NIC that kept its address when it moved."""
    spoke = _spoke(zone, "machines")
    nic = next(machine.nic for machine in spoke.machines if "-web-" in machine.id)
    config = _properties(zone, nic)["ipConfigurations"][0]
    config["properties"] |= {
        "privateIPAllocationMethod": "Static",
        "privateIPAddress": f"10.{spoke.vnet.second}.77.4",
    }
    return [Expected("ADR-015", config["id"])]


def next_hop_gone(zone: LandingZone) -> list[Expected]:
    """A route to a firewall that is no more."""
    routes = _properties(zone, _spoke(zone, "web").routes)["routes"]
    route = next(r for r in routes if r["properties"]["addressPrefix"] == ON_PREMISES)
    route["properties"]["nextHopIpAddress"] = "10.0.0.62"
    return [Expected("RTE-002", route["id"])]


def half_open_peering(zone: LandingZone) -> list[Expected]:
    """A peering that one side has deleted."""
    vnet = _spoke(zone, "machines").vnet
    _properties(zone, vnet.id)["virtualNetworkPeerings"].clear()
    peering = _peering(zone, zone.hub.vnet.id, vnet.id)
    peering["properties"]["peeringState"] = "Disconnected"
    return [Expected("PER-002", peering["id"])]


def unfinished_peering(zone: LandingZone) -> list[Expected]:
    """A peering that never got beyond the first step on one side."""
    vnet = _spoke(zone, "machines").vnet
    peerings = _properties(zone, vnet.id)["virtualNetworkPeerings"]
    for peering in peerings:
        peering["properties"]["peeringState"] = "Initiated"
    return [Expected("PER-001", peering["id"]) for peering in peerings]


def transit_not_allowed(zone: LandingZone) -> list[Expected]:
    """A spoke that wants the gateway of a hub that does not offer it."""
    vnet = _spoke(zone, "web").vnet
    _peering(zone, zone.hub.vnet.id, vnet.id)["properties"]["allowGatewayTransit"] = False
    return [Expected("PER-003", _peering(zone, vnet.id, zone.hub.vnet.id)["id"])]


def stale_peering(zone: LandingZone) -> list[Expected]:
    """A network that grew without a sync of its peering."""
    vnet = _spoke(zone, "cluster").vnet
    prefix = f"10.{vnet.second + 100}.0.0/24"
    space = _properties(zone, vnet.id)["addressSpace"]["addressPrefixes"]
    space.append(prefix)
    peering = _peering(zone, zone.hub.vnet.id, vnet.id)
    peering["properties"]["peeringSyncLevel"] = "RemoteNotInSync"
    peering["properties"]["remoteVirtualNetworkAddressSpace"]["addressPrefixes"] = list(space)
    return [Expected("PER-007", peering["id"])]


def endpoint_without_name(zone: LandingZone) -> list[Expected]:
    """A private endpoint that no DNS zone knows."""
    endpoint, host = _storage_endpoint(_spoke(zone, "web"))
    del zone.estate.resources[f"{endpoint}/privateDnsZoneGroups/default"]
    del zone.estate.resources[f"{_blob_zone(zone)}/A/{host}"]
    return [Expected("PE-005", endpoint)]


def endpoint_with_wrong_record(zone: LandingZone) -> list[Expected]:
    """A record that was not changed when its endpoint was."""
    endpoint, host = _storage_endpoint(_spoke(zone, "cluster"))
    records = _properties(zone, f"{_blob_zone(zone)}/A/{host}")["aRecords"]
    records[0]["ipv4Address"] = "10.99.99.99"
    return [Expected("PE-006", endpoint)]


def _blob_zone(zone: LandingZone) -> str:
    return zone.hub.zones["privatelink.blob.core.windows.net"]


def _storage_endpoint(spoke: Spoke) -> tuple[str, str]:
    account = "st" + spoke.vnet.id.rpartition("/vnet-")[2].replace("-", "")
    return spoke.scope.id(f"{NETWORK}/privateEndpoints", f"pe-{account}"), account


def network_without_zone(zone: LandingZone) -> list[Expected]:
    """A network that resolves a service's name to its public address."""
    vnet = _spoke(zone, "machines").vnet
    name = vnet.id.rpartition("/")[2]
    del zone.estate.resources[f"{_blob_zone(zone)}/virtualNetworkLinks/{name}"]
    return [Expected("DNS-005", _blob_zone(zone))]


def dangling_record(zone: LandingZone) -> list[Expected]:
    """A public name that anyone may claim."""
    name = f"old-{zone.number:05}"
    arm_id = f"{PUBLIC_ZONE}/CNAME/{name}"
    target = f"shop-{name}.{zone.hub.scope.location}.cloudapp.azure.com"
    zone.estate.resources[arm_id] = {
        "id": arm_id,
        "name": name,
        "type": f"{NETWORK}/dnsZones/CNAME",
        "etag": zone.estate.guid(),
        "properties": {"TTL": 3600, "CNAMERecord": {"cname": target}, "targetResource": {}},
    }
    return [Expected("DNS-007", arm_id)]


def _leave_nat_gateway(zone: LandingZone, subnet: Subnet) -> None:
    """Take a subnet away from its NAT gateway, on both sides, as Azure does."""
    gateway = _properties(zone, subnet.properties.pop("natGateway")["id"])
    gateway["subnets"] = [each for each in gateway["subnets"] if each["id"] != subnet.id]


def implicit_outbound_access(zone: LandingZone) -> list[Expected]:
    """A subnet without any way out but the one Azure takes away."""
    subnet = _spoke(zone, "machines").vnet.subnets["snet-data"]
    _leave_nat_gateway(zone, subnet)
    del subnet.properties["defaultOutboundAccess"]
    return [Expected("NAT-001", subnet.id)]


def no_way_out(zone: LandingZone) -> list[Expected]:
    """A private subnet that lost its NAT gateway."""
    subnet = _spoke(zone, "machines").vnet.subnets["snet-app"]
    _leave_nat_gateway(zone, subnet)
    return [Expected("NAT-002", subnet.id)]


FAULTS: tuple[Fault, ...] = (
    _open("ssh", "app", "NSG-005", "Internet", "22"),
    overlapping_subnets,
    half_open_peering,
    next_hop_gone,
    machine_with_public_address,
    endpoint_with_wrong_record,
    _open("rdp", "web", "NSG-004", "*", ("3380-3400", "5000")),
    subnet_without_nsg,
    overlapping_peers,
    implicit_outbound_access,
    no_way_out,
    _open("demo", "app", "NSG-003", "0.0.0.0/0", "8080"),
    instances_with_public_addresses,
    subnet_outside_network,
    transit_not_allowed,
    endpoint_without_name,
    _open("halves", "web", "NSG-003", ("0.0.0.0/1", "128.0.0.0/1"), "9000"),
    shadowed_rule,
    on_premises_inside_network,
    stale_peering,
    network_without_zone,
    _open("mysql", "data", "NSG-008", "Internet", "3306"),
    redundant_rule,
    static_address_outside_subnet,
    unfinished_peering,
    dangling_record,
    _open("metrics", "data", "NSG-019", "AzureCloud", "9100"),
    machine_open_to_everyone,
    blocked_backend,
    open_database,
    _too_small("GatewaySubnet", 2, 28, "ADR-009"),
    _too_small("AzureFirewallSubnet", 0, 27, "ADR-010"),
    _too_small("AzureBastionSubnet", 1, 27, "ADR-011"),
)
