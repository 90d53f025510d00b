from __future__ import annotations

from pathlib import Path

import pytest

from helpers.core.errors import ConfigurationError
from helpers.core.settings import Profile, load_settings
from helpers.intercom.regions import HOSTS, base_url, checked_url, same_region


def url_of(tmp_path: Path, **environ: str) -> str:
    return base_url(load_settings(Profile.PRODUCTION, tmp_path, environ=environ))


def test_the_region_names_the_host_and_us_is_the_default(tmp_path: Path) -> None:
    assert url_of(tmp_path) == HOSTS["us"]
    assert url_of(tmp_path, INTERCOM_REGION="EU") == HOSTS["eu"]


def test_an_unknown_region_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        url_of(tmp_path, INTERCOM_REGION="mars")
    assert "us, eu, au" in caught.value.advice


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("https://proxy.example.com", "https://proxy.example.com"),
        ("https://proxy.example.com/intercom/", "https://proxy.example.com/intercom"),
        ("http://127.0.0.1:8080/w/one", "http://127.0.0.1:8080/w/one"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://localhost:1", "http://localhost:1"),
    ],
)
def test_https_anywhere_and_http_on_loopback_may_be_used(given: str, used: str) -> None:
    assert checked_url(given) == used


@pytest.mark.parametrize(
    "given",
    [
        "http://api.intercom.io",
        "http://127.0.0.1.evil.example",
        "http://10.0.0.1",
        "ftp://127.0.0.1",
        "https://",
        "api.intercom.io",
        "https://user:pass@api.intercom.io",
        "https://api.intercom.io?x=1",
        "https://api.intercom.io#x",
        "https://api.intercom.io/a/../b/%2e%2e",
        "https://[bad",
        "https://api.intercom.io:port",
        "https://127.0.0.1:99999",
        "https://127.0.0.1:0",
    ],
)
def test_a_url_that_a_token_must_not_go_to_is_refused_without_repeating_it(given: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        checked_url(given)
    assert given == "https://" or given not in str(caught.value)


def test_the_reported_region_is_compared_by_its_first_letters() -> None:
    assert same_region("us", "US") is True
    assert same_region("eu", "US") is False
    assert same_region("EU", "eu-west-1") is True
    assert same_region("us", "") is None
    assert same_region("us", "Mars") is None
