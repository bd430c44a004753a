"""Network security groups with the rules people write, none of them shadowed or redundant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.arm import NETWORK, Estate, Json, Scope, part

KIND = f"{NETWORK}/networkSecurityGroups"

_DEFAULTS = (
    ("AllowVnetInBound", 65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "AzureLoadBalancer", "*"),
    ("DenyAllInBound", 65500, "Inbound", "Deny", "*", "*"),
    ("AllowVnetOutBound", 65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "Internet"),
    ("DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*"),
)
"""The default rules that every security group ends in (N-10)."""

_SERVICES = ("AzureMonitor", "AzureKeyVault", "Storage", "AzureActiveDirectory", "AzureBackup")

Side = str | Sequence[str]


def rule(
    name: str,
    priority: int,
    source: Side,
    destination: Side,
    ports: Side,
    *,
    access: str = "Allow",
    direction: str = "Inbound",
    protocol: str = "Tcp",
) -> Json:
    """Give a rule's name and properties; one text takes the singular field, several the list."""
    properties: Json = {
        "protocol": protocol,
        "sourcePortRange": "*",
        "access": access,
        "priority": priority,
        "direction": direction,
        "sourcePortRanges": [],
    }
    for field, value in (
        ("destinationPortRange", ports),
        ("sourceAddressPrefix", source),
        ("destinationAddressPrefix", destination),
    ):
        plural = field + ("es" if field.endswith("Prefix") else "s")
        if isinstance(value, str):
            properties |= {field: value, plural: []}
        else:
            properties[plural] = list(value)
    return {"name": name, "properties": properties}


def add_nsg(estate: Estate, scope: Scope, name: str, rules: Iterable[Json]) -> str:
    """Make an NSG with these rules and the six default ones."""
    arm_id = scope.id(KIND, name)
    defaults = [
        rule(n, priority, source, destination, "*", access=a, direction=d, protocol="*")
        for n, priority, d, a, source, destination in _DEFAULTS
    ]
    properties = {
        "securityRules": [part(arm_id, "securityRules", r["name"], r["properties"]) for r in rules],
        "defaultSecurityRules": [
            part(arm_id, "defaultSecurityRules", r["name"], r["properties"]) for r in defaults
        ],
    }
    return estate.add(scope, KIND, name, properties)


def closed(*allowed: Json, subnet: str) -> list[Json]:
    """Put rules in front of a denial of all other inbound traffic; probes stay allowed (N-15)."""
    return [
        *allowed,
        rule("AllowProbes", 4000, "AzureLoadBalancer", "*", "*", protocol="*"),
        rule("AllowInSubnet", 4010, subnet, subnet, "*", protocol="*"),
        rule("DenyOtherInBound", 4096, "*", "*", "*", access="Deny", protocol="*"),
    ]


def services_only() -> list[Json]:
    """Let a subnet out to a few platform services and deny the rest of the internet."""
    allowed = [
        rule(f"Allow{tag}", 1000 + 10 * n, "*", tag, "443", direction="Outbound")
        for n, tag in enumerate(_SERVICES)
    ]
    denied = rule(
        "DenyInternet", 4000, "*", "Internet", "*",
        access="Deny", direction="Outbound", protocol="*",
    )  # fmt: skip
    return [*allowed, denied]


def node_egress(region: str) -> list[Json]:
    """Let the nodes of a cluster out to what AKS needs (K-46) and to HTTPS, and no further."""
    out = "Outbound"
    return [
        rule("AllowHttps", 1000, "*", "Internet", "443", direction=out),
        rule("AllowTime", 1010, "*", "Internet", "123", direction=out, protocol="Udp"),
        rule("AllowApiServer", 1020, "*", f"AzureCloud.{region}", "9000", direction=out),
        rule(
            "AllowApiServerTunnel", 1030, "*", f"AzureCloud.{region}", "1194",
            direction=out, protocol="Udp",
        ),
        rule(
            "DenyInternet", 4000, "*", "Internet", "*",
            access="Deny", direction=out, protocol="*",
        ),
    ]  # fmt: skip


def workload(source: str, subnet: str, number: int) -> list[Json]:
    """Give `number` allow rules into a subnet, each for ports no other rule names."""
    rules = []
    for n in range(number):
        port = 7000 + 10 * n
        ports: Side = str(port) if n % 3 else (str(port), f"{port + 2}-{port + 5}")
        rules.append(rule(f"Allow-App-{n:02}", 200 + 10 * n, source, subnet, ports))
    return rules


def gateway(subnet: str) -> list[Json]:
    """Give what an Application Gateway v2 subnet needs (A-10) and nothing else."""
    return [
        rule("AllowHttp", 100, "Internet", subnet, ("80", "443")),
        rule("AllowGatewayManager", 110, "GatewayManager", "*", "65200-65535"),
        rule("AllowProbes", 120, "AzureLoadBalancer", "*", "*", protocol="*"),
        rule("DenyOtherInBound", 4096, "*", "*", "*", access="Deny", protocol="*"),
    ]


def bastion() -> list[Json]:
    """Give the rules that Azure demands of AzureBastionSubnet (N-43)."""
    out = "Outbound"
    network = "VirtualNetwork"
    return [
        rule("AllowHttpsInBound", 120, "Internet", "*", "443"),
        rule("AllowGatewayManagerInBound", 130, "GatewayManager", "*", "443"),
        rule("AllowLoadBalancerInBound", 140, "AzureLoadBalancer", "*", "443"),
        rule("AllowBastionInBound", 150, network, network, ("8080", "5701"), protocol="*"),
        rule("DenyOtherInBound", 4096, "*", "*", "*", access="Deny", protocol="*"),
        rule("AllowSshRdpOutBound", 100, "*", network, ("22", "3389"), direction=out),
        rule("AllowAzureCloudOutBound", 110, "*", "AzureCloud", "443", direction=out),
        rule("AllowBastionOutBound", 120, network, network, ("8080", "5701"), direction=out),
        rule("AllowHttpOutBound", 130, "*", "Internet", "80", direction=out),
        rule("DenyOtherOutBound", 4096, "*", "*", "*", access="Deny", direction=out, protocol="*"),
    ]
