"""Serve estates until interrupted: for benchmarks, for `az`, for trying things out by hand.

    python -m tests.standin fixtures/estates/hub-and-spoke

The first line on standard output is JSON: `base`, `ca`, and the `environment` to sign in with.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from .estate import Estate
from .server import StandIn


def main() -> None:
    """Serve what the command line names; a line on standard input, or its end, stops it.

    At the end a second JSON line tells how many calls came.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.standin", description=__doc__)
    parser.add_argument("paths", type=Path, nargs="+", help="exports, or folders of them")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--page-size", type=int, default=100)
    options = parser.parse_args()
    estate = Estate.of_path(*options.paths)
    with StandIn(estate, port=options.port, page_size=options.page_size) as standin:
        told = {"base": standin.base, "ca": standin.ca, "environment": standin.environment()}
        print(json.dumps(told), flush=True)
        try:
            sys.stdin.readline()
        except KeyboardInterrupt:
            return
        print(json.dumps(_told(standin)), flush=True)


def _told(standin: StandIn) -> dict[str, int]:
    paths = standin.count()
    subscriptions = Counter(call.path.split("/")[2] for call in standin.calls if call.in_one)
    return {
        "calls": paths.total(),
        "paths": len(paths),
        "graph": paths["/providers/microsoft.resourcegraph/resources"],
        "errors": sum(call.status >= 400 for call in standin.calls),
        "most_in_a_subscription": max(subscriptions.values(), default=0),
    }


if __name__ == "__main__":
    main()
