from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.usage.scan import find_in

HOST = "https://api.intercom.io"


@pytest.mark.parametrize(
    ("name", "source", "call"),
    [
        ("a.py", f'requests.post("{HOST}/contacts")', "POST /contacts"),
        ("a.py", f'B = "{HOST}"\nhttpx.get(f"{{B}}/tags/{{one}}")', "GET /tags/{id}"),
        (
            "a.py",
            "from intercom import Intercom\nc = Intercom()\nc.events.create()",
            "POST /events",
        ),
        ("a.js", f"fetch(`{HOST}/admins`)", "GET /admins"),
        ("a.ts", f'fetch("{HOST}/tags", {{ method: "POST" }})', "POST /tags"),
        ("a.sh", f"curl -X DELETE {HOST}/tags/12", "DELETE /tags/{id}"),
    ],
)
def test_a_call_is_found_with_its_method_and_route(name: str, source: str, call: str) -> None:
    assert [use.call for use in find_in(source, name)] == [call]


def test_another_service_is_not_taken_for_intercom() -> None:
    source = '# not intercom\nrequests.get("https://api.example.com/contacts")'
    assert find_in(source, "a.py") == ()


@given(st.text(max_size=80), st.sampled_from(["a.py", "a.js", "a.ts", "a.rb"]))
def test_no_text_makes_the_scan_raise(text: str, name: str) -> None:
    find_in(f"intercom {text}", name)
