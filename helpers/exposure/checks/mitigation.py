"""What to do about a leak, in order: make the secret worthless, then clean, then prevent."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from helpers.exposure.checks.weighing import at_home
from helpers.exposure.records import Leak, Liveness, Place, PlaceKind

__all__ = ["mitigation"]

_ROTATED = {
    "access_token": "Regenerate the token: Developer Hub > your app > Test & Publish > Your "
    "Workspaces > Regenerate token.",
    "client_secret": "Regenerate the client secret: Developer Hub > your app > Basic Information. "
    "It signs webhooks and Canvas Kit too: every receiver needs the new one.",
    "identity_secret": "Make a new identity secret: Settings > Messenger > Security; the old one "
    "keeps working until it is deleted.",
    "legacy_api_key": "Delete the API key; the API takes access tokens alone today.",
}
_GUIDED = frozenset({"access_token", "client_secret", "identity_secret"})
_OUTSIDE = frozenset({PlaceKind.UNTRACKED, PlaceKind.IGNORED})
_MESSAGES = frozenset({PlaceKind.COMMIT_MESSAGE, PlaceKind.TAG_MESSAGE})


def mitigation(leak: Leak) -> tuple[str, ...]:
    """The steps, with the exact commands."""
    if leak.staged and leak.liveness is not Liveness.REVOKED:
        return (*_unstage(), *_prevent())
    return (*_rotate(leak), *_clean(leak), *_prevent())


def _unstage() -> Iterator[str]:
    yield (
        "No commit has it yet: take it out of the file, then `git restore --staged PATH`, or "
        "`git add PATH` once more. If it was nowhere else, it need not be rotated."
    )
    yield "Then drop the object that `git add` wrote: `git gc --prune=now`."


def _rotate(leak: Leak) -> Iterator[str]:
    if leak.liveness is Liveness.REVOKED:
        yield "It is revoked already: nothing needs to be rotated."
        return
    yield (
        "Rotate it at once, before anything else: whoever has a clone has the secret. Order for a "
        "compromised key: revoke first, then replace."
    )
    if leak.intercom:
        if leak.kind in _GUIDED:
            key = leak.configured_as or f"INTERCOM_{leak.kind.upper()}"
            name = key.removeprefix("INTERCOM_").lower().replace("_", "-")
            yield f"`runbook rotate {name} --compromised` (notebook 03) leads through it."
        yield _ROTATED[leak.kind]
        yield "Then read the activity log (notebook 07) from the day it leaked on."
    else:
        yield "Revoke it at its provider, and read the provider's log from the day it leaked on."


def _clean(leak: Leak) -> Iterator[str]:
    if any(place.kind in _OUTSIDE and not at_home(place) for place in leak.places):
        yield "Delete the files outside git that hold it, or move it into an ignored `.env`."
    if any(place.kind is PlaceKind.INDEX for place in leak.places):
        yield "Unstage it: `git restore --staged PATH`."
    if not leak.committed:
        return
    living = [place for place in leak.places if place.commit and place.reachable]
    if living:
        yield from _rewrite(living)
    yield (
        "Then drop what no branch reaches: `git reflog expire --expire=now --all && "
        "git gc --prune=now`, in every clone."
    )


def _rewrite(living: list[Place]) -> Iterator[str]:
    flag = "--replace-text"
    if any(place.kind in _MESSAGES for place in living):
        flag = "--replace-message expressions.txt --replace-text"
    yield (
        "Only after rotating, clean the history if you must: write the secret into "
        f"expressions.txt, a line by itself, and run `git filter-repo {flag} expressions.txt`."
    )
    paths = sorted({place.path for place in living if place.kind is PlaceKind.HISTORY})
    if len(paths) == 1 and not any(place.at_head for place in living):
        yield (
            "Or remove the file from all history: "
            f"`git filter-repo --invert-paths --path {quote(paths[0])}`."
        )
    first = min(living, key=lambda place: (place.first is None, place.first))
    yield (
        f"The cost: every commit from {first.commit[:12]} on gets a new id, everyone has to clone "
        "anew, open branches and signatures break, and forks, caches and mirrors keep the old "
        "commits. A rotated secret in the history harms nobody."
    )


def _prevent() -> Iterator[str]:
    yield "Keep it from coming back: `runbook scan --staged` as a pre-commit hook."
