"""From a known-bad release to replaced secrets: what it may have reached, and what to do.

The lockfile says from when to when a repository pinned the release. The commits of that time name
the people who worked in it, the CI files the jobs that ran and the secrets they were given. What
the runbook can prove, it proves (the ledger of rotations); the rest a person signs for, step by
step, and the progress is kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from helpers.core.context import Context
from helpers.core.errors import ConfigurationError, StateError, UsageError
from helpers.core.model import Datum, Status
from helpers.core.redaction import sanitize
from helpers.core.settings import read_bounded
from helpers.dependencies.osv import AdvisoryIndex, delivered_advisories
from helpers.dependencies.records import BadRelease, DependencySearch
from helpers.dependencies.search import search_repositories
from helpers.exposure.items import printable
from helpers.exposure.repository import Repository, open_repository
from helpers.report.markdown import code, escape
from helpers.rotation.ages import parse_time
from helpers.rotation.session import open_ledger
from helpers.rotation.transitions import State
from helpers.system.files import write_private
from helpers.workflows.incident import WorkspaceActivity, activity_section, activity_since

__all__ = ["RecoveryStep", "SupplyChainIncident", "collect_supply_chain", "recovery_report", "sign"]

_PROGRESS: Final = "supply-chain.json"  # in the state folder of the workspace
_MOST_PEOPLE: Final = 200
_CI_FILES: Final = (
    ".gitlab-ci.yml",
    ".circleci/config.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "Jenkinsfile",
)
_CI_SECRET: Final = re.compile(
    r"secrets\.([A-Za-z_]\w*)|credentials\(['\"]([\w.-]+)['\"]\)"
    r"|\$\{?([A-Z][A-Z0-9_]*(?:TOKEN|SECRET|KEY|PASSWORD)[A-Z0-9_]*)"
)
_VARIABLE: Final = re.compile(r"^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=", re.MULTILINE)
_KEY_COMMANDS: Final = {
    "INTERCOM_ACCESS_TOKEN": "access-token",
    "INTERCOM_CLIENT_SECRET": "client-secret",
    "INTERCOM_IDENTITY_SECRET": "identity-secret",
}


@dataclass(frozen=True)
class RecoveryStep:
    """One step of the recovery, in its order. `done` says what proves it, or who signed for it."""

    name: str
    text: str
    done: str = ""
    by_person: bool = True


@dataclass(frozen=True)
class SupplyChainIncident:
    """What a bad release may have reached. Times are UTC; `until` is None while it is pinned."""

    found: DependencySearch
    since: datetime | None = None
    until: datetime | None = None
    people: tuple[str, ...] = ()
    ci_files: tuple[str, ...] = ()
    ci_secrets: tuple[str, ...] = ()
    env_variables: tuple[tuple[str, str], ...] = ()  # file and name
    unread: tuple[str, ...] = ()  # env files and CI files
    steps: tuple[RecoveryStep, ...] = ()
    activity: Datum[WorkspaceActivity] | None = None

    @property
    def releases(self) -> tuple[BadRelease, ...]:
        """The bad ones; what a person has to decide is not among them."""
        return tuple(one for one in self.found.releases if one.status is Status.FAIL)

    @property
    def open_steps(self) -> tuple[RecoveryStep, ...]:
        """What is left to do."""
        return tuple(step for step in self.steps if not step.done)


def collect_supply_chain(context: Context) -> SupplyChainIncident:
    """Search the repository, and work out what the release may have reached.

    Raises CollectionError where the repository can't be read, and StateError.
    """
    index = AdvisoryIndex.of(delivered_advisories())
    found = search_repositories([context.repo], index)
    bad = [one for one in found.releases if one.status is Status.FAIL]
    if not bad:
        return SupplyChainIncident(found)
    repo, repository = context.repo, open_repository(context.repo)
    since, until = _window(bad)
    unread: list[str] = []
    ci = list(_texts(repo, _ci_files(repo), unread))
    env = list(_texts(repo, _env_files(repo), unread))
    return SupplyChainIncident(
        found=found,
        since=since,
        until=until,
        people=tuple(_people(repository, since, until)),
        ci_files=tuple(name for name, _ in ci),
        ci_secrets=tuple(_ci_secrets(ci)),
        env_variables=tuple((name, found) for name, text in env for found in _names(text)),
        unread=tuple(unread),
        steps=tuple(_steps(context, since)),
        activity=activity_since(context, since) if since else None,
    )


def sign(context: Context, step: str, person: str) -> None:
    """Record that a person has done a step.

    Raises UsageError for an unknown step, one that only the ledger proves, or no name.
    """
    steps = {one.name: one for one in _steps(context, None)}
    if not person.strip():
        raise UsageError("A step needs the name of the person who did it.", "Add --by NAME.")
    if step not in steps or not steps[step].by_person:
        known = ", ".join(name for name, one in steps.items() if one.by_person)
        why = "is proven by a rotation" if step in steps else "does not exist"
        raise UsageError(f"The step {step!r} {why}.", f"A person signs for: {known}.")
    progress = dict(_progress(context.state))
    progress[step] = {"by": person.strip(), "at": f"{context.clock():%Y-%m-%d}"}
    write_private(context.state / _PROGRESS, json.dumps(progress, indent=2) + "\n")
    context.record("incident.step", resource=step, result="done", by=person.strip())


def _window(bad: Sequence[BadRelease]) -> tuple[datetime | None, datetime | None]:
    """From the first commit that brought one to the last that removed one."""
    places = [place for one in bad for place in one.places]
    since = min((place.added for place in places if place.added), default=None)
    gone = [place.removed for place in places]
    return since, max((one for one in gone if one), default=None) if all(gone) else None


def _people(
    repository: Repository, since: datetime | None, until: datetime | None
) -> Iterator[str]:
    """Who committed while the release was pinned: each may have installed it."""
    if repository.common is None or since is None:
        return
    bounds = [f"--since={since.isoformat()}", *([f"--until={until.isoformat()}"] if until else [])]
    listed = repository.git("log", "--all", "--format=%aN <%aE>", *bounds)
    names = dict.fromkeys(listed.decode("utf-8", "backslashreplace").splitlines())
    yield from (printable(name) for name in list(names)[:_MOST_PEOPLE])


def _ci_files(repo: Path) -> Iterator[str]:
    folder = repo / ".github" / "workflows"
    if not folder.is_symlink() and not folder.parent.is_symlink():
        yield from (f".github/workflows/{path.name}" for path in sorted(folder.glob("*.y*ml")))
    yield from (name for name in _CI_FILES if (repo / name).is_file())


def _env_files(repo: Path) -> Iterator[str]:
    yield from (path.name for path in sorted(repo.glob(".env*")) if path.name != ".env.example")


def _texts(repo: Path, names: Iterable[str], unread: list[str]) -> Iterator[tuple[str, str]]:
    """Name and text of each file. Links are not followed; what can't be read joins `unread`."""
    for name in names:
        path = repo / name
        try:
            if path.is_symlink() or path.parent.is_symlink():
                unread.append(printable(name))
                continue
            yield printable(name), read_bounded(path).decode("utf-8", "replace")
        except ConfigurationError:
            unread.append(printable(name))


def _ci_secrets(texts: Iterable[tuple[str, str]]) -> Iterator[str]:
    found = {
        next(filter(None, match.groups()))
        for _, text in texts
        for match in _CI_SECRET.finditer(text)
    }
    yield from sorted(found)


def _names(text: str) -> list[str]:
    return list(dict.fromkeys(_VARIABLE.findall(text)))


def _steps(context: Context, since: datetime | None) -> Iterator[RecoveryStep]:
    """The recovery in its order: what planted itself goes first, then what opens the most."""
    signed = _progress(context.state)

    def step(name: str, text: str) -> RecoveryStep:
        note = signed.get(name, {})
        done = f"signed by {note['by']} on {note['at']}" if note else ""
        return RecoveryStep(name, text, done)

    yield step(
        "isolate",
        "Take every machine and CI runner above off the network, and keep its disk as evidence.",
    )
    yield step(
        "planted-files",
        "From a clean machine, remove what the malware planted (`.claude`, `.vscode`) in every "
        "clone: a later wave is said to wipe a machine when its token is revoked.",
    )
    yield step("github-npm", "Revoke the GitHub and npm tokens of the people and jobs above.")
    yield step("cloud-ci-ssh", "Replace cloud keys, SSH keys and every CI secret above.")
    yield from _key_steps(context, since)
    yield step(
        "caches", "Delete the package managers' caches and the images of that time, and rebuild."
    )
    yield step(
        "strangers",
        "Look for repositories, workflows, releases and deploy keys that nobody made since then.",
    )
    yield step("activity", "Read Intercom's activity since then: `runbook review` (notebook 08).")


def _key_steps(context: Context, since: datetime | None) -> Iterator[RecoveryStep]:
    """One for each Intercom key: done once the ledger proves that the key was replaced since."""
    held = [one for one in context.settings.credentials() if one.variable in _KEY_COMMANDS]
    with open_ledger(context) as ledger:
        entries = ledger.entries()
    for key in held:
        replaced = [
            entry
            for entry in entries
            if entry.variable == key.variable
            and entry.state is State.DONE
            and entry.new_fingerprint == key.fingerprint
            and since is not None
            and parse_time(entry.opened_at) >= since
        ]
        done = ""
        if replaced:
            done = f"replaced on {replaced[-1].moved_at[:10]}, the old one proven dead"
        command = f"`runbook rotate {_KEY_COMMANDS[key.variable]} --compromised`"
        text = f"Replace {key.variable} ({key.fingerprint}): {command}."
        yield RecoveryStep(_KEY_COMMANDS[key.variable], text, done, by_person=False)


def _progress(state: Path) -> Mapping[str, Mapping[str, str]]:
    """Who signed for which step. Raises StateError for a file that is not understood."""
    path = state / _PROGRESS
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text("utf-8"))
        return {str(k): {"by": str(v["by"]), "at": str(v["at"])} for k, v in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise StateError(
            f"{path} can't be read, so it is not known which steps were done.",
            "Move it away; then sign for each step again.",
        ) from None


def recovery_report(incident: SupplyChainIncident) -> str:
    """The incident and its recovery, as Markdown. Names from outside are escaped."""
    return "\n".join(_lines(incident)) + "\n"


def _lines(incident: SupplyChainIncident) -> Iterator[str]:
    yield from ("# Incident: a known-bad release", "")
    yield from _unread(incident.found)
    if not incident.releases:
        lockfiles = incident.found.lockfiles
        yield f"No known-bad release was found in {lockfiles} lockfiles, in every commit."
        return
    yield from _exposure(incident)
    yield from ("", "## Who may have run it", "")
    yield from _reached(incident)
    yield from ("", "## What it could read", "")
    yield from _readable(incident)
    yield from ("", "## Recovery, in this order", "")
    yield from (_step_line(number, step) for number, step in enumerate(incident.steps, 1))
    left = len(incident.open_steps)
    yield from ("", f"{left} of {len(incident.steps)} steps are open." if left else "All is done.")
    if incident.activity is not None and incident.since:
        yield from ("", f"## In the workspace since {incident.since:%Y-%m-%d}", "")
        yield from activity_section(incident.activity)


def _unread(found: DependencySearch) -> Iterator[str]:
    if found.unread:
        one, count = found.unread[0], len(found.unread)
        named = f"{code(one.name or one.repository)}: {escape(one.reason)}"
        yield f"NOT READ: {count} files or parts of the history, such as {named}"
        yield ""


def _exposure(incident: SupplyChainIncident) -> Iterator[str]:
    for release in incident.releases:
        yield f"- {escape(release.subject)}: {escape(release.summary)}"
        for place in release.places:
            by = f" by {escape(place.author)} ({place.added_in[:10]})" if place.added_in else ""
            start = f", added {place.added:%Y-%m-%d %H:%M}{by}" if place.added else ""
            end = f", removed {place.removed:%Y-%m-%d %H:%M}" if place.removed else ""
            yield f"  - {code(place.path)}{start}{end}"
    if incident.until is None:
        yield from ("", "IT IS STILL PINNED OR INSTALLED SOMEWHERE: remove it first.")


def _reached(incident: SupplyChainIncident) -> Iterator[str]:
    if incident.since is None:
        yield "No commit dates the release, so the time is not known: ask everybody."
        return
    end = f"{incident.until:%Y-%m-%d %H:%M}" if incident.until else "today"
    yield f"Everyone who installed the dependencies from {incident.since:%Y-%m-%d %H:%M} to {end}."
    yield "The repository does not record installs. In that time, these people committed to it:"
    yield ""
    yield from _listed(incident.people, "nobody")
    yield from ("", "and these files run jobs that may have installed them:", "")
    yield from _listed(map(code, incident.ci_files), "none that is known by name")


def _readable(incident: SupplyChainIncident) -> Iterator[str]:
    yield "The machine of each of them: SSH, GitHub, npm and cloud credentials. Besides:"
    yield ""
    files: dict[str, list[str]] = {}
    for file, name in incident.env_variables:
        files.setdefault(file, []).append(name)
    variables = (f"{code(file)}: {', '.join(map(code, names))}" for file, names in files.items())
    yield from _listed(variables, "no env file beside the repository")
    secrets = ", ".join(map(code, incident.ci_secrets))
    yield f"- CI secrets, by name: {secrets}" if secrets else "- CI files name no secret"
    if incident.unread:
        yield f"- NOT READ: {', '.join(map(code, incident.unread))}. Open them yourself."


def _listed(items: Iterable[str], empty: str) -> Iterator[str]:
    found = [f"- {item if item.startswith('`') else escape(item)}" for item in items]
    yield from found or [f"- {empty}"]


def _step_line(number: int, step: RecoveryStep) -> str:
    mark = "x" if step.done else " "
    done = f" **Done:** {escape(step.done)}." if step.done else ""
    how = "" if step.done or not step.by_person else f" (then: `--done {step.name} --by NAME`)"
    return f"{number}. [{mark}] {sanitize(step.text)}{done}{how}"
