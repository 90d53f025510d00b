from __future__ import annotations

import pytest

from helpers.intercom.responses import ApiResponse
from helpers.scopes.probes import WRITE_PROBES, read_answer


@pytest.mark.parametrize(
    ("code", "absent"), [("ticket_not_found", True), ("not_found", False), ("", False)]
)
def test_a_404_tells_of_an_absent_id_only_with_the_documented_code(code: str, absent: bool) -> None:
    assert read_answer(ApiResponse("DELETE /tickets/0", 404, code)).absent is absent


@pytest.mark.parametrize(("code", "absent"), [("not_found", True), ("", False)])
def test_a_404_without_a_code_is_no_answer_of_intercom(code: str, absent: bool) -> None:
    assert read_answer(ApiResponse("GET /contacts/{id}", 404, code)).absent is absent


def test_every_write_probe_has_a_documented_code() -> None:
    from helpers.scopes.probes import _NOT_FOUND_CODES

    assert set(_NOT_FOUND_CODES) == {call.name for call in WRITE_PROBES}
