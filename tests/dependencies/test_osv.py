"""Advisories match the versions that they name, and no others."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from helpers.core.errors import UsageError
from helpers.core.verdicts import Severity, Status
from helpers.dependencies.osv import AdvisoryIndex, delivered_advisories, load_osv
from helpers.dependencies.records import Ecosystem, PackagePin

INDEX = AdvisoryIndex.of(delivered_advisories())


def statuses(ecosystem: str, name: str, version: str, *references: str) -> list[Status]:
    pin = PackagePin(Ecosystem(ecosystem), name, version, references)
    return [status for _, status, _ in INDEX.matches(pin)]


@pytest.mark.parametrize("version", ["7.0.4", "v7.0.4", "=7.0.4", "7.0.4+build.1"])
def test_the_bad_release_of_the_npm_client_is_found(version: str):
    assert statuses("npm", "intercom-client", version) == [Status.FAIL]


@pytest.mark.parametrize("version", ["7.0.3", "7.0.5", "7.0.40", "17.0.4", "7.0.4-beta.1", "7.0"])
def test_neighbouring_versions_are_clean(version: str):
    assert statuses("npm", "intercom-client", version) == []


@pytest.mark.parametrize(
    "name", ["intercom-clients", "@x/intercom-client", "Intercom-Client", "intercom"]
)
def test_similar_names_are_clean(name: str):
    assert statuses("npm", name, "7.0.4") == []


@pytest.mark.parametrize(
    ("references", "expected"),
    [
        (["e69bf4b3" + "0" * 32], [Status.FAIL]),
        (["9371eba9" + "0" * 32], []),
        (["9371eba9" + "0" * 32, "e69bf4b3" + "0" * 32], [Status.FAIL]),
        (["9371eba9" + "0" * 32, "a" * 40], [Status.MANUAL]),
        (["a" * 40], [Status.MANUAL]),
        ([], [Status.MANUAL]),
    ],
)
def test_the_commit_decides_about_the_php_client(references: list[str], expected: list[Status]):
    assert statuses("Packagist", "Intercom/Intercom-PHP", "v5.0.2", *references) == expected
    assert statuses("Packagist", "intercom/intercom-php", "5.0.1", *references) == []


@pytest.mark.parametrize("name", ["intercom-openapi", "intercom-intermoji", "intercom-gtm-js"])
def test_every_version_of_a_malicious_name_is_bad(name: str):
    assert statuses("npm", name, "0.0.1-security") == [Status.FAIL]


def record(ecosystem: str, *events: dict[str, str], **more: object) -> dict[str, object]:
    package = {"ecosystem": ecosystem, "name": "Some_Package"}
    ranges = [{"type": "ECOSYSTEM", "events": list(events)}]
    return {"id": "X-1", "affected": [{"package": package, "ranges": ranges}], **more}


@pytest.fixture
def osv(tmp_path: Path) -> Path:
    return tmp_path / "osv.json"


def status_of(osv: Path, ecosystem: str, version: str) -> list[Status]:
    pin = PackagePin(Ecosystem(ecosystem), "Some_Package", version)
    return [status for _, status, _ in AdvisoryIndex.of(load_osv(osv)).matches(pin)]


@pytest.mark.parametrize(
    ("ecosystem", "version", "expected"),
    [
        ("npm", "0.9.9", []),
        ("npm", "1.0.0-rc.1", []),
        ("npm", "1.0.0", [Status.FAIL]),
        ("npm", "1.10.0", [Status.FAIL]),
        ("npm", "2.0.0-rc.1", [Status.FAIL]),
        ("npm", "2.0.0", []),
        ("PyPI", "1.0rc1", []),
        ("PyPI", "1.9.post1", [Status.FAIL]),
        ("PyPI", "2", []),
        ("RubyGems", "1.10", [Status.FAIL]),
        ("RubyGems", "2.0", []),
        ("RubyGems", "1.0.pre", [Status.MANUAL]),
        ("npm", "workspace", [Status.MANUAL]),
    ],
)
def test_ranges_are_compared_as_the_ecosystem_does(
    osv: Path, ecosystem: str, version: str, expected: list[Status]
):
    events = ({"fixed": "2.0.0"}, {"introduced": "1.0.0"})
    osv.write_text(json.dumps(record(ecosystem, *events)))
    assert status_of(osv, ecosystem, version) == expected


def test_names_of_python_packages_are_normalised(osv: Path):
    osv.write_text(json.dumps(record("PyPI", {"introduced": "0"})))
    index = AdvisoryIndex.of(load_osv(osv))
    assert [*index.matches(PackagePin(Ecosystem.PYPI, "some.package", "1"))]


def test_a_withdrawn_record_counts_for_nothing(osv: Path):
    osv.write_text(json.dumps(record("npm", {"introduced": "0"}, withdrawn="2026-01-01T00:00:00Z")))
    assert status_of(osv, "npm", "1.0.0") == []


def test_a_record_for_commits_only_is_for_a_person(osv: Path):
    text = json.dumps(record("npm", {"introduced": "0"})).replace("ECOSYSTEM", "GIT")
    osv.write_text(text)
    assert status_of(osv, "npm", "1.0.0") == [Status.MANUAL]


def test_a_zip_of_records_is_read(tmp_path: Path):
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("MAL-1.json", json.dumps(record("npm", {"introduced": "0"}, id="MAL-1")))
        archive.writestr("X-2.json", json.dumps(record("npm", {"introduced": "0"}, id="X-2")))
    assert [(one.id, one.severity) for one in load_osv(path)] == [
        ("MAL-1", Severity.CRITICAL),
        ("X-2", Severity.HIGH),
    ]


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", "{}", '"x"', '{"id": 1, "affected": [3]}', "[" * 9999]
)
def test_a_file_that_is_no_record_is_refused(osv: Path, text: str):
    osv.write_text(text)
    with pytest.raises(UsageError, match=r"osv\.json is not an OSV record"):
        list(load_osv(osv))


def test_a_zip_with_one_broken_record_is_refused(tmp_path: Path):
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.json", "{")
    with pytest.raises(UsageError, match=r"all\.zip: a\.json"):
        list(load_osv(path))
