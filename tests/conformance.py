"""Load each file of the corpus of recorded Azure JSON alone: `python -m tests.conformance`.

The corpus is not part of the project; without it there is nothing to do, and that is no failure.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from auditor.errors import InputError
from auditor.snapshot.load import load

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: its shape and records, or why it was refused."""

    file: str
    shape: str = ""
    records: int = 0
    gaps: tuple[str, ...] = ()
    refusal: str = ""

    @property
    def folder(self) -> str:
        """The first folder below the corpus."""
        return self.file.partition("/")[0]


def outcomes(corpus: Path) -> list[Outcome]:
    """Load every JSON file below `corpus`, each alone. Anything but an InputError escapes."""
    return [_outcome(corpus, path) for path in sorted(corpus.rglob("*.json"))]


def _outcome(corpus: Path, path: Path) -> Outcome:
    name = path.relative_to(corpus).as_posix()
    try:
        snapshot = load([str(path)])
    except InputError as error:
        return Outcome(name, refusal=error.what.partition(":")[0])
    gaps = tuple(sorted({gap.kind for gap in snapshot.gaps}))
    return Outcome(name, snapshot.sources[0].shape, len(snapshot.records), gaps)


def tables(found: list[Outcome]) -> list[Table]:
    """Give the table by folder and shape, and the reasons of the refusals."""
    loaded = Table("folder", "shape", "files", "records", "gaps", title="Loaded")
    groups = sorted({(one.folder, one.shape) for one in found if not one.refusal})
    for folder, shape in groups:
        members = [one for one in found if (one.folder, one.shape) == (folder, shape)]
        gaps = Counter(kind for one in members for kind in one.gaps)
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(gaps.items()))
        records = sum(one.records for one in members)
        loaded.add_row(folder, shape, str(len(members)), str(records), told)
    refused = Table("folder", "reason", "files", title="Refused")
    reasons = Counter((one.folder, one.refusal) for one in found if one.refusal)
    for (folder, reason), count in sorted(reasons.items()):
        refused.add_row(folder, reason, str(count))
    return [loaded, refused]


def main() -> int:
    """Print the tables; 1 when a file was neither loaded nor refused."""
    console = Console()
    if not CORPUS.is_dir():
        console.print(f"No corpus at {CORPUS}: nothing to load, nothing wrong.")
        return 0
    found = outcomes(CORPUS)
    for table in tables(found):
        console.print(table)
    refused = sum(1 for one in found if one.refusal)
    console.print(f"{len(found)} files: {len(found) - refused} loaded, {refused} refused.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
