"""Do the tokens hold what the code needs, and no more?"""

from helpers.scopes.checks.accounts import (
    owner_is_a_service_account,
    reader_only_reads,
    service_accounts_are_separate,
)
from helpers.scopes.checks.grants import (
    code_has_what_it_uses,
    no_scope_beyond_the_policy,
    no_scope_without_a_use,
)
from helpers.scopes.checks.rules import policy_covers_the_code, policy_names_real_scopes

__all__ = [
    "code_has_what_it_uses",
    "no_scope_beyond_the_policy",
    "no_scope_without_a_use",
    "owner_is_a_service_account",
    "policy_covers_the_code",
    "policy_names_real_scopes",
    "reader_only_reads",
    "service_accounts_are_separate",
]
