"""Documents by others that the tests hold the project to; README.md names their sources."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

HERE = Path(__file__).parent


def api_description(version: str) -> bytes:
    """Intercom's OpenAPI description, as YAML: `2.16` or `preview`."""
    packed = HERE / "intercom-openapi" / f"api.intercom.io-{version}.yaml.gz"
    return gzip.decompress(packed.read_bytes())


@cache
def sarif_validator() -> Draft7Validator:
    """Checks a document against the SARIF 2.1.0 schema, formats included."""
    text = (HERE / "sarif" / "sarif-schema-2.1.0.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER)
