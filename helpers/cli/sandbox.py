"""`runbook sandbox`: the local Intercom in the foreground."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from helpers.cli.output import reveal
from helpers.core.errors import UsageError

if TYPE_CHECKING:
    import socket

__all__ = ["credentials", "sandbox"]


@click.command()
@click.option("--port", default=0, show_default="a free one", type=click.IntRange(0, 65535))
@click.option("--clock", default="now", show_default=True, type=click.Choice(["now", "demo"]))
@click.option("--misbehave", default="", metavar="MODE", help="Answer wrongly; `list` shows how.")
@click.option("--misbehave-me", is_flag=True, help="Do so for GET /me as well.")
def sandbox(port: int, clock: str, misbehave: str, *, misbehave_me: bool) -> None:
    """Run the local Intercom until Ctrl-C or SIGTERM.

    Its clock runs from the current time, or stands still at the demo's time.

    It prints an env file, with which another terminal can audit it as if it were real:

        runbook sandbox > sandbox.env &

        runbook audit --profile production --env-file sandbox.env

    With --misbehave its answers are not the truth, in one of many ways, so that you can see what an
    audit makes of it: no verdict may be better than with honest answers.
    """
    from helpers.sandbox.clock import DEMO_NOW
    from helpers.sandbox.misbehaviour import MODES
    from helpers.sandbox.server import address, application, serve
    from helpers.sandbox.workspace import Behaviours

    if misbehave == "list":
        for name, mode in MODES.items():
            click.echo(f"{name:24}{mode.what}")
        return
    if misbehave and misbehave not in MODES:
        raise UsageError(
            f"There is no mode of misbehaviour {misbehave!r}.",
            "`runbook sandbox --misbehave list` lists them.",
        )
    behaviours = Behaviours(misbehave=misbehave, misbehave_me=misbehave_me)
    with _listen(port) as listener:
        reveal(credentials(address(listener)))
        serve(listener, application(None if clock == "now" else DEMO_NOW, behaviours=behaviours))


def _listen(port: int) -> socket.socket:
    from helpers.sandbox.server import listen

    try:
        return listen(port)
    except OSError as error:
        raise UsageError(
            f"Port {port} can't be used: {error.strerror}.",
            "Choose another port, or omit --port for a free one.",
        ) from None


def credentials(url: str) -> str:
    """The demo's address and fake secrets as an env file."""
    from helpers.sandbox.seeds import DEMO

    production = DEMO.profiles["production"]
    lines = {
        "INTERCOM_BASE_URL": url,
        "INTERCOM_REGION": DEMO.region,
        "INTERCOM_APP_ID": DEMO.id_code,
        "INTERCOM_ACCESS_TOKEN": production.access_token,
        "INTERCOM_READ_TOKEN": DEMO.read_token,
        "INTERCOM_WRITE_TOKEN": DEMO.write_token,
        "INTERCOM_CLIENT_SECRET": production.client_secret,
        "INTERCOM_IDENTITY_SECRET": production.identity_secret,
    }
    head = (
        f"# The local Intercom is ready at {url} (Ctrl-C stops it).\n"
        f"# Its developer hub, for tests: {url}/_hub/\n"
        "# Demo credentials: fake, valid for this sandbox only.\n"
    )
    return head + "".join(f"{name}={value}\n" for name, value in lines.items())
