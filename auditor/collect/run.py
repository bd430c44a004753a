"""One run: resolve the scope, let each source do its work, write the document."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from auditor.collect.clusters import Clusters
from auditor.collect.crew import Crew
from auditor.collect.desk import Workplace
from auditor.collect.options import Options
from auditor.collect.outcome import Outcome
from auditor.collect.scoping import resolve
from auditor.collect.spool import Done, Index, Spool
from auditor.collect.sweep import ArmSweep
from auditor.collect.work import Scope, Source, Work
from auditor.snapshot.transport import Traffic, Transport

Watcher = Callable[[str, int, int], None]
"""Told of progress: a kind, how many of its lists are known of, and how many of them ended."""


@dataclass(slots=True)
class Run:
    """A run over one spool."""

    transport: Transport
    spool: Spool
    options: Options
    crew: Crew
    watcher: Watcher = lambda _kind, _known, _ended: None
    scope: Scope | None = None
    _known: dict[str, int] = field(default_factory=dict)
    _ended: dict[str, int] = field(default_factory=dict)
    _keys: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def collect(self) -> Scope:
        """Read everything; give what it was about.

        Raises AuditorError when nothing can be read at all.
        """
        index = Index(self.spool)
        self.scope = resolve(self._perform_now, self.options)
        for source in sources(self.options, self.transport):
            self.crew.run(
                self._new(source.works(index, self.scope)),
                lambda work: self._perform(work, index),
                self._tick,
            )
        return self.scope

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
        for kind, known, ended in states:
            self.watcher(kind, known, ended)


def sources(options: Options, transport: Transport) -> Sequence[Source]:
    """Give what finds work to do, in the order in which it is done.

    Raises UsageError when one of them cannot do what is asked for.
    """
    found: list[Source] = [ArmSweep()]
    if options.kubernetes is not None or options.kubeconfig is not None:
        found.append(Clusters(options, transport.token))
    return found


def traffic_for(crew: Crew) -> Traffic:
    """Give a count of calls that slows a crew down when Azure asks for it."""
    return Traffic(crew.slow_down)
