"""Addresses of webhooks: which may be used, which are secrets themselves, how to name them."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

from auditor.errors import UsageError, quoted

_SECRET_HOSTS = (
    "hooks.slack.com",
    "hooks.slack-gov.com",
    "webhook.office.com",
    "outlook.office.com",
    "logic.azure.com",
    "logic.azure.us",
    "logic.azure.cn",
    "powerplatform.com",
)
"""Whoever knows an address below these hosts may post there."""


def checked(url: str, where: str) -> str:
    """Give an address that may be posted to: https, or http on this machine. Raises UsageError."""
    parts = _split(url)
    if parts is None or parts.scheme not in ("https", "http") or not parts.hostname:
        raise UsageError("is no address of a webhook", where=where, advice="write https://…")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise UsageError("has characters that no address has", where=where)
    if parts.username is not None or parts.password is not None:
        raise UsageError("a user in an address is not sent", where=where, advice="leave it out")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise UsageError(
            f"{named(url)} would be told in the clear", where=where, advice="use https"
        )
    return url


def is_secret(url: str) -> bool:
    """Whether knowing an address is enough to post there, as far as its form tells."""
    parts = _split(url)
    if parts is None:
        return False
    host = (parts.hostname or "").rstrip(".").lower()
    known = any(host == each or host.endswith(f".{each}") for each in _SECRET_HOSTS)
    return known or bool(parts.query or parts.fragment or parts.username or parts.password)


def open_address(url: str, where: str, advice: str) -> str:
    """Give an address that may be written down: checked, and no secret. Raises UsageError."""
    if is_secret(url):
        raise UsageError(
            f"{named(url)} is a secret: whoever knows it may post there", where=where, advice=advice
        )
    return checked(url, where)


def named(url: str) -> str:
    """Name an address without what is secret in it: `https://hooks.slack.com/…`."""
    parts = _split(url)
    if parts is None or not parts.hostname:
        return "the address"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = f":{parts.port}" if parts.port else ""
    return quoted(f"{parts.scheme}://{host}{port}/…").strip('"')


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name alone: nothing is looked up."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for what is no number
    except ValueError:
        return None
    return parts
