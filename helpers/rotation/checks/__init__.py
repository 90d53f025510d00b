"""Are keys young enough, owned, rotated through the process, and is the process sound?"""

from helpers.rotation.checks.ages import (
    key_is_not_due_soon,
    key_is_young_enough,
    keys_have_an_owner,
)
from helpers.rotation.checks.process import (
    identity_secrets_are_single,
    no_secret_is_left_over,
    regenerations_are_recorded,
    rehearsal_succeeds,
    rotations_are_finished,
)

__all__ = [
    "identity_secrets_are_single",
    "key_is_not_due_soon",
    "key_is_young_enough",
    "keys_have_an_owner",
    "no_secret_is_left_over",
    "regenerations_are_recorded",
    "rehearsal_succeeds",
    "rotations_are_finished",
]
