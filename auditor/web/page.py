"""Filling a template: styles and scripts inside, named by hash in the page's own policy."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

_ENDING = re.compile(r"</(?:script|style)|<script|<!--", re.IGNORECASE)


def write(
    template: str,
    *,
    styles: Sequence[str] = ("page.css",),
    scripts: Sequence[str] = (),
    data: Any = None,
    **values: Any,
) -> str:
    """Give a page. `data` is what its scripts read, anything msgspec can encode."""
    style = "".join(asset(name) for name in styles)
    parts = [asset(name) for name in scripts]
    return _environment().get_template(template).render(
        policy=_policy(style, parts),
        style=_verbatim(style),
        scripts=[_verbatim(part) for part in parts],
        data=None if data is None else json(data),
        **values,
    )  # fmt: skip


def json(data: Any) -> Markup:
    """Write data for a script element: in ASCII, and nothing in it can end the element."""
    text = msgspec.json.encode(data).decode("utf-8", "backslashreplace")
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup("".join(char if " " <= char <= "~" else _number(char) for char in text))


def _number(char: str) -> str:
    code = ord(char)
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def _verbatim(text: str) -> Markup:
    """Take our own text as it is. Raises ValueError if it could end its element or be rewritten."""
    if _ENDING.search(text) or not text.isascii() or "\r" in text:
        raise ValueError("a style or script that cannot stand in a page")
    return Markup(text)


def _policy(style: str, scripts: Sequence[str]) -> str:
    """Let the page show what it holds, run its own scripts, and nothing else."""
    run = " ".join(_hash(script) for script in scripts) or "'none'"
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {run}; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )


@cache
def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


@cache
def asset(name: str) -> str:
    """Read a file of this folder, or of `vendor`."""
    folder = files("auditor.web.vendor" if name == "elk.bundled.js" else "auditor.web")
    return folder.joinpath(name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    return Environment(
        loader=FunctionLoader(asset),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
