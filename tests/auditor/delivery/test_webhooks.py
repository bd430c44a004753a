from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from msgspec.structs import replace

from auditor.delivery.message import Message, of_error, of_report
from auditor.delivery.webhooks import body_of, signature
from auditor.errors import InputError, UsageError
from auditor.finding import Severity
from auditor.schema import schema_of

from ...reports import enemy, resources, sample, test_past
from ...reports.named import named


def posted(kind: str, message: Message, link: str = "") -> Any:
    return json.loads(body_of(kind, message, link))


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in strings(each)]
    if isinstance(value, list):
        return [text for each in value for text in strings(each)]
    return [value] if isinstance(value, str) else []


def test_the_headline_has_the_numbers() -> None:
    assert of_report(sample.full()).headline == (
        "Azure network audit: broken: 2 critical, 3 high, 2 medium, cannot tell: 3"
    )
    assert of_report(sample.clean()).headline == "Azure network audit: broken: none"
    assert of_report(sample.empty()).headline == "Azure network audit: nothing was judged"


def test_the_facts_tell_when_of_what_and_how_controls_fare() -> None:
    facts = dict(of_report(sample.complied()).facts)

    assert facts["as of"] == "2026-11-23"
    assert facts["scope"] == resources.SUB
    assert facts["outcome"] == "something is broken at high or above"
    assert facts["waived"] == "1"
    assert facts["MCSB"].startswith("2 not satisfied, 1 not told")


def test_what_changed_since_the_last_time_is_told() -> None:
    report = test_past.full()
    message = of_report(report)
    facts = dict(message.facts)
    schema = json.loads(schema_of("notification"))
    said = posted("json", message)

    (since,) = (said for name, said in message.facts if name.startswith("since "))
    assert since == "2 new, 1 fixed, 1 not told any more, and so not fixed"
    assert "waivers that end soon" in facts
    jsonschema.validate(said, schema, cls=jsonschema.Draft202012Validator)
    assert said["changes"]["new"] == 2


def test_a_message_knows_whether_there_is_anything_new() -> None:
    entries = (test_past.entry(1, 1), test_past.entry(2, 1))

    assert of_report(sample.full()).changed
    assert of_report(test_past.full()).changed
    assert of_report(test_past.full(entries=entries[:1])).changed
    assert not of_report(test_past.full(entries=entries)).changed
    assert not of_report(test_past.full(recorded=False)).changed


def test_the_worst_are_told_and_the_rest_are_counted() -> None:
    report = sample.full()
    many = tuple(replace(report.findings[0], fingerprint=str(number)) for number in range(30))
    message = of_report(replace(report, findings=many))

    assert (len(message.lines), message.more) == (10, 20)
    assert message.lines[0].severity == "critical"
    assert message.lines[0].subject == "rg-app › AllowAllAzureServices"


@pytest.mark.parametrize(
    ("error", "headline"),
    [
        (InputError("nothing to read", where="x"), "no audit was performed"),
        (UsageError("cannot be written", where="x"), "the audit was not completed"),
        (RuntimeError("oops"), "no audit was performed"),
    ],
)
def test_an_audit_that_comes_to_no_end_is_told_as_such(error: Exception, headline: str) -> None:
    message = of_error(error)

    assert message.headline == f"Azure network audit: {headline}"
    assert message.failed
    assert str(error) in dict(message.facts)["reason"]


@pytest.mark.parametrize("name", ["full", "complied", "clean", "empty", "besieged"])
def test_generic_json_is_valid_by_its_schema(name: str) -> None:
    schema = json.loads(schema_of("notification"))
    said = posted("json", of_report(named(name)), "https://w.test")

    jsonschema.validate(said, schema, cls=jsonschema.Draft202012Validator)
    assert said["schema"] == "auditor.notification/1"
    assert said["link"] == "https://w.test"
    error = posted("json", of_error(InputError("x")))
    jsonschema.validate(error, schema, cls=jsonschema.Draft202012Validator)
    assert (error["audited"], error["failed"]) == (False, True)


def test_generic_json_has_the_numbers_by_severity() -> None:
    said = posted("json", of_report(sample.complied()))

    assert said["numbers"]["broken"]["critical"] == 2
    assert said["numbers"]["unknown"]["high"] == 2
    assert said["compliance"][0]["controls"]["not satisfied"] == 2
    assert said["findings"][0]["fingerprint"] == sample.complied().findings[0].fingerprint


def test_teams_gets_an_adaptive_card() -> None:
    said = posted("teams", of_report(sample.complied()), "https://w.test/r")
    (attachment,) = said["attachments"]
    card = attachment["content"]

    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert {part["type"] for part in card["body"]} == {"RichTextBlock"}
    assert card["body"][0]["inlines"][0]["color"] == "attention"
    assert card["actions"][0]["url"] == "https://w.test/r"
    assert "actions" not in posted("teams", of_report(sample.clean()))["attachments"][0]["content"]


def test_slack_gets_rich_text() -> None:
    said = posted("slack", of_report(sample.complied()), "https://w.test/r")
    (block,) = said["blocks"]
    kinds = {part["type"] for section in block["elements"] for part in section["elements"]}

    assert block["type"] == "rich_text"
    assert kinds == {"text", "link"}
    assert said["text"] == of_report(sample.complied()).headline


@pytest.mark.parametrize("kind", ["json", "teams", "slack"])
def test_hostile_names_are_short_printable_text_where_no_markup_is_read(kind: str) -> None:
    message = of_report(enemy.besieged())
    said = posted(kind, message)

    assert all(text.replace("\n", "").isprintable() for text in strings(said))
    if kind == "slack":
        assert "<" not in said["text"]
        assert "@everyone" not in said["text"]


def test_a_card_stays_below_what_teams_takes() -> None:
    report = sample.full()
    huge = replace(report.findings[0], message="日" * 9000, title="日" * 9000, subject="日" * 9000)
    many = tuple(replace(huge, fingerprint=str(number)) for number in range(30))
    body = body_of("teams", of_report(replace(report, findings=many)), "")

    assert len(body) <= 28_000
    assert b"more broken" in body


def test_a_signature_is_of_time_and_body() -> None:
    signed = signature("key", "1700000000", b'{"a":1}')

    # printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac key
    assert signed == "v1=a438e398bfafc57e4396bb7fc2304422f0f768e965d073ca313cb52e22e6ad03"
    assert signature("key", "1700000001", b'{"a":1}') != signed
    assert signature("kez", "1700000000", b'{"a":1}') != signed
    assert signature("key", "1700000000", b'{"a":2}') != signed


def test_a_message_is_as_severe_as_the_report() -> None:
    assert of_report(sample.full()).failed
    assert not of_report(replace(sample.full(), failed=False, threshold=Severity.CRITICAL)).failed


def test_what_could_not_be_read_is_told() -> None:
    facts = dict(of_report(sample.blind()).facts)

    assert facts["not read"].endswith("/networkSecurityGroups")
    assert "not read" not in dict(of_report(sample.clean()).facts)
