"""Fake secrets of the real shape, made at run time from a label: the source holds none.

An Intercom access token is the base64 of 44 bytes `tok:<uuid, - as _>:1:0`; an identity secret is
256 bits in base64url; a client secret is a UUID here, because its format is not documented.
"""

from __future__ import annotations

import base64
import hashlib
import uuid

__all__ = ["access_token", "client_id", "client_secret", "identifier", "identity_secret"]


def identifier(label: str) -> uuid.UUID:
    """A UUID (version 4 in form) that depends on the label alone."""
    return uuid.UUID(bytes=_digest(f"id/{label}")[:16], version=4)


def access_token(label: str) -> str:
    """An access token: 60 characters."""
    inner = str(identifier(f"token/{label}")).replace("-", "_")
    return base64.b64encode(f"tok:{inner}:1:0".encode()).decode()


def client_id(label: str) -> str:
    """The client id of an app: a UUID, public."""
    return str(identifier(f"client/{label}"))


def client_secret(label: str) -> str:
    """The client secret of an app."""
    return str(identifier(f"client-secret/{label}"))


def identity_secret(label: str) -> str:
    """A Messenger identity secret: 43 characters."""
    return base64.urlsafe_b64encode(_digest(f"identity/{label}")).decode().rstrip("=")


def _digest(text: str) -> bytes:
    return hashlib.sha256(f"intercom-sandbox/{text}".encode()).digest()
