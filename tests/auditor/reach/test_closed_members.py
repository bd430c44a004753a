"""What opens a frontend whose members are all closed: each of them, whichever is chosen."""

from __future__ import annotations

from typing import Any

from auditor.commands.reaching import answer_json, as_lines
from auditor.network.graph import Network
from auditor.testing import estate

from ...exposed import BALANCER, deny, nic, nsg, pip, rule, subnet, vnet
from ...reaching import asked, lb, lb_probe, lb_rule, ref

CLIENT = "52.10.0.7"
LET = rule("let", 150, CLIENT, "8443")
PROBE = rule("probe", 160, "AzureLoadBalancer", "8080")


def balanced(
    groups: dict[str, list[Any]], *members: tuple[str, str], probed: bool = False
) -> Network:
    """Members by name and group behind the frontend; `groups` by name, of rules."""
    asks: Any = {"probe": ref(f"{BALANCER}/probes", "lb", "probe")} if probed else {}
    return estate(
        *[nsg(*rules, name=name) for name, rules in groups.items()],
        *[
            nic(name, address=f"10.0.0.{place}", nsg=group)
            for place, (name, group) in enumerate(members, 5)
        ],
        pip("pip"),
        lb(lb_rule(**asks), members=[name for name, _ in members], probes=[lb_probe(8080)]),
        vnet(subnet()),
    )  # fmt: skip


def opened(network: Network) -> list[str]:
    """The changes that a person is told, of a frontend that is closed."""
    found = asked(network, CLIENT, "front")
    assert found.verdict == "blocked"
    lines = [line.split(None, 1) for line in as_lines(found.answers)]
    return [rest[0] for word, *rest in lines if word == "open"]


def test_every_member_is_opened() -> None:
    shut = {"one": [deny("rest", 200)], "two": [deny("rest", 200)]}
    members = ("a", "one"), ("b", "two")

    first, second = opened(balanced(shut, *members))

    assert "from 52.10.0.7 to 10.0.0.5 to port 8443 to one" in first
    assert "from 52.10.0.7 to 10.0.0.6 to port 8443 to two" in second
    half = balanced({**shut, "one": [LET, *shut["one"]]}, *members)
    assert asked(half, CLIENT, "front").verdict == "unknown"
    both = balanced({name: [LET, *rules] for name, rules in shut.items()}, *members)
    assert asked(both, CLIENT, "front").verdict == "reachable"


def test_json_tells_what_stops_the_packet_at_every_member() -> None:
    network = balanced({"one": [deny("rest", 200)], "two": [deny("rest", 200)]},
                       ("a", "one"), ("b", "two"))  # fmt: skip

    found = answer_json(asked(network, CLIENT, "front").one)

    assert ["at a" in s["says"] or "at b" in s["says"] for s in found["blockers"]] == [True, True]
    assert len({step["opening"] for step in found["blockers"]}) == 2
    assert [hop["says"] for hop in found["hops"] if hop["passes"] is False] == [
        found["blockers"][0]["says"]
    ]


def test_members_that_one_rule_closes_are_opened_by_one_rule() -> None:
    network = balanced({"one": [deny("rest", 200)]}, ("a", "one"), ("b", "one"), ("c", "one"))

    (told,) = opened(network)

    assert "from 52.10.0.7 to 10.0.0.5, 10.0.0.6, 10.0.0.7 to port 8443 to one" in told


def test_members_that_are_down_need_no_opening() -> None:
    """They get no packets while another member is up."""
    shut = {"one": [deny("rest", 200)], "two": [PROBE, deny("rest", 200)]}

    (told,) = opened(balanced(shut, ("a", "one"), ("b", "two"), probed=True))

    assert "to 10.0.0.6 to port 8443 to two" in told
    after = {**shut, "two": [LET, *shut["two"]]}
    open_now = balanced(after, ("a", "one"), ("b", "two"), probed=True)
    assert asked(open_now, CLIENT, "front").verdict == "reachable"


def test_one_that_is_down_is_not_the_way_in_beside_one_that_is_up() -> None:
    """Though fewer changes open it: the other would get packets all the same."""
    shut = {"one": [LET, deny("rest", 200)], "two": [PROBE, deny("rest", 200)]}

    (told,) = opened(balanced(shut, ("a", "one"), ("b", "two"), probed=True))

    assert "to 10.0.0.6 to port 8443 to two" in told


def test_where_all_are_down_one_is_enough() -> None:
    shut = {"one": [LET, deny("rest", 200)], "two": [LET, deny("rest", 200)]}
    members = ("a", "one"), ("b", "two")

    (told,) = opened(balanced(shut, *members, probed=True))

    assert "TCP from AzureLoadBalancer to 10.0.0.5 to port 8080 to one, with" in told
    after = balanced({**shut, "one": [LET, PROBE, *shut["one"][1:]]}, *members, probed=True)
    assert asked(after, CLIENT, "front").verdict == "reachable"
