"""The resources that sample reports are about, and findings of them in a line each."""

from __future__ import annotations

from auditor.finding import (
    Evidence,
    Json,
    Judged,
    Location,
    RuleSummary,
    Severity,
    Status,
    Waiver,
)

SUB = "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590"
NET = "providers/Microsoft.Network"
APP = f"{SUB}/resourceGroups/rg-app"
NODES = f"{SUB}/resourceGroups/MC_rg-app_aks-shop_westeurope"
GATEWAY = f"{APP}/{NET}/applicationGateways/agw-shop"
VNET = f"{APP}/{NET}/virtualNetworks/vnet-app"
GATEWAY_SUBNET = f"{VNET}/subnets/snet-gateway"
NODE_SUBNET = f"{VNET}/subnets/snet-aks"
LB = f"{NODES}/{NET}/loadBalancers/kubernetes"
FRONTEND = f"{LB}/frontendIPConfigurations/a0f1c2d3e4f5a6b7c8d9e0f1a2b3c4d5"
PIP = f"{NODES}/{NET}/publicIPAddresses/kubernetes-a0f1c2d3e4f5a6b7c8d9e0f1a2b3c4d5"
NSG = f"{APP}/{NET}/networkSecurityGroups/nsg-aks"
MYSQL = f"{APP}/providers/Microsoft.DBforMySQL/flexibleServers/mysql-shop"
ROUTES = f"{SUB}/resourceGroups/rg-hub/{NET}/routeTables/rt-spokes"

TITLES = {
    "EXP-001": ("unapproved-public-address", "Only approved gateways own a public address"),
    "EXP-006": ("public-load-balancer", "Public load balancer frontend forwards inbound traffic"),
    "ADR-001": ("overlapping-subnets", "Two subnets of one virtual network overlap"),
    "GW-008": ("plain-http-listener", "Plain HTTP listener that does not redirect to HTTPS"),
    "TLS-001": ("expiring-certificate", "Certificate has expired or ends soon"),
    "DB-001": ("database-open-to-azure", "Database admits every address of Azure"),
    "NSG-001": ("subnet-without-nsg", "Subnet has no network security group"),
    "RTE-002": ("route-to-missing-next-hop", "Route points at an appliance that is not there"),
    "OBS-002": ("no-diagnostics", "Gateway sends no logs anywhere"),
    "DEP-001": ("basic-public-ip", "Basic public IP address is retired"),
    "GOV-001": ("single-zone", "Zone-redundant resource stands in one zone"),
    "PER-001": ("one-sided-peering", "Peering exists on one side only"),
}


def judged(
    rule: str,
    severity: Severity,
    subject: str,
    message: str,
    *,
    status: Status = Status.BROKEN,
    remedy: str = "",
    related: tuple[str, ...] = (),
    evidence: tuple[tuple[str, str, Json], ...] = (),
    location: Location | None = None,
    waiver: Waiver | None = None,
    also: tuple[str, ...] = (),
) -> Judged:
    name, title = TITLES[rule]
    return Judged(
        rule=rule,
        name=name,
        title=title,
        family=rule.partition("-")[0],
        severity=severity,
        status=status,
        subject=subject,
        message=message,
        remedy=remedy,
        fingerprint=f"{rule.lower()}{abs(hash_of(subject + message)):016x}",
        related=related,
        evidence=tuple(Evidence(*read) for read in evidence),
        location=location,
        waiver=waiver,
        also=also,
    )


def hash_of(text: str) -> int:
    """A hash that is the same in every process."""
    value = 0
    for char in text:
        value = (value * 1_000_003 + ord(char)) % 2**60
    return value


def summary(rule: str, severity: Severity, **counts: int) -> RuleSummary:
    name, title = TITLES[rule]
    return RuleSummary(rule, name, title, rule.partition("-")[0], severity, **counts)
