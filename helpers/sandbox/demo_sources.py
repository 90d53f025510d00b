"""The files of the demo repository. What looks like a secret in them is made from labels."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Final

from helpers.sandbox import tokens
from helpers.sandbox.seeds import Seed

__all__ = ["sources"]


def sources(seed: Seed) -> Mapping[str, str]:
    """Path to content."""
    return {
        "README.md": _README,
        ".env.example": _EXAMPLE,
        "package.json": _PACKAGE,
        "package-lock.json": _lock(),
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
_PACKAGE: Final = """{
  "name": "acme-support",
  "version": "1.4.0",
  "private": true,
  "dependencies": { "intercom-client": "^6.2.0" }
}
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


def _lock() -> str:
    """A decoy: hashes near the word intercom."""
    digest = hashlib.sha1(b"intercom-client", usedforsecurity=False).hexdigest()
    package = "intercom-client/-/intercom-client-6.2.0.tgz"
    entry = {
        "version": "6.2.0",
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
