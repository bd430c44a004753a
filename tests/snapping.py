"""`auditor snapshot` of the stand-in of Azure, in this process, as a test sees it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from .command import Command, Ran
from .standin import Estate, StandIn

ESTATES = Path(__file__).parents[1] / "fixtures/estates"


@dataclass(slots=True)
class Live:
    """A stand-in, and the command that reads it. `waits` are the seconds that retries waited."""

    azure: StandIn
    command: Command
    waits: list[float] = field(default_factory=list)
    output: Path = Path("live.json")

    def __call__(self, *arguments: str | Path, output: str | Path = "") -> Ran:
        """Run `auditor snapshot`, signed in, with its output in the folder of the command."""
        self.output = self.command.folder / (output or "live.json")
        own = ("--arm-endpoint", self.azure.base, "--authority", self.azure.base)
        with self.azure.signed():
            return self.command("snapshot", *own, "--output", self.output, *arguments)

    @property
    def document(self) -> Any:
        """The snapshot that was written."""
        content = self.output.read_bytes()
        return json.loads(gzip.decompress(content) if self.output.suffix == ".gz" else content)

    @property
    def resources(self) -> Mapping[str, Any]:
        """Its resources by folded id."""
        return {one["id"].lower(): one for one in self.document["resources"]}

    @property
    def gaps(self) -> list[tuple[str, str]]:
        """Its gaps: kind and subject."""
        return [(gap["kind"], gap["subject"]) for gap in self.document["gaps"]]

    def check(self, *arguments: str | Path) -> Ran:
        """Audit what was written."""
        return self.command("check", self.output, "--report", "json", *arguments)


@contextmanager
def living(
    estate: Estate, command: Command, patch: pytest.MonkeyPatch, **settings: Any
) -> Iterator[Live]:
    """Serve an estate. Retries do not sleep; what they would have slept is noted.

    Nor is Resource Graph paced, which Azure alone asks for: no test depends on seconds by it.
    """
    transport = pytest.importorskip("azure.core.pipeline.transport")
    with StandIn(estate, **settings) as azure:
        live = Live(azure, command)
        patch.setattr(transport.RequestsTransport, "sleep", lambda _, s: live.waits.append(s))
        patch.setattr("auditor.snapshot.pace.GRAPH_REFILL", 1_000)
        yield live
