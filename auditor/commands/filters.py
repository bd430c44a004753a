"""`auditor flow` and `auditor effective-rules`: Network Watcher's questions, offline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from auditor.commands.asking import (
    KEEP_GOING,
    NIC,
    PATHS,
    REPORT,
    SERVICE_TAGS,
    plain,
    read_network,
    read_tags,
    reasons_json,
    say_json,
)
from auditor.streams import say

if TYPE_CHECKING:
    from auditor.addresses import Address, PortSet
    from auditor.network.flow import FlowAnswer, LayerAnswer, Verdict
    from auditor.network.graph import Network
    from auditor.network.interfaces import Interface
    from auditor.network.layers import EffectiveRule

_ADVICE = "write it as 10.0.0.4:443, [fd00::4]:443, or with * for any port"


@click.command()
@PATHS
@NIC
@click.option(
    "--direction",
    type=click.Choice(["inbound", "outbound"], case_sensitive=False),
    required=True,
    help="Who starts the flow: the other side, or the NIC.",
)
@click.option("--local", required=True, metavar="ADDR:PORT", help="The NIC's side; * is any port.")
@click.option("--remote", required=True, metavar="ADDR:PORT", help="The other side.")
@click.option(
    "--protocol",
    type=click.Choice(["Tcp", "Udp", "Icmp", "Esp", "Ah"], case_sensitive=False),
    required=True,
    help="The protocol.",
)
@SERVICE_TAGS
@REPORT
@KEEP_GOING
def flow(paths: tuple[str, ...], nic: str, report: str, keep_going: bool, **asked: Any) -> None:
    """Tell whether the security rules at a network interface let a flow through, and which decides.

    Allow, Deny, or Unknown with the reasons; Mixed, with both told, when * stands for ports that
    differ. Exit status 0: answered, 2: usage, 3: the input cannot be read.
    """
    from auditor.errors import UsageError
    from auditor.network.effective_rules import Direction
    from auditor.network.flow import flow as ask
    from auditor.network.interfaces import find_interface

    local, local_ports = endpoint(asked["local"], "--local")
    remote, remote_ports = endpoint(asked["remote"], "--remote")
    if local.version != remote.version:
        raise UsageError(
            f"{local} and {remote} are of two versions of IP", advice="give two of one version"
        )
    tags = read_tags(asked["tags"])
    network = read_network(paths, keep_going)
    interface = find_interface(network, nic)
    _its_own(network, interface, local)
    answer = ask(
        network,
        interface,
        Direction(asked["direction"].title()),
        local,
        remote,
        asked["protocol"].lower(),
        local_ports=local_ports,
        remote_ports=remote_ports,
        tags=tags,
    )
    if report == "json":
        say_json(_flow_json(answer))
    else:
        say("\n".join(_flow_lines(answer, interface.label)))


def _its_own(network: Network, interface: Interface, local: Address) -> None:
    """Raise UsageError when an address is for certain none that the rules at a NIC see as its own.

    They see its private addresses, and those that load balancers leave as they are (P-4).
    """
    from auditor.addresses import NOTHING
    from auditor.errors import Undetermined, UsageError
    from auditor.network.group_members import addresses_of, configurations_of
    from auditor.reach.balancing import floating_to

    own = NOTHING
    try:
        for configuration in configurations_of(interface):
            extent = addresses_of(network, configuration)
            if extent.reasons():
                return
            own = own | extent.may
    except Undetermined:
        return
    if own and local not in own and local not in floating_to(network, interface):
        told = ", ".join(str(prefix).partition("/")[0] for prefix in own.prefixes())
        raise UsageError(
            f"{local} is no address of {interface.label}",
            where="--local",
            advice=f"it has {told}; rules see private addresses, and of load balancers"
            " with floating IP the frontend's",
        )


def endpoint(text: str, option: str) -> tuple[Address, PortSet]:
    """Read `ADDR:PORT`; without a port, or with `*`, any port. Raises UsageError."""
    from auditor.addresses import EVERY_PORT, AddressError, PortError, parse_address, parse_ports
    from auditor.errors import UsageError

    text = text.strip()
    if text.startswith("["):
        address, _, rest = text[1:].partition("]")
        colon, port = rest[:1], rest[1:]
    elif text.count(":") > 1:
        address, colon, port = text, "", ""
    else:
        address, colon, port = text.partition(":")
    try:
        if colon not in ("", ":") or (colon and not port):
            raise PortError(f"{text!a} is no address and port")
        ports = EVERY_PORT if not colon or port == "*" else parse_ports(port)
        return parse_address(address), ports
    except (AddressError, PortError) as error:
        raise UsageError(error.what, where=option, advice=_ADVICE) from None


def _flow_json(answer: FlowAnswer) -> dict[str, Any]:
    verdicts = [_verdict_json(each) for each in answer.verdicts]
    if len(verdicts) == 1:
        return verdicts[0]
    rule = answer.rule
    found: dict[str, Any] = {
        "access": answer.access.value,
        "ruleName": rule.name if rule is not None else None,
        "ports": [
            {**_ports_json(verdict), **told}
            for verdict, told in zip(answer.verdicts, verdicts, strict=True)
        ],
    }
    if answer.reasons:
        found["reasons"] = reasons_json(answer.reasons)
    return found


def _ports_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "ranges": [
            {"localPort": _port(local), "remotePort": _port(remote)}
            for local, remote in verdict.ports
        ]
    }


def _port(ports: PortSet) -> str:
    from auditor.addresses import EVERY_PORT

    return "*" if ports == EVERY_PORT else str(ports)


def _verdict_json(verdict: Verdict) -> dict[str, Any]:
    found: dict[str, Any] = {
        "access": verdict.access.value,
        "ruleName": verdict.rule.name if verdict.rule is not None else None,
        "layers": [_layer_json(each) for each in verdict.layers],
    }
    if verdict.rule is not None:
        found["rule"] = _rule_json(verdict.rule)
    if verdict.reasons:
        found["possible"] = [_rule_json(rule) for rule in verdict.possible]
        found["reasons"] = reasons_json(verdict.reasons)
    return found


def _layer_json(answer: LayerAnswer) -> dict[str, Any]:
    layer = answer.layer
    access = {True: "Allow", False: "Deny", None: "Unknown"}[answer.passes]
    found: dict[str, Any] = {"layer": layer.kind.value, "at": layer.at, "access": access}
    if layer.group is not None:
        found["networkSecurityGroup"] = {"id": layer.group.id}
    if answer.rule is not None:
        found["rule"] = _rule_json(answer.rule)
    if answer.platform:
        found["unfiltered"] = "platform traffic (N-14)"
    return found


def _rule_json(rule: EffectiveRule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "id": rule.id,
        "priority": rule.priority,
        "resource": rule.resource,
        "pointer": rule.pointer or ("" if rule.id == rule.resource else None),
    }


def _flow_lines(answer: FlowAnswer, nic: str) -> Iterator[str]:
    asked = answer.flow
    ends = f"{_end(asked.local, asked.local_ports)} and {_end(asked.remote, asked.remote_ports)}"
    what = f"{asked.direction.value.lower()} {asked.protocol.title()} between {ends}"
    yield f"{plain(nic)}, {what}: {answer.access.value}"
    for verdict in answer.verdicts:
        if len(answer.verdicts) > 1:
            pairs = (f"local {_port(own)} remote {_port(other)}" for own, other in verdict.ports)
            yield f"  ports {'; '.join(pairs)}: {verdict.access.value}"
        inset = "  " if len(answer.verdicts) > 1 else ""
        yield from (f"{inset}{line}" for line in _verdict_lines(verdict))


def _end(address: Address, ports: PortSet) -> str:
    text = f"[{address}]" if address.version == 6 else str(address)
    return f"{text}:{_port(ports)}"


def _verdict_lines(verdict: Verdict) -> Iterator[str]:
    if verdict.rule is not None:
        yield f"  by {_rule_words(verdict.rule)}"
    elif not verdict.reasons:
        yield "  by no rule: nothing filters it"
    for each in verdict.layers:
        access = {True: "Allow", False: "Deny", None: "cannot tell"}[each.passes]
        by = f" by {each.rule.name}" if each.rule is not None else ""
        by = " because platform traffic is not filtered (N-14)" if each.platform else by
        yield plain(f"  {each.layer.kind.value} {each.layer.at}: {access}{by}")
    if verdict.reasons:
        for rule in verdict.possible:
            yield f"  perhaps by {_rule_words(rule)}"
        for reason in verdict.reasons:
            yield f"  cannot tell: {plain(str(reason))}"


def _rule_words(rule: EffectiveRule) -> str:
    where = rule.resource
    if rule.pointer:
        where += f" {rule.pointer}"
    elif rule.id.lower() != rule.resource.lower():  # an admin rule is a resource itself
        where += " (Azure adds it, the input does not list it)"
    return plain(f"{rule.name} ({rule.action.value}, priority {rule.priority}) of {where}")


@click.command("effective-rules")
@PATHS
@NIC
@SERVICE_TAGS
@REPORT
@KEEP_GOING
def effective_rules(
    paths: tuple[str, ...], nic: str, tags: str | None, report: str, keep_going: bool
) -> None:
    """List the security rules that apply to a network interface, tags and groups expanded.

    What the input does not tell is named. Exit status 0: answered, 2: usage, 3: the input cannot
    be read.
    """
    from auditor.commands import effective_rules as tell
    from auditor.network.interfaces import find_interface

    known = read_tags(tags)
    network = read_network(paths, keep_going)
    interface = find_interface(network, nic)
    found = tell.answer(network, interface, known)
    if report == "json":
        say_json(tell.as_json(found))
    else:
        say("\n".join(tell.as_lines(found, interface.label)))
