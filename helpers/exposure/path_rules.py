r"""Which paths matter to the engine's own rules.

A few of its rules hold for some files alone (`\.tf$`), and a few pass over others (tests, docs).
Two paths that fit the same of these patterns get the same answer, so that an object which lies at
many paths is looked at once for each class of them. A test holds the list to the engine.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

__all__ = ["NO_CLASS", "PATTERNS", "path_class"]

PATTERNS: Final = (
    r"(?i)\.php$",
    r"(?i)\.(?:tf|hcl)$",
    r"(?i)\.ya?ml$",
    r"(?i)nuget\.config$",
    r"(?i)(?:\.git[/\\]config|(?:^|[/\\])\.git-credentials|_history)$",
    r"(?i)bitwarden[ _-]*cli(?:[\/]+)data\.json$",
    r"(?:^|/)@octokit/auth-token/README\.md$",
    (
        r"(?i)(?:^|[/\\])(?:__tests__|tests?|testdata|specs?|fixtures?|mocks?|examples?|samples?"
        r"|demos?|tutorials?|templates?|qa|e2e|documentation|docs?(?:[-_][a-z0-9-]+)?)(?:[/\\]|$)"
    ),
    r"(?i)(?:^|[/\\])readme(?:\.[^/\\]+)?$",
    r"(?i)(?:^|[/\\])[^/\\]*(?:[_.-](?:test|spec)|(?:test|spec)[_.-])[^/\\]*\.[^/\\]+$",
    r"(?i)\.(?:example|sample|template)(?:\.[^/\\]+)?$",
    r"(?i)\.(?:md|mdx|rst|adoc|asciidoc)$",
)
NO_CLASS: Final = "0000"
_COMPILED: Final = tuple(map(re.compile, PATTERNS))


@lru_cache(maxsize=1 << 16)  # a path comes back with each version of its file
def path_class(path: str) -> str:
    """The patterns that a path fits, as four hex digits; `0000` where it fits none."""
    fits = sum(1 << bit for bit, pattern in enumerate(_COMPILED) if pattern.search(path))
    return f"{fits:04x}" if fits else NO_CLASS
