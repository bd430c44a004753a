"""The expression language of ARM templates: `[concat('a', parameters('b').c[0])]`.

Grammar: calls, strings in single quotes (doubled to escape), integers, `.property`, `[index]`.
Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-expressions
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

MAX_LENGTH = 24_576
"""Characters in one expression; the limit of Azure Resource Manager itself."""


class Unresolved(Exception):
    """The template does not tell this value; the text says why, for a person."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A string or a whole number."""

    value: str | int


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments; `name` as written, with the namespace of a user's own."""

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Access:
    """A property (by name) or an element (by number) of a value."""

    of: Expression
    key: Expression


Expression: TypeAlias = Literal | Call | Access

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>[+-]?\d+)|(?P<name>[A-Za-z_][\w]*)|(?P<mark>[().,\[\]]))"
)


def is_expression(text: str) -> bool:
    """Tell an expression from literal text; `[[` escapes a literal bracket."""
    return text.startswith("[") and text.endswith("]") and not text.startswith("[[")


def literal(text: str) -> str:
    """Give the text that an escaped literal stands for."""
    return text[1:] if text.startswith("[[") else text


def parse(text: str) -> Expression:
    """Parse the text between the outer brackets. Raises Unresolved when it is no expression."""
    if len(text) > MAX_LENGTH:
        raise Unresolved(f"an expression longer than {MAX_LENGTH} characters")
    parser = _Parser(_tokens(text))
    try:
        expression = parser.expression()
    except RecursionError:
        raise Unresolved("an expression nested too deeply") from None
    if parser.peek() != ("end", ""):
        raise Unresolved("an expression that cannot be parsed")
    return expression


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            raise Unresolved("an expression that cannot be parsed")
        tokens.append((str(found.lastgroup), str(found[str(found.lastgroup)])))
        at = found.end()
    return tokens


class _Parser:
    """Recursive descent; one method per rule of the grammar."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = [*tokens, ("end", "")]
        self._at = 0

    def peek(self) -> tuple[str, str]:
        return self._tokens[self._at]

    def _take(self, *wanted: str) -> str:
        kind, text = self.peek()
        if kind not in wanted and text not in wanted:
            raise Unresolved("an expression that cannot be parsed")
        self._at += 1
        return text

    def expression(self) -> Expression:
        kind = self.peek()[0]
        if kind == "text":
            value: Expression = Literal(self._take("text")[1:-1].replace("''", "'"))
        elif kind == "number":
            value = Literal(int(self._take("number")[:20]))
        else:
            value = self._call()
        return self._accesses(value)

    def _call(self) -> Expression:
        name = self._take("name")
        while self.peek()[1] == ".":  # a user's own function: namespace.name(...)
            self._take(".")
            name += "." + self._take("name")
        self._take("(")
        arguments: list[Expression] = []
        while self.peek()[1] != ")":
            arguments.append(self.expression())
            if self.peek()[1] == ",":
                self._take(",")
        self._take(")")
        return Call(name, tuple(arguments))

    def _accesses(self, value: Expression) -> Expression:
        while self.peek() in (("mark", "."), ("mark", "[")):
            if self._take(".", "[") == ".":
                value = Access(value, Literal(self._take("name")))
            else:
                value = Access(value, self.expression())
                self._take("]")
        return value
