"""Names in the Markdown of commands: once rendered they read as they are, and do nothing."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from auditor.commands.asking import plain
from auditor.commands.marking import escaped, head, row

from ...command import Command
from .test_reach_commands import HTTPS, estate, written

NAME = "web|<b>`x`_y_*z*\\[a](b)~~s~~ &lt; &#60; #12 @you <!-- www.example.com"
HOSTILE = f"{NAME} https://example.com"


class Cells(HTMLParser):
    """The cells of tables as a reader sees them, and every tag."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: set[str] = set()
        page = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(markdown)
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1] and data.strip():
            self.rows[-1][-1] += data


TABLE = {"table", "thead", "tbody", "tr", "th", "td", "wbr"}


def shown(text: str) -> Cells:
    return Cells(f"{head('One', 'Two')}\n{row([text, 'end'])}\n")


@pytest.mark.parametrize("text", [HOSTILE, "_a_", "a_b", "&amp;", "||", "\\|", "`", "a\nb", "x*y*"])
def test_a_name_reads_as_it_is_and_stays_in_its_cell(text: str) -> None:
    cells = shown(text)
    assert cells.rows[1:] == [[plain(text), "end"]]
    assert cells.tags <= TABLE


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=40).map(str.strip).filter(bool))
def test_every_text_reads_as_it_is(text: str) -> None:
    cells = shown(text)
    assert cells.rows[1:] == [[plain(text), "end"]]
    assert cells.tags <= TABLE


@pytest.mark.parametrize("text", ["https://example.com", "www.example.com", "@you", "#12"])
def test_nothing_becomes_a_link_or_a_mention(text: str) -> None:
    said = escaped(text)
    assert not any(mark in said for mark in ("://", "www.", "@you", "#12"))


@pytest.mark.parametrize(
    "words",
    [
        ["reach", "new.json", "--from", "internet"],
        ["reach", "new.json", "--from", "internet", "--to", "type:networkInterfaces"],
        ["diff", "old.json", "new.json", "--as-of", "2026-11-23"],
    ],
)
def test_hostile_names_in_every_table(auditor: Command, words: list[str]) -> None:
    written(auditor.folder, *estate(hostile=NAME), name="old.json")
    written(auditor.folder, *estate(HTTPS, hostile=NAME), name="new.json")
    paths = [str(auditor.folder / word) if word.endswith(".json") else word for word in words]
    page = Cells(auditor(*paths, "--report", "markdown").out)
    assert page.tags <= TABLE
    assert len({len(each) for each in page.rows}) <= 2
    assert any(NAME in cell for each in page.rows for cell in each)


@pytest.mark.parametrize("name", ["##vso[task.setvariable]", "##[error]x", "::error::x"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_no_name_commands_a_pipeline(auditor: Command, name: str, form: str) -> None:
    path = written(auditor.folder, *estate(HTTPS, hostile=name))
    pairs = ["--from", "internet", "--to", "type:networkInterfaces"]
    for words in (["reach", path, *pairs], ["reach", path, "--from", "internet"],
                  ["flow", path, "--nic", name, "--direction", "inbound", "--local", "10.0.0.4:443",
                   "--remote", "9.9.9.9:1", "--protocol", "Tcp"],
                  ["effective-rules", path, "--nic", name]):  # fmt: skip
        out = auditor(*words, "--report", form).out
        assert "##" not in out
        assert not any(line.lstrip().startswith("::") for line in out.splitlines())
        if form == "json":
            assert name in str(json.loads(out))


def test_addresses_of_ipv6_read_as_they_are() -> None:
    for text in ("tcp 2001:db8::a -> [2001:db8::20]:80", "fd00::cafe -> [fd00::add]", "::b ::"):
        assert plain(text) == text
    for text in ("::add-mask::x", "::error ::x", "::faces::", "::debug::"):
        assert plain(text) == text.replace("::", ":\\x3a", 1)
