"""What clusters hold: objects of Kubernetes, through a kubeconfig or with credentials of Azure."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from urllib.parse import quote

import msgspec

from auditor.collect.catalogue import PLAIN
from auditor.collect.objects import take_objects
from auditor.collect.options import Options
from auditor.collect.outcome import COMPLETE, Outcome, State
from auditor.collect.pages import ask, judge
from auditor.collect.work import Desk, Entry, Member, Scope, Taken, Work
from auditor.errors import AuditorError
from auditor.ids import fold
from auditor.snapshot import cluster
from auditor.snapshot.cluster import ApiServer, Refused, kubeconfig_of, of_credentials
from auditor.snapshot.transport import ForeignAddress, Unanswered

CREDENTIALS = "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"
"""What `--kubernetes` without a kubeconfig may do that the role Reader may not."""

_VERSION = "2024-09-01"
_CLUSTERS = "Microsoft.ContainerService/managedClusters"
_PROGRESS = "Kubernetes objects"

Opener = Callable[[Desk], ApiServer]
"""Opens the API server of a cluster. Raises Refused, Unanswered, AuditorError."""


class Clusters:
    """Reads what is in one cluster of a kubeconfig, or in every AKS cluster in scope. A `Source`.

    Raises UsageError at once when the kubeconfig or the library is not as it must be.
    """

    def __init__(self, options: Options, token: Callable[[str], str]) -> None:
        self._token = token
        self._server: ApiServer | None = None
        if options.kubernetes or options.kubeconfig:
            self._server = cluster.of_kubeconfig(options.kubeconfig, options.kubernetes or None)
        else:
            cluster.require()

    def works(self, taken: Taken, scope: Scope) -> Iterable[Work]:
        """Give a first work for each cluster: whether it can be asked at all."""
        if self._server is not None:
            server = self._server
            return [_first(server.url, lambda _desk: server)]
        return [
            _first(entry.id, _opener(entry.id, self._token)) for entry in taken.of_type(_CLUSTERS)
        ]


def _opener(arm_id: str, token: Callable[[str], str]) -> Opener:
    """Ask Azure for the credentials of a cluster, once however many lists are read of it."""
    known: list[ApiServer] = []
    lock = threading.Lock()

    def open_(desk: Desk) -> ApiServer:
        with lock:
            if not known:
                known.append(of_credentials(_kubeconfig(desk, arm_id), token))
            return known[0]

    return open_


class _Ended(Exception):
    def __init__(self, state: State, why: str) -> None:
        super().__init__(why)
        self.outcome = Outcome(state, why)


def _kubeconfig(desk: Desk, arm_id: str) -> bytes:
    path = f"{quote(arm_id, safe=PLAIN)}/listClusterUserCredential"
    provider = "Microsoft.ContainerService"
    answer, _ = ask(desk, path, _VERSION, method="POST", provider=provider)
    if answer.status == 200:
        return kubeconfig_of(answer.body)
    state, why = judge(answer)
    if state is State.DENIED:
        why = (
            f"refused ({answer.status}): it takes {CREDENTIALS}, which the role Reader lacks; "
            "the Azure Kubernetes Service Cluster User Role has it"
        )
    raise _Ended(State.FAILED if state.whole else state, why)


def _first(name: str, opener: Opener) -> Work:
    """See whether a cluster answers, so that one that does not is one gap."""
    key = _key(name)

    def read(desk: Desk) -> Outcome:
        outcome = _asked(desk, opener)
        if outcome.state.whole:
            told = msgspec.json.encode({"id": key})
            desk.keep(told, id=key, type="kubernetes/cluster", member=Member.NOWHERE)
        return outcome

    def then(entries: Sequence[Entry], _taken: Taken) -> Iterator[Work]:
        for plural in cluster.READABLE if entries else ():
            yield _list(name, plural, opener)

    return Work(key, "clusters", read, f"{name}/kubernetes", then)


def _list(name: str, plural: str, opener: Opener) -> Work:
    def read(desk: Desk) -> Outcome:
        try:
            server = opener(desk)
        except _FAILURES as failure:
            return _outcome(failure)
        return take_objects(desk, server, plural, name)

    return Work(f"{_key(name)}/{plural}", _PROGRESS, read, f"{name}/kubernetes/{plural}")


def _asked(desk: Desk, opener: Opener) -> Outcome:
    try:
        answer = opener(desk).groups()
    except _FAILURES as failure:
        return _outcome(failure)
    if answer.status == 401:
        return Outcome(State.DENIED, "refused (401): the cluster does not know who asks")
    return COMPLETE  # what else is wrong, each list says of itself


_FAILURES = (_Ended, Refused, Unanswered, ForeignAddress, AuditorError)


def _outcome(failure: Exception) -> Outcome:
    if isinstance(failure, _Ended):
        return failure.outcome
    if isinstance(failure, Unanswered):
        return Outcome(
            State.FAILED,
            f"its API server: {failure}; a private or stopped cluster does not answer: "
            "run where it does, or add an export of kubectl",
        )
    if isinstance(failure, ForeignAddress):
        return Outcome(State.FAILED, "its id is none of Azure's")
    return Outcome(
        State.DENIED if isinstance(failure, AuditorError) else State.FAILED, str(failure)
    )


def _key(name: str) -> str:
    return f"kubernetes {name.lower() if '://' in name else fold(name)}"
