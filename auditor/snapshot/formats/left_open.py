"""What resources of a Terraform plan that are left out may have changed of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from auditor.ids import type_of
from auditor.snapshot.formats import azurerm
from auditor.snapshot.formats.expressions import Unresolved
from auditor.snapshot.formats.functions import Unknown
from auditor.snapshot.formats.planned import Made, Resource, configurations

_LINKS = frozenset(key for _, _, key in azurerm.LINKS.values())


@dataclass(frozen=True, slots=True)
class _Setting:
    """A setting, of resources of a type, that one which was left out may change.

    Of those whose ids (folded) are told, or of all; `inside` their ip configurations.
    """

    kind: str
    key: str
    of: frozenset[str] | None = None
    inside: bool = False


@dataclass(slots=True)
class LeftOpen:
    """Lists and references that resources left out may change, each with the first reason."""

    _settings: dict[_Setting, str] = field(default_factory=dict)

    def note(
        self, resource: Resource, reason: str, named_by: Callable[[str], frozenset[str] | None]
    ) -> None:
        """Note what a resource would have added to others; `named_by` an attribute of it."""
        kind = azurerm.KINDS.get(resource.kind)
        if kind is not None and kind.into:
            above = kind.type.rpartition("/")[0]
            self._settings.setdefault(_Setting(above, kind.into), reason)
        for table in (azurerm.LINKS, azurerm.ADDITIONS, azurerm.ELEMENTS):
            owner, _, key = table.get(resource.kind, ("", "", ""))
            if owner:
                one = _Setting(azurerm.OWNERS[owner], key, named_by(owner))
                self._settings.setdefault(one, reason)
        if resource.kind in azurerm.MEMBERSHIPS:
            owner, (_, key) = "network_interface_id", azurerm.MEMBERSHIPS[resource.kind]
            one = _Setting(azurerm.OWNERS[owner], key, named_by(owner), inside=True)
            self._settings.setdefault(one, reason)

    def open_all(self, made: Mapping[str, Made]) -> None:
        """Leave open what resources left out may change, before lists take their elements in.

        Of a reference that is set no association makes another: Azure holds one.
        """
        for one, reason in self._settings.items():
            for key, each in made.items():
                if (type_of(each.arm_id) or "").lower() == one.kind.lower() and _is_meant(one, key):
                    _open(one, each, reason)


def _is_meant(setting: _Setting, key: str) -> bool:
    return setting.of is None or key in setting.of


def _open(setting: _Setting, made: Made, reason: str) -> None:
    try:
        holders = configurations(made, None) if setting.inside else [made.properties]
    except Unresolved:
        return  # all of them are open already
    for holder in holders:
        if setting.key not in _LINKS or holder.get(setting.key) is None:
            holder[setting.key] = Unknown(reason)
