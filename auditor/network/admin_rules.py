"""Security admin rules of network managers, which are asked before security groups (N-50 to N-54).

Whether a configuration is deployed, and which networks a policy puts into a group, is not in any
resource: the rules of every configuration that may concern a network are in doubt.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.addresses import EVERY_PORT, PortSet
from auditor.errors import Undetermined
from auditor.network.filters import ANY, UNTOLD, Filter, Selector, selector, subnet_name
from auditor.network.gateway_homes import gateways_by_subnet
from auditor.network.gateway_subnets import is_isolated
from auditor.network.graph import Network, question_about
from auditor.network.layers import Action, EffectiveRule, Layer, LayerKind, listed
from auditor.network.network_managers import unseen_rules
from auditor.network.reasons import Reason, gap
from auditor.ports import parse_ports
from auditor.resources.network_manager import (
    AddressItem,
    AdminRule,
    RuleCollection,
    SecurityAdminConfiguration,
)
from auditor.resources.virtual_networks import Subnet

_ACTIONS = {"allow": Action.ALLOW, "alwaysallow": Action.FINAL, "deny": Action.DENY}

_EXEMPT = frozenset(
    {
        "azurebastionsubnet",
        "azurefirewallsubnet",
        "azurefirewallmanagementsubnet",
        "routeserversubnet",
        "gatewaysubnet",
    }
)
"""Subnets that admin rules do not apply to (N-53)."""


def admin_layer(
    network: Network, subnet: Subnet | None, *, inbound: bool, endpoint: bool = False
) -> Layer | None:
    """Give the admin rules that may apply in a subnet; None when there are none."""
    found = None if endpoint else _layer(network, inbound)
    return None if found is None or (subnet is not None and _exempt(network, subnet)) else found


def _exempt(network: Network, subnet: Subnet) -> bool:
    """Whether admin rules do not apply in a subnet (N-53, A-7)."""
    if subnet_name(subnet).lower() in _EXEMPT:
        return True
    try:
        return subnet.key in gateways_by_subnet(network) and not is_isolated(network, subnet)
    except Undetermined:
        return False  # the rules are in doubt anyway


@question_about
def _layer(network: Network, inbound: bool) -> Layer | None:
    unseen = unseen_rules(network)
    if unseen is not None:
        return Layer(LayerKind.ADMIN, unseen.resource, unknown=unseen)
    found: list[tuple[int, str, EffectiveRule]] = []
    for rule in network.all(AdminRule):
        try:
            found += _rules(network, rule, inbound)
        except Undetermined as unknown:
            return Layer(LayerKind.ADMIN, rule.id, unknown=gap(unknown, rule.id))
    if not found:
        return None
    rules = tuple(rule for _, _, rule in sorted(found, key=lambda each: each[:2]))
    configuration = network.holder(network.all(AdminRule)[0], SecurityAdminConfiguration)
    return Layer(
        LayerKind.ADMIN, configuration.id if configuration else rules[0].id, listing=listed(rules)
    )


def _rules(
    network: Network, rule: AdminRule, inbound: bool
) -> Iterator[tuple[int, str, EffectiveRule]]:
    p = rule.properties
    if p.direction and (p.direction.lower() == "inbound") != inbound:
        return
    if not p.direction or p.priority is None or (p.access or "").lower() not in _ACTIONS:
        raise Undetermined(f"direction, priority and access of {rule.id}", resource=rule.id)
    action = _ACTIONS[(p.access or "").lower()]
    doubt = _doubt(network, rule)
    each = EffectiveRule(
        _filter(rule, action), action, rule.id, rule.root.id, rule.pointer, rule.label, doubt
    )
    yield p.priority, rule.key, each


def _doubt(network: Network, rule: AdminRule) -> Reason:
    """Whether a rule is in force is the same question for all rules of its collection."""
    collection = network.holder(rule, RuleCollection)
    name, resource = (collection.label, collection.id) if collection else (rule.label, rule.id)
    return Reason("avnm-unknown", f"whether the admin rules of {name} are deployed here", resource)


def _filter(rule: AdminRule, action: Action) -> Filter:
    p = rule.properties
    protocol = (p.protocol or "").lower()
    return Filter(
        name=rule.label,
        priority=p.priority or 0,
        allow=action is not Action.DENY,
        protocols=frozenset((ANY if protocol == "any" else protocol,)) if protocol else None,
        sources=_side(p.sources),
        destinations=_side(p.destinations),
        source_ports=_ports(p.source_port_ranges),
        destination_ports=_ports(p.destination_port_ranges),
    )


def _side(items: list[AddressItem] | None) -> Selector:
    """Read one side; an empty one is any address, a network group is not told (N-51)."""
    if not items:
        return selector((ANY,))
    if any((item.address_prefix_type or "").lower() == "networkgroup" for item in items):
        return UNTOLD
    texts = [item.address_prefix for item in items if item.address_prefix]
    found = selector(texts)
    return found if all(map(_is_name, found.tags)) else UNTOLD


def _is_name(tag: str) -> bool:
    return tag.replace(".", "").isalnum() and not tag[0].isdigit()


def _ports(texts: list[str] | None) -> PortSet:
    return parse_ports(*texts) if texts and ANY not in texts else EVERY_PORT
