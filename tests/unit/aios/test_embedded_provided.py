"""What `manage.py` puts into the environment, by command."""

import os
import socket
from pathlib import Path

import pytest

from aios.embedded import UNCONNECTED, provided
from aios.embedded.failures import StartError
from aios.embedded.folder import opened
from aios.embedded.ports import LOOPBACK, find_free
from aios.embedded.servers import settle_record

NAMES = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "CREDENTIAL_KEYS")


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    """A machine on which nothing is set and nothing was started."""
    for name in NAMES:
        monkeypatch.setenv(name, "")  # remembers the value, so that it is brought back
        monkeypatch.delenv(name)
    monkeypatch.setenv("AIOS_DATA", str(data))


@pytest.mark.usefixtures("fresh")
def test_describing_commands_needs_nothing(data: Path) -> None:
    """`help` and `check` work before the first start, and make no folder."""
    for argv in (["manage.py"], ["manage.py", "check"], ["manage.py", "up", "--help"]):
        with provided(argv):
            assert os.environ["DATABASE_URL"] == UNCONNECTED["DATABASE_URL"]
        del os.environ["DATABASE_URL"]
    assert not data.exists()


@pytest.mark.usefixtures("fresh")
def test_other_commands_are_given_nothing(data: Path) -> None:
    """The settings then say what to do."""
    with provided(["manage.py", "shell"]):
        assert "DATABASE_URL" not in os.environ


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("--workers", "0", "0 is not a number of workers; choose one between 1 and"),
        ("--workers", "-1", "-1 is not a number of workers"),
        ("--workers", "many", "many is not a number of workers"),
        ("--port", "0", "0 is not a port; choose one between 1 and 65535"),
        ("--shop-port", "70000", "70000 is not a port"),
    ],
)
def test_nonsense_is_refused_before_a_folder_is_made(
    data: Path, capsys: pytest.CaptureFixture[str], option: str, value: str, reason: str
) -> None:
    """The message names the option, and what it takes."""
    with pytest.raises(SystemExit) as end:
        provided(["manage.py", "up", f"{option}={value}"]).__enter__()
    assert end.value.code == 2
    assert f"argument {option}: {reason}" in capsys.readouterr().err
    assert not data.exists()


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("option", ["--port", "--shop-port"])
def test_a_port_in_use_is_told_before_a_folder_is_made(data: Path, option: str) -> None:
    """Nothing is left to remove."""
    other = "--shop-port" if option == "--port" else "--port"
    with socket.create_server((LOOPBACK, 0)) as listener:
        taken = listener.getsockname()[1]
        argv = ["manage.py", "up", option, str(taken), other, str(find_free())]
        with pytest.raises(SystemExit, match=f"AIOS cannot start: port {taken} for the"):
            provided(argv).__enter__()
    assert not data.exists()


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("command", ["migrate", "create_workspace"])
def test_owner_commands_sign_in_as_the_owner_of_a_started_folder(data: Path, command: str) -> None:
    """Every other command uses the app's role, through the settings."""
    with opened(data) as folder:
        record = settle_record(folder)
    with provided(["manage.py", "shell"]):
        assert "DATABASE_URL" not in os.environ
    with provided(["manage.py", command]):
        assert os.environ["DATABASE_URL"] == record.owner_url


@pytest.mark.usefixtures("fresh")
def test_what_the_operator_set_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment replaces the embedded parts."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/aios")
    ports = ["--port", str(find_free()), "--shop-port", str(find_free())]
    with provided(["manage.py", "up", *ports]):
        assert os.environ["DATABASE_URL"] == "postgresql://elsewhere/aios"
        assert os.environ["REDIS_URL"].startswith("redis://:")


@pytest.mark.usefixtures("fresh")
def test_a_start_that_cannot_be_ends_with_its_reason(data: Path) -> None:
    """The exit status is not 0, and no stack trace is shown."""
    data.mkdir()
    (data / "thesis.txt").touch()
    with pytest.raises(SystemExit, match=r"AIOS cannot start: .*thesis.txt") as end:
        provided(["manage.py", "up", "--data", str(data)]).__enter__()
    assert end.value.code not in (0, None)


def test_a_failure_while_running_is_told_the_same_way(data: Path) -> None:
    """Reasons found after Django has loaded come out alike."""
    with (
        pytest.raises(SystemExit, match="AIOS cannot start: the web server"),
        provided(["manage.py", "check"]),
    ):
        raise StartError("the web server did not start")
