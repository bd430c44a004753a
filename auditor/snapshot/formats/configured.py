"""The configuration inside a Terraform plan: what is written, and which resource it refers to.

A module's variable stands for what the call of the module writes, its output for what the module
writes: references are followed through both, as long as they mean one resource.
"""

from __future__ import annotations

import re
from typing import Any

from auditor.snapshot.formats.planned import inside

_MODULE = re.compile(r"module\.([\w-]+)(?:\[[^\]]*\])?\.")
_INDEX = re.compile(r"\[[^\]]*\]$")
_TARGET = re.compile(r"((?:azurerm|azapi)_\w+\.[\w-]+(?:\[[^\]]*\])?)(?:\.id)?")
_VARIABLE = re.compile(r"var\.([\w-]+)")
_OUTPUT = re.compile(r'(module\.[\w-]+(?:\[[^\]]*\])?)\.([\w-]+)(\["[^\]]*"\])?')
_TURNS = frozenset({"count.index", "each.key"})
_DEEPEST = 20
"""Modules through which a reference is followed."""


def _targets(texts: list[str]) -> set[str | None]:
    """Give the resources that texts name, and None for what is none.

    One of several is told with its index, and once more without.
    """
    found = [_TARGET.fullmatch(text) for text in texts]
    names = {one[1] if one is not None else None for one in found}
    return names - {without_index(name) for name in names if name and name.endswith("]")}


def without_index(address: str) -> str:
    """Give the address that all turns of a `count` or a `for_each` share."""
    return _INDEX.sub("", address)


class Configuration:
    """What the configuration says, by the address of a module: empty, or `module.a.` and so on."""

    def __init__(self, root: Any) -> None:
        self._root = inside(root, "root_module")
        self._written: dict[str, dict[str, Any]] = {}

    def expressions(self, address: str) -> Any:
        """Give the expressions of a resource; None where the configuration does not hold it."""
        return inside(self._resource(address), "expressions")

    def provider(self, address: str) -> str:
        """Give the key of the provider's configuration that makes a resource, if it is told."""
        return str(inside(self._resource(address), "provider_config_key") or "")

    def _resource(self, address: str) -> Any:
        where = module_of(address)
        if where not in self._written:
            listed = inside(self._module(where), "resources")
            self._written[where] = {
                str(inside(one, "address")): one
                for one in (listed if isinstance(listed, list) else [])
            }
        return self._written[where].get(without_index(address[len(where) :]))

    def target(self, references: Any, module: str, deep: int = 0) -> str | None:
        """Give the address of the one resource that an expression refers to, and nothing else."""
        if not isinstance(references, list) or deep > _DEEPEST:
            return None
        texts = [str(one) for one in references]
        names = _targets(texts)
        if names and None not in names:
            return module + str(names.pop()) if len(names) == 1 else None
        if len(texts) == 1 and (variable := _VARIABLE.fullmatch(texts[0])):
            return self._given(variable[1], module, deep)
        return self._put_out(texts, module, deep)

    def turned(self, references: Any, module: str) -> str | None:
        """Give the address, without its index, of the resources of which each turn refers to one.

        `X[count.index]` and `X[each.key]` are told as a reference to X and one to the turn, and so
        is what reckons with the turn.
        """
        texts = [str(one) for one in references] if isinstance(references, list) else []
        names = _targets([text for text in texts if text not in _TURNS])
        one = names.pop() if len(names) == 1 else None
        return module + one if one and _TURNS.intersection(texts) and one in texts else None

    def among(self, references: Any, module: str) -> frozenset[str] | None:
        """Give the addresses, without an index, of which an expression means one.

        None where it may mean anything else.
        """
        texts = [str(one) for one in references] if isinstance(references, list) else []
        names = _targets([text for text in texts if text not in _TURNS])
        told = {module + without_index(name) for name in names if name is not None}
        return frozenset(told) if told and None not in names else None

    def _given(self, variable: str, module: str, deep: int) -> str | None:
        """Follow a variable to what the module's caller writes for it."""
        *_, call = _MODULE.finditer(module) if module else (None,)
        if call is None:
            return None
        outer = module[: call.start()]
        written = inside(inside(self._call(outer, call[1]), "expressions"), variable)
        return self.target(inside(written, "references"), outer, deep + 1)

    def _put_out(self, texts: list[str], module: str, deep: int) -> str | None:
        """Follow an output to what its module writes; the module itself is referred to as well."""
        outputs = [found for text in texts if (found := _OUTPUT.fullmatch(text))]
        output = max(outputs, key=lambda found: len(found[0]), default=None)
        if output is None:
            return None
        if not all(f"{output[0]}.".startswith((f"{text}.", f"{text}[")) for text in texts):
            return None
        inner = f"{module}{output[1]}."
        declared = inside(inside(self._module(inner), "outputs"), output[2])
        references = inside(inside(declared, "expression"), "references")
        target = self.target(references, inner, deep + 1)
        # One of a map of all turns of a resource, by the key of its own turn; lists may be others.
        return target and target + (output[3] or "")

    def _module(self, where: str) -> Any:
        found = self._root
        for call in _MODULE.finditer(where):
            found = inside(inside(inside(found, "module_calls"), call[1]), "module")
        return found

    def _call(self, where: str, name: str) -> Any:
        return inside(inside(self._module(where), "module_calls"), name)


def module_of(address: str) -> str:
    """Give the address of the module that holds a resource, with a dot at its end."""
    at = 0
    while found := _MODULE.match(address, at):
        at = found.end()
    return address[:at]
