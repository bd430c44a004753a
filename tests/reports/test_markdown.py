from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from auditor.finding import Evidence, Report, Status

from . import enemy, resources, sample
from .named import named
from .rendering import rendered

ALLOWED = {
    *("h1", "h2", "h3", "p", "strong", "code", "pre", "br", "wbr", "ul", "li"),
    *("details", "summary", "table", "thead", "tbody", "tr", "th", "td"),
}


class Page(HTMLParser):
    """The tags and the text of what a browser would get."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self.text = ""
        self.cells: list[int] = []
        self.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes |= {name for name, _ in attrs}
        if tag == "tr":
            self.cells.append(0)
        elif tag in ("td", "th"):
            self.cells[-1] += 1

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_whole_report_is_as_written_down(golden: Any) -> None:
    golden(Path(__file__).parent / "golden" / "full.md", rendered("markdown", sample.full()))


def test_the_page_begins_with_the_verdict() -> None:
    text = rendered("markdown", sample.full())

    assert text.startswith("# Azure network audit\n\n**broken: 2 critical, 3 high, 2 medium · unkn")


def test_details_are_folded_and_closed() -> None:
    page = Page(rendered("markdown", sample.full()))
    text = rendered("markdown", sample.full())

    assert page.tags["details"] == 8
    assert text.count("<details>") == text.count("</details>")
    assert set(page.tags) <= ALLOWED


def test_a_command_stands_alone_in_a_fence() -> None:
    text = rendered("markdown", sample.full())

    assert f"\n```console\naz network public-ip delete --ids {resources.PIP}\n```\n" in text


def test_a_command_cannot_close_its_fence() -> None:
    finding = replace(sample.EXPOSED, remedy="az x ```` <b>")
    page = Page(rendered("markdown", replace(sample.full(), findings=(finding,))))

    assert page.tags["b"] == 0
    assert "az x ```` <b>" in page.text


@pytest.mark.parametrize("name", ["full", "complied", "clean", "unsure", "empty", "hostile"])
def test_every_row_of_a_table_has_its_cells(name: str) -> None:
    page = Page(rendered("markdown", named(name)))

    assert set(page.cells) <= {4, 5, 6}


def test_unknowns_have_a_section_of_their_own() -> None:
    text = rendered("markdown", sample.full())

    assert "## Cannot tell (3)" in text
    assert (
        "the route table rg-hub › routeTables/rt-spokes, which the snapshot does not hold" in text
    )


def test_hostile_names_of_controls_stay_text() -> None:
    page = Page(rendered("markdown", enemy.besieged()))

    assert set(page.tags) <= ALLOWED
    assert page.attributes <= {"class", "style"}
    assert page.tags["details"] == 2 + len(enemy.EVIL)


def test_hostile_names_stay_text() -> None:
    page = Page(rendered("markdown", enemy.hostile()))

    assert set(page.tags) <= ALLOWED
    assert page.attributes <= {"class", "style"}
    assert enemy.SCRIPT in page.text
    assert enemy.MARKUP in page.text
    assert enemy.TABLE.replace("&", "&amp;") in page.text
    assert page.tags["h1"] == 1
    assert page.tags["details"] == 1 + len(enemy.EVIL)


@pytest.mark.parametrize(
    "text", ["@everyone", "see #12", "https://evil.example", "www.evil.example", "me@evil.example"]
)
def test_github_makes_no_link_of_it(text: str) -> None:
    finding = replace(sample.EXPOSED, message=text)
    written = rendered("markdown", replace(sample.full(), findings=(finding,)))
    summary = re.search(r"<br>(.*)</summary>", written)

    assert summary
    assert not re.search(r"@\w|(?<!&)#\d|://|www\.", summary[1])


def test_a_page_that_is_too_long_says_what_it_leaves_out() -> None:
    big = tuple(
        replace(
            sample.EXPOSED,
            status=status,
            message=f"{status} {number} " + "é" * 2000,
            evidence=(Evidence("/x", "/y", "v" * 2000),),
        )
        for status in Status
        for number in range(400)
    )
    text = rendered("markdown", replace(sample.full(), findings=big))

    assert len(text.encode()) <= 1024 * 1024
    assert "## Broken (400)" in text
    assert re.search(r"\*\*\d+ findings are left out here: a job summary holds only", text)
    assert "## Cannot tell (400)" in text
    assert text.count("<details>") == text.count("</details>")


def test_a_very_long_list_of_inputs_still_fits() -> None:
    report: Report = sample.full()
    sources = tuple(replace(report.audit.sources[0], name="x" * 200 + str(n)) for n in range(9000))
    text = rendered("markdown", replace(report, audit=replace(report.audit, sources=sources)))

    assert len(text.encode()) <= 1024 * 1024
    assert re.search(r"- and 8,\d+ lines more", text)
    assert "DB-001" in text


def test_what_could_not_be_read_is_told_first() -> None:
    text = rendered("markdown", sample.blind())

    assert "not read: 1 part of the input" in text.splitlines()[2]
    assert re.search(r"^- not read: .*networkSecurityGroups", text, re.MULTILINE)
