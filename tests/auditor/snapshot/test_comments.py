"""Comments: in templates and their parameter files, where Azure takes them, and nowhere else."""

from __future__ import annotations

import json

import pytest

from auditor.errors import InputError
from auditor.snapshot.comments import without_comments

from .reading import bodies, read
from .templates import resource, template

TEXT = r"http://a /* b */ \" // c"
TOLD = json.dumps(template(resource(properties={"x": TEXT})), indent=1).encode()
HERE = b'"resources"'


@pytest.mark.parametrize("comment", [b"// the hub\n", b"/* the\n hub */", b"//\n", b'/**//* " */'])
def test_a_template_may_have_comments(comment: bytes) -> None:
    text = TOLD.replace(HERE, comment + HERE).replace(b": [", b": [" + comment)
    commented = read(text)
    assert bodies(commented) == bodies(read(TOLD))
    assert bodies(commented)[0]["properties"]["x"] == TEXT
    (record,) = commented.records
    assert bytes(commented.sources[0].text)[record.start :].startswith(b"{")


def test_what_is_blanked_leaves_everything_where_it_is() -> None:
    text = TOLD.replace(HERE, b"/* a\r\n b */ " + HERE)
    blank = bytes(without_comments(text))
    assert len(blank) == len(text)
    assert blank.count(b"\n") == text.count(b"\n")
    assert blank.index(HERE) == text.index(HERE)


def test_a_template_without_comments_is_the_text_itself() -> None:
    assert without_comments(TOLD) is TOLD


def test_a_comment_without_an_end_is_damage() -> None:
    with pytest.raises(InputError):
        read(TOLD.replace(HERE, b"/* " + HERE))


def test_nothing_else_may_have_comments() -> None:
    with pytest.raises(InputError, match="comments are not JSON"):
        read(b'{"value": [ // none\n]}')


@pytest.mark.parametrize("piece", [b"/*", b'"', b"\\", b"/*/", b'"/*', b"//"])
def test_looking_for_comments_is_linear(piece: bytes) -> None:
    """Unended ones, hundreds of thousands of times."""
    head = b'{"$schema": "https://x/deploymentTemplate.json#", '
    assert len(without_comments(head + piece * 300_000)) == len(head) + len(piece) * 300_000
