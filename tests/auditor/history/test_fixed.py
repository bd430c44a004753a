"""What makes a finding fixed or removed, and what leaves it open: what is not told, above all."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from auditor.finding import Status
from auditor.history.absence import Look
from auditor.past import Age, Changes

from ...history import HIDDEN, HUB, REMOVED, RULE, Book, broken, day, report, subnet, taken, unknown


def test_a_finding_that_the_rule_does_not_find_any_more_is_fixed(book: Book) -> None:
    book.add(taken(1, broken("a"), broken("b")))
    book.add(taken(2, broken("b")))
    book.add(taken(3, broken("b")))

    life = book.life("a")

    assert (life.state, life.last_at, life.changed_at) == ("fixed", day(1), day(2))
    assert [entry.changes.fixed for entry in book.past().entries] == [0, 1, 0]


def test_a_finding_that_comes_back_is_reopened_and_its_age_begins_anew(book: Book) -> None:
    book.add(taken(1, broken("a")))
    book.add(taken(2))
    book.add(taken(5, broken("a")))
    book.add(taken(8, broken("a")))

    life = book.life("a")

    assert (life.state, life.reopened) == ("open", 1)
    assert (life.first_at, life.opened_at, life.last_at) == (day(1), day(5), day(8))
    assert [entry.changes.reopened for entry in book.past().entries] == [0, 0, 1, 0]
    assert book.past().ages == (Age("high", 1, 3, 3, (1, 0, 0, 0)),)


def test_what_a_rule_that_did_not_run_found_is_not_fixed(book: Book) -> None:
    book.add(taken(1, broken("a")))
    book.add(taken(2, of=report(rules=("TLS-001",))))

    life = book.life("a")

    assert (life.state, life.reason) == ("untold", "NSG-001 did not run")
    assert book.past().current.changes == Changes(untold=1)
    assert book.past().current.hidden == 1
    assert book.past().untold == (life,)


def test_what_a_gap_hides_is_not_fixed_however_often_it_is_asked(book: Book) -> None:
    book.add(taken(1, broken("a")))
    for number in (2, 3, 4):
        book.add(taken(number, sight={subnet("a"): HIDDEN}))

    life = book.life("a")

    assert (life.state, life.reason) == ("untold", "the list was denied")
    assert (life.last_at, life.changed_at) == (day(1), day(2))
    assert [entry.changes.untold for entry in book.past().entries] == [0, 1, 0, 0]
    assert [entry.hidden for entry in book.past().entries] == [0, 1, 1, 1]


def test_what_was_hidden_and_is_there_again_was_open_all_the_time(book: Book) -> None:
    book.add(taken(1, broken("a")))
    book.add(taken(2, sight={subnet("a"): HIDDEN}))
    book.add(taken(9, broken("a")))

    life = book.life("a")

    assert (life.state, life.opened_at, life.reopened) == ("open", day(1), 0)
    assert book.past().current.changes == Changes()


def test_what_was_hidden_is_fixed_when_the_rule_judges_it_again(book: Book) -> None:
    book.add(taken(1, broken("a")))
    book.add(taken(2, sight={subnet("a"): HIDDEN}))
    book.add(taken(3))

    life = book.life("a")

    assert (life.state, life.last_at, life.changed_at) == ("fixed", day(1), day(3))


def test_a_subject_that_is_surely_gone_is_removed(book: Book) -> None:
    book.add(taken(1, broken("a")))
    book.add(taken(2, sight={subnet("a"): REMOVED}))

    assert (book.life("a").state, book.life("a").reason) == ("removed", "it is gone")
    assert book.past().current.changes == Changes(removed=1)


@pytest.mark.parametrize(
    "subject", [subnet("a"), subnet("a").upper(), HUB, f"{subnet('a')}/parts/p", "", "internet"]
)
def test_what_the_rule_cannot_tell_now_is_not_fixed(book: Book, subject: str) -> None:
    book.add(taken(1, broken("a")))
    book.add(taken(2, unknown("x", subject=subject)))

    assert book.life("a").state == "untold"
    assert "cannot" in book.life("a").reason


def test_what_the_rule_cannot_tell_of_another_subject_is_no_doubt_about_this(book: Book) -> None:
    book.add(taken(1, broken("a")))
    book.add(taken(2, unknown("b")))

    assert book.life("a").state == "fixed"


def test_a_waived_unknown_is_doubt_as_well(book: Book) -> None:
    hole = replace(broken("b", subject=HUB, status=Status.WAIVED), untold=True)
    book.add(taken(1, broken("a")))
    book.add(taken(2, hole))

    assert book.life("a").state == "untold"


def test_an_unknown_is_never_fixed(book: Book) -> None:
    book.add(taken(1, unknown("kept"), unknown("broken"), unknown("gone"), unknown("hidden")))
    sight = {subnet("gone"): REMOVED, subnet("hidden"): HIDDEN}
    book.add(taken(2, broken("broken"), sight=sight))

    states = {name: book.life(f"unknown {name}").state for name in ("kept", "broken", "gone")}

    assert states == {"kept": "answered", "broken": "answered", "gone": "answered"}
    assert book.life("unknown hidden").state == "untold"
    assert book.past().entries[0].changes == Changes(unanswered=4)
    assert book.past().entries[0].unknown == 4
    assert book.past().current.changes == Changes(new=1, answered=3, untold=1)


def test_unknowns_are_counted_over_time_as_coverage(book: Book) -> None:
    book.add(taken(1, broken("a"), unknown("b"), unknown("c")))
    book.add(taken(2, broken("a")))

    assert [entry.coverage for entry in book.past().entries] == [6 / 8, 1.0]


def test_a_finding_told_in_other_words_is_not_fixed(book: Book) -> None:
    book.add(taken(1, broken("a")))
    book.add(taken(2, broken("b", subject=subnet("a"))))

    assert book.life("a").state == "retold"
    assert book.past().current.changes == Changes(new=1, retold=1)


def test_a_finding_that_a_more_special_rule_tells_is_not_fixed(book: Book) -> None:
    book.add(taken(1, broken("a")))
    book.add(taken(2, of=report(silenced=frozenset({(RULE, subnet("A"))}))))

    assert book.life("a").state == "retold"


def test_a_finding_is_not_fixed_when_what_else_it_spoke_of_is_out_of_sight(book: Book) -> None:
    """A gateway that was not exported owns no subnet, so that nobody judges its subnet."""
    gateway = f"{HUB}-gateway"
    book.add(taken(1, broken("a", related=(gateway,))))
    book.add(taken(2, sight={gateway: HIDDEN}))

    assert book.life("a").state == "untold"
    assert book.life("a").reason == f"{gateway}, of which it spoke, is not in the input"

    book.add(taken(3, sight={gateway: REMOVED}))
    assert book.life("a").state == "fixed"


def test_what_was_never_in_sight_is_not_missed(book: Book) -> None:
    absent = f"{HUB}-elsewhere"
    book.add(taken(1, broken("a", related=(absent,)), sight={absent: HIDDEN}))
    book.add(taken(2, sight={absent: HIDDEN}))

    assert book.life("a").state == "fixed"


def test_a_finding_is_not_fixed_by_an_export_that_lacks_a_type_it_had(book: Book) -> None:
    book.add(taken(1, of=report(broken("a"), types=("N/vnets", "N/Connections"))))
    for number in (2, 3):
        book.add(taken(number, of=report(types=("N/vnets", "N/more"))))

    assert book.life("a").state == "untold"
    assert "the input has no n/connections any more" in book.life("a").reason

    book.add(taken(4, of=report(types=("N/VNETS", "N/connections"))))
    assert book.life("a").state == "fixed"


def test_a_snapshot_that_read_all_around_may_lack_a_type(book: Book) -> None:
    book.add(taken(1, of=report(broken("a"), types=("N/vnets", "N/connections"))))
    book.add(taken(2, of=report(types=("N/vnets",)), sight=lambda _: Look(True, whole=True)))

    assert book.life("a").state == "fixed"


def test_a_type_that_no_rule_reads_is_not_missed(book: Book) -> None:
    book.add(taken(1, of=report(broken("a"))))
    without = report()
    counts = without.audit.resources[:1]
    book.add(taken(2, of=replace(without, audit=replace(without.audit, resources=counts))))

    assert book.life("a").state == "fixed"
