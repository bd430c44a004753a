"""A denial stands before what Azure must be let in for.

## Why it matters
Whoever closes a security group with "deny everything" also closes it to Azure itself: the default
rule that lets in health probes comes after, and so may one's own for the management of gateways.
What stands in the subnet is then taken for dead, or cannot be managed.

## What fails
A Deny rule in the security group of a subnet that comes first for

- `GatewayManager` or `AzureLoadBalancer` on the management ports, where application gateways live
  (GW-022 tells of it, and of rules that are lacking);
- `GatewayManager` or `AzureLoadBalancer` on port 443 of `AzureBastionSubnet`;
- `AzureLoadBalancer` on port 9988, where an AKS cluster has put its API server;
- `AzureLoadBalancer` on the port that a load balancer probes of a machine there (LB-004 tells).

A port of which nothing gets in is enough. *Unknown* when the input lacks the group, or its rules
depend on what the input does not tell.

## What to do
Allow them before the denial:

    az network nsg rule create --resource-group GROUP --nsg-name NSG --name AllowAzureLoadBalancer \
        --priority 4095 --direction Inbound --access Allow --protocol Tcp \
        --source-address-prefixes AzureLoadBalancer --destination-port-ranges PORT

## References
- https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#default-security-rules
- https://learn.microsoft.com/azure/bastion/bastion-nsg
- Facts N-10, N-15, N-43, N-46, A-10
"""

from __future__ import annotations

from collections import defaultdict

from msgspec.structs import replace

from auditor import ids
from auditor.errors import Undetermined
from auditor.network.filters import custom_rules, filters_of
from auditor.network.graph import Network
from auditor.network.layers import holder_of
from auditor.reach.demands import Refusal, allow_before, teller_of, whys
from auditor.reach.platform_demands import guests
from auditor.resources.security import NetworkSecurityGroup
from auditor.resources.virtual_networks import Subnet
from auditor.rule import Finding, Outcomes, Severity, Unknown, rule


def hosts(network: Network) -> tuple[Subnet, ...]:
    """Name the subjects: subnets with something that Azure must reach."""
    known = guests(network)
    return tuple([subnet for subnet in network.all(Subnet) if subnet.key in known])


@rule("NSG-012", severity=Severity.HIGH, since="0.1.0", of=hosts, peers=("PSR:NSG.DenyAllInbound",))
def platform_denied(network: Network, subnet: Subnet) -> Outcomes:
    """Judge the security group of one subnet."""
    group = network.get(subnet.properties.network_security_group, NetworkSecurityGroup)
    if group is None or _denies_nothing(network, group):
        return
    sure: dict[str, list[tuple[str, Refusal]]] = defaultdict(list)
    missing: list[str] = []
    tellers: list[str] = []
    for guest in guests(network)[subnet.key]:
        try:
            refused = guest.refused()
        except Undetermined as unknown:
            missing.append(unknown.missing)
            tellers.append(unknown.resource)
            continue
        if refused is None:
            continue
        if not refused.certain:
            missing.append(f"whether {refused.words} gets in: {whys([refused])}")
            tellers.append(teller_of([refused]))
            continue
        for each in refused.by_each:
            step = each.rule
            if each.written and step and network.find(holder_of(step.resource)) is group:
                sure[step.rule_id].append((guest.name, each))
    for found in sure.values():
        yield _finding(network, subnet, found)
    if missing:
        by = next(filter(None, tellers), "")
        yield Unknown(subnet.id, "; ".join(dict.fromkeys(missing)), key="untold", told_by=by)


def _denies_nothing(network: Network, group: NetworkSecurityGroup) -> bool:
    try:
        filters = filters_of(network, group, inbound=True)
    except Undetermined:  # perhaps of a rule behind one that denies
        return all(rule.allows for rule in custom_rules(network, group, inbound=True))
    return False not in [each.allow for each in filters]


def _finding(network: Network, subnet: Subnet, found: list[tuple[str, Refusal]]) -> Finding:
    first = found[0][1]
    each = _by_peer([refused for _, refused in found])
    commands = [
        allow_before(network, refused, f"Allow{refused.demand.who}", nth=n)
        for n, refused in enumerate(each, 1)
    ]
    names = ", ".join(dict.fromkeys(name for name, _ in found))
    return Finding(
        subject=subnet.id,
        message=f"{first.by} keeps {' and '.join(refused.words for refused in each)} out of "
        f"{subnet.label}, where Azure must reach {names}",
        remedy=f"allow it before: {' && '.join(commands)}",
        related=(first.rule.rule_id,) if first.rule is not None else (),
        evidence=first.quoted(network, subnet.id),
        key=ids.name(first.rule.rule_id) if first.rule is not None else "",
        witness=first.witness,
        hops=first.hops,
    )


def _by_peer(refusals: list[Refusal]) -> list[Refusal]:
    """Give one refusal for each peer, of all its ports."""
    found: dict[str, Refusal] = {}
    for each in refusals:
        known = found.get(each.demand.who, each)
        ports = known.demand.ports | each.demand.ports
        found[each.demand.who] = replace(
            known, demand=replace(known.demand, ports=ports), ports=known.ports | each.ports
        )
    return list(found.values())
