"""From the bytes of an input to UTF-8 text: packed or not, byte order marks, encodings."""

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
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UNMARKED = (
    (rb"[^\0]\0\0\0", "utf-32-le"),
    (rb"\0\0\0[^\0]", "utf-32-be"),
    (rb"[^\0]\0", "utf-16-le"),
    (rb"\0[^\0]", "utf-16-be"),
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

    UTF-16 and UTF-32 are transcoded.

    Raises InputError when it is empty, binary, or in another encoding.
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
        data = _transcoded(name, data, wide)
        return data, Lines(data)
    return data, _lines_of_utf8(name, data)


def _is_blank(data: Text) -> bool:
    blank = b" \t\r\n"
    return not bytes(data[:_CHUNK]).removeprefix(codecs.BOM_UTF8).strip(blank) and (
        len(data) <= _CHUNK or not bytes(data).strip(blank)
    )


def _wide_encoding(head: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if b"\0" not in head:
        return None
    return next((encoding for form, encoding in _UNMARKED if re.match(form, head)), None)


def _transcoded(name: str, data: Text, encoding: str) -> bytes:
    try:
        return bytes(data).decode(encoding).encode()
    except UnicodeDecodeError as error:
        raise InputError(
            f"is neither UTF-8 nor {encoding.upper()}: {error.reason} (byte {error.start})",
            where=name,
            advice="is it text at all? save it as UTF-8, or leave it out",
        ) from None


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
            offset = sound + error.start
            found = "binary data" if b"\0" in bytes(data[:4096]) else "no UTF-8"
            raise InputError(
                f"is {found}: byte {offset} is 0x{data[offset]:02x}",
                where=place(name, data, offset),
                advice="save it as UTF-8 (in PowerShell: `| Out-File -Encoding utf8`)",
            ) from None
    return lines
