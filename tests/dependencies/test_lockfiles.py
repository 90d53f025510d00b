"""Every format names its releases; nothing that a file holds makes a reader raise."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.dependencies.lockfiles import LARGEST_LOCKFILE, is_lockfile, read_lockfile
from helpers.dependencies.records import Ecosystem, PackagePin
from tests.dependencies.lockfiles import NPM_FORMATS, OTHER_FORMATS, composer

FILES = sorted(
    {file for file, _ in NPM_FORMATS.values()}
    | {file for _, file, _ in OTHER_FORMATS.values()}
    | {"composer.lock", "vendor/composer/installed.json", "bun.lockb", "pdm.lock", "gems.locked"}
)
VALID = [
    *((file, build("intercom-client", "7.0.4")) for file, build in NPM_FORMATS.values()),
    *((file, build("intercom", "1.0")) for _, file, build in OTHER_FORMATS.values()),
    ("composer.lock", composer("5.0.2", "e69bf4b3")),
]


@pytest.mark.parametrize("name", ["intercom-client", "@intercom/messenger"])
@pytest.mark.parametrize("form", NPM_FORMATS)
def test_each_npm_format_names_the_release(form: str, name: str):
    file, build = NPM_FORMATS[form]
    found = read_lockfile(file, build(name, "7.0.4").encode())
    assert found.problem == ""
    assert PackagePin(Ecosystem.NPM, name, "7.0.4") in found.pins


@pytest.mark.parametrize("form", OTHER_FORMATS)
def test_each_other_format_names_the_release(form: str):
    ecosystem, file, build = OTHER_FORMATS[form]
    found = read_lockfile(file, build("intercom-tools", "1.0.1").encode())
    assert found.problem == ""
    assert PackagePin(Ecosystem(ecosystem), "intercom-tools", "1.0.1") in found.pins


def test_composer_names_the_commit():
    (pin,) = read_lockfile("composer.lock", composer("v5.0.2", "e69bf4b3aa").encode()).pins
    assert pin == ("Packagist", "intercom/intercom-php", "v5.0.2", ("e69bf4b3aa",))


def test_windows_line_ends_and_a_byte_order_mark_change_nothing():
    for form in ("yarn 1", "yarn berry", "pnpm 9", "npm 3"):
        file, build = NPM_FORMATS[form]
        text = build("intercom-client", "7.0.4")
        other = b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()
        assert read_lockfile(file, other) == read_lockfile(file, text.encode())


def test_the_root_and_workspaces_are_not_installed_releases():
    packages = {
        "": {"name": "intercom-client", "version": "7.0.4"},
        "packages/client": {"name": "intercom-client", "version": "7.0.4"},
        "node_modules/intercom-client": {"resolved": "packages/client", "link": True},
    }
    text = json.dumps({"lockfileVersion": 3, "packages": packages})
    assert read_lockfile("package-lock.json", text.encode()).pins == ()


@pytest.mark.parametrize(
    ("file", "data"),
    [
        ("package-lock.json", b'{"lockfileVersion": 3, "packages": {"node_modules/a": 1}}'),
        ("package-lock.json", b"{}"),
        ("package-lock.json", b'{"lockfileVersion": 3, "pack'),
        ("package-lock.json", b'{"packages":' + b"[" * 100_000),
        ("yarn.lock", b'# yarn lockfile v1\n\n<<<<<<< HEAD\na@^1:\n  version "1.0.0"\n'),
        ("yarn.lock", b"# yarn lockfile v1\n\na@^1:\n"),
        ("yarn.lock", b"nothing"),
        ("pnpm-lock.yaml", b"lockfileVersion: '9.0'\npackages: {intercom-client@7.0.4: {}}\n"),
        ("pnpm-lock.yaml", b"lockfileVersion: '9.0'\npackages:\n  intercom-client: {}\n"),
        ("bun.lock", b'{"packages": {"a": [1]}}'),
        ("bun.lockb", b"#!/usr/bin/env bun\n\0\1"),
        ("composer.lock", b'{"packages": [{"name": "a/b"}]}'),
        ("uv.lock", b"[[package]\n"),
        ("poetry.lock", b""),
        ("Pipfile.lock", b"{}"),
        ("Gemfile.lock", b"GEM\n  specs:\n"),
        ("bom.json", b"{}"),
        ("bom.xml", b"<bom/>"),
        ("requirements.txt", b"\xff\xfe"),
    ],
)
def test_a_file_that_is_not_understood_says_so(file: str, data: bytes):
    assert read_lockfile(file, data).problem


def test_what_a_damaged_file_names_before_the_damage_counts():
    text = NPM_FORMATS["yarn 1"][1]("intercom-client", "7.0.4") + "\nx@^1:\n\n"
    found = read_lockfile("yarn.lock", text.encode())
    assert found.problem
    assert PackagePin(Ecosystem.NPM, "intercom-client", "7.0.4") in found.pins


def test_a_file_beyond_the_limit_is_not_read():
    assert read_lockfile("yarn.lock", b" " * (LARGEST_LOCKFILE + 1)).problem


@given(st.sampled_from(FILES), st.binary(max_size=2000))
def test_no_bytes_make_a_reader_raise(file: str, data: bytes):
    found = read_lockfile(file, data)
    assert found.problem or isinstance(found.pins, tuple)


@given(st.sampled_from(VALID), st.data())
def test_no_change_of_a_real_file_makes_a_reader_raise(valid: tuple[str, str], data: st.DataObject):
    file, text = valid
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    changed = text[:start] + data.draw(st.text(max_size=20)) + text[end:]
    read_lockfile(file, changed.encode("utf-8", "surrogatepass"))


@given(
    st.sampled_from([file for file in FILES if file.endswith("json") or "Pipfile" in file]),
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["packages", "dependencies", "version", "name", "default", "a"]),
                inner,
            )
        ),
        max_leaves=20,
    ),
)
def test_no_json_makes_a_reader_raise(file: str, value: object):
    read_lockfile(file, json.dumps(value).encode())


def test_only_known_names_are_read():
    assert is_lockfile("a/b/requirements-dev.txt")
    assert not is_lockfile("package-lock.json.bak")
    assert not is_lockfile("notes.txt")
