"""What people get wrong in gateways, certificates, load balancers, clusters and databases."""

from __future__ import annotations

from bench.arm import Json, part, ref
from bench.clusters import MYSQL, POD_CIDR, add_public_service
from bench.fault import Expected, Fault
from bench.gateways import DOMAIN, WAF_POLICY, certificate
from bench.landing_zone import LandingZone, Spoke
from bench.machines import add_machine
from bench.network import NIC, PUBLIC_IP, add_public_ip


def _spoke(zone: LandingZone, kind: str) -> Spoke:
    # The other end of the list than the faults of networks take.
    found = zone.of(kind)
    return found[-1 - zone.number % len(found)]


def _gateway(zone: LandingZone, kind: str = "web") -> tuple[str, Json]:
    gateway = _spoke(zone, kind).gateway
    return gateway, zone.estate.properties(gateway)


def _cluster(zone: LandingZone) -> tuple[str, Json]:
    """Give a cluster's id as Azure spells it, and its properties."""
    cluster = _spoke(zone, "cluster").cluster
    assert cluster is not None
    return zone.estate.resources[cluster.id]["id"], zone.estate.properties(cluster.id)


def _named(parts: list[Json], name: str) -> Json:
    return next(made for made in parts if made["name"] == name)


def _pool(zone: LandingZone) -> tuple[str, list[Json]]:
    pool = _gateway(zone)[1]["backendAddressPools"][0]
    return pool["id"], pool["properties"]["backendAddresses"]


def public_backend(zone: LandingZone) -> list[Expected]:
    """A pool that sends to a public address."""
    pool, members = _pool(zone)
    members.append({"ipAddress": f"20.254.{zone.number >> 8 & 255}.{zone.number & 255}"})
    return [Expected("GW-001", pool)]


def dangling_backend(zone: LandingZone) -> list[Expected]:
    """A pool that sends to an address nobody has."""
    pool, members = _pool(zone)
    members.append({"ipAddress": f"10.{_spoke(zone, 'web').vnet.second}.2.200"})
    return [Expected("GW-003", pool)]


def empty_pool(zone: LandingZone) -> list[Expected]:
    """A rule that sends to an empty pool."""
    pool = _gateway(zone, "cluster")[1]["backendAddressPools"][0]
    pool["properties"]["backendAddresses"] = []
    return [Expected("GW-006", pool["id"])]


def plain_http(zone: LandingZone) -> list[Expected]:
    """A listener that answers plain HTTP."""
    gateway, properties = _gateway(zone)
    rule = _named(properties["requestRoutingRules"], "http")["properties"]
    del rule["redirectConfiguration"]
    rule["backendAddressPool"] = ref(f"{gateway}/backendAddressPools/application")
    rule["backendHttpSettings"] = ref(f"{gateway}/backendHttpSettingsCollection/application")
    properties["redirectConfigurations"].clear()
    return [Expected("GW-008", f"{gateway}/httpListeners/http")]


def old_tls(zone: LandingZone) -> list[Expected]:
    """A gateway that accepts TLS 1.1."""
    gateway, properties = _gateway(zone, "cluster")
    properties["sslPolicy"]["policyName"] = "AppGwSslPolicy20170401"
    return [Expected("GW-011", gateway)]


def shared_gateway_subnet(zone: LandingZone) -> list[Expected]:
    """A machine in the gateway's subnet, which has no way out for it."""
    spoke = _spoke(zone, "web")
    subnet = spoke.vnet.subnets["snet-gateway"]
    add_machine(zone.estate, spoke.scope, f"vm-jump-{zone.number:05}", subnet)
    return [Expected("GW-021", subnet.id), Expected("NAT-002", subnet.id)]


def gateway_behind_firewall(zone: LandingZone) -> list[Expected]:
    """A gateway whose default route leads to a firewall."""
    spoke = _spoke(zone, "cluster")
    table = spoke.vnet.subnets["snet-gateway"].properties["routeTable"]["id"]
    properties = {
        "addressPrefix": "0.0.0.0/0",
        "nextHopType": "VirtualAppliance",
        "nextHopIpAddress": zone.hub.firewall_address,
        "hasBgpOverride": False,
    }
    made = part(table, "routes", "inspect", properties)
    zone.estate.properties(table)["routes"].append(made)
    return [Expected("GW-024", spoke.gateway)]


def gateway_without_waf(zone: LandingZone) -> list[Expected]:
    """A public gateway without a firewall."""
    spoke = _spoke(zone, "cluster")
    properties = zone.estate.properties(spoke.gateway)
    properties["sku"] |= {"name": "Standard_v2", "tier": "Standard_v2"}
    del zone.estate.resources[properties.pop("firewallPolicy")["id"]]
    return [Expected("WAF-001", spoke.gateway)]


def waf_that_only_watches(zone: LandingZone) -> list[Expected]:
    """A firewall in detection mode."""
    spoke = _spoke(zone, "web")
    policy = spoke.scope.id(WAF_POLICY, f"waf-{spoke.gateway.rpartition('/')[2]}")
    zone.estate.properties(policy)["policySettings"]["mode"] = "Detection"
    return [Expected("WAF-002", policy)]


def expired_certificate(zone: LandingZone) -> list[Expected]:
    """A certificate that nobody renewed."""
    made = _gateway(zone)[1]["sslCertificates"][0]
    made["properties"]["publicCertData"] = certificate("wildcard-expired")
    return [Expected("TLS-002", made["id"])]


def host_not_covered(zone: LandingZone) -> list[Expected]:
    """A listener for a name two labels below the wildcard (T-4)."""
    gateway, properties = _gateway(zone, "cluster")
    listener = _named(properties["httpListeners"], "https")
    listener["properties"]["hostName"] = f"{gateway.rpartition('/')[2]}.b2b.{DOMAIN}"
    return [Expected("TLS-003", listener["id"])]


def pinned_certificate(zone: LandingZone) -> list[Expected]:
    """A certificate reference that ends with a version."""
    made = _gateway(zone, "cluster")[1]["sslCertificates"][0]
    made["properties"]["keyVaultSecretId"] += f"/{zone.estate.guid().replace('-', '')}"
    return [Expected("TLS-005", made["id"])]


def vault_not_readable(zone: LandingZone) -> list[Expected]:
    """A gateway that may no longer read its vault."""
    spoke = _spoke(zone, "web")
    vault = spoke.scope.id("Microsoft.KeyVault/vaults", f"kv-{spoke.gateway.rpartition('/')[2]}")
    zone.estate.properties(vault)["accessPolicies"].clear()
    return [Expected("TLS-007", f"{spoke.gateway}/sslCertificates/wildcard")]


def idle_balancer(zone: LandingZone) -> list[Expected]:
    """A load balancer whose members are gone."""
    balancer = _spoke(zone, "machines").balancer
    for pool in zone.estate.properties(balancer)["backendAddressPools"]:
        for member in pool["properties"].pop("backendIPConfigurations", []):
            nic = member["id"].partition("/ipConfigurations/")[0]
            config = zone.estate.properties(nic)["ipConfigurations"][0]["properties"]
            del config["loadBalancerBackendAddressPools"]
    return [Expected("LB-001", balancer)]


def basic_balancer(zone: LandingZone) -> list[Expected]:
    """A load balancer of a retired SKU."""
    balancer = _spoke(zone, "machines").balancer
    zone.estate.resources[balancer]["sku"]["name"] = "Basic"
    return [Expected("DEP-002", balancer)]


def basic_address(zone: LandingZone) -> list[Expected]:
    """A public address of a retired SKU."""
    public = zone.hub.scope.id(PUBLIC_IP, f"pip-bas-{zone.number:05}")
    zone.estate.resources[public]["sku"]["name"] = "Basic"
    return [Expected("DEP-001", public)]


def wandering_ingress(zone: LandingZone) -> list[Expected]:
    """An ingress address that changes with its Service."""
    cluster = _spoke(zone, "cluster").cluster
    assert cluster is not None
    balancer = cluster.nodes.id("Microsoft.Network/loadBalancers", "kubernetes-internal")
    frontend = zone.estate.properties(balancer)["frontendIPConfigurations"][0]
    frontend["properties"]["privateIPAllocationMethod"] = "Dynamic"
    return [Expected("LB-005", frontend["id"])]


def public_service(zone: LandingZone) -> list[Expected]:
    """A Service that goes round the gateway."""
    spoke = _spoke(zone, "cluster")
    assert spoke.cluster is not None
    balancer = spoke.cluster.nodes.id("Microsoft.Network/loadBalancers", "kubernetes-internal")
    pool = zone.estate.properties(balancer)["backendAddressPools"][0]["properties"]
    members = [member["id"] for member in pool["backendIPConfigurations"]]
    return [Expected("EXP-009", add_public_service(zone.hub, spoke.cluster, members))]


def open_api_server(zone: LandingZone) -> list[Expected]:
    """An API server that answers everyone."""
    cluster, properties = _cluster(zone)
    properties["apiServerAccessProfile"]["authorizedIPRanges"] = []
    return [Expected("AKS-001", cluster)]


def no_network_policy(zone: LandingZone) -> list[Expected]:
    """A cluster without a policy engine."""
    cluster, properties = _cluster(zone)
    properties["networkProfile"] |= {"networkPolicy": "none", "networkDataplane": "azure"}
    return [Expected("AKS-005", cluster)]


def node_subnet_too_small(zone: LandingZone) -> list[Expected]:
    """A pool that may outgrow its subnet."""
    cluster, properties = _cluster(zone)
    _named(properties["agentPoolProfiles"], "user")["maxCount"] = 245
    return [Expected("AKS-008", cluster)]


def _cidr(kind: str, cidr: str, rule_id: str) -> Fault:
    """Make the fault that a cluster's `podCidr` or `serviceCidr` is ill chosen."""

    def fault(zone: LandingZone) -> list[Expected]:
        cluster, properties = _cluster(zone)
        properties["networkProfile"] |= {kind: cidr, f"{kind}s": [cidr]}
        if kind == "serviceCidr":
            properties["networkProfile"]["dnsServiceIP"] = cidr.replace(".0/16", ".10")
        else:
            _forget_pods(zone)
        return [Expected(rule_id, cluster)]

    return fault


def _forget_pods(zone: LandingZone) -> None:
    """Take the rules for pods out of the nodes' group: they name a range that is nobody's now."""
    group = zone.estate.properties(_spoke(zone, "cluster").nsgs["nodes"])
    group["securityRules"] = [
        made for made in group["securityRules"] if POD_CIDR not in made["properties"].values()
    ]


def routing_without_default_route(zone: LandingZone) -> list[Expected]:
    """A cluster that relies on a route which is not there."""
    for spoke in zone.of("cluster"):
        if spoke.routes and spoke.cluster is not None:
            routes = zone.estate.properties(spoke.routes)["routes"]
            routes[:] = [r for r in routes if r["properties"]["addressPrefix"] != "0.0.0.0/0"]
            return [Expected("AKS-016", zone.estate.resources[spoke.cluster.id]["id"])]
    return []


def few_outbound_ports(zone: LandingZone) -> list[Expected]:
    """A cluster whose nodes share too few SNAT ports."""
    for spoke in zone.of("cluster"):
        assert spoke.cluster is not None
        balancer = spoke.cluster.nodes.id("Microsoft.Network/loadBalancers", "kubernetes")
        if balancer in zone.estate.resources:
            for rule in zone.estate.properties(balancer)["outboundRules"]:
                rule["properties"]["allocatedOutboundPorts"] = 64
                return [Expected("NAT-003", rule["id"])]
    return []


def kubenet(zone: LandingZone) -> list[Expected]:
    """A cluster on a network plugin that retires."""
    cluster, properties = _cluster(zone)
    network = properties["networkProfile"]
    network |= {"networkPlugin": "kubenet", "networkPolicy": "calico", "networkDataplane": "azure"}
    del network["networkPluginMode"]
    return [Expected("DEP-009", cluster)]


def cluster_without_logs(zone: LandingZone) -> list[Expected]:
    """A cluster that nobody can look into."""
    cluster, properties = _cluster(zone)
    folded = cluster.replace("/resourcegroups/", "/resourceGroups/")
    setting = f"{folded}/providers/Microsoft.Insights/diagnosticSettings/to-workspace"
    del zone.estate.resources[setting]
    properties["addonProfiles"]["omsagent"] = {"enabled": False, "config": None}
    properties["azureMonitorProfile"]["metrics"]["enabled"] = False
    return [Expected("OBS-006", cluster)]


def gateway_without_logs(zone: LandingZone) -> list[Expected]:
    """A gateway whose access nobody records."""
    gateway = _spoke(zone, "web").gateway
    del zone.estate.resources[
        f"{gateway}/providers/Microsoft.Insights/diagnosticSettings/to-workspace"
    ]
    return [Expected("OBS-005", gateway)]


def network_without_flow_log(zone: LandingZone) -> list[Expected]:
    """A network whose flows nobody records."""
    vnet = _spoke(zone, "machines").vnet.id
    del zone.estate.resources[f"{zone.hub.watcher}/flowLogs/flow-{vnet.rpartition('/')[2]}"]
    return [Expected("OBS-002", vnet)]


def nsg_flow_log(zone: LandingZone) -> list[Expected]:
    """A flow log of the kind that retires."""
    target = _spoke(zone, "web").nsgs["web"]
    properties = {
        "targetResourceId": target,
        "storageId": zone.hub.storage,
        "enabled": True,
        "retentionPolicy": {"days": 90, "enabled": True},
        "format": {"type": "JSON", "version": 2},
    }
    made = zone.estate.child(
        zone.hub.watcher, "flowLogs", "nsg-flow", properties, location=zone.hub.scope.location
    )
    return [Expected("DEP-005", made)]


def public_database(zone: LandingZone) -> list[Expected]:
    """A second database, outside the network, to which the firewall lets nobody go."""
    spoke = _spoke(zone, "cluster")
    twin = zone.estate.properties(spoke.mysql)
    name = f"mysql-try-{zone.number:05}"
    properties = {
        **twin,
        "fullyQualifiedDomainName": f"{name}.mysql.database.azure.com",
        "network": {"publicNetworkAccess": "Enabled"},
    }
    sku = zone.estate.resources[spoke.mysql]["sku"]
    made = zone.estate.add(spoke.scope, MYSQL, name, properties, sku=sku)
    return [Expected(rule, made) for rule in ("DB-001", "DB-006", "DB-009")]


def orphaned_address(zone: LandingZone) -> list[Expected]:
    """A public address that belongs to nothing."""
    made = add_public_ip(
        zone.estate, zone.hub.scope, f"pip-left-{zone.number:05}", zone.hub.public.take(), ""
    )
    del zone.estate.properties(made)["ipConfiguration"]
    return [Expected("GOV-001", made)]


def failed_resource(zone: LandingZone) -> list[Expected]:
    """A resource whose last change failed."""
    nat = _spoke(zone, "machines").nat
    zone.estate.properties(nat)["provisioningState"] = "Failed"
    return [Expected("GOV-005", nat)]


def missing_reference(zone: LandingZone) -> list[Expected]:
    """A NIC that names an NSG which the export lacks."""
    spoke = _spoke(zone, "machines")
    nic = spoke.machines[-1].nic
    assert f"/{NIC}/" in nic
    gone = spoke.scope.id("Microsoft.Network/networkSecurityGroups", f"nsg-gone-{zone.number:05}")
    zone.estate.properties(nic)["networkSecurityGroup"] = ref(gone)
    return [Expected("GOV-006", gone)]


def _without_rule(zone: LandingZone, spoke: Spoke, tier: str, name: str) -> None:
    rules = zone.estate.properties(spoke.nsgs[tier])["securityRules"]
    rules.remove(_named(rules, name))


def unmanaged_gateway(zone: LandingZone) -> list[Expected]:
    """A gateway whose security group forgot Azure's management."""
    spoke = _spoke(zone, "web")
    _without_rule(zone, spoke, "gateway", "AllowGatewayManager")
    return [Expected("GW-022", spoke.vnet.subnets["snet-gateway"].id)]


def blocked_probe(zone: LandingZone) -> list[Expected]:
    """Machines whose security group forgot the probes of their load balancer."""
    spoke = _spoke(zone, "machines")
    _without_rule(zone, spoke, "app", "AllowProbes")
    (probe,) = zone.estate.properties(spoke.balancer)["probes"]
    return [Expected("LB-004", probe["id"])]


FAULTS: tuple[Fault, ...] = (
    public_backend,
    public_service,
    gateway_without_waf,
    dangling_backend,
    open_api_server,
    plain_http,
    expired_certificate,
    basic_balancer,
    old_tls,
    host_not_covered,
    node_subnet_too_small,
    shared_gateway_subnet,
    wandering_ingress,
    cluster_without_logs,
    empty_pool,
    basic_address,
    _cidr("serviceCidr", "10.0.0.0/16", "AKS-012"),
    waf_that_only_watches,
    public_database,
    network_without_flow_log,
    gateway_behind_firewall,
    no_network_policy,
    pinned_certificate,
    idle_balancer,
    routing_without_default_route,
    vault_not_readable,
    _cidr("podCidr", "192.168.0.0/16", "AKS-013"),
    gateway_without_logs,
    orphaned_address,
    few_outbound_ports,
    kubenet,
    nsg_flow_log,
    failed_resource,
    missing_reference,
    _cidr("podCidr", "100.64.0.0/21", "AKS-009"),
    unmanaged_gateway,
    blocked_probe,
)
