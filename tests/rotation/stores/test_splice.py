"""Only the bytes of one value change, whatever the file looks like."""

from __future__ import annotations

import io

import pytest
from dotenv.parser import parse_stream
from hypothesis import given
from hypothesis import strategies as st

from helpers.rotation.stores.envfile import EnvFileError, splice, value_of
from tests.rotation.stores.conftest import VARIABLE, fresh

DECOY = f'NOTE="first line\n{VARIABLE}=decoy\nlast line"\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{VARIABLE}=", "\n"),
        (f"A=1\n{VARIABLE}=", "\nB=2\n"),
        (f"A=1\r\n{VARIABLE}=", "\r\nB=2\r\n"),
        (f"\ufeff{VARIABLE}=", "\n"),
        (f"\ufeff# comment\r\n{VARIABLE}=", ""),
        (f"export {VARIABLE}=", "\n"),
        (f"  export   {VARIABLE} =  ", "   # why\n"),
        (f"{VARIABLE}=", " # rotated in March\n"),
        (f"{VARIABLE}='", "'\n"),
        (f'{VARIABLE}="', '" # quoted\n'),
        (f"'{VARIABLE}'=", "\n"),
        (f"{DECOY}{VARIABLE}=", f"\n{DECOY.replace('NOTE', 'NOTE2')}"),
        (f"# {VARIABLE}=commented\n\n\n{VARIABLE}=", "\n\n\n"),
        (f"{VARIABLE}X=1\nX{VARIABLE}=2\n{VARIABLE}=", "\n"),
        (f"{VARIABLE}=", "\r"),
    ],
)
def test_every_other_byte_stays(before: str, after: str) -> None:
    old, new = fresh(), fresh()
    content = f"{before}{old}{after}".encode()
    assert value_of(content, VARIABLE) == old
    assert splice(content, VARIABLE, new) == f"{before}{new}{after}".encode()


def test_an_empty_value_is_filled() -> None:
    assert splice(f"{VARIABLE}=\n".encode(), VARIABLE, "abc") == f"{VARIABLE}=abc\n".encode()


LINES = st.lists(
    st.one_of(
        st.from_regex(r"[A-Z]{1,5}=[a-z0-9 ]{0,6}", fullmatch=True),
        st.from_regex(r"[A-Z]{1,5}='[a-z\n#= ]{0,9}'", fullmatch=True),
        st.from_regex(r'[A-Z]{1,5}="[a-z\n#= ]{0,9}" # [a-z]{0,5}', fullmatch=True),
        st.from_regex(r"# [a-zA-Z= ]{0,12}", fullmatch=True),
        st.just(""),
        st.just("export Q=1"),
    ),
    max_size=6,
)
STYLES = st.tuples(st.sampled_from(["", "'", '"']), st.sampled_from(["\n", "\r\n"]))
VALUES = st.text("ABCabc0189+/=_.:~-", min_size=1, max_size=40)


@given(LINES, LINES, st.tuples(VALUES, VALUES), STYLES)
def test_any_file_keeps_its_other_bindings(
    above: list[str], below: list[str], values: tuple[str, str], style: tuple[str, str]
) -> None:
    (old, new), (quote, ending) = values, style
    head = "".join(f"{line}{ending}" for line in above) + f"{VARIABLE}={quote}"
    tail = quote + ending + ending.join(below)
    assert splice((head + old + tail).encode(), VARIABLE, new) == (head + new + tail).encode()


@given(st.binary(max_size=200), VALUES)
def test_any_bytes_are_changed_in_that_value_alone_or_refused(content: bytes, new: str) -> None:
    content += f"\n{VARIABLE}=old\n".encode()
    try:
        changed = splice(content, VARIABLE, new)
    except EnvFileError:
        return
    assert changed == content.removesuffix(b"old\n") + new.encode() + b"\n"
    assert _bindings(changed, VARIABLE) == [new]


def _bindings(content: bytes, variable: str) -> list[str | None]:
    stream = io.StringIO(content.decode().removeprefix("\ufeff"), newline="")
    return [binding.value for binding in parse_stream(stream) if binding.key == variable]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f"{VARIABLE}=a\n{VARIABLE}=b\n", "more than once (lines 1, 2)"),
        (f"{VARIABLE}\n", "no value"),
        ("A=1\n", "no value"),
        (f"{VARIABLE}= # none yet\n", "without changing other lines"),
        (f"A='open\n{VARIABLE}=a\n", "not NAME=value"),
        (f"\ufeff\ufeff{VARIABLE}=a\n", "byte order marks"),
    ],
)
def test_what_is_not_safe_is_refused(content: str, said: str) -> None:
    with pytest.raises(EnvFileError) as caught:
        splice(content.encode(), VARIABLE, "new")
    assert said in caught.value.message


def test_a_file_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(EnvFileError, match="UTF-8"):
        splice(b"\xff\xfe", VARIABLE, "new")


@pytest.mark.parametrize("value", ["", "a b", "a'b", 'a"b', "a#b", "a\nB=1", "a$b", "a\\b", "ä"])
def test_a_value_that_means_something_is_refused(value: str) -> None:
    with pytest.raises(EnvFileError, match="characters that are special"):
        splice(f"{VARIABLE}=a\n".encode(), VARIABLE, value)
