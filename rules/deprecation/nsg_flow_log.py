"""A flow log watches a network security group.

## Why it matters
NSG flow logs cannot be created since 30 June 2025 and are deleted on 30 September 2027. They also
miss what never meets the group, such as traffic of private endpoints. VNet flow logs replace them.

## What fails
A `flowLogs` resource whose `targetResourceId` is a network security group, enabled or not. One
without a target gives *unknown*.

## What to do
Create a flow log for the virtual network (or subnet, or NIC), check that it arrives, delete this
one.

## References
- https://learn.microsoft.com/azure/network-watcher/nsg-flow-logs-migrate
- Facts G-9, G-10
"""

from __future__ import annotations

from auditor import ids
from auditor.network.graph import every, evidence
from auditor.remedy import az, home, region
from auditor.resources.monitoring import FlowLog
from auditor.retirements import retirement
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule


@rule(
    "DEP-005",
    severity=Severity.MEDIUM,
    since="0.1.0",
    of=every(FlowLog),
    peers=("AZQ:06b77be9", "POL:c251913d"),
)
def nsg_flow_log(network: Network, log: FlowLog) -> Outcomes:
    """Judge the kind of the target by its id."""
    target = log.properties.target_resource_id
    if target is None:
        yield Unknown(log.id, missing=f"the target of flow log {log.label}")
    elif (ids.type_of(target) or "").lower() == "microsoft.network/networksecuritygroups":
        ends = retirement("nsg-flow-logs")
        day = network.as_of.date()
        yield Finding(
            subject=log.id,
            message=f"flow log {log.label} watches NSG {ids.name(target)}; {ends.told(day)}",
            remedy="after a VNet flow log is in place: "
            + az(
                "network",
                "watcher",
                "flow-log",
                "delete",
                location=region(log),
                name=log.label,
                subscription=home(log),
            ),
            related=(target,),
            evidence=(evidence(log, "/properties/targetResourceId", target),),
            severity=ends.severity(Severity.MEDIUM, day),
        )
