"""How answers about reachability are said: text, JSON, Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from auditor import __version__
from auditor.commands.asking import plain, reasons_json
from auditor.commands.marking import head, row

if TYPE_CHECKING:
    from auditor.addresses import Address, PortSet
    from auditor.reach.answer import Answer
    from auditor.reach.frame import Packet
    from auditor.reach.points import Point
    from auditor.reach.trail import Step

SCHEMA = "auditor.reach/1"


def ports_word(ports: PortSet, protocol: str) -> str:
    """Say destination ports: `443`, `22, 80-90`, `*`."""
    from auditor.addresses import EVERY_PORT

    if protocol not in ("tcp", "udp", "*") or ports == EVERY_PORT:
        return "*"
    return str(ports)


def socket(address: Address, port: int | str) -> str:
    """Say an address and a port: `10.0.0.4:443`, `[fd00::4]:443`; without one, the address."""
    host = f"[{address}]" if address.version == 6 and port else str(address)
    return f"{host}:{port}" if port else str(address)


def point_name(point: Point) -> str:
    """Name a point for a person: `nic-web`, `vnet-hub/web`, `internet`."""
    from auditor import ids
    from auditor.network.filters import place_name
    from auditor.reach.absent import absent_name
    from auditor.reach.points import Kind
    from auditor.resources.virtual_networks import Subnet

    if point.kind is Kind.BEYOND:
        return absent_name(point)
    if point.kind is Kind.NOBODY and point.place is not None:
        [prefix] = point.addresses.prefixes()
        return f"{prefix.address} in {place_name(point.place)}"
    if point.node is None:
        return _outside_name(point)
    if isinstance(point.node, Subnet):
        return f"any machine of {place_name(point.node)}"
    names = [ids.known_as(point.node.root.id)]
    if point.node is not point.node.root and point.kind is not Kind.GATEWAY:
        names.append(ids.name(point.node.id))
    return "/".join(names)


def _outside_name(point: Point) -> str:
    """Name what is outside: where it is one prefix of it, with that."""
    from auditor.reach.points import Kind

    prefixes = list(point.addresses.prefixes()) if point.addresses.size <= _FEW else []
    if len(prefixes) == 1 and (point.kind is Kind.INTERNET or point.addresses.size == 1):
        one = point.addresses.smallest() if point.addresses.size == 1 else prefixes[0]
        return f"{point.id} {one}"
    return point.id if not point.reasons else f"{point.id} (in part)"


_FEW = 1 << 24


# JSON


def as_json(answers: Iterable[Answer]) -> dict[str, Any]:
    """Give answers in the published form (`auditor.reach/1`)."""
    found = [answer_json(each) for each in answers]
    return {"schema": SCHEMA, "version": __version__, "answers": found}


def answer_json(answer: Answer) -> dict[str, Any]:
    """Give one answer in the published form."""
    from auditor.reach.naming import addressed_by_name, arrives_by_name

    blocked = answer.verdict.value == "blocked"
    arrives = None if blocked else packet_json(answer.arrives_as, arrives_by_name(answer))
    found: dict[str, Any] = {
        "from": answer.source.id,
        "to": answer.target.id,
        "protocol": answer.protocol,
        "ports": ports_word(answer.ports, answer.protocol),
        "verdict": answer.verdict.value,
        "reasons": reasons_json(answer.reasons),
        "witness": packet_json(answer.witness, addressed_by_name(answer)),
        "arrives": arrives,
        "hops": [step_json(step) for step in answer.hops],
        "blockers": [{**step_json(s), "opening": s.opening} for s in answer.blockers],
    }
    if answer.via:
        found["via"] = list(answer.via)
    return found


def packet_json(packet: Packet | None, name: str = "") -> dict[str, Any] | None:
    """Give a packet: addresses as text, ports as numbers where it has any.

    `name` stands in for a destination that has no address.
    """
    if packet is None:
        return None
    found: dict[str, Any] = {
        "source": str(packet.source),
        "destination": name or str(packet.destination),
        "protocol": packet.protocol,
    }
    if packet.protocol in ("tcp", "udp"):
        found["sourcePort"] = packet.source_port
        found["destinationPort"] = packet.destination_port
    return found


def step_json(step: Step) -> dict[str, Any]:
    """Give one hop; `passes` is null when it is not told."""
    found: dict[str, Any] = {
        "resource": step.resource,
        "rule": step.rule,
        "reason": step.code,
        "says": step.says,
        "passes": step.passes,
    }
    if step.rule_id:
        found["ruleId"] = step.rule_id
    if step.pointer or _is_record(step):
        found["pointer"] = step.pointer
    if step.priority is not None:
        found["priority"] = step.priority
    return found


def _is_record(step: Step) -> bool:
    """Whether a rule or route is a record of its own: the pointer to it is empty."""
    from auditor import ids

    part = (ids.type_of(step.rule_id) or "").count("/") > 1
    return part and step.rule_id == step.resource


# Text


def as_lines(answers: Sequence[Answer]) -> Iterator[str]:
    """Give answers for a person, each with a packet to try and what happens to it."""
    names = distinct_names(point for each in answers for point in (each.source, each.target))
    before = None
    for answer in answers:
        ends = (answer.source.id.lower(), answer.target.id.lower())
        if ends != before:
            if before is not None:
                yield ""
            yield plain(" -> ".join(names[end] for end in ends))
            before = ends
        yield from (plain(line) for line in _answer_lines(answer))


def distinct_names(points: Iterable[Point]) -> dict[str, str]:
    """Name points by folded id, those that share a name by their resource group as well.

    A template tells no group: its file stands there.
    """
    from auditor import ids

    known = {point.id.lower(): point for point in points}
    short = {key: point_name(point) for key, point in known.items()}
    shared = {name for name, number in Counter(short.values()).items() if number > 1}
    return {
        key: f"{ids.group_or_file(known[key].id)}/{name}" if name in shared else name
        for key, name in short.items()
    }


def _answer_lines(answer: Answer) -> Iterator[str]:
    from auditor import ids

    ports = ports_word(answer.ports, answer.protocol)
    what = answer.protocol.upper()
    if what == "*":
        what = "every protocol" if ports == "*" else "TCP and UDP"
    to = "" if ports == "*" else f" {ports}"
    via = f" by {', '.join(map(ids.name, answer.via))}" if answer.via else ""
    yield f"  {answer.verdict.value.upper():9}  {what}{to}{via}"
    if answer.witness is not None and answer.hops:
        yield f"    try    {journey(answer)}"
    for step in answer.hops:
        mark = {True: "ok", False: "stop", None: "?"}[step.passes]
        yield f"    {mark:4}   {step.code}: {step.says}"
    if not answer.hops:
        for step in answer.blockers:
            yield f"    stop   {step.code}: {step.says}"
    for opening in _openings(answer):
        yield f"    open   {opening}"
    for text in dict.fromkeys(map(str, answer.reasons)):
        yield f"    cannot tell: {text}"


def _openings(answer: Answer) -> Iterator[str]:
    """Give the changes that open it together, and say where they are not enough."""
    from auditor.reach.alternatives import openings_of

    found = openings_of(answer.blockers)
    yield from found
    left = dict.fromkeys(step.code for step in answer.blockers if not step.opening)
    if found and left:
        yield f"none of this is enough: no change is known for {', '.join(left)}"


def journey(answer: Answer) -> str:
    """Say what a packet is when sent and on arrival: `1.0.0.4 -> 20.1.1.1:443 -> 10.0.0.4:80`."""
    from auditor.reach.naming import addressed_by_name, arrives_by_name

    sent, there = answer.witness, answer.arrives_as
    if sent is None:
        return ""
    name = addressed_by_name(answer)
    port = f":{sent.destination_port}" if sent.destination_port else ""
    to = f"{name}{port}" if name else socket(sent.destination, sent.destination_port)
    legs = [str(sent.source), to]
    if there is not None and not arrives_by_name(answer):
        last = socket(there.destination, there.destination_port)
        if last != legs[-1] and answer.verdict.value != "blocked":
            legs.append(last)
    return f"{sent.protocol} " + " -> ".join(legs)


# Markdown


def as_markdown(answers: Sequence[Answer]) -> Iterator[str]:
    """Give answers as a Markdown table: who decides, and what would change it."""
    from auditor import ids

    names = distinct_names(point for each in answers for point in (each.source, each.target))
    yield head("From", "To", "Protocol", "Ports", "Verdict", "Packet", "Why", "Opens it")
    for answer in answers:
        via = f" by {', '.join(map(ids.name, answer.via))}" if answer.via else ""
        cells = (
            names[answer.source.id.lower()],
            names[answer.target.id.lower()] + via,
            answer.protocol if answer.protocol != "*" else "any",
            ports_word(answer.ports, answer.protocol),
            answer.verdict.value,
            journey(answer) if answer.hops else "",
            "; ".join(_whys(answer)),
            "; ".join(_openings(answer)),
        )
        yield row(cells)


def _whys(answer: Answer) -> Iterator[str]:
    """Say who stops it, what is not told, or else who lets it through."""
    if answer.blockers:
        yield from dict.fromkeys(step.says for step in answer.blockers)
    elif answer.reasons:
        yield from dict.fromkeys(step.says for step in answer.hops if step.passes is None)
        yield from dict.fromkeys(map(str, answer.reasons))
    else:
        yield from dict.fromkeys(step.says for step in answer.hops)
