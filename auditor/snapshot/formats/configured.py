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
_OUTPUT = re.compile(r"(module\.[\w-]+(?:\[[^\]]*\])?)\.([\w-]+)")
_DEEPEST = 20
"""Modules through which a reference is followed."""


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
        where = module_of(address)
        if where not in self._written:
            listed = inside(self._module(where), "resources")
            self._written[where] = {
                str(inside(one, "address")): inside(one, "expressions")
                for one in (listed if isinstance(listed, list) else [])
            }
        return self._written[where].get(without_index(address[len(where) :]))

    def target(self, references: Any, module: str, deep: int = 0) -> str | None:
        """Give the address of the one resource that an expression refers to, and nothing else."""
        if not isinstance(references, list) or deep > _DEEPEST:
            return None
        texts = [str(one) for one in references]
        targets = {_TARGET.fullmatch(text) for text in texts}
        names = {found[1] for found in targets if found is not None}
        if names and None not in targets:
            return module + names.pop() if len(names) == 1 else None
        if len(texts) == 1 and (variable := _VARIABLE.fullmatch(texts[0])):
            return self._given(variable[1], module, deep)
        return self._put_out(texts, module, deep)

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
        if len(outputs) != 1:
            return None
        (output,) = outputs
        if not all(f"{output[0]}.".startswith((f"{text}.", f"{text}[")) for text in texts):
            return None
        inner = f"{module}{output[1]}."
        declared = inside(inside(self._module(inner), "outputs"), output[2])
        references = inside(inside(declared, "expression"), "references")
        return self.target(references, inner, deep + 1)

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
