"""What somebody wants searched. Imports nothing heavy: a commit waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from helpers.core.errors import ConfigurationError, UsageError
from helpers.core.settings import Credential, Profile, Settings, load_settings
from helpers.exposure.scope import Scope

__all__ = ["ScanRequest"]


@dataclass(frozen=True)
class ScanRequest:
    """What to search, and how. Without a profile, secrets of all of them count as in use."""

    paths: tuple[Path, ...]
    scope: Scope = field(default_factory=Scope)
    all_rules: bool = True
    verify: bool = False
    profile: Profile | None = None
    env_file: Path | None = None
    waivers: Path | None = None
    cache: bool = True
    jobs: int = 2

    def __post_init__(self) -> None:
        for path in self.paths:
            if not path.is_dir():
                raise UsageError(f"There is no folder {path}.", "Name a repository or a folder.")

    def settings(self) -> Iterator[Settings]:
        """Those of the profile that is named; else of each, where its file can be read."""
        project = self.paths[0].resolve()
        if self.profile or self.env_file:
            profile = self.profile or Profile.DEVELOPMENT
            yield load_settings(profile, project, env_file=self.env_file)
            return
        for profile in Profile:
            try:
                yield load_settings(profile, project)
            except ConfigurationError:  # a broken .env must not keep anyone from searching
                yield load_settings(profile, project.parent / "none")

    def credentials(self) -> list[Credential]:
        """The secrets in use, each value once."""
        every = [one for settings in self.settings() for one in settings.credentials()]
        return list({(one.kind, one.value.get_secret_value()): one for one in every}.values())
