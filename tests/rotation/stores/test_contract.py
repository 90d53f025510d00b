"""One suite for every store: what the protocol promises, against the real thing."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from helpers.rotation.stores.base import ConflictError, SecretStore, Stage
from tests.rotation.stores.conftest import Kept, fresh, mark


def held(store: SecretStore, stage: Stage) -> str | None:
    value = store.read(stage)
    return value.get_secret_value() if value else None


def test_it_starts_with_a_current_value_alone(kept: Kept) -> None:
    kept.store.doctor()
    assert [held(kept.store, stage) for stage in Stage] == [kept.value, None, None]


def test_staging_changes_nothing_for_consumers(kept: Kept) -> None:
    new = fresh()
    kept.store.stage(SecretStr(new), "run-1")
    assert [held(kept.again(), stage) for stage in Stage] == [kept.value, new, None]


def test_staging_again_in_the_same_run_replaces(kept: Kept) -> None:
    first, second = fresh(), fresh()
    for value in (first, first, second):
        kept.store.stage(SecretStr(value), "run-1")
    assert held(kept.again(), Stage.PENDING) == second


def test_staging_over_another_run_is_refused(kept: Kept) -> None:
    new = fresh()
    kept.store.stage(SecretStr(new), "run-1")
    with pytest.raises(ConflictError):
        kept.again().stage(SecretStr(fresh()), "run-2")
    assert held(kept.again(), Stage.PENDING) == new


def test_promotion_keeps_the_old_value_and_forgets_the_pending_one(kept: Kept) -> None:
    new = fresh()
    kept.store.stage(SecretStr(new), "run-1")
    kept.store.promote(mark(kept.value), mark(new))
    assert [held(kept.again(), stage) for stage in Stage] == [new, None, kept.value]


def test_promotion_may_be_repeated(kept: Kept) -> None:
    new = fresh()
    kept.store.stage(SecretStr(new), "run-1")
    kept.store.promote(mark(kept.value), mark(new))
    kept.again().promote(mark(kept.value), mark(new))
    assert [held(kept.again(), stage) for stage in Stage] == [new, None, kept.value]


def test_promotion_is_refused_if_someone_else_changed_the_current_value(kept: Kept) -> None:
    new, other = fresh(), fresh()
    kept.store.stage(SecretStr(new), "run-1")
    kept.meddle(other)
    with pytest.raises(ConflictError):
        kept.store.promote(mark(kept.value), mark(new))
    assert held(kept.again(), Stage.CURRENT) == other


def test_promotion_is_refused_if_the_pending_value_is_another(kept: Kept) -> None:
    kept.store.stage(SecretStr(fresh()), "run-1")
    with pytest.raises(ConflictError):
        kept.store.promote(mark(kept.value), mark(fresh()))
    assert held(kept.again(), Stage.CURRENT) == kept.value


def test_rolling_back_brings_the_old_value_back_and_may_be_repeated(kept: Kept) -> None:
    new = fresh()
    kept.store.stage(SecretStr(new), "run-1")
    kept.store.promote(mark(kept.value), mark(new))
    for _ in range(2):
        kept.again().rollback(mark(new), mark(kept.value))
        assert [held(kept.again(), stage) for stage in Stage] == [kept.value, None, None]


@pytest.mark.parametrize("stage", [Stage.PENDING, Stage.PREVIOUS])
def test_discarding_may_be_repeated_and_leaves_the_current_value(kept: Kept, stage: Stage) -> None:
    new = fresh()
    kept.store.stage(SecretStr(new), "run-1")
    if stage is Stage.PREVIOUS:
        kept.store.promote(mark(kept.value), mark(new))
    current = held(kept.store, Stage.CURRENT)
    for _ in range(2):
        kept.again().discard(stage)
        assert held(kept.again(), stage) is None
    assert held(kept.again(), Stage.CURRENT) == current


def test_the_current_value_is_never_discarded(kept: Kept) -> None:
    with pytest.raises(ValueError, match="never"):
        kept.store.discard(Stage.CURRENT)


def test_two_rotations_after_one_another_work(kept: Kept) -> None:
    old = kept.value
    for number in range(2):
        new = fresh()
        kept.store.stage(SecretStr(new), f"run-{number}")
        kept.store.promote(mark(old), mark(new))
        kept.store.discard(Stage.PREVIOUS)
        old = new
    assert [held(kept.again(), stage) for stage in Stage] == [old, None, None]


def test_no_text_of_a_store_tells_its_secret(kept: Kept) -> None:
    new = fresh()
    kept.store.stage(SecretStr(new), "run-1")
    with pytest.raises(ConflictError) as caught:
        kept.store.promote(mark(fresh()), mark(new))
    told = f"{caught.value} {caught.value!r} {kept.store!r} {kept.store.label}"
    assert kept.value not in told
    assert new not in told


def test_a_store_says_what_it_does_not_notice_and_what_it_keeps(kept: Kept) -> None:
    told = " ".join(kept.store.capabilities.caveats)
    assert ("does not detect other writers" in told) == ("keyring" in kept.store.label)
    versioned = kept.store.label.startswith(("AWS", "Vault"))
    assert ("keeps older versions" in told) == versioned
