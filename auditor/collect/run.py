"""One run: resolve the scope, let each source do its work, write the document."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from auditor.collect import document
from auditor.collect.clusters import Clusters
from auditor.collect.crew import Crew
from auditor.collect.desk import Workplace
from auditor.collect.effective import Effective
from auditor.collect.graph import MANY, GraphSweep
from auditor.collect.options import Options
from auditor.collect.outcome import Outcome
from auditor.collect.scoping import resolve, unmatched
from auditor.collect.spool import Done, Index, Spool, chosen
from auditor.collect.sweep import ArmSweep, scope_words
from auditor.collect.tags import ServiceTags
from auditor.collect.work import Member, Scope, Source, Work
from auditor.errors import NothingRead
from auditor.snapshot.document import Gap
from auditor.snapshot.transport import Traffic, Transport

Watcher = Callable[[Sequence[tuple[str, int, int]]], None]
"""Told of progress: of each kind, how many lists are known of, and how many of them ended."""


@dataclass(slots=True)
class Run:
    """A run over one spool."""

    transport: Transport
    spool: Spool
    options: Options
    crew: Crew
    watcher: Watcher = lambda _states: None
    scope: Scope | None = None
    missing: Sequence[Gap] = ()
    index: Index = field(init=False)
    _known: dict[str, int] = field(default_factory=dict)
    _ended: dict[str, int] = field(default_factory=dict)
    _keys: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def collect(self) -> Scope:
        """Read everything; give what it was about.

        Raises AuditorError when nothing can be read at all.
        """
        index = self.index = Index(self.spool)
        self.scope = resolve(self._perform_now, self.options)
        for source in sources(self.options, self.transport):
            self.crew.run(
                self._new(source.works(index, self.scope)),
                lambda work: self._perform(work, index),
                self._tick,
            )
        self.missing = (*document.gaps(self.spool), *unmatched(self.scope, self.spool, index))
        self._must_have_read_something()
        return self.scope

    def _must_have_read_something(self) -> None:
        if chosen(self.spool, Member.RESOURCES) or not self.missing:
            return
        first = self.missing[0]
        more = f" (and {len(self.missing) - 1} more)" if len(self.missing) > 1 else ""
        raise NothingRead(
            f"nothing could be read: {first.subject}: {first.detail}{more}",
            advice="give the credential the role Reader, or choose another with --credential",
        )

    def told_scope(self) -> Sequence[str]:
        """Say what was read: subscriptions, or resource groups with those of their clusters."""
        assert self.scope is not None
        return scope_words(self.scope, self.index)

    def _new(self, works: Iterable[Work]) -> list[Work]:
        """Leave out what was given before, and count the rest."""
        with self._lock:
            fresh = []
            for work in works:
                if work.key not in self._keys:
                    self._keys.add(work.key)
                    self._known[work.kind] = self._known.get(work.kind, 0) + 1
                    fresh.append(work)
            return fresh

    def _perform(self, work: Work, index: Index) -> list[Work]:
        done = self._perform_now(work)
        with self._lock:
            self._ended[work.kind] = self._ended.get(work.kind, 0) + 1
        return self._new(work.then(done.entries, index))

    def _perform_now(self, work: Work) -> Done:
        done = self.spool.done(work.key)
        if done is not None:
            return done
        desk = Workplace(self.transport, self.spool, self.crew.stopping)
        outcome: Outcome = work.read(desk)
        done = Done(
            key=work.key,
            kind=work.kind,
            subject=work.subject or work.key,
            state=outcome.state.value,
            detail=outcome.detail,
            entries=tuple(desk.entries),
            dropped=tuple(desk.dropped),
        )
        self.spool.finish(done)
        return done

    def _tick(self) -> None:
        with self._lock:
            states = [(kind, n, self._ended.get(kind, 0)) for kind, n in self._known.items()]
        self.watcher(states)


def sources(options: Options, transport: Transport) -> Sequence[Source]:
    """Give what finds work to do, in the order in which it is done.

    Raises UsageError when one of them cannot do what is asked for.
    """
    sweeps: dict[str, Source] = {"arm": ArmSweep(), "graph": GraphSweep()}
    sweep = sweeps.get(options.sweep, GraphSweep(least=MANY))
    found: list[Source] = [sweep, ServiceTags()]
    if options.effective:
        found.append(Effective())
    if options.kubernetes is not None or options.kubeconfig is not None:
        found.append(Clusters(options, transport.token))
    return found


def traffic_for(crew: Crew) -> Traffic:
    """Give a count of calls that slows a crew down when Azure asks for it."""
    return Traffic(crew.slow_down)
