"""Are the env files out of reach: ignored, untracked, private, and the example empty?"""

from __future__ import annotations

from collections.abc import Iterator

from helpers.core.catalog import check
from helpers.core.model import (
    Effort,
    Evidence,
    Outcome,
    Resource,
    Severity,
    failed,
    not_applicable,
    passed,
)
from helpers.environment.records import (
    EnvFile,
    ExampleFile,
    IgnoreRule,
)


def _file(name: str) -> Resource:
    return Resource(kind="file", key=name)


@check(
    id="ENV-003",
    step="environment",
    title="Git ignores env files",
    fails="Git does not ignore an env file",
    severity=Severity.HIGH,
    remediation=(
        (
            "Add these lines to .gitignore: `.env`, `.env.local`, `.env.*.local`, and those of "
            "each profile."
        ),
        "Or run `./runbook init`, which shows the change first.",
    ),
    references=("https://git-scm.com/docs/git-check-ignore",),
    controls=("ISO 27001 A.8.12", "NIST CSF PR.PS-01", "CIS 4.1"),
    checklist="env_ignored",
)
def env_files_are_ignored(ignore_rules: tuple[IgnoreRule, ...]) -> Iterator[Outcome]:
    """An env file that git ignores can't be committed by mistake. Git itself is asked.

    PASS: `git check-ignore` names a rule of the repository's .gitignore for the file.
    FAIL: no rule covers it, or only one that other clones do not have, such as .git/info/exclude.
    MANUAL: never, as git knows.
    NOT_APPLICABLE: never, as the usual names are always tried.
    ERROR: git could not be asked.
    """
    for rule in ignore_rules:
        resource = _file(rule.name)
        seen = Evidence(what=rule.rule, where=rule.source)
        if rule.shared:
            yield passed(resource, "Git ignores it.", seen)
        elif rule.ignored:
            yield failed(resource, "Only a rule of this clone covers it: others lack it.", seen)
        else:
            yield failed(resource, "No rule of .gitignore covers it.")


@check(
    id="ENV-004",
    step="environment",
    partial=("env_files",),
    title="No env file is tracked by git",
    fails="Git tracks an env file",
    severity=Severity.CRITICAL,
    effort=Effort.HOURS,
    remediation=(
        "Rotate every key in the file first: whoever cloned the repository has it.",
        "Then `git rm --cached FILE`, commit, and clean the history with `git filter-repo`.",
    ),
    controls=("ISO 27001 A.8.12", "CIS 16.1"),
    checklist="env_ignored",
)
def env_files_are_not_tracked(env_files: tuple[EnvFile, ...]) -> Iterator[Outcome]:
    """A tracked env file hands its keys to everyone who can read the repository, for ever.

    PASS: the file exists and git does not track it.
    FAIL: git tracks it.
    MANUAL: never, as git knows.
    NOT_APPLICABLE: there is no env file.
    ERROR: git could not be asked.
    """
    if not env_files:
        yield not_applicable(Resource(kind="repository", key="env files"), "There is none.")
    for env_file in env_files:
        resource = _file(env_file.name)
        if env_file.tracked:
            yield failed(
                resource,
                "Git tracks it; none of its values is used.",
                Evidence(what="listed", where="git ls-files"),
            )
        else:
            yield passed(resource, "Git does not track it.")


@check(
    id="ENV-005",
    step="environment",
    partial=("env_files",),
    title="Env files are readable by their owner only",
    fails="Others can read an env file",
    severity=Severity.MEDIUM,
    remediation=("Run `chmod 600 FILE`.",),
    controls=("ISO 27001 A.8.3", "CIS 3.3"),
)
def env_files_are_private(env_files: tuple[EnvFile, ...]) -> Iterator[Outcome]:
    """Every account and every process of another user on the machine can read a 0644 file.

    The env file that the profile reads counts wherever it is.

    PASS: no permission for group or others.
    FAIL: group or others may read, write or execute it.
    MANUAL: never, as the mode can be read.
    NOT_APPLICABLE: there is no env file on disk.
    ERROR: the files could not be read.
    """
    on_disk = [env_file for env_file in env_files if env_file.on_disk]
    if not on_disk:
        yield not_applicable(Resource(kind="repository", key="env files"), "There is none.")
    for env_file in on_disk:
        mode = Evidence(what=f"mode {env_file.mode}")
        if env_file.owner_only:
            yield passed(_file(env_file.name), "Only its owner can read it.", mode)
        else:
            yield failed(_file(env_file.name), "Others on this machine can read it.", mode)


@check(
    id="ENV-006",
    step="environment",
    title=".env.example lists the variables, without values",
    fails=".env.example holds a value or misses a variable",
    severity=Severity.HIGH,
    remediation=(
        "Run `./runbook init`: it adds what .env.example lacks.",
        "If it held a real value, rotate that key.",
    ),
    controls=("ISO 27001 A.8.12", "NIST CSF PR.PS-06"),
)
def example_has_no_values(example: ExampleFile) -> Iterator[Outcome]:
    """The example shows a newcomer what to set. It is committed, so it must hold no value.

    PASS: it lists the names, and no secret has a value.
    FAIL: a secret has a value in it, or (low) the file or a name is missing.
    MANUAL: never, as the file can be read.
    NOT_APPLICABLE: never, as a missing example is a finding.
    ERROR: the file could not be read.
    """
    resource = _file(".env.example")
    if example.with_values:
        yield failed(resource, f"It holds values for {', '.join(example.with_values)}.")
    elif not example.exists:
        yield failed(resource, "The file is missing.", severity=Severity.LOW)
    elif example.missing:
        missing = ", ".join(example.missing)
        yield failed(resource, f"It does not list {missing}.", severity=Severity.LOW)
    else:
        yield passed(resource, "It lists every variable, and no value.")
