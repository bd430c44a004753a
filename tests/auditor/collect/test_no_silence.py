"""Whatever goes wrong, and wherever: what is missing from the snapshot, a gap of it tells.

Azure answers from the stand-in without a network. Each address may be faulty, by the dice.
"""

from __future__ import annotations

import json
import random
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
import pytest

from auditor.collect import document
from auditor.collect.crew import Crew
from auditor.collect.options import Options
from auditor.collect.run import Run
from auditor.collect.spool import Spool
from auditor.errors import AuditorError
from auditor.ids import parent
from auditor.snapshot.load import load
from auditor.snapshot.transport import Answer, ForeignAddress, Unanswered

from ...snapping import ESTATES
from ...standin import Estate
from ...standin.answers import Answers, Question
from ...standin.estate import lists_of

BASE = "https://arm.example"
CODES = ("X", "AuthorizationFailed", "ResourceNotFound", "NotFound")
FAULTS = (
    *(204, 302, 400, 401, 403, 404, 409, 429, 500, 503),
    *("unanswered", "html", "half", "no value", "loop", "elsewhere", "no ids", "null"),
)


@dataclass
class Faulty:
    """A transport; `share` of all addresses but the list of subscriptions are faulty for ever."""

    answers: Answers
    seed: int
    share: float
    endpoint: str = BASE
    met: list[tuple[str, object]] = field(default_factory=list)

    def send(
        self, method: str, url: str, body: bytes | None = None, *, provider: str = ""
    ) -> Answer:
        url = f"{BASE}{url}" if url.startswith("/") else url
        if not url.startswith(f"{BASE}/"):
            raise ForeignAddress(url)
        parts = urlsplit(url)
        path = unquote(parts.path).rstrip("/")
        query = {name.lower(): value for name, value in parse_qsl(parts.query)}
        told = self.answers.answer(Question(method, path.lower(), query, body or b"", path))
        answer = Answer(told.status, bytes(told.body), told.headers)
        dice = random.Random(f"{self.seed} {url.lower()}")
        if path == "/subscriptions" or dice.random() > self.share:
            return answer
        fault = dice.choice(FAULTS)
        self.met.append((path, fault))
        if isinstance(fault, int):
            error = {"error": {"code": dice.choice(CODES), "message": "m"}}
            return Answer(fault, json.dumps(error).encode())
        return spoilt(answer, fault, url)

    def token(self, scope: str) -> str:
        return scope


def spoilt(answer: Answer, fault: str, url: str) -> Answer:
    """An answer that looks like one."""
    match fault:
        case "unanswered":
            raise Unanswered("no connection")
        case "html":
            return Answer(200, b"<html>")
        case "half":
            return Answer(200, answer.body[: len(answer.body) // 2])
        case "no value":
            return Answer(200, b"{}")
        case "null":
            return Answer(200, b"null")
    page: Any = msgspec.json.decode(answer.body)
    if not isinstance(page, dict):
        return answer
    if fault == "no ids":
        page["value"] = [{"name": "x"}, None, {"id": None}, *page.get("value", ())]
    else:
        page["nextLink"] = url if fault == "loop" else "https://elsewhere.example/"
    return Answer(answer.status, msgspec.json.encode(page))


def told(key: str, gaps: set[str]) -> bool:
    """Whether a gap is about a list on which a resource stands, or what it is below of."""
    over: str | None = key
    while over is not None:
        whole = ["/".join(over.split("/")[:3]), "/".join(over.split("/")[:5])]
        places = {*lists_of(over), *whole, *(f"{each}/resources" for each in whole)}
        if places & gaps:
            return True
        over = parent(over)
    return False


@pytest.mark.parametrize("seed", range(24))
def test_what_is_missing_is_told(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    estate = Estate.of_path(
        ESTATES / dice.choice(["hub-and-spoke", "docker-to-aks-broken", "clean-company"])
    )
    names = sorted(name for groups in estate.groups.values() for name in groups)
    groups = (dice.choice(names),) if dice.random() < 0.3 else ()
    options = Options(resource_groups=groups, sweep=dice.choice(["arm", "graph"]), concurrency=1)
    answers = Answers(estate, BASE, page_size=dice.choice([1, 5, 100]))
    azure = Faulty(answers, seed, dice.choice([0.01, 0.03, 0.1]))
    path = tmp_path / "s.json"
    with closing(Spool(tmp_path / "part", b"{}")) as spool, path.open("wb") as out:
        run = Run(azure, spool, options, Crew(1))
        try:
            run.collect()
        except AuditorError:  # nothing at all could be read, and no snapshot is made
            return
        about = {"taken_at": "2026-11-29T00:00:00+00:00", "endpoint": BASE}
        document.write(out, spool, **about, scope=run.told_scope(), missing=run.missing)
    snapshot = load([str(path)])
    kept, gaps = set(snapshot.keys), {gap.subject.lower() for gap in snapshot.gaps}
    wanted = [
        key
        for key in estate.by_key
        if not groups or key.split("/")[3:5] == ["resourcegroups", groups[0]]
    ]
    silent = [key for key in wanted if key not in kept and not told(key, gaps)]
    assert silent == [], azure.met
