"""`runbook webhook send`: one signed delivery to a receiver."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from helpers.cli.subject_options import about_a_workspace
from helpers.cli.webhook_options import (
    consent_option,
    recorded,
    scheme_option,
    secret_for,
    variable_option,
)
from helpers.core.errors import UsageError
from helpers.core.exit_status import NOTHING_VERIFIED

if TYPE_CHECKING:
    from helpers.notebook.parameters import Choices
    from helpers.webhooks.request_builder import ReceiverRequest, RequestBuilder
    from helpers.webhooks.wire import ReceiverResponse

__all__ = ["send"]

_REFUSED: Final = 13  # as a high finding
_SHOWN: Final = 500  # characters of an answer


@click.command()
@click.argument("url")
@click.option("--topic", default="", help="Default: conversation.user.created.")
@click.option(
    "--replay",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A delivery that `listen --save` kept, or a file with a raw body, byte for byte.",
)
@click.option("--as-signed", is_flag=True, help="With --replay: its own signature, no secret.")
@click.option("--app-id", default="sample01", show_default=True, help="The workspace's id.")
@click.option("--timeout", type=click.FloatRange(0.1, 60), default=8.0, show_default=True)
@scheme_option
@variable_option
@consent_option
@about_a_workspace(effect=True)
def send(
    url: str,
    *,
    topic: str,
    replay: Path | None,
    as_signed: bool,
    app_id: str,
    timeout: float,
    scheme: str,
    variable: str,
    consent: bool,
    choices: Choices,
) -> int:
    r"""Send one signed delivery to the receiver at URL.

    It is a sample of a topic, or the replay of a saved delivery. The secret comes from the
    environment, the profile's env file or a hidden prompt, never from an argument.

    \b
    Exit status: 0 accepted (2xx); 13 refused or failed; 3 no connection; 2 usage, or no consent.
    """
    from helpers.notebook.context_factory import settings_of
    from helpers.webhooks.delivery_rules import effect
    from helpers.webhooks.sending import deliver
    from helpers.webhooks.target import parse_target

    if bool(topic) + bool(replay) > 1 or (as_signed and not replay):
        raise UsageError("--replay takes no --topic; --as-signed needs --replay.", "Drop one.")
    target = parse_target(url)
    settings = settings_of(choices)
    key = b"" if as_signed else secret_for(scheme, variable, settings=settings)
    builder = _builder(scheme, key, app_id)
    request = _request(builder, topic, replay, as_signed=as_signed)
    address = target.receiver.address
    if consent or target.loopback:
        recorded(choices.profile, "runbook.webhook.sent", address)
    response = deliver(request, target, consent=consent, timeout=timeout)
    click.echo(f"Sent {request.name}, {len(request.body):,} bytes, to {address}.")
    for line in _response_lines(response, builder):
        click.echo(line)
    if not response.kind.reached:
        click.echo("Nothing was delivered. Start the receiver, or fix the address.")
        return NOTHING_VERIFIED
    click.echo(effect(response))
    return 0 if response.accepted else _REFUSED


def _builder(scheme: str, key: bytes, app_id: str) -> RequestBuilder:
    import time

    from helpers.webhooks.request_builder import RequestBuilder
    from helpers.webhooks.signatures import SCHEMES

    return RequestBuilder(SCHEMES[scheme], key, app_id=app_id, sent_at=int(time.time()))


def _request(
    builder: RequestBuilder, topic: str, replay: Path | None, *, as_signed: bool
) -> ReceiverRequest:
    from helpers.webhooks.delivery import load_delivery
    from helpers.webhooks.sending import replay_request, sample_request

    if replay:
        return replay_request(builder, load_delivery(replay), as_signed=as_signed)
    return sample_request(builder, topic)


def _response_lines(response: ReceiverResponse, builder: RequestBuilder) -> list[str]:
    """The response and the beginning of its text, with the secret redacted."""
    from helpers.core.redaction import Redactor, sanitize

    lines = [f"Got {response.observed} after {response.seconds * 1000:.0f} ms."]
    text = response.body.decode("utf-8", "replace").strip()
    if text:
        redactor = Redactor()
        if len(builder.key) >= 8:  # noqa: PLR2004 (as the redactor has it)
            redactor.register("secret", builder.key.decode("utf-8", "replace"))
        lines.append(f"    {sanitize(redactor.text(text))[:_SHOWN]}")
    return lines
