"""How far a token reaches, as far as asking without harm shows it: reads of one record each.

`GET /me` tells no scopes. Each scope that guards a read is tried; what only guards writes can't be
seen this way and stays for a person.
"""

from __future__ import annotations

from typing import Final

from helpers.core.errors import UnreachableError
from helpers.intercom.client import Client
from helpers.scopes.probes import probe_reads
from helpers.scopes.records import ProbeAnswer, Reading
from helpers.scopes.verdicts import PROBED

__all__ = ["reach"]

_LIMITED: Final = 429
_SERVER: Final = 500


def reach(client: Client) -> frozenset[str]:
    """The scopes that at least one read shows to be there.

    Raises IntercomError where the token is dead, and UnreachableError where a read was not
    answered: a scope that was not looked at is not taken for missing.
    """
    answers = probe_reads(client)
    for answer in answers:
        if _troubled(answer):
            raise UnreachableError(
                f"{answer.call} gave no answer about a scope ({answer.status or answer.code}).",
                "Wait a minute.",
            )
    return frozenset(PROBED[a.call] for a in answers if a.reading is Reading.ADMITTED)


def _troubled(answer: ProbeAnswer) -> bool:
    return answer.status in (0, _LIMITED) or answer.status >= _SERVER
