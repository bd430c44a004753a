"""Names of Microsoft's own that application rules let one ask for: no public address of a customer.

A firewall is a transparent proxy for them, and tells names apart by what the packet asks for:
https://learn.microsoft.com/azure/firewall-manager/fqdn-filtering-network-rules
"""

from __future__ import annotations

from collections.abc import Iterable

from auditor.network.firewalling.terms import Target

_DOMAINS = (
    "azmk8s.io",
    "azure.com",
    "azure.net",
    "azurecr.io",
    "microsoft.com",
    "microsoftonline.com",
    "windows.net",
    "windowsupdate.com",
)
_OF_CUSTOMERS = ("cloudapp.azure.com",)
"""Where the public IPs of customers have names, if they want one."""


def all_of_microsoft(targets: Iterable[Target]) -> bool:
    """Tell whether a rule lets ask for names of Microsoft's own alone; tags hold no others."""
    return all(
        each.kind == "tag" or (each.kind == "fqdn" and _is_of_microsoft(each.name))
        for each in targets
    )


def _is_of_microsoft(name: str) -> bool:
    plain = name.removeprefix("*")
    if "*" in plain or (plain != name and not plain.startswith(".")):
        return False
    dotted = f".{plain.lstrip('.')}"
    if any(dotted.endswith(f".{each}") for each in _OF_CUSTOMERS):
        return False
    holds = plain != name and any(f".{each}".endswith(dotted) for each in _OF_CUSTOMERS)
    return not holds and any(dotted.endswith(f".{each}") for each in _DOMAINS)
