"""The change that is named for what is blocked opens it, once it is made: networks at random."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from itertools import product
from typing import Any

from hypothesis import HealthCheck, assume, given, settings

from auditor.network.graph import Network
from auditor.reach.along import hops_of
from auditor.reach.answer import Answer, answers
from auditor.reach.paths import paths
from auditor.reach.samples import coordinates
from auditor.reach.trail import Step
from auditor.testing import estate

from ...networks import vnet_id
from ...reaching import point
from ..network.filtering.test_naive import Json
from .test_against_simulator import MACHINES, resources

_RULE = re.compile(
    r"add an (?P<way>inbound|outbound) Allow rule for (?P<protocol>\w+) from (?P<source>\S+) "
    r"to (?P<destination>\S+?)(?: to port (?P<port>\d+))? to (?P<group>\S+), "
    r"(?:with a priority (?:below (?P<below>\d+)|of (?P<at>\d+))"
    r"|before (?P<later>\S+), which has to get a priority above 100 first)"
)
_CHANGED = re.compile(r"change (?P<route>.+) of (?P<table>\S+), so that")
_PEERED = re.compile(r"peer (?P<one>\S+) with (?P<other>\S+), so that")
_FORWARDED = re.compile(r"add a load-balancing rule for \w+ \d+ at (?P<front>\S+)$")


def named(found: list[Json], name: str) -> Json:
    [one] = [each for each in found if each["name"] == name]
    return one


def made(found: list[Json], step: Step) -> list[Json] | None:
    """The resources after the change that a blocker names; None for what is not made here."""
    found = copy.deepcopy(found)
    if match := _RULE.match(step.opening):
        _add_rule(found, match)
    elif match := _CHANGED.match(step.opening):
        routes = named(found, match["table"])["properties"]["routes"]
        name = match["route"].removeprefix("route ")
        assert len([each for each in routes if each["name"] == name]) == 1
        routes[:] = [each for each in routes if each["name"] != name]
    elif match := _PEERED.match(step.opening):
        return _peered(found, match["one"], match["other"])
    elif match := _FORWARDED.match(step.opening):
        balancer = named(found, match["front"].removesuffix("-front"))
        rules = balancer["properties"]["loadBalancingRules"]
        more = copy.deepcopy(rules[0])
        more["name"] = "more"
        more["properties"] |= {
            "protocol": step.packet.protocol.title(),
            "frontendPort": step.packet.destination_port,
            "backendPort": step.packet.destination_port,
        }
        rules.append(more)
    else:
        return None
    return found


def _add_rule(found: list[Json], match: re.Match[str]) -> None:
    rules = named(found, match["group"])["properties"].setdefault("securityRules", [])
    taken = {each["properties"]["priority"] for each in rules}
    for each in rules:
        if f"securityRules/{each['name']}" == match["later"]:
            later = next(number for number in range(101, 4097) if number not in taken)
            each["properties"]["priority"] = later
            taken = {later, *taken} - {100}
    last = int(match["at"] or 0) or int(match["below"] or 101) - 1
    free = [number for number in range(100, last + 1) if number not in taken]
    assume(free)
    settings: Json = {
        "priority": free[-1],
        "direction": match["way"].title(),
        "access": "Allow",
        "protocol": match["protocol"].title(),
        "sourceAddressPrefix": match["source"],
        "sourcePortRange": "*",
        "destinationAddressPrefix": match["destination"],
        "destinationPortRange": match["port"] or "*",
    }
    rules.append({"name": "opened", "properties": settings})


def _peered(found: list[Json], one: str, other: str) -> list[Json] | None:
    if other == "the":  # the network of an address
        other = next(name for name in ("a", "b") if name != one)
    for near, far in ((one, other), (other, one)):
        settings = {
            "remoteVirtualNetwork": {"id": vnet_id(far)},
            "remoteAddressSpace": named(found, far)["properties"]["addressSpace"],
            "peeringState": "Connected",
            "allowVirtualNetworkAccess": True,
            "allowForwardedTraffic": True,
        }
        link = {"name": f"to-{far}", "properties": settings}
        named(found, near)["properties"]["virtualNetworkPeerings"] = [link]
    return found


def still(network: Network, source: str, target: str, step: Step, answer: Answer) -> list[Step]:
    """The hops that stop the same packet at the same place by the same rule, on every path."""
    packet = answer.witness
    assert packet is not None
    place = (step.code, step.resource.lower(), step.rule)
    found = [
        [
            each
            for each in hops_of(path, packet)
            if each.passes is False and (each.code, each.resource.lower(), each.rule) == place
        ]
        for path in paths(network, point(network, source), point(network, target))
        if path.trail.sent.at(coordinates(packet)) and _way(path) == _way(answer.path)
    ]
    return [each for stops in found for each in stops] if all(found) else []


def _way(path: Any) -> Any:
    return path.target.id, path.entrance.address if path.entrance else ""


def opened(found: list[Json], source: str, target: str) -> Iterator[str]:
    """Make each change that is named; give those that were made and stop it all the same."""
    network = estate(*found)
    for answer in answers(network, point(network, source), point(network, target)):
        for step in answer.blockers:
            after = made(found, step) if step.opening else None
            if after is not None and answer.path is not None:
                for again in still(estate(*after), source, target, step, answer):
                    yield f"{step.opening}: {again.says}"


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(resources())
def test_in_networks_at_random(found: list[Json]) -> None:
    for source, target in product(("internet", *MACHINES), (*MACHINES, "inner-front", "internet")):
        if source != target:
            assert list(opened(found, source, target)) == [], (source, target)
