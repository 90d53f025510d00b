"""What Intercom's answers hold, strictly, of the part that the runbook uses.

Types are as API version 2.16 describes them (Preview for identity secrets): an id is a string, a
time is whole Unix seconds, a flag is a boolean. Nothing is converted: a number in quotation marks,
a time in milliseconds or an ISO date is not understood. Fields that are not listed are ignored.
What Intercom may leave out, or what one verdict needs and another does not, is `Maybe`: it is None
where the answer does not say, which means unknown, never "no". Sets of values are open: an unknown
role, state or kind of event is taken as it is.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    WrapValidator,
)
from pydantic.functional_validators import ModelWrapValidatorHandler

__all__ = [
    "Activity",
    "ActivityActor",
    "Admin",
    "AdminRole",
    "Answer",
    "ConnectorDetail",
    "ConnectorHeader",
    "ConnectorSummary",
    "IpAllowlist",
    "ListedSecret",
    "Me",
    "NewSecret",
    "Pages",
    "WorkspaceApp",
    "printable",
]

T = TypeVar("T")
_LONGEST: Final = 1000  # characters of a text that is only shown
_EARLIEST: Final = 946_684_800  # 2000-01-01; no workspace is older
_LATEST: Final = 4_102_444_800  # 2100-01-01; milliseconds are beyond it


def printable(text: str) -> str:
    """A text that can be written everywhere: half surrogates replaced, and of bounded length."""
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return cut if cut.isascii() else cut.encode("utf-8", "replace").decode()


def _text(value: Any) -> Any:
    return printable(value) if isinstance(value, str) else value


def _or_none(value: Any, read: ModelWrapValidatorHandler[T]) -> T | None:
    try:
        return read(value)
    except ValidationError:
        return None


Text = Annotated[str, BeforeValidator(_text)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=200)]
PlainId = Annotated[str, StringConstraints(max_length=200, pattern=r"^[A-Za-z0-9_-]+$")]
Address = Annotated[str, StringConstraints(max_length=500)]
UnixSeconds = Annotated[int, Field(ge=_EARLIEST, le=_LATEST)]
Maybe = Annotated[T | None, WrapValidator(_or_none)]


class Answer(BaseModel):
    """A part of an answer: frozen, and of exactly the types that are written here."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", hide_input_in_errors=True)


class WorkspaceApp(Answer):
    """The workspace, as `/me` shows it."""

    id_code: Id
    name: Maybe[Text] = None
    region: Maybe[Text] = None
    identity_verification: Maybe[bool] = None


class Me(Answer):
    """Whom a token belongs to."""

    id: PlainId
    email: Maybe[Address] = None
    app: WorkspaceApp


class AdminRole(Answer):
    """The role of a teammate. Its name says nothing about what it allows."""

    name: Text


class Admin(Answer):
    """A teammate. Custom permissions come without a role."""

    id: Id
    name: Text | None = None
    email: Address | None = None
    role: AdminRole | None = None
    has_inbox_seat: Maybe[bool] = None


class ActivityActor(Answer):
    """Who did something; some have no id or address."""

    id: Id | None = None
    email: Address | None = None
    ip: Text | None = None


class Activity(Answer):
    """A row of the activity log."""

    id: Id
    created_at: UnixSeconds
    activity_type: Id
    performed_by: ActivityActor | None = None
    activity_description: Text | None = None
    metadata: Any = None


class IpAllowlist(Answer):
    """The IP allowlist."""

    enabled: bool
    ip_allowlist: tuple[Address, ...] = Field(strict=False)


class ConnectorSummary(Answer):
    """A data connector in the list."""

    id: PlainId
    name: Text | None = None


class ConnectorHeader(Answer):
    """The name of a header that a connector sends; its value is not read."""

    name: Text


class ConnectorDetail(Answer):
    """One data connector: where it calls, and how both sides authenticate."""

    id: PlainId
    name: Text | None = None
    state: Text
    url: Annotated[str, StringConstraints(max_length=5000)] | None = None
    headers: Annotated[tuple[ConnectorHeader, ...], Field(strict=False)] | None = None
    token_ids: Annotated[tuple[str, ...], Field(strict=False)] | None = None
    customer_authentication: Maybe[bool] = None
    bypass_authentication: Maybe[bool] = None


class ListedSecret(Answer):
    """An identity secret: its name, date and platforms, never its value."""

    id: PlainId
    name: Text | None = None
    created_at: UnixSeconds
    supports_web: Maybe[bool] = None
    supports_ios: Maybe[bool] = None
    supports_android: Maybe[bool] = None


class NewSecret(Answer):
    """An identity secret that was just made, with its value."""

    id: PlainId
    name: Text
    secret: Annotated[str, StringConstraints(min_length=16, max_length=500)] = Field(repr=False)


class Pages(Answer):
    """Where a page stands in its list. `next` is a number, a cursor, an address or nothing."""

    page: int | None = None
    per_page: int | None = None
    total_pages: int | None = None
    next: Any = None
