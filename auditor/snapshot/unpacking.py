"""Undoing gzip and Zstandard, within limits. Imported for packed inputs only."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator

import zstandard

from auditor.errors import InputError
from auditor.snapshot.faults import AGAIN, shown
from auditor.snapshot.scan import Text

MAX_UNPACKED = 8 << 30
"""Bytes a compressed input may grow to."""
MAX_RATIO = 200
"""How many times its packed size a compressed input may grow to (real exports: 10 to 60) ..."""
FREE_RATIO = 256 << 20
"""... once it is larger than this many bytes."""

_CHUNK = 1 << 20
_PIECE = 4 << 10


def unpacked(name: str, data: Text, kind: str) -> bytes:
    """Give the text of an input that is packed: `gzip` or `Zstandard`.

    Raises InputError for damage, and for an input that grows beyond `MAX_UNPACKED` bytes or,
    once past `FREE_RATIO`, beyond `MAX_RATIO` times its packed size.
    """
    chunks = _gunzip if kind == "gzip" else _unzstd
    limit = min(MAX_UNPACKED, max(FREE_RATIO, MAX_RATIO * len(data)))
    text = bytearray()
    try:
        for chunk in chunks(data):
            text += chunk
            if len(text) > limit:
                raise InputError(
                    f"a {kind} bomb: {len(data)} bytes that unpack to more than {limit}",
                    where=name,
                    advice="decompress it yourself if it is genuine, and give the plain file",
                )
    except (zlib.error, gzip.BadGzipFile, zstandard.ZstdError, EOFError) as error:
        raise InputError(
            f"the {kind} data is damaged or cut off ({shown(str(error), 60)})",
            where=name,
            advice=AGAIN,
        ) from None
    return bytes(text)


def _gunzip(data: Text) -> Iterator[bytes]:
    """Yield the text of all members of a gzip file."""
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
        while chunk := packed.read(_CHUNK):
            yield chunk


def _unzstd(data: Text) -> Iterator[bytes]:
    """Yield the text of all frames, fed in small pieces: 4 KiB unpack to 128 MiB at most."""
    at = 0
    while at < len(data):
        frame = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
        while not frame.eof:
            if at >= len(data):
                raise EOFError("the end is missing")
            yield frame.decompress(bytes(data[at : at + _PIECE]))
            at += _PIECE
        at = min(at, len(data)) - len(frame.unused_data)
