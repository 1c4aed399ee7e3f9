"""Connections check certificates, without reading the authorities for each client anew."""

import ssl

from apps.outbound.connections import Transport, authorities


def test_clients_share_what_they_trust() -> None:
    """Each still checks the certificate and the name in it."""
    one, other = (Transport(lambda *_: ()) for _ in range(2))
    assert one._pool._ssl_context is other._pool._ssl_context is authorities()
    assert authorities().verify_mode == ssl.CERT_REQUIRED
    assert authorities().check_hostname
    assert authorities().get_ca_certs()
