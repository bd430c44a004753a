"""Questions that a network answers once: of itself, and about things in it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple, cast

if TYPE_CHECKING:
    from auditor.network.graph import Network

R = TypeVar("R")
Ts = TypeVarTuple("Ts")


def question(ask: Callable[[Network], R]) -> Callable[[Network], R]:
    """Make a function of the network answer once per network."""

    @wraps(ask)
    def once(network: Network) -> R:
        try:
            return network.known[ask]  # type: ignore[no-any-return]
        except KeyError:
            return network.ask(ask)

    return once


_UNASKED = object()


def question_about(ask: Callable[[Network, *Ts], R]) -> Callable[[Network, *Ts], R]:
    """Make a function of the network and of things in it answer once for the same things.

    The things are told apart by hash. What is raised is no answer: it is raised anew each time.
    """

    def answers(_: Network) -> dict[Any, Any]:
        return {}

    # Half of what is asked is asked for the first time: an exception would take longer than both.
    def once_for_one(network: Network, about: Any) -> R:
        # Of one thing, as most are asked: it needs no tuple.
        try:
            known = network.known[answers]
        except KeyError:
            known = network.ask(answers)
        found = known.get(about, _UNASKED)
        if found is _UNASKED:
            found = known[about] = ask(network, about)
        return found  # type: ignore[no-any-return]

    if _is_about_one(ask):
        return cast("Callable[[Network, *Ts], R]", wraps(ask)(once_for_one))

    @wraps(ask)
    def once(network: Network, *about: *Ts) -> R:
        try:
            known = network.known[answers]
        except KeyError:
            known = network.ask(answers)
        found = known.get(about, _UNASKED)
        if found is _UNASKED:
            found = known[about] = ask(network, *about)
        return found  # type: ignore[no-any-return]

    return once


def _is_about_one(ask: Callable[..., object]) -> bool:
    """Whether a function takes the network and one thing."""
    return cast(FunctionType, ask).__code__.co_argcount == 2
