"""The door to addresses people typed: 0 connections to what is ours, whatever the address says.

Each trick is tried on the door and on a naive client, which has to fall for it: the test sees a
connection where there is one.
"""

import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from aios.settings import networks
from apps.gateway.connectors.feed.client import FeedClient
from apps.gateway.connectors.mail.client import MailClient
from apps.gateway.connectors.medusa.client import MedusaClient
from apps.gateway.errors import ConnectorError, Unproven, Unreachable
from apps.gateway.outbound import ForbiddenAddress, check, post
from apps.outbound import connections

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


def test_no_trick_leads_to_what_is_ours(names, connected):
    """Over forty ways to name an inside address: each refused, 0 connections of any kind."""
    assert len(TRICKS) >= 40
    for url in TRICKS:
        with pytest.raises(ForbiddenAddress):
            post(url, body=b"{}", headers={}, seconds=1)
    assert connected == []


def test_the_tricks_are_real(names, connected):
    """The control arm: a client without the door is led inside by most of them."""
    fooled = set()
    for url in TRICKS:
        before = len(connected)
        naively(url)
        if any(map(is_internal, connected[before:])):
            fooled.add(url)
    assert len(fooled) >= 40, sorted(set(TRICKS) - fooled)


def test_a_name_is_asked_once(names, connected):
    """DNS rebinding: the connection goes to the address that was judged, and to no other."""
    names("rebind.attacker.test", ["93.184.216.34", "127.0.0.1"])
    with pytest.raises(Unreachable):
        post("https://rebind.attacker.test/", body=b"", headers={}, seconds=1)
    assert connected == ["93.184.216.34"]


def test_who_checks_first_and_calls_then_is_fooled(names, connected):
    """The control arm: the same name, checked and then called by its name."""
    names("rebind.attacker.test", ["93.184.216.34", "127.0.0.1"])
    [judged] = {one[4][0] for one in socket.getaddrinfo("rebind.attacker.test", 443)}
    assert ip_address(judged).is_global
    naively("https://rebind.attacker.test/")
    assert "127.0.0.1" in connected


def feed(url: str) -> None:
    """A read of a feed there."""
    FeedClient(url, "sk", {"messages": "/m", "timeout": "1"}).read("messages")


def medusa(url: str) -> None:
    """A read of a shop there."""
    MedusaClient(url, "sk", {"timeout": "1"}).read("orders", limit=1)


def mailbox(url: str) -> None:
    """A look into a mailbox there."""
    client = MailClient("smtp://mail.example", "", {"from": "a@b.example", "mailbox_url": url})
    client.find_effect("send_message", {"to": "c@d.example"}, key="k", snapshot={})


def mail(url: str) -> None:
    """A delivery to a server there."""
    host = url.partition("://")[2].partition("/")[0].rpartition("@")[2]
    for scheme in "smtp", "smtps":
        client = MailClient(f"{scheme}://{host}", "pw", {"from": "a@b.example", "timeout": "1"})
        params = {"to": "c@d.example", "subject": "s", "body": "b"}
        client.perform("send_message", params, key="k", snapshot={})


@pytest.mark.parametrize("call", [feed, medusa, mailbox, mail])
def test_no_trick_leads_a_connector_to_what_is_ours(names, connected, call):
    """What somebody may type as the address of a connector: 0 connections, in plain HTTP too."""
    for url in TRICKS:
        for typed in url, url.replace("https://", "http://"):
            with pytest.raises((ConnectorError, ValueError, httpx2.InvalidURL)):
                call(typed)
    assert connected == []


@pytest.mark.parametrize("call", [feed, medusa, mailbox, mail])
def test_a_connectors_name_is_asked_once(names, connected, call):
    """DNS rebinding: the connection goes to the address that was judged."""
    names("rebind.attacker.test", ["93.184.216.34", "127.0.0.1"])
    with pytest.raises(ConnectorError):
        call("http://rebind.attacker.test")
    assert connected == ["93.184.216.34"]


def test_a_connector_reaches_what_is_listed_and_what_the_demo_runs(server, settings):
    """The own network where the operator says so, and the shop that `up` started."""
    where, seen = server(say(200, b"[]"))
    with pytest.raises(ForbiddenAddress):
        feed(f"http://{where}")
    settings.DEMO_SHOP_URL = f"http://{where}"
    feed(f"http://{where}")
    settings.DEMO_SHOP_URL = ""
    settings.OUTBOUND_ALLOW = networks("127.0.0.0/8")
    feed(f"http://{where}")
    assert seen == ["/m", "/m"]


def test_a_connectors_secret_follows_no_redirect(server, settings):
    """It is an answer, and a refused one."""
    settings.OUTBOUND_ALLOW = networks("127.0.0.0/8")
    inside, reached = server(say(200, b"[]"))
    where, _ = server(say(307, Location=f"http://{inside}/m"))
    for call in feed, medusa:
        with pytest.raises(ConnectorError):
            call(f"http://{where}")
    assert reached == []


class TestWhereThisMachineIsAllowed:
    """Only a demo or a test says `OUTBOUND_LOOPBACK`."""

    @pytest.fixture(autouse=True)
    def _allowed(self, settings):
        settings.OUTBOUND_LOOPBACK = True

    def test_an_answer_comes_back(self, server):
        """Status and body, with our headers sent."""
        where, seen = server(say(202, b"kept"))
        answer = post(f"http://{where}/hooks/1?a=b", body=b"{}", headers={"x-one": "1"})
        assert (answer.status, answer.body) == (202, b"kept")
        assert seen == ["/hooks/1?a=b"]

    def test_a_redirect_is_not_followed(self, server):
        """It is an answer; the naive client goes where it is sent."""
        inside, reached = server(say(200))
        where, _ = server(say(307, Location=f"http://{inside}/secret"))
        assert post(f"http://{where}/", body=b"", headers={}).status == 307
        assert reached == []
        naively(f"http://{where}/")
        assert reached == ["/secret"]

    @pytest.mark.parametrize("url", ["http://10.0.0.1/", "https://169.254.169.254/",
                                     "http://private.attacker.test/", "https://[fd00::1]/"])  # fmt: skip
    def test_nothing_else_becomes_allowed(self, names, connected, url):
        """This machine, and not its neighbours."""
        with pytest.raises(ForbiddenAddress):
            post(url, body=b"", headers={})
        assert connected == []

    def test_plain_http_stays_on_this_machine(self, names, connected):
        """A public name over http:// is refused."""
        names("public.attacker.test", ["93.184.216.34"])
        with pytest.raises(ForbiddenAddress, match="https"):
            post("http://public.attacker.test/", body=b"", headers={})
        assert connected == []

    def test_a_slow_answer_ends_in_time(self, server):
        """A byte now and then does not hold a worker: one deadline for all of it."""

        def drip(handler: BaseHTTPRequestHandler) -> None:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
            for number in range(100):
                time.sleep(0.1)
                handler.wfile.write(b"X-%d: y\r\n" % number)

        where, _ = server(drip)
        begun = time.monotonic()
        with pytest.raises(Unproven):
            post(f"http://{where}/", body=b"", headers={}, seconds=0.6)
        assert time.monotonic() - begun < 2

    def test_an_endless_answer_is_cut(self, server):
        """More than the limit is not read."""
        where, _ = server(say(200, b"x" * 70_000))
        with pytest.raises(Unproven, match="longer than"):
            post(f"http://{where}/", body=b"", headers={})

    def test_nobody_there_is_told_from_an_answer_lost(self, server):
        """Nothing was sent, or it may have arrived."""
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        with pytest.raises(Unreachable):
            post(f"http://127.0.0.1:{port}/", body=b"", headers={})
        where, _ = server(lambda handler: handler.connection.close())
        with pytest.raises(Unproven):
            post(f"http://{where}/", body=b"", headers={})

    def test_the_path_is_never_told(self, server):
        """It may be the secret of a chat's webhook."""
        where, _ = server(lambda handler: handler.connection.close())
        with pytest.raises(Unproven) as caught:
            post(f"http://{where}/T0/B0/canary", body=b"", headers={})
        assert "canary" not in str(caught.value)

    def test_the_certificate_is_the_names(self, server, tmp_path, monkeypatch):
        """Pinned to an address, TLS still asks for the name: trusted, or nothing is sent."""
        context, authority = certify("localhost", tmp_path)
        where, seen = server(say(204), context)
        port = where.partition(":")[2]
        with pytest.raises(Unreachable):
            post(f"https://localhost:{port}/", body=b"", headers={})
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        monkeypatch.setattr(connections, "authorities", httpx2.create_ssl_context)
        assert post(f"https://localhost:{port}/", body=b"", headers={}).status == 204
        with pytest.raises(Unreachable):
            post(f"https://127.0.0.1:{port}/", body=b"", headers={})
        assert seen == ["/"]


@pytest.mark.parametrize("url", ["https://10.0.0.1/", "http://example.com/", "https://0x7f.1/"])
def test_what_can_never_be_called_is_refused_when_it_is_typed(url):
    """Before anything is resolved."""
    with pytest.raises(ForbiddenAddress):
        check(url)
    check("https://hooks.example.com:8443/a?b=c")


def certify(name: str, folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context with a certificate of its own for the name, and the file to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begun = datetime.now(UTC) - timedelta(minutes=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begun).not_valid_after(begun + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem, private = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ))  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)
    return context, pem


class TestWhereAnOperatorListsNetworks:
    """`OUTBOUND_ALLOW`: a shop on the own network can be told of things, its neighbours cannot."""

    @pytest.fixture(autouse=True)
    def _listed(self, settings):
        settings.OUTBOUND_ALLOW = networks("10.0.0.0/8, 127.0.0.0/8")

    def test_plain_http_goes_there(self, server):
        """As on every LAN."""
        where, seen = server(say(200))
        assert post(f"http://{where}/hook", body=b"{}", headers={}).status == 200
        assert seen == ["/hook"]
        check("http://10.1.2.3/hook")

    def test_not_to_a_public_name(self, names, connected):
        """Outside it is https:// as before."""
        names("public.attacker.test", ["93.184.216.34"])
        with pytest.raises(ForbiddenAddress, match="https"):
            post("http://public.attacker.test/", body=b"", headers={})
        with pytest.raises(ForbiddenAddress, match="https"):
            check("http://93.184.216.34/")
        assert connected == []

    @pytest.mark.parametrize("url", ["https://192.168.0.1/", "https://169.254.169.254/",
                                     "https://[fd00:ec2::254]/", "ftp://10.0.0.1/"])  # fmt: skip
    def test_nowhere_else(self, names, connected, url):
        """What is not listed is refused, and metadata whatever is."""
        with pytest.raises(ForbiddenAddress):
            post(url, body=b"", headers={})
        assert connected == []


@pytest.mark.parametrize("listed", ["10.0.0.1/8", "everything", "10.0.0.0/40"])
def test_a_list_that_is_none_stops_the_start(listed):
    """Nobody runs with other networks open than they think."""
    with pytest.raises(SystemExit, match="OUTBOUND_ALLOW"):
        networks(listed)
