"""What single rules decide, and what groups that meet deny, held against the naive simulator."""

from __future__ import annotations

from itertools import product
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.network.effective_rules import Direction
from auditor.network.graph import Network
from auditor.network.interfaces import find_interface
from auditor.reach.contradictions import Dead, dead
from auditor.reach.deciding import decided, decider
from auditor.reach.meetings import meeting_allows
from auditor.reach.own_filters import groups_at
from auditor.resources.security import NetworkSecurityGroup
from auditor.testing import estate as network_of

from ..network.filtering.test_naive import PEERS, Json, estate, first, some_rules, worlds
from .test_filtering import NUMBERS, packet

PORTS = (22, 53, 443, 1500)
SLOW = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def flows(direction: Direction) -> list[tuple[Json, tuple[int, ...]]]:
    """Flows of machine web as the simulator asks of them, and as points of the space."""
    found = []
    for peer, port, protocol in product(PEERS, PORTS, NUMBERS):
        inbound = direction is Direction.INBOUND
        if peer == "168.63.129.16" and not inbound and port == 53:
            continue  # platform traffic
        ends = (peer, "10.0.0.4") if inbound else ("10.0.0.4", peer)
        flow = {"direction": direction.value, "source": ends[0], "destination": ends[1],
                "port": port, "protocol": protocol}  # fmt: skip
        found.append((flow, packet(*ends, NUMBERS[protocol], port)))
    return found


@SLOW
@given(some_rules(), st.booleans())
def test_a_rule_decides_what_it_decides_in_every_world(rules: list[Json], routed: bool) -> None:
    network = network_of(*estate([rules, None], routed))
    web = find_interface(network, "web")
    for direction in Direction:
        here = groups_at(network, web, direction)
        found = decided(network, here, 4)
        for flow, point in flows(direction):
            names = {first(rules, flow, world)[1] for world in worlds(routed)}
            for number, rule in enumerate(here.layers[0].rules):
                bounds = found.by(number)
                assert not bounds.must.at(point) or names == {rule.name}, flow
                assert bounds.may.at(point) or rule.name not in names, flow
            by = decider(network, here, point, 4)
            assert by is None or names == {by.name}, flow


@SLOW
@given(some_rules(), st.booleans())
def test_of_tcp_to_one_port_it_is_the_same_among_the_rules_for_that(
    rules: list[Json], routed: bool
) -> None:
    network = network_of(*estate([rules, None], routed))
    web = find_interface(network, "web")
    for direction in Direction:
        here = groups_at(network, web, direction)
        whole = decided(network, here, 4)
        for flow, point in flows(direction):
            if NUMBERS[flow["protocol"]] != NUMBERS["Tcp"]:
                continue
            alone = decided(network, here, 4, flow["port"])
            assert alone.at(point) == whole.at(point)
            for number in range(len(here.layers[0].rules)):
                one, other = alone.by(number), whole.by(number)
                assert one.may.at(point) == other.may.at(point)
                assert one.must.at(point) == other.must.at(point)


def meeting(network: Network) -> dict[tuple[str, str], Any]:
    """What is found of each rule, by the names of its group and itself."""
    found = {}
    for rule in meeting_allows(network):
        group = network.holder(rule, NetworkSecurityGroup)
        assert group is not None
        if rule.allows:
            found[group.label, rule.label] = dead(network, group, rule)
    return found


@SLOW
@given(some_rules(), some_rules(), st.booleans())
def test_what_is_dead_is_denied_in_every_world(
    outer: list[Json], inner: list[Json], routed: bool
) -> None:
    groups = {"outer": outer, "inner": inner}
    network = network_of(*estate([outer, inner], routed))
    for (name, label), found in meeting(network).items():
        direction = next(r["direction"] for r in groups[name] if r["name"] == label)
        other = inner if name == "outer" else outer
        passes = {
            first(other, flow, world)[0]
            for flow, _ in flows(Direction(direction))
            for world in worlds(routed)
            if first(groups[name], flow, world)[1] == f"securityRules/{label}"
        }
        if isinstance(found, Dead):
            assert "Allow" not in passes
            assert found.place.nic is find_interface(network, "web")
