"""What callers need of the seeded workspaces: tokens, secrets, ids. No HTTP, no server.

`DEMO` has realistic flaws: staging uses production's workspace and access token, and the reader may
write. `CLEAN` has no flaws. Both are the same in every run; `tokens` makes their secrets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from helpers.sandbox import tokens
from helpers.sandbox.clock import DEMO_NOW

__all__ = ["CLEAN", "DEMO", "MIRROR_CONTACT", "PROFILES", "SEEDS", "Credentials", "Seed"]

PROFILES: Final = ("development", "staging", "production")
MIRROR_CONTACT: Final = "runbook-audit"  # external id of the contact that mirrored events go to


@dataclass(frozen=True)
class Credentials:
    """The secrets of one profile."""

    access_token: str = field(repr=False)
    client_secret: str = field(repr=False)
    identity_secret: str = field(repr=False)


@dataclass(frozen=True)
class Seed:
    """A seeded workspace as its users know it. `now` is the time of its clock."""

    name: str
    id_code: str
    workspaces: Mapping[str, str]  # profile to the id of the workspace that its app lives in
    profiles: Mapping[str, Credentials]
    read_token: str = field(repr=False)
    write_token: str = field(repr=False)
    region: str = "us"
    now: datetime = DEMO_NOW


def _credentials(seed: str, profile: str, *, token_of: str = "") -> Credentials:
    return Credentials(
        access_token=tokens.access_token(f"{seed}/{token_of or profile}"),
        client_secret=tokens.client_secret(f"{seed}/{profile}"),
        identity_secret=tokens.identity_secret(f"{seed}/{profile}"),
    )


def _seed(name: str, *, id_code: str, others: Mapping[str, str], staging_shares: str) -> Seed:
    return Seed(
        name=name,
        id_code=id_code,
        workspaces={**dict.fromkeys(PROFILES, id_code), **others},
        profiles={
            "development": _credentials(name, "development"),
            "staging": _credentials(name, "staging", token_of=staging_shares),
            "production": _credentials(name, "production"),
        },
        read_token=tokens.access_token(f"{name}/reader"),
        write_token=tokens.access_token(f"{name}/writer"),
    )


DEMO: Final = _seed(
    "demo",
    id_code="dm4x7q2k",
    others={"development": "dm4x7q2t"},
    staging_shares="production",
)
CLEAN: Final = _seed(
    "clean",
    id_code="cl9v3w5n",
    others={"development": "cl9v3w5t", "staging": "cl9v3w5s"},
    staging_shares="",
)
SEEDS: Final[Mapping[str, Seed]] = {seed.name: seed for seed in (DEMO, CLEAN)}
