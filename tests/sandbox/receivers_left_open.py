"""Starts the receivers, asks one, and goes without closing: run by `test_receivers_exit`."""

from __future__ import annotations

import sys
import urllib.request

from helpers.sandbox.receivers import start_receivers

if __name__ == "__main__":
    left = start_receivers("sample-secret")
    request = urllib.request.Request(left.__enter__().sound_url, method="HEAD")
    with urllib.request.urlopen(request) as answer:
        sys.stdout.write(f"{answer.status}\n")
    sys.exit(7)
