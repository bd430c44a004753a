"""JSON as bytes that never change: ASCII, two spaces, keys in the order given."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import msgspec

_SURROGATE = "[\ud800-\udfff]"
_NOT_ASCII = "[^\x00-\x7e]"  # compiled 200 times as fast as from \x7f onwards


def _escape(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1] if match[0] != "\x7f" else "\\u007f"


def _finite(value: Any) -> Any:
    """Write the numbers that JSON lacks (NaN, infinities) as words."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    return [_finite(inner) for inner in value] if isinstance(value, list) else value


def dumps(value: Any) -> str:
    r"""Give `value` as JSON text that every parser takes, with a newline at its end.

    A lone surrogate, which is no character and which strict parsers refuse even when escaped,
    becomes the six characters `\ud800`. `##` is written `#\u0023`: the same to a parser, but no
    command to a pipeline's agent that reads the log.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        return dumps(_finite(value))
    if not text.isascii():
        text = re.sub(_SURROGATE, lambda m: f"\\\\u{ord(m[0]):04x}", text)
    text = msgspec.json.format(text.replace("##", "#\\u0023"), indent=2) + "\n"
    if text.isascii() and "\x7f" not in text:
        return text  # as nearly always: told without a search
    return re.sub(_NOT_ASCII, _escape, text)
