"""Where findings are in the picture, and the way their packets take through it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from auditor.addresses import address_or_none
from auditor.finding import Json, Judged, Status
from auditor.ids import fold, parent
from auditor.network.address_owners import all_owned_addresses
from auditor.network.gateway_backends import public_addresses
from auditor.network.graph import Network
from auditor.picture.backends import public_owner, the_one
from auditor.picture.canvas import INTERNET, Canvas, key_of
from auditor.picture.draw import drawn
from auditor.resources import walk
from auditor.resources.base import Node
from auditor.special_addresses import PUBLIC
from auditor.topology import Picture

_MOST = 12
"""Spots that one resource without a spot of its own may stand at: more would say nothing."""

_DECIDING = ("nsg", "route", "return", "asymmetric")
"""How reason codes of hops begin that decide on the way and are no stations of it."""


def with_findings(network: Network, findings: Iterable[Judged]) -> Picture:
    """Give the picture with the places and paths of findings."""
    canvas = drawn(network)
    places: dict[str, tuple[str, ...]] = {}
    paths: dict[str, tuple[str, ...]] = {}
    for finding in findings:
        found = [key for one in (finding.subject, *finding.related) for key in _at(canvas, one)]
        if found:
            places[finding.fingerprint] = _spelled(canvas, found)
        way = _path(canvas, finding)
        if len(way) > 1:
            paths[finding.fingerprint] = _spelled(canvas, way)
    return msgspec.structs.replace(canvas.finished(), places=places, paths=paths)


def _spelled(canvas: Canvas, keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(canvas.spots[key].id for key in dict.fromkeys(keys))


def _at(canvas: Canvas, arm_id: str) -> tuple[str, ...]:
    """Give the spots of a resource; of one that is not drawn, those of whoever uses it."""
    if not arm_id.startswith("/"):
        return ()
    here = canvas.at(arm_id)
    if here is not None:
        return (here,)
    return _users(canvas, arm_id)


def _users(canvas: Canvas, arm_id: str) -> tuple[str, ...]:
    """The spots of what refers to a resource or to what holds it: a group's subnets, for one.

    None where there are too many to point at.
    """
    key: str | None = fold(arm_id)
    while key:
        node = canvas.network.find(key)
        if isinstance(node, Node):
            edges = canvas.network.referrers(node)
            named = [edge.source.id for edge in edges[: 10 * _MOST]]
            named += [ref for ref in _names(node) if ref]
            found = {key for key in map(canvas.at, named) if key is not None}
            if found:
                return tuple(sorted(found)) if len(found) <= _MOST else ()
        above = parent(key)
        key = fold(above) if above else None
    return ()


def _names(node: Node) -> Iterable[str]:
    """What a resource names itself: the ip configuration that has a public address."""
    return (reference.target for reference in walk.references(node))


def _path(canvas: Canvas, finding: Judged) -> list[str]:
    """The spots that the packet of a broken rule passes, as far as its hops tell.

    Groups and routes decide on the way and are no stations of it; boxes are passed through.
    """
    if finding.status is Status.UNKNOWN or finding.witness is None:
        return []
    way = _end(canvas, finding, finding.witness.get("source"))
    for hop in finding.hops:
        if not hop.reason.startswith(_DECIDING):
            way += _station(canvas, hop.resource)
    last = _end(canvas, finding, finding.witness.get("destination"))
    way += [key for key in last if key not in way]
    return [key for number, key in enumerate(way) if not number or way[number - 1] != key]


def _station(canvas: Canvas, arm_id: str) -> list[str]:
    """The spot of a hop's resource, or of whoever carries a public address."""
    found = _at(canvas, arm_id) if fold(arm_id) in canvas.network.nodes else ()
    return [key for key in found if len(found) == 1 and not canvas.spots[key].kind.holds]


def _end(canvas: Canvas, finding: Judged, text: Json) -> list[str]:
    """Whoever has an address; the internet, when it is public and nobody's here.

    A private address is of the one machine that has it only where the finding is about that
    machine or a box around it: the same address may be in use elsewhere.
    """
    address = address_or_none(text) if isinstance(text, str) else None
    if address is None:
        return []
    if address in PUBLIC or address in public_addresses(canvas.network):
        owner = public_owner(canvas, address)
        known = address in public_addresses(canvas.network)
        return [owner] if owner is not None else [INTERNET] * (not known)
    about = {key for one in (finding.subject, *finding.related) for key in _at(canvas, one)}
    networks = all_owned_addresses(canvas.network).values()
    found = the_one(canvas, (owner for held in networks for owner in held.get(address, ())))
    return [found] if found is not None and about & {found, *_around(canvas, found)} else []


def _around(canvas: Canvas, key: str) -> Iterable[str]:
    above = canvas.spots[key].parent
    while above:
        yield key_of(above)
        above = canvas.spots[key_of(above)].parent
