"""The lists that Azure keeps of resources, by the path that answers with one."""

from __future__ import annotations

DEPLOYMENT = "microsoft.resources/deployments"


def list_path(kind: str, scope: str) -> str:
    """Give the path of the list that a resource would be on; a deployment's is its whole scope."""
    namespace, *words = kind.split("/")
    if kind.lower() == DEPLOYMENT or not words or not all(words):
        return scope
    return f"{scope}/providers/{namespace}/{'/-/'.join(words)}"
