"""Are secrets where only those can read them who need to?"""

from helpers.exposure.checks.coverage import commits_are_guarded, search_was_complete
from helpers.exposure.checks.secrets import (
    configured_secrets_are_not_exposed,
    mobile_keys_are_known,
    no_intercom_secret_is_exposed,
    no_other_secret_is_exposed,
)

__all__ = [
    "commits_are_guarded",
    "configured_secrets_are_not_exposed",
    "mobile_keys_are_known",
    "no_intercom_secret_is_exposed",
    "no_other_secret_is_exposed",
    "search_was_complete",
]
