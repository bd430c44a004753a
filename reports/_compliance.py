"""How controls fared, as reports for people tell it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from auditor.finding import ControlOutcome, ControlResult, FrameworkResult, Report

from ._layout import Line, block, labelled
from ._text import visible

STYLES = {
    ControlOutcome.NOT_SATISFIED: "broken",
    ControlOutcome.NOT_TOLD: "unknown",
    ControlOutcome.SATISFIED: "kept",
    ControlOutcome.NOTHING: "dim",
    ControlOutcome.NOT_COVERED: "dim",
}


def outcomes(framework: FrameworkResult) -> str:
    """Write `1 not satisfied, 2 not told, 3 satisfied`, every outcome that there is."""
    numbers = Counter(control.outcome for control in framework.controls)
    return ", ".join(f"{numbers[each]:,} {each}" for each in ControlOutcome if numbers[each])


def told(framework: FrameworkResult) -> list[ControlResult]:
    """Give the controls that rules say something about, in the framework's order."""
    return [each for each in framework.controls if each.outcome is not ControlOutcome.NOT_COVERED]


def left_out(framework: FrameworkResult) -> list[ControlResult]:
    """Give the controls that no rule looks at: silence about them is no good news."""
    return [each for each in framework.controls if each.outcome is ControlOutcome.NOT_COVERED]


def uncovered(framework: FrameworkResult) -> str:
    """Write the ids of the controls that no rule looks at."""
    return ", ".join(visible(each.id) for each in left_out(framework))


def lines(report: Report, width: int) -> Iterator[Line]:
    """Give the section of the console report."""
    for framework in report.compliance:
        yield [("Compliance ", "heading"), (visible(framework.title), "heading")]
        yield from labelled("controls", outcomes(framework), "", indent=2, width=width)
        if framework.note:
            yield from block(visible(framework.note), "dim", indent=2, width=width)
        for control in told(framework):
            yield [
                ("  ", ""),
                (f"{control.outcome:<17}", STYLES[control.outcome]),
                (f"{visible(control.id)}  {visible(control.title)}", "subject"),
            ]
            rules = ", ".join(map(visible, (*control.rules, *control.intents)))
            said = f"{rules}: {visible(control.reason)}"
            yield from block(said, "", indent=19, width=width)
        missing = uncovered(framework)
        if missing:
            yield from block(f"no rule looks at {missing}", "dim", indent=2, width=width)
        yield []
