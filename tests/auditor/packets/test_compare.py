"""One policy held against another."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from auditor.packets import search
from auditor.packets.compare import allows_no_more, changes
from auditor.packets.compile import allowed, bounds
from auditor.packets.diagram import flow_space
from auditor.packets.rule import Rule, exact

if TYPE_CHECKING:
    from tests.auditor.packets.conftest import Tiny


@pytest.fixture(params=["few rules", "many rules"])
def _both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the way that is taken from some number of rules on only."""
    if request.param == "many rules":
        monkeypatch.setattr(search, "_FEW", 0)
        monkeypatch.setattr(search, "_PATIENCE", 1)


@pytest.mark.usefixtures("_both_ways")
def test_no_more_is_allowed_where_no_packet_says_otherwise(tiny: Tiny) -> None:
    chance = random.Random(41)
    answers = [0, 0]
    for _ in range(600):
        narrow, wide = tiny.policy(chance, 5), tiny.policy(chance, 5)
        defaults = chance.random() < 0.2, chance.random() < 0.4
        if chance.random() < 0.5:
            wide = [*narrow[:2], *wide, *narrow[2:]]
        ours, theirs = tiny.verdicts(narrow, defaults[0]), tiny.verdicts(wide, defaults[1])
        expected = all(theirs[packet] for packet, verdict in ours.items() if verdict)
        assert expected == allows_no_more(
            tiny.space(), narrow, wide, narrow_default=defaults[0], wide_default=defaults[1]
        )
        answers[expected] += 1
    assert min(answers) > 50


@pytest.mark.usefixtures("_both_ways")
def test_with_two_bounds_the_answer_is_yes_only_if_it_is_certain(tiny: Tiny) -> None:
    chance = random.Random(42)
    answers = [0, 0]
    for _ in range(400):
        narrow, wide = tiny.vague_policy(chance, 3), tiny.vague_policy(chance, 6)
        space = tiny.space()
        expected = bounds(space, narrow)[0] <= bounds(space, wide, True)[1]
        assert expected == allows_no_more(space, narrow, wide, wide_default=True)
        answers[expected] += 1
    assert min(answers) > 50


def test_a_policy_allows_no_more_than_itself_unless_it_is_vague() -> None:
    space = flow_space(32)
    known = exact("web", True, space.box(destination_port=[(443, 443)]))
    vague = Rule("tag", True, space.box(peer=[(0, 99)]), space.box(peer=[]))
    assert allows_no_more(space, [known], [known])
    assert not allows_no_more(space, [vague], [vague])
    assert allows_no_more(space, [], [vague])


def test_one_port_more_is_noticed() -> None:
    space = flow_space(128)
    old = [exact("high", True, space.box(destination_port=[(1024, 65535)]))]
    new = [exact("high", True, space.box(destination_port=[(1023, 65535)]))]
    assert allows_no_more(space, old, new)
    assert not allows_no_more(space, new, old)


def test_changes_are_what_is_gained_and_what_is_lost() -> None:
    space = flow_space(32)
    web, ssh = (space.box(destination_port=[(port, port)]) for port in (443, 22))
    old = allowed(space, [exact("web", True, web)])
    new = allowed(space, [exact("no web", False, web), exact("ssh", True, ssh)])
    assert changes(old, new) == (space.packets(ssh), space.packets(web))
