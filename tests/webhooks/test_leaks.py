"""What an answer gives away is found, in every language's form, and nothing else is."""

from __future__ import annotations

import base64
import json
import secrets

import pytest

from helpers.webhooks.leaks import find_leaks
from helpers.webhooks.request_builder import WRONG_KEY, RequestBuilder
from helpers.webhooks.signatures import SCHEMES, WEBHOOK, Scheme
from helpers.webhooks.wire import ReceiverResponse, ResponseKind

SECRET = secrets.token_hex(20)
BUILDER = RequestBuilder(WEBHOOK, SECRET.encode())
UNSIGNED = BUILDER.forged("R01")
TRACES = [
    ("a Python traceback", 'Traceback (most recent call last):\n  File "app.py", line 3'),
    ("a Python traceback", '<li>File "/srv/app.py", line 12, in receive'),
    ("a Node stack trace", "TypeError: x\n    at verify (/srv/app/index.js:14:9)"),
    ("a Node stack trace", "Error<br> &nbsp; &nbsp;at file:///srv/app/receiver.mjs:3:1"),
    ("a Node stack trace", "Error\n    at async /srv/app/receiver.cjs:30:11"),
    ("a Ruby backtrace", "/srv/app/hooks_controller.rb:12:in `create'"),
    ("a Ruby backtrace", "/srv/app/hooks_controller.rb:12:in 'HooksController#create'"),
    ("a Java stack trace", "\tat com.example.Hooks.receive(Hooks.java:42)"),
    ("a Go stack trace", "goroutine 19 [running]:\nmain.receive(0xc000)"),
    ("a PHP error", "<b>Warning</b>: hash_equals() in /srv/hook.php on line 7"),
    ("a PHP error", "PHP Fatal error:  Uncaught TypeError in /srv/hook.php on line 7"),
    ("a .NET stack trace", "   at Hooks.Receive(Request r) in /srv/Hooks.cs:line 31"),
    ("a debugger", "<title>ValueError // Werkzeug Debugger</title>"),
    ("a debugger", "You're seeing this error because you have DEBUG = True in your settings"),
]


def answer(body: str, **headers: str) -> ReceiverResponse:
    lines = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return ReceiverResponse(ResponseKind.ANSWERED, status=400, headers=lines, body=body.encode())


def found(given: ReceiverResponse, builder: RequestBuilder = BUILDER) -> list[str]:
    return [leak.what for leak in find_leaks(builder, UNSIGNED, given)]


@pytest.mark.parametrize(("what", "text"), TRACES)
def test_a_trace_is_told_by_its_language(what: str, text: str):
    assert found(answer(text)) == [what]


@pytest.mark.parametrize(
    "word", ["Warning: ", 'File "', "at a(b) in c ", "at a(", "at /a", "at A.", "Uncaught a "]
)
def test_an_answer_that_begins_a_trace_over_and_over_holds_nobody_up(word: str):
    """Where looking took squares or cubes of the length, this would not end."""
    assert found(answer(word * (262_144 // len(word)))) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bad signature",
        '{"error":"The file at line 3 is no JSON"}',
        "Look at example.js for more (see docs)",
        "Warning: deliveries are paused",
        "<title>400 Bad Request</title>",
        "error at position 12:30",
    ],
)
def test_an_ordinary_answer_gives_nothing_away(text: str):
    assert found(answer(text)) == []


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=list(SCHEMES))
def test_the_right_signature_is_found_in_hex_capitals_and_base64(scheme: Scheme):
    builder = RequestBuilder(scheme, SECRET.encode())
    request = builder.forged("R01")
    digest = builder.digest(request.body)
    encoded = base64.b64encode(bytes.fromhex(digest)).decode()
    for form in (digest, digest.upper(), encoded):
        leaks = find_leaks(builder, request, answer(f"expected {form}"))
        assert [leak.what for leak in leaks] == ["the right signature"]


@pytest.mark.parametrize(
    "made", [json.dumps(json.loads(UNSIGNED.body)).encode(), UNSIGNED.body + b"\n", b""]
)
def test_the_signature_of_what_the_receiver_made_of_the_body_is_one_too(made: bytes):
    told = BUILDER.digest(made)
    assert found(answer(f'{{"expected":"{told}"}}')) == ["the right signature"]


def test_one_that_the_request_held_is_no_leak():
    request = BUILDER.genuine("A01")
    told = answer(f"got {BUILDER.digest(request.body)}")
    assert find_leaks(BUILDER, request, told) == ()


def test_nor_is_one_that_stood_in_the_query():
    right = BUILDER.signature(BUILDER.body("R19"))
    request = BUILDER.forged("R19", query=(("signature", right),))
    assert find_leaks(BUILDER, request, answer(f"got {BUILDER.digest(request.body)}")) == ()


def test_a_wrong_one_that_is_echoed_is_no_leak():
    request = BUILDER.forged("R04", BUILDER.signature_with(BUILDER.body("R04"), WRONG_KEY))
    assert find_leaks(BUILDER, request, answer(request.signatures[0].value.decode())) == ()


def test_the_secret_is_found_in_a_header_and_in_every_form():
    key = SECRET.encode()
    for form in (SECRET, key.hex(), base64.b64encode(key).decode()):
        assert found(answer("", x_debug=form)) == ["the secret"]


def test_a_secret_too_short_to_be_told_from_other_text_is_not_looked_for():
    assert found(answer("a key"), RequestBuilder(WEBHOOK, b"key")) == []


def test_no_leak_repeats_what_was_given_away():
    leaks = find_leaks(BUILDER, UNSIGNED, answer(SECRET))
    assert SECRET not in repr(leaks)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5", "sha512"])
def test_a_digest_by_another_algorithm_is_found_whatever_was_sent(algorithm: str):
    digest = BUILDER.digest(b"", algorithm=algorithm)
    head = BUILDER.forged("A14", body=b"", method="HEAD")
    shown = base64.urlsafe_b64encode(bytes.fromhex(digest)).decode()
    for form in (f"v1={digest}", f"x{digest.upper()}y", shown):
        leaks = find_leaks(BUILDER, head, answer("", x_expected=form))
        assert [leak.what for leak in leaks] == ["the right signature"]
