"""Where an Intercom workspace is hosted, and which host a token may go to.

Hosts: the `servers` of Intercom's OpenAPI description. Only `US` is documented as a value of
`app.region`; the other two are taken by their first letters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import httpx

from helpers.core.errors import ConfigurationError
from helpers.core.settings import Settings, Trust
from helpers.intercom.trusted_hosts import is_loopback, refuse_less_trusted, require_allowed

__all__ = [
    "HOSTS",
    "base_url",
    "checked_url",
    "configured_url",
    "region_named",
    "same_region",
]

HOSTS: Final[Mapping[str, str]] = {
    "us": "https://api.intercom.io",
    "eu": "https://api.eu.intercom.io",
    "au": "https://api.au.intercom.io",
}
_HOST: Final = re.compile(r"[A-Za-z0-9.-]+|[0-9a-f:]+")
_LAST_PORT: Final = 65_535
_PREFIX: Final = re.compile(r"(/[A-Za-z0-9_-]+)*/?")


def base_url(
    settings: Settings,
    credential: str = "INTERCOM_ACCESS_TOKEN",
    *,
    elsewhere: Trust | None = None,
) -> str:
    """`INTERCOM_BASE_URL` if it is set, else the host of `INTERCOM_REGION` (us, eu, au).

    `elsewhere` is the layer of a credential that no setting holds. Raises ConfigurationError for a
    URL that this credential must not go to or an unknown region.
    """
    url = configured_url(settings)
    own = settings.text("INTERCOM_BASE_URL")
    name = "INTERCOM_BASE_URL" if own else "INTERCOM_REGION"
    refuse_less_trusted(settings, name, credential, elsewhere)
    if own:
        require_allowed(httpx.URL(url).host, "INTERCOM_BASE_URL")
    return url


def configured_url(settings: Settings) -> str:
    """The URL that is configured, whether or not a secret may go there. Raises as `base_url`."""
    own = settings.text("INTERCOM_BASE_URL")
    return checked_url(own) if own else HOSTS[region_named(settings.text("INTERCOM_REGION", "us"))]


def region_named(name: str) -> str:
    """The region: us, eu or au, in any case. Raises ConfigurationError."""
    if name.strip().lower() not in HOSTS:
        raise ConfigurationError(
            "INTERCOM_REGION names no region of Intercom.", f"Set it to one of {', '.join(HOSTS)}."
        )
    return name.strip().lower()


def checked_url(url: str) -> str:
    """A base URL without its trailing slash: https, or http to loopback; a plain path prefix.

    Raises ConfigurationError. The URL itself is not repeated: it might hold a password.
    """
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise _unusable("is not a URL") from None
    if parsed.scheme not in ("https", "http") or not _HOST.fullmatch(parsed.host):
        raise _unusable("is neither https://… nor http://127.0.0.1:…")
    if parsed.userinfo or parsed.query or parsed.fragment:
        raise _unusable("holds a user name, a query or a fragment")
    if parsed.port is not None and not 0 < parsed.port <= _LAST_PORT:
        raise _unusable("has an impossible port")
    if not _PREFIX.fullmatch(parsed.raw_path.decode("ascii")):
        raise _unusable("has an odd path")
    if parsed.scheme == "http" and not is_loopback(parsed.host):
        raise _unusable("is plain HTTP to another machine, where the token could be read")
    return str(parsed).rstrip("/")


def same_region(configured: str, reported: str) -> bool | None:
    """Whether `app.region` is the configured one; None where the reported value says nothing."""
    found = reported.strip().lower()[:2]
    return found == region_named(configured) if found in HOSTS else None


def _unusable(why: str) -> ConfigurationError:
    return ConfigurationError(
        f"INTERCOM_BASE_URL {why}.",
        "Set an https address, or http on loopback, or remove it to use INTERCOM_REGION.",
    )
