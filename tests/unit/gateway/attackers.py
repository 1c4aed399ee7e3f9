"""A resolver in an attacker's hands, servers that do as told, and a watch on every connection."""

import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import httpx2
import pytest

NAMES = {  # what a resolver in the attacker's hands answers
    "localhost.": ["127.0.0.1"],
    "loop.attacker.test": ["127.0.0.1"],
    "private.attacker.test": ["10.0.0.7"],
    "metadata.attacker.test": ["169.254.169.254"],
    "six.attacker.test": ["::1"],
    "mapped.attacker.test": ["::ffff:127.0.0.1"],
    "both.attacker.test": ["93.184.216.34", "127.0.0.1"],
    "local.attacker.test": ["fe80::1"],
    "unique.attacker.test": ["fd00:ec2::254"],
}
TRICKS = [
    # this machine
    "https://localhost/", "https://LOCALHOST./", "https://127.0.0.1/", "https://127.1/",
    "https://127.0.1/", "https://127.255.255.254/", "https://0/", "https://0.0.0.0/",
    "https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0x7f.1/",
    "https://0177.0.0.1/", "https://017700000001/", "https://00000177.0.0.1/",
    "https://127.0.0.1./", "https://[::1]/", "https://[::]/", "https://[0:0:0:0:0:0:0:1]/",
    "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "https://[2001:0:7f00:1::]/",
    # the neighbourhood, and what clouds keep there
    "https://10.0.0.1/", "https://172.16.0.1/", "https://192.168.1.1/", "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/", "https://2852039166/", "https://0xa9fea9fe/",
    "https://[::ffff:169.254.169.254]/", "https://[fe80::1]/", "https://[fe80::1%25lo]/",
    "https://[fc00::1]/", "https://[fd00:ec2::254]/", "https://100.100.100.200/",
    "https://192.0.0.192/", "https://168.63.129.16/", "https://224.0.0.1/", "https://[ff02::1]/",
    "https://255.255.255.255/", "https://240.0.0.1/", "https://198.18.0.1/",
    # names that lead there
    *(f"https://{name}/" for name in NAMES),
    # what two readers of a URL may read differently
    "https://public.test@127.0.0.1/", "https://public.test:x@127.0.0.1/",
    "https://127.0.0.1\\@public.test/", "https://public.test\\@127.0.0.1/",
    "https://①②⑦.⓪.⓪.①/", "https://127。0。0。1/", "https://ⓛocalhost/",
    "https://127.0.0.1%23@public.test/", "https://public.test\t@127.0.0.1/",
    # other doors
    "http://public.test/", "http://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/",
    "ftp://127.0.0.1/", "//127.0.0.1/", "https:///", "https://127.0.0.1:0/", "",
]  # fmt: skip

Watch = list[str]
_watching: list[Watch] = []


class Blocked(OSError):
    """The test lets nothing out of this machine."""


def _hook(event: str, args: tuple[object, ...]) -> None:
    """Note every address this process connects to; keep what is not this machine from happening."""
    if event != "socket.connect" or not _watching:
        return
    address = args[1]
    if isinstance(address, tuple):
        _watching[-1].append(str(address[0]))
        found = ip_address(str(address[0]).partition("%")[0])
        if not found.is_loopback:
            raise Blocked(str(address))


sys.addaudithook(_hook)


@pytest.fixture
def connected() -> Iterator[Watch]:
    """The addresses connected to from now on."""
    _watching.append([])
    yield _watching[-1]
    _watching.pop()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, list[str]], None]:
    """A resolver that knows the attacker's names; each answer can be changed."""
    known = {name: list(answer) for name, answer in NAMES.items()}
    real = socket.getaddrinfo

    def resolve(host, port, *args, **options):
        name = host.decode() if isinstance(host, bytes) else host
        if name not in known:
            return real(host, port, *args, **options)
        found = [one for address in known[name] for one in real(address, port, *args, **options)]
        if len(known[name]) > 1 and name.startswith("rebind"):
            known[name].pop(0)  # the next answer is another one
            return found[:1]
        return found

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return lambda name, answer: known.update({name: answer})


@pytest.fixture
def server() -> Iterator[Callable[..., tuple[str, list[str]]]]:
    """Start a server that does as told with each request; its address and the paths it saw."""
    servers: list[ThreadingHTTPServer] = []

    def start(do: Callable[[BaseHTTPRequestHandler], None], context: ssl.SSLContext | None = None):
        seen: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                seen.append(self.path)
                do(self)

            def do_GET(self) -> None:
                self.do_POST()

            def log_message(self, *words: object) -> None:
                """Stay quiet."""

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:
                    """The client has gone, which is what some tests are about."""

        one = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        one.daemon_threads = True
        if context:
            one.socket = context.wrap_socket(one.socket, server_side=True)
        one.handle_error = lambda *_: None
        servers.append(one)
        threading.Thread(target=one.serve_forever, args=(0.02,), daemon=True).start()
        return f"127.0.0.1:{one.server_port}", seen

    yield start
    for one in servers:
        one.shutdown()
        one.server_close()


def say(status: int, body: bytes = b"", **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """A handler that always answers like this."""

    def do(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return do


def is_internal(address: str) -> bool:
    """Whether a naive reader of addresses would say so too: the control is not our own code."""
    found = ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    odd = address in ("168.63.129.16", "192.0.0.192")  # Python calls them global
    return odd or found.is_multicast or not (mapped or found).is_global


def naively(url: str) -> None:
    """What somebody writes who thinks of nothing."""
    try:
        httpx2.post(url, follow_redirects=True, verify=False, timeout=0.5, trust_env=False)
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError):
        """It does not matter what comes of it, only where it went."""


@pytest.fixture(autouse=True)
def _nothing_is_listed(settings):
    """As an installation is at first; elsewhere tests may call this machine."""
    settings.OUTBOUND_ALLOW = ()
