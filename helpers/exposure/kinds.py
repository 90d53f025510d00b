"""The kinds of Intercom's secrets. They are those of the settings, so that fingerprints agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["INTERCOM_KINDS"]

INTERCOM_KINDS: Final[Mapping[str, str]] = {  # and what people call each
    "access_token": "Intercom access token",
    "client_secret": "Intercom client secret",
    "identity_secret": "Intercom identity secret",
    "legacy_api_key": "Intercom API key (legacy)",
    "mobile_sdk_key": "Intercom mobile SDK key",
}
