"""What is different between two snapshots, and how it is said: text, JSON, Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from auditor import __version__
from auditor.commands.asking import plain, reasons_json
from auditor.commands.marking import escaped, head, row
from auditor.commands.reaching import packet_json, socket

if TYPE_CHECKING:
    from auditor.addresses import PortSet
    from auditor.finding import Judged
    from auditor.network.reasons import Reason
    from auditor.packets.diagram import PacketSet
    from auditor.reach.changes import Change
    from auditor.reach.frame import Packet
    from auditor.reach.path import Path

SCHEMA = "auditor.diff/1"
_SOURCES = 3


@dataclass(frozen=True, slots=True)
class Difference:
    """What is not as it was: findings that are new or gone, and paths.

    `unwanted` are the paths that opened, or may have, from the internet to what is not allowed to
    be public.
    `broken` names the intents that the new network breaks, `untold` those it cannot be told of.
    With `strict`, what cannot be told fails as well.
    """

    gained: tuple[Judged, ...]
    lost: tuple[Judged, ...]
    paths: tuple[Change, ...]
    unwanted: tuple[Change, ...]
    broken: tuple[str, ...]
    untold: tuple[str, ...]
    strict: bool = False

    @property
    def status(self) -> int:
        """Give the exit status: 1 when an unwanted path surely opened, or an intent is broken."""
        unsure = self.strict and (self.untold or any(change.unsure for change in self.paths))
        opened = any(change.surely_opened for change in self.unwanted)
        return 1 if opened or self.broken or unsure else 0


def as_json(found: Difference) -> dict[str, Any]:
    """Give a difference in the published form (`auditor.diff/1`)."""
    unwanted = {id(change) for change in found.unwanted}
    return {
        "schema": SCHEMA,
        "version": __version__,
        "findings": {
            "gained": [_finding_json(finding) for finding in found.gained],
            "lost": [_finding_json(finding) for finding in found.lost],
        },
        "paths": [_path_json(change, id(change) in unwanted) for change in found.paths],
        "intents": {"broken": list(found.broken), "unknown": list(found.untold)},
        "failed": found.status == 1,
    }


def _finding_json(finding: Judged) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity.word,
        "status": finding.status.value,
        "subject": finding.subject,
        "message": finding.message,
        "fingerprint": finding.fingerprint,
    }


def _path_json(change: Change, unwanted: bool) -> dict[str, Any]:
    return {
        "change": change.turn.value,
        "certain": change.certain,
        "allowed": not unwanted,
        "from": _id(change.before, change.after, change.source, "source"),
        "to": _id(change.before, change.after, change.target, "target"),
        "entrance": _entrance(change),
        "via": list(change.via),
        "gained": _packets_json(change.gained, change.witness_gained, change.after),
        "lost": _packets_json(change.lost, change.witness_lost, change.before),
        "doubted": _doubted_json(change),
        "confirmed": _packets_json(change.confirmed, change.witness_confirmed, change.confirming),
    }


def _doubted_json(change: Change) -> dict[str, Any] | None:
    found = _packets_json(change.doubted, change.witness_doubted, change.doubtful)
    return found and found | {"reasons": reasons_json(reasons_of(change))}


def reasons_of(change: Change) -> tuple[Reason, ...]:
    """Say why it cannot be told any more whether the packet arrives that stands for the doubted."""
    from auditor.reach.answer import Verdict, answer_on

    packet, path = change.witness_doubted, change.doubtful
    if packet is None or path is None:
        return ()
    return answer_on(path, packet, Verdict.UNKNOWN).reasons


def _id(before: Path | None, after: Path | None, folded: str, end: str) -> str:
    """The id of an end as spelled, where the end itself answers; else as compared."""
    for path in (after, before):
        spelled = getattr(path, end).id if path is not None else ""
        if spelled.lower() == folded:
            return str(spelled)
    return folded


def _entrance(change: Change) -> str:
    """The id of the address by which packets get in, as spelled; empty without one."""
    for path in (change.after, change.before, change.doubtful, change.confirming):
        found = path.entrance.address if path is not None and path.entrance is not None else ""
        if found.lower() == change.entrance:
            return found
    return change.entrance


def _packets_json(
    packets: PacketSet, witness: Packet | None, path: Path | None
) -> dict[str, Any] | None:
    if witness is None:
        return None
    from auditor.reach.naming import destination_name

    name = destination_name(path, path.target) if path is not None else ""
    found: dict[str, Any] = {"ports": ports_of(packets), "witness": packet_json(witness, name)}
    if path is not None and not name:
        found["arrives"] = packet_json(path.trail.frame.applied(witness))
    return found


def ports_of(packets: PacketSet) -> str:
    """Say which packets they are: `tcp 22, 443`, `tcp *; udp 53`."""
    from auditor.addresses import EVERY_PORT, PortSet
    from auditor.packets.measure import values
    from auditor.reach.answer import PROTOCOLS
    from auditor.reach.samples import numbers_of
    from auditor.reach.space import PORTED, FlowSpace

    space = packets.space
    assert isinstance(space, FlowSpace)
    said: list[str] = []
    for protocol in PROTOCOLS:
        these = packets & space.having(protocols=numbers_of(protocol, space.version))
        if these.is_empty:
            continue
        ports: PortSet = PortSet(values(these, "destination_port"))
        every = protocol not in PORTED or ports == EVERY_PORT
        said.append(f"{protocol} *" if every else f"{protocol} {ports}")
    return "; ".join(said) or "other protocols"


# Text


def as_lines(found: Difference) -> Iterator[str]:
    """Give a difference for a person: paths first, then findings."""
    yield from (plain(line) for line in _lines(found))


def _lines(found: Difference) -> Iterator[str]:
    from auditor.reach.changes import grouped

    unwanted = {id(change) for change in found.unwanted}
    yield f"Paths: {_count(len(found.paths), 'change')}"
    for group in grouped(found.paths):
        yield from _group_lines(group, any(id(change) in unwanted for change in group))
    for name in found.broken:
        yield f"  the intent {name} is broken"
    for name in found.untold:
        yield f"  of the intent {name} it cannot be told"
    for heading, findings in (("new", found.gained), ("gone", found.lost)):
        yield f"Findings: {len(findings)} {heading}"
        for finding in findings:
            mark = "+" if heading == "new" else "-"
            yield f"  {mark} {finding.severity.word} {finding.rule} {finding.message}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _group_lines(group: Sequence[Change], unwanted: bool) -> Iterator[str]:
    first = group[0]
    sources = [short(change.source) for change in group]
    more = f" and {len(sources) - _SOURCES} more" if len(sources) > _SOURCES else ""
    ends = f"{', '.join(sources[:_SOURCES])}{more} -> {short(first.target)}"
    by = f" by {', '.join(map(short, first.via))}" if first.via else ""
    mark = "!" if unwanted else " "
    yield f"{mark} {_turn(first):8} {ends}{by}"
    for sign, packets, witness, path in _sides(first):
        if witness is not None:
            yield f"      {sign} {ports_of(packets)}, as {_journey(witness, path)}"
    for reason in dict.fromkeys(map(str, reasons_of(first))):
        yield f"        cannot tell: {reason}"


def _turn(change: Change) -> str:
    """Name the change; a doubt is one by its name, of others it is said."""
    from auditor.reach.changes import Turn

    sure = change.certain or change.turn is Turn.DOUBTED
    return change.turn.value if sure else f"perhaps {change.turn.value}"


def _sides(change: Change) -> tuple[tuple[str, PacketSet, Packet | None, Path | None], ...]:
    """Give what a change brought, took, made sure and left in doubt: each a packet and its path."""
    return (
        ("+", change.gained, change.witness_gained, change.after),
        ("-", change.lost, change.witness_lost, change.before),
        ("*", change.confirmed, change.witness_confirmed, change.confirming),
        ("?", change.doubted, change.witness_doubted, change.doubtful),
    )


def short(arm_id: str) -> str:
    """Name an end by the last words of its id, however that is spelled."""
    start = arm_id.lower().rfind(_PROVIDERS)
    parts = arm_id[start + len(_PROVIDERS) if start >= 0 else 0 :].split("/")
    if len(parts) < 3:
        return arm_id
    kept = parts[2::2]
    return "/".join(dict.fromkeys(kept))


_PROVIDERS = "/providers/"


def _journey(packet: Packet, path: Path | None) -> str:
    from auditor.reach.naming import destination_name

    name = destination_name(path, path.target) if path is not None else ""
    legs = [str(packet.source), socket(packet.destination, packet.destination_port)]
    if name:
        legs[1] = f"{name}:{packet.destination_port}" if packet.destination_port else name
    elif path is not None:
        there = path.trail.frame.applied(packet)
        last = socket(there.destination, there.destination_port)
        if last != legs[-1]:
            legs.append(last)
    return f"{packet.protocol} {' -> '.join(legs)}"


# Markdown


def as_markdown(found: Difference) -> Iterator[str]:
    """Give a difference as Markdown tables."""
    from auditor.reach.changes import grouped

    unwanted = {id(change) for change in found.unwanted}
    yield head("Path", "From", "To", "Packets", "Allowed")
    for group in grouped(found.paths):
        first = group[0]
        packets = "; ".join(
            f"{sign} {ports_of(each)}, as {_journey(witness, path)}"
            for sign, each, witness, path in _sides(first)
            if witness is not None
        )
        fine = "no" if any(id(change) in unwanted for change in group) else "yes"
        sources = ", ".join(short(change.source) for change in group[:_SOURCES])
        more = f" and {len(group) - _SOURCES} more" if len(group) > _SOURCES else ""
        by = f" by {', '.join(map(short, first.via))}" if first.via else ""
        cells = (_turn(first), sources + more, short(first.target) + by, packets, fine)
        yield row(cells)
    yield ""
    yield head("Finding", "Rule", "Severity", "Message")
    for word, findings in (("new", found.gained), ("gone", found.lost)):
        for finding in findings:
            yield row((word, finding.rule, finding.severity.word, finding.message))
    for name in found.broken:
        yield f"\nThe intent {escaped(name)} is broken."
    for name in found.untold:
        yield f"\nOf the intent {escaped(name)} it cannot be told."
