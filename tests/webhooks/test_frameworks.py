"""A receiver's framework is told by its answers, as a hint, and never where nothing tells it."""

from __future__ import annotations

import pytest

from helpers.webhooks.frameworks import advice, detect_framework
from helpers.webhooks.wire import ReceiverResponse, ResponseKind

TELLING = [
    (("x-powered-by", "Express"), b"", "Express"),
    (("x-powered-by", "Next.js"), b"", "Next.js"),
    (("x-powered-by", "PHP/8.3.1"), b"", "PHP"),
    (("server", "Werkzeug/3.1 Python/3.12"), b"", "Flask"),
    (("server", "WSGIServer/0.2 CPython/3.12"), b"", "Django"),
    (("server", "uvicorn"), b"", "FastAPI or Starlette"),
    (("x-runtime", "0.003"), b"", "Rails"),
    (("server", "BaseHTTP/0.6 Python/3.12"), b"", "http.server"),
    (("x-amzn-requestid", "1-2-3"), b"", "AWS Lambda"),
    (("server", "nginx"), b"<!DOCTYPE html>\n<pre>Cannot PUT /in</pre>", "Express"),
    (("server", "nginx"), b'{"detail":"Not Found"}', "FastAPI or Starlette"),
    (("server", "nginx"), b"<h1>Server Error (500)</h1>", "Django"),
    (("server", "nginx"), b"not here", ""),
    (("x-powered-by", ""), b"", ""),
]


@pytest.mark.parametrize(("header", "body", "framework"), TELLING)
def test_it_is_told_by_a_header_or_by_the_look_of_an_answer(
    header: tuple[str, str], body: bytes, framework: str
):
    silent = ReceiverResponse(ResponseKind.CLOSED)
    answer = ReceiverResponse(ResponseKind.ANSWERED, status=404, headers=(header,), body=body)
    assert detect_framework([silent, answer]) == framework


def test_where_it_is_not_known_no_advice_is_given():
    assert advice("", "A02") == advice("a framework of our own", "A02") == ()


def test_where_it_is_known_the_advice_names_it():
    for framework in ("Express", "Flask", "Django", "Rails", "PHP", "AWS Lambda"):
        assert advice(framework, "A02")[0].startswith(f"{framework}:")


def test_advice_is_given_only_where_it_bears_on_the_case():
    assert advice("Express", "R14") == advice("Express", "R09") == ()
    assert "timingSafeEqual" in advice("Express", "R09", broke=True)[0]
    assert advice("Flask", "R09", broke=True) == ()
