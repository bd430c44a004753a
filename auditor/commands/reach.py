"""`auditor reach`: who can reach whom, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from auditor.commands.asking import (
    KEEP_GOING,
    PATHS,
    SERVICE_TAGS,
    plain,
    read_network,
    read_tags,
    reasons_json,
    say_json,
)
from auditor.streams import say

if TYPE_CHECKING:
    from auditor.addresses import PortSet
    from auditor.network.graph import Network
    from auditor.network.reasons import Reason
    from auditor.network.service_tags import ServiceTags
    from auditor.reach.answer import Answer, Verdict
    from auditor.selector import Selector

_STATUS = {"reachable": 0, "blocked": 1, "unknown": 4}


@click.command()
@PATHS
@click.option("--from", "source", metavar="ENDPOINT", help="Who sends.")
@click.option("--to", "target", metavar="ENDPOINT", help="Who answers; else all the internet sees.")
@click.option(
    "--protocol",
    type=click.Choice(["tcp", "udp", "icmp", "esp", "ah"], case_sensitive=False),
    help="One protocol (default: TCP, UDP and ICMP).",
)
@click.option("--matrix", is_flag=True, help="Between subnets: those selected, or all.")
@click.option("--port", metavar="PORTS", help="Destination ports as sent: 443, 22,8000-8080.")
@SERVICE_TAGS
@click.option(
    "--report",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    help="How to tell it.",
)
@KEEP_GOING
def reach(paths: tuple[str, ...], keep_going: bool, report: str, **asked: Any) -> int:
    """Tell who can reach whom, and why: the rule that decides and a packet to try.

    An endpoint is internet, onprem, an address or CIDR, an ARM id or glob, type:, name:, rg:,
    tag:KEY=VALUE, subnet:VNET/SUBNET or service:NAMESPACE/NAME. With --from internet alone, all
    that the internet reaches. With --matrix, all pairs of subnets, those that behave alike as one;
    --from and --to choose subnets and VNets. Exit status 0: reachable, 1: blocked, 4: cannot
    tell, 2: usage, 3: the input cannot be read.
    """
    from auditor.errors import UsageError
    from auditor.network.selectors import Kind, parse_selector

    source = parse_selector(asked["source"]) if asked["source"] else None
    target = parse_selector(asked["target"]) if asked["target"] else None
    if asked["matrix"]:
        return _matrix(paths, keep_going, report, source, target, asked)
    if source is None:
        raise UsageError("--from is missing", advice="only --matrix needs none")
    if target is None and source.kind is not Kind.INTERNET:
        raise UsageError("--to is missing", advice="only --from internet may stand alone")
    protocols, ports = _packets(asked["protocol"], asked["port"])
    tags = read_tags(asked["tags"])
    network = read_network(paths, keep_going)
    if target is None:
        return _list(network, protocols, ports, tags, report)
    from auditor.reach.selected import ends_of

    sources, targets = ends_of(network, source), ends_of(network, target)
    return _answer(network, sources, targets, protocols, ports, tags, report)


def _matrix(
    paths: tuple[str, ...],
    keep_going: bool,
    report: str,
    source: Selector | None,
    target: Selector | None,
    asked: dict[str, Any],
) -> int:
    from auditor.commands.matrix import tell

    protocols, ports = _packets(asked["protocol"], asked["port"])
    tags = read_tags(asked["tags"])
    network = read_network(paths, keep_going)
    words = tell(network, source, target, protocols, ports, tags, report)
    return _STATUS[_best(words, False)]


def _packets(protocol: str | None, port: str | None) -> tuple[tuple[str, ...], PortSet]:
    from auditor.addresses import EVERY_PORT, PortError, parse_ports
    from auditor.errors import UsageError
    from auditor.reach.answer import PROTOCOLS
    from auditor.reach.space import PORTED

    if port is None or port == "*":
        return ((protocol.lower(),) if protocol else PROTOCOLS), EVERY_PORT
    if protocol is not None and protocol.lower() not in PORTED:
        raise UsageError(f"{protocol} has no ports", where="--port", advice="leave --port out")
    try:
        ports = parse_ports(*(part.strip() for part in port.split(",")))
    except PortError as error:
        raise UsageError(error.what, where="--port", advice="as in 443 or 22,8000-8080") from None
    return ((protocol.lower(),) if protocol else PORTED), ports


def _answer(
    network: Network,
    sources: Any,
    targets: Any,
    protocols: Sequence[str],
    ports: PortSet,
    tags: ServiceTags,
    report: str,
) -> int:
    from auditor.commands import reaching
    from auditor.commands.marking import escaped
    from auditor.reach.answer import answers
    from auditor.reach.replay import replayed
    from auditor.reach.selected import pairs

    found = sorted(
        (
            each
            for source, target in pairs(sources, targets)
            for each in answers(
                network,
                source,
                target,
                protocols=protocols,
                ports=ports,
                tags=tags,
                refusals=True,
            )
        ),
        key=_order,
    )
    found = list(replayed(network, found, tags))
    doubts = tuple(dict.fromkeys((*sources.reasons, *targets.reasons)))
    if report == "json":
        say_json(_with_doubts(reaching.as_json(found), doubts or _nothing(found)))
    elif not found and not doubts:
        say("there is nobody to ask about")
    elif report == "markdown":
        lines = list(reaching.as_markdown(found))
        lines += [f"\n{escaped(line)}" for line in _more(doubts)]
        say("\n".join(lines))
    else:
        lines = list(reaching.as_lines(found))
        lines += map(plain, _more(doubts))
        say("\n".join(lines))
    verdict = overall([each.verdict for each in found], bool(doubts))
    return _STATUS[verdict]


def _nothing(found: Sequence[Answer]) -> tuple[Reason, ...]:
    """Why there is no answer: what was named is there, and no end of a path."""
    from auditor.network.reasons import Reason

    what = "what was named has nothing that can be asked about"
    return () if found else (Reason("nothing-selected", what),)


def _with_doubts(told: dict[str, Any], doubts: Sequence[Reason]) -> dict[str, Any]:
    if doubts:
        told["reasons"] = reasons_json(doubts)
    return told


def _more(doubts: Iterable[Reason]) -> Iterator[str]:
    """Say why there may be more than is told of, each once."""
    yield from dict.fromkeys(f"there may be more: {reason}" for reason in doubts)


def _order(answer: Answer) -> tuple[Any, ...]:
    return (
        answer.source.id.lower(),
        answer.target.id.lower(),
        answer.version,
        answer.via,
        answer.protocol,
        answer.ports.intervals,
        answer.verdict.value,
    )


def overall(verdicts: Sequence[Verdict], doubts: bool) -> str:
    """Give one verdict for many answers: reachable if any is; blocked only if all are told so."""
    return _best({verdict.value for verdict in verdicts}, doubts)


def _best(words: set[str], doubts: bool) -> str:
    if "reachable" in words:
        return "reachable"
    return "unknown" if "unknown" in words or doubts or not words else "blocked"


def _list(
    network: Network,
    protocols: Sequence[str],
    ports: PortSet,
    tags: ServiceTags,
    report: str,
) -> int:
    from msgspec.structs import replace

    from auditor.commands import exposing, reaching
    from auditor.commands.marking import escaped
    from auditor.reach.brought_in import bringers
    from auditor.reach.listing import exposed
    from auditor.reach.own_entrances import own_entrances
    from auditor.reach.replay import replayed
    from auditor.reach.unanswered import unread_entrances

    listed = exposed(network, protocols=protocols, ports=ports, tags=tags)
    checked = replayed(network, (each.answer for each in listed), tags)
    found = [replace(each, answer=answer) for each, answer in zip(listed, checked, strict=True)]
    entered = {each.entrance.address.lower() for each in found if each.entrance is not None}
    brought = bringers(network, entered, tags)
    doubts = (*unread_entrances(network), *own_entrances(network, tags), *brought)
    if report == "json":
        told = reaching.as_json(each.answer for each in found)
        say_json(_with_doubts(told, doubts))
    elif report == "markdown":
        lines = [*exposing.exposed_markdown(found), *(f"\n{escaped(m)}" for m in _more(doubts))]
        say("\n".join(lines))
    else:
        say("\n".join((*exposing.exposed_lines(found, doubts), *map(plain, _more(doubts)))))
    words = {each.answer.verdict.value for each in found}
    return _STATUS[_best(words, bool(doubts)) if words or doubts else "blocked"]
