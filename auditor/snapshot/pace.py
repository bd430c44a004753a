"""How fast Azure Resource Manager may be asked: what it allows, kept to before it has to refuse."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable

BURST, REFILL = 250, 25
"""Reads that a caller may make in a subscription (or outside of any) at once, and each second.

https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
"""

_SUBSCRIPTION = re.compile(r"/subscriptions/([^/?]+)", re.IGNORECASE)


class Pace:
    """A bucket of reads for each subscription. Safe to use from several threads."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._left: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def wait(self, url: str) -> None:
        """Wait until one more request may be sent to an address."""
        found = _SUBSCRIPTION.search(url)
        key = found[1].lower() if found else ""
        with self._lock:
            now = self._clock()
            left, at = self._left.get(key, (float(BURST), now))
            left = min(left + (now - at) * REFILL, BURST) - 1
            self._left[key] = left, now
        if left < 0:
            self._sleep(-left / REFILL)
