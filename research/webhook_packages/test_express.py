"""No false alarm in Express, which is not among the packages of the project's own lock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from research.webhook_packages.catalog import HERE
from research.webhook_packages.installed import node_modules
from tests.webhooks.receivers.process import running
from tests.webhooks.test_sound_receivers import SECRET, assert_no_alarm


def test_a_sound_receiver_in_express_raises_no_alarm(require: Callable[[str, str], Path]):
    node = require("node", "apt install nodejs")
    modules = {"NODE_PATH": str(node_modules())}
    with running((node, HERE / "node" / "express_app.js"), SECRET, modules) as url:
        assert_no_alarm(url)
