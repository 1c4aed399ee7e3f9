"""Bodies are read within bounds, whatever a server sends, and no error carries a word of them."""

import gzip
import threading
import time
import zlib
from collections.abc import Iterator

import psutil
import pytest

from apps.inference.providers.base import (
    Malformed,
    ProviderError,
    Question,
    Refused,
    TimedOut,
    TooLong,
    Unreachable,
)
from apps.inference.providers.openai import OpenAIProvider, limits
from tests.factories.endpoints import Reply, ask, endpoint
from tests.factories.loopback import LOOPBACK

MEGABYTE = b"x" * 1_000_000
MOST_GROWTH = 100_000_000


def flood(before: bytes = b"") -> Iterator[bytes]:
    """600 MB that never make an answer."""
    yield before
    for _ in range(600):
        yield MEGABYTE


def bomb() -> Iterator[bytes]:
    """A gigabyte in one megabyte."""
    pack = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    for _ in range(1000):
        yield pack.compress(MEGABYTE)
    yield pack.flush()


class Watch:
    """The most memory this process had meanwhile, beyond what it had before."""

    def __enter__(self) -> "Watch":
        self._process = psutil.Process()
        self.before = self.most = self._process.memory_info().rss
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def _look(self) -> None:
        while not self._done.wait(0.005):
            self.most = max(self.most, self._process.memory_info().rss)

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    @property
    def growth(self) -> int:
        return self.most - self.before


FLOODS = {
    "one line": lambda: Reply(body=flood()),
    "one string": lambda: Reply(body=flood(b'{"choices":[{"message":{"content":"')),
    "one event": lambda: Reply(body=flood(b"data: "), content_type="text/event-stream"),
    "many events": lambda: Reply(
        body=(b'data: {"choices":[{"delta":{"junk":"%s"}}]}\n\n' % MEGABYTE for _ in range(600)),
        content_type="text/event-stream",
    ),
    "comments": lambda: Reply(body=(b": ping\n\n" * 100_000 for _ in range(750))),
    "lines of nothing": lambda: Reply(body=(b"\n" * 1_000_000 for _ in range(600))),
    "a bomb": lambda: Reply(body=bomb(), headers={"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("make_flood", FLOODS.values(), ids=FLOODS.keys())
@pytest.mark.parametrize("streamed", [True, False])
def test_600_megabytes_are_not_taken_in(make_flood, streamed: bool) -> None:
    """They were: 1.5 GB of memory. Now it is an error, soon, and not asked for again."""
    with endpoint(make_flood()) as (url, _):
        started = time.monotonic()
        with Watch() as watch, pytest.raises(TooLong, match="the answer has no end"):
            ask(url, [] if streamed else None, timeout_s=30)
    assert watch.growth < MOST_GROWTH
    assert time.monotonic() - started < 60


@pytest.mark.parametrize(
    "reply",
    [lambda: Reply(status=500, body=flood()), lambda: Reply(status=400, body=flood(b'{"error":')),
     lambda: Reply(status=503, body=bomb(), headers={"Content-Encoding": "gzip"})],
    ids=["500", "400", "a bomb"],
)  # fmt: skip
def test_the_body_of_an_error_is_not_taken_in_either(reply) -> None:
    """The client would read it whole."""
    with (
        endpoint(reply()) as (url, _),
        Watch() as watch,
        pytest.raises(ProviderError, match="HTTP"),
    ):
        ask(url)
    assert watch.growth < MOST_GROWTH


def test_embeddings_are_bounded_too() -> None:
    """The same reader."""
    with endpoint(Reply(body=flood())) as (url, _), Watch() as watch, pytest.raises(TooLong):
        OpenAIProvider(base_url=url, api_key="", allowed=LOOPBACK).embed(
            ["a"], model="m", dimensions=3, timeout_s=9
        )
    assert watch.growth < MOST_GROWTH


def test_the_watch_sees_what_is_taken_in() -> None:
    """The control: so much memory is noticed."""
    with Watch() as watch:
        kept = bytearray(150_000_000)
        time.sleep(0.1)
    assert watch.growth > MOST_GROWTH
    assert kept


def test_a_compressed_answer_is_read() -> None:
    """As long as it is one."""
    body = gzip.compress(b'{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}')
    reply = Reply(body=body, headers={"Content-Encoding": "gzip"})
    with endpoint(reply) as (url, _):
        assert ask(url).text == "a"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, " * 9 + "gzip"])
def test_a_body_that_is_not_what_it_says_is_malformed(encoding: str) -> None:
    """Broken compression, or one nobody asked for."""
    reply = Reply(body=b"\x1f\x8bbroken", headers={"Content-Encoding": encoding})
    with endpoint(reply) as (url, _), pytest.raises(Malformed):
        ask(url)


def test_a_whole_answer_that_trickles_has_its_time() -> None:
    """Each piece comes in time, the end does not."""

    def trickle() -> Iterator[bytes]:
        for _ in range(200):
            time.sleep(0.05)
            yield b" "

    with endpoint(Reply(body=trickle())) as (url, _):
        started = time.monotonic()
        with pytest.raises(TimedOut):
            ask(url, timeout_s=0.3)
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    ("base_url", "error"),
    [
        ("http://127.0.0.1:1/v1", Unreachable),
        ("ftp://127.0.0.1/v1", Refused),
        ("127.0.0.1:8080", Refused),
        ("http://[broken", Unreachable),
    ],
)
def test_an_address_that_leads_nowhere(base_url: str, error: type[ProviderError]) -> None:
    """Nothing was sent, so nothing can be billed."""
    with pytest.raises(error) as caught:
        ask(base_url)
    assert not caught.value.may_be_billed


@pytest.mark.parametrize(("key", "content"), [("ä", "hi"), ("k\n", "hi"), ("k", "half \ud83d")])
def test_what_cannot_be_sent_is_refused(key: str, content: str) -> None:
    """A key with a letter of no header, a text with half a character."""
    question = Question(model="m", messages=[{"role": "user", "content": content}],
                        max_output_tokens=9, timeout_s=5)  # fmt: skip
    with endpoint(Reply(body={})) as (url, asked), pytest.raises(Refused) as caught:
        OpenAIProvider(base_url=url, api_key=key, allowed=LOOPBACK).complete(question)
    assert asked == []
    assert content not in str(caught.value)


def test_the_beginning_of_an_errors_body_is_enough() -> None:
    """What is learned from it is in the first lines."""
    assert limits.MOST_ERROR_BYTES < limits.MOST_BYTES
    body = b'{"error": {"code": "rate_limit_exceeded"}}'
    reply = Reply(status=429, body=body, headers={"Retry-After": "3"})
    expected = pytest.raises(ProviderError, match="HTTP 429 rate_limit_exceeded")
    with endpoint(reply) as (url, _), expected as caught:
        ask(url)
    assert caught.value.retry_after_s == 3


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    """The question and the key go where the operator said, and nowhere the answer says."""
    with endpoint(Reply(body={})) as (other, asked):
        away = Reply(status=status, headers={"Location": f"{other}/chat/completions"})
        with endpoint(away) as (url, _), pytest.raises(ProviderError):
            ask(url)
    assert asked == []
