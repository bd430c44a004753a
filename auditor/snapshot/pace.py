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

GRAPH_BURST, GRAPH_REFILL = 5, 2
"""Questions to Resource Graph: with these no five seconds see more than the fifteen it allows.

https://learn.microsoft.com/azure/governance/resource-graph/concepts/guidance-for-throttled-requests
"""

_GRAPH = "/providers/microsoft.resourcegraph/"
_SUBSCRIPTION = re.compile(r"/subscriptions/([^/?]+)", re.IGNORECASE)


class Pace:
    """A bucket of reads for each subscription, and one for Resource Graph.

    Safe to use from several threads.
    """

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
        key, burst, refill = _bucket(url)
        with self._lock:
            now = self._clock()
            left, at = self._left.get(key, (float(burst), now))
            left = min(left + (now - at) * refill, burst) - 1
            self._left[key] = left, now
        if left < 0:
            self._sleep(-left / refill)


def _bucket(url: str) -> tuple[str, int, int]:
    found = _SUBSCRIPTION.search(url)
    if found is None and _GRAPH in url.lower():
        return _GRAPH, GRAPH_BURST, GRAPH_REFILL
    return found[1].lower() if found else "", BURST, REFILL
