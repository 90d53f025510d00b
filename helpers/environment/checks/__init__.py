"""Is the environment set up so that secrets stay where they belong?"""

from helpers.environment.checks.environments import (
    keys_differ,
    region_is_right,
    token_is_of_the_workspace,
    version_is_pinned,
    workspaces_differ,
)
from helpers.environment.checks.files import (
    env_files_are_ignored,
    env_files_are_not_tracked,
    env_files_are_private,
    example_has_no_values,
)
from helpers.environment.checks.variables import (
    no_configured_key_is_tracked,
    secrets_are_set,
    secrets_are_well_shaped,
)

__all__ = [
    "env_files_are_ignored",
    "env_files_are_not_tracked",
    "env_files_are_private",
    "example_has_no_values",
    "keys_differ",
    "no_configured_key_is_tracked",
    "region_is_right",
    "secrets_are_set",
    "secrets_are_well_shaped",
    "token_is_of_the_workspace",
    "version_is_pinned",
    "workspaces_differ",
]
