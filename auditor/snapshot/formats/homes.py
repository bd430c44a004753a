"""In which subscription a Terraform plan makes what has no id yet.

A plan names a resource group and no subscription. What one configuration of the provider makes is
all in one: in that which the configuration writes, else in that of whatever it made before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from auditor.ids import group_key
from auditor.snapshot.formats.configured import Configuration
from auditor.snapshot.formats.planned import Resource, inside
from auditor.snapshot.formats.template import SUBSCRIPTION


@dataclass(slots=True)
class Homes:
    """The subscriptions that a plan tells, by the keys of its configurations of the provider."""

    _written: Configuration
    _by_key: dict[str, str] = field(default_factory=dict)
    alone: bool = False
    """Whether one configuration makes everything."""

    def subscription(self, address: str) -> str:
        """Give the subscription of the resource at an address, or the placeholder for it."""
        return self._by_key.get(self._key(address), SUBSCRIPTION)

    def elsewhere(self) -> str:
        """Give the subscription of what is not told to be in another."""
        return self._by_key.get("", SUBSCRIPTION)

    def learn(self, resources: Iterable[Resource], providers: dict[str, Any]) -> None:
        """Look where the resources of a plan are that are there already."""
        self.alone = len(providers) == 1
        seen: dict[str, set[str]] = defaultdict(set)
        for resource in resources:
            told = resource.values.get("id")
            if resource.kind.startswith("azurerm_") and isinstance(told, str):
                seen[self._key(resource.address)].add(group_key(told)[0])
        for key, provider in providers.items():
            written = inside(inside(provider, "expressions"), "subscription_id")
            constant = inside(written, "constant_value")
            if isinstance(constant, str) and constant:
                seen["" if self.alone else key] = {constant.lower()}
        told_by = {key: found - {""} for key, found in seen.items() if key or self.alone}
        self._by_key = {key: next(iter(one)) for key, one in told_by.items() if len(one) == 1}

    def _key(self, address: str) -> str:
        return "" if self.alone else self._written.provider(address)


def providers_of(root: dict[str, Any]) -> dict[str, Any]:
    """Give the configurations of the provider azurerm: each may be of another subscription."""
    listed = inside(inside(root, "configuration"), "provider_config")
    found = listed.items() if isinstance(listed, dict) else ()
    return {key: each for key, each in found if inside(each, "name") == "azurerm"}
