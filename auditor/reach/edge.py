"""Application gateways that Front Door fetches from, and who else reaches them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from auditor import ids
from auditor.addresses import AddressSet, address_or_none
from auditor.errors import Undetermined
from auditor.network.custom_waf_rules import doors_named, turns_away
from auditor.network.doubt import Doubt
from auditor.network.front_door import origins
from auditor.network.gateways import hiding, is_public
from auditor.network.graph import Network, question
from auditor.network.waf import Mode, mode_of
from auditor.reach.answer import Answer, Verdict, answer_on
from auditor.reach.doors import EDGE
from auditor.reach.entrances import Entrance, entrances
from auditor.reach.from_outside import from_internet
from auditor.reach.openings import from_any
from auditor.reach.points import internet
from auditor.reach.samples import some_packet
from auditor.resources import walk
from auditor.resources.application_gateways import ApplicationGateway, GatewayFrontend, Listener
from auditor.resources.base import Ref
from auditor.resources.front_doors import ClassicFrontDoor, FrontDoorOrigin, FrontDoorProfile
from auditor.resources.public_addresses import PublicIp
from auditor.resources.web_application_firewalls import WafPolicy
from auditor.special_addresses import PUBLIC

_STRANGER = "0b9e3f5c-7d1a-4c28-9f60-5a4d2e8c1b73"
"""The id of a Front Door that is nobody's we know."""


class Gap(msgspec.Struct, frozen=True):
    """How others' Front Doors pass a gateway: `why`, in a clause, and the `policy` to mend.

    `mode` is told where it does not block, `other` where it asks for another id.
    """

    why: str
    policy: WafPolicy | None = None
    mode: Mode | None = None
    other: bool = False


class Origin(msgspec.Struct, frozen=True):
    """A gateway that an origin of Front Door names by `host`, which `door` tells at `pointer`."""

    door: FrontDoorOrigin | ClassicFrontDoor
    pointer: str
    host: str
    gateway: ApplicationGateway
    entrance: Entrance

    @property
    def id(self) -> str:
        """The gateway's id."""
        return self.gateway.id

    def stranger(self, network: Network) -> Answer | None:
        """Give the answer about a packet from outside Front Door that arrives, or may.

        Only what at least half of the internet may send: a few addresses besides the edge's, an
        office's, say, were let in on purpose. None where nothing is in doubt but which addresses
        the edge has.
        """
        edge = network.tags(EDGE)
        source = internet(PUBLIC - edge if edge is not None else PUBLIC)
        doubtful: Answer | None = None
        for path in from_internet(
            network, source, 4, network.tags, through=(self.entrance,), relays=False
        ):
            for verdict in (Verdict.REACHABLE, Verdict.UNKNOWN):
                certain = verdict is Verdict.REACHABLE
                packets = path.bounds.must if certain else path.bounds.may
                packet = some_packet(packets) if from_any(packets, 4) else None
                if packet is None:
                    continue
                found = answer_on(path, packet, verdict)
                if certain:
                    return found
                doubtful = doubtful or found
        return doubtful if doubtful is not None and not _is_the_edge(doubtful) else None

    @property
    def profile(self) -> str:
        """The id of the Front Door itself."""
        if isinstance(self.door, ClassicFrontDoor):
            return self.door.id
        return ids.parent(ids.parent(self.door.id) or "") or self.door.id

    def fdid(self, network: Network) -> str | None:
        """Give what Front Door sends as X-Azure-FDID; None: not told."""
        node = network.find(self.profile)
        settings = walk.peek(node, "properties") if node is not None else None
        if isinstance(node, ClassicFrontDoor):
            return walk.peek(settings, "frontdoor_id") or None
        if isinstance(node, FrontDoorProfile):
            return walk.peek(settings, "front_door_id") or None
        return None

    def gap(self, network: Network) -> Gap | None:
        """Tell how other Front Doors get past the WAF policies; None: they do not.

        Every listener's own policy, else the gateway's. Raises Undetermined.
        """
        doubt: Undetermined | None = None
        for listener in self.gateway.listeners:
            try:
                if not is_public(network, listener):
                    continue
                policy = network.get(_policy(self.gateway, listener), WafPolicy)
                found = _gap(policy, self.fdid(network))
            except Undetermined as unknown:
                doubt = doubt or unknown
                continue
            if found is not None:
                return found
        if doubt is not None:
            raise doubt
        return None


def _gap(policy: WafPolicy | None, fdid: str | None) -> Gap | None:
    if policy is None:
        return Gap(
            "it has no WAF policy that asks for the header X-Azure-FDID: every Front Door gets in"
        )
    stopped = turns_away(policy, _STRANGER)
    if stopped is None:
        what = f"whether the rules of the WAF policy {policy.label} block others by X-Azure-FDID"
        raise Undetermined(what, resource=policy.id)
    if not stopped:
        why = f"no rule of its WAF policy {policy.label} blocks others by the header X-Azure-FDID"
        return Gap(f"{why}: every Front Door gets in", policy)
    named = doors_named(policy)
    if fdid and named and fdid.lower() not in named and turns_away(policy, fdid):
        why = f"its WAF policy {policy.label} asks for another X-Azure-FDID than {fdid}"
        return Gap(why, policy, other=True)
    mode = mode_of(policy)
    if mode is Mode.PREVENTION:
        return None
    idle = "only detects" if mode is Mode.DETECTION else "is switched off"
    return Gap(f"its WAF policy {policy.label} {idle}: every Front Door gets in", policy, mode)


def _is_the_edge(answer: Answer) -> bool:
    """Whether all that is in doubt is which addresses the edge has."""
    return {reason.label.lower() for reason in answer.reasons} <= {f"service-tag:{EDGE}"}


def _policy(gateway: ApplicationGateway, listener: Listener) -> Ref | None:
    return listener.properties.firewall_policy or gateway.properties.firewall_policy


@question
def guarded_origins(network: Network) -> tuple[Origin | Doubt, ...]:
    """Give every gateway that Front Door fetches from over the internet, each origin once.

    A doubt stands for each gateway that does not tell its frontends, or whose public address is not
    in the snapshot, where an origin's host is nobody's.
    """
    found: dict[tuple[str, str], Origin] = {}
    strangers: list[str] = []
    for door, host in _told(network):
        if isinstance(door, FrontDoorOrigin) and _is_private(door):
            continue
        pointer = "/properties/hostName" if isinstance(door, FrontDoorOrigin) else "/properties"
        named = [one for one in _of_gateways(network) if _names(network, host, one[0])]
        for entrance, gateway in named:
            origin = Origin(door, pointer, host, gateway, entrance)
            found.setdefault((gateway.key, door.key), origin)
        if not named:
            strangers.append(host)
    untold = hiding(network, _frontends, "public frontends") if strangers else ()
    lost = _with_lost_addresses(network) if any(map(_may_be_an_address, strangers)) else ()
    return (*(found[key] for key in sorted(found)), *untold, *lost)


def _may_be_an_address(host: str) -> bool:
    """Whether a host is an address, or the name that Azure gives one."""
    return host.lower().endswith(".cloudapp.azure.com") or address_or_none(host) is not None


def _with_lost_addresses(network: Network) -> tuple[Doubt, ...]:
    found = {}
    for edge in network.dangling():
        gateway = edge.source.root
        if isinstance(edge.source, GatewayFrontend) and edge.kind == "publicIPAddress":
            missing = f"whether Front Door fetches from {gateway.label}: {edge.spelled} is not"
            found[gateway.key] = Doubt(gateway.id, f"{missing} in the snapshot", edge.spelled)
    return tuple(found[key] for key in sorted(found))


def _frontends(gateway: ApplicationGateway) -> object:
    fronts = gateway.properties.frontend_ip_configurations or ()
    return [ref.id for front in fronts if (ref := front.properties.public_ip_address)]


def _told(network: Network) -> Iterator[tuple[FrontDoorOrigin | ClassicFrontDoor, str]]:
    """Give the origins that tell their host; the others hide nothing about these."""
    try:
        yield from origins(network)
    except Undetermined:
        for origin in network.all(FrontDoorOrigin):
            settings = walk.peek(origin, "properties")
            host = walk.peek(settings, "host_name")
            if host and (walk.peek(settings, "enabled_state") or "").lower() != "disabled":
                yield origin, host


@question
def _of_gateways(network: Network) -> tuple[tuple[Entrance, ApplicationGateway], ...]:
    return tuple(
        (entrance, entrance.node.root)
        for entrance in entrances(network)
        if isinstance(entrance.node, GatewayFrontend)
        and isinstance(entrance.node.root, ApplicationGateway)
    )


def _is_private(origin: FrontDoorOrigin) -> bool:
    settings = walk.peek(origin, "properties")
    return walk.peek(settings, "shared_private_link_resource") is not None


def _names(network: Network, host: str, entrance: Entrance) -> bool:
    address = address_or_none(host)
    if address is not None:
        return AddressSet.from_range(address, address) <= entrance.addresses
    return host.lower().rstrip(".") in set(_hosts(network, entrance))


def _hosts(network: Network, entrance: Entrance) -> Iterator[str]:
    node = network.find(entrance.address)
    if isinstance(node, PublicIp):
        dns = walk.peek(walk.peek(node, "properties"), "dns_settings")
        fqdn = walk.peek(dns, "fqdn")
        if fqdn:
            yield fqdn.lower()
