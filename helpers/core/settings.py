"""Where the secrets come from: workspaces, names of variables, env files.

A workspace is what is audited, under a name. The four profiles are workspaces that need no file;
others are listed in `workspaces.toml` (`helpers.core.workspaces`). Order for a profile, the first
that has a value wins:

1. the process environment;
2. the file given by `--env-file`, which replaces 3 and 4;
3. `.env.<profile>` in the project folder;
4. `.env` in the project folder.

A workspace of the file that names the source of its secrets is read from there alone, so that what
is exported for one workspace never reaches another. Its own region, id and addresses come first.

Each value keeps the layer that it came from (`Trust`). A file that git tracks is never a source: it
is ignored, and reported. python-dotenv parses the files. Values are `SecretStr` from the start;
text form and errors hold names only. Loading registers every secret with `KNOWN`, so that nothing
prints it.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from helpers.core.click_paths import click_path
from helpers.core.errors import ConfigurationError
from helpers.core.redaction import KNOWN, fingerprint

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = [
    "ALLOW_HOSTS",
    "CONFIGURED",
    "PROFILE",
    "TRUST_POLICY",
    "VARIABLES",
    "WORKSPACES",
    "Credential",
    "Profile",
    "SecretSource",
    "Settings",
    "Trust",
    "Variable",
    "Workspace",
    "load_settings",
    "read_bounded",
    "state_home",
]


class Profile(StrEnum):
    """The environments. The sandbox needs no account and no network."""

    SANDBOX = "sandbox"
    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"


@dataclass(frozen=True)
class SecretSource:
    """Where a workspace's secrets are: names only.

    `kind` is `env-file` (`place` is its path), `environment` (a prefix of the variables'
    names), `keyring` (a service), `aws` (a prefix of secret ids) or `vault` (mount and path).
    """

    kind: str
    place: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.place}"

    @property
    def local(self) -> bool:
        """Whether it can be read without asking another service."""
        return self.kind in ("env-file", "environment")


@dataclass(frozen=True)
class Workspace:
    """A workspace of Intercom, as the operator names it. What is not set is empty.

    `repositories` maps the operator's names to folders; `state` names the folder of its state.
    """

    name: str
    environment: Profile
    region: str = ""
    app_id: str = ""
    base_url: str = ""
    webhook_url: str = ""
    owner: str = ""
    secrets: SecretSource | None = None  # None: the environment and the project's env files
    repositories: Mapping[str, Path] = field(default_factory=dict)
    state: str = ""
    file: Path | None = None  # that lists it; None for a profile

    @classmethod
    def of_profile(cls, profile: Profile) -> Workspace:
        """The workspace of a profile, which needs no file."""
        return cls(profile.value, profile, state=profile.value)

    @property
    def values(self) -> Mapping[str, str]:
        """The variables that its entry sets."""
        said = {variable: getattr(self, name) for variable, name in CONFIGURED.items()}
        return {variable: value for variable, value in said.items() if value}


CONFIGURED: Final[Mapping[str, str]] = {  # variables that an entry of workspaces.toml may set
    "INTERCOM_REGION": "region",
    "INTERCOM_APP_ID": "app_id",
    "INTERCOM_BASE_URL": "base_url",
    "INTERCOM_WEBHOOK_URL": "webhook_url",
}


@dataclass(frozen=True)
class Variable:
    """A variable the runbook reads. `kind` is set for secrets, and is part of their fingerprint."""

    name: str
    purpose: str
    kind: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def secret(self) -> bool:
        """True for values that must never be shown."""
        return bool(self.kind)


VARIABLES: Final = (
    Variable(
        "INTERCOM_ACCESS_TOKEN",
        f"Access token of the app that is audited ({click_path('hub_app_scopes')}).",
        "access_token",
        ("INTERCOM_API_KEY",),
    ),
    Variable("INTERCOM_READ_TOKEN", "Access token of the reader service account.", "access_token"),
    Variable("INTERCOM_WRITE_TOKEN", "Access token of the writer service account.", "access_token"),
    Variable(
        "INTERCOM_CLIENT_SECRET",
        f"Client secret; signs webhooks and Canvas Kit ({click_path('hub_app_basics')}).",
        "client_secret",
        ("INTERCOM_SECRET",),
    ),
    Variable(
        "INTERCOM_IDENTITY_SECRET",
        "Identity verification (Messenger API) secret.",
        "identity_secret",
    ),
    Variable(
        "FIN_AGENT_WEBHOOK_SECRET",
        "Signs Fin Agent webhooks; a secret of its own (Fin Agent API).",
        "fin_agent_secret",
    ),
    Variable("INTERCOM_REGION", "Region of the workspace: us, eu or au. Default: us."),
    Variable("INTERCOM_APP_ID", "Workspace id (id_code) this profile must talk to."),
    Variable("INTERCOM_BASE_URL", "Another API host: https, or loopback (a sandbox, a proxy)."),
    Variable("INTERCOM_WEBHOOK_URL", "Your webhook receiver, for the verification test."),
    Variable("INTERCOM_AUDIT_LOG", "Folder of your application's audit log (JSON lines)."),
)
_BY_NAME: Final = {v.name: v for v in VARIABLES}


ALLOW_HOSTS: Final = "RUNBOOK_ALLOW_HOSTS"  # other hosts that may receive secrets
TRUST_POLICY: Final = "RUNBOOK_TRUST_POLICY"  # the audited repository's policy may arm acts
WORKSPACES: Final = "RUNBOOK_WORKSPACES"  # the operator's workspaces.toml
PROFILE: Final = "RUNBOOK_PROFILE"  # the workspace that a command is about
_LARGEST: Final = 1 << 20  # bytes of an env file, a policy or a list of waivers


class Trust(IntEnum):
    """The layers that settings come from, by rising trust.

    A less trusted layer never decides where the secret of a more trusted one goes.
    """

    REPOSITORY = 1  # an untracked file in the audited repository
    OPERATOR = 2  # a file that the operator named; workspaces.toml, and the sources it names
    ENVIRONMENT = 3  # the process environment, and stores


@dataclass(frozen=True)
class Credential:
    """A secret that is configured: its variable, kind, value, and where it was found."""

    variable: str
    kind: str
    value: SecretStr = field(repr=False)
    origin: str

    @property
    def fingerprint(self) -> str:
        """Its name on every machine."""
        return fingerprint(self.kind, self.value.get_secret_value())


@dataclass(frozen=True)
class Settings:
    """The variables of a workspace. `origins` says where each came from, `trust` by which layer.

    `ignored` names the env files that git tracks: none of their values is used.
    """

    workspace: Workspace
    project: Path
    values: Mapping[str, SecretStr] = field(repr=False)
    origins: Mapping[str, str]
    env_file: Path | None = None
    trust: Mapping[str, Trust] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the operator calls the workspace."""
        return self.workspace.name

    @property
    def profile(self) -> Profile:
        """The environment, which decides what the policy allows."""
        return self.workspace.environment

    def trust_of(self, name: str) -> Trust:
        """The layer that a variable came from; what is not set is the runbook's own default."""
        return self.trust.get(name, Trust.ENVIRONMENT)

    def text(self, name: str, default: str = "") -> str:
        """The value of a variable that is no secret."""
        if _BY_NAME[name].secret:
            raise ValueError(f"{name} is a secret: use credential().")
        value = self.values.get(name)
        return value.get_secret_value() if value else default

    def credential(self, name: str) -> Credential | None:
        """The secret in a variable, if it is set."""
        value = self.values.get(name)
        if value is None:
            return None
        return Credential(name, _BY_NAME[name].kind, value, self.origins[name])

    def credentials(self) -> Iterator[Credential]:
        """Every secret that is set, in the order of `VARIABLES`."""
        for variable in VARIABLES:
            found = self.credential(variable.name) if variable.secret else None
            if found:
                yield found


@dataclass(frozen=True)
class _Layer:
    origin: str
    trust: Trust
    values: Mapping[str, str] = field(repr=False)


def load_settings(
    of: Profile | Workspace,
    project: Path,
    *,
    env_file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    tracked: Callable[[Path], bool] = lambda path: False,  # noqa: ARG005
    stored: Mapping[str, str] | None = None,
) -> Settings:
    """Read the variables of a workspace; `tracked` says whether git tracks a file of the project.

    `stored` is what was read from the workspace's store, where its secrets are in one.

    Raises ConfigurationError for a file that can't be read, and where a workspace's entry and the
    source of its secrets disagree.
    """
    workspace = of if isinstance(of, Workspace) else Workspace.of_profile(of)
    environ = os.environ if environ is None else environ
    layers, ignored = _layers(workspace, project, env_file, environ, tracked)
    if workspace.secrets and not env_file:
        layers = [_source_layer(workspace.secrets, environ, stored or {})]
    if workspace.file:
        _refuse_contradiction(workspace, layers)
        layers.insert(0, _Layer(workspace.file.name, Trust.OPERATOR, workspace.values))
    values: dict[str, SecretStr] = {}
    origins: dict[str, str] = {}
    trust: dict[str, Trust] = {}
    for variable in VARIABLES:
        for layer, name in _candidates(variable, layers):
            values[variable.name] = _secret(layer.values[name])
            if variable.secret:
                KNOWN.register(variable.kind, layer.values[name])
            alias = "" if name == variable.name else f" ({name})"
            origins[variable.name] = layer.origin + alias
            trust[variable.name] = layer.trust
            break
    names = tuple(path.name for path in ignored)
    return Settings(workspace, project, values, origins, env_file, trust, names)


def _layers(
    workspace: Workspace,
    project: Path,
    env_file: Path | None,
    environ: Mapping[str, str],
    tracked: Callable[[Path], bool],
) -> tuple[list[_Layer], list[Path]]:
    """The layers in order, and the env files that are ignored because git tracks them."""
    named = [_Layer(env_file.name, Trust.OPERATOR, _named(env_file))] if env_file else []
    if workspace.secrets:
        return named, []
    found = [] if env_file else list(_project_files(workspace, project))
    ignored = [path for path in found if tracked(path)]
    own = [
        _Layer(path.name, Trust.REPOSITORY, _parse(path)) for path in found if path not in ignored
    ]
    return [_Layer("environment", Trust.ENVIRONMENT, environ), *named, *own], ignored


def _source_layer(
    source: SecretSource, environ: Mapping[str, str], stored: Mapping[str, str]
) -> _Layer:
    """The only place a workspace's secrets come from.

    Its trust is that of the file which names it: it chose the secret and the host alike.
    """
    if source.kind == "env-file":
        path = Path(source.place)
        return _Layer(path.name, Trust.OPERATOR, _named(path))
    if source.kind == "environment":
        names = {name: name.removeprefix(source.place) for name in environ}
        own = {short: environ[name] for name, short in names.items() if short != name}
        return _Layer(f"{source.place}…", Trust.OPERATOR, own)
    return _Layer(str(source), Trust.OPERATOR, stored)


def _refuse_contradiction(workspace: Workspace, layers: list[_Layer]) -> None:
    """Raise ConfigurationError where an entry says one thing and another layer something else."""
    for variable, value in workspace.values.items():
        for layer in layers:
            other = layer.values.get(variable) or value
            if other.strip().rstrip("/").lower() != value.rstrip("/").lower():
                raise ConfigurationError(
                    f"{variable} of {workspace.name} has one value in {workspace.file} and "
                    f"another in {layer.origin}.",
                    "Are these the secrets of this workspace? Make both the same.",
                )


def _secret(value: str) -> SecretStr:
    from pydantic import SecretStr  # heavy: where no secret is set, a commit need not wait for it

    return SecretStr(value)


def _candidates(variable: Variable, layers: list[_Layer]) -> Iterator[tuple[_Layer, str]]:
    for layer in layers:
        for name in (variable.name, *variable.aliases):
            if layer.values.get(name):
                yield layer, name


def _project_files(workspace: Workspace, project: Path) -> Iterator[Path]:
    """Yield the project's own files. Raises ConfigurationError for a link that leads elsewhere.

    A repository could otherwise give a token of this machine a layer of its own, and so a host.
    """
    for path in (project / f".env.{workspace.name}", project / ".env"):
        if not path.is_file():
            continue
        real = path.resolve()
        if not real.is_relative_to(project.resolve()):
            raise ConfigurationError(
                f"{path} is a link to {real}, outside the project: it is not read.",
                f"If that file is yours, name it: --env-file {real}.",
            )
        yield path


def _named(env_file: Path) -> Mapping[str, str]:
    if not env_file.exists():
        raise ConfigurationError(
            f"There is no env file {env_file}.",
            "Check --env-file or workspaces.toml, or run `runbook init`.",
        )
    return _parse(env_file)


def _parse(path: Path) -> Mapping[str, str]:
    from dotenv.parser import parse_stream

    try:
        text = read_bounded(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} can't be read: it is not UTF-8.", "Fix it.") from None
    bindings = list(parse_stream(io.StringIO(text)))
    for binding in bindings:
        if binding.error:
            raise ConfigurationError(
                f"{path}, line {binding.original.line} is not NAME=value.", "Fix that line."
            )
    return {b.key: b.value for b in bindings if b.key and b.value}


def read_bounded(path: Path) -> bytes:
    """A file of settings whole: a regular file of up to 1 MiB. Raises ConfigurationError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as stream:  # noqa: PTH123 (by descriptor)
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ConfigurationError(f"{path} is not a regular file.", "Name another one.")
            content = stream.read(_LARGEST + 1)
    except OSError as error:
        reason = f"{path} can't be read: {error.strerror}."
        raise ConfigurationError(reason, "Fix the file.") from None
    if len(content) > _LARGEST:
        raise ConfigurationError(f"{path} is larger than 1 MiB.", "Name another file.")
    return content


def state_home(of: Workspace | str, environ: Mapping[str, str] | None = None) -> Path:
    """A workspace's state folder, in `RUNBOOK_STATE_HOME` or `$XDG_STATE_HOME/intercom-runbook`.

    A name stands for the profile of that name.
    """
    name = of if isinstance(of, str) else of.state
    environ = os.environ if environ is None else environ
    own = environ.get("RUNBOOK_STATE_HOME")
    xdg = Path(environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return (Path(own) if own else xdg / "intercom-runbook") / name
