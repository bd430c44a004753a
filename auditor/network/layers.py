"""Layers of filters, and what each of them says of a packet."""

from __future__ import annotations

from enum import Enum

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

    `id` is the rule's own; `resource` and `pointer` say where it is written (for a default rule,
    where Azure lists them all); `name` is Azure's (`securityRules/allow-web`). `doubt` tells why
    it may not be in force. `written` is a security group's own rule as spelled.
    """

    filter: Filter
    action: Action
    id: str
    resource: str
    pointer: str
    name: str
    doubt: Reason | None = None
    written: SecurityRule | None = None

    @property
    def priority(self) -> int:
        """Its priority: the lower comes first."""
        return self.filter.priority


class Layer(msgspec.Struct, frozen=True):
    """The rules at one place, in order. `at` is the id of the subnet, NIC or configuration.

    `unknown` tells why nothing is known of what it does; then it has no rules.
    """

    kind: LayerKind
    at: str
    group: NetworkSecurityGroup | None = None
    rules: tuple[EffectiveRule, ...] = ()
    unknown: Reason | None = None
