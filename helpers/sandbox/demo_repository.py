"""The demo repository: a small support app whose history has leaked secrets.

Made by one `git fast-import` and a checkout, with fixed authors and dates, so that every commit has
the same id on every machine. What looks like a secret is made from labels. Its planted faults:

- an old access token in `config/intercom.yml`, removed three weeks later;
- `.env` committed on the first day with the development token, then untracked;
- the reader's token, still in use, in the output of `notebooks/churn.ipynb`;
- a client secret in the Rails initializer of a deleted branch, whose objects remain;
- a mobile SDK key in the app's bundle;
- `intercom-client` 7.0.4, the release with a credential stealer inside, pinned for three days;
- `.env.production`, which `.gitignore` misses, and `.env.staging`, which is world-readable.

It also holds decoys, and source files that call Intercom in three dialects.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from helpers.sandbox import tokens
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
    files = _sources(seed)
    old_token = tokens.access_token(f"{seed.name}/leaked-in-config")
    now = int(seed.now.timestamp())

    def commit(  # noqa: PLR0917 (read as a table below)
        mark: int, branch: str, who: str, days: float, message: str, tree: Tree, parent: int = 0
    ) -> str:
        when = f"{_AUTHORS[who]} {now - int(days * _DAY)} +0000"
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
    sync = {
        ".github/workflows/test.yml": _WORKFLOW,
        "sync/contacts.py": files["sync/contacts.py"],
        "sync/tags.py": files["sync/tags.py"],
    }
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
    bad = {"package.json": _package("^7.0.3"), "package-lock.json": _lock("7.0.4")}
    yield commit(9, "main", "jonas", 17.75, "Update dependencies", bad, 8)
    good = {"package.json": _package("7.0.3"), "package-lock.json": _lock("7.0.3")}
    yield commit(10, "main", "maya", 14.5, "Pin intercom-client to 7.0.3", good, 9)
    docs = {
        "docs/webhooks.md": files["docs/webhooks.md"],
        "tests/test_sync.py": files["tests/test_sync.py"],
    }
    yield commit(11, "main", "maya", 12, "Describe the webhooks", docs, 10)
    yield "reset refs/remotes/origin/main\nfrom :10\n\n"
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


def _sources(seed: Seed) -> Mapping[str, str]:
    """Path to content."""
    return {
        "README.md": _README,
        ".env.example": _EXAMPLE,
        "package.json": _package("^6.2.0"),
        "package-lock.json": _lock("6.2.0"),
        "src/messenger.js": _MESSENGER.replace("{app_id}", seed.id_code),
        "sync/contacts.py": _CONTACTS,
        "sync/tags.py": _TAGS,
        "config/initializers/intercom.rb": _initializer(seed),
        "mobile/capacitor.config.json": _capacitor(seed),
        "notebooks/churn.ipynb": _notebook(seed),
        "docs/webhooks.md": _webhooks(),
        "tests/test_sync.py": _test(),
    }


_README: Final = """# acme-support

Keeps Intercom's contacts in step with our customers.

Copy `.env.example` to `.env` and fill it in: `INTERCOM_ACCESS_TOKEN=your_token_here`.
"""
_EXAMPLE: Final = """# Where each comes from: Developer Hub > your app
INTERCOM_ACCESS_TOKEN=
INTERCOM_CLIENT_SECRET=
INTERCOM_IDENTITY_SECRET=
"""
_MESSENGER: Final = """import { IntercomClient } from "intercom-client";

const client = new IntercomClient({ token: process.env.INTERCOM_ACCESS_TOKEN });

export const APP_ID = "{app_id}";

export async function latestConversations() {
  const page = await client.conversations.list({ per_page: 20 });
  return page.data;
}

export async function reply(conversationId, adminId, body) {
  return client.conversations.reply({
    conversation_id: conversationId,
    body: { message_type: "comment", type: "admin", admin_id: adminId, body },
  });
}
"""
_CONTACTS: Final = '''"""Copies our customers into Intercom."""

import os

import httpx

API = "https://api.intercom.io"


def client() -> httpx.Client:
    token = os.environ["INTERCOM_ACCESS_TOKEN"]
    return httpx.Client(base_url=API, headers={"Authorization": f"Bearer {token}"})


def contacts(http: httpx.Client) -> list[dict]:
    return http.get("/contacts", params={"per_page": 150}).json()["data"]


def update(http: httpx.Client, contact_id: str, name: str) -> None:
    http.put(f"/contacts/{contact_id}", json={"name": name}).raise_for_status()
'''
_TAGS: Final = '''"""Tags the customers who asked for a call, with the official SDK."""

import os

from intercom import Intercom

intercom = Intercom(token=os.environ["INTERCOM_ACCESS_TOKEN"])


def tags() -> list[str]:
    return [tag.name for tag in intercom.tags.list().data]


def admins() -> list[str]:
    return [admin.email for admin in intercom.admins.list().admins]
'''


_WORKFLOW: Final = """name: test
on: [push]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: npm ci && npm test
        env:
          NPM_TOKEN: ${{ secrets.NPM_TOKEN }}
          INTERCOM_ACCESS_TOKEN: ${{ secrets.INTERCOM_STAGING_TOKEN }}
"""


def _package(wanted: str) -> str:
    return f"""{{
  "name": "acme-support",
  "version": "1.4.0",
  "private": true,
  "dependencies": {{ "intercom-client": "{wanted}" }}
}}
"""


def _lock(version: str) -> str:
    """A decoy beside the pin: hashes near the word intercom."""
    digest = hashlib.sha1(b"intercom-client", usedforsecurity=False).hexdigest()
    package = f"intercom-client/-/intercom-client-{version}.tgz"
    entry = {
        "version": version,
        "resolved": f"https://packages.example.com/{package}#{digest}",
        "integrity": f"sha1-{digest}",
    }
    document = {"name": "acme-support", "packages": {"node_modules/intercom-client": entry}}
    return json.dumps(document, indent=2) + "\n"


def _initializer(seed: Seed) -> str:
    return f"""Rails.application.config.middleware.use OmniAuth::Builder do
  provider :intercom,
    "{tokens.client_id(f"{seed.name}/production")}",
    "{seed.profiles["staging"].client_secret}"
end
"""


def _capacitor(seed: Seed) -> str:
    key = hashlib.sha1(f"{seed.name}/mobile".encode(), usedforsecurity=False).hexdigest()
    intercom = {"iosApiKey": f"ios_sdk-{key}", "iosAppId": seed.id_code}
    return (
        json.dumps({"appId": "com.example.acme", "plugins": {"Intercom": intercom}}, indent=2)
        + "\n"
    )


def _notebook(seed: Seed) -> str:
    source = (
        "import os\n"
        "headers = {'Authorization': 'Bearer ' + os.environ['INTERCOM_READ_TOKEN']}\n"
        "headers"
    )
    output = {
        "output_type": "execute_result",
        "execution_count": 2,
        "metadata": {},
        "data": {"text/plain": [f"{{'Authorization': 'Bearer {seed.read_token}'}}"]},
    }
    code = {
        "cell_type": "code",
        "execution_count": 2,
        "id": "headers",
        "metadata": {},
        "source": source.splitlines(keepends=True),
        "outputs": [output],
    }
    title = {"cell_type": "markdown", "id": "title", "metadata": {}, "source": ["# Churn"]}
    document = {"cells": [title, code], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, indent=1) + "\n"


def _webhooks() -> str:
    """Decoys: a signature and a request id are no secrets."""
    signature = hashlib.sha1(b"a webhook body", usedforsecurity=False).hexdigest()
    return f"""# Webhooks

Intercom signs what it sends:

    X-Hub-Signature: sha1={signature}
    X-Request-Id: {tokens.identifier("request")}

The app's client_id is {tokens.client_id("demo/production")}.
"""


def _test() -> str:
    """Decoys: a placeholder of the right length, and a user_hash."""
    user_hash = hashlib.sha256(b"user 42").hexdigest()
    return f"""def test_headers():
    token = "{"x" * 60}"
    assert token not in repr({{"user_hash": "{user_hash}"}})
"""
