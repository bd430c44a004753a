"""A load balancer publishes a management port to the internet.

## Why it matters
SSH, RDP and WinRM on a public address are found within minutes and tried without end. A NAT rule
hides the port behind another number (2222 to 22), which keeps nobody out and keeps the port out of
reviews that look for 22.

## What fails
An inbound NAT rule, an inbound NAT pool or a load-balancing rule on a public frontend whose
backend port is one of `ports` (22, 3389, 5985, 5986), by TCP. With floating IP the frontend port is
what the machine sees (E-13).

The rule is the fault, whatever a security group lets through today; the message says when nothing
gets through by it, and why.

A NAT rule that points at no machine publishes nothing yet; it is reported as *medium*, since it
waits for one. The rules that a NAT pool made for its instances (`pool.0`) are the pool's fault and
not told again. `allow` holds globs of ids of rules, load balancers or frontends that are meant.

*Unknown* when the snapshot does not tell the port or lacks the frontend.

## What to do
Delete the rule and reach the machine through Bastion, a VPN or `az ssh`. A NAT pool has to be taken
out of its scale set and of the instances first.

## References
- https://learn.microsoft.com/azure/load-balancer/inbound-nat-rules
- https://learn.microsoft.com/security/benchmark/azure/mcsb-network-security
- Facts E-10, E-13, E-18
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from auditor import ids
from auditor.errors import Undetermined
from auditor.finding import Evidence
from auditor.network.approval import approved
from auditor.network.exposure import (
    InboundRule,
    address_of,
    frontend_named_by,
    inbound_rules,
    ports_of,
    use_of,
)
from auditor.network.forwarding_commands import deleting, is_made_from, taken_out_first
from auditor.network.graph import evidence
from auditor.ports import Port
from auditor.reach.arrivals import why_not_by
from auditor.reach.hidden_members import perhaps_behind, untold_machines
from auditor.resources.load_balancers import (
    InboundNatPool,
    InboundNatRule,
    LoadBalancer,
    LoadBalancerFrontend,
)
from auditor.rule import Finding, Network, Outcomes, Severity, refuse_nothing, rule


class Params(Struct, frozen=True):
    """Which ports are for management, and who may publish them."""

    ports: tuple[Port, ...] = (22, 3389, 5985, 5986)
    """Ports of the machine behind: SSH, RDP, WinRM over HTTP and HTTPS."""

    allow: tuple[str, ...] = ()
    """Globs of ids of rules, load balancers or frontends; letter case does not matter."""

    def __post_init__(self) -> None:
        """Refuse no ports."""
        refuse_nothing("ports", self.ports)


@rule(
    "EXP-007",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=inbound_rules,
    parameters=Params,
)
def published_management_port(network: Network, rule: InboundRule, params: Params) -> Outcomes:
    """Judge one rule of a load balancer."""
    frontend = network.get(frontend_named_by(rule), LoadBalancerFrontend)
    if frontend is None or not frontend.public:
        return
    if not _manages(rule, params) or approved(params.allow, rule.id, rule.root.id, frontend.id):
        return
    pointed = _points_somewhere(network, rule)
    why_not = why_not_by(network, frontend.id, rule.key)
    yield Finding(
        subject=rule.id,
        message=f"{rule.label} publishes port {_port(rule)} of the machines behind "
        f"{ids.top_name(rule.id)} at {address_of(network, frontend)}, {ports_of(rule)}"
        + (_stopped(why_not) if pointed else "; it points at no machine yet"),
        remedy="reach the machines through Bastion or a VPN, "
        + taken_out_first(network, [rule])
        + "and delete the rule: "
        + " && ".join(deleting(network, [rule])),
        related=(frontend.id,),
        evidence=tuple(_evidence(rule)),
        severity=None if pointed else Severity.MEDIUM,
        covers=(*_covers(network, frontend, params), *_made_from(rule)),
    )


def _stopped(why_not: str) -> str:
    return f"; today nothing gets through, {why_not}" if why_not else ""


def _port(rule: InboundRule) -> int:
    """The port that the machine behind sees."""
    port = _kept_by_floating_ip(rule) or rule.properties.backend_port
    if port is None:
        raise Undetermined(f"the backend port of {rule.id}", resource=rule.id)
    return port


def _kept_by_floating_ip(rule: InboundRule) -> int | None:
    """The port of the frontend, where floating IP hands it on as it is (E-13)."""
    if isinstance(rule, InboundNatPool) or not rule.properties.enable_floating_ip:
        return None
    return rule.properties.frontend_port


def _evidence(rule: InboundRule) -> Iterator[Evidence]:
    if kept := _kept_by_floating_ip(rule):
        yield evidence(rule, "/properties/frontendPort", kept)
        yield evidence(rule, "/properties/enableFloatingIP", True)
    else:
        yield evidence(rule, "/properties/backendPort", rule.properties.backend_port)


def _manages(rule: InboundRule, params: Params) -> bool:
    return (rule.properties.protocol or "").lower() != "udp" and _port(rule) in params.ports


def _points_somewhere(network: Network, rule: InboundRule) -> bool:
    if not isinstance(rule, InboundNatRule):
        return True
    settings = rule.properties
    return bool(
        settings.backend_ip_configuration
        or settings.backend_address_pool
        or network.referrers(rule, "loadBalancerInboundNatRules")
        or any(True for _ in perhaps_behind(network, rule))
        or untold_machines(network, rule)
    )


def _covers(
    network: Network, frontend: LoadBalancerFrontend, params: Params
) -> tuple[tuple[str, str], ...]:
    """The general rules this speaks for: only when the frontend publishes nothing else."""
    try:
        use = use_of(network, frontend)
        use.certain()
        if not all(_manages(rule, params) for rule in use.inbound):
            return ()
    except Undetermined:
        return ()
    ref = frontend.properties.public_ip_address
    address = (("EXP-001", ref.id),) if ref is not None and ref.id else ()
    return (("EXP-006", frontend.id), *address)


def _made_from(rule: InboundRule) -> Iterator[tuple[str, str]]:
    """The rules that Azure made of a pool, one for each instance (`pool.0`): one fault with it."""
    if isinstance(rule, InboundNatPool) and isinstance(rule.root, LoadBalancer):
        for each in rule.root.properties.inbound_nat_rules or ():
            if is_made_from(each, rule):
                yield "EXP-007", each.id
