"""Which secrets lie where others can find them, how severe is each, and what to do about it?"""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from helpers.core.catalog import check
from helpers.core.click_paths import click_path
from helpers.core.model import (
    Effort,
    Evidence,
    FilePlace,
    Outcome,
    Resource,
    Severity,
    failed,
    not_applicable,
    unclear,
)
from helpers.exposure.checks.coverage import clean
from helpers.exposure.records import (
    ConfiguredSecret,
    LeakedSecret,
    Liveness,
    Place,
    PlaceKind,
    ScanCoverage,
)

__all__ = [
    "configured_secrets_are_not_exposed",
    "mobile_keys_are_known",
    "no_intercom_secret_is_exposed",
    "no_other_secret_is_exposed",
]

_REPOSITORY = Resource(kind="repository", key="repository", name="the repository")
_CONTROLS = ("SOC 2 CC6.1", "ISO 27001 A.5.17", "ISO 27001 A.8.12", "NIST CSF PR.AA-01")
_REMEDIATION = (
    "Rotate the secret at once (notebook 03), before anything else.",
    "Only then clean the history, if you must: `git filter-repo --replace-text expressions.txt`.",
    "Prevent the next leak: run `runbook scan --staged` as a pre-commit hook.",
)
_ROTATION = {
    "access_token": f"Regenerate the token: {click_path('hub_app_workspaces')} > Regenerate token.",
    "client_secret": f"Replace the client secret: {click_path('hub_app_basics')}. "
    "It also signs webhooks and Canvas Kit requests: every receiver needs the new one.",
    "identity_secret": f"Create a new one: {click_path('messenger_security')}. The old one "
    "keeps working until you delete it.",
    "legacy_api_key": "Delete the API key; today the API accepts access tokens only.",
    "fin_agent_secret": "Create a new Fin Agent webhook secret, and give it to every receiver of "
    "Fin Agent events: it signs them.",
    "fin_agent_key": "Create a new Fin Agent API key and delete this one. Its holder names the end "
    "user, so it acts for any customer.",
    "mcp_token": "Revoke the token at Intercom and connect the MCP client with OAuth, or refer to "
    "a variable (`${INTERCOM_TOKEN}`) in its file.",
}
_MCP = (
    "An MCP client used it. Such a token reads conversations, contacts, companies and articles, "
    "and `create_article` and `update_article` may write to the help center with it. Keep it out "
    "of the client's file: refer to a variable there."
)
_GUIDED = frozenset({"access_token", "client_secret", "identity_secret"})
_OUTSIDE_GIT = frozenset({PlaceKind.UNTRACKED, PlaceKind.IGNORED})
_MESSAGES = frozenset({PlaceKind.COMMIT_MESSAGE, PlaceKind.TAG_MESSAGE})
_IN_FILES = _OUTSIDE_GIT | {PlaceKind.HISTORY, PlaceKind.INDEX, PlaceKind.TRACKED}
_MOST_PLACES = 8  # in a finding; the facts hold more


@check(
    id="EXP-001",
    step="exposure",
    title="The repository contains no Intercom secret",
    fails="An Intercom secret is in the repository",
    severity=Severity.HIGH,
    effort=Effort.HOURS,
    remediation=_REMEDIATION,
    references=("https://developers.intercom.com/docs/build-an-integration/learn-more/security",),
    controls=_CONTROLS,
    checklist="keys_in_variables",
)
def no_intercom_secret_is_exposed(
    leaks: tuple[LeakedSecret, ...], leaks_total: int, coverage: ScanCoverage
) -> Iterator[Outcome]:
    """Everyone who clones the repository can read a committed secret, even after it is deleted.

    EXP-002 judges secrets that are configured right now, which is more urgent.

    PASS: no Intercom secret was found outside an ignored env file.
    FAIL: one was found in a commit, a message, a stash, a dropped object, the index, or a file.
    MANUAL: none was found, and some objects or files could not be searched (EXP-005 lists them).
    NOT_APPLICABLE: never, because every repository can be searched.
    ERROR: the repository could not be read, or part of its history is not there.
    """
    found = [
        leak
        for leak in leaks
        if leak.intercom
        and not leak.configured_as
        and leak.kind != "mobile_sdk_key"
        and _is_exposed(leak)
    ]
    for leak in found:
        yield _failure(leak, f"The repository contains an {leak.title}.")
    if not found:
        left_out = leaks_total - len(leaks)
        yield clean(_REPOSITORY, "It contains no other Intercom secret.", coverage, left_out)


@check(
    id="EXP-002",
    step="exposure",
    title="The repository contains no secret that is in use",
    fails="A secret in use is in the repository",
    incident=True,
    severity=Severity.CRITICAL,
    effort=Effort.HOURS,
    remediation=_REMEDIATION,
    controls=(*_CONTROLS, "NIST CSF RS.MA-01"),
    checklist="keys_in_variables",
)
def configured_secrets_are_not_exposed(
    leaks: tuple[LeakedSecret, ...],
    leaks_total: int,
    coverage: ScanCoverage,
    configured: tuple[ConfiguredSecret, ...],
) -> Iterator[Outcome]:
    """A leaked secret that is in use right now opens the workspace: nothing is more urgent.

    The check compares fingerprints and needs no network.

    PASS: the secret of this variable was found nowhere except in an ignored env file.
    FAIL: it was found somewhere else.
    MANUAL: none was found, and some objects or files could not be searched (EXP-005 lists them).
    NOT_APPLICABLE: no secret is configured.
    ERROR: the repository could not be read, or part of its history is not there.
    """
    exposed = [leak for leak in leaks if _is_exposed(leak)]
    by_name = {leak.configured_as: leak for leak in exposed if leak.configured_as}
    by_name |= {leak.fingerprint: leak for leak in exposed}
    nameless = [leak for leak in exposed if not leak.fingerprint and not leak.configured_as]
    for lost in nameless:
        yield unclear(_resource(lost), "A secret without a fingerprint can't be compared.")
    for one in configured:
        leak = by_name.get(one.fingerprint) or by_name.get(one.variable)
        if not one.fingerprint and not leak:
            variable = Resource(kind="variable", key=one.variable)
            yield unclear(variable, "Its secret has no fingerprint to compare.")
        elif leak:
            yield _failure(leak, f"The secret in {one.variable}, which is in use, is exposed.")
        else:
            variable = Resource(kind="variable", key=one.variable)
            left_out = leaks_total - len(leaks)
            yield clean(variable, "Its secret is not exposed.", coverage, left_out)
    if not configured:
        yield not_applicable(_REPOSITORY, "No secret is configured to compare with.")


@check(
    id="EXP-003",
    step="exposure",
    title="The repository contains no other provider's secret",
    fails="Another provider's secret is in the repository",
    severity=Severity.HIGH,
    effort=Effort.HOURS,
    remediation=_REMEDIATION,
    controls=_CONTROLS,
)
def no_other_secret_is_exposed(
    leaks: tuple[LeakedSecret, ...], leaks_total: int, coverage: ScanCoverage
) -> Iterator[Outcome]:
    """A repository that uses Intercom uses other services too, and their keys leak the same way.

    PASS: no other provider's secret was found outside an ignored env file.
    FAIL: one was found.
    MANUAL: none was found, and some objects or files could not be searched (EXP-005 lists them).
    NOT_APPLICABLE: never, because every repository can be searched.
    ERROR: the repository could not be read, or part of its history is not there.
    """
    found = [leak for leak in leaks if not leak.intercom and _is_exposed(leak)]
    for leak in found:
        yield _failure(leak, f"The repository contains another provider's secret ({leak.title}).")
    if not found:
        left_out = leaks_total - len(leaks)
        yield clean(_REPOSITORY, "It contains no other provider's secret.", coverage, left_out)


@check(
    id="EXP-004",
    step="exposure",
    title="Mobile SDK keys in the repository are accepted",
    fails="A mobile SDK key is in the repository and not accepted",
    severity=Severity.LOW,
    remediation=(
        "Nothing to rotate: a mobile SDK key ships in every copy of the app.",
        (
            "Enforce identity verification for iOS and Android, so that the key alone opens "
            f"nothing ({click_path('messenger_security')})."
        ),
        "Waive the finding with an owner and a date once that is done.",
    ),
    controls=("ISO 27001 A.5.17",),
)
def mobile_keys_are_known(
    leaks: tuple[LeakedSecret, ...], leaks_total: int, coverage: ScanCoverage
) -> Iterator[Outcome]:
    """A mobile SDK key is meant to ship, which is harmless only with identity verification.

    PASS: the repository contains none.
    FAIL: it contains one; it does not show whether identity verification is enforced.
    MANUAL: none was found, and some objects or files could not be searched (EXP-005 lists them).
    NOT_APPLICABLE: never, because every repository can be searched.
    ERROR: the repository could not be read, or part of its history is not there.
    """
    found = [leak for leak in leaks if leak.kind == "mobile_sdk_key" and _is_exposed(leak)]
    for leak in found:
        yield failed(
            _resource(leak),
            "It ships with the app; make sure that it opens nothing.",
            *_evidence(leak),
        )
    if not found:
        left_out = leaks_total - len(leaks)
        yield clean(_REPOSITORY, "It contains no mobile SDK key.", coverage, left_out)


def _is_exposed(leak: LeakedSecret) -> bool:
    """Whether it lies where others may find it; a secret of unknown place does."""
    return not leak.places or any(not place.is_ignored_env_file for place in leak.places)


def _failure(leak: LeakedSecret, lead: str) -> Outcome:
    return failed(
        _resource(leak),
        f"{lead} {_extent(leak)}",
        *_evidence(leak),
        severity=_severity(leak),
        remediation=_mitigation(leak),
    )


def _resource(leak: LeakedSecret) -> Resource:
    """Identify the secret by its fingerprint: a waiver survives a rebase and hides no other one."""
    return Resource(
        kind="secret", key=leak.fingerprint, name=f"{leak.title} {leak.fingerprint} {leak.shape}"
    )


def _severity(leak: LeakedSecret) -> Severity:
    """Follow what the secret opens: Intercom's own and in use first, passwords and examples last.

    Critical if a stranger may use an Intercom secret now; low if it opens nothing that is known.
    """
    if leak.liveness is Liveness.REVOKED or leak.kind == "mobile_sdk_key":
        return Severity.LOW
    if leak.liveness is Liveness.LIVE or leak.configured_as:
        return Severity.CRITICAL if leak.committed else Severity.HIGH
    if leak.generic or leak.example_only:
        return Severity.LOW
    if not leak.committed or leak.kind == "legacy_api_key":
        return Severity.MEDIUM
    current = leak.intercom and leak.at_head and leak.on_remote
    return Severity.CRITICAL if current else Severity.HIGH


def _extent(leak: LeakedSecret) -> str:
    where = "committed" if leak.committed else "in files outside git"
    if leak.staged:
        where = "staged, not committed yet"
    if leak.committed and leak.gone:
        where = f"in the history, although it was removed on {leak.gone:%Y-%m-%d}"
    return f"It is {where}. {_state(leak)}"


def _state(leak: LeakedSecret) -> str:
    if leak.liveness is Liveness.REVOKED:
        return "It is revoked."
    if leak.liveness is Liveness.LIVE:
        workspace = f" and opens the workspace {leak.workspace}" if leak.workspace else ""
        return f"It is live{workspace}."
    if leak.liveness is Liveness.UNKNOWN:
        return "Whether it still works is unknown: the check with Intercom gave no clear answer."
    if leak.kind == "access_token":
        return "Not checked against Intercom (use `runbook scan --verify`)."
    return "Whether it still works was not checked."


def _evidence(leak: LeakedSecret) -> tuple[Evidence, ...]:
    """Return the first places, each with what is known about it."""
    places = [place for place in leak.places if not place.is_ignored_env_file]
    listed = tuple(_place_evidence(place) for place in places[:_MOST_PLACES])
    more = leak.places_total - (len(leak.places) - len(places)) - len(listed)
    return (*listed, Evidence(what=f"and {more} more places")) if more > 0 else listed


def _place_evidence(place: Place) -> Evidence:
    where = f"{place.where}:{place.line}" if place.line else place.where
    what = ", ".join((str(place.kind), *_details(place)))
    return Evidence(what=what, where=where, place=_file(place))


def _file(place: Place) -> FilePlace | None:
    """Return the file; lines of an archive's member or of a cell are not lines of the file."""
    if place.kind not in _IN_FILES:
        return None
    path = f"{place.repository}/{place.path}" if place.repository else place.path
    return FilePlace(path=path, line=0 if place.inner else place.line, commit=place.commit)


def _details(place: Place) -> Iterator[str]:
    if place.commit:
        yield f"commit {place.commit[:12]}"
    if place.author:
        yield f"by {place.author}"
    if place.first:
        yield f"since {place.first:%Y-%m-%d}"
    if place.gone:
        yield f"removed {place.gone:%Y-%m-%d}"
    if not place.reachable:
        yield "no branch reaches it"
    if place.on_remote:
        yield "on the remote"


def _mitigation(leak: LeakedSecret) -> tuple[str, ...]:
    """Return the steps in order, with exact commands: revoke, then clean, then prevent."""
    if leak.staged and leak.liveness is not Liveness.REVOKED:
        return (*_unstage(), *_prevent())
    return (*_rotate(leak), *_clean(leak), *_prevent())


def _unstage() -> Iterator[str]:
    yield (
        "It is in no commit yet: remove it from the file, then run `git restore --staged PATH`, or "
        "`git add PATH` again. If it was nowhere else, you need not rotate it."
    )
    yield "Then drop the object that `git add` wrote: `git gc --prune=now`."


def _rotate(leak: LeakedSecret) -> Iterator[str]:
    if leak.liveness is Liveness.REVOKED:
        yield "It is already revoked: there is nothing to rotate."
        return
    yield (
        "Rotate it at once, before anything else: whoever has a clone has the secret. For a "
        "compromised key, revoke it first, then replace it."
    )
    if not leak.intercom:
        yield "Revoke it at its provider, and read the provider's log from the day it leaked."
        return
    if leak.kind in _GUIDED:
        key = leak.configured_as or f"INTERCOM_{leak.kind.upper()}"
        name = key.removeprefix("INTERCOM_").lower().replace("_", "-")
        yield f"`runbook rotate {name} --compromised` (notebook 03) guides you through it."
    yield _ROTATION[leak.kind]
    if leak.kind == "mcp_token" or any(place.is_mcp_file for place in leak.places):
        yield _MCP
    yield "Then read the activity log (notebook 08) from the day it leaked."


def _clean(leak: LeakedSecret) -> Iterator[str]:
    if any(p.kind in _OUTSIDE_GIT and not p.is_ignored_env_file for p in leak.places):
        yield "Delete the files outside git that hold it, or move it into an ignored `.env`."
    if any(place.kind is PlaceKind.INDEX for place in leak.places):
        yield "Unstage it: `git restore --staged PATH`."
    if not leak.committed:
        return
    reachable = [place for place in leak.places if place.commit and place.reachable]
    if reachable:
        yield from _rewrite(reachable)
    yield (
        "Then drop what no branch reaches: `git reflog expire --expire=now --all && "
        "git gc --prune=now`, in every clone."
    )


def _rewrite(places: list[Place]) -> Iterator[str]:
    flag = "--replace-text"
    if any(place.kind in _MESSAGES for place in places):
        flag = "--replace-message expressions.txt --replace-text"
    yield (
        "Only after rotating, clean the history if you must: write the secret on a line of its own "
        f"in expressions.txt, and run `git filter-repo {flag} expressions.txt`."
    )
    paths = sorted({place.path for place in places if place.kind is PlaceKind.HISTORY})
    if len(paths) == 1 and not any(place.at_head for place in places):
        yield (
            "Or remove the file from the whole history: "
            f"`git filter-repo --invert-paths --path {quote(paths[0])}`."
        )
    first = min(places, key=lambda place: (place.first is None, place.first))
    yield (
        f"The cost: every commit since {first.commit[:12]} gets a new id, everyone has to clone "
        "again, open branches and signatures break, and forks, caches and mirrors keep the old "
        "commits. A rotated secret in the history does no harm."
    )


def _prevent() -> Iterator[str]:
    yield "Prevent the next leak: run `runbook scan --staged` as a pre-commit hook."
