"""The errors of the runbook. Each names the thing that is wrong and the next step.

    RunbookError                    (exit 1)
    ├── UsageError                  (exit 2)  a flag, a name or an argument is wrong
    │   └── ConfigurationError      (exit 2)  settings, .env, policy.toml, waivers.toml
    │       └── WrongWorkspaceError           the token or the settings are of another workspace
    ├── CollectionError             (exit 3)  the world could not be read
    │   ├── IntercomError                     Intercom answered with an error
    │   ├── UnreadableAnswerError             Intercom answered with something else
    │   ├── IncompleteListError               a part of a list came, and the whole was asked for
    │   └── UnreachableError                  no answer at all
    ├── ForbiddenCallError          (exit 1)  a call that is not on the allow-list
    ├── StateError                  (exit 1)  state.db, cache or log is damaged or too new
    │   └── LockedError             (exit 1)  another run holds the profile
    └── LeakError                   (exit 1)  a registered secret was found in an artefact

A message never holds a secret: callers pass names and fingerprints.
"""

from __future__ import annotations

from typing import ClassVar

from helpers.core.commands import complete

__all__ = [
    "CollectionError",
    "ConfigurationError",
    "ForbiddenCallError",
    "IncompleteListError",
    "IntercomError",
    "LeakError",
    "LockedError",
    "RunbookError",
    "StateError",
    "UnreachableError",
    "UnreadableAnswerError",
    "UsageError",
    "WrongWorkspaceError",
]


class RunbookError(Exception):
    """What went wrong (`message`) and what to do about it (`advice`)."""

    exit_status: ClassVar[int] = 1

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message} {self.advice}"

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows in place of a traceback (IPython asks for this by name)."""
        return [f"{type(self).__name__}: {complete(self.message)}", complete(self.advice)]


class UsageError(RunbookError):
    """A flag, a name or an argument can't be used as given."""

    exit_status = 2


class ConfigurationError(UsageError):
    """Settings, an env file, the policy or the waivers can't be used as written."""


class WrongWorkspaceError(ConfigurationError):
    """The token, the settings or the state belong to another workspace than the one meant."""


class CollectionError(RunbookError):
    """Something the audit wanted to read could not be read."""

    exit_status = 3


class IntercomError(CollectionError):
    """Intercom answered with an error. Decide on `code`, never on `status` alone."""

    def __init__(
        self,
        message: str,
        advice: str,
        *,
        status: int,
        code: str = "",
        call: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(message, advice)
        self.status = status
        self.code = code
        self.call = call
        self.request_id = request_id


class UnreadableAnswerError(CollectionError):
    """An answer with a good status that is not what the call is documented to give.

    `field` is the dotted path of what is wrong, "" for the answer as a whole.
    """

    def __init__(self, call: str, what: str, *, field: str = "") -> None:
        where = f" at `{field}`" if field else ""
        super().__init__(
            f"{call} gave an answer that can't be used: {what}{where}.",
            "Is INTERCOM_BASE_URL the API's own host, without a proxy that answers for it?",
        )
        self.call = call
        self.what = what
        self.field = field


class IncompleteListError(CollectionError):
    """A list of which only a part could be read was needed as a whole."""


class UnreachableError(CollectionError):
    """The host did not answer: name resolution, connection, TLS, time-out, or half an answer."""


class ForbiddenCallError(RunbookError):
    """A call that is not on the allow-list was about to be sent; nothing left the machine."""


class StateError(RunbookError):
    """The runbook's own state is damaged, or was written by a newer version."""


class LockedError(StateError):
    """Another run holds the lock of this profile."""


class LeakError(RunbookError):
    """A registered secret was found in an artefact, which has been withheld."""
