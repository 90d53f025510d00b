from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helpers.core.errors import ConfigurationError
from helpers.core.policy import Acts, Policy, PolicySource
from helpers.core.policy_file import (
    load_policy,
    load_restricted_policy,
    policy_keys,
    policy_values,
)


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(text)
    return path


def test_without_a_file_the_defaults_hold():
    assert load_policy("production") == Policy()
    assert load_policy("production").acts == Policy().acts


@pytest.mark.parametrize("profile", ["development", "staging", "production"])
def test_every_act_is_off_on_real_profiles_until_the_file_says_so(profile: str):
    assert not any(load_policy(profile).acts.model_dump().values())


def test_top_level_table_holds_for_every_profile_and_the_profile_overrides_it(tmp_path: Path):
    path = write(
        tmp_path,
        "[access]\ndormant_days = 30\n[profiles.staging.access]\ndormant_days = 60\n",
    )
    assert load_policy("production", path).access.dormant_days == 30
    assert load_policy("staging", path).access.dormant_days == 60


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[rotation]\nmax_age = 3\n", r"policy.toml, line 2: rotation\.max_age .*max_age_days"),
        ("\n[access]\ndormant_days = 0\n", r"line 3: access\.dormant_days .*greater than or equal"),
        ("[acts]\nmirror = 'perhaps'\n", r"line 2: acts\.mirror .*valid boolean"),
        ("[bogus]\nx = 1\n", r"line 1: bogus .*environment, exposure, rotation"),
        ("[profiles.prod]\n", r"line 1: profiles\.prod .*sandbox, development"),
        ("x = = 1\n", r"not valid TOML: .*line 1"),
    ],
)
def test_wrong_key_or_value_names_the_line_and_the_choice(tmp_path: Path, text: str, message: str):
    with pytest.raises(ConfigurationError, match=message):
        load_policy("production", write(tmp_path, text))


def test_absent_file_is_a_clear_error(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="can't be read: No such file"):
        load_policy("production", tmp_path / "policy.toml")


def test_a_policy_of_the_repository_sets_thresholds_and_arms_nothing(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(
        "[rotation]\nstore = 'keyring'\nowner = 'ana@example.com'\n"
        "[access]\ndormant_days = 30\n"
        "[auditlog]\nsyslog = 'udp://collector.example.net:514'\nreview_days = 7\n"
        "[profiles.production.acts]\nwebhook_battery = true\nmirror = true\n"
    )
    policy, source = load_restricted_policy("production", path)
    assert policy.access.dormant_days == 30
    assert policy.rotation.owner == "ana@example.com"
    assert policy.auditlog.review_days == 7
    assert policy.acts == Acts()
    assert policy.rotation.store == "env"
    assert not policy.auditlog.syslog
    assert source.from_repository
    assert source.ignored == (
        "acts.mirror",
        "acts.webhook_battery",
        "rotation.store",
        "auditlog.syslog",
    )


def _wrong(field: Any) -> str:
    """A value of another type than the key's, as TOML."""
    return "[{}]" if isinstance(field.examples[0], str | int) else "3.5"


KEYS = {f"{table}.{key}": (table, key, field) for table, key, field in policy_keys()}


@pytest.mark.parametrize("name", KEYS)
def test_a_value_of_another_type_is_refused_with_an_example_that_works(tmp_path: Path, name: str):
    table, key, field = KEYS[name]
    for prefix in ("", "profiles.staging."):
        text = f"\n[{prefix}{table}]\n{key} = {_wrong(field)}\n"
        with pytest.raises(ConfigurationError) as caught:
            load_policy("production", write(tmp_path, text))
        assert f"line 3: {prefix}{name}" in caught.value.message
        example = caught.value.advice.partition("Write it like this: ")[2]
        assert example.startswith(f"{key} = ")
        load_policy("production", write(tmp_path, f"[{table}]\n{example}\n"))


@pytest.mark.parametrize("table", list(Policy.model_fields))
def test_a_value_in_place_of_a_table_is_refused_with_the_form_of_the_table(
    tmp_path: Path, table: str
):
    with pytest.raises(ConfigurationError, match=rf"Write it like this: \[{table}\]"):
        load_policy("production", write(tmp_path, f"{table} = 3\n"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("profiles = 3\n", r"line 1: profiles .*\[profiles\.staging\.acts\]"),
        ("[profiles]\nstaging = 3\n", r"line 2: profiles\.staging .*\[profiles\.staging\.acts\]"),
        ("[rotation]\nconsumers = [{ nam = 'api' }]\n", r"line 2: .*name .*consumers = \[\{ name"),
        (
            "[rotation]\nconsumers = [{ name = 'api', port = 1 }]\n",
            r"line 2: .*port .*the keys here are name, variable",
        ),
        ("[rotation.max_age_days]\nacces_token = 3\n", r"line 2: .*acces_token .*'access_token'"),
        ("[auditlog]\nworking_hours = ['20:00', '08:00']\n", r"line 2: .*before the second"),
        ("[auditlog]\nworking_hours = ['8', '20']\n", r"line 2: .*\[\"08:00\", \"20:00\"\]"),
        (
            "[access]\ndormant_days = 3\n[profiles.staging.access]\ndormant_days = 0\n",
            r"line 4: profiles\.staging\.access\.dormant_days",
        ),
    ],
)
def test_what_is_wrong_deeper_down_is_refused_with_its_line(
    tmp_path: Path, text: str, message: str
):
    with pytest.raises(ConfigurationError, match=message):
        load_policy("production", write(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "day"),
    [("[8, 20]", (8.0, 20.0)), ("['08:30', '24:00']", (8.5, 24.0)), ("[0, 24]", (0.0, 24.0))],
)
def test_working_hours_are_times_or_whole_hours(
    tmp_path: Path, text: str, day: tuple[float, float]
):
    path = write(tmp_path, f"[auditlog]\nworking_hours = {text}\n")
    assert load_policy("production", path).auditlog.day == day


def test_a_greatest_age_that_is_not_set_keeps_its_default(tmp_path: Path):
    path = write(tmp_path, "[rotation.max_age_days]\naccess_token = 30\n")
    rotation = load_policy("production", path).rotation
    assert (rotation.limit("access_token"), rotation.limit("client_secret")) == (30, 180)


def _sources(profile: str, path: Path | None, *, restricted: bool = False) -> dict[str, str]:
    if restricted:
        assert path
        policy, source = load_restricted_policy(profile, path)
    else:
        policy, source = load_policy(profile, path), PolicySource(file=path.name if path else "")
    values = policy_values(profile, policy, source, path)
    return {f"{one.table}.{one.key}": one.source for one in values}


def test_every_value_says_where_it_comes_from(tmp_path: Path):
    path = write(
        tmp_path,
        "[access]\ndormant_days = 30\nmax_full_access = 2\n"
        "[profiles.staging.access]\ndormant_days = 60\n",
    )
    sources = _sources("staging", path)
    assert sources["access.dormant_days"] == "policy.toml, line 5"
    assert sources["access.max_full_access"] == "policy.toml, line 3"
    assert sources["scopes.allowed"] == "default of staging"
    assert sources["limits.pages"] == "default"
    assert _sources("production", path)["access.dormant_days"] == "policy.toml, line 2"


def test_what_the_repository_may_not_decide_is_shown_as_ignored(tmp_path: Path):
    path = write(tmp_path, "[acts]\nmirror = true\n")
    shown = _sources("production", path, restricted=True)
    assert shown["acts.mirror"] == "default; ignored: policy.toml, line 2"
