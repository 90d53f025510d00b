"""The runbook's own committed notebooks, outputs and all, hold no secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from helpers.exposure.items import SecretMatch
from helpers.exposure.kingfisher import Kingfisher
from helpers.exposure.unpack import unpack
from tests.conftest import HOME, make_access_token

NOTEBOOKS = sorted((HOME / "notebooks").glob("*.ipynb"))
ENGINE = Kingfisher()


def seen(path: Path, data: bytes) -> list[tuple[str, SecretMatch]]:
    return [(p.inner, s) for p in unpack(path.name, data) for s in ENGINE.scan(p.data, p.inner)]


def test_there_are_notebooks() -> None:
    assert len(NOTEBOOKS) == 10


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_cell_and_no_output_holds_a_secret(path: Path) -> None:
    assert seen(path, path.read_bytes()) == []


@pytest.mark.parametrize("path", NOTEBOOKS[:1], ids=lambda path: path.stem)
def test_a_secret_in_an_output_would_be_found(path: Path) -> None:
    notebook = json.loads(path.read_text("utf-8"))
    cell = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    cell["outputs"].append({"output_type": "stream", "text": [f"got {make_access_token()}\n"]})
    assert len(seen(path, json.dumps(notebook).encode())) == 1
