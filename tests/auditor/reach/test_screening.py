"""Quick looks at filters and routes, held against the paths that they save."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.addresses import EVERYTHING, AddressSet, PortSet
from auditor.network.effective_rules import Direction, effective_rules
from auditor.network.graph import Network
from auditor.network.interfaces import find_interface
from auditor.network.passage import may_pass, surely_pass
from auditor.packets.measure import values
from auditor.reach.answer import Verdict, answers
from auditor.reach.asymmetry import _may_be_straight
from auditor.reach.closed import closed_but_to
from auditor.reach.filtering import admitted
from auditor.reach.leading import leads_to
from auditor.reach.neighbourhood import subnets_around
from auditor.reach.plain import surely_talks
from auditor.reach.points import Point, anywhere_in
from auditor.reach.screening import callers
from auditor.reach.space import space_of
from auditor.reach.ways import ways_from
from auditor.resources.base import Ref
from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.special_addresses import PUBLIC
from auditor.testing import estate as network_of

from ...exposed import deny, nsg, rule
from ...networks import gateway, nic, site, subnet_id, tunnel
from ...networks import vnet as net
from ...reaching import point
from ..network.filtering.test_naive import PEERS, Json, estate, some_rules
from .test_against_simulator import networks
from .test_machines import A, spokes

PORTS = (22, 443, 1500)
OWN = [AddressSet.from_text([text]) for text in ("10.0.0.4", "10.0.0.4/30", "10.0.0.0/23")]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.none(), some_rules()), st.one_of(st.none(), some_rules()), st.booleans())
def test_what_the_rules_let_pass_lies_between(
    outer: list[Json] | None, inner: list[Json] | None, routed: bool
) -> None:
    network = network_of(*estate([outer, inner], routed))
    web = find_interface(network, "web")
    space = space_of(network, 4)
    for direction, own, numbers in product(Direction, OWN, ((22,), (443,), (1500,), (22, 443))):
        exact = admitted(network, web, direction, 4)
        rules = effective_rules(network, web, direction)
        ends = ("source", "destination") if rules.inbound else ("destination", "source")
        ports = PortSet(tuple((each, each) for each in numbers))
        wanted = {"protocols": ((6, 6),), "destination_ports": ports}
        asked = space.having(**{ends[1]: own}, **wanted)  # type: ignore[arg-type]
        passing = AddressSet(v4=values(asked & exact.may, ends[0]))
        assert passing <= may_pass(rules, own, ports)
        for peer in (*PEERS, "10.0.0.0/24", "0.0.0.0/0"):
            some = AddressSet.from_text([peer])
            if surely_pass(rules, own, some, numbers[-1]):
                these = space.having(**{ends[0]: some})  # type: ignore[arg-type]
                last = space.having(destination_ports=PortSet.of(numbers[-1]))
                assert asked & these & last <= exact.must


def _everybody(network: Network) -> tuple[list[Point], list[Point]]:
    subnets = [anywhere_in(network, subnet) for subnet in network.all(Subnet)]
    machines = [point(network, name) for name in ("web", "app", "db", "inner-front")]
    return subnets, machines


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks(), st.sampled_from(PORTS))
def test_what_is_seen_at_a_glance_is_what_the_paths_tell(network: Network, port: int) -> None:
    subnets, machines = _everybody(network)
    for source, target in product(subnets, (*machines, *subnets)):
        if source.id == target.id:
            continue
        found = answers(network, source, target, protocols=("tcp",), ports=PortSet.of(port))
        verdicts = {answer.verdict for answer in found if not answer.via}
        if surely_talks(network, source, target, port):
            assert Verdict.REACHABLE in verdicts
        around = {subnet.id for subnet in subnets_around(network, target.home)}
        if verdicts != {Verdict.BLOCKED} and source.id in around:
            assert source.id in {point.id for point in callers(network, (target,), port)}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks(), st.sampled_from(PORTS), st.data())
def test_nobody_else_gets_to_what_is_plainly_closed(
    network: Network, port: int, data: st.DataObject
) -> None:
    subnets, machines = _everybody(network)
    keys = data.draw(st.sets(st.sampled_from([each.id.lower() for each in subnets])))
    for target in (*machines, *subnets):
        known = {*keys, target.subnet.key if target.subnet is not None else ""}
        if not closed_but_to(network, [target], known):
            continue
        for source in callers(network, [target], port):
            if source.subnet is None or source.subnet.key not in known:
                found = answers(
                    network,
                    source,
                    target,
                    protocols=("tcp",),
                    ports=PortSet.of(port),
                    relays=False,
                )
                assert {answer.verdict for answer in found} == {Verdict.BLOCKED}


def _guarded(source: str) -> Network:
    group = nsg(rule("https", 100, source, "443"), deny("rest", 4096), name="in")
    inside = {"addressPrefix": "10.0.0.0/24", "networkSecurityGroup": {"id": group["id"]}}
    return network_of(
        net("a", A, subnets={"app": "10.0.1.0/24", "data": inside, "other": "10.0.2.0/24"}),
        nic("web", "10.0.1.4", ("a", "app"), vm="w"),
        nic("odd", "10.0.2.4", ("a", "other"), vm="o"),
        nic("db", "10.0.0.4", ("a", "data"), vm="d"),
        group,
    )


@pytest.mark.parametrize(
    ("source", "closed"),
    [
        ("10.0.1.0/24", True),
        ("10.0.1.4", True),
        ("10.0.0.0/22", False),
        ("10.0.2.128/25", False),
        ("VirtualNetwork", False),
        ("20.1.2.3", False),  # the internet, as which anybody may come
        ("*", False),
    ],
)
def test_a_place_is_closed_where_rules_let_nobody_else_in(source: str, closed: bool) -> None:
    network = _guarded(source)
    known = {subnet_id("a", name).lower() for name in ("app", "data")}
    assert closed_but_to(network, [point(network, "db")], known) is closed
    assert not closed_but_to(network, [point(network, "web")], known)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks(), st.sampled_from(PORTS))
def test_machines_that_talk_at_a_glance_talk(network: Network, port: int) -> None:
    machines = _everybody(network)[1]
    for source, target in product(machines[:3], machines):
        if source.id != target.id and surely_talks(network, source, target, port):
            found = answers(network, source, target, protocols=("tcp",), ports=PortSet.of(port))
            assert Verdict.REACHABLE in {answer.verdict for answer in found}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks())
def test_ways_are_those_of_their_addresses(network: Network) -> None:
    spaces = [anywhere_in(network, subnet).addresses for subnet in network.all(Subnet)]
    for subnet, addresses in product(network.all(Subnet), (*spaces, PUBLIC, EVERYTHING)):
        ways = ways_from(network, subnet, 4)
        assert list(ways.towards(addresses)) == [way for _, way in ways.within(addresses)]
        vnet = network.holder(subnet, VirtualNetwork)
        homes = [anywhere_in(network, each) for each in network.all(Subnet)]
        for there in homes:
            if any(leads_to(way, there.home, vnet) for way in ways.ways):
                assert _may_be_straight(network, anywhere_in(network, subnet).home, there.home)


def _names(network: Network, target: str, port: int = 443) -> list[str]:
    return [each.id.rpartition("/")[2] for each in callers(network, [point(network, target)], port)]


@pytest.mark.parametrize(
    ("allowed", "names"),
    [
        ("10.0.0.0/24", ["app"]),
        ("10.2.0.4", ["app", "app"]),  # the firewall may put its own address in its place
        ("10.9.0.0/24", []),
    ],
)
def test_E_24_a_firewall_on_the_way_is_seen_as_the_source(allowed: str, names: list[str]) -> None:
    group = nsg(rule("https", 100, allowed, "443"), deny("rest", 4096), name="in")
    network = spokes(more=[group])
    far = network.nodes[subnet_id("b", "app").lower()]
    assert isinstance(far, Subnet)
    far.properties.network_security_group = Ref(group["id"])
    assert _names(network, "db") == names


def test_R_24_sites_come_as_themselves() -> None:
    def asked(source: str) -> list[str]:
        inside = {
            "addressPrefix": "10.0.0.0/24",
            "networkSecurityGroup": {"id": nsg(name="in")["id"]},
        }
        network = network_of(
            net("a", A, subnets={"app": inside, "GatewaySubnet": "10.0.9.0/27"}),
            nsg(rule("https", 100, source, "443"), deny("rest", 4096), name="in"),
            nic("web", "10.0.0.4", ("a", "app"), vm="w"),
            gateway("vgw", "a", enableBgp=False),
            site("dc", "192.168.0.0/16"),
            tunnel("t", "vgw", "dc", enableBgp=False),
        )
        return _names(network, "web")

    assert asked("192.168.7.0/24") == ["onprem"]
    assert asked("10.0.0.0/24") == ["app"]
    assert asked("10.7.0.0/24") == []
