"""Audits of what no one would export: `python -m tests.fuzz --mutants 20000 [--seed N]`.

Three kinds of estates, each from a seed: mutants of the corpus of recorded Azure JSON (of the
fixtures, where there is no corpus), mutants of whole fixture estates, and estates grown from the
declarations of `auditor.resources`. Each goes through reading, joining, every rule and a report.
An audit may refuse, and may find what it likes; it may not fail, and no rule may.
"""

from __future__ import annotations

import argparse
import copy
import io
import json
import os
import random
import sys
import types
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import msgspec
from rich.console import Console
from rich.progress import track

from auditor import registry
from auditor.cli import main as auditor
from auditor.resources.base import HIDDEN, TYPES, Node, Ref, Wire
from auditor.resources.walk import bare

from .command import Stdin
from .conformance import CORPUS

ROOT = Path(__file__).parents[1]
ESTATES = ROOT / "fixtures" / "estates"
OURS = ("a fault of auditor's own", "a fault of the rule itself", "Traceback")
DAY = "2026-11-23"

ODD: list[Any] = [
    *(None, True, False, 0, -1, 65536, 2**63, 10**30, 1.5, 1e308, "", " ", "*", "/", [], {}),
    *(
        [[]],
        [None],
        {"": {}},
        {"id": None},
        {"id": ""},
        [{}],
        [""],
        "\x1b[31m[red]",
        "a\nb",
        "\x00",
    ),
    *("0.0.0.0/0", "::/0", "10.0.0.0/33", "10.0.0.1-10.0.0.9", "99999", "5-1", "Any", "\U0001f600"),
    *("/subscriptions/s", "=cmd()", "../../x", "%s{0}", "[concat('a')]", "2026-13-45", "NaN", "İ"),
]
CIDRS = [
    *("10.0.0.0/16", "10.0.1.0/24", "10.0.1.4", "172.16.0.0/24", "0.0.0.0/0", "::/0", "fd00::/8"),
    *(
        "0.0.0.0/1",
        "128.0.0.0/1",
        "10.0.0.0/8",
        "192.168.0.0/16",
        "20.50.1.2",
        "fd00::4",
        "10.0.1.5/24",
    ),
]


@dataclass(frozen=True, slots=True)
class Fault:
    """An audit that failed, and how to see it again."""

    kind: str
    number: int
    told: str


@cache
def pools() -> tuple[tuple[Any, ...], ...]:
    """The JSON of the corpus, a tuple for each folder; of the fixtures where there is no corpus."""
    root = CORPUS if CORPUS.is_dir() else ESTATES
    folders: dict[str, list[Any]] = defaultdict(list)
    for path in sorted(root.rglob("*.json")):
        if path.stat().st_size < 1 << 20:
            folders[str(path.parent)].append(json.loads(path.read_bytes()))
    return tuple(tuple(each) for each in folders.values())


@cache
def estates() -> tuple[tuple[Any, ...], ...]:
    """The resources of each fixture estate."""
    found = []
    for folder in sorted(ESTATES.iterdir()):
        files = [json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))]
        if files:
            found.append(tuple(each for file in files for each in _resources(file)))
    return tuple(found)


def _resources(told: Any) -> list[Any]:
    if isinstance(told, dict) and isinstance(told.get("value"), list):
        return list(told["value"])
    return list(told) if isinstance(told, list) else [told]


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a tree, as container and key."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        item = waiting.pop()
        for key in list(item) if isinstance(item, dict) else range(len(item)):
            found.append((item, key))
            if isinstance(item[key], (dict, list)):
                waiting.append(item[key])
    return found


def mutate(value: Any, source: random.Random, most: int = 4) -> Any:
    """Delete, replace, respell, double or move something, some times."""
    for _ in range(source.randint(1, most)):
        spots = places(value)
        if not spots:
            return value
        container, key = source.choice(spots)
        action = source.randrange(7)
        if action == 0:
            del container[key]
        elif action == 1:
            container[key] = copy.deepcopy(source.choice(ODD))
        elif action == 2 and isinstance(container, dict):
            container[str(key).swapcase()] = container.pop(key)
        elif action == 3 and isinstance(container[key], str):
            text = container[key]
            container[key] = source.choice([text.upper(), text.title(), text.strip(), list(text)])
        elif action == 4 and isinstance(container, list):
            container.insert(key, copy.deepcopy(container[key]))
        elif action == 5:
            container[key] = [container[key]]
        else:
            other, at = source.choice(spots)
            if at in other if isinstance(other, dict) else at < len(other):
                container[key] = copy.deepcopy(other[at])
    return value


def corpus_mutant(source: random.Random) -> Any:
    """One to four files of one folder of the corpus, spoilt."""
    pool = source.choice(pools())
    chosen = source.sample(pool, min(len(pool), source.randint(1, 4)))
    if len(chosen) == 1 and source.random() < 0.5:
        return mutate(copy.deepcopy(chosen[0]), source)
    resources = [each for file in chosen for each in source.sample(_resources(file), 1)]
    return {"value": mutate(copy.deepcopy(resources), source)}


def estate_mutant(source: random.Random) -> Any:
    """Some resources of a fixture estate, spoilt."""
    estate = source.choice(estates())
    chosen = source.sample(estate, min(len(estate), source.randint(3, 25)))
    return {"value": mutate(copy.deepcopy(chosen), source, 8)}


def grown(source: random.Random) -> Any:
    """An estate grown from what `auditor.resources` declares: plausible in form, not in sense."""
    kinds = sorted(TYPES)
    chosen = [source.choice(kinds) for _ in range(source.randint(2, 10))]
    names = [source.choice("abc") for _ in chosen]
    ids = [_id(kind, name) for kind, name in zip(chosen, names, strict=True)]
    ids += [f"{each}/{tail}" for each in ids[:4] for tail in ("subnets/x", "ipConfigurations/x")]
    resources = []
    for kind, name, arm_id in zip(chosen, names, ids, strict=False):
        body = _struct(TYPES[kind], source, ids, 0)
        resources.append({**body, "id": arm_id, "name": name, "type": kind})
    return {"value": resources}


def _id(kind: str, name: str) -> str:
    provider, *segments = kind.split("/")
    tail = "".join(f"/{each}/{name}" for each in segments)
    return f"/subscriptions/s/resourceGroups/g/providers/{provider}{tail}"


def _struct(cls: type[Wire], source: random.Random, ids: list[str], depth: int) -> Any:
    if issubclass(cls, Ref):
        return {"id": source.choice(ids)}
    body = {}
    for field in msgspec.structs.fields(cls):
        if not field.encode_name.startswith(HIDDEN) and source.random() < 0.75:
            body[field.encode_name] = _value(field.encode_name, field.type, source, ids, depth)
    if issubclass(cls, Node):
        body |= {"id": f"{source.choice(ids)}/parts/x"} if source.random() < 0.2 else {}
        body["name"] = source.choice("xyz")
    return body


def _value(key: str, hint: Any, source: random.Random, ids: list[str], depth: int) -> Any:
    if source.random() < 0.01:
        return copy.deepcopy(source.choice(ODD))
    hint = bare(hint)
    if isinstance(hint, type) and issubclass(hint, Wire):
        return _struct(hint, source, ids, depth + 1) if depth < 8 else {}
    if get_origin(hint) is list:
        many = range(source.randint(0, 3))
        return [_value(key, get_args(hint)[0], source, ids, depth + 1) for _ in many]
    if get_origin(hint) is dict:
        return {source.choice("xyz"): _value("", get_args(hint)[1], source, ids, depth + 1)}
    return _scalar(key, hint, source, ids)


def _scalar(key: str, hint: Any, source: random.Random, ids: list[str]) -> Any:
    form = next((m.extra["is"] for m in getattr(hint, "__metadata__", ()) if m.extra), "")
    seen = vocabulary().get(key.lower(), ())
    if form == "id":
        return source.choice(ids)
    if seen and source.random() < 0.8:
        return source.choice(seen)
    if form == "ports":
        return source.choice(["*", "22", "80-443", "0-65535", "", "65535"])
    if form:
        return source.choice(
            CIDRS if form in ("cidr", "address") else [*CIDRS, "*", "Internet", "Sql.West", ""]
        )
    if get_origin(hint) in (Union, types.UnionType):
        hint = source.choice(get_args(hint))
    choices: dict[Any, list[Any]] = {
        int: [0, 1, 2, 22, 443, 4096, 65535, -1, 10**12],
        float: [0.0, 1.5, -1e9],
        bool: [True, False],
    }
    return source.choice(choices.get(hint, ["x", "", "Succeeded", "Enabled", "Standard", "a.b.c"]))


@cache
def vocabulary() -> dict[str, tuple[Any, ...]]:
    """The scalars that the fixture estates write under each key."""
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for estate in estates():
        for container, key in places(list(estate)):
            value = container[key]
            if isinstance(container, dict) and not isinstance(value, (dict, list)):
                found[key.lower()][json.dumps(value)] = value
    return {key: tuple(values.values()) for key, values in found.items()}


KINDS: dict[str, Callable[[random.Random], Any]] = {
    "corpus": corpus_mutant,
    "estate": estate_mutant,
    "grown": grown,
}


def estate_of(kind: str, number: int, seed: int) -> bytes:
    """The text of one estate: the same for the same three."""
    made = KINDS[kind](random.Random(f"{seed} {kind} {number}"))
    return json.dumps(made).encode("utf-8", "surrogatepass")


def audit(text: bytes, *arguments: str) -> tuple[int, str, str]:
    """Check a text as if it came from standard input; give status, output and errors."""
    out, err, stdin = io.StringIO(), io.StringIO(), sys.stdin
    sys.stdin = Stdin(text)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            status = auditor(["check", "-", "--as-of", DAY, "--report", "json", *arguments])
    finally:
        sys.stdin = stdin
    return status, out.getvalue(), err.getvalue()


def fault_of(text: bytes, *arguments: str) -> str:
    """Say what is wrong with the audit of a text; empty when nothing is."""
    try:
        status, out, err = audit(text, *arguments)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return f"raised {type(error).__name__}: {error}"
    if any(word in err for word in OURS) or status not in (0, 1, 3):
        return f"status {status}: {err.strip()}"
    if status == 3:
        return "" if err.startswith("auditor: no audit was performed\n") else f"said {err!r}"
    told = [each["message"] for each in json.loads(out)["findings"]]
    return next((each for each in told if any(word in each for word in OURS)), "")


def faults(kind: str, numbers: range, seed: int) -> Iterator[Fault]:
    """Audit estates of a kind; give those that fail."""
    others = [name for name in registry.renderer_names() if name != "json"]
    for number in numbers:
        source = random.Random(number)
        arguments = [f"--report={source.choice(others)}={os.devnull}"]
        if source.random() < 0.75:
            arguments.append("--keep-going")
        told = fault_of(estate_of(kind, number, seed), *arguments)
        if told:
            yield Fault(kind, number, told)


def main() -> int:
    """Audit as many estates as asked for; 1 when one of them failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--mutants", type=int, default=20_000, help="of each kind, a third")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--save", metavar="DIR", type=Path, help="write what fails here")
    options = parser.parse_args()
    console = Console(stderr=True)
    kinds = options.kind or list(KINDS)
    each = -(-options.mutants // len(kinds))
    found: Counter[str] = Counter()
    for kind in kinds:
        for number in track(range(each), kind, console=console, disable=not console.is_terminal):
            for fault in faults(kind, range(number, number + 1), options.seed):
                if found[fault.told] == 0:
                    print(f"{kind} {number}: {fault.told}", flush=True)
                found[fault.told] += 1
                if options.save:
                    text = estate_of(kind, number, options.seed)
                    (options.save / f"{kind}-{number}.json").write_bytes(text)
    print(f"{each * len(kinds)} estates, {found.total()} failed in {len(found)} ways")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
