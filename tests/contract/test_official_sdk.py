"""Intercom's own Python SDK, over real HTTP, takes the sandbox for Intercom."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from intercom import CreateDataEventRequestWithUserId, Intercom
from intercom.errors import UnauthorizedError

from helpers.sandbox import Sandbox
from helpers.sandbox.seeds import DEMO, MIRROR_CONTACT


def sdk(sandbox: Sandbox, token: str) -> Iterator[Intercom]:
    # the SDK sends no version of its own
    with httpx.Client(headers={"Intercom-Version": "2.16"}) as client:
        yield Intercom(token=token, base_url=sandbox.base_url("official-sdk"), httpx_client=client)


@pytest.fixture
def intercom(sandbox: Sandbox) -> Iterator[Intercom]:
    yield from sdk(sandbox, DEMO.profiles["production"].access_token)


@pytest.fixture
def stranger(sandbox: Sandbox, access_token: str) -> Iterator[Intercom]:
    yield from sdk(sandbox, access_token)


def test_it_identifies_itself(intercom: Intercom) -> None:
    me = intercom.admins.identify()
    assert me is not None
    assert me.app is not None
    assert (me.email, me.app.id_code, me.app.region) == (
        "svc-intercom@example.com",
        DEMO.id_code,
        "US",
    )


def test_it_lists_admins(intercom: Intercom) -> None:
    admins = intercom.admins.list().admins or []
    assert "maya@example.com" in [admin.email for admin in admins if admin]


def test_it_pages_through_all_contacts(intercom: Intercom) -> None:
    contacts = list(intercom.contacts.list(per_page=10))
    assert len({contact.id for contact in contacts}) == len(contacts) == 65


def test_it_pages_through_all_conversations(intercom: Intercom) -> None:
    conversations = list(intercom.conversations.list(per_page=5))
    assert len({c.id for c in conversations}) == len(conversations) == 27


def test_it_creates_an_event_and_finds_it(intercom: Intercom) -> None:
    event = CreateDataEventRequestWithUserId(
        user_id=MIRROR_CONTACT, event_name="audit-record", created_at=1_772_440_000
    )
    intercom.events.create(request=event)
    found = intercom.events.list(type="user", user_id=MIRROR_CONTACT, summary=True)
    assert [e.name for e in found.events or [] if e] == ["audit-record"]


def test_it_reads_the_activity_log(intercom: Intercom) -> None:
    log = intercom.admins.list_all_activity_logs(created_at_after="1771000000")
    assert [row.activity_type for row in log.activity_logs or [] if row]


def test_it_raises_its_own_error_for_an_unknown_token(stranger: Intercom) -> None:
    with pytest.raises(UnauthorizedError) as refused:
        stranger.admins.list()
    assert refused.value.body.errors[0].code == "unauthorized"
