"""Check with Intercom whether a leaked access token is live: only on request (`--verify`).

The check is `GET /me` with the token, through the runbook's own transport. A successful answer
means live and names the workspace; an error code for a dead token means revoked; anything else,
such as a missing scope or no answer, means unknown. If no region is configured, every host is
asked, and a token is revoked only if it is dead at each of them.

The secret is read again from the place where it was found, and is not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr

from helpers.core.errors import RunbookError
from helpers.exposure.files import read_file
from helpers.exposure.items import Origin, OriginKind, ScanItem, ScanMatches, SecretEngine
from helpers.exposure.objects import named_objects, read_objects
from helpers.exposure.records import LeakedSecret, Liveness
from helpers.exposure.repository import Repository
from helpers.exposure.unpack import unpack

if TYPE_CHECKING:
    from helpers.intercom.client import Client

__all__ = ["verify_leaks"]

_DEAD: Final = frozenset(
    {"unauthorized", "token_not_found", "token_revoked", "token_blocked", "token_expired"}
)
_Answer = tuple[Liveness, str]  # with the workspace
Connect = Callable[[SecretStr], Iterable["Client"]]  # one client for each host


def verify_leaks(
    leaks: Iterable[LeakedSecret],
    sources: Iterable[tuple[Repository, ScanMatches]],
    engine: SecretEngine,
    connect: Connect,
) -> tuple[LeakedSecret, ...]:
    """Return the leaks with the liveness of each access token; `connect` opens the clients."""
    wanted = list(leaks)
    tokens = {leak.fingerprint for leak in wanted if leak.kind == "access_token"}
    values = _values(tokens, list(sources), engine)
    answers = {one: _ask(connect(values[one])) for one in tokens if one in values}
    unknown = (Liveness.UNKNOWN, "")
    return tuple(
        _with(leak, answers.get(leak.fingerprint, unknown)) if leak.fingerprint in tokens else leak
        for leak in wanted
    )


def _with(leak: LeakedSecret, answer: _Answer) -> LeakedSecret:
    return leak.model_copy(update={"liveness": answer[0], "workspace": answer[1]})


def _ask(clients: Iterable[Client]) -> _Answer:
    """Ask each host until one knows the token."""
    dead = []
    for client in clients:
        with client:
            liveness, workspace = _ask_one(client)
        if liveness is Liveness.LIVE:
            return liveness, workspace
        dead.append(liveness is Liveness.REVOKED)
    return (Liveness.REVOKED if dead and all(dead) else Liveness.UNKNOWN), ""


def _ask_one(client: Client) -> _Answer:
    try:
        answer = client.get("/me")
    except RunbookError:
        return Liveness.UNKNOWN, ""
    if answer.ok and answer.is_intercoms:
        return Liveness.LIVE, _workspace(answer.body)
    if answer.status == 401 and answer.code in _DEAD:  # noqa: PLR2004 (the status of a dead token)
        return Liveness.REVOKED, ""
    return Liveness.UNKNOWN, ""


def _workspace(body: Any) -> str:
    app = body.get("app") if isinstance(body, dict) else None
    return str(app.get("id_code") or "") if isinstance(app, dict) else ""


def _values(
    wanted: set[str], sources: list[tuple[Repository, ScanMatches]], engine: SecretEngine
) -> Mapping[str, SecretStr]:
    found: dict[str, SecretStr] = {}
    for repository, matches in sources:
        origins = [
            origin
            for origin, found_there in matches.by_origin.items()
            if any(match.fingerprint in wanted for _, match in found_there)
        ]
        for item in _items(repository, origins):
            for part in unpack(item.path, item.data):
                found |= engine.values(part.data, item.path)
            if wanted <= found.keys():
                break
    return {one: value for one, value in found.items() if one in wanted}


def _items(repository: Repository, origins: Iterable[Origin]) -> Iterator[ScanItem]:
    stored = (OriginKind.BLOB, OriginKind.COMMIT, OriginKind.TAG)
    oids = [origin.name for origin in origins if origin.kind in stored]
    yield from read_objects(repository, list(named_objects(repository, oids)))
    for origin in origins:
        if origin.kind is OriginKind.FILE and repository.tree:
            yield from read_file(repository.tree / origin.name, origin)
        if origin.kind is OriginKind.GIT_FILE and repository.git_dir:
            below = Path(origin.name).relative_to(".git")
            yield from read_file(repository.git_dir / below, origin)
