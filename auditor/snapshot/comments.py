"""Comments in ARM templates and parameter files, which Azure takes though JSON has none.

Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax#comments-and-metadata
"""

from __future__ import annotations

import re

from auditor.snapshot.scan import Text

_LARGEST = 16 << 20
"""Bytes. Azure takes templates of 4 MB at most; what is larger is an export, which has none."""
_DEPLOYS = re.compile(rb"/\w*deployment(?:template|parameters)\.json", re.IGNORECASE)
_PIECE = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|//[^\r\n]*|/\*.*?\*/', re.DOTALL)
_SEEN = re.compile(rb"[^\s]")


def without_comments(text: Text) -> Text:
    """Give a template with blanks in the place of its comments; any other text as it is.

    Whatever else stands in it keeps its offset and its line.
    """
    if len(text) > _LARGEST or not _DEPLOYS.search(text):
        return text
    return _PIECE.sub(_blank, bytes(text))


def _blank(piece: re.Match[bytes]) -> bytes:
    found = piece[0]
    return found if found.startswith(b'"') else _SEEN.sub(b" ", found)
