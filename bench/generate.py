"""Write an estate of any size, always the same for the same seed, with faults planted in it.

    python -m bench.generate --size M --out bench/out/M

makes `estate.json`, the answer of ARM to one long list, and `truth.json`, the findings that the
planted faults must give and nothing else may. Landing zones are made and written one by one, so
memory does not grow with the size.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bench import faults
from bench.arm import Estate
from bench.fault import Expected
from bench.landing_zone import MOST_SPOKES, build, platform

HUB, SPOKE = 20, 45
"""About how many resources they have; an estate ends with what no further spoke fits into."""

AS_OF = "2026-11-23"
"""The day on which the certificates of the estates are valid; audits are of this day."""
CONFIG = Path(__file__).with_name("auditor.toml")
"""What the owners of the estates have approved; audits use it."""

SIZES = {"S": 1_000, "M": 10_000, "L": 100_000, "XL": 1_000_000}


class Truth(msgspec.Struct, frozen=True):
    """What was written: how many resources, and the findings they deserve."""

    resources: int
    seed: int
    made_by: str
    findings: list[Expected]


def edition() -> str:
    """Give a mark of the generator: estates of another edition are other estates."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def estates(resources: int, seed: int, every: int) -> Iterator[tuple[Estate, list[Expected]]]:
    """Give the parts of an estate of about `resources`, one fault for each `every` of them."""
    shared = platform(seed)
    yield shared, []
    made = len(shared.resources)
    planted = number = 0
    while (spokes := min(MOST_SPOKES, (resources - made - HUB) // SPOKE)) > 0:
        zone = build(seed, number, spokes)
        made += len(zone.estate.resources)
        wanted = made // every if every else 0
        yield zone.estate, faults.plant(zone, range(planted, wanted))
        planted, number = wanted, number + 1


def write(resources: int, folder: Path, *, seed: int = 1, every: int = 200) -> Truth:
    """Write `estate.json` and `truth.json` into a folder, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    encoder = msgspec.json.Encoder()
    count = 0
    findings: list[Expected] = []
    with (folder / "estate.json").open("wb", buffering=1 << 20) as out:
        out.write(b'{"value":[')
        for estate, expected in estates(resources, seed, every):
            for body in estate.resources.values():
                out.write(b",\n" if count else b"\n")
                out.write(encoder.encode(body))
                count += 1
            findings += expected
        out.write(b"\n]}\n")
    truth = Truth(count, seed, edition(), sorted(findings, key=lambda e: (e.rule, e.subject)))
    text = msgspec.json.format(encoder.encode(truth), indent=1)
    (folder / "truth.json").write_bytes(text + b"\n")
    return truth


def main() -> None:
    """Read the command line and write."""
    parser = argparse.ArgumentParser(prog="python -m bench.generate", description=__doc__)
    parser.add_argument("--size", default="S", help="S, M, L, XL or a number of resources")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write into")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=200, help="resources for each fault, 0: none")
    options = parser.parse_args()
    resources = SIZES.get(options.size.upper()) or int(options.size)
    truth = write(resources, options.out, seed=options.seed, every=options.every)
    print(f"{truth.resources} resources, {len(truth.findings)} findings expected")


if __name__ == "__main__":
    main()
