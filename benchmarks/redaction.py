"""How long redacting takes: `python benchmarks/redaction.py [before]`.

Texts of 1 and 20 MB against 12 registered secrets: a clean executed notebook, base64 such as that
of pictures, and a notebook with a secret in every hundredth cell. `before` measures what one
regular expression of all printed forms takes, which finds no split, reversed or partial ones.
Prints the best of three, in ms for each text.
"""

from __future__ import annotations

import base64
import json
import os
import random
import re
import sys
import time
import uuid
from collections.abc import Callable

from helpers.core.redaction import Redactor, _printed

SECRETS = [str(uuid.UUID(int=random.Random(n).getrandbits(128))) for n in range(12)]


def notebook(size: int, secret: str = "") -> str:
    """Return JSON with many short lines, as an executed notebook has them."""
    line = '    The workspace has 7 apps; "dev" was used 3 days ago <b>by</b> ana@acme.test.\n'
    cells = [
        {"source": [line, f"call({n})\n"], "outputs": [line * 3, secret if n % 100 == 0 else ""]}
        for n in range(size // 500)
    ]
    return json.dumps(cells, indent=1)


def pictures(size: int) -> str:
    """Return base64 without a line break."""
    return base64.b64encode(os.urandom(size * 3 // 4)).decode()


def one_expression() -> Callable[[str], str]:
    """Return a function that replaces the printed forms alone."""
    forms = sorted({form for one in SECRETS for form in _printed(one)}, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, forms)))
    return lambda text: pattern.sub("[redacted]", text)


def best(function: Callable[[str], str], text: str) -> float:
    """Return the fastest of three runs, in ms."""
    times = []
    for _ in range(3):
        started = time.perf_counter()
        function(text)
        times.append(time.perf_counter() - started)
    return min(times) * 1000


def main() -> None:
    """Measure and print."""
    redactor = Redactor()
    for secret in SECRETS:
        redactor.register("client_secret", secret)
    started = time.perf_counter()
    redactor.text("")
    print(f"12 secrets arranged for searching: {(time.perf_counter() - started) * 1000:.0f} ms")
    redact = one_expression() if "before" in sys.argv else redactor.text
    for megabytes in (1, 20):
        size = megabytes * 1_000_000
        texts = {
            "clean notebook": notebook(size),
            "base64": pictures(size),
            "notebook with secrets": notebook(size, SECRETS[3]),
        }
        for name, text in texts.items():
            print(f"{name}, {len(text) / 1e6:.1f} MB: {best(redact, text):.0f} ms")


if __name__ == "__main__":
    main()
