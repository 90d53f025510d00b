"""The causes for which a signature does not fit, in words, with what to do about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from helpers.webhooks.variants import Accident

__all__ = [
    "BODY",
    "CUT",
    "NOT_A_SIGNATURE",
    "NO_HMAC",
    "SEVERAL",
    "WRONG_SECRET",
    "Cause",
    "Diagnosis",
]


class Cause(StrEnum):
    """What is wrong with a delivery that does not verify."""

    NO_SIGNATURE = "no_signature"
    SEVERAL_SIGNATURES = "several_signatures"
    OTHER_SCHEME = "other_scheme"
    OTHER_ALGORITHM = "other_algorithm"
    WRITTEN_OTHERWISE = "written_otherwise"
    CUT_SHORT = "cut_short"
    NO_HMAC = "no_hmac"
    RESERIALISED = "reserialised"
    CHARSET = "charset"
    LINE_ENDS = "line_ends"
    PACKED = "packed"
    EMPTY = "empty"
    OTHER_SECRET = "other_secret"  # noqa: S105 (a name, not a password)
    SECRET_FORM = "secret_form"  # noqa: S105 (a name, not a password)
    PROXY = "proxy"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Diagnosis:
    """One cause, in words, and what to do. `proven` where the signature fits once it is undone."""

    cause: Cause
    say: str
    fix: str
    proven: bool = False


BODY: Final[Mapping[Accident, tuple[str, str]]] = {
    Accident.RESERIALISED: (
        "The body was parsed and written again on its way",
        "Find what parses it (a proxy, a gateway's mapping, a body parser), and pass raw bytes on.",
    ),
    Accident.CHARSET: (
        "The body's characters were encoded anew",
        "Pass the body on as bytes; nothing may decode it before it is verified.",
    ),
    Accident.LINE_ENDS: (
        "White space of the body was changed",
        "Pass the body on as bytes; text mode and trimming change it.",
    ),
    Accident.PACKED: (
        "The body arrived in another wrapping than it was signed in",
        "Unwrap it first (gzip, base64 of a gateway's event, a form), and verify what is inside.",
    ),
    Accident.EMPTY: (
        "The signature is one of an empty body",
        "The sender signs before it has a body, or signs something that is none.",
    ),
}
SEVERAL: Final = Diagnosis(
    Cause.SEVERAL_SIGNATURES,
    "It carries the signature header more than once.",
    "Find what adds one on the way; a verifier must not choose.",
)
CUT: Final = Diagnosis(
    Cause.CUT_SHORT,
    "The signature has a length that no hash has.",
    "Find what cuts the header; log its length at the proxy and here.",
)
NOT_A_SIGNATURE: Final = Diagnosis(
    Cause.WRITTEN_OTHERWISE,
    "The signature header holds no digest at all.",
    "Intercom sends none like it: mend the sender.",
)
NO_HMAC: Final = Diagnosis(
    Cause.NO_HMAC,
    "The digest is a plain hash of the body, no HMAC.",
    "Mend the sender: use an HMAC with the secret as its key.",
    proven=True,
)
WRONG_SECRET: Final = Diagnosis(
    Cause.UNKNOWN,
    "No accident that is known here makes the signature fit: most likely it was made with "
    "another secret, or the body was changed.",
    "Compare the client secret with Developer Hub > your app > Basic Information; then send a "
    "test request from there.",
)
