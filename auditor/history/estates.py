"""Estates: what is compared with itself. A history may hold several, by name."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from auditor.errors import UsageError, quoted
from auditor.history.address import Address
from auditor.history.faults import HistoryError
from auditor.history.schema import ESTATE, RUN, storable
from auditor.ids import fold

DEFAULT = "default"
_LONGEST = 200


def named(name: str) -> str:
    """Check an estate's name. Raises UsageError for what is none."""
    if not name.strip() or len(name) > _LONGEST or not name.isprintable():
        raise UsageError(
            f"{quoted(name)} is no name for an estate",
            where="--estate",
            advice=f"give a printable word of at most {_LONGEST} characters",
        )
    return name


def locked(connection: Connection, name: str) -> tuple[int, str]:
    """Give an estate's id and horizon, made if it is new; its other writers wait from now on."""
    query = select(ESTATE.c.id, ESTATE.c.horizon).where(ESTATE.c.name == name).with_for_update()
    found = connection.execute(query).first()
    if found is None:
        try:
            with connection.begin_nested():
                connection.execute(insert(ESTATE).values(name=name, horizon=""))
        except IntegrityError:
            pass  # another writer made it meanwhile
        found = connection.execute(query).one()
    return found.id, found.horizon


def all_of(connection: Connection) -> list[str]:
    """Give the names of all estates, sorted."""
    return sorted(connection.execute(select(ESTATE.c.name)).scalars())


def found(connection: Connection, name: str | None, address: Address) -> tuple[int, str]:
    """Give an estate's id and name; without a name the only one.

    Raises UsageError for a name that is none, or when several are there and none is named.
    """
    names = all_of(connection)
    if not names:
        raise HistoryError("nothing has been recorded yet", where=address.shown)
    listed = "estates: " + ", ".join(quoted(each) for each in names)
    if name is None:
        if len(names) > 1:
            raise UsageError(
                "the history has several estates", where=address.shown, advice=f"--estate; {listed}"
            )
        name = names[0]
    if name not in names:
        raise UsageError(f"there is no estate {quoted(name)}", where=address.shown, advice=listed)
    query = select(ESTATE.c.id).where(ESTATE.c.name == name)
    return connection.execute(query).scalar_one(), name


def same(connection: Connection, estate: int, scope: Iterable[str], address: Address) -> None:
    """Raise UsageError when a snapshot covers nothing of what the estate's last one did.

    All that was found there would count as not told, and this as new, though nothing changed.
    """
    query = select(RUN.c.scope).where(RUN.c.estate_id == estate)
    last = connection.execute(query.order_by(RUN.c.at.desc(), RUN.c.id.desc()).limit(1)).scalar()
    before = [fold(each) for each in json.loads(last or "[]")]
    now = [fold(storable(each)) for each in scope]
    if before and now and not any(_meet(old, new) for old in before for new in now):
        raise UsageError(
            f"the snapshot covers {now[0]}, and the estate's last one {before[0]}",
            where=address.shown,
            advice="record it under a name of its own: --estate NAME",
        )


def _meet(one: str, other: str) -> bool:
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")
