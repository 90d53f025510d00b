"""Addresses of the report's evidence where the repository is hosted: a line of a file, at a commit.

Only the three public hosts whose addresses are documented. The remote's address comes from the
audited repository, so it is taken apart, and nothing but names of a plain shape goes into a link.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from helpers.core.model import CodeState, FilePlace

__all__ = ["source_address"]

# Sources: GitHub Docs, "Getting permanent links to files"; GitLab Docs, "Repository > Files",
# permalink; Bitbucket Cloud, "Hyperlink to source code".
_BLOBS: Final = {
    "github.com": ("https://github.com/{project}/blob/{commit}/{path}", "#L{line}"),
    "gitlab.com": ("https://gitlab.com/{project}/-/blob/{commit}/{path}", "#L{line}"),
    "bitbucket.org": ("https://bitbucket.org/{project}/src/{commit}/{path}", "#lines-{line}"),
}
# https://host/a/b.git, ssh://git@host/a/b.git, host:a/b.git (as `ssh` writes it)
_REMOTE: Final = re.compile(
    r"(?:(?:https|ssh|git)://)?(?:[\w.-]+@)?(?P<host>[a-z.]+)(?::\d+)?[:/]"
    r"(?P<project>[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)+)/?"
)
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def source_address(code: CodeState | None, place: FilePlace | None) -> str:
    """The address of a place in its commit; "" where the host, project or commit is not known."""
    if code is None or place is None or not _COMMIT.fullmatch(place.commit):
        return ""
    found = _REMOTE.fullmatch(code.remote)
    if not found or found["host"] not in _BLOBS or ".." in found["project"]:
        return ""
    page, line = _BLOBS[found["host"]]
    project = found["project"].removesuffix(".git")
    path = quote(place.path.encode("utf-8", "surrogatepass"), safe="/")
    address = page.format(project=project, commit=place.commit, path=path)
    return address + (line.format(line=place.line) if place.line > 0 else "")
