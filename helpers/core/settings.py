"""Where the secrets come from: profiles, names of variables, env files.

Order, the first that has a value wins:

1. the process environment;
2. the file given by `--env-file`, which replaces 3 and 4;
3. `.env.<profile>` in the project folder;
4. `.env` in the project folder.

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
from helpers.core.errors import ConfigurationError, UsageError
from helpers.core.redaction import KNOWN, fingerprint

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = [
    "ALLOW_HOSTS",
    "TRUST_POLICY",
    "VARIABLES",
    "Credential",
    "Profile",
    "Settings",
    "Trust",
    "Variable",
    "load_settings",
    "profile_named",
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
_LARGEST: Final = 1 << 20  # bytes of an env file, a policy or a list of waivers


class Trust(IntEnum):
    """The layers that settings come from, by rising trust.

    A less trusted layer never decides where the secret of a more trusted one goes.
    """

    REPOSITORY = 1  # an untracked file in the audited repository
    OPERATOR = 2  # a file that the operator named
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
    """The variables of one profile. `origins` says where each came from, `trust` by which layer.

    `ignored` names the env files that git tracks: none of their values is used.
    """

    profile: Profile
    project: Path
    values: Mapping[str, SecretStr] = field(repr=False)
    origins: Mapping[str, str]
    env_file: Path | None = None
    trust: Mapping[str, Trust] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()

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


def profile_named(name: str) -> Profile:
    """The profile of that name. Raises UsageError with the names that exist."""
    try:
        return Profile(name)
    except ValueError:
        known = ", ".join(Profile)
        raise UsageError(f"There is no profile {name!r}.", f"The profiles are: {known}.") from None


@dataclass(frozen=True)
class _Layer:
    origin: str
    trust: Trust
    values: Mapping[str, str] = field(repr=False)


def load_settings(
    profile: Profile,
    project: Path,
    *,
    env_file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    tracked: Callable[[Path], bool] = lambda path: False,  # noqa: ARG005
) -> Settings:
    """Read the variables of a profile; `tracked` says whether git tracks a file of the project.

    Raises ConfigurationError for a file that can't be read.
    """
    environ = os.environ if environ is None else environ
    found = [path for path in _project_files(profile, project) if not env_file]
    ignored = [path for path in found if tracked(path)]
    layers = [_Layer("environment", Trust.ENVIRONMENT, environ)]
    if env_file:
        layers.append(_Layer(env_file.name, Trust.OPERATOR, _named(env_file)))
    layers += [
        _Layer(path.name, Trust.REPOSITORY, _parse(path)) for path in found if path not in ignored
    ]
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
    return Settings(profile, project, values, origins, env_file, trust, names)


def _secret(value: str) -> SecretStr:
    from pydantic import SecretStr  # heavy: where no secret is set, a commit need not wait for it

    return SecretStr(value)


def _candidates(variable: Variable, layers: list[_Layer]) -> Iterator[tuple[_Layer, str]]:
    for layer in layers:
        for name in (variable.name, *variable.aliases):
            if layer.values.get(name):
                yield layer, name


def _project_files(profile: Profile, project: Path) -> Iterator[Path]:
    for path in (project / f".env.{profile}", project / ".env"):
        if path.is_file():
            yield path


def _named(env_file: Path) -> Mapping[str, str]:
    if not env_file.is_file():
        raise ConfigurationError(
            f"There is no env file {env_file}.", "Check --env-file, or run `runbook init`."
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


def state_home(profile: Profile, environ: Mapping[str, str] | None = None) -> Path:
    """A profile's state folder, in `RUNBOOK_STATE_HOME` or `$XDG_STATE_HOME/intercom-runbook`."""
    environ = os.environ if environ is None else environ
    own = environ.get("RUNBOOK_STATE_HOME")
    xdg = Path(environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return (Path(own) if own else xdg / "intercom-runbook") / profile
