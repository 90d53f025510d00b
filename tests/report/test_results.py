"""results.json: the report itself, again readable, in ASCII."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from helpers.core.model import Report
from helpers.report.writers import to_json
from tests.report.samples import HOSTILE, full_report, hostile_report


def test_json_matches_the_golden_file(golden: Callable[[str, str], None]) -> None:
    golden("report.json", to_json(full_report()))


def test_a_report_written_and_read_again_is_equal() -> None:
    assert Report.model_validate_json(to_json(full_report())) == full_report()


def test_keys_stand_in_the_order_of_the_model() -> None:
    assert list(json.loads(to_json(full_report()))) == list(Report.model_fields)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_kept_and_can_not_move_a_terminal(text: str) -> None:
    written = to_json(hostile_report(text))
    assert all(" " <= character <= "~" or character == "\n" for character in written)
    assert json.loads(written)["findings"][0]["message"] == text
