"""The sandbox's workshop: a key of its own to rotate, so that no other key is touched."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpers.context import Context
from helpers.intercom.developer_hub import App, DeveloperHub
from helpers.rotation.hub_hand import HubHand
from helpers.rotation.stores.envfile import EnvFileStore
from helpers.rotation.workshop import Workshop, workshop

__all__ = ["REHEARSED", "rehearsal_shop"]

REHEARSED = "INTERCOM_ACCESS_TOKEN"
_APP = "Rotation rehearsal"
_SCOPES = ("read_single_admin", "read_admins", "read_tags")


@contextmanager
def rehearsal_shop(context: Context, *, by_hand: bool = False) -> Iterator[Workshop]:
    """A workshop on an app and an env file of its own; the hub clicks, unless a person does."""
    hub = DeveloperHub(context.hub)
    env_file = _env_file(context, hub)
    store = EnvFileStore(env_file, REHEARSED, "access_token")
    hand = None if by_hand else HubHand(hub)
    with workshop(context, REHEARSED, store=store, hand=hand) as shop:
        yield shop


def _env_file(context: Context, hub: DeveloperHub) -> Path:
    """The env file of the rehearsal, made when there is none."""
    path = context.state / "rehearsal" / ".env"
    if not path.is_file():
        app = hub.app_named(_APP) or hub.create_app(_APP, _SCOPES)
        _write(path, app)
        context.redactor.register("access_token", app.access_token.get_secret_value())
    return path


def _write(path: Path, app: App) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
        file.write(f"{REHEARSED}={app.access_token.get_secret_value()}\n")
