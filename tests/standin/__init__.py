"""A stand-in of Azure Resource Manager on loopback, for the real clients of Azure.

    with StandIn(Estate.of_path("fixtures/estates/hub-and-spoke")) as azure:
        with azure.signed_in() as settings: ...

It answers over HTTPS as Azure does where that is told in Azure's own documentation: sign-in,
subscriptions, lists with pages, single resources, Resource Graph, long-running questions. Faults
are scripted (`standin.faults`). It knows nothing of auditor.
"""

from __future__ import annotations

from .estate import Estate
from .faults import Fault
from .server import Call, StandIn

__all__ = ["Call", "Estate", "Fault", "StandIn"]
