"""Who can reach whom, measured: `python -m bench.reach`, `python -m bench.reach P9 pair`.

Ends with 1 when a limit is not kept. Estates are written below bench/out/ once and kept.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from auditor.commands.asking import read_network
from auditor.network.graph import Network
from auditor.packets.compile import compile_rules
from auditor.packets.diagram import flow_space
from auditor.reach.answer import answers
from auditor.reach.points import anywhere_in
from auditor.resources.virtual_networks import Subnet
from bench import tenants
from bench.__main__ import Row
from bench.arm import Estate
from bench.generate import edition
from bench.measure import OUT, auditor, best
from bench.packets import cpu, no_more_than, uniform, written

REGIONS, SPOKES, SUBNETS = 10, 49, 10
"""Ten hubs of 49 spokes, each network of ten subnets: 5,000 subnets."""

GROUPS, NICS = 20_000, 5


def regions(
    number: int, spokes: int, subnets: int, transit: tuple[str, ...] = ("nothing",)
) -> Path:
    """Give the estate of a tenant of hubs and spokes."""

    def make() -> Estate:
        made = tenants.Regions(transit=transit)
        for _ in range(number):
            made.add_region(spokes, subnets)
        return made.estate

    return _kept(f"regions-{number}-{spokes}-{subnets}-{'-'.join(transit)}", make)


def machines(groups: int, nics: int) -> Path:
    """Give the estate of so many security groups, each of so many NICs."""
    return _kept(f"machines-{groups}-{nics}", lambda: tenants.machines(groups, nics))


def _kept(name: str, make: Callable[[], Estate]) -> Path:
    file = OUT / name / f"{edition()}.json"
    if not file.exists():
        print(f"writing {file}", file=sys.stderr)
        for old in file.parent.glob("*.json"):
            old.unlink()
        # Beside this process: the peak memory of a child counts what its parent had.
        child = multiprocessing.get_context("fork").Process(
            target=lambda: tenants.save(make(), file)
        )
        child.start()
        child.join()
    return file


def compare(count: int = 1000, times: int = 1) -> Iterator[Row]:
    """Measure P8: is a policy no wider than another? The worst ratio to z3 for each kind."""
    worst: dict[str, float] = {}
    for what, ours, stating, solving in no_more_than(count):
        kind = what.split(",")[0]
        worst[kind] = max(worst.get(kind, 0.0), ours / (stating + solving))
    for kind, ratio in worst.items():
        limit = 0.5 if kind.startswith("written") else None  # no group is like the others
        yield Row(f"P8: no more than another, {' '.join(kind.split())} : z3", ratio, "", limit)


def labels(count: int = 1000, times: int = 3) -> Iterator[Row]:
    """Measure compiling one policy, each packet with the rule that decides it."""
    for kind, make in (("written", written), ("uniform", uniform)):
        rules = make(count)
        seconds, _ = cpu(lambda: compile_rules(flow_space(32), rules), times)  # noqa: B023
        limit = 2.0 if kind == "written" else None  # no group is like the others
        yield Row(f"{count:,} {kind} rules compiled with labels", seconds, "s", limit)


def pair(sizes: tuple[int, int, int] = (REGIONS, SPOKES, SUBNETS), times: int = 3) -> Iterator[Row]:
    """Measure explaining one pair in a large tenant, for the first time and the worst of many."""
    network = read_network([str(regions(*sizes, tenants.TRANSIT))], False)
    subnets = network.all(Subnet)
    step = max(1, len(subnets) // 20)
    pairs = [(i, (i * 7 + 3) % len(subnets)) for i in range(0, len(subnets), step)]
    pairs += [(i, (i + 11) % len(subnets)) for i in range(0, len(subnets), step)]
    first, *found = [cpu(lambda: _explained(network, subnets, *each))[0] for each in pairs]  # noqa: B023
    yield Row("explaining the first pair after reading", first, "s", 0.05)
    yield Row(f"explaining one of {len(found)} other pairs, the worst", max(found), "s", 0.05)


def _explained(network: Network, subnets: tuple[Subnet, ...], one: int, other: int) -> int:
    ends = anywhere_in(network, subnets[one]), anywhere_in(network, subnets[other])
    return len(answers(network, *ends))


def matrix(
    sizes: tuple[int, int, int] = (REGIONS, SPOKES, SUBNETS), times: int = 3
) -> Iterator[Row]:
    """Measure P9: all pairs of subnets, as a person asks for them."""
    file = regions(*sizes)
    command = auditor("reach", str(file), "--matrix", "--report", "json")
    cost = best(command, times=times, allowed=(0,))
    name = f"P9: all pairs of {sizes[0] * (sizes[1] + 1) * sizes[2]:,} classes of subnets"
    yield Row(name, cost.cpu, "s", 30.0)
    yield Row(f"{name}: peak memory", cost.memory / 1e9, "GB", 0.5)


def exposure(groups: int = GROUPS, nics: int = NICS, times: int = 3) -> Iterator[Row]:
    """Measure P10: all that the internet reaches, as a person asks for it."""
    file = machines(groups, nics)
    command = auditor("reach", str(file), "--from", "internet")
    cost = best(command, times=times, allowed=(0,))
    name = f"P10: internet exposure, {groups:,} groups, {groups * nics:,} NICs"
    yield Row(name, cost.cpu, "s", 15.0)
    yield Row(f"{name}: peak memory", cost.memory / 1e9, "GB", 1.0)


ALL: dict[str, Callable[..., Iterator[Row]]] = {
    "P8": compare,
    "labels": labels,
    "pair": pair,
    "P9": matrix,
    "P10": exposure,
}


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.reach", description=__doc__)
    parser.add_argument("what", nargs="*", choices=[[], *ALL], help="default: all of them")
    parser.add_argument("--times", type=int, default=3, help="runs of each, the best one counts")
    options = parser.parse_args()
    print("| measured | value | at most | kept |\n| --- | --- | --- | --- |", flush=True)
    kept = True
    for name in options.what or ALL:
        for row in ALL[name](times=options.times):
            print(row, flush=True)
            kept &= row.most is None or row.value <= row.most
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
