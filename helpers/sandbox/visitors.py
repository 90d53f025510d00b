"""Who may talk to the sandbox: programs on this machine, and no page that a browser shows.

A page of another site can send forms to loopback, and by DNS rebinding it can make its own name
resolve to it. Such requests carry the page's name as `Host` or `Origin`, or a content type that a
form may have without asking first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["objection"]

_HERE: Final = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")


def objection(request: Request) -> str:
    """Why this request is refused; empty if it is not."""
    headers = request.headers
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not _HERE.fullmatch(hosts[0]):
        return "The sandbox answers to the names of loopback only."
    origins = headers.getlist("origin")
    if any(origin.lower() != f"http://{hosts[0].lower()}" for origin in origins):
        return "Pages of other sites may not use the sandbox."
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return "Pages of other sites may not use the sandbox."
    if headers.get("content-type", "").partition(";")[0].strip().lower() in _FORMS:
        return "The sandbox takes JSON, and no forms."
    return ""
