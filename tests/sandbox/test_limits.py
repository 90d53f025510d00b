import httpx
import pytest
import time_machine

from helpers.sandbox.limits import Limiter, RateLimit
from helpers.sandbox.responses import Refusal
from tests.sandbox.conftest import Connect, error_code


def take(limiter: Limiter, app: str, times: int) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(times):
        headers = limiter.take(app)
    return headers


def test_the_documented_limits_are_the_default() -> None:
    # 10,000 a minute per app and 25,000 per workspace, in windows of ten seconds
    assert RateLimit() == RateLimit(app=1666, workspace=4166, window=10.0)


def test_a_window_holds_so_many_calls_and_the_next_begins_anew() -> None:
    limiter = Limiter(RateLimit(app=3, workspace=100, window=10))
    with time_machine.travel(1_000_000_001, tick=False) as clock:
        assert take(limiter, "a", 3) == {
            "X-RateLimit-Limit": "3",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": "1000000010",
        }
        with pytest.raises(Refusal) as refused:
            limiter.take("a")
        assert refused.value.status == 429
        assert refused.value.headers["X-RateLimit-Remaining"] == "0"
        clock.move_to(1_000_000_010)
        assert limiter.take("a")["X-RateLimit-Remaining"] == "2"


def test_each_app_has_its_own_limit() -> None:
    limiter = Limiter(RateLimit(app=2, workspace=100, window=10))
    with time_machine.travel(1_000_000_001, tick=False):
        take(limiter, "a", 2)
        assert limiter.take("b")["X-RateLimit-Remaining"] == "1"


def test_all_apps_share_the_limit_of_the_workspace() -> None:
    limiter = Limiter(RateLimit(app=10, workspace=3, window=10))
    with time_machine.travel(1_000_000_001, tick=False):
        take(limiter, "a", 2)
        take(limiter, "b", 1)
        with pytest.raises(Refusal):
            limiter.take("c")


def test_answers_carry_the_limit_also_when_they_refuse(hub: httpx.Client, connect: Connect) -> None:
    hub.put("/rate_limit", json={"app": 2, "workspace": 100, "window": 3600})
    client = connect(scopes=("read_tags",))
    remaining = [
        client.get(path).headers["X-RateLimit-Remaining"] for path in ("/tags", "/me", "/tags")
    ]
    assert remaining == ["1", "0", "0"]
    assert error_code(client.get("/tags")) == "rate_limit_exceeded"


def test_the_hub_is_not_limited(hub: httpx.Client) -> None:
    hub.put("/rate_limit", json={"app": 1, "workspace": 1, "window": 3600})
    assert all(hub.get("/apps").is_success for _ in range(3))
