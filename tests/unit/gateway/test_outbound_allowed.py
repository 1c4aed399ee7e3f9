"""What the door lets through: this machine where it is allowed, networks an operator lists."""

import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from aios.settings import networks
from apps.gateway.errors import Unproven, Unreachable
from apps.gateway.outbound import ForbiddenAddress, check, post
from apps.outbound import connections
from tests.unit.gateway.attackers import (
    _nothing_is_listed,
    connected,
    naively,
    names,
    say,
    server,
)

__all__ = ["_nothing_is_listed", "connected", "names", "server"]  # fixtures


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
