"""A report with a bit of everything, one with nothing wrong, and others between them."""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from auditor.finding import (
    Audit,
    ControlOutcome,
    ControlResult,
    FrameworkResult,
    Hop,
    Location,
    Report,
    Severity,
    SourceSummary,
    Status,
    TypeCount,
    Unread,
    Waiver,
)

from .resources import (
    APP,
    FRONTEND,
    GATEWAY,
    GATEWAY_SUBNET,
    LB,
    MYSQL,
    NET,
    NODE_SUBNET,
    NSG,
    PIP,
    ROUTES,
    SUB,
    VNET,
    judged,
    summary,
)

AUDIT = Audit(
    version="0.1.0",
    as_of=date(2026, 11, 23),
    taken_at="2026-11-22T18:30:00Z",
    scope=(SUB,),
    sources=(
        SourceSummary("exports/app.json", "resource-graph", 214),
        SourceSummary("exports/node group.json", "az-cli", 31),
    ),
    resources=(
        TypeCount("Microsoft.ContainerService/managedClusters", 1, True),
        TypeCount("Microsoft.DBforMySQL/flexibleServers", 1, True),
        TypeCount("Microsoft.Network/applicationGateways", 1, True),
        TypeCount("Microsoft.Network/loadBalancers", 2, True),
        TypeCount("Microsoft.Network/networkInterfaces", 96, True),
        TypeCount("Microsoft.Network/networkSecurityGroups", 12, True),
        TypeCount("Microsoft.Network/publicIPAddresses", 5, True),
        TypeCount("Microsoft.Network/routeTables", 3, True),
        TypeCount("Microsoft.Network/virtualNetworks", 4, True),
        TypeCount("Microsoft.Insights/activityLogAlerts", 7, False),
        TypeCount("Microsoft.Storage/storageAccounts", 113, False),
    ),
)

EXPOSED = judged(
    "EXP-001",
    Severity.CRITICAL,
    PIP,
    f"20.73.14.9 is public and belongs to {LB}, which is not an approved gateway",
    remedy=(
        "Give the Service the annotation service.beta.kubernetes.io/azure-load-balancer-internal: "
        '"true", then remove the address:\n'
        f"az network public-ip delete --ids {PIP}"
    ),
    related=(LB, GATEWAY),
    evidence=(
        (PIP, "/properties/ipAddress", "20.73.14.9"),
        (PIP, "/properties/ipConfiguration/id", FRONTEND),
        (LB, "/tags/aks-managed-cluster-name", "aks-shop"),
    ),
    location=Location("exports/node group.json", 412, "/7"),
)

LISTENER = judged(
    "GW-008",
    Severity.HIGH,
    f"{GATEWAY}/httpListeners/http-80",
    "listener http-80 answers shop.example.com over plain HTTP and its rule does not redirect",
    remedy=(
        "az network application-gateway redirect-config create --gateway-name agw-shop"
        " --resource-group rg-app --name to-https --type Permanent --target-listener https-443"
    ),
    evidence=(
        (
            GATEWAY,
            "/properties/httpListeners/0/properties/protocol",
            "Http",
        ),
    ),
    location=Location("exports/app.json", 88, "/data/3"),
)

OVERLAP = judged(
    "ADR-001",
    Severity.HIGH,
    GATEWAY_SUBNET,
    f"172.16.0.192/26 lies inside 172.16.0.0/24 of {NODE_SUBNET}",
    remedy="move the gateway's subnet to a range outside 172.16.0.0/24, such as 172.16.1.0/26",
    related=(NODE_SUBNET,),
    evidence=(
        (GATEWAY_SUBNET, "/properties/addressPrefix", "172.16.0.192/26"),
        (NODE_SUBNET, "/properties/addressPrefixes", ["172.16.0.0/24"]),
    ),
    location=Location("exports/app.json", 1204, "/data/19"),
)

DATABASE = judged(
    "DB-001",
    Severity.CRITICAL,
    f"{MYSQL}/firewallRules/AllowAllAzureServices",
    "rule AllowAllAzureServices admits 0.0.0.0, which stands for every address of Azure,"
    " other customers' included",
    remedy=(
        "az mysql flexible-server firewall-rule delete --resource-group rg-app --name mysql-shop"
        " --rule-name AllowAllAzureServices --yes"
    ),
    related=(MYSQL,),
    evidence=(
        (f"{MYSQL}/firewallRules/AllowAllAzureServices", "/properties/startIpAddress", "0.0.0.0"),
        (f"{MYSQL}/firewallRules/AllowAllAzureServices", "/properties/endIpAddress", "0.0.0.0"),
    ),
    location=Location("exports/app.json", 1530, "/data/31"),
)

BARE_SUBNETS = tuple(
    judged(
        "NSG-001",
        Severity.MEDIUM,
        f"{VNET}/subnets/{name}",
        f"subnet {name} (172.16.{third}.0/24) has no network security group",
        remedy=(
            f"az network vnet subnet update --ids {VNET}/subnets/{name}"
            f" --network-security-group {NSG}"
        ),
        location=Location("exports/app.json", line, f"/data/{line}"),
    )
    for name, third, line in (("snet-data", 4, 1260), ("snet-jump", 5, 1288))
)

REACHED = replace(
    judged(
        "EXP-006",
        Severity.HIGH,
        FRONTEND,
        "tcp/443 from the internet reaches 172.16.0.7 through a frontend beside the gateway",
        related=(LB,),
        also=("EXP-001",),
        location=Location("exports/node group.json", 230, "/3"),
    ),
    witness={
        "direction": "inbound",
        "from": "198.51.100.7",
        "to": "20.73.14.9",
        "protocol": "tcp",
        "port": 443,
    },
    hops=(
        Hop(FRONTEND, "loadBalancingRules/tcp-443", "lb-rule"),
        Hop(NSG, "securityRules/allow-https", "nsg-allow"),
    ),
)

MISSING_ROUTES = tuple(
    judged(
        rule,
        severity,
        subject,
        f"cannot tell: the route table {ROUTES}, which the snapshot does not hold",
        status=Status.UNKNOWN,
        remedy="export resource group rg-hub too",
        related=(ROUTES,),
        location=Location("exports/app.json", line, f"/data/{line}"),
    )
    for rule, severity, subject, line in (
        ("RTE-002", Severity.HIGH, NODE_SUBNET, 1190),
        ("RTE-002", Severity.HIGH, GATEWAY_SUBNET, 1204),
    )
)

NO_DIAGNOSTICS = judged(
    "OBS-002",
    Severity.MEDIUM,
    GATEWAY,
    "cannot tell: the diagnostic settings of the gateway, which no export lists",
    status=Status.UNKNOWN,
    remedy=f"az monitor diagnostic-settings list --resource {GATEWAY}",
    location=Location("exports/app.json", 61, "/data/3"),
)

WAIVED = judged(
    "DEP-001",
    Severity.MEDIUM,
    f"{APP}/{NET}/publicIPAddresses/pip-legacy",
    "pip-legacy has SKU Basic, retired on 2025-09-30",
    status=Status.WAIVED,
    remedy=f"az network public-ip update --ids {APP}/{NET}/publicIPAddresses/pip-legacy"
    " --sku Standard",
    evidence=((f"{APP}/{NET}/publicIPAddresses/pip-legacy", "/sku/name", "Basic"),),
    location=Location("exports/app.json", 977, "/data/12"),
    waiver=Waiver("moves with the new gateway", "network team", date(2027, 1, 31)),
)

BASELINE = judged(
    "GOV-001",
    Severity.LOW,
    GATEWAY,
    "agw-shop stands in zone 1 only",
    status=Status.BASELINE,
    remedy="recreate the gateway with --zones 1 2 3",
    evidence=((GATEWAY, "/zones", ["1"]),),
    location=Location("exports/app.json", 61, "/data/3"),
)

PAGE = """\
A public address belongs to something other than an approved gateway.

## Why it matters
Whatever owns a public address can be tried by anyone; the gateway's firewall sees none of it.

## What fails
A public address whose owner is not on the list of approved gateways.

## What to do
Make the Service internal: `kubectl annotate service NAME ...`
"""


def full() -> Report:
    """Every status, several families, several findings of one rule."""
    return Report(
        audit=AUDIT,
        rules=(
            summary("ADR-001", Severity.HIGH, kept=11, broken=1),
            summary("DB-001", Severity.CRITICAL, broken=1),
            summary("DEP-001", Severity.MEDIUM, kept=4, waived=1),
            summary("EXP-001", Severity.CRITICAL, kept=3, broken=1),
            summary("EXP-006", Severity.HIGH, kept=1, broken=1),
            summary("GOV-001", Severity.LOW, baseline=1),
            summary("GW-008", Severity.HIGH, kept=1, broken=1),
            summary("NSG-001", Severity.MEDIUM, kept=9, broken=2),
            summary("OBS-002", Severity.MEDIUM, unknown=1),
            summary("PER-001", Severity.HIGH),
            summary("RTE-002", Severity.HIGH, kept=2, unknown=2),
            summary("TLS-001", Severity.HIGH, kept=2),
        ),
        findings=(
            DATABASE,
            EXPOSED,
            OVERLAP,
            REACHED,
            LISTENER,
            *BARE_SUBNETS,
            *MISSING_ROUTES,
            NO_DIAGNOSTICS,
            WAIVED,
            BASELINE,
        ),
        failed=True,
        fixed=2,
        pages={"EXP-001": PAGE},
        controls={"EXP-001": ("MCSB/NS-2", "CIS 5.0/7.1"), "DB-001": ("MCSB/NS-2",)},
    )


def complied() -> Report:
    """The full report, with a framework in which every outcome occurs."""
    controls = (
        ControlResult(
            *("NS-1", "Networks are segmented", ControlOutcome.NOT_SATISFIED),
            *("2 findings", ("NSG-001",)),
            broken=2,
            fingerprints=tuple(each.fingerprint for each in BARE_SUBNETS),
        ),
        ControlResult(
            *("NS-2", "Services are reached privately", ControlOutcome.NOT_TOLD),
            *("2 answers missing", ("RTE-002",), ("no way in",)),
            unknown=2,
            fingerprints=tuple(each.fingerprint for each in MISSING_ROUTES),
        ),
        ControlResult(
            *("NS-6", "Certificates are valid", ControlOutcome.SATISFIED),
            *("all that its rules judge is in order", ("TLS-001",)),
        ),
        ControlResult(
            *("NS-7", "Peerings have two sides", ControlOutcome.NOTHING),
            *("the snapshot holds nothing that its rules judge", ("PER-001",)),
        ),
        ControlResult(
            "NS-8", "Old protocols are off", ControlOutcome.NOT_COVERED, "no rule looks at it"
        ),
        ControlResult(
            *("DP-3", "Traffic is encrypted", ControlOutcome.NOT_SATISFIED),
            *("1 finding accepted by a waiver or the baseline", ("DEP-001",)),
            accepted=1,
            fingerprints=(WAIVED.fingerprint,),
        ),
    )
    told = FrameworkResult("MCSB", "Microsoft cloud security benchmark v1", controls, "A part.")
    return replace(full(), compliance=(told,))


def clean() -> Report:
    """Nothing broken, nothing unknown."""
    return Report(
        audit=replace(AUDIT, taken_at=None, scope=()),
        rules=(
            summary("ADR-001", Severity.HIGH, kept=12),
            summary("TLS-001", Severity.HIGH, kept=2),
            summary("PER-001", Severity.HIGH),
        ),
        findings=(),
    )


def blind() -> Report:
    """Nothing broken, nothing unknown, and a list that nobody may read; rule GOV-006 not asked."""
    denied = Unread(f"{SUB}/{NET}/networkSecurityGroups", "denied: refused (403)")
    return replace(clean(), audit=replace(clean().audit, unread=(denied,)))


def unsure() -> Report:
    """Nothing broken, but not everything is known."""
    return Report(
        audit=AUDIT,
        rules=(
            summary("ADR-001", Severity.HIGH, kept=12),
            summary("RTE-002", Severity.HIGH, kept=2, unknown=2),
        ),
        findings=MISSING_ROUTES,
    )


def empty() -> Report:
    """Rules were asked, but the snapshot holds nothing that they judge."""
    return Report(
        audit=Audit("0.1.0", date(2026, 11, 23)),
        rules=(summary("ADR-001", Severity.HIGH), summary("PER-001", Severity.HIGH)),
        findings=(),
    )
