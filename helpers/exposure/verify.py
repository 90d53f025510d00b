"""Is it live? The one question that needs the network, asked only when somebody wants it asked.

`GET /me` with the token that was found, through the runbook's own transport: a good answer means
live, and names the workspace; a code that Intercom gives for a dead token means revoked; anything
else, a missing scope or no answer, leaves it unknown. Where the region is not told, every host is
asked, and a token is revoked only if it is dead at each.

The secret is read again from where it was found, used, and forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr

from helpers.core.errors import RunbookError
from helpers.exposure.engine import Engine
from helpers.exposure.files import read_file
from helpers.exposure.hits import Hits
from helpers.exposure.items import Item, Origin, OriginKind
from helpers.exposure.objects import named_objects, read_objects
from helpers.exposure.records import Leak, Liveness
from helpers.exposure.repository import Repository
from helpers.exposure.unpack import unpack

if TYPE_CHECKING:
    from helpers.intercom.client import Client

__all__ = ["Verdict", "verified"]

DEAD: Final = frozenset(
    {"unauthorized", "token_not_found", "token_revoked", "token_blocked", "token_expired"}
)
Verdict = tuple[Liveness, str]
Connect = Callable[[SecretStr], Iterable["Client"]]  # one client for each host to ask


def verified(
    leaks: Iterable[Leak],
    sources: Iterable[tuple[Repository, Hits]],
    engine: Engine,
    connect: Connect,
) -> tuple[Leak, ...]:
    """The leaks, each access token among them asked about; `connect` makes the clients."""
    wanted = list(leaks)
    asked = {leak.fingerprint for leak in wanted if leak.kind == "access_token"}
    values = _values(asked, list(sources), engine)
    verdicts = {mark: _ask(connect(values[mark])) for mark in asked if mark in values}
    unknown = (Liveness.UNKNOWN, "")
    return tuple(
        _with(leak, verdicts.get(leak.fingerprint, unknown)) if leak.fingerprint in asked else leak
        for leak in wanted
    )


def _with(leak: Leak, verdict: Verdict) -> Leak:
    return leak.model_copy(update={"liveness": verdict[0], "workspace": verdict[1]})


def _ask(clients: Iterable[Client]) -> Verdict:
    """Ask each host until one knows the token."""
    dead = []
    for client in clients:
        with client:
            liveness, workspace = _ask_one(client)
        if liveness is Liveness.LIVE:
            return liveness, workspace
        dead.append(liveness is Liveness.REVOKED)
    return (Liveness.REVOKED if dead and all(dead) else Liveness.UNKNOWN), ""


def _ask_one(client: Client) -> Verdict:
    try:
        answer = client.get("/me")
    except RunbookError:
        return Liveness.UNKNOWN, ""
    if answer.ok:
        return Liveness.LIVE, _workspace(answer.body)
    if answer.status == 401 and answer.code in DEAD:  # noqa: PLR2004 (the status of a dead token)
        return Liveness.REVOKED, ""
    return Liveness.UNKNOWN, ""


def _workspace(body: Any) -> str:
    app = body.get("app") if isinstance(body, dict) else None
    return str(app.get("id_code") or "") if isinstance(app, dict) else ""


def _values(
    wanted: set[str], sources: list[tuple[Repository, Hits]], engine: Engine
) -> Mapping[str, SecretStr]:
    found: dict[str, SecretStr] = {}
    for repository, hits in sources:
        origins = [
            origin
            for origin, seen in hits.seen.items()
            if any(sighting.fingerprint in wanted for _, sighting in seen)
        ]
        for item in _items(repository, origins):
            for part in unpack(item.path, item.data):
                found |= engine.values(part.data, item.path)
            if wanted <= found.keys():
                break
    return {mark: value for mark, value in found.items() if mark in wanted}


def _items(repository: Repository, origins: Iterable[Origin]) -> Iterator[Item]:
    stored = (OriginKind.BLOB, OriginKind.COMMIT, OriginKind.TAG)
    oids = [origin.name for origin in origins if origin.kind in stored]
    yield from read_objects(repository, list(named_objects(repository, oids)))
    for origin in origins:
        if origin.kind is OriginKind.FILE and repository.tree:
            yield from read_file(repository.tree / origin.name, origin)
        if origin.kind is OriginKind.GIT_FILE and repository.git_dir:
            below = Path(origin.name).relative_to(".git")
            yield from read_file(repository.git_dir / below, origin)
