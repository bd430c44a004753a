"""Behind a load balancer of many rules and machines, each machine is asked about alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from auditor import simulate
from auditor.network.graph import Network
from auditor.reach import entering, replay, showing
from auditor.reach.paths import paths
from auditor.testing import estate

from ...exposed import nic, nsg, pip, rule, subnet, vnet
from ...reaching import asked, lb, lb_rule, point

CLIENT = "52.10.0.7"
NAMES = [f"m{number}" for number in range(6)]


def balanced() -> Network:
    """Six machines behind three rules; their group takes the first port alone."""
    rules = [lb_rule(f"r{number}", 8000 + number, 9000 + number) for number in range(3)]
    return estate(
        nsg(rule("in", 100, ports="9000")),
        *[nic(name, address=f"10.0.0.{n}", nsg="nsg") for n, name in enumerate(NAMES, 4)],
        pip("pip"),
        lb(*rules, members=NAMES),
        vnet(subnet()),
    )


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any, str], list[Any]]:
    """Count the calls of a function in a module that uses it."""

    def counted(module: Any, name: str) -> list[Any]:
        real, seen = getattr(module, name), list[Any]()

        def counting(*args: Any, **more: Any) -> Any:
            seen.append(args)
            return real(*args, **more)

        monkeypatch.setattr(module, name, counting)
        return seen

    return counted


def test_only_what_leads_to_a_machine_is_followed_to_it(calls: Any) -> None:
    followed = calls(entering, "behind")
    network = balanced()
    found = paths(network, point(network, "internet"), point(network, "m3"))
    assert {path.target.id for path in found} == {point(network, "m3").id}
    assert (len(found), len(followed)) == (3, 3)


def test_to_the_frontend_every_machine_is_followed() -> None:
    network = balanced()
    found = paths(network, point(network, "internet"), point(network, "front"))
    assert len([path for path in found if not path.pinged]) == 18


def test_what_no_rule_takes_is_shown_at_the_first_way(calls: Any) -> None:
    told = calls(showing, "hops_of")
    shut = asked(balanced(), CLIENT, "front", 22)
    assert (shut.verdict, shut.stops[0]) == ("blocked", "load-balancer")
    assert len(told) == 1
    assert shut.stops[1:] == ["nsg-inbound"] * len(NAMES)  # where a rule would send it


def test_a_packet_that_stands_for_many_machines_is_replayed_once(calls: Any) -> None:
    network = balanced()
    answers = [asked(network, CLIENT, name, 8000).one for name in NAMES]
    sent = calls(simulate, "replay")
    for answer in answers:
        replay.check(network, answer)
    assert sent == []
