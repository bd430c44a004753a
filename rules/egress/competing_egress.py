"""Several ways out compete, and the one that was declared does not win.

## Why it matters
Azure takes the first way out that there is: a route to an appliance or a gateway, then the NAT
gateway, the public address of the machine, the load balancer, default access. Who reads the
outbound rule believes that the subnet is seen by its addresses; the partner's firewall allows
those, and sees others.

## What fails
What runs in a subnet leaves by another way than the declared one. Declared is what `declared`
says, from globs of ids of subnets to `route`, `nat-gateway`, `public-ip`, `load-balancer` or
`default`:

    [params.NAT-006.declared]
    "*/subnets/snet-jobs" = "nat-gateway"

for nodes of AKS their cluster's outbound type; for others everything that stands there for nothing
but leaving, a NAT gateway or an outbound rule: it fails where a route, or a NAT gateway before the
outbound rule, leaves nothing to it. A public address and a load balancing rule let others in as
well, and losing is no fault of theirs. A route competes when it leaves nothing of the internet to
go straight there; what BGP may teach is not asked.

No way out at all is NAT-002's. *Unknown* where the route table, a load balancer, a machine or the
outbound type is not told.

## What to do
Take away the way that is not meant, or declare the one that wins.

## References
- https://learn.microsoft.com/azure/nat-gateway/nat-gateway-resource
- https://learn.microsoft.com/azure/aks/egress-outboundtype
- Facts R-30 to R-36, R-39, K-4
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from auditor.errors import Undetermined
from auditor.finding import Evidence
from auditor.network.approval import approved
from auditor.network.graph import evidence
from auditor.network.reads import INHABITANTS
from auditor.network.reasons import teller
from auditor.network.routing.model import Hop
from auditor.network.subnets import vnet_name
from auditor.reach.competing import (
    BY_TYPE,
    Method,
    Word,
    choosers,
    has_one_at_most,
    is_of_balancing_rule,
    methods,
)
from auditor.reach.leaving import Leaver, inhabited_subnets, leavers, roads_of
from auditor.remedy import az
from auditor.resources.load_balancers import OutboundRule
from auditor.resources.managed_clusters import AgentPool, ManagedCluster
from auditor.resources.virtual_networks import Subnet
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, rule

MOST = 5


class Params(Struct, frozen=True):
    """By what subnets are meant to leave."""

    declared: dict[str, Word] = field(default_factory=dict)
    """Globs of ids of subnets, and the way out of each; letter case does not matter."""


class Loss(Struct, frozen=True):
    """Somebody who leaves by another way than the declared one."""

    leaver: Leaver
    winner: Method
    declared: str
    loser: Method | None

    @property
    def words(self) -> str:
        """Say by what they leave, and by what not."""
        other = self.loser.words if self.loser is not None else f"the declared {self.declared}"
        return f"by {self.winner.words}, not by {other}"


@rule(
    "NAT-006",
    severity=Severity.MEDIUM,
    since="0.1.0",
    of=inhabited_subnets,
    parameters=Params,
    reads=Reads(
        subjects=INHABITANTS,
        nearby=(*INHABITANTS, "routeTables"),
    ),
)
def competing_egress(network: Network, subnet: Subnet, params: Params) -> Outcomes:
    """Compare who wins with what is declared, for everything that runs in the subnet."""
    wanted = next(
        (word for pattern, word in params.declared.items() if approved((pattern,), subnet.id)), None
    )
    losses: list[Loss] = []
    unsure: list[Undetermined] = []
    for leaver in choosers(network, subnet) if wanted is None else leavers(network, subnet):
        try:
            losses += _losses(network, subnet, leaver, wanted)
        except Undetermined as unknown:
            unsure.append(unknown)
    if losses:
        yield _finding(subnet, losses)
    elif unsure:
        missing = "; ".join(dict.fromkeys(each.missing for each in unsure[:MOST]))
        by = next((each.resource for each in unsure if each.resource), "")
        yield Unknown(subnet.id, missing, told_by=by)


def _losses(
    network: Network, subnet: Subnet, leaver: Leaver, wanted: Word | None
) -> Iterator[Loss]:
    if wanted is None and has_one_at_most(leaver):
        return
    told = wanted or BY_TYPE.get(leaver.kind.lower())
    found = list(methods(network, subnet, leaver, declared=told is not None))
    if leaver.needs_none:
        return
    lacks = [
        reason
        for way in leaver.ways
        if way.method == "unknown"
        for reason in way.reasons
        if told is not None or not is_of_balancing_rule(network, reason.resource)
    ]
    roads = roads_of(network, subnet)
    routed = told is not None and roads.lead_elsewhere  # a route wins over whatever else there is
    if lacks and (wanted or found) and not routed:
        raise Undetermined(lacks[0].detail or str(lacks[0]), resource=lacks[0].resource)
    if roads.lead_elsewhere is None and (wanted or _may_lose(found, told)):
        lacking = "; ".join(reason.detail or str(reason) for reason in roads.reasons)
        by = teller(roads.reasons) or subnet.id
        raise Undetermined(lacking or f"the routes of {subnet.label}", resource=by)
    if len(found) < (1 if wanted or lacks else 2):
        return
    if roads.lead_elsewhere and roads.all_within(Hop.NONE):
        return  # nobody leaves: NAT-002
    winner = found[0]
    if told is not None:
        if winner.word != told:
            loser = next((each for each in found if each.word == told), None)
            yield Loss(leaver, winner, told, loser)
    elif winner.word in ("route", "nat-gateway"):
        for loser in found[1:]:
            if loser.only and loser.word != winner.word:
                yield Loss(leaver, winner, loser.word, loser)


def _may_lose(found: list[Method], told: Word | None) -> bool:
    """Whether a route, if there is one, and one of these make what is declared lose."""
    return bool(found) if told is not None else any(each.only for each in found)


def _finding(subnet: Subnet, losses: list[Loss]) -> Finding:
    first = losses[0]
    alike = [loss for loss in losses if loss.words == first.words]
    names = sorted({loss.leaver.name for loss in alike})
    told = ", ".join(names[:MOST]) + (f" and {len(names) - MOST} more" if names[MOST:] else "")
    nodes = [loss.winner.node for loss in alike] + [
        loss.loser.node for loss in alike if loss.loser is not None
    ]
    related = [loss.leaver.node.id for loss in alike[:MOST]]
    related += [node.id for node in nodes if node is not None]
    return Finding(
        subject=subnet.id,
        related=tuple(dict.fromkeys(related)),
        message=f"{told} in subnet {subnet.label} of {vnet_name(subnet)} "
        f"{'leave' if len(names) > 1 else 'leaves'} {first.words}",
        remedy=_remedy(subnet, first),
        evidence=tuple(_evidence(subnet, first)),
    )


def _remedy(subnet: Subnet, loss: Loss) -> str:
    cluster = loss.leaver.node.owner
    kinds = {"route": "userDefinedRouting", "nat-gateway": "userAssignedNATGateway"}
    if isinstance(cluster, ManagedCluster) and loss.winner.word in kinds:
        return "if the way that wins is the one that is meant: " + az(
            "aks", "update",
            resource_group=cluster.resource_group,
            name=cluster.label,
            outbound_type=kinds[loss.winner.word],
        )  # fmt: skip
    rule = loss.loser.node if loss.loser is not None else None
    if isinstance(rule, OutboundRule):
        return "if nothing else needs the outbound rule: " + az(
            "network", "lb", "outbound-rule", "delete",
            resource_group=rule.resource_group,
            lb_name=rule.owner.label if rule.owner is not None else "<the load balancer>",
            name=rule.label,
        )  # fmt: skip
    if "nat-gateway" in (loss.winner.word, loss.loser.word if loss.loser else ""):
        return "if the NAT gateway is not meant: " + az(
            "network", "vnet", "subnet", "update",
            resource_group=subnet.resource_group,
            vnet_name=vnet_name(subnet),
            name=subnet.label,
            remove="natGateway",
        )  # fmt: skip
    return f"take away {loss.winner.words}, or declare it as the way out of {subnet.label}"


def _evidence(subnet: Subnet, loss: Loss) -> Iterator[Evidence]:
    nat, table = subnet.properties.nat_gateway, subnet.properties.route_table
    if nat is not None and nat.id:
        yield evidence(subnet, "/properties/natGateway/id", nat.id)
    if loss.winner.word == "route" and table is not None and table.id:
        yield evidence(subnet, "/properties/routeTable/id", table.id)
    cluster = loss.leaver.node.owner
    if isinstance(loss.leaver.node, AgentPool) and cluster is not None:
        kind = "/properties/networkProfile/outboundType"
        yield evidence(cluster, kind, loss.leaver.kind)
    elif loss.loser is not None and isinstance(loss.loser.node, OutboundRule):
        yield evidence(loss.loser.node, "/name", loss.loser.node.label)
    else:
        yield evidence(loss.leaver.node, "/name", loss.leaver.node.label)
