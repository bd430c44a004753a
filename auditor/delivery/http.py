"""Posting to a webhook: once, without following it elsewhere, and without telling its address."""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from auditor import __version__
from auditor.delivery.addresses import is_loopback
from auditor.delivery.attempts import Undelivered

_TIMEOUT = 10
"""Seconds that a connection may be silent."""
_LATER = (408, 425, 429, 500, 502, 503, 504)


class _Stays(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: it may lead to http, or to a stranger."""

    def redirect_request(self, *_: Any) -> None:
        return None


def post(url: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Post JSON. Raises Undelivered for any answer but 2xx, and when there is none."""
    request = urllib.request.Request(url, data=body, method="POST")
    request.add_header("Content-Type", "application/json; charset=utf-8")
    request.add_header("User-Agent", f"auditor/{__version__}")
    for name, value in headers.items():
        request.add_header(name, value)
    try:
        with _opener(url).open(request, timeout=_TIMEOUT) as answer:
            if not 200 <= answer.status < 300:
                raise Undelivered(f"the answer was {answer.status}")
    except urllib.error.HTTPError as error:
        with error:
            raise _refused(error) from None
    except urllib.error.URLError as error:
        raise _unreached(error.reason) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _unreached(error) from None


def _opener(url: str) -> urllib.request.OpenerDirector:
    """Honour the proxies of the environment, but for this machine itself."""
    handlers: list[urllib.request.BaseHandler] = [
        _Stays(),
        urllib.request.HTTPSHandler(context=ssl.create_default_context()),
    ]
    if is_loopback(urlsplit(url).hostname or ""):
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers)


def _refused(error: urllib.error.HTTPError) -> Undelivered:
    if 300 <= error.code < 400:
        return Undelivered(f"the answer was {error.code}, a redirect, which is not followed")
    said = http.client.responses.get(error.code, "")
    why = f"the answer was {error.code} {said}".rstrip()
    if error.code not in _LATER:
        return Undelivered(why)
    after = (error.headers.get("Retry-After") or "").strip()
    seconds = int(after[:6]) if after.isascii() and after.isdigit() else 0
    return Undelivered(why, again=seconds)


def _unreached(reason: object) -> Undelivered:
    """Word what went wrong below HTTP, without the text of exceptions: it may hold the URL."""
    if isinstance(reason, ssl.SSLCertVerificationError):
        return Undelivered(f"its certificate is not good: {reason.verify_message}")
    if isinstance(reason, ssl.SSLError):
        return Undelivered(f"no TLS connection: {reason.reason or 'refused'}", again=0)
    if isinstance(reason, TimeoutError):
        return Undelivered(f"no answer within {_TIMEOUT} seconds", again=0)
    if isinstance(reason, OSError):
        return Undelivered(f"cannot be reached: {reason.strerror or 'no connection'}", again=0)
    if isinstance(reason, http.client.HTTPException):
        return Undelivered("the answer is no HTTP", again=0)
    return Undelivered("cannot be reached")
