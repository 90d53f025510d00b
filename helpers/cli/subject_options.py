"""Which workspace and which repository a command is about: one rule, and one set of options.

    @click.command()
    @about_a_workspace(effect=True)
    def review(choices: Choices, …) -> None: …

The workspace is the one that is named: by `--profile`, by RUNBOOK_PROFILE, or because the
operator's workspaces.toml lists no other. In the runbook's own clone, a command that only reads is
about the sandbox unless one is named. Everything else is refused, with the line to type.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from helpers.cli.trust_options import allow_host, trust_policy
from helpers.core.commands import CLONE, program, set_target
from helpers.core.errors import UsageError
from helpers.core.settings import PROFILE, WORKSPACES, Profile, Workspace
from helpers.core.steps import STEPS

if TYPE_CHECKING:
    from helpers.notebook.parameters import Choices

__all__ = ["about_a_workspace", "chosen_repository", "chosen_workspace"]

_STEPS: Final = tuple(step.name for step in STEPS)


Given = Mapping[str, Any]
When = bool | Callable[[Given], bool]  # always, or for certain options


@dataclass(frozen=True)
class Demand:
    """What a call needs: `effect`, it changes or signs something; `code`, it is about a repository.

    With `optional` it works without a workspace, too.
    """

    effect: bool = False
    code: bool = False
    optional: bool = False


def about_a_workspace(
    *,
    effect: When = False,
    code: bool = False,
    optional: When = False,
    many: bool = False,
    announce: When = True,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the options; the function gets `choices`, which name workspace and repository for good.

    The first of a command's `paths` counts as `--repo`. With `optional`, their profile is empty
    where nothing names one. With `many` the profile may be repeated, and the function gets a tuple.
    The first line of the output says what the command is about; with `announce=False` the command
    says so itself.
    """

    def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(*args: Any, profile: Any, **given: Any) -> Any:
            need = Demand(_applies(effect, given), code, _applies(optional, given))
            named = {name: given.pop(name) for name in ("repo", "env_file", "policy")}
            named["repo"] = named["repo"] or str(next(iter(given.get("paths") or ()), ""))
            names = (profile or ("",)) if many else (profile,)
            chosen = tuple(_choices(name, named, need) for name in names)
            _remember(chosen)
            shown = _applies(announce, given)
            for choices in filter(lambda one: one.profile, chosen):
                if shown:
                    click.echo(subject_shown(choices), err=True)
                _note_unused_file(choices)
            return function(*args, choices=chosen if many else chosen[0], **given)

        for option in reversed((_PROFILE_OPTIONS[many], *_OPTIONS)):
            call = option(call)
        return allow_host(trust_policy(call))

    return decorated


def _remember(chosen: tuple[Choices, ...]) -> None:
    """From here on, the commands that are printed are about this."""
    if len(chosen) == 1 and chosen[0].profile:
        from helpers.notebook.context_factory import target_of

        set_target(target_of(chosen[0]))


def _applies(when: When, given: Given) -> bool:
    return when if isinstance(when, bool) else bool(when(given))


def _take_file(_context: click.Context, _option: click.Parameter, file: str | None) -> None:
    if file:  # in the environment, which also reaches the kernels of a run
        os.environ[WORKSPACES] = str(Path(file).expanduser().absolute())


_PROFILE_OPTIONS: Final = {
    many: click.option(
        "--profile",
        "--workspace",
        "profile",
        default=None if many else "",
        multiple=many,
        metavar="NAME",
        help=f"{', '.join(Profile)}, or a workspace of workspaces.toml.{' Repeatable.' * many}",
    )
    for many in (False, True)
}
_OPTIONS: Final = (
    click.option("--repo", default="", help="The repository. Default: the one you stand in."),
    click.option("--env-file", default="", help="An env file in place of the workspace's own."),
    click.option("--policy", default="", help="A policy.toml. Default: the repository's own."),
    click.option(
        "--workspaces",
        metavar="FILE",
        expose_value=False,
        is_eager=True,
        callback=_take_file,
        help="A workspaces.toml. Default: the one in your configuration folder.",
    ),
)


def _choices(profile: str, named: dict[str, str], need: Demand) -> Choices:
    from helpers.notebook.parameters import Choices

    workspace = chosen_workspace(profile, need)
    env_file = _existing(named["env_file"], "--env-file")
    policy = _existing(named["policy"], "--policy")
    if workspace is None:
        return Choices("", env_file, named["repo"], policy)
    return Choices(
        workspace.name, env_file, chosen_repository(workspace, named["repo"], need), policy
    )


def chosen_workspace(profile: str, need: Demand) -> Workspace | None:
    """The workspace by the rule; None where none is named and none is needed.

    Raises UsageError, with the line to type.
    """
    name = profile or os.environ.get(PROFILE, "")
    if not name and need.optional:
        return None
    from helpers.core.workspaces import workspace_named, workspaces

    if name:
        return workspace_named(name)
    if not need.effect and _in_own_clone():
        return Workspace.of_profile(Profile.SANDBOX)
    listed = workspaces()
    if len(listed) == 1:
        return next(iter(listed.values()))
    why = "changes or signs something" if need.effect else "is not run in the runbook's own clone"
    raise UsageError(
        f"This command {why}, so it needs the name of a workspace.",
        f"Type: {_command()} --profile NAME, with one of {', '.join((*listed, *Profile))}.",
    )


def chosen_repository(workspace: Workspace, repo: str, need: Demand) -> str:
    """The folder of the repository, empty for that of the demo. Raises UsageError."""
    if repo:
        return _named_repository(workspace, repo)
    if workspace.environment is Profile.SANDBOX:
        return ""
    here = _repository_here()
    if here and here != CLONE:
        return str(here)
    if len(workspace.repositories) == 1:
        return _named_repository(workspace, next(iter(workspace.repositories)))
    if workspace.secrets and not need.code:
        return str(Path.cwd())
    where = "the runbook's own clone" if here else "not in a git repository"
    if here or need.code:
        known = next(iter(workspace.repositories), "../my-app")
        raise UsageError(
            f"This is {where}: name the repository that {workspace.name} is about.",
            f"Type: {_command()} --profile {workspace.name} --repo {known}",
        )
    return str(Path.cwd())


def _named_repository(workspace: Workspace, repo: str) -> str:
    path = workspace.repositories.get(repo) or Path(repo).expanduser().absolute()
    if not path.is_dir():
        known = ", ".join(workspace.repositories)
        what = "is a file" if path.exists() else "does not exist"
        advice = f"{workspace.name} has these repositories: {known}." if known else "Check --repo."
        raise UsageError(f"The repository {path} {what}.", advice)
    return str(path)


def _existing(path: str, option: str) -> str:
    if path and not Path(path).expanduser().exists():
        raise UsageError(f"There is no file {path}.", f"Check {option}.")
    return path


def _repository_here() -> Path | None:
    """The repository one stands in; the clone also where it came without git."""
    from helpers.system.git import top_level

    here = Path.cwd().resolve()
    top = top_level(here)
    return top.resolve() if top else CLONE if CLONE in (here, *here.parents) else None


def _in_own_clone() -> bool:
    return _repository_here() == CLONE


def _command() -> str:
    _, _, words = click.get_current_context().command_path.partition(" ")
    return f"{program()} {words}"


def _note_unused_file(choices: Choices) -> None:
    """A repository does not choose what is audited: its own file counts only if it is named."""
    planted = Path(choices.repo) / "workspaces.toml"
    if choices.repo and planted.is_file() and not _is_operators(planted):
        click.echo(f"Note: {planted} is not used: name it with --workspaces to use it.", err=True)


def _is_operators(path: Path) -> bool:
    from helpers.core.workspaces import workspaces_file

    own = workspaces_file()
    return own is not None and own.samefile(path)


def subject_shown(choices: Choices) -> str:
    """The first line of every output: what the command is about."""
    from helpers.core.redaction import sanitize
    from helpers.report.phrases import subject_line
    from helpers.run.subject import subject_of

    return f"Using {sanitize(subject_line(subject_of(choices, _STEPS)))}"
