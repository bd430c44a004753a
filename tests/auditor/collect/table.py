"""A transport that answers from a table, for what needs no network."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from auditor.collect.crew import Crew
from auditor.collect.desk import Workplace
from auditor.collect.options import Options
from auditor.collect.run import Run
from auditor.collect.spool import Spool, chosen
from auditor.collect.work import Member
from auditor.errors import AuditorError
from auditor.snapshot.transport import Answer, ForeignAddress

ENDPOINT = "https://arm.example"


def page(*elements: Any, link: str | None = None) -> Answer:
    """A page of a list."""
    told: dict[str, Any] = {"value": list(elements)}
    if link is not None:
        told["nextLink"] = link
    return Answer(200, json.dumps(told).encode())


def refusal(status: int, code: str = "", message: str = "") -> Answer:
    """An error as Azure words it."""
    return Answer(status, json.dumps({"error": {"code": code, "message": message}}).encode())


@dataclass
class Table:
    """Answers by path without its query (any letter case); an empty list where nothing is told."""

    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    endpoint: str = ENDPOINT
    otherwise: Callable[[str], Answer] = lambda _path: page()
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(
        self, method: str, url: str, body: bytes | None = None, *, provider: str = ""
    ) -> Answer:
        if (not url.startswith("/") or url.startswith("//")) and not url.startswith(ENDPOINT + "/"):
            raise ForeignAddress(url)
        parts = urlsplit(url.removeprefix(ENDPOINT))
        with self.lock:
            self.asked.append(url.removeprefix(ENDPOINT))
        for key in (f"{parts.path}?{parts.query}", parts.path):
            answer = {k.lower(): v for k, v in self.answers.items()}.get(key.lower())
            if isinstance(answer, Exception):
                raise answer
            if isinstance(answer, list):
                return answer.pop(0) if len(answer) > 1 else answer[0]  # type: ignore[no-any-return]
            if isinstance(answer, Answer):
                return answer
        return self.otherwise(parts.path)

    def token(self, scope: str) -> str:
        return f"token for {scope}"

    def paths(self) -> list[str]:
        return [urlsplit(url).path for url in self.asked]


def desk(table: Table, folder: Path) -> Workplace:
    """A place to work at, with a spool of its own."""
    return Workplace(table, Spool(folder, b"{}"), threading.Event())


def collected(table: Table, folder: Path, **options: Any) -> Run:
    """Run over a table; the spool stays open."""
    told = Options(**{"subscriptions": ("s",), "sweep": "arm", "concurrency": 4, **options})
    run = Run(table, Spool(folder, b"{}"), told, Crew(told.concurrency))
    try:
        run.collect()
    except AuditorError:
        run.spool.close()
        raise
    return run


def records(run: Run) -> list[dict[str, Any]]:
    """The resources that the document would hold."""
    entries = chosen(run.spool, Member.RESOURCES)
    return [json.loads(run.spool.read(entry)) for entry in entries]
