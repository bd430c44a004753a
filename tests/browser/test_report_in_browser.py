"""The report as people have it before them."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from .conftest import Open
from .estates import ATTACKS


def test_the_report_opens_without_a_complaint_and_asks_for_nothing(
    open_page: Open, report: Path
) -> None:
    opened = open_page(report)
    page = opened.drawn()

    assert "broken" in page.inner_text(".verdict")
    assert page.locator("html.js").count() == 1
    assert opened.shown() == page.locator(".finding").count() > 90


def test_severities_and_statuses_filter(open_page: Open, report: Path) -> None:
    opened = open_page(report)
    page = opened.page
    for value in ("critical", "high"):
        page.check(f"input[name=severity][value={value}]")
    page.check("input[name=status][value=broken]")
    opened.filtered()
    rows = page.locator(".finding:not([hidden])")
    told = rows.evaluate_all("all => all.map(one => one.dataset.severity + one.dataset.status)")

    assert set(told) == {"criticalbroken", "highbroken"}
    assert f"{len(told)} of " in page.inner_text("#shown")


def test_families_controls_and_words_filter(open_page: Open, report: Path) -> None:
    opened = open_page(report)
    page = opened.page
    page.select_option("select[name=family]", "EXP")
    opened.filtered()
    families = page.locator(".finding:not([hidden])").evaluate_all(
        "all => all.map(one => one.dataset.family)"
    )
    assert set(families) == {"EXP"}

    page.fill("input[name=text]", "pip-jump no-such-word")
    page.wait_for_selector("#nothing:not([hidden])")
    assert opened.shown() == 0

    page.click("#again")
    page.wait_for_selector("#nothing", state="hidden")
    page.select_option("select[name=control]", index=1)
    opened.filtered()
    assert 0 < opened.shown() < page.locator(".finding").count()


def test_a_resource_filters(open_page: Open, report: Path) -> None:
    opened = open_page(report)
    opened.page.fill("input[name=text]", "AGW-Partners")
    opened.filtered()
    texts = opened.page.locator(".finding:not([hidden])").all_text_contents()

    assert texts
    assert all("agw-partners" in text.lower() for text in texts)


def test_a_command_is_copied(open_page: Open, report: Path) -> None:
    opened = open_page(report, permissions=["clipboard-read", "clipboard-write"])
    page = opened.page
    page.click("#open-all")
    command = page.locator(".copyable:has(pre)").first
    command.locator("button").click()
    page.wait_for_selector("text=Copied")

    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied == command.locator("code").inner_text()
    assert copied.startswith("az ")


def test_the_keyboard_alone_is_enough(open_page: Open, report: Path) -> None:
    page = open_page(report).drawn()
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.className") == "skip"

    first = page.locator(".finding summary").first
    first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.locator(".finding").nth(1).locator("details[open]").count() == 1
    page.keyboard.press("ArrowUp")
    assert first.evaluate("one => one === document.activeElement")


def test_a_link_to_a_finding_opens_it(open_page: Open, report: Path) -> None:
    page = open_page(report).page
    last = page.locator(".finding").last.get_attribute("id")
    page = open_page(report, fragment=f"#{last}").page

    page.wait_for_selector(f"[id='{last}'] details[open]")
    rule = page.locator(f"[id='{last}'] .body a[href^='#rule-']").first
    rule.click()
    page.wait_for_selector("details.rule[open]")


def test_light_and_dark_follow_the_system_and_the_button(open_page: Open, report: Path) -> None:
    colour = "() => getComputedStyle(document.body).backgroundColor"
    light = open_page(report, color_scheme="light").page
    dark = open_page(report, color_scheme="dark").page
    told = light.evaluate(colour), dark.evaluate(colour)

    assert told[0] != told[1]
    light.click("#theme")
    assert light.evaluate(colour) == told[1]
    light.click("#theme")
    assert light.evaluate(colour) == told[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_rule_of_accessibility_is_broken(open_page: Open, short: Path, scheme: str) -> None:
    page = open_page(short, color_scheme=scheme).drawn()
    assert page.get_by_role("heading", name="What changed").is_visible()
    assert page.get_by_role("heading", name="Compliance").first.is_visible()
    page.locator(".finding summary").first.click()
    found = Axe().run(page)

    told = [(each["id"], each["nodes"][0]["html"][:200]) for each in found.response["violations"]]
    assert told == []


def test_without_scripts_everything_is_there_to_read(open_page: Open, report: Path) -> None:
    page = open_page(report, java_script_enabled=False).page

    assert page.locator(".filters").is_hidden()
    assert page.locator("#picture").is_hidden()
    assert page.locator(".finding").first.is_visible()
    page.locator(".finding summary").first.click()
    assert page.locator(".finding .body").first.is_visible()
    page.click("text=The network as a list")
    assert page.get_by_text("subnet snet-aks").first.is_visible()


def test_on_paper_everything_is_open_and_nothing_is_to_be_pressed(
    open_page: Open, report: Path
) -> None:
    page = open_page(report).drawn()
    page.emulate_media(media="print")
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")

    assert page.locator(".filters").is_hidden()
    assert page.locator("button:visible").count() == 0
    assert page.locator("details:not([open])").count() == 0
    assert page.pdf()[:5] == b"%PDF-"
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    assert page.locator(".finding details[open]").count() == 0


def test_on_paper_the_picture_is_whole_wherever_the_screen_was(
    open_page: Open, report: Path
) -> None:
    page = open_page(report).drawn()
    for _ in range(4):
        page.click("#larger")
    before = page.locator("#drawing > g").get_attribute("transform")
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 700, "height": 1000})
    page.wait_for_timeout(200)
    outside = page.evaluate(
        """() => {
          const sheet = document.getElementById("drawing").getBoundingClientRect();
          return [...document.querySelectorAll("#drawing .spot")].filter((one) => {
            const at = one.getBoundingClientRect();
            return at.left < sheet.left || at.top < sheet.top || at.right > sheet.right ||
              at.bottom > sheet.bottom || at.width < 8;
          }).length;
        }"""
    )

    assert outside == 0
    page.set_viewport_size({"width": 1280, "height": 1000})
    page.emulate_media(media="screen")
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    assert page.locator("#drawing").get_attribute("viewBox") is None
    assert page.locator("#drawing > g").get_attribute("transform") == before


@pytest.mark.parametrize("width", [320, 400])
def test_on_a_narrow_screen_nothing_is_read_by_scrolling_sideways(
    open_page: Open, short: Path, width: int
) -> None:
    page = open_page(short).drawn()
    page.set_viewport_size({"width": width, "height": 800})

    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_hiding_findings_does_not_number_the_others_anew(open_page: Open, report: Path) -> None:
    """As list items they are counted from the first, each time: minutes for some thousands."""
    page = open_page(report).page

    assert (
        page.locator(".finding").first.evaluate("one => getComputedStyle(one).display") == "block"
    )
    assert page.get_by_role("list").filter(has=page.locator(".finding")).count() == 1


@pytest.mark.parametrize(("width", "stands"), [(1280, "sticky"), (400, "static")])
def test_filters_stay_in_sight_where_there_is_room(
    open_page: Open, report: Path, width: int, stands: str
) -> None:
    page = open_page(report, viewport={"width": width, "height": 800}).page
    position = "one => getComputedStyle(one).position"

    assert page.locator("#filters").evaluate(position) == stands


def test_controls_that_no_rule_looks_at_are_named(open_page: Open, short: Path) -> None:
    page = open_page(short).page
    page.click("text=No rule looks at")

    assert page.get_by_text("Intrusions are detected and stopped").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_paper_it_is_light_whatever_the_screen(
    open_page: Open, report: Path, scheme: str
) -> None:
    page = open_page(report, color_scheme=scheme).drawn()
    page.click("#theme")
    page.emulate_media(media="print")
    fills = page.evaluate(
        """() => [getComputedStyle(document.body).backgroundColor,
          getComputedStyle(document.querySelector(".spot.subnet > .shape")).fill]"""
    )

    assert fills == ["rgb(255, 255, 255)", "rgb(255, 255, 255)"]


def test_hostile_names_are_read_and_never_run(open_page: Open, hostile_report: Path) -> None:
    page = open_page(hostile_report).drawn()
    page.click("#open-all")
    drawn = page.locator("#drawing").text_content() or ""

    assert page.locator("img, iframe, object, embed").count() == 0
    assert page.locator("svg[onload]").count() == 0
    assert ATTACKS[0] in (page.text_content("#list") or "")
    assert ATTACKS[0] in drawn
    assert "\u202e" not in page.content()
    for spot in page.locator("#drawing .spot").all()[:12]:
        spot.dispatch_event("click")


def test_the_reference_of_rules_opens_at_a_rule_and_filters(open_page: Open, rules: Path) -> None:
    opened = open_page(rules, fragment="#GW-002")
    page = opened.page
    page.wait_for_selector("#GW-002 details[open]")
    page.fill("input[name=text]", "internal ingress")
    opened.filtered()

    assert 0 < opened.shown() < 20
    assert page.locator("#GW-002").is_visible()


def test_what_the_policy_forbids_does_not_happen(open_page: Open, report: Path) -> None:
    """The control of all tests of hostile names: the policy itself stops what got in."""
    opened = open_page(report)
    page = opened.page
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.ran = 1";
          document.body.append(script);
          const image = document.createElement("img");
          image.src = "https://example.invalid/x.png";
          document.body.append(image);
        }"""
    )
    page.wait_for_timeout(50)

    assert page.evaluate("() => window.ran") is None
    assert any("Content Security Policy" in each for each in opened.complaints)
    assert opened.failed == ["csp"]
    opened.complaints.clear()
    opened.asked.remove("https://example.invalid/x.png")
