"""Trying to deliver: a few times, each within a time, and then no more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

ATTEMPTS = 3
SECONDS = 20
"""How long one attempt may take, whatever the other side does."""
LONGEST_PAUSE = 30


class Undelivered(Exception):
    """What keeps a message from being delivered, in words that hold no secret.

    `again` is how many seconds to wait before trying again; None when that would be no use.
    """

    def __init__(self, why: str, again: float | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.again = again


def attempted(deliver: Callable[[], None], pause: Callable[[float], None] = time.sleep) -> None:
    """Deliver, trying again where that may help. Raises Undelivered."""
    for number in range(1, ATTEMPTS + 1):
        try:
            within(SECONDS, deliver)
            return
        except Undelivered as failure:
            if failure.again is None:
                raise
            if number == ATTEMPTS:
                raise Undelivered(f"{failure.why}, tried {ATTEMPTS} times") from None
            pause(min(max(failure.again, 4.0 ** (number - 1)), LONGEST_PAUSE))


def within(seconds: float, deliver: Callable[[], None]) -> None:
    """Run something for at most so long: timeouts of sockets alone count anew with every byte.

    What takes longer is left behind; the process ends without it. Raises what `deliver` raises,
    and Undelivered.
    """
    failures: list[BaseException] = []

    def run() -> None:
        try:
            deliver()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise Undelivered(f"no answer within {seconds:g} seconds", again=0)
    if failures:
        raise failures[0]
