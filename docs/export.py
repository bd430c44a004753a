#!/usr/bin/env python3
"""Export what auditor reads from one subscription, with nothing but az and Python.

    az login
    python3 docs/export.py SUBSCRIPTION-ID snapshot.json
    auditor check snapshot.json

Reads only; the role Reader is enough. Every page of every list is fetched. What Azure refuses is
written down as a gap, so that an audit answers *unknown* for it and never *kept*.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime

ARM = "https://management.azure.com"

LISTS = {
    "Microsoft.Network/virtualNetworks": "2024-05-01",
    "Microsoft.Network/networkSecurityGroups": "2024-05-01",
    "Microsoft.Network/applicationSecurityGroups": "2024-05-01",
    "Microsoft.Network/routeTables": "2024-05-01",
    "Microsoft.Network/networkInterfaces": "2024-05-01",
    "Microsoft.Network/publicIPAddresses": "2024-05-01",
    "Microsoft.Network/publicIPPrefixes": "2024-05-01",
    "Microsoft.Network/loadBalancers": "2024-05-01",
    "Microsoft.Network/natGateways": "2024-05-01",
    "Microsoft.Network/applicationGateways": "2024-05-01",
    "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies": "2024-05-01",
    "Microsoft.Network/azureFirewalls": "2024-05-01",
    "Microsoft.Network/firewallPolicies": "2024-05-01",
    "Microsoft.Network/ipGroups": "2024-05-01",
    "Microsoft.Network/bastionHosts": "2024-05-01",
    "Microsoft.Network/privateEndpoints": "2024-05-01",
    "Microsoft.Network/privateLinkServices": "2024-05-01",
    "Microsoft.Network/virtualHubs": "2024-05-01",
    "Microsoft.Network/virtualWans": "2024-05-01",
    "Microsoft.Network/networkWatchers": "2024-05-01",
    "Microsoft.Network/privateDnsZones": "2020-06-01",
    "Microsoft.Network/dnsZones": "2018-05-01",
    "Microsoft.Compute/virtualMachines": "2024-07-01",
    "Microsoft.Compute/virtualMachineScaleSets": "2024-07-01",
    "Microsoft.ContainerService/managedClusters": "2024-09-01",
    "Microsoft.DBforMySQL/flexibleServers": "2023-12-30",
    "Microsoft.KeyVault/vaults": "2023-07-01",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "2023-01-31",
    "Microsoft.Authorization/roleAssignments": "2022-04-01",
    "Microsoft.OperationalInsights/workspaces": "2023-09-01",
    "Microsoft.Insights/dataCollectionRules": "2022-06-01",
}
"""What one list of the subscription gives, with the api-version to ask for."""

BY_GROUP = {
    "virtualNetworkGateways": "2024-05-01",
    "localNetworkGateways": "2024-05-01",
    "connections": "2024-05-01",
}
"""Types of Microsoft.Network that Azure lists one resource group at a time."""

CHILDREN = (
    ("Microsoft.Network/privateDnsZones", "virtualNetworkLinks", "2020-06-01"),
    ("Microsoft.Network/privateDnsZones", "ALL", "2020-06-01"),
    ("Microsoft.Network/dnsZones", "recordsets", "2018-05-01"),
    ("Microsoft.Network/privateEndpoints", "privateDnsZoneGroups", "2024-05-01"),
    ("Microsoft.Network/firewallPolicies", "ruleCollectionGroups", "2024-05-01"),
    ("Microsoft.Network/networkWatchers", "flowLogs", "2024-05-01"),
    ("Microsoft.Network/virtualHubs", "hubVirtualNetworkConnections", "2024-05-01"),
    ("Microsoft.DBforMySQL/flexibleServers", "firewallRules", "2023-12-30"),
    (
        "Microsoft.Network/applicationGateways",
        "providers/Microsoft.Insights/diagnosticSettings",
        "2021-05-01-preview",
    ),
    (
        "Microsoft.ContainerService/managedClusters",
        "providers/Microsoft.Insights/diagnosticSettings",
        "2021-05-01-preview",
    ),
    (
        "Microsoft.ContainerService/managedClusters",
        "providers/Microsoft.Insights/dataCollectionRuleAssociations",
        "2022-06-01",
    ),
)
"""What belongs to one resource and is fetched for each: its type, the rest of the path."""

NO_SUCH_SERVICE = ("MissingSubscriptionRegistration", "NoRegisteredProviderFound")


class Export:
    """The resources and the gaps so far."""

    def __init__(self) -> None:
        self.resources: list[dict[str, object]] = []
        self.gaps: list[dict[str, str]] = []

    def take(self, path: str) -> list[dict[str, object]]:
        """Fetch one list, all its pages; what cannot be fetched becomes a gap."""
        rows: list[dict[str, object]] = []
        url, seen = ARM + path, set[str]()
        while url:
            if url in seen or not url.startswith(ARM + "/"):
                self.gap("partial", path, f"the next page is no page of this list: {url}")
                break
            seen.add(url)
            call = az("rest", "--method", "get", "--url", url)
            if call.returncode:
                reason = (call.stderr.strip().splitlines() or ["no reason given"])[-1]
                if not any(word in call.stderr for word in NO_SUCH_SERVICE):
                    kind = "denied" if "AuthorizationFailed" in call.stderr else "failed"
                    self.gap(kind, path, reason)
                break
            page = json.loads(call.stdout)
            rows += page.get("value") or []
            url = page.get("nextLink") or ""
        self.resources += rows
        return rows

    def gap(self, kind: str, subject: str, detail: str) -> None:
        """Write down what is not in the export."""
        self.gaps.append({"kind": kind, "subject": subject.partition("?")[0], "detail": detail})
        print(f"not exported ({kind}): {subject}: {detail}", file=sys.stderr)


def az(*words: str) -> subprocess.CompletedProcess[str]:
    """Run az; `words` go to it as they are, without a shell."""
    return subprocess.run(["az", *words], capture_output=True, text=True, check=False)


def export(subscription: str) -> dict[str, object]:
    """Fetch everything; give it as a snapshot document."""
    taken = Export()
    started = datetime.now(UTC).isoformat(timespec="seconds")
    scope = f"/subscriptions/{subscription}"
    found = {
        kind: taken.take(f"{scope}/providers/{kind}?api-version={version}")
        for kind, version in LISTS.items()
    }
    for group in groups(taken, scope):
        for kind, version in BY_GROUP.items():
            taken.take(f"{group}/providers/Microsoft.Network/{kind}?api-version={version}")
    for kind, rest, version in CHILDREN:
        for parent in found[kind]:
            taken.take(f"{parent['id']}/{rest}?api-version={version}")
    return {
        "schema": "auditor.snapshot/1",
        "taken_at": started,
        "scope": [scope],
        "gaps": taken.gaps,
        "resources": taken.resources,
    }


def groups(taken: Export, scope: str) -> list[str]:
    """Give the ids of the resource groups; they are no resources of the snapshot."""
    before = len(taken.resources)
    rows = taken.take(f"{scope}/resourceGroups?api-version=2021-04-01")
    del taken.resources[before:]
    return [str(row["id"]) for row in rows]


def main() -> int:
    """Write the snapshot of the subscription named on the command line."""
    if len(sys.argv) != 3:
        print("usage: export.py SUBSCRIPTION-ID FILE   (ids: az account list)", file=sys.stderr)
        return 2
    snapshot = export(sys.argv[1])
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump(snapshot, file, indent=1)
    print(f"{len(snapshot['resources'])} resources in {sys.argv[2]}", file=sys.stderr)  # type: ignore[arg-type]
    return 0


if __name__ == "__main__":
    sys.exit(main())
