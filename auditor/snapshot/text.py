"""From the bytes of an input to UTF-8 text: packed or not, byte order mark or not."""

from __future__ import annotations

import codecs
import re

from auditor.errors import InputError
from auditor.snapshot.document import CHUNK, Lines
from auditor.snapshot.faults import AGAIN, place
from auditor.snapshot.scan import Text

_CHUNK = 1 << 20
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_UTF16, _UTF32 = "UTF-16, not UTF-8", "UTF-32, not UTF-8"
_MARKS = (
    (codecs.BOM_UTF32_LE, _UTF32),
    (codecs.BOM_UTF32_BE, _UTF32),
    (codecs.BOM_UTF16_LE, _UTF16),
    (codecs.BOM_UTF16_BE, _UTF16),
)
_UNMARKED = (
    (rb"[\x09-\x7e]\0\0\0", _UTF32),
    (rb"\0\0\0[\x09-\x7e]", _UTF32),
    (rb"[\x09-\x7e]\0[\x09-\x7e]", _UTF16),
    (rb"\0[\x09-\x7e]\0", _UTF16),
)
_FOREIGN = (
    (b"PK\x03\x04", "a zip archive", "unpack it"),
    (b"\xfd7zXZ", "an xz archive", "decompress it"),
    (b"BZh", "a bzip2 archive", "decompress it"),
    (b"7z\xbc\xaf", "a 7-Zip archive", "unpack it"),
    (b"%PDF", "a PDF document", "give the JSON export"),
    (b"SQLite format 3", "a SQLite database", "give the JSON export"),
    (_GZIP, "compressed twice", "decompress it once"),
    (_ZSTD, "compressed twice", "decompress it once"),
)


def unpack(name: str, data: Text) -> Text:
    """Undo gzip or Zstandard, told by their first bytes; other input is given back as it is.

    Raises InputError for damage, and for an input that grows beyond all bounds.
    """
    head = bytes(data[:4])
    kind = "gzip" if head.startswith(_GZIP) else "Zstandard" if head == _ZSTD else None
    if kind is None:
        return data
    from auditor.snapshot.unpacking import unpacked

    return unpacked(name, data, kind)


def decode(name: str, data: Text) -> tuple[Text, Lines]:
    """Give the text in UTF-8 without byte order mark, and its lines.

    Raises InputError when it is empty, binary, or in another encoding: UTF-16, as older PowerShell
    writes it, among them.
    """
    head = bytes(data[:32])
    if _is_blank(data):
        raise InputError("is empty", where=name, advice=AGAIN)
    for magic, what, advice in _FOREIGN:
        if head.startswith(magic):
            raise InputError(f"is {what}, not JSON text", where=name, advice=advice)
    if head.startswith(codecs.BOM_UTF8):
        data = memoryview(data)[3:]
    elif wide := _wide_encoding(head):
        at = next(at for at, byte in enumerate(head) if not 0 < byte < 0x80)
        raise _no_utf8(name, data, at, wide)
    return data, _lines_of_utf8(name, data)


def _is_blank(data: Text) -> bool:
    blank = b" \t\r\n"
    return not bytes(data[:_CHUNK]).removeprefix(codecs.BOM_UTF8).strip(blank) and (
        len(data) <= _CHUNK or not bytes(data).strip(blank)
    )


def _wide_encoding(head: bytes) -> str | None:
    """Name the encoding of text whose characters take several bytes, by how it begins."""
    marked = next((words for mark, words in _MARKS if head.startswith(mark)), None)
    if marked or b"\0" not in head:
        return marked
    return next((words for form, words in _UNMARKED if re.match(form, head)), None)


def _lines_of_utf8(name: str, data: Text) -> Lines:
    lines = Lines(data)
    sound, size = 0, len(data)  # all before `sound` is UTF-8
    for start in range(0, size, CHUNK):
        chunk, end = bytes(data[start : start + CHUNK]), min(start + CHUNK, size)
        lines.take(chunk)
        if sound == start and chunk.isascii():
            sound = end
            continue
        try:
            sound += codecs.utf_8_decode(data[sound:end], "strict", end == size)[1]
        except UnicodeDecodeError as error:
            found = "binary data" if b"\0" in bytes(data[:4096]) else ""
            raise _no_utf8(name, data, sound + error.start, found) from None
    return lines


def _no_utf8(name: str, data: Text, offset: int, found: str) -> InputError:
    """Refuse what JSON must not be written in (RFC 8259), `found` saying what it is, if known."""
    return InputError(
        f"is {found or 'no UTF-8'}: byte {offset} is 0x{data[offset]:02x}",
        where=place(name, data, offset),
        advice="save it as UTF-8 (in PowerShell: `| Out-File -Encoding utf8`)",
    )
