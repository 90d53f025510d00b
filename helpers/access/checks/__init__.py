"""Who can get at the workspace, and what stands in their way?"""

from helpers.access.checks.attested import (
    password_sign_in_is_off,
    roles_were_reviewed,
    sessions_end,
    two_factor_is_enforced,
)
from helpers.access.checks.connectors import (
    connectors_authenticate,
    connectors_share_no_credential,
    connectors_use_tls,
)
from helpers.access.checks.defences import (
    allowlist_limits_the_api,
    identity_secrets_are_in_use,
    identity_verification_is_on,
)
from helpers.access.checks.people import (
    everybody_has_a_role,
    few_have_full_access,
    nobody_is_dormant,
    security_events_were_explained,
    teammates_are_of_the_company,
)

__all__ = [
    "allowlist_limits_the_api",
    "connectors_authenticate",
    "connectors_share_no_credential",
    "connectors_use_tls",
    "everybody_has_a_role",
    "few_have_full_access",
    "identity_secrets_are_in_use",
    "identity_verification_is_on",
    "nobody_is_dormant",
    "password_sign_in_is_off",
    "roles_were_reviewed",
    "security_events_were_explained",
    "sessions_end",
    "teammates_are_of_the_company",
    "two_factor_is_enforced",
]
