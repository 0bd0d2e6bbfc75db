"""A receiver of the messages that a site sends to its subscribers. It needs Python 3.11, standardwebhooks and PyJWT.

    export WEBHOOK_SECRET=whsec_…
    python webhook_receiver.py 8900

prints each message that is really the site's, once, and turns all others away. It checks the header that BadgeKit
sent as well, for a subscriber that has chosen it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from standardwebhooks import Webhook, WebhookVerificationError

LARGEST = 1_000_000


class Receiver(BaseHTTPRequestHandler):
    """Takes one message."""

    seen: set[str] = set()  # A real receiver keeps this in its database.

    def do_POST(self) -> None:
        """Verify it, act on it once, and answer quickly: 200 to 299 is “taken”, all else is sent again."""
        body = self.rfile.read(min(int(self.headers["Content-Length"] or 0), LARGEST))
        secret = os.environ["WEBHOOK_SECRET"]
        try:
            message = verified(body, dict(self.headers), secret)
            verified_as_badgekit_did(body, self.headers.get("Authorization", ""), self.path, secret)
        except (WebhookVerificationError, jwt.InvalidTokenError) as error:
            self.send_error(401, str(error))
            return
        name = self.headers["webhook-id"]
        if name not in self.seen:  # The same message may come twice: its ID says so.
            self.seen.add(name)
            print(json.dumps(message), flush=True)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing of each request."""


def verified(body: bytes, headers: dict[str, str], secret: str) -> Any:
    """What the message says, if its signature and its time are right. Raises WebhookVerificationError."""
    small = {name.lower(): value for name, value in headers.items()}
    return Webhook(secret).verify(body.decode(), small)


def verified_as_badgekit_did(body: bytes, header: str, path: str, secret: str) -> None:
    """Check BadgeKit's header where there is one: a token over method, path and body. Raises InvalidTokenError."""
    if not header:
        return
    token = header.removeprefix('JWT token="').removesuffix('"')
    claims = jwt.decode(token, secret, algorithms=["HS256"], options={"require": ["exp"]})
    right = claims.get("method") == "POST" and claims.get("path") == path
    if not right or not hmac.compare_digest(claims["body"]["hash"], hashlib.sha256(body).hexdigest()):
        raise jwt.InvalidTokenError("The token is for another message.")


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
    print(f"Listening at http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()
