"""Mail: composed of plain text and the reports that are asked for, sent by SMTP with TLS."""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate

from auditor.delivery.attempts import Undelivered
from auditor.delivery.message import Message
from auditor.delivery.targets import Mail

_TIMEOUT = 10
"""Seconds that the server may be silent."""
FILES = {
    "html": ("html", "text", "html"),
    "markdown": ("md", "text", "markdown"),
    "csv": ("csv", "text", "csv"),
    "console": ("txt", "text", "plain"),
    "pdf": ("pdf", "application", "pdf"),
    "xlsx": ("xlsx", "application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "json": ("json", "application", "json"),
    "oscal": ("oscal.json", "application", "json"),
    "sarif": ("sarif", "application", "json"),
    "junit": ("xml", "application", "xml"),
}
"""The ending and the media type of a report that is attached."""


def composed(target: Mail, message: Message, attached: Mapping[str, bytes]) -> EmailMessage:
    """Write the mail; `attached` are reports by the name of their format."""
    mail = EmailMessage(policy=SMTP.clone(max_line_length=200))
    mail["Subject"] = message.headline
    mail["From"] = target.sender
    mail["To"] = ", ".join(target.recipients)
    mail["Date"] = formatdate(usegmt=True)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(_text(message, target.link))
    for name, content in attached.items():
        ending, main, sub = FILES.get(name, ("txt", "application", "octet-stream"))
        file = f"auditor-report.{ending}"
        charset = {"charset": "utf-8"} if main == "text" else {}
        mail.add_attachment(content, maintype=main, subtype=sub, filename=file, params=charset)
    digest = hashlib.sha256(mail.as_bytes()).hexdigest()[:32]
    mail["Message-ID"] = f"<{digest}@{target.sender.rpartition('@')[2]}>"
    return mail


def _text(message: Message, link: str) -> str:
    lines = [message.headline, ""]
    lines += [f"{name}: {said}" for name, said in message.facts]
    for line in message.lines:
        lines += ["", f"{line.severity} {line.rule} {line.title}", f"  {line.subject}"]
        lines.append(f"  {line.message}")
    lines += ["", f"and {message.more:,} more broken"] if message.more else []
    lines += ["", f"The whole report: {link}"] if link else []
    return "\n".join(lines) + "\n"


def send(target: Mail, mail: EmailMessage, password: str) -> None:
    """Hand the mail to the server. Raises Undelivered, in words without the password."""
    try:
        with _connected(target) as server:
            if target.user:
                server.login(target.user, password)
            refused = server.send_message(mail, target.sender, target.recipients)
    except smtplib.SMTPAuthenticationError as error:
        raise Undelivered(f"{target.host} does not accept the login ({error.smtp_code})") from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = {code for code, _ in error.recipients.values()}
        raise _answered(target, "takes no recipient", max(codes, default=0)) from None
    except smtplib.SMTPResponseException as error:
        raise _answered(target, "refuses the mail", error.smtp_code) from None
    except smtplib.SMTPNotSupportedError:
        what = "STARTTLS" if target.security == "starttls" else "what the mail needs"
        raise Undelivered(f"{target.host} does not offer {what}; nothing was sent") from None
    except ssl.SSLCertVerificationError as error:
        why = f"the certificate of {target.host} is not good: {error.verify_message}"
        raise Undelivered(why) from None
    except smtplib.SMTPException:
        raise Undelivered(f"{target.host} broke off", again=0) from None
    except TimeoutError:
        raise Undelivered(f"no answer within {_TIMEOUT} seconds", again=0) from None
    except OSError as error:
        why = f"{target.host} cannot be reached: {error.strerror or 'no connection'}"
        raise Undelivered(why, again=0) from None
    if refused:
        raise Undelivered(f"{target.host} does not deliver to {', '.join(sorted(refused))}")


def _connected(target: Mail) -> smtplib.SMTP:
    """Connect, in TLS before anything is said but the greeting; never fall back to none."""
    context = ssl.create_default_context()
    name = "[127.0.0.1]"  # our own name is nobody's business, and looking it up may take long
    if target.security == "tls":
        return smtplib.SMTP_SSL(
            target.host, target.port, local_hostname=name, timeout=_TIMEOUT, context=context
        )
    server = smtplib.SMTP(target.host, target.port, local_hostname=name, timeout=_TIMEOUT)
    try:
        if target.security == "starttls":
            server.starttls(context=context)
    except BaseException:
        server.close()
        raise
    return server


def _answered(target: Mail, what: str, code: int) -> Undelivered:
    """Word an answer of the server; one of the 400s says that it may go better later."""
    return Undelivered(f"{target.host} {what} ({code})", again=0 if 400 <= code < 500 else None)
