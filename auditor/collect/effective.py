"""What Azure itself says of running NICs: their effective security rules and routes.

Two long-running questions for each NIC of a virtual machine (fact P-13): a POST that Azure takes
up (202), and an address to ask again until the answer is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

import msgspec

from auditor import ids
from auditor.collect.catalogue import PLAIN
from auditor.collect.operations import settled
from auditor.collect.outcome import COMPLETE, Outcome, State
from auditor.collect.pages import ask, judge
from auditor.collect.work import Desk, Entry, Member, Scope, Taken, Work
from auditor.errors import quoted
from auditor.snapshot.transport import Answer, ForeignAddress, Unanswered

QUESTIONS = ("effectiveNetworkSecurityGroups", "effectiveRouteTable")
"""What is asked of each NIC, as the path spells it."""

ACTIONS = tuple(f"Microsoft.Network/networkInterfaces/{each}/action" for each in QUESTIONS)
"""What `--effective` may do that the role Reader may not."""

VERSION = "2024-05-01"
PATIENCE = 600.0
"""Seconds until an answer is given up; Azure takes ten to twenty."""

_PROVIDER = "Microsoft.Network"
_KIND = f"{_PROVIDER}/networkInterfaces"
_PROGRESS = "effective rules and routes"


class _Properties(msgspec.Struct):
    virtual_machine: Any = msgspec.field(name="virtualMachine", default=None)


class _Nic(msgspec.Struct):
    properties: _Properties | None = None


class _Rows(msgspec.Struct):
    value: list[msgspec.Raw]
    next_link: str | None = msgspec.field(name="nextLink", default=None)


class _Error(msgspec.Struct):
    code: str = ""
    message: str = ""


class _Said(msgspec.Struct):
    error: _Error = msgspec.field(default_factory=_Error)


class Effective:
    """Asks about each NIC of a virtual machine. A `Source`.

    NICs of nothing (and of private endpoints) have no answer. Instances of a uniform scale set are
    not asked about: Azure answers for NICs that are resources of their own.
    """

    def works(self, taken: Taken, scope: Scope) -> Iterable[Work]:
        """Give two questions for each NIC that a virtual machine has."""
        for entry in taken.of_type(_KIND):
            if _is_attached(entry, taken):
                for question in QUESTIONS:
                    yield _work(entry.id, question)


def _is_attached(entry: Entry, taken: Taken) -> bool:
    try:
        nic = msgspec.json.decode(taken.body(entry), type=_Nic)
    except (msgspec.DecodeError, RecursionError):
        return False
    return nic.properties is not None and bool(nic.properties.virtual_machine)


def _work(nic: str, question: str) -> Work:
    def read(desk: Desk) -> Outcome:
        return _take(desk, nic, question)

    # What a whole group's NICs are refused is one gap.
    group = f"/subscriptions/{ids.subscription(nic)}/resourceGroups/{ids.resource_group(nic)}"
    subject = f"{group}/providers/{_KIND}/{question}"
    return Work(f"{nic}/{question}".lower(), _PROGRESS, read, subject)


def _take(desk: Desk, nic: str, question: str) -> Outcome:
    try:
        path = f"{quote(nic, safe=PLAIN)}/{question}"
        taken_up, version = ask(desk, path, VERSION, method="POST", provider=_PROVIDER)
        answer = settled(desk, taken_up, PATIENCE, _PROVIDER)
    except Unanswered as reason:
        return _failed(nic, str(reason))
    except ForeignAddress:
        return _failed(nic, "its answer would be on another host")
    if answer is None:
        return _failed(nic, f"no answer within {PATIENCE:.0f} s")
    if answer.status != 200:
        return _judge(answer, nic, question)
    try:
        rows = msgspec.json.decode(answer.body, type=_Rows)
    except (msgspec.DecodeError, RecursionError):
        return _failed(nic, "the answer has no `value`")
    told = {"id": f"{nic}/{question}", "value": rows.value}
    desk.keep(
        msgspec.json.encode(told),
        version=version,
        id=f"{nic}/{question}",
        type=f"{_KIND}/{question}",
        member=Member.EFFECTIVE,
    )
    return _failed(nic, "only a first page") if rows.next_link else COMPLETE


def _judge(answer: Answer, nic: str, question: str) -> Outcome:
    if answer.status == 404:
        return COMPLETE  # gone since it was listed
    state, why = judge(answer)
    if state is State.DENIED:
        action = f"{_KIND}/{question}/action"
        return Outcome(
            state, f"refused ({answer.status}): it takes {action}, which the role Reader lacks"
        )
    if state.whole or _is_at_rest(answer):
        return COMPLETE
    return _failed(nic, why)


def _is_at_rest(answer: Answer) -> bool:
    """Whether Azure refuses because the machine does not run: then nothing is in force there."""
    if answer.status not in (400, 409):
        return False
    try:
        said = msgspec.json.decode(answer.body, type=_Said).error
    except (msgspec.DecodeError, RecursionError):
        return False
    return "running" in f"{said.code} {said.message}".lower()


def _failed(nic: str, why: str) -> Outcome:
    return Outcome(State.FAILED, f"{quoted(ids.name(nic))}: {why}")


def actions() -> Iterator[str]:
    """Give the permissions that the questions and their answers take."""
    yield from ACTIONS
    yield "Microsoft.Network/locations/operationResults/read"
