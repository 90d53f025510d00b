"""`runbook sandbox`: the local Intercom in the foreground."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from helpers.core.errors import UsageError

if TYPE_CHECKING:
    import socket

__all__ = ["credentials", "sandbox"]


@click.command()
@click.option("--port", default=0, show_default="a free one", type=click.IntRange(0, 65535))
@click.option("--clock", default="now", show_default=True, type=click.Choice(["now", "demo"]))
def sandbox(port: int, clock: str) -> None:
    """Run the local Intercom until Ctrl-C or SIGTERM.

    Its clock runs from the current time, or stands still at the demo's time.

    It prints an env file, with which another terminal can audit it as if it were real:

        runbook sandbox > sandbox.env &

        runbook audit --profile production --env-file sandbox.env
    """
    from helpers.sandbox.clock import DEMO_NOW
    from helpers.sandbox.server import address, application, serve

    with _listen(port) as listener:
        click.echo(credentials(address(listener)), nl=False)
        serve(listener, application(None if clock == "now" else DEMO_NOW))


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
