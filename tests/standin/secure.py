"""An HTTPS server on loopback, a thread for each connection."""

from __future__ import annotations

import contextlib
import ssl
from http.server import ThreadingHTTPServer
from typing import Any


class SecureServer(ThreadingHTTPServer):
    """What both stand-ins serve with; `context` has the certificate."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    context: ssl.SSLContext

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands in the thread of the connection, not in the one that accepts."""
        request.settimeout(60)
        try:
            secured = self.context.wrap_socket(request, server_side=True)
        except (ssl.SSLError, OSError):
            return
        with contextlib.closing(secured):
            super().finish_request(secured, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up; that is what some tests do."""
