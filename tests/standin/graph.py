"""Resource Graph: one POST for many subscriptions, in what inventories use of its language.

A query is a table and clauses joined by `|`: `where COLUMN =~ 'x'`, `== 'x'`, `in~ ('x', 'y')`,
`in (...)`, `startswith`, joined by `and`; `project` of columns; `order by id`; `take`. What it
does not know is refused as Resource Graph refuses a wrong query, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from .estate import Estate, Resource, group_of, kind_of, subscription_of

COLUMNS: tuple[str, ...] = (
    *("id", "name", "type", "tenantId", "kind", "location", "resourceGroup", "subscriptionId"),
    *("managedBy", "sku", "plan", "properties", "tags", "identity", "zones", "extendedLocation"),
)
HIDDEN = "apiVersion"
"""A column that a row only has when it is projected."""

VERSION = "2023-09-01"
"""The api-version in which Resource Graph is said to have taken everything in."""

CONTAINERS = "resourcecontainers"
MOST_ROWS = 1_000
MOST_BYTES = 16 << 20

_TABLES: dict[str, tuple[str, ...]] = {
    "networkresources": (
        "microsoft.network/firewallpolicies/rulecollectiongroups",
        "microsoft.network/networkmanagers/",
        "microsoft.network/networksecurityperimeters/",
    ),
    "dnsresources": (
        *(f"microsoft.network/dnszones/{one}" for one in ("a", "aaaa", "cname", "mx", "ns")),
        *(f"microsoft.network/dnszones/{one}" for one in ("ptr", "soa", "srv", "txt", "caa")),
        *(f"microsoft.network/privatednszones/{one}" for one in ("a", "aaaa", "cname", "mx")),
        *(f"microsoft.network/privatednszones/{one}" for one in ("ptr", "soa", "srv", "txt")),
    ),
    "computeresources": ("microsoft.compute/virtualmachinescalesets/virtualmachines",),
    "authorizationresources": ("microsoft.authorization/roleassignments",),
    "insightsresources": ("microsoft.insights/datacollectionruleassociations",),
}
_CHILDREN_IN_RESOURCES = (
    "microsoft.network/privatednszones/virtualnetworklinks",
    "microsoft.network/networkwatchers/flowlogs",
)

Test = Callable[[dict[str, Any]], bool]


class Refused(Exception):
    """A query that Resource Graph would not run."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query, read."""

    table: str
    tests: tuple[Test, ...]
    columns: tuple[str, ...]
    ordered: bool


def table_of(kind: str) -> str | None:
    """Give the table that a folded type stands in, nothing if Resource Graph lacks it."""
    for table, beginnings in _TABLES.items():
        if any(kind == one or (one[-1] == "/" and kind.startswith(one)) for one in beginnings):
            return table
        if table == "computeresources" and kind.startswith(beginnings[0]):
            return table
    if kind.count("/") == 1 or kind in _CHILDREN_IN_RESOURCES:
        return None if kind == "microsoft.insights/diagnosticsettings" else "resources"
    return None


def rows(
    estate: Estate,
    query: Query,
    subscriptions: set[str],
    tenant: str,
    unreadable: Container[str] = (),
) -> list[bytes]:
    """Give the rows of a query, each as JSON text, by id; none of a folded type unreadable."""
    found = []
    if query.table == CONTAINERS:
        resources = list(_containers(estate))
    else:
        resources = [one for each in subscriptions for one in estate.of_subscription(each)]
    for resource in resources:
        key = resource.key
        if subscription_of(key) not in subscriptions:
            continue
        if query.table != CONTAINERS and table_of(kind_of(key)) != query.table:
            continue
        if query.table != CONTAINERS and kind_of(key) in unreadable:
            continue
        row = _row(resource, tenant)
        if all(test(row) for test in query.tests):
            found.append((key, row))
    found.sort(key=lambda pair: pair[0], reverse=not query.ordered)
    return [msgspec.json.encode({name: row[name] for name in query.columns}) for _, row in found]


def _containers(estate: Estate) -> Iterator[Resource]:
    kind = "microsoft.resources/subscriptions"
    for key, name in estate.subscriptions.items():
        arm_id = f"/subscriptions/{name}"
        row = {"id": arm_id, "name": f"Subscription {name[:8]}", "type": kind}
        yield Resource(arm_id, kind, msgspec.json.encode(row))
        for group in estate.groups.get(key, {}).values():
            row = {"id": f"{arm_id}/resourceGroups/{group}", "name": group}
            row["type"] = f"{kind}/resourcegroups"
            yield Resource(row["id"], row["type"], msgspec.json.encode(row))


def _row(resource: Resource, tenant: str) -> dict[str, Any]:
    body = resource.decoded()
    row = {name: body.get(name) for name in COLUMNS}
    row["type"] = kind_of(resource.key) if "/providers/" in resource.key else resource.type
    row["kind"] = row["kind"] or ""
    row["location"] = row["location"] or ""
    row["managedBy"] = row["managedBy"] or ""
    row["tenantId"] = tenant
    row["subscriptionId"] = subscription_of(resource.key)
    row[HIDDEN] = VERSION if "/providers/" in resource.key else None
    row["resourceGroup"] = group_of(resource.key)
    return row


def read(text: str) -> Query:
    """Read a query, or refuse it."""
    table, *clauses = (part.strip() for part in text.split("|"))
    tests: list[Test] = []
    columns, ordered = COLUMNS, False
    for clause in clauses:
        word, _, rest = clause.partition(" ")
        if word.lower() == "where":
            tests += [_test(one.strip()) for one in re.split(r"\s+and\s+", rest)]
        elif word.lower() == "project":
            columns = tuple(_column(name) for name in rest.split(","))
        elif re.fullmatch(r"(order|sort) by id( asc)?", clause, re.IGNORECASE):
            ordered = True
        else:
            raise Refused(f"Query is invalid: {clause}")
    if table.lower() not in {"resources", CONTAINERS, *_TABLES}:
        raise Refused(f"Query is invalid: table {table}")
    return Query(table.lower(), tuple(tests), columns, ordered)


def _column(name: str) -> str:
    name = name.strip()
    if name not in (*COLUMNS, HIDDEN):
        raise Refused(f"Failed to resolve scalar expression named '{name}'")
    return name


def _test(text: str) -> Test:
    found = re.fullmatch(r"(\w+)\s*(=~|==|in~|in|startswith)\s*\(?(.*?)\)?", text, re.IGNORECASE)
    if found is None:
        raise Refused(f"Query is invalid: {text}")
    column, operator = _column(found[1]), found[2].lower()
    values = list(_literals(found[3]))
    folded = {value.lower() for value in values}

    def test(row: dict[str, Any]) -> bool:
        value = str(row[column])
        if operator in ("==", "in"):
            return value in values
        if operator == "startswith":
            return value.lower().startswith(values[0].lower())
        return value.lower() in folded

    return test


def _literals(text: str) -> Iterator[str]:
    for part in text.split(","):
        part = part.strip()
        if len(part) < 2 or part[0] not in "'\"" or part[-1] != part[0]:
            raise Refused(f"Query is invalid: {part}")
        yield part[1:-1]
