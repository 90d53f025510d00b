"""`runbook webhook listen` and `explain`: what arrives, and why a signature does not match."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from helpers.cli.webhook_options import (
    other_secrets,
    previous_option,
    scheme_option,
    secret_for,
    variable_name,
    variable_option,
)
from helpers.core.errors import RunbookError

if TYPE_CHECKING:
    from helpers.webhooks.delivery import ReceivedDelivery
    from helpers.webhooks.signatures import Scheme, SignatureVerdict

__all__ = ["explain", "listen"]


@click.command()
@click.option("--port", type=click.IntRange(0, 65_535), default=8_765, show_default=True)
@click.option(
    "--save", type=click.Path(path_type=Path, file_okay=False), help="Save each delivery there."
)
@click.option("--content", is_flag=True, help="Show headers and bodies: customers' data.")
@click.option("--count", type=click.IntRange(1), help="Stop after this many deliveries.")
@scheme_option
@variable_option
@previous_option
def listen(
    *,
    port: int,
    save: Path | None,
    content: bool,
    count: int | None,
    scheme: str,
    variable: str,
    previous: str,
) -> int:
    """Receive deliveries here, and say why verification fails.

    It listens only on this machine. Point your app's webhook here through a tunnel, or send
    samples with `runbook webhook send`. Ctrl-C ends it. Nothing is acted upon, and nothing is
    saved without --save.
    """
    from helpers.webhooks.listener import Listener, address, listening, serve
    from helpers.webhooks.signatures import SCHEMES, Verifier

    keys = _keys(scheme, variable, previous)
    log = _DeliveryLog(SCHEMES[scheme], keys, save, content=content, count=count)
    application = Listener(Verifier(*keys.values(), scheme=SCHEMES[scheme]), log.take)
    with listening(port) as listener, _interruptible(log):
        click.echo(f"Listening at {address(listener)}  (Ctrl-C ends it)")
        serve(listener, application, lambda: log.over)
    log.close()
    return 0


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--signature", default="", help="The signature header's value, if not saved with it.")
@scheme_option
@variable_option
@previous_option
def explain(file: Path, *, signature: str, scheme: str, variable: str, previous: str) -> int:
    r"""Say why the delivery in FILE does not verify.

    FILE is one that `listen --save` kept, or a raw body.

    \b
    Exit status: 0 it is genuine; 13 it is not, for the reasons shown; 2 usage.
    """
    from dataclasses import replace

    from helpers.webhooks.delivery import load_delivery
    from helpers.webhooks.signatures import SCHEMES, Verifier

    chosen = SCHEMES[scheme]
    delivery = load_delivery(file)
    if signature:
        delivery = replace(delivery, headers=((chosen.header.lower(), signature),))
    keys = _keys(scheme, variable, previous)
    verdict = Verifier(*keys.values(), scheme=chosen).verify(
        delivery.body, delivery.values(chosen.header)
    )
    _show(delivery, verdict, chosen, keys, content=False)
    return 0 if verdict else 13


class _DeliveryLog:
    """Shows, saves and counts what arrives. An error ends the listening."""

    def __init__(
        self,
        scheme: Scheme,
        keys: Mapping[str, bytes],
        folder: Path | None,
        *,
        content: bool,
        count: int | None,
    ) -> None:
        self._scheme = scheme
        self._keys = keys
        self._folder = folder
        self._content = content
        self._left = count
        self._number = 0
        self._error: RunbookError | None = None
        self.over = False

    def take(self, delivery: ReceivedDelivery, verdict: SignatureVerdict) -> None:
        """One delivery."""
        self._number += 1
        _show(delivery, verdict, self._scheme, self._keys, content=self._content)
        try:
            self._keep(delivery)
        except RunbookError as error:
            self._error = error
        self.over = self.over or self._error is not None or self._number == self._left

    def close(self) -> None:
        """Raise the error, if there was one."""
        if self._error:
            raise self._error

    def _keep(self, delivery: ReceivedDelivery) -> None:
        from helpers.webhooks.delivery import save_delivery, topic_of

        if self._folder is None:
            return
        topic = re.sub(r"[^\w.-]+", "_", topic_of(delivery.document()), flags=re.ASCII)[:60]
        name = _free(self._folder, self._number, topic or "delivery")
        click.echo(f"    kept as {save_delivery(self._folder, name, delivery)}")


def _free(folder: Path, number: int, topic: str) -> str:
    """A name that no earlier run used."""
    while any(folder.glob(f"{number:04}-*")):
        number += 1
    return f"{number:04}-{topic}"


def _show(
    delivery: ReceivedDelivery,
    verdict: SignatureVerdict,
    scheme: Scheme,
    keys: Mapping[str, bytes],
    *,
    content: bool,
) -> None:
    from helpers.webhooks.delivery import arrival_lines
    from helpers.webhooks.diagnosis import diagnose, diagnosis_lines

    for line in arrival_lines(delivery, verdict, list(keys), content=content):
        click.echo(line)
    if not verdict:
        for line in diagnosis_lines(diagnose(delivery, scheme, {**keys, **other_secrets()})):
            click.echo(line)


def _keys(scheme: str, variable: str, previous: str) -> dict[str, bytes]:
    """The secrets to verify with, by the names of their variables."""
    keys = {variable_name(scheme, variable): secret_for(scheme, variable)}
    if previous:
        keys[previous] = secret_for(scheme, previous, what="previous secret")
    return keys


@contextmanager
def _interruptible(log: _DeliveryLog) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the listening."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        log.over = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
