"""Texts longer than what is looked at in one go."""

from __future__ import annotations

import pytest

from auditor.errors import InputError
from auditor.snapshot.document import CHUNK, Lines
from auditor.snapshot.text import decode


@pytest.mark.parametrize("before", [0, CHUNK - 2, CHUNK - 1, CHUNK, 2 * CHUNK - 1])
def test_a_character_may_stand_across_the_end_of_a_chunk(before: int) -> None:
    data = b"\n" * before + "aé€".encode() + b"\n" * CHUNK

    text, lines = decode("f", data)

    assert text == data
    for offset in (0, before, before + 7, len(data)):
        assert lines.at(offset) == Lines(data).at(offset) == data.count(b"\n", 0, offset) + 1


@pytest.mark.parametrize("end", [b"", b"\n", b"\n\n"])
@pytest.mark.parametrize("length", [20_000, CHUNK - 1, CHUNK])
def test_lines_are_told_where_they_are_long(length: int, end: bytes) -> None:
    data = b"\n".join([b"x" * length] * 5) + end

    _, lines = decode("f", data)

    assert lines.begun
    for line in range(6):
        for offset in range(line * (length + 1) - 1, line * (length + 1) + 2):
            assert lines.at(offset) == data.count(b"\n", 0, max(offset, 0)) + 1


@pytest.mark.parametrize("before", [1, CHUNK - 1, CHUNK, 3 * CHUNK - 1])
@pytest.mark.parametrize("after", [b"", b"x", b" " * CHUNK])
def test_half_a_character_is_told_where_it_stands(before: int, after: bytes) -> None:
    data = b"\n" * (before - 1) + b"[\xc3" + after

    with pytest.raises(InputError, match=f"byte {before} is 0xc3") as refused:
        decode("f", data)

    assert refused.value.where == f"f:{before}:2"
