"""Base64 over several lines, and base64 of what is compressed: found in every form, and bounded."""

from __future__ import annotations

import base64
import bz2
import gzip
import json
import lzma
import textwrap
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.exposure.encoded import base64_blocks
from helpers.exposure.unpack import UnpackBudget, unpack

TEXT = "user=ada\npassword=Winter-2026\naddress=https://example.com/a/long/path\n" * 4


def lines(data: bytes, width: int) -> list[str]:
    return textwrap.wrap(base64.b64encode(data).decode(), width)


def folded(rows: list[str]) -> str:
    return "key: >-\n" + textwrap.indent("\n".join(rows), "    ") + "\nnext: 1\n"


FORMS: dict[str, Callable[[list[str]], str]] = {
    "lines": "\n".join,
    "lines of Windows": "\r\n".join,
    "a folded value": folded,
    "strings side by side": lambda rows: "(\n" + "\n".join(f'    "{row}"' for row in rows) + "\n)",
    "strings added": lambda rows: " +\n  ".join(f"'{row}'" for row in rows) + ";",
    "strings added, sign first": lambda rows: "\n  + ".join(f"'{row}'" for row in rows) + ";",
    "strings with line ends": lambda rows: "\n".join(f'"{row}\\n"' for row in rows),
    "a list": lambda rows: json.dumps(rows, indent=2),
    "escaped line ends": lambda rows: json.dumps({"key": "\n".join(rows)}),
    "escaped line ends of Windows": lambda rows: json.dumps({"key": "\r\n".join(rows)}),
    "comments": lambda rows: "\n".join(f"# {row}" for row in rows),
    "comments with slashes": lambda rows: "\n".join(f"// {row}" for row in rows),
    "a quoted mail": lambda rows: "\n".join(f"> {row}" for row in rows),
    "continued lines": lambda rows: "VALUE=" + "\\\n".join(rows),
    "armour": lambda rows: "\n".join(["-----BEGIN X-----", *rows, "-----END X-----"]),
}


@pytest.mark.parametrize("width", [60, 64, 76])
@pytest.mark.parametrize("form", FORMS)
def test_wrapped_base64_is_joined(form: str, width: int) -> None:
    text = FORMS[form](lines(TEXT.encode(), width))
    (content,) = [content for _, content in base64_blocks(text.encode())]
    assert base64.b64decode(content).decode() == TEXT


@pytest.mark.parametrize("form", FORMS)
def test_wrapped_base64_of_bytes_is_decoded(form: str) -> None:
    packed = bytes(range(256)) + TEXT.encode()
    text = FORMS[form](lines(packed, 76))
    assert [content for _, content in base64_blocks(text.encode())] == [packed]


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("times", [1, 2])
def test_base64_of_something_compressed_is_unpacked(
    compress: Callable[[bytes], bytes], times: int
) -> None:
    data = compress(TEXT.encode())
    for _ in range(times):
        data = base64.b64encode(data)
    parts = list(unpack("a.yaml", b"kind: Secret\ndata:\n  release: " + data))
    assert parts[-1].data.decode() == TEXT
    assert parts[-1].inner.startswith("base64 in line 3!")


def test_a_block_is_named_by_its_line() -> None:
    text = "\n".join(["first", *lines(TEXT.encode(), 76), "-", "", *lines(TEXT.encode(), 64)])
    found = [line for line, _ in base64_blocks(text.encode())]
    assert found == [2, 2 + len(lines(TEXT.encode(), 76)) + 2]


def test_a_key_below_a_block_without_padding_is_no_part_of_it() -> None:
    data = bytes(range(199, 256)) * 4
    rows = lines(data, 76)
    for below in ("next: 1", "NEXT=1", "next:"):
        text = "\n".join([*rows, below])
        assert [content for _, content in base64_blocks(text.encode())] == [
            bytes(range(199, 256)) * 4
        ]


def test_lists_of_names_are_no_base64() -> None:
    names = "import (\n    AttachContactToConversationRequestCustomerName,\n    DetachContact,\n)\n"
    paths = '["/properties/IdentityProviderDetails/InstanceArn",\n "/properties/Name"]'
    assert list(base64_blocks((names + paths).encode())) == []


def test_blocks_count_towards_the_limits_of_an_item() -> None:
    text = "\n-\n".join("\n".join(lines(TEXT.encode(), 76)) for _ in range(9)).encode()
    parts = list(unpack("a", text, UnpackBudget(entries=3)))
    assert [bool(part.reason) for part in parts] == [False, False, False, False, True]
    assert parts[-1].reason == "the archive is too large: this and what follows is not read"


@given(
    st.text(min_size=90).map(lambda text: "0 " + text),
    st.integers(40, 100),
    st.sampled_from(sorted(FORMS)),
)
def test_any_text_comes_back_from_any_form(text: str, width: int, form: str) -> None:
    rows = lines(text.encode(), width)
    if len(rows) < 2 or not any(map(str.isdigit, "".join(rows))):
        return
    blocks = list(base64_blocks(FORMS[form](rows).encode()))
    assert [base64.b64decode(content) for _, content in blocks] == [text.encode()]


_PIECES = st.one_of(
    st.sampled_from(
        ["A" * 40, "H4sI" + "0" * 50, "\n", "\\n", "\r\n", '"', " +\n", "=", "==", "// "]
    ),
    st.text("AZaz09+/=\n\\\"' ", max_size=80),
)


@given(st.lists(_PIECES, max_size=30).map("".join))
def test_no_input_raises_or_grows(text: str) -> None:
    data = text.encode()
    assert sum(len(content) for _, content in base64_blocks(data)) <= len(data)
    parts = list(unpack("a", data, UnpackBudget()))
    assert parts[0].data == data
    assert sum(len(part.data) for part in parts) <= 6 * len(data)  # once, and once for each level
