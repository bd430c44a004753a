"""P7: parse and sweep a million prefixes, with auditor or with the standard library.

    python -m bench.prefixes ours|stdlib [NUMBER]

prints the number of overlapping pairs, which must be the same for both.
"""

from __future__ import annotations

import ipaddress
import sys
from random import Random

from auditor.addresses import overlap_count, parse_prefix


def texts(number: int) -> list[str]:
    """Give prefixes like those of many estates: mostly /16 to /28, nested now and then."""
    rng = Random(7)
    made = []
    for _ in range(number):
        length = rng.choice((16, 20, 22, 24, 24, 24, 26, 27, 28))
        value = rng.getrandbits(32) >> 32 - length << 32 - length
        made.append(f"{value >> 24}.{value >> 16 & 255}.{value >> 8 & 255}.{value & 255}/{length}")
    return made


def ours(prefixes: list[str]) -> int:
    """Count overlapping pairs as rules do."""
    return overlap_count((parse_prefix(text), number) for number, text in enumerate(prefixes))


def stdlib(prefixes: list[str]) -> int:
    """Count them with `ipaddress`, as well as one can: sorted by number, swept with a stack."""
    networks = [ipaddress.IPv4Network(text) for text in prefixes]
    spans = sorted(
        (int(n.network_address), n.prefixlen, int(n.broadcast_address)) for n in networks
    )
    stack: list[int] = []
    pairs = 0
    for first, _, last in spans:
        while stack and stack[-1] < first:
            stack.pop()
        pairs += len(stack)
        stack.append(last)
    return pairs


if __name__ == "__main__":
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    print({"ours": ours, "stdlib": stdlib, "neither": len}[sys.argv[1]](texts(count)))
