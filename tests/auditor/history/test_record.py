from __future__ import annotations

from datetime import date

import pytest

from auditor.errors import UsageError
from auditor.finding import Severity
from auditor.past import Age, Changes, Ending

from ...history import HIDDEN, HUB, RULE, Book, broken, day, report, subnet, taken, unknown, waived


def test_the_first_run_has_nothing_but_new_findings(book: Book) -> None:
    recorded = book.add(taken(1, broken("a"), broken("b", severity=Severity.CRITICAL)))

    past = book.past()

    assert recorded.new
    assert past.current.changes == Changes(new=2)
    assert past.previous is None
    assert past.current.broken == {"critical": 1, "high": 1, "medium": 0, "low": 0, "info": 0}
    assert past.current.kept == 5
    assert past.current.resources == 9
    assert [life.state for life in past.lives.values()] == ["open", "open"]


def test_the_same_snapshot_and_rules_are_recorded_once(book: Book) -> None:
    first = book.add(taken(1, broken("a")))
    again = book.add(taken(1, broken("a")))

    assert (again.run, again.new) == (first.run, False)
    assert len(book.past().entries) == 1


def test_exports_without_a_time_that_return_to_an_earlier_state_are_a_new_run(book: Book) -> None:
    """A, B, A, A again, B, A: the same export again at once is no news, after another one it is."""
    runs = [
        book.add(taken(number, *findings, mark=mark, timed=False))
        for number, mark, findings in (
            (1, "A", [broken("a")]),
            (2, "A", [broken("a")]),
            (3, "B", []),
            (4, "A", [broken("a")]),
            (5, "A", [broken("a")]),
            (6, "B", []),
            (7, "A", [broken("a")]),
        )
    ]

    assert [(each.run, each.new) for each in runs] == [
        *((1, True), (1, False), (2, True), (3, True), (3, False), (4, True), (5, True)),
    ]
    assert [entry.at for entry in book.past().entries] == [day(n) for n in (1, 3, 4, 6, 7)]
    life = book.life("a")
    assert (life.state, life.first_at, life.reopened) == ("open", day(1), 2)
    assert book.past().current.changes == Changes(reopened=1)


def test_exports_of_a_day_return_as_well(book: Book) -> None:
    runs = [book.add(taken(1, mark=mark, timed=False)).run for mark in "ABAAB"]

    assert runs == [1, 2, 3, 3, 4]


def test_an_earlier_day_that_is_recorded_again_is_that_day(book: Book) -> None:
    runs = [
        book.add(taken(number, mark=mark, timed=False))
        for number, mark in ((1, "A"), (3, "B"), (5, "A"), (1, "A"), (3, "B"), (4, "B"), (5, "A"))
    ]

    assert [each.run for each in runs] == [1, 2, 3, 1, 2, 2, 3]


def test_a_snapshot_that_is_recorded_again_after_others_is_the_run_it_was(book: Book) -> None:
    first = book.add(taken(1, broken("a"), mark="A"))
    book.add(taken(2, mark="B"))
    again = book.add(taken(1, broken("a"), mark="A"))

    assert (again.run, again.new) == (first.run, False)


def test_a_finding_that_stays_keeps_the_day_it_was_first_seen(book: Book) -> None:
    book.add(taken(1, broken("a")))
    book.add(taken(3, broken("a", message="is open still")))

    life = book.life("a")

    assert (life.first_at, life.last_at, life.state) == (day(1), day(3), "open")
    assert life.message == "is open still"
    assert book.past().current.changes == Changes()


def test_a_waived_finding_is_open(book: Book) -> None:
    book.add(taken(1, broken("a")))
    book.add(taken(2, waived("a", date(2027, 1, 1))))

    assert (book.life("a").state, book.life("a").status) == ("open", "waived")
    assert book.past().current.waived == 1
    assert book.past().current.changes == Changes()


def test_a_finding_about_the_configuration_needs_no_subject_in_the_input(book: Book) -> None:
    own = frozenset({"GOV-008"})
    stale = broken("w", "GOV-008", subject="/subscriptions/s/*")
    book.add(taken(1, of=report(stale, rules=("GOV-008",)), about_audit=own))
    sight = {"/subscriptions/s/*": HIDDEN}
    book.add(taken(2, of=report(rules=("GOV-008",)), sight=sight, about_audit=own))

    assert book.life("w", "GOV-008").state == "fixed"


def test_waivers_that_end_soon_are_told(book: Book) -> None:
    far, near, over = date(2027, 6, 1), date(2026, 12, 1), date(2026, 11, 23)
    book.add(taken(1, waived("a", far), waived("b", near, "bob"), waived("c", near, "bob"),
                   waived("d", over)))  # fmt: skip

    assert book.past().endings == (
        Ending(RULE, "ann", "for now", "2026-11-23", 0, 1),
        Ending(RULE, "bob", "for now", "2026-12-01", 8, 2),
    )
    assert [each.days for each in book.past(day=date(2027, 5, 30)).endings] == [-188, -180, 2]


def test_ages_are_told_by_severity(book: Book) -> None:
    book.add(taken(1, broken("a"), broken("b", severity=Severity.LOW)))
    book.add(taken(9, broken("a"), broken("b", severity=Severity.LOW), broken("c")))

    assert book.past().ages == (
        Age("high", 2, 0, 8, (1, 1, 0, 0)),
        Age("low", 1, 8, 8, (0, 1, 0, 0)),
    )


def test_estates_do_not_fix_one_anothers_findings(book: Book) -> None:
    other = Book(book.store, "test")
    book.add(taken(1, broken("a")))
    other.add(taken(2, broken("b")))
    book.add(taken(3, broken("a")))

    assert book.life("a").state == "open"
    assert other.life("b").state == "open"
    assert len(other.past().entries) == 1


def test_a_change_of_rules_is_told(book: Book) -> None:
    book.add(taken(1, broken("a")))
    book.add(taken(2, broken("a")))
    book.add(taken(3, rules_mark="others"))

    assert [entry.rules_changed for entry in book.past().entries] == [False, False, True]


def test_the_same_snapshot_with_other_rules_is_a_run_of_its_own(book: Book) -> None:
    book.add(taken(1, broken("a"), mark="one"))
    book.add(taken(1, waived("a", date(2027, 1, 1)), mark="two"))

    assert [entry.waived for entry in book.past().entries] == [0, 1]


def test_an_older_snapshot_recorded_late_takes_its_place_in_time(book: Book) -> None:
    book.add(taken(1, broken("a")))
    book.add(taken(5, broken("b")))
    book.add(taken(3, broken("a"), broken("b")))

    assert [entry.at for entry in book.past().entries] == [day(1), day(3), day(5)]
    assert [entry.changes.new for entry in book.past().entries] == [1, 1, 0]
    assert [entry.changes.fixed for entry in book.past().entries] == [0, 0, 1]
    assert book.life("b").first_at == day(3)
    assert (book.life("a").state, book.life("a").last_at) == ("fixed", day(3))


def test_what_only_a_late_snapshot_had_is_untold_since(book: Book) -> None:
    book.add(taken(1))
    book.add(taken(5))
    book.add(taken(3, broken("a")))

    assert book.life("a").state == "untold"
    assert "after a later one" in book.life("a").reason

    book.add(taken(6))

    assert book.life("a").state == "fixed"


def test_an_older_run_is_told_as_it_was(book: Book) -> None:
    first = book.add(taken(1, broken("a"), broken("b")))
    second = book.add(taken(2, broken("b", severity=Severity.LOW)))
    book.add(taken(3, broken("a"), broken("b", severity=Severity.CRITICAL)))

    past = book.past(second.run)

    assert [entry.at for entry in past.entries] == [day(1), day(2)]
    assert [(life.state, life.severity) for life in past.lives.values()] == [("open", "low")]
    assert [(life.fingerprint, life.state) for life in past.gone] == [("NSG-001 a", "fixed")]
    assert len(book.past(first.run).lives) == 2


def test_runs_of_one_moment_tell_each_its_own_news(book: Book) -> None:
    """The same snapshot, judged by other rules."""
    book.add(taken(1, broken("a"), broken("b"), mark="one"))
    book.add(taken(1, broken("a"), broken("c"), mark="two"))
    third = book.add(taken(1, broken("b"), broken("c"), mark="three"))

    for past in (book.past(), book.past(third.run)):
        assert [life.fingerprint for life in past.new] == []
        assert [life.fingerprint for life in past.reopened] == ["NSG-001 b"]
        assert [life.fingerprint for life in past.gone] == ["NSG-001 a"]
    assert [entry.changes.new for entry in book.past().entries] == [2, 1, 0]


def test_the_news_of_a_run_stay_the_same_when_others_follow(book: Book) -> None:
    book.add(taken(1, broken("a"), unknown("u")))
    book.add(taken(2, broken("b")))
    last = book.add(taken(3, broken("a"), broken("c"), sight={subnet("b"): HIDDEN}))
    now = book.past()
    book.add(taken(4))
    then = book.past(last.run)

    for name in ("new", "reopened", "gone"):
        marks = [[life.fingerprint for life in getattr(past, name)] for past in (now, then)]
        assert marks[0] == marks[1] != []
    assert [life.state for life in then.gone] == ["untold"]


def test_a_run_that_is_not_there_is_an_error(book: Book) -> None:
    book.add(taken(1))

    with pytest.raises(UsageError, match="no run 7"):
        book.past(7)


@pytest.mark.parametrize("text", ["\ud800", "nul\0", "[red]'; DROP TABLE", "é \U0001f600", "\x1b"])
def test_names_that_databases_dislike_are_kept(book: Book, text: str) -> None:
    name = f"a{text}"
    book.add(taken(1, broken("a", subject=f"{HUB}/subnets/{name}", message=text)))
    book.add(taken(2, unknown("x", subject=f"{HUB}/subnets/{name}")))

    assert book.life("a").state == "untold"


def test_old_runs_keep_their_numbers_and_open_findings_their_first_day(book: Book) -> None:
    book.add(taken(1, broken("a"), broken("gone")), 5)
    book.add(taken(2, broken("a")), 5)
    book.add(taken(20, broken("a"), broken("b")), 5)

    past = book.past()

    assert [entry.total for entry in past.entries] == [2, 1, 2]
    assert [entry.changes.new for entry in past.entries] == [2, 0, 1]
    assert past.lives["NSG-001 a"].first_at == day(1)
    with pytest.raises(StopIteration):
        book.life("gone")


def test_after_letting_go_a_late_run_is_refused_and_the_rest_stays(book: Book) -> None:
    book.add(taken(1, broken("a")), 5)
    book.add(taken(20, broken("a")), 5)

    with pytest.raises(UsageError, match="older than what is kept"):
        book.add(taken(3))

    book.add(taken(18, broken("a"), broken("c")), 5)
    assert book.life("a").first_at == day(1)
    assert book.life("c").state == "untold"


def test_what_nobody_told_of_is_kept_however_old(book: Book) -> None:
    book.add(taken(1, broken("a")), 5)
    book.add(taken(2, sight={subnet("a"): HIDDEN}), 5)
    book.add(taken(25, sight={subnet("a"): HIDDEN}), 5)

    assert (book.life("a").state, book.life("a").first_at) == ("untold", day(1))
