"""Long-running questions: a POST that Azure takes up, and an address to ask again.

Azure says where by `Location` (the answer itself, once it is there), by `Azure-AsyncOperation` (an
account of how far it has come, with the answer in it), or by both; then the first is asked.
https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
"""

from __future__ import annotations

import time
from typing import Any

import msgspec

from auditor.collect.work import Desk
from auditor.snapshot.transport import Answer, Unanswered, retry_after

_ACCOUNTS = ("azure-asyncoperation", "operation-location")
_LONGEST_WAIT = 60.0
_USUAL_WAIT = 5.0


class _Account(msgspec.Struct, frozen=True):
    status: str
    properties: Any = None


_ACCOUNT = msgspec.json.Decoder(_Account)


def settled(desk: Desk, answer: Answer, patience: float, provider: str) -> Answer | None:
    """Ask again until there is an answer; None when it takes more than `patience` seconds.

    Raises Unanswered, ForeignAddress.
    """
    if answer.status != 202:
        return answer
    until = time.monotonic() + patience
    where = account = ""
    ended = None
    while ended is None:
        where = answer.headers.get("location") or where
        account = _account(answer) or account
        if not where and not account:
            raise Unanswered("Azure took the question up and did not say where it answers")
        if time.monotonic() > until:
            return None
        time.sleep(_wait(answer))
        answer = desk.send("GET", where or account, provider=provider)
        if answer.status == 404:
            raise Unanswered("Azure no longer knows the question")
        ended = _ended(answer)
    return ended


def _account(answer: Answer) -> str:
    return next((found for name in _ACCOUNTS if (found := answer.headers.get(name))), "")


def _ended(answer: Answer) -> Answer | None:
    """Give the answer, out of the account when it comes in one; None while Azure is at it."""
    if answer.status == 202:
        return None
    try:
        told = _ACCOUNT.decode(answer.body)
    except (msgspec.DecodeError, RecursionError):
        return answer
    match told.status.lower():
        case "succeeded":
            found = told.properties
            if isinstance(found, dict) and "value" not in found:
                found = found.get("output", found)
            return Answer(200, msgspec.json.encode(found)) if found else answer
        case "failed" | "canceled" as how:
            raise Unanswered(f"Azure gave the question up ({how})")
    return None


def _wait(answer: Answer) -> float:
    asked = retry_after(answer.headers)
    return _USUAL_WAIT if asked is None else min(max(asked, 0.01), _LONGEST_WAIT)
