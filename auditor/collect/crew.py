"""The one place that owns threads: a bounded crew that works off a growing list."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable

from auditor.collect.work import Stopped, Work

_TICK = 0.1


class Crew:
    """Works on `size` threads; throttling halves them for as long as Azure asks."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.stopping = threading.Event()
        self.allowed = size
        """How many may work at once now."""
        self._lowered_at = self._lowered_until = 0.0
        self._over = False
        self._waiting: deque[Work] = deque()
        self._busy = 0
        self._failure: BaseException | None = None
        self._change = threading.Condition()

    def slow_down(self, seconds: float) -> None:
        """Let half as many work at once, for a while; often is no worse than once a second."""
        with self._change:
            now = time.monotonic()
            if now > self._lowered_at + 1.0:
                self._lowered_at = now
                self.allowed = max(1, self.allowed // 2)
            self._lowered_until = max(self._lowered_until, now + seconds)

    def run(
        self,
        works: Iterable[Work],
        perform: Callable[[Work], Iterable[Work]],
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        """Do all works and what follows from them. Raises what one of them raised.

        `tick` is called on this thread ten times a second.
        """
        self._waiting.extend(works)
        self._over = False
        threads = [
            threading.Thread(target=self._toil, args=(perform,), daemon=True)
            for _ in range(self.size)
        ]
        for thread in threads:
            thread.start()
        try:
            with self._change:
                while (self._waiting or self._busy) and self._failure is None:
                    self._change.wait(_TICK)
                    self._recover()
                    tick()
        finally:
            if self._failure is not None or self._waiting or self._busy:
                self.stopping.set()
            self._finished()
        if self._failure is not None:
            raise self._failure
        for thread in threads:
            thread.join()

    def _finished(self) -> None:
        with self._change:
            self._over = True
            self._change.notify_all()

    def _recover(self) -> None:
        if self.allowed < self.size and time.monotonic() > self._lowered_until:
            self.allowed = min(self.size, self.allowed * 2)
            self._lowered_until = time.monotonic() + 1.0
            self._change.notify_all()

    def _toil(self, perform: Callable[[Work], Iterable[Work]]) -> None:
        while (work := self._next()) is not None:
            more: list[Work] = []
            failure: BaseException | None = None
            try:
                more = list(perform(work))
            except Stopped:
                pass
            except BaseException as error:
                failure = error
            with self._change:
                self._busy -= 1
                self._waiting.extend(more)
                self._failure = self._failure or failure
                self._change.notify_all()

    def _next(self) -> Work | None:
        with self._change:
            while not self._over and not self.stopping.is_set():
                if self._waiting and self._busy < self.allowed:
                    self._busy += 1
                    return self._waiting.popleft()
                self._change.wait(1.0)
            return None
