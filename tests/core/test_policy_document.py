"""The policy as a file to start with, as a schema, and as what is in force."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from helpers.core.policy import Policy, PolicySource
from helpers.core.policy_document import policy_schema, policy_template, policy_text
from helpers.core.policy_file import load_policy, policy_keys, policy_values
from helpers.core.toml_text import toml_value
from tests.conftest import HOME

SCHEMA = json.loads(policy_schema())


def test_the_committed_schema_is_that_of_the_policy() -> None:
    committed = (HOME / "docs" / "policy.schema.json").read_text("utf-8")
    assert committed == policy_schema(), "runbook policy schema > docs/policy.schema.json"


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_template_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(policy_template())
    for profile in ("sandbox", "development", "staging", "production"):
        assert load_policy(profile, path) == load_policy(profile)


def test_the_template_with_every_key_switched_on_is_a_policy(tmp_path: Path) -> None:
    text = re.sub(r"^# (\w+ = )", r"\1", policy_template(), flags=re.MULTILINE)
    path = tmp_path / "policy.toml"
    path.write_text(text)
    load_policy("production", path)
    document = tomllib.loads(text)
    assert {(t, k) for t in document for k in document[t]} == {(t, k) for t, k, _ in policy_keys()}
    Draft202012Validator(SCHEMA).validate(document)
    Draft202012Validator(SCHEMA).validate({"profiles": {"staging": document}})


def test_every_key_says_what_it_is_for() -> None:
    for _, key, field in policy_keys():
        assert field.description, key
        assert field.description.endswith("."), key
        assert field.examples, key


@pytest.mark.parametrize(
    "document",
    [
        {"bogus": {}},
        {"access": {"dormant_days": 0}},
        {"access": {"dormant_day": 3}},
        {"auditlog": {"working_hours": ["8", "20:00"]}},
        {"profiles": {"prod": {}}},
        {"profiles": {"staging": {"acts": {"mirror": "perhaps"}}}},
    ],
)
def test_an_editor_marks_what_the_runbook_refuses(document: dict[str, object]) -> None:
    assert not Draft202012Validator(SCHEMA).is_valid(document)


def test_the_policy_in_force_can_be_read_as_a_policy(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(
        "[rotation]\nowners = { INTERCOM_READ_TOKEN = 'a \"b\" \\\\ c' }\n"
        "consumers = [{ name = 'api', fingerprint_file = '/srv/fp' }]\n"
        "[waivers.any_resource]\nACC-004 = 'Because.'\n"
    )
    policy = load_policy("staging", path)
    shown = policy_text(policy_values("staging", policy, PolicySource(file=path.name), path))
    path.write_text(shown)
    assert load_policy("staging", path) == policy
    assert tomllib.loads(shown).keys() == Policy.model_fields.keys()


@given(st.text(st.characters(codec="utf-8")))
def test_any_text_survives_toml(text: str) -> None:
    assert tomllib.loads(f"a = {toml_value(text)}") == {"a": text}


@given(st.dictionaries(st.text(), st.integers(-(2**63), 2**63 - 1)))
def test_any_table_survives_toml(table: dict[str, int]) -> None:
    assert tomllib.loads(f"a = {toml_value(table)}") == {"a": table}
