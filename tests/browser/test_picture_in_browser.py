"""The picture: drawn, folded, zoomed, searched, lit up."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from .conftest import Open
from .estates import UNUSUAL

SPOT = "#drawing .spot"


def data_of(report: Path) -> Any:
    text = report.read_text(encoding="utf-8")
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text)
    return json.loads(data)["picture"]


def names(page: Page, selector: str = SPOT) -> list[str]:
    return page.locator(f"{selector} .name").all_text_contents()


def transform(page: Page) -> str:
    return page.locator("#drawing > g").get_attribute("transform") or ""


def settled(page: Page) -> None:
    page.wait_for_timeout(40)
    page.wait_for_selector("#picture:not([aria-busy])")


def test_everything_of_a_small_estate_is_drawn_inside_what_holds_it(
    open_page: Open, report: Path
) -> None:
    page = open_page(report).drawn()
    told = data_of(report)["spots"]
    boxes = page.evaluate(
        """() => [...document.querySelectorAll("#drawing .spot > .shape")].map(one => {
          const b = one.getBBox(); return [b.x, b.y, b.x + b.width, b.y + b.height]; })"""
    )

    assert page.locator(SPOT).count() == len(told)
    assert len(boxes) == len(told)
    for outer in ("vnet-shop", "vnet-legacy"):
        (left, top, right, bottom) = bounds(page, outer)
        inner = bounds(page, {"vnet-shop": "snet-aks", "vnet-legacy": "snet-docker"}[outer])
        assert left < inner[0]
        assert top < inner[1]
        assert right > inner[2]
        assert bottom > inner[3]


def bounds(page: Page, name: str) -> list[float]:
    found: list[float] = page.evaluate(
        """name => { const one = [...document.querySelectorAll("#drawing .spot")].find(
          each => each.querySelector(".name").textContent === name);
          const b = one.querySelector(".shape").getBBox();
          return [b.x, b.y, b.x + b.width, b.y + b.height]; }""",
        name,
    )
    return found


def test_the_path_of_a_finding_lights_up(open_page: Open, report: Path) -> None:
    page = open_page(report).drawn()
    told = data_of(report)
    mark, path = next((mark, path) for mark, path in told["paths"].items() if len(path) == 3)
    item = page.locator(f"#f-{mark}")
    item.locator("summary").click()
    item.locator("[data-show]").click()
    page.wait_for_selector("#drawing .route")

    lit = page.locator(".spot.lit .name").all_text_contents()
    steps = [told["spots"][each]["n"] for each in path]
    assert page.locator("#drawing .route").count() == 2
    assert set(steps) <= set(lit)
    assert page.inner_text("#sought").endswith(" \u2192 ".join(steps))

    page.click("#unlight")
    assert page.locator("#drawing .route").count() == 0
    assert page.locator(".spot.lit").count() == 0


def test_a_finding_in_a_closed_network_opens_it(open_page: Open, report: Path) -> None:
    page = open_page(report).drawn()
    page.click("#close-boxes")
    page.wait_for_selector(".spot.subnet", state="detached")
    mark = next(mark for mark, path in data_of(report)["paths"].items() if len(path) == 3)
    page.locator(f"#f-{mark} summary").click()
    page.locator(f"#f-{mark} [data-show]").click()
    page.wait_for_selector("#drawing .route")

    assert "aks-shop" in names(page)


def test_networks_fold_and_unfold(open_page: Open, report: Path) -> None:
    page = open_page(report).drawn()
    before = page.locator(SPOT).count()
    page.click("#close-boxes")
    page.wait_for_selector(".spot.subnet", state="detached")
    closed = page.locator(SPOT).count()
    shop = page.locator(".spot.network", has=page.locator("text=vnet-shop"))
    assert shop.get_attribute("aria-expanded") == "false"

    shop.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".spot.subnet")
    assert shop.get_attribute("aria-expanded") == "true"
    page.click("#open-boxes")
    settled(page)
    assert closed < page.locator(SPOT).count() == before


def test_a_spot_tells_what_it_is_and_what_is_found_there(open_page: Open, report: Path) -> None:
    page = open_page(report).drawn()
    page.locator(".spot.gateway", has=page.locator("text=agw-shop")).click()
    told = page.inner_text("#told")

    assert "application gateway" in told
    assert "sends to" in told
    assert "/applicationGateways/agw-shop" in told
    page.locator("#told a").first.click()
    page.wait_for_selector(".finding details[open]")


def test_words_find_spots_and_enter_goes_to_them(open_page: Open, report: Path) -> None:
    page = open_page(report).drawn()
    page.fill("#seek", "load balancer")
    assert page.inner_text("#sought") == "4 found"
    assert page.locator(".spot.found").count() == 4
    page.press("#seek", "Enter")
    page.wait_for_selector(".spot.chosen")
    assert page.inner_text("#sought") == "1 of 4"


@pytest.mark.parametrize("way", ["buttons", "keys", "wheel"])
def test_it_zooms_and_comes_back_whole(open_page: Open, report: Path, way: str) -> None:
    page = open_page(report).drawn()
    whole = transform(page)
    if way == "buttons":
        page.click("#larger")
    elif way == "keys":
        page.focus("#drawing")
        page.keyboard.press("+")
        page.keyboard.press("ArrowLeft")
    else:
        page.locator("#drawing").hover()
        page.keyboard.down("Control")
        page.mouse.wheel(0, -200)
        page.keyboard.up("Control")
        page.wait_for_timeout(80)
    assert transform(page) != whole
    page.click("#fit")
    assert transform(page) == whole


def test_it_is_dragged(open_page: Open, report: Path) -> None:
    page = open_page(report).drawn()
    before = transform(page)
    page.locator("#drawing").scroll_into_view_if_needed()
    area = page.locator("#drawing").bounding_box()
    assert area is not None
    page.mouse.move(area["x"] + 20, area["y"] + 20)
    page.mouse.down()
    page.mouse.move(area["x"] + 120, area["y"] + 60, steps=4)
    page.mouse.up()

    assert transform(page) != before
    assert page.locator("#told").is_hidden()


def test_arrows_go_from_spot_to_spot(open_page: Open, report: Path) -> None:
    page = open_page(report).drawn()
    label = "() => document.activeElement.getAttribute('aria-label')"
    page.focus("#drawing")
    page.keyboard.press("Enter")
    first = page.evaluate(label)
    page.keyboard.press("ArrowRight")

    assert page.evaluate(label) != first


def test_the_whole_window_is_taken_and_given_back(open_page: Open, report: Path) -> None:
    page = open_page(report).drawn()
    page.click("#full")
    assert page.locator(".picture.full").count() == 1
    page.focus("#drawing")
    page.keyboard.press("Escape")
    assert page.locator(".picture.full").count() == 0


def test_two_thousand_spots_begin_closed_and_open_one_by_one(open_page: Open, large: Path) -> None:
    assert len(data_of(large)["spots"]) > 2000
    page = open_page(large).drawn()

    assert page.locator(SPOT).count() < 100
    assert "59 networks peered with vnet-0 alone" in (page.text_content("#drawing") or "")
    page.fill("#seek", "vm-17-2-3")
    page.press("#seek", "Enter")
    page.wait_for_selector(".spot.chosen")
    assert page.locator(SPOT).count() < 200
    assert "vm-17-2-3" in names(page)
    page.fill("#seek", "")
    page.click("#open-boxes")
    page.wait_for_selector(".spot.subnet >> nth=200", state="attached", timeout=60_000)
    settled(page)
    assert page.locator(SPOT).count() == len(data_of(large)["spots"])


def test_every_text_stays_within_its_box(open_page: Open, wide: Path) -> None:
    page = open_page(wide).drawn()
    outside = page.evaluate(
        """() => [...document.querySelectorAll("#drawing .spot")].flatMap((one) => {
          const box = one.querySelector(".shape").getBBox();
          return [...one.querySelectorAll(":scope > text")].filter((text) => {
            const at = text.getBBox();
            return at.x < box.x || at.x + at.width > box.x + box.width;
          }).map((text) => text.textContent);
        })"""
    )

    assert outside == []
    shown = [name.strip("\u2068\u2069") for name in names(page) if name != "internet"]
    assert all(any(name.startswith(each.rstrip("\u2026")) for name in UNUSUAL) for each in shown)
    assert sum(each.endswith("\u2026") for each in shown) > len(UNUSUAL)


def test_what_is_read_from_the_right_is_cut_at_its_left(open_page: Open, wide: Path) -> None:
    page = open_page(wide).drawn()
    hebrew = [name for name in names(page) if "\u05e8" in name]

    assert all(name[0] == "\u2068" and name[-1] == "\u2069" for name in hebrew)
    assert any(name[-2] == "\u2026" for name in hebrew)


def test_escape_goes_from_a_spot_to_the_picture(open_page: Open, report: Path) -> None:
    page = open_page(report).drawn()
    page.focus("#drawing")
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.classList.contains('spot')")
    page.keyboard.press("Escape")

    assert page.evaluate("() => document.activeElement.id") == "drawing"
