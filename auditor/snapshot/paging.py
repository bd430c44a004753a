"""Whether the pages of one list are all in the input, and what stays open where they are not.

Azure gives long lists in pages, each an answer of its own, and none says which page it is. Rows of
Resource Graph tell how many there are in all, so that they can be counted; pages of ARM do not.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

from msgspec.structs import replace

from auditor import ids
from auditor.ids import fold
from auditor.snapshot.document import Gap, Record
from auditor.snapshot.formats.document import Page
from auditor.snapshot.formats.lists import list_path

_LIST = re.compile(
    r"/subscriptions/[^/]+(?:/resourcegroups/[^/]+)?/(?:resources|providers/.+)", re.I
)


def open_pages(pages: Sequence[Page]) -> Iterator[Gap]:
    """Give the gap of each page whose neighbours are not in the input, with the lists it hides."""
    if all(page.gap is None for page in pages):
        return
    counted = _counted(page for page in pages if page.gap is not None)
    ended = {_lists(page.records) for page in pages if page.gap is None and page.total is None}
    for page in pages:
        if page.gap is None or page.total in counted:
            continue
        lists = _lists(page.records)
        if page.link and lists and lists in ended:
            yield replace(page.gap, kind="lossy", detail=_PERHAPS)
        else:
            named = _named(page.link)
            yield replace(page.gap, hides=(named,) if named else _hidden(page))


_PERHAPS = (
    "one page of several: `nextLink` names another, and the last page of such a list is here, too; "
    "nothing tells whether all pages between are"
)


def _counted(pages: Iterable[Page]) -> frozenset[int]:
    """The totals that the pages which name them make up: each row once, and one page the last."""
    alike: dict[int, list[Page]] = defaultdict(list)
    for page in pages:
        if page.total is not None:
            alike[page.total].append(page)
    return frozenset(
        total
        for total, found in alike.items()
        if sum(page.rows for page in found) == total
        and sum(not page.more for page in found) == 1
        and _all_apart(found)
    )


def _all_apart(pages: list[Page]) -> bool:
    told = [fold(record.id) for page in pages for record in page.records]
    return len(set(told)) == len(told)


def _named(link: str) -> str:
    """The path of the list that a `nextLink` goes on with, where it is one of a subscription."""
    try:
        path = urlsplit(link).path.rstrip("/")
    except ValueError:
        return ""
    return path if _LIST.fullmatch(path) else ""


def _hidden(page: Page) -> tuple[str, ...]:
    """What more there may be of: the one type of the rows, else anything of their subscriptions."""
    lists = _lists(page.records)
    types = {kind for _, kind in lists}
    if len(types) == 1:
        return tuple(sorted(list_path(kind, home) for home, kind in lists))
    return tuple(sorted({home for home, _ in lists}))


def _lists(records: Iterable[Record]) -> frozenset[tuple[str, str]]:
    """The subscriptions and top-level types of records, folded."""
    found = set()
    for record in records:
        folded = fold(record.id)
        home, kind = ids.subscription(folded), ids.type_of(folded)
        if home and kind:
            found.add((f"/subscriptions/{home}", kind))
    return frozenset(found)
