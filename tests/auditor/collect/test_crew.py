"""A crew works off what there is and what follows, and ends at once when one of it fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from itertools import count

import pytest

from auditor.collect.crew import Crew
from auditor.collect.outcome import COMPLETE
from auditor.collect.work import Work


def work(key: str) -> Work:
    return Work(key, "kind", lambda _desk: COMPLETE)


def test_what_follows_is_done_as_well() -> None:
    done: list[str] = []

    def perform(each: Work) -> Iterable[Work]:
        done.append(each.key)
        return [work(each.key + suffix) for suffix in "ab"] if len(each.key) < 3 else []

    Crew(4).run([work("x")], perform)

    assert sorted(done) == sorted(["x", "xa", "xb", "xaa", "xab", "xba", "xbb"])


def test_no_work_is_no_wait() -> None:
    Crew(4).run([], lambda _work: [])


def test_no_more_work_at_once_than_it_has_threads() -> None:
    at_once, most = 0, 0
    lock = threading.Lock()

    def perform(_work: Work) -> Iterable[Work]:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.005)
        with lock:
            at_once -= 1
        return []

    Crew(3).run([work(str(n)) for n in range(30)], perform)

    assert most == 3


def test_a_failure_ends_the_run() -> None:
    numbers = count()

    def perform(_work: Work) -> Iterable[Work]:
        if next(numbers) == 5:
            raise ValueError("no")
        return [work("again")]

    crew = Crew(2)
    with pytest.raises(ValueError, match="no"):
        crew.run([work("x")], perform)
    assert crew.stopping.is_set()


def test_throttling_halves_it_for_a_while_and_a_burst_counts_once() -> None:
    crew = Crew(16)
    for _ in range(5):
        crew.slow_down(0.01)
    assert crew.allowed == 8

    time.sleep(0.02)
    crew.run([work("x")], lambda _work: time.sleep(0.3) or [])  # type: ignore[func-returns-value]
    assert crew.allowed == 16


def test_at_least_one_goes_on_working() -> None:
    crew = Crew(1)
    crew.slow_down(60)
    done: list[str] = []
    crew.run([work("x")], lambda each: done.append(each.key) or [])  # type: ignore[func-returns-value]

    assert done == ["x"]
