"""Comments in templates and in their parameter files, which Azure accepts there.

Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax#comments
"""

from __future__ import annotations

import re

from auditor.snapshot.scan import Text

_LARGEST = 1 << 23
"""Bytes of a text in which comments are looked for: Azure takes templates of 4 MB."""
_HEAD = 1 << 16
_DEPLOYMENT = re.compile(rb"deployment(template|parameters)\.json", re.IGNORECASE)
_PIECE = re.compile(rb'"(?:[^"\\]|\\.)*"?|//[^\r\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
"""Strings, in which nothing is a comment, and comments."""


def without_comments(text: Text) -> Text:
    """Give a template with blanks for its comments: all else stays where it is.

    Any other text is given back as it is.
    """
    if len(text) > _LARGEST or not _DEPLOYMENT.search(bytes(text[:_HEAD])):
        return text
    whole = bytes(text)
    blank = _PIECE.sub(_blanked, whole)
    return text if blank == whole else blank


def _blanked(piece: re.Match[bytes]) -> bytes:
    found: bytes = piece[0]
    return found if found.startswith(b'"') else re.sub(rb"[^\r\n]", b" ", found)
