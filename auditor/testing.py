"""For people who write rules: networks in two lines, and a rule asked by id.

::

    network = estate(
        resource("Microsoft.Network/virtualNetworks", "hub",
                 {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}),
    )
    assert ask("ADR-007", network).broken == []
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from auditor import ids
from auditor.engine import judge
from auditor.finding import Finding, Unknown
from auditor.intent import Intent
from auditor.network.build import build
from auditor.network.graph import Network
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.registry import rules
from auditor.rule import Rule, values_of
from auditor.snapshot.document import (
    Dialect,
    Gap,
    KubernetesList,
    KubernetesObject,
    Record,
    Snapshot,
    Source,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""The moment test networks are judged at unless told otherwise."""

SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"


def arm_id(type: str, *names: str, group: str = "rg") -> str:
    """Give an id: `arm_id("Microsoft.Network/virtualNetworks/subnets", "hub", "app")`."""
    provider, *kinds = type.split("/")
    tail = "".join(f"/{kind}/{name}" for kind, name in zip(kinds, names, strict=True))
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/{provider}{tail}"


def resource(
    type: str,
    name: str,
    properties: dict[str, Any] | None = None,
    *,
    group: str = "rg",
    **more: Any,
) -> dict[str, Any]:
    """Give an ARM resource; `name` may be `parent/child`; `more` goes beside `properties`."""
    return {
        "id": arm_id(type, *name.split("/"), group=group),
        "name": name.rpartition("/")[2],
        "type": type,
        "location": "westeurope",
        "properties": properties or {},
        **more,
    }


def snapshot(
    *resources: dict[str, Any],
    gaps: tuple[Gap, ...] = (),
    kubernetes: tuple[KubernetesObject, ...] = (),
    kubernetes_lists: tuple[KubernetesList, ...] = (),
    taken_at: str | None = None,
    unresolved: tuple[tuple[str, str], ...] = (),
    shape: str = "ARM REST list",
) -> Snapshot:
    """Give a snapshot of resources as if read from one list; `unresolved` applies to each.

    `shape` is that of the file; `auditor snapshot` holds all of every list but for the gaps.
    """
    text = msgspec.json.encode({"value": resources})
    records = []
    start = len(b'{"value":[')
    for number, each in enumerate(resources):
        body = msgspec.json.encode(each)
        records.append(
            Record(
                id=each["id"],
                type=each.get("type") or ids.type_of(each["id"]) or "",
                body=body,
                source=0,
                start=start,
                pointer=f"/value/{number}",
                dialect=Dialect.LOOSE if unresolved else Dialect.ARM,
                unresolved=unresolved,
            )
        )
        start += len(body) + 1
    records.sort(key=lambda record: ids.fold(record.id))
    source = Source("estate.json", shape, text)
    return Snapshot((source,), records, gaps, kubernetes, kubernetes_lists, taken_at=taken_at)


def estate(
    *resources: dict[str, Any],
    as_of: datetime = NOW,
    intents: tuple[Intent, ...] = (),
    tags: ServiceTags = NO_TAGS,
    **more: Any,
) -> Network:
    """Give the network of some resources, with what is intended; `more` as for `snapshot`."""
    built = build(snapshot(*resources, **more), as_of=as_of, intents=intents, tags=tags)
    return built.network


@dataclass(frozen=True, slots=True)
class Answer:
    """What one rule said of a network."""

    kept: int
    broken: list[Finding]
    unknown: list[Unknown]

    @property
    def names(self) -> list[str]:
        """The last segments of the broken subjects, sorted."""
        return sorted(ids.name(finding.subject) for finding in self.broken)


def ask(
    which: str | Rule[Any], network: Network, *, beside: Iterable[str] = (), **parameters: Any
) -> Answer:
    """Ask one rule, by id or as it is; `parameters` replace its defaults.

    `beside` names rules that run with it. A rule that fails raises here, where an audit would
    answer *unknown*.
    """
    known = rules()
    rule = known[which] if isinstance(which, str) else which
    given = {rule.id: _changed(rule.parameters, parameters)} if parameters else {}
    run, *_ = judge(network, [rule, *(known[other] for other in beside)], given)
    for outcome in run.outcomes:
        if isinstance(outcome, Unknown) and outcome.key == "failed":
            raise AssertionError(outcome.missing)
    return Answer(
        run.kept,
        [outcome for outcome in run.outcomes if isinstance(outcome, Finding)],
        [outcome for outcome in run.outcomes if isinstance(outcome, Unknown)],
    )


def _changed(defaults: Any, given: dict[str, Any]) -> Any:
    return type(defaults)(**{**values_of(defaults), **given})
