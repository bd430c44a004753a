"""Layers of filters, and what each of them says of a packet."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import cached_property

import msgspec

from auditor.network.filters import Filter
from auditor.network.reasons import Reason
from auditor.resources.security import NetworkSecurityGroup, SecurityRule


class Action(Enum):
    """What a rule does with a packet that it matches. `FINAL` skips all later layers (N-50)."""

    ALLOW = "Allow"
    DENY = "Deny"
    FINAL = "AlwaysAllow"

    __hash__ = object.__hash__  # Enum's own takes Python, and sets ask often


class LayerKind(Enum):
    """Where a layer stands."""

    ADMIN = "admin"
    SUBNET = "subnet"
    NIC = "networkInterface"

    __hash__ = object.__hash__  # Enum's own takes Python, and sets ask often


class EffectiveRule(msgspec.Struct, frozen=True):
    """A rule at its place.

    `id` is the rule's own; `resource` and `pointer` say where it is written; `name` is Azure's
    (`securityRules/allow-web`). `doubt` tells why it may not be in force. `written` is a security
    group's own rule as spelled. `place` is the pointer, or finds it: few ask for it, and that of a
    default rule takes a look into the input.
    """

    filter: Filter
    action: Action
    id: str
    resource: str
    place: str | Callable[[], str]
    name: str
    doubt: Reason | None = None
    written: SecurityRule | None = None

    @property
    def pointer(self) -> str:
        """Where it is written; empty for a default rule that the input does not list (N-10)."""
        return self.place if isinstance(self.place, str) else self.place()

    @property
    def priority(self) -> int:
        """Its priority: the lower comes first."""
        return self.filter.priority


def holder_of(resource: str) -> str:
    """Give the id of what holds a rule that is written in a resource: it, or the group above it.

    A security rule may be a record of its own, beside or in place of the copy in its group.
    """
    above = resource.lower().rpartition("/securityrules/")[0]
    return resource[: len(above)] if above else resource


class Listing:
    """Rules in the order of evaluation: what they match is at hand, the rest is made when asked.

    Most places are looked at for what their rules match, and few for which rule decides.
    """

    def __init__(
        self, filters: tuple[Filter, ...], make: Callable[[], tuple[EffectiveRule, ...]]
    ) -> None:
        """Take what the rules match, and what makes them."""
        self.filters = filters
        self._make = make

    @cached_property
    def rules(self) -> tuple[EffectiveRule, ...]:
        """The rules."""
        return self._make()


class _Listed(Listing):
    """Rules that are there already: equal when they are."""

    def __hash__(self) -> int:
        return hash(self.filters)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Listed) and self.rules == other.rules


def listed(rules: tuple[EffectiveRule, ...]) -> Listing:
    """Give rules that are there already."""
    return _Listed(tuple([rule.filter for rule in rules]), lambda: rules)


_NO_RULES = listed(())


class Layer(msgspec.Struct, frozen=True):
    """The rules at one place, in order. `at` is the id of the subnet, NIC or configuration.

    `unknown` tells why nothing is known of what it does; then it has no rules. Rules of security
    groups are in force without a doubt; those of administrators may not be.
    """

    kind: LayerKind
    at: str
    group: NetworkSecurityGroup | None = None
    listing: Listing = _NO_RULES
    unknown: Reason | None = None

    @property
    def rules(self) -> tuple[EffectiveRule, ...]:
        """The rules."""
        return self.listing.rules

    @property
    def filters(self) -> tuple[Filter, ...]:
        """What the rules match."""
        return self.listing.filters
