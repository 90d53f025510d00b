"""Intercom's secrets by kind: one spelling for each value, no placeholders, and a safe shape.

The layout of an access token is inferred from public samples, because no page of Intercom's states
it: base64 of `tok:<uuid, with _ for ->`, mostly followed by `:1:0`. A value that does not decode to
that is no token, so the rule stays silent on other people's code.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import Final

__all__ = ["INTERCOM_KINDS", "canonical", "is_generic", "is_varied", "shape"]

# The kinds are those of the settings, so that fingerprints agree.
INTERCOM_KINDS: Final[Mapping[str, str]] = {
    "access_token": "Intercom access token",
    "client_secret": "Intercom client secret",
    "identity_secret": "Intercom identity secret",
    "legacy_api_key": "Intercom API key (legacy)",
    "mobile_sdk_key": "Intercom mobile SDK key",
    "fin_agent_secret": "Intercom Fin Agent webhook secret",
    "fin_agent_key": "Intercom Fin Agent API key",
    "mcp_token": "bearer for Intercom's MCP server",
}
_TOKEN: Final = re.compile(
    rb"tok:([0-9a-f]{8}(?:[_-][0-9a-f]{4}){3}[_-][0-9a-f]{12})(?::\w{1,12}){0,4}", re.IGNORECASE
)
_PLACEHOLDER: Final = re.compile(
    r"your|example|placeholder|change.?me|replace|dummy|fake|sample|secret.?here|not.?a.?real"
    r"|x{6}|\*{4}|0{8}|1234567|abcdef0|deadbeef|<|\{|\$",
    re.IGNORECASE,
)
# The last word of a line of PEM, behind a time or the name of a pod. Armour ends in dashes.
_LINE_END: Final = re.compile(r"\n|\\n")
_ARMOUR: Final = re.compile(r"-----BEGIN[^\n]*?-----(.*?)-----END", re.DOTALL)
_LAST_WORD: Final = re.compile(r"[A-Za-z0-9+/=]{16,}(?=[\s\"',\\]*$)")
_GENERIC: Final = frozenset(
    {
        "generic-credential-uri",
        "hashicorp-tf-password",
        "kubernetes-secret-yaml",
        "nuget-config-password",
        "curl-auth-user",
        "curl-auth-header",
    }
)
_SHORT: Final = 16  # characters; no provider's key is shorter
_FEW: Final = 5  # a random value of 32 hex digits has so few different digits once in 10^16
_LONG: Final = 32  # of shorter values only the length is shown


def canonical(kind: str, raw: str) -> str | None:
    """Return the secret in its one spelling, or None if it is a placeholder or no secret."""
    reader = _READERS.get(kind) or (_without_prefixes if _LINE_END.search(raw) else None)
    return reader(raw) if reader else raw


def shape(kind: str, value: str) -> str:
    """Return the value as it may be shown: a beginning that reveals nothing, and the length."""
    if kind == "mobile_sdk_key":
        return f"{value.partition('-')[0]}-…({len(value)})"
    visible = 5 if kind == "access_token" else 2
    return f"{value[:visible] if len(value) >= _LONG else ''}…({len(value)})"


def _token(raw: str) -> str | None:
    whole = raw[: len(raw) // 4 * 4] if len(raw) % 4 == 1 else raw + "=" * (-len(raw) % 4)
    match = _TOKEN.match(base64.b64decode(whole))
    if match is None or not is_varied(match[1].decode()):
        return None
    return base64.b64encode(match[0]).decode()


def _bearer(raw: str) -> str | None:
    """An access token has its own rule, which finds it wherever it stands."""
    return None if raw.startswith("dG9r") else _random(raw)


def _random(raw: str) -> str | None:
    return raw if is_varied(raw) and not _PLACEHOLDER.search(raw) else None


def _mixed(raw: str) -> str | None:
    """Random base64 holds upper and lower case and digits; a commit id does not."""
    kinds = (str.isupper, str.islower, str.isdigit)
    mixed = all(any(test(character) for character in raw) for test in kinds)
    return raw if mixed and not _PLACEHOLDER.search(raw) else None


def _without_prefixes(raw: str) -> str:
    """Return a secret of several lines without what a log writes before each, so that it is one.

    Of a file that holds a key, such as a service account's, that is the key.
    """
    armoured = _ARMOUR.search(raw)
    text = (armoured[1] if armoured else raw).replace("\\r", "").replace("\\n", "\n")
    return "".join(w[0] for line in text.splitlines() if (w := _LAST_WORD.search(line))) or raw


def is_generic(kind: str, shown: str) -> bool:
    """Return whether a secret of this kind and shape opens nothing that is known.

    True for passwords in an address or a setting, and for values of fewer than 16 characters.
    """
    length = int(shown.rpartition("(")[2].rstrip(")"))
    return kind in _GENERIC or length < _SHORT


def is_varied(text: str) -> bool:
    """Return False for 000…, abab… and the like. Only letters and digits count."""
    return len(set(text.lower()) - set("-_")) > _FEW


_READERS: Final[Mapping[str, Callable[[str], str | None]]] = {
    "access_token": _token,
    "client_secret": _random,
    "identity_secret": _random,
    "legacy_api_key": _random,
    "mobile_sdk_key": _random,
    "fin_agent_secret": _random,
    "fin_agent_key": _random,
    "mcp_token": _bearer,
    "aws-secret-access-key": _mixed,
    "private-key": _without_prefixes,
}
