"""Confirm what a run is about, before anything is compared or written.

A run belongs to a workspace, whose id has to be the one that the state has kept, and to a
repository. Together with the steps they decide which earlier run it is compared with.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Final

from helpers.core.errors import IntercomError, UnreadableAnswerError
from helpers.core.model import Subject
from helpers.core.policy import Limits, Policy
from helpers.core.settings import Profile, Settings, state_home
from helpers.core.steps import STEPS
from helpers.core.workspaces import workspace_named
from helpers.notebook.confirmation import confirm, expected_id
from helpers.notebook.context_factory import settings_of
from helpers.notebook.parameters import Choices
from helpers.report.history import HistoryLine
from helpers.report.repositories import repository_key
from helpers.run.subject import seen_repository, subject_of
from helpers.system.state import open_state

__all__ = ["confirmed_subject", "history_line"]

_ASKING: Final = frozenset({"environment", "rotation", "scopes", "access", "auditlog"})
_NOT_ALLOWED: Final = ("token_unauthorized", "forbidden", "api_plan_restricted")


def confirmed_subject(choices: Choices, steps: Sequence[str], policy: Policy) -> Subject:
    """What a run is about: the workspace, confirmed and kept, and the repository with its key.

    Raises WrongWorkspaceError before anything is compared or written. Where a step asks Intercom,
    also ConfigurationError without a token, UnreachableError without an answer, and IntercomError
    if the token is unknown, revoked or expired.
    """
    subject = subject_of(choices, steps)
    workspace = workspace_named(choices.profile)
    demo = workspace.environment is Profile.SANDBOX
    if demo and not choices.repo:
        return subject  # it has one repository, and a workspace that nobody can mix up
    with closing(open_state(state_home(workspace))) as state:
        if not demo:
            settings = settings_of(choices)
            expected_id(state, settings, policy)
            if _ASKING & set(steps) and (app_id := _asked(settings, policy.limits)):
                confirm(state, settings, policy, app_id)
            known = {"workspace": expected_id(state, settings, policy)}
            subject = subject.model_copy(update=known)
        key = repository_key(state, seen_repository(choices))
    repository = subject.repository and subject.repository.model_copy(update={"key": key})
    return subject.model_copy(update={"repository": repository})


def _asked(settings: Settings, limits: Limits) -> str:
    """Ask Intercom for `/me` once, before a kernel starts; the id of the workspace, if it says.

    A missing variable, an unreachable host or a dead token would fail in every step. A token that
    is not allowed to read `/me` is alive, so the run continues.
    """
    from helpers.intercom.client import Client

    with Client.from_settings(settings, limits=limits) as client:
        try:
            return client.me().app.id_code
        except UnreadableAnswerError:
            return ""  # each step says so of its own calls
        except IntercomError as error:
            if error.code not in _NOT_ALLOWED:
                raise
            return ""


def history_line(subject: Subject | None, steps: Sequence[str]) -> HistoryLine:
    """The runs that this one is compared with: those of the same repository and steps."""
    repository = subject.repository if subject else None
    ordered = tuple(step.name for step in STEPS if step.name in steps)
    return HistoryLine(repository.key if repository else "", ordered)
