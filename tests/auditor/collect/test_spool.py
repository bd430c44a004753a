"""What was read lies on disk, and a run that was cut off is taken up where it ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.collect.outcome import Outcome, State
from auditor.collect.spool import Done, Index, Spool
from auditor.collect.work import Entry
from auditor.errors import UsageError

ABOUT = b'{"scope":"s","taken_at":"2026-11-29T10:00:00+00:00"}'
LATER = b'{"scope":"s","taken_at":"2026-11-29T11:00:00+00:00"}'


def kept(spool: Spool, name: str) -> Entry:
    offset, length = spool.append(f'{{"id":"/{name}"}}'.encode())
    return Entry(f"/{name}", "t", "resources", offset, length)


def ended(spool: Spool, key: str, *names: str, state: State = State.COMPLETE) -> None:
    entries = tuple(kept(spool, name) for name in names)
    spool.finish(Done(key, "kind", key, state.value, "", entries))


def test_what_has_ended_well_is_taken_up(tmp_path: Path) -> None:
    first = Spool(tmp_path, ABOUT)
    ended(first, "whole", "a", "b")
    ended(first, "unknown", state=State.NOT_REGISTERED)
    ended(first, "part", "c", state=State.PARTIAL)
    ended(first, "refused", state=State.DENIED)
    first.close()
    again = Spool(tmp_path, LATER, resume=True)

    whole = again.done("whole")
    assert whole is not None
    assert [again.read(entry) for entry in whole.entries] == [b'{"id":"/a"}', b'{"id":"/b"}']
    assert again.done("unknown") is not None
    assert again.done("part") is None
    assert again.done("refused") is None
    assert again.about == ABOUT
    again.close()


def test_what_was_cut_off_counts_for_nothing(tmp_path: Path) -> None:
    first = Spool(tmp_path, ABOUT)
    ended(first, "whole", "a")
    kept(first, "orphan")
    first.close()
    with open(tmp_path / "journal", "ab") as journal:
        journal.write(b'\n{"key":"half","kind":"k","subj')
    again = Spool(tmp_path, ABOUT, resume=True)

    assert [done.key for done in again.lists()] == ["whole"]
    ended(again, "next", "b")
    assert [again.read(e) for e in Index(again).of_type("T")] == [b'{"id":"/a"}', b'{"id":"/b"}']
    again.close()


def test_a_line_that_was_cut_off_does_not_spoil_the_next(tmp_path: Path) -> None:
    first = Spool(tmp_path, ABOUT)
    first.close()
    (tmp_path / "journal").write_bytes(b'{"key":"half')
    second = Spool(tmp_path, ABOUT, resume=True)
    ended(second, "whole", "a")
    second.close()
    third = Spool(tmp_path, ABOUT, resume=True)

    assert [done.key for done in third.lists()] == ["whole"]
    third.close()


def test_a_list_whose_records_did_not_reach_the_disk_is_read_again(tmp_path: Path) -> None:
    first = Spool(tmp_path, ABOUT)
    ended(first, "whole", "a")
    first.close()
    (tmp_path / "records").write_bytes(b"{")
    again = Spool(tmp_path, ABOUT, resume=True)

    assert again.done("whole") is None
    again.close()


def test_other_options_are_no_resumption(tmp_path: Path) -> None:
    Spool(tmp_path, ABOUT).close()

    with pytest.raises(UsageError, match="other options"):
        Spool(tmp_path, b'{"scope":"other"}', resume=True)


def test_there_must_be_something_to_resume(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing to resume"):
        Spool(tmp_path / "absent", ABOUT, resume=True)
    assert not (tmp_path / "absent").exists()


def test_a_new_run_begins_anew(tmp_path: Path) -> None:
    first = Spool(tmp_path, ABOUT)
    ended(first, "whole", "a")
    first.close()
    second = Spool(tmp_path, LATER)

    assert list(second.lists()) == []
    assert second.about == LATER
    second.close()


def test_two_runs_do_not_share_a_folder(tmp_path: Path) -> None:
    first = Spool(tmp_path, ABOUT)

    with pytest.raises(UsageError, match="another run"):
        Spool(tmp_path, ABOUT)
    first.close()


def test_a_run_leaves_nothing_behind(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "x.part", ABOUT)
    ended(spool, "whole", "a")
    spool.remove()

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("state", list(State))
def test_only_what_is_open_is_a_gap(state: State) -> None:
    gap = Outcome(state, "why").gap("/list")

    assert (gap is None) == state.whole
    if gap is not None:
        assert (gap.kind, gap.subject, gap.detail) == (state.value, "/list", "why")
