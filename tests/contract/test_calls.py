"""Every answer that the description shows for a call of the list is understood, errors too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from helpers.core.errors import IntercomError
from helpers.intercom.answers import NewSecret
from helpers.intercom.calls import AUDIT_CALLS, Call
from helpers.intercom.client import Client
from helpers.intercom.reader import read
from helpers.scopes.probes import read_answer
from helpers.scopes.records import Reading
from tests.contract.conftest import FILES
from tests.contract.description import Description, bare, load
from tests.contract.static_server import StaticIntercom
from tests.contract.test_description import unexplained

ACTS = tuple({call.act for call in AUDIT_CALLS})
SEEDS = 5


def path_of(call: Call) -> str:
    """The path of a call as the description has it: a probe's absent id is a placeholder."""
    return re.sub(r"/0(?=/|$)", "/{id}", call.route)


def described() -> Iterator[Any]:
    for version, name in FILES.items():
        for call in AUDIT_CALLS:
            try:
                load(name).operation(call.method, path_of(call))
            except KeyError:
                continue
            yield pytest.param(version, call, id=f"{version} {call.name}")


DESCRIBED = list(described())


def examples(description: Description, call: Call) -> Iterator[tuple[int, Any]]:
    """Every example of an answer, with its status; no body where none is described."""
    operation = description.operation(call.method, path_of(call))
    for status, answer in operation["responses"].items():
        media = answer.get("content", {}).get("application/json", {})
        for example in media.get("examples", {}).values():
            yield int(status), example["value"]
        if not media and status.startswith("2"):
            yield int(status), None


def answered(call: Call, status: int, body: Any) -> Any:
    """What the client makes of an answer."""
    response = httpx.Response(status, json=body) if body is not None else httpx.Response(status)
    transport = httpx.MockTransport(lambda _: response)
    with Client(
        SecretStr("x"), "https://api.intercom.io", acts=ACTS, transport=transport
    ) as client:
        return client.call(call, *("1" for _ in re.findall(r"\{", call.route)))


def test_every_call_is_described_in_the_version_that_it_names() -> None:
    named = {param.id for param in DESCRIBED}
    assert {f"{call.version or '2.16'} {call.name}" for call in AUDIT_CALLS} <= named


@pytest.mark.parametrize(("version", "call"), DESCRIBED)
def test_every_example_of_an_answer_is_understood(
    version: str, call: Call, description: Description
) -> None:
    shown = list(examples(description, call))
    for status, body in shown:
        answer = answered(call, status, body)
        if status >= 400:
            assert answer.code == body["errors"][0]["code"]
            assert answer.error().status == status
        elif body is not None:
            assert answer.is_intercoms, body
            assert read_answer(answer).reading is Reading.ADMITTED
        else:
            assert answer.ok
    assert any(status < 300 for status, _ in shown) or call.route.endswith("get_datasets")


@pytest.mark.parametrize(("version", "call"), DESCRIBED)
def test_data_made_from_the_schema_follow_it(
    version: str, call: Call, description: Description
) -> None:
    for seed in range(SEEDS):
        route = next(
            path for path in description.document["paths"] if bare(path) == bare(path_of(call))
        )
        made = StaticIntercom(FILES[version], seed).answer_of(call.method, route)
        complaints = description.complaints(call.method, route, made.status, made.body)
        assert unexplained(complaints) == [], made
        if made.status >= 400:
            with pytest.raises(IntercomError):
                answered(call, *made).json()


def test_a_new_identity_secret_is_read_with_its_value() -> None:
    call = next(c for c in AUDIT_CALLS if c.name == "POST /secure_mode_secrets")
    ((status, body),) = [e for e in examples(load("preview"), call) if e[0] < 300]
    made = read(answered(call, status, body), NewSecret, status=201)
    assert (made.id, made.secret) == (body["id"], body["secret"])
