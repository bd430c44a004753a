"""No flow log watches the virtual network.

## Why it matters
After an incident the first question is who talked to whom. Without flow logs nobody can answer it,
and nobody notices a machine that starts to talk to the internet.

## What fails
A virtual network with subnets that no enabled flow log targets, neither as a whole nor through
every one of its subnets. Logs of network security groups count for the subnets that carry the
group, as long as they exist (see DEP-005).

When the input holds no flow log at all of the network's subscription, the answer is *unknown*: they
are listed one network watcher at a time and are easily left out. A snapshot of `auditor snapshot`
asks every watcher, so that none means none. *Unknown* it is, too, when those of the subscription
could not be read, when a flow log does not say whether it is enabled, or when the network does not
tell its subnets.

## What to do
Create a VNet flow log in the network's region, with traffic analytics if you can.

## References
- https://learn.microsoft.com/azure/network-watcher/vnet-flow-logs-overview
- Facts G-9, G-10
"""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.network import observability
from auditor.network.graph import every, evidence
from auditor.network.namesakes import names_of, nth_anywhere
from auditor.remedy import az, home, region, unused_name
from auditor.resources.monitoring import FlowLog
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule


@rule(
    "OBS-002",
    severity=Severity.MEDIUM,
    since="0.1.0",
    of=every(VirtualNetwork),
    controls=("CIS 4.0/7.1.1.7", "CIS 5.0/6.1.1.7", "CIS 6.0/6.1.1.6", "MCSB/LT-4"),
    peers=("AZQ:06b77be9", "POL:4c3c6c5f", "PRW:network_flow_log_captured_sent", "CHK:ALZ D09.06"),
)
def no_flow_log(network: Network, vnet: VirtualNetwork) -> Outcomes:
    """Look for a log of the network, or of each of its subnets."""
    subnets = vnet.subnets
    if observability.is_watched(network, vnet.id):
        return
    bare = [subnet for subnet in subnets if not _watched(network, subnet)]
    if not bare:
        return
    aimless = observability.aimless_flow_log(network, vnet)
    if aimless is not None:
        raise Undetermined(f"what flow log {aimless.label} watches", resource=aimless.id)
    gap = observability.flow_logs_unread(network, vnet.id)
    if gap is not None:
        raise Undetermined(f"the flow logs: {gap.subject} was not read ({gap.detail})")
    if not observability.flow_logs_exported(network, vnet.id):
        yield Unknown(
            vnet.id,
            missing="the flow logs: the input holds none of this subscription; were they exported?",
            remedy=az(
                "network",
                "watcher",
                "flow-log",
                "list",
                location=region(vnet),
                subscription=home(vnet),
            ),
        )
        return
    yield Finding(
        subject=vnet.id,
        message=f"virtual network {vnet.label} is watched by no flow log"
        if len(bare) == len(vnet.subnets)
        else f"virtual network {vnet.label} is only partly watched by flow logs: not "
        + ", ".join(subnet.label for subnet in bare[:3])
        + (f" and {len(bare) - 3} more" if len(bare) > 3 else ""),
        remedy=az(
            "network",
            "watcher",
            "flow-log",
            "create",
            location=region(vnet),
            name=_name(network, vnet),
            vnet=vnet.id,
            storage_account="<id of a storage account in the region>",
            subscription=home(vnet),
        ),
        related=tuple(subnet.id for subnet in bare[:3]),
        evidence=(evidence(vnet, "/properties/subnets", [subnet.label for subnet in bare]),),
    )


def _name(network: Network, vnet: VirtualNetwork) -> str:
    """A name that no flow log has, or is to get."""
    taken = names_of(network, FlowLog)
    return unused_name(f"{vnet.label}-flowlog", taken, nth=nth_anywhere(network, vnet))


def _watched(network: Network, subnet: Subnet) -> bool:
    group = subnet.properties.network_security_group
    return observability.is_watched(network, subnet.id, group.id if group else None)
