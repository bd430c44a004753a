"""How the list of what the internet reaches is said: text and Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from auditor.commands.asking import columns, plain
from auditor.commands.marking import escaped, head, row
from auditor.commands.reaching import distinct_names, ports_word, socket
from auditor.errors import Undetermined

if TYPE_CHECKING:
    from auditor.addresses import AddressSet
    from auditor.network.reasons import Reason
    from auditor.reach.listing import Exposed
    from auditor.reach.points import Point
    from auditor.reach.sources import Sources


def exposed_lines(found: Sequence[Exposed], doubts: Sequence[Reason] = ()) -> Iterator[str]:
    """List what the internet reaches: the entrance, the translation, and who answers.

    `doubts` tell why there may be more.
    """
    if not found:
        told = " by what the input tells" if doubts else ""
        yield f"nothing is reachable from the internet{told}"
        return
    rows = (cells for _, cells in _rows(found))
    yield from columns([["REACHES", "ENTRANCE", "ARRIVES", "PROTOCOL", "FROM"], *rows])
    unsure = list(dict.fromkeys(_untold(found)))
    yield from ["", *map(plain, unsure)] if unsure else ()


def _untold(found: Sequence[Exposed]) -> Iterator[str]:
    names = distinct_names(each.target for each in found)
    for each in found:
        if each.answer.reasons:
            reasons = "; ".join(dict.fromkeys(map(str, each.answer.reasons)))
            yield f"cannot tell of {names[each.target.id.lower()]}: {reasons}"


def _rows(found: Sequence[Exposed]) -> Iterator[tuple[Exposed, list[str]]]:
    names = distinct_names(each.target for each in found)
    for each, sources in _by_sources(found):
        answer = each.answer
        mark = "?" if answer.verdict.value == "unknown" else ""
        cells = [
            f"{mark}{names[each.target.id.lower()]}",
            entrance_word(each),
            arrival_word(each),
            answer.protocol if answer.protocol != "*" else "any",
            sources_word(sources),
        ]
        yield each, cells


def _by_sources(found: Iterable[Exposed]) -> Iterator[tuple[Exposed, Sources | None]]:
    """Tell apart the ports that not all may use alike."""
    from msgspec.structs import replace

    from auditor.reach.sources import sources_of

    for each in found:
        parts = sources_of(each.answer)
        for part in parts:
            yield replace(each, answer=replace(each.answer, ports=part.ports)), part
        if not parts:
            yield each, None


def entrance_word(each: Exposed) -> str:
    """Say where the internet goes in: `20.1.1.1:443`."""
    from auditor import ids
    from auditor.reach.points import Kind

    ports = ports_word(each.answer.ports, each.answer.protocol)
    port = "" if ports == "*" else ports
    entrance = each.entrance
    if entrance is None:
        lone = each.target.addresses.smallest()
        if each.target.kind is Kind.UNANSWERED and lone is not None:
            return socket(lone, port)
        return f"{each.target.node.label if each.target.node is not None else ''}:{port}"
    address = entrance.addresses.smallest()
    if address is not None:
        return socket(address, port)
    name = entrance.name or ids.name(entrance.address)
    return f"{name}:{port}" if port else name


def arrival_word(each: Exposed) -> str:
    """Say what it becomes: `172.16.0.10:80`, and by which gateway."""
    from auditor import ids

    there = each.answer.arrives_as
    if there is None or each.entrance is None:
        return ""
    frame = each.answer.path.trail.frame if each.answer.path is not None else None
    if not each.entrance.addresses and (frame is None or frame.destination is None):
        return f"by {', '.join(map(ids.name, each.answer.via))}" if each.answer.via else ""
    kept = frame is None or frame.destination_port is None
    ports = ports_word(each.answer.ports, each.answer.protocol) if kept else ""
    port = ports if kept and ports != "*" else (there.destination_port if not kept else "")
    via = f" by {', '.join(map(ids.name, each.answer.via))}" if each.answer.via else ""
    several = frame is not None and frame.destination is not None and frame.destination.size > 1
    if several and frame is not None and frame.destination is not None:
        return f"{_networks(each.target)}{f':{port}' if port else ''}{via}"
    return f"{socket(there.destination, port)}{via}"


def _networks(target: Point) -> str:
    try:
        return ", ".join(map(str, target.place.prefixes)) if target.place else "?"
    except Undetermined:
        return "?"


def sources_word(sources: Sources | None) -> str:
    """Say from where: `anywhere`, or the CIDRs when they are few, and who else perhaps."""
    if sources is None:
        return "anywhere"
    surely, others = _whence(sources.surely), _whence(sources.perhaps)
    if surely and others:
        return f"{surely}, perhaps {others}"
    return surely or others


def _whence(addresses: AddressSet | None) -> str:
    if addresses is None:
        return "anywhere"
    prefixes = [str(prefix) for prefix in addresses.prefixes()]
    more = f" and {len(prefixes) - 3} more" if len(prefixes) > 3 else ""
    return ", ".join(prefixes[:3]) + more


def exposed_markdown(found: Sequence[Exposed]) -> Iterator[str]:
    """Give what the internet reaches as a Markdown table."""
    yield head("Reaches", "Entrance", "Arrives", "Protocol", "From", "Verdict")
    for each, cells in _rows(found):
        yield row([*cells, each.answer.verdict.value])
    for line in dict.fromkeys(_untold(found)):
        yield f"\n{escaped(line)}"
