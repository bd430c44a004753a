"""The API server answers the whole internet.

## Why it matters
Whoever holds a credential of the cluster (a kubeconfig, a token, an `az login` with rights on the
cluster) can use it from anywhere, and every flaw of the API server is open to everybody.

## What fails
A cluster that is not private (`apiServerAccessProfile.enablePrivateCluster`) and has no
`authorizedIPRanges`, or whose ranges together are all of IPv4 (`0.0.0.0/0`, or both its halves).
`0.0.0.0/32` admits only the cluster's own egress address and keeps the rule. A cluster without an
access profile is public: that is what AKS makes when nothing else is asked for.

How wide the ranges may be is not judged here.

## What to do
Restrict the API server to the addresses of your runners and administrators, or make the cluster
private (at creation, or by API server VNet integration).

## References
- https://learn.microsoft.com/azure/aks/api-server-authorized-ip-ranges
- Facts K-10 to K-13
"""

from __future__ import annotations

from auditor.addresses import AddressError, AddressSet, parse_prefix
from auditor.errors import Undetermined
from auditor.finding import Evidence
from auditor.network.graph import every, evidence
from auditor.remedy import az
from auditor.resources.managed_clusters import ApiServerAccess, ManagedCluster
from auditor.rule import Finding, Network, Outcomes, Severity, rule


@rule(
    "AKS-001",
    severity=Severity.HIGH,
    since="0.1.0",
    of=every(ManagedCluster),
    controls=("MCSB/NS-2",),
    peers=(
        "PSR:AKS.AuthorizedIPs",
        "CKV_AZURE_6",
        "TRV:AZU-0041",
        "KICS:AKS With Authorized IP Ranges Disabled",
        "SPP:kubernetes_cluster_authorized_ip_range_defined",
        "POL:ASC_EnableIpRanges_KubernetesService",
        "PRW:aks_clusters_public_access_disabled",
        "AZTS:KubernetesService_Use_Authorized_IP",
        "KSC:C-0247",
    ),
)
def public_api_server(network: Network, cluster: ManagedCluster) -> Outcomes:
    """Judge who may connect to the API server."""
    access = cluster.properties.api_server_access_profile
    if access is not None and access.enable_private_cluster:
        return
    ranges = access.authorized_ip_ranges if access is not None else None
    if ranges and not _admits_everybody(cluster, ranges):
        return
    yield Finding(
        subject=cluster.id,
        message=f"the API server of {cluster.label} ({cluster.properties.fqdn or 'public'}) "
        "answers every address of the internet",
        remedy=az(
            "aks",
            "update",
            resource_group=cluster.resource_group,
            name=cluster.label,
            api_server_authorized_ip_ranges="<addresses of runners and administrators>",
        ),
        evidence=(_quoted(cluster, access),),
    )


def _admits_everybody(cluster: ManagedCluster, ranges: list[str]) -> bool:
    try:
        admitted = AddressSet.from_prefixes(parse_prefix(each.strip()) for each in ranges)
    except AddressError as error:
        raise Undetermined(f"authorizedIPRanges: {error}", resource=cluster.id) from error
    return parse_prefix("0.0.0.0/0") in admitted


def _quoted(cluster: ManagedCluster, access: ApiServerAccess | None) -> Evidence:
    if access is None:
        return evidence(cluster, "/properties", "no apiServerAccessProfile")
    pointer = "/properties/apiServerAccessProfile"
    if access.authorized_ip_ranges:
        return evidence(cluster, f"{pointer}/authorizedIPRanges", [*access.authorized_ip_ranges])
    return evidence(cluster, pointer, "no authorizedIPRanges")
