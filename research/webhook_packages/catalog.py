"""Published packages that check `X-Hub-Signature`, used as their own documents show it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
GITHUB = (("X-GitHub-Event", "ping"), ("X-GitHub-Delivery", "1"))
LOCKS = {"npm": HERE / "node/package-lock.json", "PyPI": HERE / "python/requirements.txt"}


@dataclass(frozen=True)
class Package:
    """One package. `headers` are those that it asks of a delivery beside the signature.

    `remark` says in words what the outcome comes to.
    """

    name: str
    registry: str
    used_in: str
    remark: str
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def receiver(self) -> Path:
        """The file that uses it."""
        if self.registry == "npm":
            return HERE / f"node/{self.name.lstrip('@').replace('/', '-')}.js"
        return HERE / f"python/{self.name.replace('-', '_')}_app.py"

    @property
    def version(self) -> str:
        """The version that the lock file pins."""
        text = LOCKS[self.registry].read_text()
        if self.registry == "npm":
            return str(json.loads(text)["packages"][f"node_modules/{self.name}"]["version"])
        found = re.search(rf"^{re.escape(self.name)}==(\S+)", text, re.MULTILINE)
        assert found, f"{self.name} is not in {LOCKS[self.registry].name}"
        return found[1]


PACKAGES = (
    Package(
        "github-webhook",
        "PyPI",
        "Flask",
        "Refuses every forgery. A signature that is not ASCII makes a 500, since text is compared; "
        "so does signed JSON that is no object.",
        GITHUB,
    ),
    Package(
        "flask-githubapp",
        "PyPI",
        "Flask",
        "Parses before it verifies, so deep JSON breaks it unsigned; splits the signature at `=` "
        "and takes the second part, so one without `=` breaks it and text behind a second is "
        "let through.",
        GITHUB,
    ),
    Package(
        "django-github-webhook",
        "PyPI",
        "Django",
        "Unpacks the signature at `=` into two, so anything else makes a 500, unsigned.",
        GITHUB,
    ),
    Package(
        "gidgethub",
        "PyPI",
        "Starlette",
        "Refuses every forgery but those in SHA-256, which it takes in the SHA-1 header too. It "
        "says so by an exception, and the usual boilerplate answers each with 500: errors that "
        "anybody can cause, and that Intercom would count.",
        GITHUB,
    ),
    Package(
        "webhook-utils",
        "PyPI",
        "FastAPI",
        "Compares bare hex with the header, so `sha1=` makes it refuse every genuine delivery.",
    ),
    Package(
        "express-x-hub",
        "npm",
        "Express",
        "Verifies the body decoded as text: other bytes that decode to the same text pass.",
    ),
    Package(
        "x-hub-signature",
        "npm",
        "Express",
        "Refuses every forgery; where no raw parser matched the content type, it is handed no "
        "bytes and throws.",
    ),
    Package(
        "x-hub-signature-middleware",
        "npm",
        "Express",
        "Refuses every forgery; a content type that is not JSON leaves it no raw body: 500.",
    ),
    Package(
        "@hookflo/tern",
        "npm",
        "Express",
        "Refuses every other forgery, and breaks at nothing. It decodes the body as text before it "
        "verifies: a byte order mark, and bytes that decode to the same text, pass.",
    ),
    Package(
        "express-github-webhook",
        "npm",
        "Express",
        "Verifies JSON that it has written again: genuine deliveries are lost, and bytes that "
        "were never signed pass.",
        GITHUB,
    ),
    Package(
        "github-webhook-handler",
        "npm",
        "node:http",
        "With its README's own callback, the first refusal ends the process: it answers twice.",
        GITHUB,
    ),
    Package(
        "verify-github-webhook",
        "npm",
        "Express",
        "Throws where the signature is absent or of another length. Its README signs JSON that "
        "was written again: genuine deliveries are lost, and bytes never signed pass.",
    ),
)
