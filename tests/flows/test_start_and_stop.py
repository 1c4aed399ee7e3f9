"""One command starts everything, keeps it, and leaves nothing behind."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import psutil
import psycopg
import pytest

from aios.embedded.ports import LOOPBACK, accepts, find_free

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # sums of the patience below

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "CREDENTIAL_KEYS", "AIOS_DATA")
# seconds of patience, on a machine that is busy with other tests; alone it takes 8, 5 and 3
FIRST_START, LATER_START, STOP = 180.0, 120.0, 60.0
SOON = 60.0  # one process found out, ended or started; a web server alone can take 25 s
FROZEN_FOUND = 60.0  # seconds: six canaries, three looks at the verdict, and some questions


class Up:
    """`manage.py up` as a person would run it, with its output read along the way."""

    def __init__(self, data: Path, port: int, shop_port: int, *options: str) -> None:
        environment = {k: v for k, v in os.environ.items() if k not in NOT_OURS}
        self.log = data.with_suffix(f".{time.monotonic_ns()}.out")
        with open(self.log, "w") as output:
            self.process = psutil.Popen(
                [sys.executable, str(ROOT / "manage.py"), "up", "--data", str(data),
                 "--port", str(port), "--shop-port", str(shop_port), "--workers", "1", *options],
                env=environment, cwd="/", stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip

    @property
    def said(self) -> str:
        """What it has printed so far."""
        return self.log.read_text()

    def wait_until_ready(self, seconds: float) -> None:
        """Wait for the ready line."""
        wait_for(lambda: "AIOS is ready at" in self.said or self.process.poll(), seconds, self)
        assert self.process.poll() is None, self.said

    def family(self) -> list[psutil.Process]:
        """All processes below it."""
        return self.process.children(recursive=True)

    def end(self) -> int:
        """Wait until it has ended by itself; its exit code."""
        return self.process.wait(STOP)


def wait_for(condition: Callable[[], object], seconds: float, up: Up) -> None:
    """Wait until the condition holds; shows what was printed if it never does."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, up.said
        time.sleep(0.05)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those still running; a zombie only waits for init."""
    return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture(scope="module")
def ports() -> tuple[int, int]:
    """A port for the web server and one for the shop."""
    return find_free(), find_free()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data folder for all tests here: each finds it as the last one left it."""
    return tmp_path_factory.mktemp("start") / "data"


@pytest.fixture
def start(data: Path, ports: tuple[int, int]) -> Iterator[Callable[..., Up]]:
    """Starts AIOS; whatever still runs at the end of the test is stopped."""
    started: list[Up] = []

    def start(**changed: object) -> Up:
        given = {"data": data, "port": ports[0], "shop_port": ports[1], **changed}
        started.append(Up(**given))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for up in started:
        if up.process.poll() is None:
            up.process.terminate()
            up.process.wait(STOP)


def record(data: Path) -> dict[str, str]:
    """The addresses the data folder records."""
    return dict(json.loads((data / "embedded.json").read_text()))


def connect(data: Path) -> psycopg.Connection:
    """The database of the data folder, as its owner."""
    return psycopg.connect(record(data)["owner_url"], autocommit=True)


def test_first_start_then_second_keeps_everything(
    start: Callable[..., Up], data: Path, ports: tuple[int, int]
) -> None:
    """Passwords are shown once, SIGTERM stops every child, and a second start finds all data."""
    up = start()
    up.wait_until_ready(FIRST_START)
    assert f"AIOS is ready at http://127.0.0.1:{ports[0]}" in up.said
    people = json.loads((data / "credentials.json").read_text())["people"]
    assert all(person["password"] in up.said for person in people)
    assert (data / "credentials.json").stat().st_mode & 0o077 == 0
    with connect(data) as owner:
        owner.execute("CREATE TABLE kept ()")
        users = owner.execute("SELECT count(*) FROM accounts_user").fetchone()
    family = up.family()
    up.process.terminate()
    assert up.end() == 0
    assert not alive(family)
    assert not accepts(ports[0])
    assert not accepts(ports[1])

    up = start()
    up.wait_until_ready(LATER_START)
    assert not any(person["password"] in up.said for person in people)
    with connect(data) as owner:
        assert owner.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        assert owner.execute("SELECT count(*) FROM accounts_user").fetchone() == users


def test_without_the_demo_the_printed_command_leads_to_an_owner_who_can_sign_in(
    tmp_path: Path,
) -> None:
    """As printed, while `up` runs; a guide waits, and the admin takes a connector and an agent."""
    port = find_free()
    up = Up(tmp_path / "my data", port, find_free(), "--no-demo")
    try:
        up.wait_until_ready(FIRST_START)
        printed = next(line for line in up.said.splitlines() if "create_workspace" in line)
        said = run_as_printed(printed)
        email, password = re.findall(r"(?:sign in as|password): +(\S+)", said)
        assert email == "you@example.com"
        web = f"http://{LOOPBACK}:{port}"
        with httpx2.Client(
            base_url=web, trust_env=False, follow_redirects=True, timeout=SOON
        ) as client:
            signed_in = send(client, "/accounts/login/", login=email, password=password)
            assert signed_in.url.path == "/guide/welcome/"  # nothing is connected yet
            assert "My shop" in client.get("/").text
            workspace = find_workspace_id(client.get("/admin/gateway/connector/add/").text)
            send(client, "/admin/gateway/connector/add/", workspace=workspace, name="Shop",
                 kind="medusa", address="http://127.0.0.1:9", settings="{}", secret="sk_x")  # fmt: skip
            assert ">Shop<" in client.get("/admin/gateway/connector/").text
            send(client, "/admin/agents/agent/add/", workspace=workspace, name="Prices",
                 playbook="repricing", settings="{}", tier="standard", budget_usd="1",
                 priority="50", autonomy="shadow")  # fmt: skip
            assert ">Prices<" in client.get("/admin/agents/agent/").text
    finally:
        up.process.terminate()
        up.process.wait(STOP)


def run_as_printed(line: str) -> str:
    """What the command line prints, with this interpreter for the one `uv run` would find."""
    environment = {k: v for k, v in os.environ.items() if k not in NOT_OURS}
    command = line.replace("uv run ", f"{shlex.quote(sys.executable)} ")
    done = subprocess.run(command, shell=True, cwd=ROOT, env=environment, check=False,
                          capture_output=True, text=True, timeout=FIRST_START)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def send(client: httpx2.Client, path: str, **form: str) -> httpx2.Response:
    """Fill in the form at this path as a browser would."""
    client.get(path)
    token = {"csrfmiddlewaretoken": client.cookies["csrftoken"]}
    return client.post(path, data={**form, **token}, headers={"Referer": str(client.base_url)})


def find_workspace_id(page: str) -> str:
    """The one workspace the form offers."""
    return re.findall(r'<option value="([0-9a-f-]{36})"', page)[0]


def test_no_secret_shows_on_a_command_line(start: Callable[..., Up], data: Path) -> None:
    """Other people of the machine can read command lines."""
    up = start()
    up.wait_until_ready(LATER_START)
    kept = record(data)
    secrets = [kept[name] for name in kept if name.endswith(("_password", "_key", "_secret"))]
    assert len(secrets) == 6
    lines = [" ".join(process.cmdline()) for process in up.family()]
    assert len(lines) > 6
    assert not [line for line in lines for secret in secrets if secret in line]


def test_a_second_start_on_the_same_folder_is_refused(start: Callable[..., Up]) -> None:
    """The first goes on undisturbed."""
    first = start()
    first.wait_until_ready(LATER_START)
    second = start(port=find_free(), shop_port=find_free())
    assert second.end() == 1
    assert f"already runs on the data folder {first.process.cmdline()[4]}" in second.said
    assert f"process {first.process.pid}" in second.said
    assert first.process.poll() is None


def test_a_killed_parent_leaves_nothing_the_next_start_cannot_clear(
    start: Callable[..., Up], ports: tuple[int, int]
) -> None:
    """After `kill -9` the children run on; the next start stops them and takes over."""
    up = start()
    up.wait_until_ready(LATER_START)
    family = up.family()
    up.process.kill()
    up.process.wait()
    assert alive(family)
    up = start()
    up.wait_until_ready(LATER_START + STOP)
    assert "Stopped a leftover of an earlier start: web" in up.said
    assert not alive(family)


@pytest.mark.parametrize("name", ["web", "worker", "valkey", "postgres"])
def test_a_child_that_dies_is_started_again(
    start: Callable[..., Up], data: Path, ports: tuple[int, int], name: str
) -> None:
    """The person is told, and the web server answers again."""
    up = start()
    up.wait_until_ready(LATER_START)
    children = json.loads((data / "processes.json").read_text())
    before = next(child["pid"] for child in children if child["name"] == name)
    psutil.Process(before).kill()
    wait_for(lambda: f"{name} ended (signal SIGKILL)" in up.said, SOON, up)

    def again() -> bool:
        children = json.loads((data / "processes.json").read_text())
        return any(child["name"] == name and child["pid"] != before for child in children)

    wait_for(again, SOON, up)
    wait_for(lambda: accepts(ports[0]), SOON, up)


def test_a_frozen_worker_is_replaced_and_one_without_a_broker_is_not(
    start: Callable[..., Up], data: Path, ports: tuple[int, int]
) -> None:
    """It runs but takes no messages; while the broker is frozen that is no fault of the worker's."""
    up = start()
    up.wait_until_ready(LATER_START)
    wait_for(lambda: worker_state(ports[0]) == "well", SOON, up)
    # control: without a broker it hears as little, for longer than the frozen one is suffered
    before = child(data, "worker")
    child(data, "valkey").send_signal(signal.SIGSTOP)
    wait_for(lambda: worker_state(ports[0]) == "unknown", SOON, up)
    time.sleep(FROZEN_FOUND)
    assert "is replaced" not in up.said
    child(data, "valkey").send_signal(signal.SIGCONT)
    wait_for(lambda: worker_state(ports[0]) == "well", 2 * SOON, up)
    assert child(data, "worker").pid == before.pid

    family = [before, *before.children(recursive=True)]
    before.send_signal(signal.SIGSTOP)
    wait_for(lambda: "worker is replaced: It does not answer" in up.said, FROZEN_FOUND + SOON, up)
    wait_for(lambda: not alive(family), SOON, up)
    wait_for(lambda: worker_state(ports[0]) == "well", SOON, up)
    assert up.said.count("is replaced") == 1


def test_a_frozen_sweeper_is_replaced_and_the_worker_kept(
    start: Callable[..., Up], data: Path, ports: tuple[int, int]
) -> None:
    """Nobody can tell meanwhile whether the worker hears."""
    up = start()
    up.wait_until_ready(LATER_START)
    wait_for(lambda: worker_state(ports[0]) == "well", SOON, up)
    before, worker = child(data, "sweep"), child(data, "worker")
    before.send_signal(signal.SIGSTOP)
    wait_for(
        lambda: "sweep is replaced: It shows no sign of life" in up.said, FROZEN_FOUND + SOON, up
    )
    wait_for(lambda: not alive([before]), SOON, up)
    wait_for(lambda: worker_state(ports[0]) == "well", SOON, up)
    assert child(data, "worker").pid == worker.pid
    assert up.said.count("is replaced") == 1


def child(data: Path, name: str) -> psutil.Process:
    """The child of that name which now runs."""
    children = json.loads((data / "processes.json").read_text())
    return psutil.Process(next(child["pid"] for child in children if child["name"] == name))


def worker_state(port: int) -> str:
    """How the readiness page finds the one worker."""
    with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/readyz", timeout=SOON) as answer:
        workers = json.load(answer)["workers"]
    return str(workers[0]["state"]) if workers else "none"


def test_many_visitors_share_few_connections(
    start: Callable[..., Up], data: Path, ports: tuple[int, int]
) -> None:
    """The web server answers each request in a thread of its own; the database has 200 places."""
    up = start()
    up.wait_until_ready(LATER_START)
    key = json.loads((data / "credentials.json").read_text())["api_key"]
    request = urllib.request.Request(
        f"http://{LOOPBACK}:{ports[0]}/api/v1/proposals", headers={"Authorization": f"Bearer {key}"}
    )

    def visit(_: int) -> int:
        with urllib.request.urlopen(request, timeout=SOON) as answer:
            return answer.status

    with ThreadPoolExecutor(40) as visitors:
        assert set(visitors.map(visit, range(160))) == {200}
    with connect(data) as owner:
        row = owner.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = 'aios_app'")
        assert row.fetchone()[0] < 40


def test_ctrl_c_while_starting_stops_what_runs(start: Callable[..., Up]) -> None:
    """Wherever the start has got to."""
    for pause in (0.8, 1.6, 2.4):
        up = start()
        time.sleep(pause)
        family = up.family()
        up.process.send_signal(signal.SIGINT)
        up.end()
        assert not alive(family)
        assert "Traceback" not in up.said


def test_a_port_in_use_is_told(start: Callable[..., Up], data: Path) -> None:
    """With a command that works, and before anything runs."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        taken = listener.getsockname()[1]
        up = start(port=taken)
        assert up.end() == 1
    assert f"port {taken} for the web server is in use" in up.said
    assert re.search(r"manage.py up --port \d+", up.said)
    assert not (data / "processes.json").exists()


def test_a_child_that_cannot_start_shows_why(
    start: Callable[..., Up], data: Path, tmp_path: Path
) -> None:
    """A damaged ledger stops the start, with the shop's own words."""
    ledger = data / "shop" / "ledger.sqlite3"
    whole = ledger.read_bytes()
    ledger.write_bytes(b"not a database" * 100)
    try:
        up = start()
        assert up.end() == 1
    finally:
        ledger.write_bytes(whole)
    assert "AIOS cannot start: shop ended at once" in up.said
    assert "ledger.sqlite3" in up.said


def test_a_folder_of_another_version_is_refused(start: Callable[..., Up], data: Path) -> None:
    """And works again once the version is right."""
    version = data / "version"
    kept = version.read_text()
    version.write_text("0\n")
    up = start()
    assert up.end() == 1
    assert "written by another version of AIOS (layout 0" in up.said
    version.write_text(kept)


def test_tables_of_a_newer_version_are_refused(start: Callable[..., Up], data: Path) -> None:
    """Running old code on new tables would damage them."""
    up = start()
    up.wait_until_ready(LATER_START)
    with connect(data) as owner:
        owner.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('audit', '9999_new', now())"
        )
    up.process.terminate()
    up.end()
    up = start()
    assert up.end() == 1
    assert "changed by a newer version of AIOS (it has audit.9999_new)" in up.said
