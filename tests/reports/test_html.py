from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from auditor.finding import IntentState, Json, Report, Status
from auditor.topology import Kind, Line, Picture, Spot, Tie

from . import enemy, resources, sample
from .named import named
from .rendering import rendered, renderer

REPORTS = ["full", "complied", "clean", "blind", "unsure", "empty", "hostile", "besieged"]
VOID = {"meta", "link", "br", "input"}


class Page(HTMLParser):
    """The elements, attributes and texts of what a browser would get."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.by_class: dict[str, list[dict[str, str]]] = {}
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        told = {name: value or "" for name, value in attrs}
        assert len(told) == len(attrs)
        self.attributes += [(tag, name, value) for name, value in told.items()]
        for name in told.get("class", "").split():
            self.by_class.setdefault(name, []).append(told)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self.open[-1] if self.open else "", []).append(data)

    @property
    def text(self) -> str:
        return "".join(
            "".join(texts) for tag, texts in self.texts.items() if tag not in ("script", "style")
        )


def page_of(report: Report) -> Page:
    return Page(rendered("html", report))


def without_scripts(html: str) -> str:
    return re.sub(r"<(script|style)\b.*?</\1>", "", html, flags=re.DOTALL)


@pytest.mark.parametrize("name", REPORTS)
def test_the_page_is_well_formed_and_has_no_foreign_element(name: str) -> None:
    page = page_of(named(name))

    assert set(page.tags) <= {
        *("html", "head", "meta", "link", "title", "style", "body", "header", "main", "footer"),
        *("section", "div", "dl", "dt", "dd", "ul", "ol", "li", "p", "h1", "h2", "h3", "h4", "a"),
        *("b", "i", "small", "span", "code", "pre", "br", "details", "summary", "button", "form"),
        *("input", "select", "option", "label", "fieldset", "legend", "script"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }


@pytest.mark.parametrize("name", REPORTS)
def test_nothing_in_the_page_leads_to_the_network_by_itself(name: str) -> None:
    page = page_of(named(name))

    for tag, attribute, value in page.attributes:
        assert not attribute.startswith("on"), (tag, attribute)
        assert attribute not in ("src", "srcset", "style", "action", "formaction", "background")
        if attribute == "href":
            assert value == "data:," if tag == "link" else value.startswith(("#", "https://"))


@pytest.mark.parametrize("name", REPORTS)
def test_the_policy_names_each_style_and_script_by_its_hash(name: str) -> None:
    html = rendered("html", named(name))
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', html)
    policy = policy.replace("&#39;", "'")
    parts = re.findall(r"<(?:script|style)>(.*?)</(?:script|style)>", html, re.DOTALL)
    hashes = {
        f"'sha256-{base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()}'"
        for part in parts
    }

    assert len(parts) >= 2
    assert set(re.findall(r"'sha256-[^']*'", policy)) == hashes
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


def test_the_top_tells_verdict_scope_time_and_coverage() -> None:
    page = page_of(sample.full())
    text = page.text

    assert page.texts["title"] == [
        "Azure network audit: broken: 2 critical, 3 high, 2 medium · unknown: 3 · waived: 1"
        " · baseline: 1 · 1 rule kept"
    ]
    assert "7 broken, 2 critical; 3 cannot be told" in text
    assert resources.SUB in text
    assert "2026-11-22T18:30:00Z" in text
    assert "2026-11-23" in text
    assert "120 resources of 2 types are counted only" in text
    assert page.by_class["verdict"][0]["class"] == "verdict broken"


@pytest.mark.parametrize(
    ("name", "tone", "said"),
    [
        ("clean", "kept", "All kept"),
        ("blind", "unknown", "Nothing broken; 1 part not read"),
        ("unsure", "unknown", "Nothing broken; 2 cannot be told"),
        ("empty", "unknown", "Nothing was judged"),
    ],
)
def test_only_what_is_proved_is_green(name: str, tone: str, said: str) -> None:
    page = page_of(named(name))

    assert page.by_class["verdict"][0]["class"] == f"verdict {tone}"
    assert said in page.text


def test_each_finding_has_what_filters_ask_for() -> None:
    report = sample.full()
    found = page_of(report).by_class["finding"]

    assert [each["data-rule"] for each in found] == [one.rule for one in report.findings]
    assert [each["data-status"] for each in found] == [one.status for one in report.findings]
    assert [each["data-severity"] for each in found] == [
        one.severity.word for one in report.findings
    ]
    assert len({each["id"] for each in found}) == len(found)


def test_a_finding_tells_evidence_path_remedy_and_controls() -> None:
    text = page_of(sample.full()).text

    assert "/properties/ipAddress" in text
    assert '"20.73.14.9"' in text
    assert "loadBalancingRules/tcp-443 (lb-rule)" in text
    assert f"az network public-ip delete --ids {resources.PIP}" in text
    assert "MCSB/NS-2, CIS 5.0/7.1" in text
    assert "until 2027-01-31 by network team: moves with the new gateway" in text
    assert "exports/node group.json:412" in text


def test_the_packet_of_a_path_is_told_as_one_writes_it() -> None:
    witness: dict[str, Json] = {
        "source": "1.0.0.4",
        "sourcePort": 49152,
        "destination": "20.1.2.3",
        "destinationPort": 22,
        "protocol": "tcp",
    }
    report = replace(sample.full(), findings=(replace(sample.REACHED, witness=witness),))

    assert "Path of tcp 1.0.0.4:49152 to 20.1.2.3:22" in page_of(report).text


def test_a_rule_leads_to_its_page_and_the_page_is_there() -> None:
    page = page_of(sample.full())

    assert ("a", "href", "#rule-EXP-001") in page.attributes
    assert ("details", "id", "rule-EXP-001") in page.attributes
    assert "the gateway's firewall sees none of it" in page.text


def test_the_data_of_the_filters_is_the_controls() -> None:
    html = rendered("html", sample.full())
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', html)

    assert json.loads(data)["controls"] == {
        "EXP-001": ["MCSB/NS-2", "CIS 5.0/7.1"],
        "DB-001": ["MCSB/NS-2"],
    }


def test_hostile_names_are_texts() -> None:
    html = without_scripts(rendered("html", enemy.hostile()))

    assert "<img" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert "javascript:alert(1)" in Page(html).text


def test_data_cannot_end_its_element() -> None:
    html = rendered("html", enemy.hostile())
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', html)

    assert data.isascii()
    assert not set(data) & set("<>&")


def test_intents_are_told() -> None:
    intents = (
        IntentState("shop is public", "reachable", "kept", "it is"),
        IntentState("db is private", "unreachable", "unknown", "the routes"),
    )
    text = page_of(replace(sample.clean(), intents=intents)).text

    assert "shop is public" in text
    assert "cannot tell" in text


def test_the_controls_of_frameworks_are_told() -> None:
    html = rendered("html", sample.complied())

    assert "Compliance: Microsoft cloud security benchmark v1</h2>" in html
    assert "<p>2 not satisfied, 1 not told, 1 satisfied" in html
    row = "<td>NS-1</td><td>Networks are segmented</td>"
    outcome = '<b class="verdict-word not-satisfied">not satisfied</b>'
    rule = '<span class="id">NSG-001</span>'
    assert f"{row}<td>{outcome}</td><td>{rule}</td>" in html
    assert "No rule looks at 1 of its controls: of them nothing is said" in html
    assert '<li><b class="id">NS-8</b> Old protocols are off</li>' in html
    assert "Compliance: " not in rendered("html", sample.full())


def test_an_unknown_is_not_told_twice_as_unknown() -> None:
    text = page_of(sample.unsure()).text
    assert "cannot tell: the route table" not in text
    assert "the route table" in text


def test_a_stream_that_knows_only_ascii_gets_references() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii", errors="strict")
    renderer("html")(sample.full(), out)
    out.flush()

    assert Page(raw.getvalue().decode()).text == page_of(sample.full()).text


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_a_word(status: Status) -> None:
    report = replace(sample.full(), findings=(replace(sample.EXPOSED, status=status),))
    (found,) = page_of(report).by_class["finding"]
    assert found["data-status"] == status.value


def pictured() -> Report:
    """A report with a picture: one network, one gateway, a path to it."""
    spots = (
        Spot("internet", Kind.INTERNET, "internet"),
        Spot(resources.VNET, Kind.NETWORK, "vnet-app", doubts=("not told: subnets",)),
        Spot(resources.GATEWAY, Kind.GATEWAY, enemy.SCRIPT, resources.VNET),
    )
    lines = (Line("internet", resources.GATEWAY, Tie.ENTRANCE, ("20.1.2.3",)),)
    mark = sample.LISTENER.fingerprint
    picture = Picture(
        spots, lines, {mark: (resources.GATEWAY,)}, {mark: ("internet", resources.GATEWAY)}
    )
    return replace(sample.full(), picture=picture)


def test_without_a_picture_nothing_of_it_is_in_the_page() -> None:
    html = rendered("html", sample.full())

    assert "elk" not in html
    assert "picture-section" not in html


def test_the_picture_is_data_and_a_list_to_read() -> None:
    html = rendered("html", pictured())
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', html)
    told = json.loads(data)["picture"]
    text = Page(html).text

    assert [spot["n"] for spot in told["spots"]] == ["internet", "vnet-app", enemy.SCRIPT]
    assert told["spots"][2]["p"] == 1
    assert told["paths"] == {sample.LISTENER.fingerprint: [0, 2]}
    assert f"application gateway {enemy.SCRIPT}" in text
    assert "public address 20.1.2.3" in text
    assert "? not told: subnets" in text


def test_only_findings_that_are_in_the_picture_lead_there() -> None:
    shown = [value for _, name, value in page_of(pictured()).attributes if name == "data-show"]
    assert shown == [sample.LISTENER.fingerprint]


def test_a_page_with_a_picture_keeps_all_promises_too() -> None:
    html = rendered("html", pictured())
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', html)
    parts = re.findall(r"<(?:script|style)>(.*?)</(?:script|style)>", html, re.DOTALL)

    assert len(parts) == 4
    for part in parts:
        digest = base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()
        assert f"sha256-{digest}" in policy
    assert "<img" not in without_scripts(html)


def test_families_have_columns_for_what_there_is() -> None:
    said = sample.clean()
    waived = tuple(replace(rule, waived=1) for rule in said.rules)

    assert '<th scope="col" class="n">waived</th>' not in rendered("html", said)
    text = rendered("html", replace(said, rules=waived))
    assert '<table class="many-columns">' in text
    assert '<th scope="col" class="n">waived</th>' in text


def test_a_list_that_could_not_be_read_is_part_of_what_could_not_be_told() -> None:
    text = page_of(sample.blind()).text

    assert f"{resources.SUB}/{resources.NET}/networkSecurityGroups (denied: refused (403))" in text
    assert "Every question that was asked has an answer" not in text
    assert "Nothing is broken, and all could be told" not in text
