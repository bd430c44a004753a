from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from auditor.engine import fingerprints, judge, severity_of, subject_id
from auditor.errors import Undetermined
from auditor.finding import Evidence, Finding, Severity, Unknown
from auditor.network.graph import Network, whole
from auditor.resources.public_addresses import PublicIp
from auditor.rule import Outcome, Rule
from auditor.testing import arm_id, estate, resource

PIP = "Microsoft.Network/publicIPAddresses"
NETWORK = estate(*(resource(PIP, name) for name in "abc"))


def addresses(network: Network) -> tuple[PublicIp, ...]:
    return network.all(PublicIp)


def made(
    check: Callable[..., Any],
    rule_id: str = "TST-001",
    *,
    of: Callable[[Network], Iterable[Any]] = addresses,
    severity: Severity = Severity.HIGH,
) -> Rule[Any]:
    return Rule(
        id=rule_id,
        name=rule_id.lower(),
        title="A test",
        page="A test",
        severity=severity,
        since="0.1.0",
        subjects=of,
        check=check,
    )


def finding(subject: str, **more: Any) -> Finding:
    return Finding(subject=subject, message=more.pop("message", "broken"), remedy="mend", **more)


def only(check: Callable[..., Any], **more: Any) -> tuple[int, list[Outcome]]:
    (run,) = judge(NETWORK, [made(check, **more)])
    return run.kept, run.outcomes


def test_one_gap_that_is_met_on_two_ways_is_told_once() -> None:
    def check(_: Network, address: PublicIp) -> Iterator[Outcome]:
        if address.label == "a":
            yield Unknown(address.id, missing="the owner")
            yield Unknown(address.id.upper(), missing="the owner")
            yield Unknown(address.id, missing="the owner", key="other")
            yield Unknown(address.id, missing="the SKU")

    kept, outcomes = only(check)

    assert kept == 2
    assert [(one.missing, one.key) for one in outcomes if isinstance(one, Unknown)] == [
        ("the owner", ""),
        ("the owner", "other"),
        ("the SKU", ""),
    ]


def test_subjects_without_outcome_are_kept() -> None:
    def check(_: Network, address: PublicIp) -> Iterator[Outcome]:
        if address.name == "b":
            yield finding(address.id)
            yield finding(address.id, key="again")

    kept, outcomes = only(check)

    assert kept == 2
    assert len(outcomes) == 2


def test_only_suspects_are_asked_about_and_the_others_are_kept() -> None:
    asked = []

    def check(network: Network, address: PublicIp) -> Iterator[Outcome]:
        asked.append(address.label)
        yield finding(address.id)

    network = estate(*(resource("Microsoft.Network/publicIPAddresses", name) for name in "abc"))
    rule = replace(made(check), suspects=lambda network: addresses(network)[:1])
    [run] = judge(network, [rule])
    assert (asked, run.kept, len(run.outcomes)) == (["a"], 2, 1)


def test_undetermined_becomes_unknown_of_the_subject() -> None:
    def check(_: Network, address: PublicIp) -> Iterator[Outcome]:
        if address.name == "a":
            raise Undetermined("the weather", resource="/elsewhere")
        yield from ()

    kept, (unknown,) = only(check)

    assert kept == 2
    assert isinstance(unknown, Unknown)
    assert unknown.subject == arm_id(PIP, "a")
    assert unknown.missing == "the weather"
    assert unknown.related == ("/elsewhere",)
    assert unknown.told_by == "/elsewhere"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("ipAddress", "ipAddress of a"),
        ("location", "location of a"),
        ("securityRules", "securityRules, which a depends on"),
    ],
)
def test_a_field_that_is_not_told_is_given_to_a_resource_that_has_it(key: str, words: str) -> None:
    def check(_: Network, address: PublicIp) -> Iterator[Outcome]:
        if address.name == "a":
            raise Undetermined(key)
        yield from ()

    _, (unknown,) = only(check)

    assert isinstance(unknown, Unknown)
    assert unknown.missing == words


def test_what_was_found_before_is_not_lost_when_the_rest_is_undetermined() -> None:
    def check(_: Network, address: PublicIp) -> Iterator[Outcome]:
        yield finding(address.id)
        raise Undetermined("the rest")

    kept, outcomes = only(check)

    assert kept == 0
    assert [type(each).__name__ for each in outcomes] == 3 * ["Finding", "Unknown"]


@pytest.mark.parametrize("error", [KeyError("x"), SystemExit(0), RecursionError("deep")])
def test_a_rule_that_fails_is_unknown_and_says_whose_fault_it_is(error: BaseException) -> None:
    def check(_: Network, address: PublicIp) -> Iterator[Outcome]:
        if address.name == "c":
            raise error
        yield from ()

    kept, (unknown,) = only(check)

    assert kept == 2
    assert isinstance(unknown, Unknown)
    assert unknown.subject == arm_id(PIP, "c")
    assert unknown.key == "failed"
    assert "a fault of the rule itself" in unknown.missing
    assert type(error).__name__ in unknown.missing


@pytest.mark.parametrize(
    "outcome",
    [
        "a sentence",
        None,
        Finding(subject=None, message="m", remedy="r"),  # type: ignore[arg-type]
        Finding(subject="s", message=5, remedy="r"),  # type: ignore[arg-type]
        Finding(subject="s", message="m", remedy="r", severity="high"),  # type: ignore[arg-type]
        Finding(subject="s", message="m", remedy="r", related=(None,)),  # type: ignore[arg-type]
        Finding(subject="s", message="m", remedy="r", evidence=("x",)),  # type: ignore[arg-type]
        Unknown(subject="s", missing=b"m"),  # type: ignore[arg-type]
    ],
)
def test_an_outcome_that_no_report_could_show_is_the_rules_fault(outcome: Any) -> None:
    _, outcomes = only(lambda _network, _address: iter([outcome]))

    assert {each.key for each in outcomes} == {"failed"}


def test_a_rule_that_gives_nothing_to_iterate_is_at_fault() -> None:
    _, outcomes = only(lambda _network, _address: None)

    assert {each.key for each in outcomes} == {"failed"}


def test_subjects_that_cannot_be_told_are_one_unknown() -> None:
    def of(_: Network) -> tuple[Any, ...]:
        raise Undetermined("the list", resource="/r")

    kept, (unknown,) = only(lambda *_: iter(()), of=of)

    assert kept == 0
    assert isinstance(unknown, Unknown)
    assert (unknown.subject, unknown.missing) == ("/r", "the list")


def test_subjects_that_fail_are_the_rules_fault() -> None:
    def of(_: Network) -> tuple[Any, ...]:
        raise ZeroDivisionError

    _, (unknown,) = only(lambda *_: iter(()), of=of)

    assert unknown.key == "failed"


class Shy:
    @property
    def id(self) -> str:
        raise Undetermined("even the id")


def test_a_subject_whose_id_cannot_be_told_is_nameless() -> None:
    def check(_: Network, __: Shy) -> Iterator[Outcome]:
        raise Undetermined("anything")
        yield

    _, (unknown,) = only(check, of=lambda _: (Shy(),))

    assert unknown.subject == ""
    assert subject_id(NETWORK) == ""


def speaks(rule_id: str, *covers: str, subject: str = "/s") -> Rule[Any]:
    pairs = tuple((each, subject.upper()) for each in covers)
    return made(lambda *_: iter([finding(subject, covers=pairs)]), rule_id, of=lambda n: whole(n))


def speaking(*rules: Rule[Any]) -> list[str]:
    return [run.rule.id for run in judge(NETWORK, rules) if run.outcomes]


def test_the_special_rule_speaks_for_the_general_one() -> None:
    assert speaking(speaks("GEN-001"), speaks("SPE-001", "GEN-001")) == ["SPE-001"]


def test_the_general_rule_speaks_when_it_runs_alone() -> None:
    assert speaking(speaks("GEN-001")) == ["GEN-001"]


def test_another_subject_is_not_covered() -> None:
    special = speaks("SPE-001", "GEN-001", subject="/other")

    assert speaking(speaks("GEN-001"), special) == ["GEN-001", "SPE-001"]


def test_another_key_is_not_covered_where_one_is_named() -> None:
    general = made(
        lambda *_: iter([finding("/s", key="a"), finding("/s", key="b")]), "GEN-001", of=whole
    )
    special = made(
        lambda *_: iter([finding("/s", covers=(("GEN-001", "/S", "b"),))]), "SPE-001", of=whole
    )

    runs = judge(NETWORK, [general, special])

    assert [(run.rule.id, one.key) for run in runs for one in run.outcomes] == [
        ("GEN-001", "a"),
        ("SPE-001", ""),
    ]


def test_only_what_was_found_is_named_as_covered() -> None:
    special = made(
        lambda *_: iter([finding("/s", covers=(("GEN-001", "/s"), ("KEPT-001", "/s")))]),
        "SPE-001",
        of=whole,
    )

    runs = judge(NETWORK, [speaks("GEN-001"), made(lambda *_: iter(()), "KEPT-001"), special])

    [(run, told)] = [(run, one) for run in runs for one in run.outcomes]
    assert isinstance(told, Finding)
    assert run.general(told) == ("GEN-001",)


def test_a_rule_does_not_say_that_it_is_broken_too() -> None:
    """A finding may speak for others of its own rule, about what its subject is made of."""
    found = [finding("/pool", covers=(("SPE-001", "/part"),)), finding("/part")]
    [run] = judge(NETWORK, [made(lambda *_: iter(found), "SPE-001", of=whole)])
    [told] = run.outcomes
    assert told.subject == "/pool"
    assert run.general(told) == ()


def test_an_unknown_is_never_covered() -> None:
    unsure = made(lambda *_: iter([Unknown("/s", missing="x")]), "GEN-001", of=whole)

    assert speaking(unsure, speaks("SPE-001", "GEN-001")) == ["GEN-001", "SPE-001"]


def test_an_unknown_falls_silent_where_the_special_rule_settles_it() -> None:
    def settles(covered: str) -> Rule[Any]:
        said = finding("/s", settles=(("GEN-001", covered),))
        return made(lambda *_: iter([said]), "SPE-001", of=whole)

    unsure = made(lambda *_: iter([Unknown("/S", missing="x")]), "GEN-001", of=whole)

    assert speaking(unsure, settles("/s")) == ["SPE-001"]
    assert speaking(unsure, settles("/other")) == ["GEN-001", "SPE-001"]
    assert speaking(unsure) == ["GEN-001"]
    general, special = judge(NETWORK, [unsure, settles("/s")])
    [told] = special.outcomes
    assert isinstance(told, Finding)
    assert special.general(told) == ("GEN-001",)
    assert (general.silenced, general.kept) == (["/S"], 0)


def doubts(rule_id: str, *covers: str, missing: str = "x") -> Rule[Any]:
    said = Unknown("/s", missing=missing, covers=tuple((each, "/S") for each in covers))
    return made(lambda *_: iter([said]), rule_id, of=whole)


def test_the_special_rule_speaks_for_what_the_general_one_cannot_tell_either() -> None:
    general, special = judge(NETWORK, [doubts("GEN-001"), doubts("SPE-001", "GEN-001", "KEPT-001")])

    [told] = special.outcomes
    assert (general.outcomes, general.silenced, general.kept) == ([], ["/s"], 0)
    assert special.general(told) == ("GEN-001",)
    assert speaking(doubts("GEN-001")) == ["GEN-001"]


def test_what_cannot_be_told_covers_no_finding() -> None:
    assert speaking(speaks("GEN-001"), doubts("SPE-001", "GEN-001")) == ["GEN-001", "SPE-001"]


def test_doubts_that_cover_each_other_are_all_told() -> None:
    ring = [doubts("AA-001", "BB-001"), doubts("BB-001", "AA-001")]

    assert speaking(*ring) == ["AA-001", "BB-001"]


def test_what_is_covered_covers_in_turn() -> None:
    chain = [speaks("AA-001", "BB-001"), speaks("BB-001", "CC-001"), speaks("CC-001")]

    assert speaking(*chain) == ["AA-001"]


def test_rules_that_cover_each_other_all_speak() -> None:
    ring = [speaks("AA-001", "BB-001"), speaks("BB-001", "AA-001")]

    assert speaking(*ring) == ["AA-001", "BB-001"]
    assert speaking(speaks("AA-001", "AA-001")) == ["AA-001"]


RULE = made(lambda *_: iter(()))


def test_a_fingerprint_survives_reordering_letter_case_and_other_words() -> None:
    outcomes: list[Outcome] = [finding("/A/b", key=str(number)) for number in range(5)]
    marks = dict(zip("01234", fingerprints(RULE, outcomes), strict=True))

    random.Random(1).shuffle(outcomes)
    again = fingerprints(RULE, outcomes)
    respelled = fingerprints(RULE, [finding("/a/B", key="3", message="in other words")])

    assert {each.key: mark for each, mark in zip(outcomes, again, strict=True)} == marks
    assert respelled == [marks["3"]]
    assert len(set(marks.values())) == 5


def test_fingerprints_tell_rule_kind_and_subject_apart() -> None:
    other = made(lambda *_: iter(()), "TST-002")
    marks = {
        *fingerprints(RULE, [finding("/a"), Unknown("/a", missing="broken"), finding("/b")]),
        *fingerprints(other, [finding("/a")]),
    }

    assert len(marks) == 4


def test_findings_without_a_key_are_told_apart_by_what_they_say() -> None:
    outcomes = [finding("/a", message="one"), finding("/a", related=("/R",)), finding("/a")]

    marks = fingerprints(RULE, outcomes)

    assert len(set(marks)) == 3
    assert fingerprints(RULE, outcomes[::-1]) == marks[::-1]


def test_findings_that_say_the_same_still_have_fingerprints_of_their_own() -> None:
    told = [Evidence("/a", f"/{number}", number) for number in range(3)]
    outcomes = [finding("/a", evidence=(each,)) for each in told]

    assert len(set(fingerprints(RULE, outcomes))) == 3


def test_a_fingerprint_of_any_text_can_be_made() -> None:
    (mark,) = fingerprints(RULE, [finding("/\udc80", key="\x00")])

    assert len(mark) == 32


def test_the_severity_of_a_finding_comes_before_the_rules() -> None:
    assert severity_of(RULE, finding("/a")) is Severity.HIGH
    assert severity_of(RULE, finding("/a", severity=Severity.INFO)) is Severity.INFO
    assert severity_of(RULE, Unknown("/a", missing="x")) is Severity.HIGH
