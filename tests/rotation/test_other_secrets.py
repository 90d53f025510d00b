"""Client secrets by the deliveries they sign; identity secrets by Intercom's API."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from helpers.core.errors import RunbookError, UsageError
from helpers.intercom.client import Client
from helpers.rotation.client_secret import NEW_WORKS, OLD_REFUSED, signs
from helpers.rotation.context import Need
from helpers.rotation.guide import Guide
from helpers.rotation.identity_secret import OLD_DELETED
from helpers.rotation.procedure import OperatorInput, SignedDelivery
from helpers.rotation.transitions import Mode, State
from tests.rotation.conftest import SCOPES, Desk, at, guide_of

OLD, NEW = SecretStr("old-" + "a" * 32), SecretStr("new-" + "b" * 32)
READERS = frozenset({"readers"})


def delivery(secret: SecretStr, body: bytes = b'{"type":"notification_event"}') -> SignedDelivery:
    mac = hmac.new(secret.get_secret_value().encode(), body, hashlib.sha1).hexdigest()
    return SignedDelivery(body, f"sha1={mac}")


@given(st.binary(max_size=50), st.text("0123456789abcdef=sha", max_size=50))
def test_only_the_secret_that_signed_fits(body: bytes, noise: str) -> None:
    assert signs(NEW, delivery(NEW, body))
    assert not signs(OLD, delivery(NEW, body))
    assert not signs(NEW, SignedDelivery(body, noise))
    assert not signs(None, delivery(NEW, body))


@pytest.fixture
def client_secret(desk: Desk) -> Guide:
    guide = guide_of(desk, "INTERCOM_CLIENT_SECRET", OLD.get_secret_value())
    guide.start(Mode.IN_PLACE)
    return guide


def test_a_delivery_proves_the_new_client_secret(client_secret: Guide) -> None:
    waiting = client_secret.resume(OperatorInput(secret=NEW))
    assert waiting.entry.state is State.STAGED
    assert waiting.pause is not None
    assert waiting.pause.need is Need.CLICK
    still_old = client_secret.resume(OperatorInput(delivery=delivery(OLD)))
    assert still_old.entry.state is State.STAGED
    swapped = client_secret.resume(OperatorInput(delivery=delivery(NEW), attested=READERS))
    assert swapped.entry.state is State.DONE


def test_a_delivery_that_neither_secret_signed_needs_a_person(client_secret: Guide) -> None:
    client_secret.resume(OperatorInput(secret=NEW))
    strange = client_secret.resume(OperatorInput(delivery=delivery(SecretStr("someone else's"))))
    assert strange.entry.state is State.NEEDS_HUMAN


def test_what_was_swapped_stays_swapped_whatever_a_later_delivery_shows(
    client_secret: Guide,
) -> None:
    client_secret.resume(OperatorInput(secret=NEW))
    client_secret.resume(OperatorInput(attested=READERS | {NEW_WORKS}))
    strange = client_secret.resume(OperatorInput(delivery=delivery(SecretStr("someone else's"))))
    assert strange.entry.state is State.NEEDS_HUMAN
    assert strange.entry.resumes_at is State.CONFIRMED
    assert client_secret.resume(OperatorInput(delivery=delivery(NEW))).entry.state is State.DONE


def test_a_mangled_delivery_costs_no_second_pasting(client_secret: Guide) -> None:
    client_secret.resume(OperatorInput(secret=NEW))
    mangled = SignedDelivery(delivery(NEW).body + b"\n", delivery(NEW).signature)
    assert client_secret.resume(OperatorInput(delivery=mangled)).entry.state is State.NEEDS_HUMAN
    assert client_secret.resume(OperatorInput(delivery=delivery(NEW))).entry.state is State.SWAPPED


def test_a_stolen_client_secret_is_dead_when_a_person_vouches_for_it(desk: Desk) -> None:
    guide = guide_of(desk, "INTERCOM_CLIENT_SECRET", OLD.get_secret_value())
    waiting = guide.start(Mode.IN_PLACE, compromised=True)
    assert waiting.pause is not None
    assert waiting.pause.attestable == (OLD_REFUSED,)
    assert guide.resume(OperatorInput(delivery=delivery(OLD))).entry.state is State.PLANNED
    nobody_knows = guide.resume(OperatorInput(delivery=delivery(NEW)))
    assert nobody_knows.entry.state is State.PLANNED, "there is nothing to compare it with yet"
    assert (
        guide.resume(OperatorInput(attested=frozenset({OLD_REFUSED}))).entry.state is State.REVOKED
    )
    guide.resume(OperatorInput(secret=NEW))
    done = guide.resume(OperatorInput(delivery=delivery(NEW), attested=READERS))
    assert done.entry.state is State.DONE


@pytest.mark.parametrize(
    ("variable", "mode"),
    [("INTERCOM_CLIENT_SECRET", Mode.OVERLAP), ("INTERCOM_IDENTITY_SECRET", Mode.IN_PLACE)],
)
def test_a_mode_that_intercom_does_not_offer_for_a_key_is_refused(
    desk: Desk, variable: str, mode: Mode
) -> None:
    with pytest.raises(UsageError, match=f"can't be rotated in mode {mode}"):
        guide_of(desk, variable, OLD.get_secret_value()).start(mode)


def test_a_person_may_vouch_which_the_ledger_tells(client_secret: Guide) -> None:
    client_secret.resume(OperatorInput(secret=NEW))
    half = client_secret.resume(OperatorInput(attested=READERS | {NEW_WORKS}))
    assert half.entry.state is State.CONFIRMED
    assert (
        client_secret.resume(OperatorInput(attested=frozenset({OLD_REFUSED}))).entry.state
        is State.DONE
    )
    hows = [e.detail.get("how") for e in client_secret.history() if e.what == "evidence"]
    assert hows[-1] == "attested"


def test_a_client_secret_can_be_given_up_only_before_a_new_one_is_here(desk: Desk) -> None:
    guide = guide_of(desk, "INTERCOM_CLIENT_SECRET", OLD.get_secret_value())
    guide.start(Mode.IN_PLACE)
    assert guide.abort().entry.state is State.ABORTED
    guide.start(Mode.IN_PLACE)
    guide.resume(OperatorInput(secret=NEW))
    with pytest.raises(UsageError, match="Continue with --resume"):
        guide.abort()


# --- identity secrets ---


@pytest.fixture
def identity(make_desk: Callable[..., Desk]) -> tuple[Desk, Guide]:
    desk = make_desk()
    scopes = [*SCOPES, "read_secure_mode_secret", "write_secure_mode_secret"]
    desk.click("PUT", f"/apps/{desk.app.id}", scopes=scopes)
    return desk, guide_of(desk, "INTERCOM_IDENTITY_SECRET", OLD.get_secret_value())


def names(desk: Desk) -> list[str]:
    return [secret.name or "" for secret in desk.context.client.identity_secrets()]


def ids(desk: Desk) -> list[str]:
    with writing_client(desk) as client:
        return [secret.id for secret in client.identity_secrets()]


def writing_client(desk: Desk) -> Client:
    return Client.from_settings(desk.context.settings, acts=("rotation",))


def test_an_identity_secret_is_rotated_by_the_api(identity: tuple[Desk, Guide]) -> None:
    desk, guide = identity
    with desk.context.client:
        assert len(names(desk)) == 1
        waiting = guide.start(Mode.OVERLAP)
        assert waiting.entry.state is State.SWAPPED
        assert len(names(desk)) == 2, "both are valid until the old one is deleted"
        assert guide.resume(OperatorInput(attested=READERS)).entry.state is State.DONE
        assert names(desk) == [f"runbook rotation {waiting.entry.id}"]
    assert OLD.get_secret_value() not in desk.env_file.read_text()


def test_a_value_lost_in_a_crash_is_deleted_and_made_anew(identity: tuple[Desk, Guide]) -> None:
    desk, guide = identity
    desk.click("POST", "/faults", kind="tear", route="/secure_mode_secrets", method="POST", times=1)
    with pytest.raises(RunbookError, match="secure_mode_secrets"):
        guide.start(Mode.OVERLAP)
    again = guide.resume()
    assert again.entry.state is State.SWAPPED
    with desk.context.client:
        assert len(names(desk)) == 2


def test_several_identity_secrets_can_t_be_told_apart(identity: tuple[Desk, Guide]) -> None:
    desk, guide = identity
    with writing_client(desk) as client:
        client.create_identity_secret("forgotten")
    with pytest.raises(UsageError, match="2 identity secrets are alive"):
        guide.start(Mode.OVERLAP)


def test_a_stolen_identity_secret_is_deleted_first(identity: tuple[Desk, Guide]) -> None:
    desk, guide = identity
    waiting = guide.start(Mode.OVERLAP, compromised=True)
    assert waiting.entry.state is State.SWAPPED
    with desk.context.client:
        assert names(desk) == [f"runbook rotation {waiting.entry.id}"]
    assert guide.resume(OperatorInput(attested=READERS)).entry.state is State.DONE
    states = [e.name for e in guide.history() if e.what == "move"]
    assert states[:3] == ["PLANNED", "REVOKED", "STAGED"]


def test_a_missing_scope_for_identity_secrets_is_no_passing_trouble(desk: Desk) -> None:
    guide = guide_of(desk, "INTERCOM_IDENTITY_SECRET", OLD.get_secret_value())
    with pytest.raises(UsageError, match="lacks a scope"):
        guide.start(Mode.OVERLAP)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("status", [429, 500])
def test_passing_trouble_with_the_list_of_identity_secrets_waits(
    identity: tuple[Desk, Guide], status: int
) -> None:
    desk, guide = identity
    guide.start(Mode.OVERLAP)
    desk.fault("status", "/secure_mode_secrets", status=status, method="GET")
    assert at(guide.resume(OperatorInput(attested=READERS))) == (State.CONFIRMED, Need.RETRY)
    desk.click("DELETE", "/faults")
    assert guide.resume().entry.state is State.DONE


def test_a_scope_that_is_taken_away_in_the_middle_needs_a_person(
    identity: tuple[Desk, Guide],
) -> None:
    desk, guide = identity
    guide.start(Mode.OVERLAP)
    desk.click("PUT", f"/apps/{desk.app.id}", scopes=list(SCOPES))
    assert at(guide.resume(OperatorInput(attested=READERS))) == (State.NEEDS_HUMAN, Need.DECISION)
    scopes = [*SCOPES, "read_secure_mode_secret", "write_secure_mode_secret"]
    desk.click("PUT", f"/apps/{desk.app.id}", scopes=scopes)
    assert guide.resume().entry.state is State.DONE


def test_an_identity_secret_that_somebody_makes_meanwhile_is_left_alone(
    identity: tuple[Desk, Guide],
) -> None:
    desk, guide = identity
    guide.start(Mode.OVERLAP)
    (seeded, _) = ids(desk)
    with writing_client(desk) as client:
        client.delete_identity_secret(seeded)
        client.create_identity_secret("somebody else's")
    assert guide.resume(OperatorInput(attested=READERS)).entry.state is State.DONE
    with desk.context.client:
        assert "somebody else's" in names(desk)


def test_of_several_stolen_identity_secrets_a_person_says_which_one_died(
    identity: tuple[Desk, Guide],
) -> None:
    desk, guide = identity
    with writing_client(desk) as client:
        client.create_identity_secret("forgotten")
    waiting = guide.start(Mode.OVERLAP, compromised=True)
    assert waiting.pause is not None
    assert (waiting.entry.state, waiting.pause.attestable) == (State.PLANNED, (OLD_DELETED,))
    assert len(ids(desk)) == 2, "no program guesses which"
    with writing_client(desk) as client:
        client.delete_identity_secret(ids(desk)[0])
    assert guide.resume().entry.state is State.PLANNED
    vouched = OperatorInput(attested=READERS | {OLD_DELETED})
    assert guide.resume(vouched).entry.state is State.DONE
    with desk.context.client:
        assert "forgotten" in names(desk)


# --- a server whose answers are not the truth ---


def misbehave(desk: Desk, mode: str = "") -> None:
    desk.click("PUT", "/behaviours", misbehave=mode)


GARBLED = (
    *("empty", "empty-array", "null", "no-content", "html", "error-200", "message-200"),
    *("renamed", "list-missing", "list-null", "list-object", "rows-null", "rows-empty"),
    *("one-row-null", "ids-missing", "ids-null", "ids-numbers", "ids-same", "partial-content"),
)


@pytest.mark.parametrize("mode", GARBLED)
def test_a_garbled_list_starts_no_rotation_of_an_identity_secret(
    identity: tuple[Desk, Guide], mode: str
) -> None:
    desk, guide = identity
    if mode in ("ids-same", "one-row-null"):
        with writing_client(desk) as client:
            client.create_identity_secret("forgotten")
    misbehave(desk, mode)
    with pytest.raises(RunbookError):
        guide.start(Mode.OVERLAP)
    misbehave(desk)
    assert not guide.history()


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("mode", GARBLED)
def test_an_identity_secret_is_not_revoked_by_garbled_answers(
    identity: tuple[Desk, Guide], mode: str
) -> None:
    desk, guide = identity
    guide.start(Mode.OVERLAP)
    misbehave(desk, mode)
    for _ in range(2):
        stuck = guide.resume(OperatorInput(attested=READERS))
        assert State.REVOKED not in (stuck.entry.state, stuck.entry.resumes_at)
        assert stuck.entry.open
    misbehave(desk)
    assert OLD.get_secret_value() in files_beside(desk), "the old one is kept until it is dead"
    assert len(ids(desk)) == 2 or mode in ("partial-content", "one-row-null")
    done = guide.resume()
    assert done.entry.state is State.DONE
    assert len(ids(desk)) == 1


def files_beside(desk: Desk) -> str:
    return "".join(path.read_text() for path in desk.env_file.parent.glob(".env*"))


def test_an_absence_without_a_confirmed_deletion_is_answered_by_deleting(
    identity: tuple[Desk, Guide],
) -> None:
    desk, guide = identity
    guide.start(Mode.OVERLAP)
    (seeded, _) = ids(desk)
    with writing_client(desk) as client:
        client.delete_identity_secret(seeded)
    assert guide.resume(OperatorInput(attested=READERS)).entry.state is State.DONE
    sent = desk.click("GET", "/requests")
    deletions = [call["status"] for call in sent if call["method"] == "DELETE"]
    assert deletions == [204, 404], "the runbook sent its own, which confirms the person's"


@pytest.mark.parametrize("status", [200, 403])
def test_a_deletion_that_is_not_confirmed_revokes_nothing(
    identity: tuple[Desk, Guide], status: int
) -> None:
    desk, guide = identity
    guide.start(Mode.OVERLAP)
    desk.fault("status", "/secure_mode_secrets/{id}", status=status, method="DELETE")
    stuck = guide.resume(OperatorInput(attested=READERS))
    assert (stuck.entry.state, stuck.entry.resumes_at) == (State.NEEDS_HUMAN, State.CONFIRMED)
    desk.click("DELETE", "/faults")
    assert guide.resume().entry.state is State.DONE


def test_nobody_s_word_outweighs_a_list_that_still_holds_every_identity_secret(
    identity: tuple[Desk, Guide],
) -> None:
    desk, guide = identity
    with writing_client(desk) as client:
        client.create_identity_secret("forgotten")
    guide.start(Mode.OVERLAP, compromised=True)
    waiting = guide.resume(OperatorInput(attested=frozenset({OLD_DELETED})))
    assert waiting.entry.state is State.PLANNED


def test_a_new_identity_secret_without_its_value_is_made_again(
    identity: tuple[Desk, Guide],
) -> None:
    desk, guide = identity
    desk.click(
        "POST",
        "/faults",
        kind="status",
        route="/secure_mode_secrets",
        method="POST",
        status=200,
        times=1,
    )
    with pytest.raises(RunbookError, match="POST /secure_mode_secrets"):
        guide.start(Mode.OVERLAP)
    assert guide.resume().entry.state is State.SWAPPED
