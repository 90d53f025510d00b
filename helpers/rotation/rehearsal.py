"""The sandbox's workshop: a key of its own to rotate, so that no other key is touched."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from helpers.core.context import Context
from helpers.intercom.developer_hub import DeveloperHub
from helpers.rotation.hub_hand import HubHand
from helpers.rotation.stores.envfile import EnvFileStore
from helpers.rotation.workshop import Workshop, kind_of, workshop

__all__ = ["REHEARSED", "rehearsal_shop"]

REHEARSED = "INTERCOM_ACCESS_TOKEN"
_APP = "Rotation rehearsal"
_SCOPES = ("read_single_admin", "read_admins", "read_tags")


@contextmanager
def rehearsal_shop(
    context: Context, variable: str = REHEARSED, *, by_hand: bool = False
) -> Iterator[Workshop]:
    """A workshop on a key and an env file of its own; the hub clicks, unless a person does."""
    hub, kind = DeveloperHub(context.hub), kind_of(variable)
    store = EnvFileStore(_env_file(context, hub, variable), variable, kind)
    hand = None if by_hand else HubHand(hub)
    with workshop(context, variable, store=store, hand=hand) as shop:
        yield shop


def _env_file(context: Context, hub: DeveloperHub, variable: str) -> Path:
    """The env file of the rehearsal, made when there is none."""
    path = context.state / "rehearsal" / variable / ".env"
    if not path.is_file():
        key, kind = _key(context, hub, variable).get_secret_value(), kind_of(variable)
        context.redactor.register(kind, key)
        _write(path, f"{variable}={key}\n")
    return path


def _key(context: Context, hub: DeveloperHub, variable: str) -> SecretStr:
    """The key of an app that is there for nothing else; the workspace's one identity secret."""
    held = context.settings.credential(variable)
    if held and held.kind == "identity_secret":
        return held.value
    app = hub.app_named(_APP) or hub.create_app(_APP, _SCOPES)
    return app.client_secret if kind_of(variable) == "client_secret" else app.access_token


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
