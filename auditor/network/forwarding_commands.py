"""Commands that delete what a load balancer forwards by, with the real names.

Azure deletes no inbound NAT pool that a scale set's model or an instance names: it is taken out of
those first. The rules that it made of the pool for instances (`ssh.0`) go with it (E-18).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from auditor import ids
from auditor.network.exposure import InboundRule
from auditor.network.graph import Network
from auditor.remedy import az
from auditor.resources import walk
from auditor.resources.compute import ScaleSet, ScaleSetIpConfiguration
from auditor.resources.load_balancers import InboundNatPool, InboundNatRule, OutboundRule

_POOLS = "loadBalancerInboundNatPools"
_MODEL = "virtualMachineProfile.networkProfile.networkInterfaceConfigurations"


def deleting(network: Network, rules: Iterable[InboundRule | OutboundRule]) -> tuple[str, ...]:
    """Give the commands that delete rules of a load balancer, in the order that Azure asks for."""
    given = tuple(rules)
    pools = [each for each in given if isinstance(each, InboundNatPool)]
    rest = [each for each in given if not any(is_made_from(each, pool) for pool in pools)]
    return (*_taken_out(network, pools), *map(_delete, rest))


def is_made_from(rule: InboundRule | OutboundRule, pool: InboundNatPool) -> bool:
    """Tell whether Azure made a rule of a pool, for one instance."""
    of_pool = isinstance(rule, InboundNatRule) and rule.root is pool.root
    return of_pool and rule.label.lower().startswith(pool.label.lower() + ".")


def taken_out_first(network: Network, rules: Iterable[InboundRule | OutboundRule]) -> str:
    """Say that pools are to be taken out of scale sets first; nothing where none names them."""
    pools = [each for each in rules if isinstance(each, InboundNatPool)]
    sets = dict.fromkeys(each.root.label for each in _naming(network, pools))
    return f"take the NAT pool out of {', '.join(sets)} and its instances, " if sets else ""


def _naming(network: Network, pools: Iterable[InboundNatPool]) -> list[ScaleSetIpConfiguration]:
    """The configurations of models that name pools, each once."""
    sources = (edge.source for pool in pools for edge in network.referrers(pool, _POOLS))
    found = {each.key: each for each in sources if isinstance(each, ScaleSetIpConfiguration)}
    return list(found.values())


def _taken_out(network: Network, pools: list[InboundNatPool]) -> Iterator[str]:
    keys = {pool.key for pool in pools}
    sets: dict[str, ScaleSet] = {}
    for each in _naming(network, pools):
        if not isinstance(each.root, ScaleSet):
            continue
        sets[each.root.key] = each.root
        named = walk.peek(each.properties, "load_balancer_inbound_nat_pools") or ()
        stay = [{"id": ref.id} for ref in named if ref.id and ids.fold(ref.id) not in keys]
        path = f"{_MODEL}[{each.owner.index if each.owner else 0}]"
        path = f"{path}.ipConfigurations[{each.index}].{_POOLS}"
        yield az(
            "vmss", "update",
            resource_group=each.root.resource_group,
            name=each.root.label,
            set=f"{path}={json.dumps(stay)}" if stay else None,
            remove=None if stay else path,
        )  # fmt: skip
    for scale_set in sets.values():
        yield az(
            "vmss", "update-instances",
            resource_group=scale_set.resource_group,
            name=scale_set.label,
            instance_ids="*",
        )  # fmt: skip


def _delete(rule: InboundRule | OutboundRule) -> str:
    kind = "outbound-rule" if isinstance(rule, OutboundRule) else "rule"
    if isinstance(rule, InboundNatRule):
        kind = "inbound-nat-rule"
    elif isinstance(rule, InboundNatPool):
        kind = "inbound-nat-pool"
    return az(
        "network", "lb", kind, "delete",
        resource_group=ids.resource_group(rule.id),
        lb_name=ids.segment(rule.id, "loadBalancers"),
        name=rule.label,
    )  # fmt: skip
