"""The demo repository: a small support app with a past, in which secrets went astray.

Made by one `git fast-import` and a checkout, with fixed authors and dates, so that every commit has
the same id on every machine. What is wrong with it, on purpose:

- an old access token in `config/intercom.yml`, removed three weeks later;
- `.env` committed on the first day with the development token, then untracked;
- the reader's token, still in use, in the output of `notebooks/churn.ipynb`;
- a client secret in the Rails initializer of a branch that was deleted, and lives on as objects;
- a mobile SDK key in the app's bundle;
- `.env.production`, which `.gitignore` forgot, and `.env.staging`, which everyone may read.

Beside them lie decoys, and source files that call Intercom in three dialects.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from helpers.sandbox import tokens
from helpers.sandbox.demo_sources import sources
from helpers.sandbox.seeds import Credentials, Seed

__all__ = ["build"]

_DAY: Final = 86_400
_AUTHORS: Final = {
    "maya": "Maya Okafor <maya@example.com>",
    "jonas": "Jonas Weber <jonas@example.com>",
    "priya": "Priya Natarajan <priya@example.com>",
    "alex": "Alex Kim <alex@contractor.example.net>",
}
_IGNORED: Final = "node_modules/\n__pycache__/\n.env\n.env.local\n.env.development\n.env.staging\n"

Tree = Mapping[str, str | None]  # path to content; None deletes


def build(folder: Path, seed: Seed) -> Path:
    """Make the repository in a new folder, and its env files with the seed's credentials."""
    folder.mkdir(parents=True)
    _git(folder, "init", "-q", "--template=", "--object-format=sha1", "-b", "main")
    _git(folder, "fast-import", "--quiet", "--done", stdin="".join(_history(seed)).encode())
    _git(folder, "-c", "core.logAllRefUpdates=false", "checkout", "-q", "-f", "main")
    for name, content in _env_files(seed):
        _write_private(folder / name, content)
    (folder / ".env.staging").chmod(0o644)
    return folder


def _history(seed: Seed) -> Iterator[str]:
    """The fast-import stream. Days count back from the demo's present."""
    held = seed.profiles
    files = sources(seed)
    old_token = tokens.access_token(f"{seed.name}/leaked-in-config")
    now = int(seed.now.timestamp())

    def commit(  # noqa: PLR0917 (read as a table below)
        mark: int, branch: str, who: str, days: int, message: str, tree: Tree, parent: int = 0
    ) -> str:
        when = f"{_AUTHORS[who]} {now - days * _DAY} +0000"
        return _commit(f"{branch}\nmark :{mark}", when, message, tree, parent)

    first = {
        "README.md": files["README.md"],
        "package.json": files["package.json"],
        "package-lock.json": files["package-lock.json"],
        "src/messenger.js": files["src/messenger.js"],
        ".env": _env(held["development"]),
    }
    yield commit(1, "main", "alex", 230, "Start the support app", first)
    ignore = {".env": None, ".gitignore": _IGNORED, ".env.example": files[".env.example"]}
    yield commit(2, "main", "maya", 228, "Stop tracking .env", ignore, 1)
    config = {"config/intercom.yml": _config(seed, f'"{old_token}"')}
    yield commit(3, "main", "jonas", 180, "Configure the nightly sync", config, 2)
    sync = {"sync/contacts.py": files["sync/contacts.py"], "sync/tags.py": files["sync/tags.py"]}
    yield commit(4, "main", "jonas", 171, "Sync contacts with Intercom", sync, 3)
    initializer = {"config/initializers/intercom.rb": files["config/initializers/intercom.rb"]}
    yield commit(5, "sign-in", "alex", 165, "Try signing in with Intercom", initializer, 4)
    by_name = '<%= ENV["INTERCOM_ACCESS_TOKEN"] %>'
    clean = {"config/intercom.yml": _config(seed, by_name)}
    yield commit(6, "main", "maya", 159, "Read the token from the environment", clean, 4)
    mobile = {"mobile/capacitor.config.json": files["mobile/capacitor.config.json"]}
    yield commit(7, "main", "alex", 90, "Add Intercom to the mobile app", mobile, 6)
    notebook = {"notebooks/churn.ipynb": files["notebooks/churn.ipynb"]}
    yield commit(8, "main", "priya", 34, "Look into churn", notebook, 7)
    docs = {
        "docs/webhooks.md": files["docs/webhooks.md"],
        "tests/test_sync.py": files["tests/test_sync.py"],
    }
    yield commit(9, "main", "maya", 12, "Describe the webhooks", docs, 8)
    yield "reset refs/remotes/origin/main\nfrom :8\n\n"
    yield f"reset refs/heads/sign-in\nfrom {'0' * 40}\n\n"
    yield "done\n"


def _commit(head: str, when: str, message: str, tree: Tree, parent: int) -> str:
    lines = [
        f"commit refs/heads/{head}\nauthor {when}\ncommitter {when}\n",
        _data(message + "\n"),
        f"from :{parent}\n" if parent else "",
    ]
    for path, content in tree.items():
        lines.append(f"D {path}\n" if content is None else f"M 100644 inline {path}\n")
        lines.append("" if content is None else _data(content))
    return "".join(lines) + "\n"


def _config(seed: Seed, token: str) -> str:
    return f'intercom:\n  app_id: "{seed.id_code}"\n  token: {token}\n'


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def _env_files(seed: Seed) -> Iterator[tuple[str, str]]:
    accounts = f"INTERCOM_READ_TOKEN={seed.read_token}\nINTERCOM_WRITE_TOKEN={seed.write_token}\n"
    workspace = f"INTERCOM_APP_ID={seed.id_code}\nINTERCOM_REGION={seed.region}\n"
    yield ".env", _env(seed.profiles["production"]) + accounts + workspace
    for profile, held in seed.profiles.items():
        yield f".env.{profile}", _env(held) + f"INTERCOM_APP_ID={seed.workspaces[profile]}\n"


def _env(held: Credentials) -> str:
    return (
        f"INTERCOM_ACCESS_TOKEN={held.access_token}\n"
        f"INTERCOM_CLIENT_SECRET={held.client_secret}\n"
        f"INTERCOM_IDENTITY_SECRET={held.identity_secret}\n"
    )


def _write_private(path: Path, content: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as stream:  # noqa: PTH123 (by descriptor)
        stream.write(content)


def _git(folder: Path, *arguments: str, stdin: bytes = b"") -> None:
    """Git without this machine's configuration: the ids depend on what is imported alone."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    environ = {**kept, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(  # noqa: S603 (a fixed program, arguments are ours)
        ["git", *arguments],  # noqa: S607 (git is looked up as the user's shell does)
        cwd=folder,
        env=environ,
        input=stdin,
        check=True,
        capture_output=True,
    )
