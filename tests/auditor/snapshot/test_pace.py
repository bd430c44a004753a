"""No subscription is asked more than Azure allows, however many threads ask."""

from __future__ import annotations

import pytest

from auditor.snapshot.pace import BURST, REFILL, Pace

ONE = "https://management.azure.com/subscriptions/A/providers/Microsoft.Network/virtualNetworks?x=1"
OTHER = "https://management.azure.com/subscriptions/b/resources"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_a_burst_and_then_so_many_each_second() -> None:
    clock = Clock()
    pace = Pace(clock=lambda: clock.now, sleep=clock.sleep)

    for _ in range(BURST):
        pace.wait(ONE)
    assert clock.slept == []

    for _ in range(REFILL * 4):
        pace.wait(ONE.replace("/A/", "/a/"))
    assert clock.now == pytest.approx(4.0)


def test_subscriptions_do_not_wait_for_each_other() -> None:
    clock = Clock()
    pace = Pace(clock=lambda: clock.now, sleep=clock.sleep)

    for _ in range(BURST):
        pace.wait(ONE)
        pace.wait(OTHER)
        pace.wait("https://management.azure.com/subscriptions?api-version=1")

    assert clock.slept == []


def test_threads_that_ask_at_once_wait_one_behind_the_other() -> None:
    clock = Clock()
    slept: list[float] = []
    pace = Pace(clock=lambda: clock.now, sleep=slept.append)

    for _ in range(BURST + 3):
        pace.wait(ONE)

    assert slept == [1 / REFILL, 2 / REFILL, 3 / REFILL]


def test_a_rest_fills_the_bucket_and_no_more() -> None:
    clock = Clock()
    pace = Pace(clock=lambda: clock.now, sleep=clock.sleep)
    pace.wait(ONE)
    clock.now = 1_000_000.0

    for _ in range(BURST + 1):
        pace.wait(ONE)

    assert clock.slept == [1 / REFILL]


def test_resource_graph_is_asked_fifteen_times_in_five_seconds_at_most() -> None:
    clock = Clock()
    asked: list[float] = []
    pace = Pace(clock=lambda: clock.now, sleep=clock.sleep)

    for _ in range(100):
        pace.wait("https://management.azure.com/providers/Microsoft.ResourceGraph/resources?x=1")
        asked.append(clock.now)

    assert asked[:5] == [0.0] * 5
    assert asked[-1] == pytest.approx(47.5)
    assert max(sum(at <= each < at + 5 for each in asked) for at in asked) <= 15
