"""A model endpoint that leads behind our own walls is never connected to, whatever its name is."""

import socket
from ipaddress import ip_network
from typing import Any

import pytest

from apps.inference import endpoint as endpoints
from apps.inference.providers.base import Question, Refused
from tests.factories.endpoints import Reply, endpoint

QUESTION = Question(model="m", messages=[{"role": "user", "content": "?"}], max_output_tokens=9,
                    timeout_s=2)  # fmt: skip
ANSWER = {"choices": [{"message": {"content": "hello"}, "finish_reason": "stop"}]}
NAMES = {"loop.attacker.test": "127.0.0.1", "metadata.attacker.test": "169.254.169.254",
         "private.attacker.test": "10.0.0.7", "six.attacker.test": "fd00:ec2::254"}  # fmt: skip


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses somebody tried to connect to; a resolver in the attacker's hands answers."""
    tried: list[str] = []
    resolve, connect = socket.getaddrinfo, socket.create_connection

    def answer(host: Any, port: Any, *rest: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        return resolve(NAMES.get(name, host), port, *rest, **options)

    def note(address: Any, *rest: Any, **options: Any) -> Any:
        tried.append(str(address[0]))
        if not str(address[0]).startswith("127."):
            raise OSError("nothing leaves this machine in a test")
        return connect(address, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    monkeypatch.setattr(socket, "create_connection", note)
    return tried


def ask() -> str:
    """What the endpoint that the operator set answers to a question."""
    return endpoints.provider("openai").complete(QUESTION).text


@pytest.fixture
def set_endpoint(settings: Any):
    """Have an operator set the endpoint and list networks."""

    def choose(url: str, *listed: str) -> None:
        settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = url, "sk-secret"
        settings.OUTBOUND_ALLOW = tuple(ip_network(one) for one in listed)

    return choose


@pytest.mark.parametrize("name", [*NAMES, "127.0.0.1", "[::1]", "localhost", "169.254.169.254"])
def test_what_is_ours_is_not_asked(set_endpoint, connected: list[str], name: str) -> None:
    """Neither questions nor embeddings go there; the error names the setting that would allow it."""
    set_endpoint(f"http://{name}:9/v1")
    with pytest.raises(Refused, match="OUTBOUND_ALLOW"):
        ask()
    with pytest.raises(Refused, match="OUTBOUND_ALLOW"):
        endpoints.provider("openai").embed(["a"], model="m", dimensions=3, timeout_s=2)
    assert connected == []


def test_a_model_on_this_machine_answers_where_it_is_listed(
    set_endpoint, connected: list[str]
) -> None:
    """Also by a name, as Ollama behind one."""
    with endpoint(Reply(body=ANSWER)) as (url, asked):
        for host in ("127.0.0.1", "loop.attacker.test"):
            set_endpoint(url.replace("127.0.0.1", host), "127.0.0.0/8")
            assert ask() == "hello"
        assert len(asked) == 2
    assert set(connected) == {"127.0.0.1"}


@pytest.mark.parametrize("name", ["169.254.169.254", "metadata.attacker.test", "six.attacker.test"])
def test_metadata_is_in_no_list(set_endpoint, connected: list[str], name: str) -> None:
    """Whatever the operator writes."""
    set_endpoint(f"http://{name}/v1", "0.0.0.0/0", "::/0")
    with pytest.raises(Refused, match="OUTBOUND_ALLOW"):
        ask()
    assert connected == []


def test_a_network_that_is_listed_no_more_is_asked_no_more(
    set_endpoint, connected: list[str]
) -> None:
    """Nor over a connection that was kept."""
    with endpoint(Reply(body=ANSWER)) as (url, asked):
        set_endpoint(url, "127.0.0.0/8")
        assert ask() == "hello"
        set_endpoint(url)
        with pytest.raises(Refused):
            ask()
        assert len(asked) == 1


def test_no_proxy_of_the_environment_reads_questions(
    set_endpoint, connected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would resolve the name itself, unjudged."""
    with endpoint(Reply(body={})) as (proxy, asked):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.removesuffix("/v1"))
        set_endpoint("http://private.attacker.test/v1")
        with pytest.raises(Refused):
            ask()
        assert asked == []
