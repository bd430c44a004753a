"""In which subscription a Terraform plan makes what has no id yet.

A plan names a resource group and no subscription. Where one provider makes everything, it is that
of whatever has an id, or the one that the configuration writes; else that of the group, where what
has an id tells of one such group only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from auditor.ids import group_key
from auditor.snapshot.formats.planned import Resource, inside
from auditor.snapshot.formats.template import SUBSCRIPTION


@dataclass(slots=True)
class Homes:
    """The subscriptions that a plan tells."""

    only: str | None = None
    """That of all its resources, where there is but one."""
    _by_group: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def subscription(self, group: str) -> str:
        """Give the subscription of a resource group, or the placeholder for it."""
        told = self._by_group.get(group.lower(), ())
        return self.only or (next(iter(told)) if len(told) == 1 else SUBSCRIPTION)

    def add(self, arm_id: str) -> None:
        """Take the id of a resource that is there."""
        subscription, group = group_key(arm_id)
        if subscription and group:
            self._by_group[group].add(subscription)


def homes_of(root: dict[str, Any], resources: Iterable[Resource]) -> Homes:
    """Look where the resources of a plan are that are there already."""
    homes, seen = Homes(), set()
    for resource in resources:
        told = resource.values.get("id")
        if resource.kind.startswith("azurerm_") and isinstance(told, str):
            homes.add(told)
            seen.add(group_key(told)[0])
    providers = _providers(root)
    if len(providers) == 1:
        written = inside(inside(providers[0], "expressions"), "subscription_id")
        constant = inside(written, "constant_value")
        seen = {constant.lower()} if isinstance(constant, str) and constant else seen - {""}
        homes.only = next(iter(seen)) if len(seen) == 1 else None
    return homes


def _providers(root: dict[str, Any]) -> list[Any]:
    """Give the configurations of the provider azurerm: each may be of another subscription."""
    listed = inside(inside(root, "configuration"), "provider_config")
    found = listed.values() if isinstance(listed, dict) else ()
    return [each for each in found if inside(each, "name") == "azurerm"]
