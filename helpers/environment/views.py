"""The environment step, as a notebook shows it."""

from __future__ import annotations

from helpers.core.model import Datum, Known, Unavailable
from helpers.core.view import View, prose, stack, table
from helpers.environment.records import EnvironmentFacts, ProfileCredentials

__all__ = ["env_files", "overview", "profiles"]


def _missing(datum: Datum[object]) -> View:
    reason = datum.reason if isinstance(datum, Unavailable) else ""
    return prose(f"Not read: {reason}")


def overview(facts: EnvironmentFacts) -> View:
    """The variables that hold secrets, and the workspace that answers to the token."""
    if isinstance(facts.variables, Unavailable):
        return _missing(facts.variables)
    rows = [
        (v.name, v.shape.value, v.origin or "–", v.fingerprint or "–")
        for v in facts.variables.value
    ]
    columns = ("variable", "value", "set by", "fingerprint")
    return stack(table(columns, rows, empty="No variable holds a secret."), _workspace(facts))


def _workspace(facts: EnvironmentFacts) -> View:
    if isinstance(facts.workspace, Unavailable):
        return _missing(facts.workspace)
    workspace = facts.workspace.value
    return prose(
        f"The access token belongs to the workspace {workspace.name} ({workspace.app_id}), "
        f"region {workspace.region or 'unknown'}."
    )


def env_files(facts: EnvironmentFacts) -> View:
    """Each env file and each name that must be ignored: what git and the file system say."""
    if isinstance(facts.ignore_rules, Unavailable):
        return _missing(facts.ignore_rules)
    known = facts.env_files.value if isinstance(facts.env_files, Known) else ()
    files = {env_file.name: env_file for env_file in known}
    rows = []
    for rule in facts.ignore_rules.value:
        found = files.get(rule.name)
        rows.append(
            (
                rule.name,
                f"yes, by {rule.rule}" if rule.ignored else "NO",
                "–" if found is None else "YES" if found.tracked else "no",
                found.mode if found else "no such file",
            )
        )
    return table(("file", "ignored", "tracked", "mode"), rows, empty="There is no env file.")


def profiles(facts: EnvironmentFacts) -> View:
    """The environments side by side: a fingerprint that stands twice is a shared key."""
    if isinstance(facts.profiles, Unavailable):
        return _missing(facts.profiles)
    columns = ("variable", *(profile.profile for profile in facts.profiles.value))
    names = sorted({name for p in facts.profiles.value for name, _ in p.fingerprints})
    rows = [(name, *(_held(profile, name) for profile in facts.profiles.value)) for name in names]
    workspaces = ("workspace", *(profile.app_id or "–" for profile in facts.profiles.value))
    return table(columns, [*rows, workspaces], empty="No environment has a key here.")


def _held(profile: ProfileCredentials, name: str) -> str:
    return dict(profile.fingerprints).get(name, "–")
