"""Rate limits."""

import socket
import threading
from collections.abc import Iterator

import pytest
import redis

from apps.api.throttle import Counter, Rate
from tests.factories.keys import Caller


def test_each_answer_says_where_the_key_stands(otto: Caller, settings) -> None:
    """RateLimit counts down; the one too many is 429 with Retry-After, for this key only."""
    settings.API_REQUESTS_PER_MINUTE = 2
    first, second, third = (otto.get("/proposals") for _ in range(3))
    assert first["RateLimit-Policy"] == '"key";q=2;w=60'
    assert first["RateLimit"].startswith('"key";r=1;t=')
    assert second["RateLimit"].startswith('"key";r=0;t=')
    assert "Retry-After" not in second
    assert third.status_code == 429
    assert third["Content-Type"] == "application/problem+json"
    assert 1 <= int(third["Retry-After"]) <= 60
    assert third["RateLimit"].startswith('"key";r=0;t=')


def test_another_key_is_counted_apart(otto: Caller, rita: Caller, settings) -> None:
    """One key's requests do not use up another's."""
    settings.API_REQUESTS_PER_MINUTE = 1
    assert otto.get("/proposals").status_code == 200
    assert otto.get("/proposals").status_code == 429
    assert rita.get("/proposals").status_code == 200


def test_a_rate_never_goes_below_nothing() -> None:
    """Far beyond the limit the remaining quota is still 0."""
    assert Rate(limit=1, used=9, reset=3).headers()["RateLimit"] == '"key";r=0;t=3'


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken: list[socket.socket] = []

        def accept() -> None:
            try:
                while True:
                    taken.append(server.accept()[0])
            except OSError:
                return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1]
    for connection in taken:
        connection.close()


def test_a_valkey_that_hangs_costs_little(settings, silent_port: int) -> None:
    """While Valkey does not answer each process counts for itself, asking again after a pause."""
    settings.REDIS_URL = f"redis://127.0.0.1:{silent_port}/0"
    clock = [0.0]
    counter = Counter(clock=lambda: clock[0])
    assert [counter.add("k", 1) for _ in range(3)] == [1, 2, 3]
    assert counter.add("other", 1) == 1
    assert counter.add("k", 2) == 1  # a new window


def test_processes_share_the_count(settings) -> None:
    """With Valkey, two processes' counters add up."""
    try:
        redis.Redis.from_url(settings.REDIS_URL).ping()
    except redis.RedisError:
        pytest.skip("no Valkey in this run")
    one, other = Counter(), Counter()
    window = 10**9
    redis.Redis.from_url(settings.REDIS_URL).delete(f"aios:rate:shared:{window}")
    assert [one.add("shared", window), other.add("shared", window)] == [1, 2]
