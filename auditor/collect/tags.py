"""What service tags stand for today: one question for the whole cloud.

The list of any region tells the tags of all of them (the region only decides which version of the
data answers), so that one call does, in a region that the estate uses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from auditor import ids
from auditor.collect.outcome import COMPLETE, Outcome, State
from auditor.collect.pages import ask, judge
from auditor.collect.work import Desk, Entry, Scope, Taken, Work
from auditor.snapshot.transport import Unanswered

KIND = "Microsoft.Network/serviceTags"
VERSION = "2024-05-01"
_NETWORKS = "microsoft.network/virtualnetworks"


class _Located(msgspec.Struct):
    location: str = ""


class _Tags(msgspec.Struct):
    id: str
    values: list[msgspec.Raw]
    next_link: str | None = msgspec.field(name="nextLink", default=None)


class ServiceTags:
    """Asks for the service tags once, where there is a virtual network. A `Source`."""

    def works(self, taken: Taken, scope: Scope) -> Iterable[Work]:
        """Give the one question, in the subscription and region that have most networks."""
        places = Counter(
            place for entry in taken.of_type(_NETWORKS) if (place := _place(entry, taken))
        )
        if not places:
            return
        subscription, location = min(places, key=lambda place: (-places[place], place))
        path = f"/subscriptions/{subscription}/providers/Microsoft.Network/locations/{location}"
        path += "/serviceTags"

        def read(desk: Desk) -> Outcome:
            return _take(desk, path)

        yield Work(path.lower(), KIND, read, path)


def _place(entry: Entry, taken: Taken) -> tuple[str, str] | None:
    try:
        location = msgspec.json.decode(taken.body(entry), type=_Located).location
    except msgspec.DecodeError:
        return None
    subscription = ids.subscription(entry.id)
    location = location.replace(" ", "").lower()
    return (subscription.lower(), location) if subscription and location.isalnum() else None


def _take(desk: Desk, path: str) -> Outcome:
    try:
        answer, version = ask(desk, path, VERSION, provider="Microsoft.Network")
    except Unanswered as reason:
        return Outcome(State.FAILED, f"{reason}, several times; try again later")
    if answer.status != 200:
        return Outcome(*judge(answer))
    try:
        tags = msgspec.json.decode(answer.body, type=_Tags)
    except (msgspec.DecodeError, RecursionError):
        return Outcome(State.FAILED, "the answer tells no service tags")
    desk.keep(answer.body, version=version, id=tags.id, type=KIND)
    return Outcome(State.PARTIAL, "only a first page") if tags.next_link else COMPLETE
