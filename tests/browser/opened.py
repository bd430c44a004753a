"""An open page, and all it complains of and asks for."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import BrowserContext, Page


class Opened:
    """A page in a context of its own; `asked` are the addresses it wanted, without fragments."""

    def __init__(self, context: BrowserContext, file: Path, fragment: str = "") -> None:
        self.context = context
        self.file = file
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.failed: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.on("request", lambda request: self.asked.append(request.url.partition("#")[0]))
        self.page.on("requestfailed", lambda request: self.failed.append(request.failure or ""))
        self.page.goto(f"file://{file}{fragment}")

    def shown(self) -> int:
        """How many findings are on view."""
        return self.page.locator(".finding:not([hidden])").count()

    def filtered(self) -> Page:
        """Wait until filters have left something out."""
        self.page.wait_for_selector("#shown:has-text(' of ')")
        return self.page

    def drawn(self) -> Page:
        """Wait for the picture."""
        self.page.wait_for_selector("#drawing .spot")
        self.page.wait_for_selector("#picture:not([aria-busy])")
        return self.page
