"""A security group keeps a health probe from a member of a pool.

## Why it matters
A load balancer sends new connections to the members whose probe answers. The probe comes from
168.63.129.16, the service tag `AzureLoadBalancer`, whatever the clients' addresses are. A rule that
denies everything else denies it too: the member counts as down, and when all do, nobody is served.

## What fails
A machine behind a load-balancing rule with a probe, whose security groups, the subnet's and its
own, do not let `AzureLoadBalancer` in on the port of the probe. *Critical*, and in place of GW-004,
where an application gateway reaches nobody behind the load balancer for that reason alone.

*Unknown* when the input lacks the machine, its address, a security group, or the port; or when
security admin rules may decide. Over IPv6 nothing is told.

## What to do
Allow it, before the rule that denies it:

    az network nsg rule create --resource-group GROUP --nsg-name NSG --name AllowProbes \
        --priority 4095 --direction Inbound --access Allow --protocol Tcp \
        --source-address-prefixes AzureLoadBalancer --destination-port-ranges PORT

## References
- https://learn.microsoft.com/azure/load-balancer/load-balancer-custom-probe-overview
- https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
- Facts N-15, N-19, E-16
"""

from __future__ import annotations

from collections.abc import Iterable

from auditor import ids
from auditor.addresses import PortSet
from auditor.errors import Undetermined
from auditor.network.doubt import Doubt, settled
from auditor.network.graph import evidence, question
from auditor.network.layers import holder_of
from auditor.network.reasons import gap, remedy, teller
from auditor.reach.backends import Backend
from auditor.reach.demands import Refusal, allow_before, remedy_of, teller_of, whys
from auditor.reach.probing import (
    asked,
    asking,
    denied,
    perhaps_asking,
    port_of,
    probed_by_group,
    unsure,
)
from auditor.reach.quoting import quoted
from auditor.reach.starved import starved
from auditor.reach.wording import one_or_many
from auditor.resources.load_balancers import LoadBalancerProbe
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule

_NAMED = 3
"""How many machines one sentence names."""


@question
def probes(network: Network) -> tuple[LoadBalancerProbe | Doubt, ...]:
    """The probes that some rule uses, and balancers that do not tell all of them."""
    return (*asking(network), *perhaps_asking(network))


@rule("LB-004", severity=Severity.HIGH, since="0.1.0", of=probes)
def blocked_probe(network: Network, subject: LoadBalancerProbe | Doubt) -> Outcomes:
    """Ask for one probe whether it gets at every machine."""
    probe = settled(subject)
    port = port_of(probe)
    known = asked(network, probe)
    sure: list[Refusal] = []
    perhaps: list[Refusal] = []
    untold = list(known.untold)
    for machine in unsure(network, probe):
        try:
            refused = denied(network, probe, machine.id)
        except Undetermined as unknown:
            untold.append(gap(unknown))
            continue
        if refused is not None:
            (sure if refused.certain else perhaps).append(refused)
    if sure:
        yield _finding(network, probe, sure)
    lacks = [reason.detail or str(reason) for reason in untold]
    if perhaps:
        lacks.append(f"{_names(perhaps)}: {whys(perhaps)}")
    if lacks:
        whom = "; ".join(dict.fromkeys(lacks))
        missing = f"whether {probe.label} of {probe.root.label} gets in on port {port}: {whom}"
        by = teller(untold) or teller_of(perhaps)
        what = remedy(untold) if teller(untold) else remedy_of(perhaps)
        yield Unknown(probe.id, missing, remedy=what, key="untold", told_by=by)


def _finding(network: Network, probe: LoadBalancerProbe, refused: list[Refusal]) -> Finding:
    first = refused[0]
    rules = {
        one.rule.rule_id: one for each in refused for one in each.by_each if one.rule is not None
    }
    name = f"AllowProbes-{probe.properties.port}"
    beyond = starved(network, probe)
    commands = [
        allow_before(network, each, name, nth=_place(network, probe, each))
        for each in _firsts(rules.values())
    ]
    return Finding(
        subject=probe.id,
        message=f"{_deniers(first)} the health probe {probe.label} of {probe.root.label} "
        f"({first.words}) from {_names(refused)}{_beyond(beyond)}",
        remedy=f"allow it: {' && '.join(dict.fromkeys(commands))}",
        related=tuple(
            dict.fromkeys(
                (*(each.point.id for each in refused), *(each.gateway.id for each in beyond))
            )
        ),
        evidence=(
            evidence(probe, "/properties/port", probe.properties.port),
            *quoted(network, (each.rule for each in rules.values() if each.rule is not None)),
        ),
        severity=Severity.CRITICAL if beyond else None,
        covers=(
            *{("NSG-012", each.point.place.id): None for each in refused if each.point.place},
            *(("GW-004", each.id, each.key) for each in beyond),
        ),
        witness=first.witness,
        hops=first.hops,
    )


def _deniers(first: Refusal) -> str:
    names = [each.by for each in first.by_each] or [first.by]
    return f"{' and '.join(dict.fromkeys(names))} {one_or_many(len(set(names)), 'keeps', 'keep')}"


def _beyond(found: tuple[Backend, ...]) -> str:
    """Say whom it cuts off, as GW-004 would."""
    said = [f"{each.gateway.label} cannot reach {each.member}:{each.port}" for each in found]
    more = f" and {len(said) - _NAMED} more" if len(said) > _NAMED else ""
    return "".join(f"; {each}" for each in said[:_NAMED]) + more


def _names(refused: list[Refusal]) -> str:
    names = [_name(each) for each in refused]
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _name(refused: Refusal) -> str:
    nic = refused.point.nic
    return nic.root.label if nic is not None else ids.name(refused.point.id)


def _firsts(refused: Iterable[Refusal]) -> Iterable[Refusal]:
    """Give for each group the one whose rule comes first: an Allow before it precedes the others.

    Another command would write over its rule.
    """
    found: dict[str, Refusal] = {}
    for each in refused:
        known = found.setdefault(each.rule.resource if each.rule else "", each)
        if each.rule and known.rule and (each.rule.priority or 0) < (known.rule.priority or 0):
            found[each.rule.resource] = each
    return found.values()


def _place(network: Network, probe: LoadBalancerProbe, refused: Refusal) -> int:
    """Which of the probed ports behind a group is this one: each gets a priority of its own.

    Probes of one port, of whichever load balancers, need but one rule.
    """
    group = network.find(holder_of(refused.rule.resource)) if refused.rule is not None else None
    ports = probed_by_group(network).get(group.key) if group is not None else None
    return (ports & PortSet.of(0, probe.properties.port)).size if ports is not None else 1
