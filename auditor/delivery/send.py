"""Delivering a message to everyone it is for; who could not be told is told to the caller."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from secrets import token_hex

from auditor.delivery import http
from auditor.delivery.addresses import checked, named
from auditor.delivery.attempts import Undelivered, attempted
from auditor.delivery.mail import composed, send
from auditor.delivery.message import Message
from auditor.delivery.targets import Mail, Target, Webhook
from auditor.delivery.webhooks import body_of, signature


@dataclass(frozen=True, slots=True)
class Ready:
    """A target with its secrets, read before the audit begins: a typing error costs no hour."""

    target: Target
    url: str = ""
    secret: str = ""

    @property
    def label(self) -> str:
        """What diagnostics call it; an address without what is secret in it."""
        return self.target.name or named(self.url)


@dataclass(frozen=True, slots=True)
class Failure:
    """Somebody was not told; `why` holds no secret."""

    label: str
    why: str


def ready(target: Target) -> Ready:
    """Read the secrets of a target. Raises UsageError when one is missing or wrong."""
    if isinstance(target, Mail):
        return Ready(target, secret=target.password.value() if target.password else "")
    url = target.url
    if target.url_source is not None:
        url = checked(target.url_source.value(), target.url_source.where)
    return Ready(target, url, target.secret.value() if target.secret else "")


def deliver(
    targets: Sequence[Ready],
    message: Message,
    attached: Callable[[Mail], Mapping[str, bytes]],
    pause: Callable[[float], None] = time.sleep,
) -> list[Failure]:
    """Tell each target for which the message is, one after the other; give the failures.

    `attached` gives the reports to attach to a mail. Raises nothing.
    """
    failures = []
    for each in targets:
        if not _wanted(each.target.when, message):
            continue
        try:
            _deliver(each, message, attached, pause)
        except Undelivered as failure:
            failures.append(Failure(each.label, failure.why))
        except Exception as error:
            failures.append(
                Failure(each.label, f"a fault of auditor's own: {type(error).__name__}")
            )
    return failures


def _wanted(when: str, message: Message) -> bool:
    """Whether a message is for who wants `always`, what `failed`, or what `changed`."""
    return {"always": True, "failed": message.failed, "changed": message.changed}[when]


def _deliver(
    ready: Ready,
    message: Message,
    attached: Callable[[Mail], Mapping[str, bytes]],
    pause: Callable[[float], None],
) -> None:
    target = ready.target
    if isinstance(target, Mail):
        mail = composed(target, message, attached(target) if message.report else {})
        attempted(lambda: send(target, mail, ready.secret), pause)
        return
    body = body_of(target.kind, message, target.link)
    delivery = token_hex(16)
    attempted(
        lambda: http.post(ready.url, body, _headers(target, ready.secret, delivery, body)), pause
    )


def _headers(target: Webhook, secret: str, delivery: str, body: bytes) -> dict[str, str]:
    """Name the delivery, the same in every attempt, and sign it with the time of this one."""
    if target.kind != "json":
        return {}
    headers = {"X-Auditor-Delivery": delivery}
    if secret:
        timestamp = str(int(time.time()))
        headers["X-Auditor-Timestamp"] = timestamp
        headers["X-Auditor-Signature"] = signature(secret, timestamp, body)
    return headers
