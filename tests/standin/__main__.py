"""Serve estates until interrupted: for benchmarks, for `az`, for trying things out by hand.

    python -m tests.standin fixtures/estates/hub-and-spoke

The first line on standard output is JSON: `base`, `ca`, and the `environment` to sign in with.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from .estate import Estate
from .server import StandIn


def main() -> None:
    """Serve what the command line names; a line on standard input, or its end, stops it.

    At the end a second JSON line tells how many calls came, by status.
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
        paths = standin.count()
        statuses: dict[int, int] = {}
        for call in standin.calls:
            statuses[call.status] = statuses.get(call.status, 0) + 1
        print(json.dumps({"calls": paths.total(), "paths": len(paths), "statuses": statuses}))


if __name__ == "__main__":
    main()
