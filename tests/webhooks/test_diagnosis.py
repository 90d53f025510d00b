"""Why a signature does not fit: every cause is found when it is one, and told by its name."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import secrets
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.webhooks.delivery import ReceivedDelivery
from helpers.webhooks.diagnosis import DiagnosisCause, diagnose
from helpers.webhooks.samples import TOPICS, compact, notification
from helpers.webhooks.signatures import CANVAS_KIT, FIN_AGENT, SCHEMES, WEBHOOK, Scheme, sign

SECRET = secrets.token_hex(20).encode()
OTHER = secrets.token_hex(20).encode()
SECRETS = {"INTERCOM_CLIENT_SECRET": SECRET, "INTERCOM_IDENTITY_SECRET": OTHER}
BODY = compact(
    notification("conversation.user.created", app_id="sample01", identifier="n1", sent_at=1)
)


def delivery(
    body: bytes, *values: str, header: str = WEBHOOK.header, **more: str
) -> ReceivedDelivery:
    headers = [(header.lower(), value) for value in values]
    headers += [(name.replace("_", "-"), value) for name, value in more.items()]
    return ReceivedDelivery("POST", "/", tuple(headers), body)


def causes(
    found: ReceivedDelivery, scheme: Scheme = WEBHOOK, *, proven: bool = True
) -> list[DiagnosisCause]:
    return [each.cause for each in diagnose(found, scheme, SECRETS) if each.proven is proven]


def digest(body: bytes = BODY, key: bytes = SECRET, by: str = "sha1") -> str:
    return hmac.digest(key, body, by).hex()


@pytest.mark.parametrize("scheme", SCHEMES.values())
def test_of_a_genuine_delivery_there_is_nothing_to_say(scheme: Scheme):
    found = delivery(BODY, sign(SECRET, BODY, scheme), header=scheme.header)
    assert diagnose(found, scheme, SECRETS) == ()


RAILS = BODY.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")
ESCAPED = json.dumps(json.loads(BODY), separators=(",", ":")).encode()
SPACED = json.dumps(json.loads(BODY)).encode()
PRETTY = json.dumps(json.loads(BODY), indent=2, ensure_ascii=False).encode()
TEXT = BODY.decode()
ALTERED = {
    "compact, then written by Python": (BODY, SPACED, DiagnosisCause.RESERIALISED),
    "compact, then made pretty": (BODY, PRETTY, DiagnosisCause.RESERIALISED),
    "as Rails escapes it, then written by Node": (RAILS, BODY, DiagnosisCause.RESERIALISED),
    "all ASCII, then written by Node": (ESCAPED, BODY, DiagnosisCause.RESERIALISED),
    "with escaped slashes": (ESCAPED.replace(b"/", b"\\/"), BODY, DiagnosisCause.RESERIALISED),
    "pretty, then compact": (PRETTY, BODY, DiagnosisCause.RESERIALISED),
    "spaced, then compact": (SPACED, BODY, DiagnosisCause.RESERIALISED),
    "read as Latin-1": (BODY, BODY.decode("latin-1").encode(), DiagnosisCause.CHARSET),
    "read as Windows-1252": (
        "ö€".encode(),
        "ö€".encode().decode("cp1252").encode(),
        DiagnosisCause.CHARSET,
    ),
    "written as Latin-1": ('{"a":"ö"}'.encode(), b'{"a":"\xf6"}', DiagnosisCause.CHARSET),
    "written as UTF-16": (BODY, TEXT.encode("utf-16"), DiagnosisCause.CHARSET),
    "with a byte order mark": (BODY, b"\xef\xbb\xbf" + BODY, DiagnosisCause.CHARSET),
    "without its byte order mark": (b"\xef\xbb\xbf" + BODY, BODY, DiagnosisCause.CHARSET),
    "composed": ('{"a":"e\u0301"}'.encode(), '{"a":"é"}'.encode(), DiagnosisCause.CHARSET),
    "decomposed": ('{"a":"é"}'.encode(), '{"a":"e\u0301"}'.encode(), DiagnosisCause.CHARSET),
    "a line feed more": (BODY, BODY + b"\n", DiagnosisCause.LINE_ENDS),
    "a line feed less": (BODY + b"\n", BODY, DiagnosisCause.LINE_ENDS),
    "with CR LF": (PRETTY, PRETTY.replace(b"\n", b"\r\n"), DiagnosisCause.LINE_ENDS),
    "without CR LF": (PRETTY.replace(b"\n", b"\r\n"), PRETTY, DiagnosisCause.LINE_ENDS),
    "compressed": (BODY, gzip.compress(BODY), DiagnosisCause.PACKED),
    "in base64": (BODY, base64.b64encode(BODY), DiagnosisCause.PACKED),
    "in a form": (BODY, urlencode({"payload": TEXT}).encode(), DiagnosisCause.PACKED),
    "in a JSON string": (BODY, json.dumps(TEXT).encode(), DiagnosisCause.PACKED),
    "signed before there was a body": (b"", BODY, DiagnosisCause.EMPTY),
}


@pytest.mark.parametrize("name", ALTERED)
def test_what_became_of_the_body_is_proven(name: str):
    before, after, cause = ALTERED[name]
    assert causes(delivery(after, sign(SECRET, before))) == [cause]


KEYS = {
    "a line feed in the sender's": SECRET + b"\n",
    "the hex decoded": bytes.fromhex(SECRET.decode()),
    "the base64 decoded": base64.b64decode(SECRET),
}


@pytest.mark.parametrize("name", KEYS)
def test_a_secret_in_another_form_is_proven(name: str):
    assert causes(delivery(BODY, sign(KEYS[name], BODY))) == [DiagnosisCause.SECRET_FORM]


@pytest.mark.parametrize("form", [b" %b", b"%b\n", b'"%b"', b"'%b'"])
def test_a_secret_with_something_around_it_here_is_proven(form: bytes):
    found = diagnose(delivery(BODY, sign(SECRET, BODY)), WEBHOOK, {"IT": form % SECRET})
    assert [each.cause for each in found] == [DiagnosisCause.SECRET_FORM]


def test_the_secret_of_something_else_is_named():
    (found,) = diagnose(delivery(BODY, sign(OTHER, BODY)), WEBHOOK, SECRETS)
    assert found.cause is DiagnosisCause.OTHER_SECRET
    assert found.proven
    assert "INTERCOM_IDENTITY_SECRET" in found.message


WRITTEN = {
    "in capitals": "sha1=" + digest().upper(),
    "bare": digest(),
    "capital prefix": "SHA1=" + digest(),
    "base64": "sha1=" + base64.b64encode(bytes.fromhex(digest())).decode(),
    "base64 without padding": base64.b64encode(bytes.fromhex(digest())).decode().rstrip("="),
    "in quotes": f'"sha1={digest()}"',
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_right_signature_written_otherwise_is_proven(name: str):
    assert causes(delivery(BODY, WRITTEN[name])) == [DiagnosisCause.WRITTEN_OTHERWISE]


@pytest.mark.parametrize("by", ["md5", "sha256", "sha512"])
def test_another_algorithm_is_proven(by: str):
    found = delivery(BODY, f"{by}={digest(by=by)}")
    assert causes(found) == [DiagnosisCause.OTHER_ALGORITHM]


def test_two_accidents_at_once_are_both_told():
    found = delivery(SPACED, f"sha256={digest(by='sha256', key=OTHER)}")
    assert causes(found) == [
        DiagnosisCause.RESERIALISED,
        DiagnosisCause.OTHER_SECRET,
        DiagnosisCause.OTHER_ALGORITHM,
    ]


@pytest.mark.parametrize("other", [CANVAS_KIT, FIN_AGENT])
def test_a_delivery_of_another_scheme_is_proven_by_its_own_rule(other: Scheme):
    right = delivery(BODY, sign(SECRET, BODY, other), header=other.header)
    wrong = delivery(BODY, sign(b"unknown", BODY, other), header=other.header)
    assert causes(right) == [DiagnosisCause.OTHER_SCHEME]
    assert causes(wrong, proven=False) == [DiagnosisCause.OTHER_SCHEME]


@pytest.mark.parametrize(
    "value",
    [
        hashlib.sha1(BODY).hexdigest(),
        hashlib.sha1(SECRET + BODY).hexdigest(),
        hashlib.sha1(BODY + SECRET).hexdigest(),
    ],
    ids=["of the body", "secret first", "body first"],
)
def test_a_plain_hash_is_no_hmac(value: str):
    assert causes(delivery(BODY, f"sha1={value}")) == [DiagnosisCause.NO_HMAC]


@pytest.mark.parametrize(
    ("values", "cause"),
    [
        ((), DiagnosisCause.NO_SIGNATURE),
        (("sha1=" + "0" * 40, "sha1=" + "1" * 40), DiagnosisCause.SEVERAL_SIGNATURES),
        (("sha1=" + digest()[:-1],), DiagnosisCause.CUT_SHORT),
        (("sha1=" + digest()[:8],), DiagnosisCause.CUT_SHORT),
        (("sha1=",), DiagnosisCause.WRITTEN_OTHERWISE),
        (("é" * 40,), DiagnosisCause.WRITTEN_OTHERWISE),
        (("sha1=" + "0" * 40,), DiagnosisCause.UNKNOWN),
        ((sign(b"unknown", BODY),), DiagnosisCause.UNKNOWN),
    ],
)
def test_what_can_not_be_proven_is_told_as_a_hint(values: tuple[str, ...], cause: DiagnosisCause):
    assert causes(delivery(BODY, *values)) == []
    assert causes(delivery(BODY, *values), proven=False) == [cause]


def test_a_proxy_on_the_way_is_named():
    found = diagnose(delivery(BODY, sign(b"unknown", BODY), cf_ray="1"), WEBHOOK, SECRETS)
    assert [each.cause for each in found] == [DiagnosisCause.PROXY, DiagnosisCause.UNKNOWN]
    assert "cf-ray" in found[0].message
    (lost,) = diagnose(delivery(BODY, via="1.1 gateway"), WEBHOOK, SECRETS)
    assert "via" in lost.message


def test_a_body_that_was_eaten_is_told():
    found = delivery(b"", sign(SECRET, BODY))
    assert causes(found, proven=False) == [DiagnosisCause.EMPTY, DiagnosisCause.UNKNOWN]


def test_every_topic_survives_a_parser_and_its_accident_is_told():
    for topic in TOPICS:
        body = compact(notification(topic, app_id="a", identifier="n", sent_at=1))
        again = json.dumps(json.loads(body)).encode()
        assert causes(delivery(again, sign(SECRET, body))) == [DiagnosisCause.RESERIALISED], topic


@given(st.binary(max_size=120), st.lists(st.text(max_size=90), max_size=2))
def test_nothing_makes_it_raise_and_it_tells_no_secret(body: bytes, values: list[str]):
    for scheme in SCHEMES.values():
        told = repr(diagnose(delivery(body, *values, header=scheme.header), scheme, SECRETS))
        assert SECRET.decode() not in told
        assert sign(SECRET, body, scheme) not in told
