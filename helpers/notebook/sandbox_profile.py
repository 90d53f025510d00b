"""The sandbox profile's world: a local Intercom, a demo repository, receivers, fresh state.

Everything in it is the same in every run: the clock stands still, ids and commits are
fixed, and each caller has a workspace of its own, so that a rotation in one notebook touches
nothing in another. All of it is removed when the step is closed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from helpers.core.settings import Profile, Settings, load_settings
from helpers.core.steps import STEPS
from helpers.system.temporary import owned_folder

__all__ = ["NOW", "REPOSITORY", "SANDBOX_URL", "Demo", "demo_secrets", "open_demo"]

NOW: Final = datetime(2026, 5, 18, 9, 0, tzinfo=UTC)
REPOSITORY: Final = "acme-support"
SANDBOX_URL: Final = "RUNBOOK_SANDBOX_URL"  # a running sandbox, shared by the kernels of one audit


@dataclass(frozen=True)
class Demo:
    """Where the demo's parts are."""

    settings: Settings
    repo: Path
    state: Path
    hub: str

    @staticmethod
    def clock() -> datetime:
        """The one moment of the demo, in UTC."""
        return NOW


def open_demo(workspace: str, closing: ExitStack) -> Demo:
    """Make the demo for one caller. Leaving `closing` takes it down."""
    from helpers.sandbox.demo_repository import build
    from helpers.sandbox.seeds import DEMO

    folder = closing.enter_context(owned_folder("runbook-demo-"))
    repo = build(folder / REPOSITORY, DEMO)
    base_url = f"{_sandbox(closing)}/w/{workspace}"
    settings = load_settings(Profile.SANDBOX, repo, environ=_environ(base_url, folder, closing))
    for step in STEPS:
        if step.demo and workspace.startswith((step.name, step.notebook)):
            step.load("demo")(folder, NOW)
    return Demo(settings, repo, folder / "state", f"{base_url}/_hub")


def demo_secrets() -> Iterator[tuple[str, str]]:
    """Kind and value of every secret that the demo was seeded with."""
    from helpers.sandbox.seeds import DEMO

    yield from (("access_token", DEMO.read_token), ("access_token", DEMO.write_token))
    for held in DEMO.profiles.values():
        yield "access_token", held.access_token
        yield "client_secret", held.client_secret
        yield "identity_secret", held.identity_secret


def _sandbox(closing: ExitStack) -> str:
    running = os.environ.get(SANDBOX_URL)
    if running:
        return running
    from helpers.sandbox import start

    return closing.enter_context(start()).url


def _environ(base_url: str, folder: Path, closing: ExitStack) -> dict[str, str]:
    from helpers.sandbox.receivers import start_receivers
    from helpers.sandbox.seeds import DEMO

    secret = DEMO.profiles["production"].client_secret
    receivers = closing.enter_context(start_receivers(secret))
    return {
        "INTERCOM_BASE_URL": base_url,
        "INTERCOM_WEBHOOK_URL": receivers.flawed_url,
        "INTERCOM_AUDIT_LOG": str(folder / "audit"),
    }
