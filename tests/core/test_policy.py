from __future__ import annotations

from pathlib import Path

import pytest

from helpers.core.errors import ConfigurationError
from helpers.core.policy import Acts, Policy, load_policy, load_restricted_policy


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
