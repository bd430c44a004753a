"""What a rule is: an identity, a page, and a question asked of every subject.

A rule is a function in a file of its own; the file's docstring is its page::

    @rule("NSG-001", severity=Severity.HIGH, since="0.1.0", of=subnets)
    def subnet_without_nsg(network: Network, subnet: Subnet) -> Outcomes:
        if subnet.network_security_group is None:
            yield Finding(...)

`of` names the subjects; the function is called once for each and yields a `Finding` for every
way the subject breaks the rule, an `Unknown` when the snapshot does not tell, and nothing when
the rule is kept: silence means proved.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any, Generic, TypeAlias, TypeVar, get_args, get_type_hints, overload

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from auditor.errors import Undetermined
from auditor.finding import Finding, Severity, Unknown
from auditor.network.graph import Network
from auditor.network.reads import Reads
from auditor.resources.base import Node

__all__ = [
    "Finding",
    "Network",
    "Outcome",
    "Outcomes",
    "Reads",
    "Rule",
    "Severity",
    "Unknown",
    "apart",
    "refuse_nothing",
    "rule",
]

S = TypeVar("S")
P = TypeVar("P")

Outcome: TypeAlias = Finding | Unknown
Outcomes: TypeAlias = Iterator[Finding | Unknown]

_ID = re.compile(r"[A-Z][A-Z0-9]{1,7}-[0-9]{3}")
_FLUSH = re.compile(r"\n\S")
_NOTHING = Reads()


class BadRule(Exception):
    """A rule that cannot be loaded; says which module and why."""


class Rule(msgspec.Struct, Generic[S], frozen=True):
    """A rule, ready to be asked.

    `id` and `name` identify it, `title` is the page's first line, `page` the whole page in
    Markdown, `severity` its default, `since` the version that brought it. `subjects` gives what
    it judges, `check` judges one. `parameters` is the frozen struct of defaults or None.
    `controls` are compliance controls ("CIS 5.0/7.2", "MCSB/NS-3"), `peers` other tools' ids
    ("CKV_AZURE_10", "PSR:NSG.AnyInboundSource"). `on` is false for rules that run only when
    selected by id. `after` is true for rules about the audit itself, asked when all the others
    have spoken. `suspects` are the subjects that are not plainly in order, where many are: the
    others are not asked about. `reads` names what its silence rests on besides the subjects.
    """

    id: str
    name: str
    title: str
    page: str
    severity: Severity
    since: str
    subjects: Callable[[Network], Iterable[S]]
    check: Callable[..., Outcomes]
    parameters: Any = None
    controls: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()
    on: bool = True
    after: bool = False
    module: str = ""
    suspects: Callable[[Network], Collection[S]] | None = None
    reads: Reads = _NOTHING

    @property
    def family(self) -> str:
        """The id's first part: `NSG` of `NSG-001`."""
        return self.id.partition("-")[0]

    @property
    def judged(self) -> tuple[type[Node], ...]:
        """The classes of resources and parts that it judges, as `check` declares its subject."""
        try:
            hints = list(get_type_hints(self.check).values())
        except Exception:  # of names that only a type checker sees
            return ()
        arms = get_args(hints[1]) or (hints[1],) if len(hints) > 1 else ()
        return tuple(arm for arm in arms if isinstance(arm, type) and issubclass(arm, Node))

    def judge(self, network: Network, subject: S, parameters: Any = None) -> Outcomes:
        """Ask the rule about one subject; `parameters` replaces the defaults."""
        if self.parameters is None:
            return self.check(network, subject)
        return self.check(network, subject, parameters or self.parameters)


def apart(subject: str, parts: Iterable[tuple[str, P]], judge: Callable[[P], Outcomes]) -> Outcomes:
    """Judge independent parts of one subject, so that what is not told of one hides no other.

    `parts` pairs each part with the id that tells its *unknown* from the others'.
    """
    for key, part in parts:
        try:
            yield from judge(part)
        except Undetermined as unknown:
            related = (unknown.resource,) if unknown.resource else ()
            yield msgspec.structs.replace(not_told(subject, unknown, key), related=related)


def not_told(subject: str, unknown: Undetermined, key: str = "") -> Unknown:
    """Say of a subject what is not told: what is missing, who would tell it, and what to do."""
    told_by = unknown.resource
    return Unknown(
        subject,
        missing=unknown.missing,
        remedy=unknown.remedy,
        related=(told_by,) if told_by and told_by != subject else (),
        key=key,
        told_by=told_by,
    )


@overload
def rule(
    id: str,
    *,
    severity: Severity,
    since: str,
    of: Callable[[Network], Iterable[S]],
    controls: tuple[str, ...] = (),
    peers: tuple[str, ...] = (),
    on: bool = True,
    after: bool = False,
    suspects: Callable[[Network], Collection[S]] | None = None,
    reads: Reads = _NOTHING,
) -> Callable[[Callable[[Network, S], Outcomes]], Rule[S]]: ...


@overload
def rule(
    id: str,
    *,
    severity: Severity,
    since: str,
    of: Callable[[Network], Iterable[S]],
    parameters: type[P],
    controls: tuple[str, ...] = (),
    peers: tuple[str, ...] = (),
    on: bool = True,
    after: bool = False,
    suspects: Callable[[Network], Collection[S]] | None = None,
    reads: Reads = _NOTHING,
) -> Callable[[Callable[[Network, S, P], Outcomes]], Rule[S]]: ...


def rule(
    id: str,
    *,
    severity: Severity,
    since: str,
    of: Callable[[Network], Iterable[S]],
    parameters: type[Any] | None = None,
    controls: tuple[str, ...] = (),
    peers: tuple[str, ...] = (),
    on: bool = True,
    after: bool = False,
    suspects: Callable[[Network], Collection[S]] | None = None,
    reads: Reads = _NOTHING,
) -> Callable[[Callable[..., Outcomes]], Rule[S]]:
    """Make the decorated function a `Rule`; its module's docstring becomes the page.

    `parameters` is a frozen `msgspec.Struct` (or a frozen dataclass, which takes longer to make)
    whose fields all have defaults; the check then takes an instance as its third argument, and
    `[params.ID]` in auditor.toml sets the fields.
    """
    if not _ID.fullmatch(id):
        raise BadRule(f"{id!r} is no rule id; write FAMILY-000")

    def decorate(check: Callable[..., Outcomes]) -> Rule[S]:
        page = _page(check.__globals__.get("__doc__") or "")
        if not page:
            raise BadRule(f"{check.__module__}: the module needs a docstring, it is {id}'s page")
        if parameters is not None and not _is_frozen(parameters):
            raise BadRule(f"{check.__module__}: {parameters.__name__} must be a frozen struct")
        return Rule(
            id=id,
            name=check.__name__.replace("_", "-"),
            title=page.splitlines()[0],
            page=page,
            severity=severity,
            since=since,
            subjects=of,
            check=check,
            parameters=parameters() if parameters is not None else None,
            controls=controls,
            peers=peers,
            on=on,
            after=after,
            module=check.__module__,
            suspects=suspects,
            reads=reads,
        )

    return decorate


def _page(text: str) -> str:
    """Give a docstring as a page; those of modules are mostly flush with the margin."""
    return (text.expandtabs() if _FLUSH.search(text) else inspect.cleandoc(text)).strip()


def _is_frozen(cls: type[Any]) -> bool:
    if issubclass(cls, Struct):
        return cls.__struct_config__.frozen
    return is_dataclass(cls) and bool(cls.__dataclass_params__.frozen)  # type: ignore[attr-defined]


def parameter_fields(rule: Rule[Any]) -> dict[str, Any]:
    """Give the rule's parameters and their defaults, by name in kebab-case."""
    values = values_of(rule.parameters) if rule.parameters is not None else {}
    return {name.replace("_", "-"): value for name, value in values.items()}


def refuse_nothing(name: str, *values: Collection[object]) -> None:
    """Raise ValueError where parameters name nothing at all that a rule could look for.

    For the `__post_init__` of parameters: the rule would keep whatever it is asked about.
    """
    if not any(values):
        raise ValueError(f"without {name} nothing is judged; to leave the rule out, ignore it")


def values_of(parameters: Any) -> dict[str, Any]:
    """Give what parameters are set to, by field."""
    if isinstance(parameters, Struct):
        return asdict(parameters)
    return {field.name: getattr(parameters, field.name) for field in fields(parameters)}
