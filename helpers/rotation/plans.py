"""What a person is told before a rotation: what will happen, who does it, what can't be undone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from helpers.rotation.transitions import Mode

__all__ = ["plan"]

_FIRST: Final = "1. The key in use is tried, the store is checked. Nothing is changed."
_PLANNED: Final[Mapping[tuple[str, Mode], tuple[str, ...]]] = {
    ("access_token", Mode.OVERLAP): (
        _FIRST,
        "2. YOU make a second private app with the same scopes, and paste its token here.",
        "3. The new token is kept beside the old one and tried: workspace, region, scopes.",
        "4. The store gives out the new token; the old one is kept and stays alive.",
        "5. Whoever uses the key confirms that it uses the new one. Until here you can go back.",
        "6. YOU uninstall the old app. THIS CAN'T BE UNDONE. The runbook never does it.",
        "7. The old token is proven dead, and deleted.",
    ),
    ("access_token", Mode.IN_PLACE): (
        _FIRST,
        (
            "2. YOU regenerate the token and paste the new one here. THIS CAN'T BE UNDONE: assume "
            "that the old one dies at the click, and that whatever uses it fails until step 5."
        ),
        "3. The new token is kept beside the old one and tried: workspace, region, scopes.",
        "4. The store gives out the new token.",
        "5. Whoever uses the key confirms that it uses the new one.",
        "6. The old token is proven dead, and deleted.",
    ),
    ("client_secret", Mode.IN_PLACE): (
        "1. The store is checked. No call tells whether a client secret is alive.",
        (
            "2. YOU let every webhook receiver accept two secrets, regenerate the client secret, "
            "and paste it here. THIS CAN'T BE UNDONE: assume that the old one dies at the click."
        ),
        "3. The new secret is kept beside the old one. A delivery shows that Intercom uses it.",
        "4. The store gives out the new secret.",
        "5. Every receiver confirms that it accepts the new one.",
        "6. The receivers refuse the old secret, and it is deleted.",
    ),
    ("identity_secret", Mode.OVERLAP): (
        "1. The workspace is asked which identity secrets are alive. Nothing is changed.",
        "2. Intercom's API makes a second one. Both are valid.",
        "3. The new secret is kept beside the old one; the workspace lists it.",
        "4. The store gives out the new secret.",
        "5. Every server confirms that it signs with the new one. Until here you can go back.",
        "6. Intercom's API deletes the old secret. THIS CAN'T BE UNDONE.",
        "7. The workspace lists the new one alone; the old one is deleted here too.",
    ),
}
_COMPROMISED: Final = (
    "1. YOU withdraw the key NOW. THIS CAN'T BE UNDONE: whatever uses it fails until step 5.",
    "2. It is proven dead. From here on there may be no live key: that gap is recorded.",
    "3. YOU paste the new key here; it is kept and tried.",
    "4. The store gives out the new key.",
    "5. Whoever uses the key confirms that it uses the new one; the gap ends.",
    "6. The old key is proven dead again, the new one beside it, and deleted.",
)
_COMPROMISED_IDENTITY: Final = (
    (
        "1. Intercom's API deletes the secret AT ONCE. THIS CAN'T BE UNDONE: no user can be "
        "verified until step 5."
    ),
    "2. The workspace no longer lists it. From here on none is alive: that gap is recorded.",
    "3. Intercom's API makes the new one; it is kept, and the workspace lists it.",
    "4. The store gives out the new secret.",
    "5. Every server confirms that it signs with the new one; the gap ends.",
    "6. The workspace lists the new one alone; the old one is deleted here too.",
)


def plan(kind: str, mode: Mode, *, compromised: bool) -> tuple[str, ...]:
    """The steps of a rotation of this kind of key, a paragraph each."""
    if compromised:
        return _COMPROMISED_IDENTITY if kind == "identity_secret" else _COMPROMISED
    return _PLANNED[kind, mode]
