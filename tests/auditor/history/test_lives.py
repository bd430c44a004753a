from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.history import walk
from auditor.history.address import parse
from auditor.history.record import _known
from auditor.history.schema import FINDING
from auditor.history.store import Store
from auditor.past import Life

from ...history import HIDDEN, HUB, REMOVED, Book, broken, subnet, taken, unknown

NAMES = ("a", "b", "c")
_RUN = st.tuples(
    st.frozensets(st.sampled_from(NAMES)),
    st.frozensets(st.sampled_from(NAMES)),
    st.dictionaries(
        st.sampled_from([subnet(name) for name in NAMES]), st.sampled_from([HIDDEN, REMOVED])
    ),
)
RUNS = st.lists(_RUN, min_size=1, max_size=8)


def recorded(folder: str, runs: list[tuple[frozenset[str], frozenset[str], dict[str, object]]],
             keep: int | None = None) -> Book:  # fmt: skip
    book = Book(Store.for_writing(parse(str(Path(folder) / "history.db"))))
    for number, (wrong, untold, sight) in enumerate(runs, 1):
        findings = [broken(name) for name in sorted(wrong)]
        findings += [unknown(name, subject=f"{HUB}/subnets/{name}") for name in sorted(untold)]
        book.add(taken(number, *findings, sight=sight), keep)  # type: ignore[arg-type]
    return book


def lives(book: Book) -> dict[str, Life]:
    return {name: book.life(name) for name in NAMES if _has(book, name)}


def _has(book: Book, name: str) -> bool:
    try:
        book.life(name)
    except StopIteration:
        return False
    return True


@settings(max_examples=25)
@given(runs=RUNS)
def test_what_is_kept_beside_findings_is_what_the_runs_lead_to(runs) -> None:  # type: ignore[no-untyped-def]
    with tempfile.TemporaryDirectory() as folder:
        book = recorded(folder, runs)
        with book.store.reading() as connection:
            walked, outcomes = walk.walk(connection, 1)
            rows = connection.execute(FINDING.select()).all()

        assert {row.id: _known(row).course for row in rows} == walked.courses
        numbers = [(entry.number, entry.hidden) for entry in book.past().entries]
        assert numbers == [(run, outcome.hidden) for run, outcome in outcomes.items()]


@settings(max_examples=25)
@given(runs=RUNS)
def test_a_finding_is_fixed_only_by_a_run_that_judged_it(runs) -> None:  # type: ignore[no-untyped-def]
    with tempfile.TemporaryDirectory() as folder:
        found = lives(recorded(folder, runs))

    for name, life in found.items():
        wrong, untold, _ = runs[-1]
        if name in wrong:
            assert life.state == "open"
        elif life.state == "fixed":
            settled = int(life.changed_at[8:10]) - 1
            assert name not in runs[settled][1]
            assert subnet(name) not in runs[settled][2]
        elif name in untold:
            assert life.state != "open"


@settings(max_examples=25)
@given(runs=RUNS, keep=st.integers(min_value=0, max_value=4))
def test_letting_go_of_old_runs_changes_no_finding_that_is_left(runs, keep) -> None:  # type: ignore[no-untyped-def]
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as other:
        whole, kept = recorded(folder, runs), recorded(other, runs, keep)

        every, left = lives(whole), lives(kept)
        pending = [name for name, life in every.items() if life.state in ("open", "untold")]

        assert {name: left[name].state for name in pending} == {
            name: every[name].state for name in pending
        }
        assert [e.total for e in whole.past().entries] == [e.total for e in kept.past().entries]
