"""How a matrix of subnets is said: text, JSON, Markdown, row by row as it is found."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from auditor import __version__
from auditor.commands.asking import inert_json, plain, reasons_json
from auditor.commands.marking import escaped, head, row
from auditor.streams import say

if TYPE_CHECKING:
    from auditor.addresses import PortSet
    from auditor.network.graph import Network
    from auditor.network.reasons import Reason
    from auditor.network.service_tags import ServiceTags
    from auditor.reach.cell import Blocker, Cell, Packets
    from auditor.reach.matrix import Block
    from auditor.reach.subnet_classes import SubnetClass
    from auditor.selector import Selector

SCHEMA = "auditor.matrix/1"


def tell(
    network: Network,
    source: Selector | None,
    target: Selector | None,
    protocols: Sequence[str],
    ports: PortSet,
    tags: ServiceTags,
    report: str,
) -> set[str]:
    """Write the matrix of the subnets that are selected; give the verdicts that occur in it.

    `unknown` is among them where a selector may stand for more.
    """
    from auditor.errors import UsageError
    from auditor.reach.matrix import matrix
    from auditor.reach.selected import subnets_of
    from auditor.reach.subnet_classes import classes_of

    sending, doubts = subnets_of(network, source)
    asked, more = subnets_of(network, target)
    from_keys, to_keys = ({subnet.key for subnet in each} for each in (sending, asked))
    classes = classes_of(
        network, (*sending, *asked), tags, lambda s: (s.key in from_keys, s.key in to_keys)
    )
    blocks = matrix(
        network,
        classes,
        rows=_mask(classes, from_keys),
        columns=_mask(classes, to_keys),
        protocols=protocols,
        ports=ports,
        tags=tags,
    )
    reasons = tuple(dict.fromkeys((*doubts, *more)))
    verdicts = {"unknown"} if reasons else set()
    teller = {"json": _json, "markdown": _markdown}.get(report, _text)
    if len(classes) == 1 and not reasons:
        [alone] = classes
        if len(alone.subnets) == 1:
            raise UsageError(
                f"{_names(alone)} is the only subnet: a matrix is between subnets",
                advice="ask about what is in it with --from and --to, without --matrix",
            )
    lines = teller(network, classes, _noted(blocks, verdicts), reasons)
    while some := list(islice(lines, _AT_A_TIME)):
        text = "\n".join(some)
        say(inert_json(text) if report == "json" else text)
    return verdicts


_AT_A_TIME = 500
"""Lines that are written together: to write takes longer than to make a line."""


def _mask(classes: Iterable[SubnetClass], keys: set[str]) -> int:
    return sum(1 << (each.number - 1) for each in classes if each.first.key in keys)


def _noted(blocks: Iterable[Block], verdicts: set[str]) -> Iterator[Block]:
    for block in blocks:
        verdicts.add(block.cell.verdict.value)
        yield block


def numbers(mask: int) -> str:
    """Say which bits are set, counted from 1: `1-4, 7`."""
    found = []
    at = 0
    while mask:
        skip = (mask & -mask).bit_length() - 1
        mask >>= skip
        run = (~mask & (mask + 1)).bit_length() - 1
        at += skip
        found.append(str(at + 1) if run == 1 else f"{at + 1}-{at + run}")
        mask >>= run
        at += run
    return ", ".join(found)


# JSON


def _json(
    network: Network,
    classes: Sequence[SubnetClass],
    blocks: Iterable[Block],
    reasons: tuple[Reason, ...],
) -> Iterator[str]:
    yield f'{{\n"schema": {json.dumps(SCHEMA)},\n"version": {json.dumps(__version__)},'
    if reasons:
        yield f'"reasons": {json.dumps(reasons_json(reasons))},'
    told = (json.dumps(_class_json(network, each)) for each in classes)
    yield from _listed("classes", told, "],")
    yield from _listed("blocks", _blocks_json(blocks), "]\n}")


def _listed(name: str, items: Iterable[str], end: str) -> Iterator[str]:
    before = f'"{name}": ['
    for item in items:
        yield before if before.endswith("[") else f"{before},"
        before = item
    yield before
    yield end


def _class_json(network: Network, each: SubnetClass) -> dict[str, Any]:
    from auditor import ids

    found: dict[str, Any] = {
        "number": each.number,
        "subnets": [subnet.id for subnet in each.subnets],
        "network": ids.parent(each.first.id) or "",
        "securityGroup": each.group,
        "routeTable": each.table,
    }
    if gateways := _gateways(network, each):
        found["alsoBy"] = gateways
    return found


def _gateways(network: Network, each: SubnetClass) -> list[str]:
    """Give what forwards to a class from public addresses, which a matrix does not tell."""
    from auditor.reach.approaches import entrances_towards
    from auditor.reach.points import anywhere_in

    ways = (
        entrance.node.root.id
        for subnet in each.subnets
        for entrance in entrances_towards(network, anywhere_in(network, subnet))
    )
    return list(dict.fromkeys(ways))


def _blocks_json(blocks: Iterable[Block]) -> Iterator[str]:
    told = lru_cache(maxsize=2048)(_cell_json)  # neighbours say the same of others
    for block in blocks:
        to = numbers(block.targets)
        ends = f'"from": {block.source.number}, "to": "{to}", "version": {block.version}'
        yield f"{{{ends}, {told(block.cell)[1:]}"


def _cell_json(cell: Cell) -> str:
    found: dict[str, Any] = {"verdict": cell.verdict.value}
    if cell.reachable:
        found["reachable"] = _packets_json(cell.reachable)
    if cell.unsure:
        found["unknown"] = _packets_json(cell.unsure)
        found["reasons"] = reasons_json(cell.reasons)
    if cell.blocker is not None:
        reason, at, resource, rule = cell.blocker
        found["blocker"] = {"reason": reason, "at": at, "resource": resource, "rule": rule}
    return json.dumps(found)


def _packets_json(packets: Iterable[Packets]) -> list[dict[str, str]]:
    from auditor.commands.reaching import ports_word

    return [{"protocol": p, "ports": ports_word(ports, p)} for p, ports in packets]


# Text


def _text(
    network: Network,
    classes: Sequence[SubnetClass],
    blocks: Iterable[Block],
    reasons: tuple[Reason, ...],
) -> Iterator[str]:
    yield "subnets, those that behave alike under one number"
    for each in classes:
        yield plain(f"{each.number:4}  {_names(each)}")
    before = None
    for block in blocks:
        if block.source is not before:
            before = block.source
            yield ""
            yield plain(f"from {before.number}  {_names(before)}")
        yield from (plain(line) for line in _block_lines(block, classes))
    yield from _remarks(network, classes, reasons)


def _names(each: SubnetClass) -> str:
    from auditor.network.filters import place_name

    return ", ".join(place_name(subnet) for subnet in each.subnets)


def _block_lines(block: Block, classes: Sequence[SubnetClass]) -> Iterator[str]:
    to = numbers(block.targets)
    version = " over IPv6" if block.version == 6 else ""
    cell = block.cell
    what = ""
    if cell.reachable:
        what = f"  {packets_word(cell.reachable)}"
    elif cell.unsure:
        what = f"  {packets_word(cell.unsure)}"
    yield f"  {cell.verdict.value.upper():9}  to {to}{version}{what}"
    if cell.blocker is not None:
        yield f"    stop   {blocker_word(block, cell.blocker, classes)}"
    if cell.reachable and cell.unsure:
        yield f"    ?      {packets_word(cell.unsure)}"
    for text in dict.fromkeys(map(str, cell.reasons)):
        yield f"    cannot tell: {text}"


def packets_word(packets: Iterable[Packets]) -> str:
    """Say protocols and their ports: `tcp 22, 80; udp 53`."""
    from auditor.commands.reaching import ports_word

    said = []
    for protocol, ports in packets:
        word = ports_word(ports, protocol)
        name = protocol
        if protocol == "*":
            name = "every protocol" if word == "*" else "tcp and udp"
        said.append(name if word == "*" else f"{name} {word}")
    return "; ".join(said)


def blocker_word(block: Block, blocker: Blocker, classes: Sequence[SubnetClass]) -> str:
    """Say what stops packets first, and where: `nsg-inbound: DenyAllInBound of nsg-db`."""
    from auditor import ids

    code, at, resource, rule = blocker
    if resource:
        where = ids.name(resource)
    elif at == "from":
        where = _own(block.source, code)
    elif block.targets & (block.targets - 1):
        where = "each of them"
    else:
        where = _own(classes[block.targets.bit_length() - 1], code)
    if not rule and code in ("nsg-inbound", "nsg-outbound", "admin-rule"):
        rule = "one of the rules"
    return f"{code}: {rule} of {where}" if rule else f"{code} at {where}"


def _own(each: SubnetClass, code: str) -> str:
    from auditor import ids

    return ids.name(each.group) if code.startswith("nsg") and each.group else _names(each)


def _remarks(
    network: Network, classes: Iterable[SubnetClass], reasons: Iterable[Reason]
) -> Iterator[str]:
    from auditor import ids

    behind = [(each, _gateways(network, each)) for each in classes]
    if any(gateways for _, gateways in behind):
        yield ""
    for each, gateways in behind:
        if gateways:
            names = ", ".join(map(ids.name, gateways))
            yield plain(f"besides, {names} forwards to {each.number} from public addresses")
    for reason in reasons:
        yield plain(f"there may be more: {reason}")


# Markdown


def _markdown(
    network: Network,
    classes: Sequence[SubnetClass],
    blocks: Iterable[Block],
    reasons: tuple[Reason, ...],
) -> Iterator[str]:
    yield head("Number", "Subnets")
    for each in classes:
        yield row((str(each.number), _names(each)))
    yield ""
    yield head("From", "To", "IP", "Verdict", "Packets", "Why")
    for block in blocks:
        cell = block.cell
        why = [blocker_word(block, cell.blocker, classes)] if cell.blocker is not None else []
        if cell.reachable and cell.unsure:
            why.append(f"cannot tell of {packets_word(cell.unsure)}")
        why += dict.fromkeys(map(str, cell.reasons))
        cells = (
            str(block.source.number),
            numbers(block.targets),
            str(block.version),
            cell.verdict.value,
            packets_word(cell.reachable or cell.unsure),
            "; ".join(why),
        )
        yield row(cells)
    for line in _remarks(network, classes, reasons):
        yield escaped(line)
