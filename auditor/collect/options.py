"""What a run is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is asked for; see the command's help."""

    subscriptions: tuple[str, ...] = ()
    management_groups: tuple[str, ...] = ()
    resource_groups: tuple[str, ...] = ()
    sweep: str = "auto"
    effective: bool = False
    kubernetes: str | None = None
    kubeconfig: str | None = None
    concurrency: int = 16

    def told(self) -> Mapping[str, object]:
        """What two runs must have in common for one to resume the other."""
        told: Mapping[str, object] = msgspec.to_builtins(self)
        return {key: value for key, value in told.items() if key != "concurrency"}
