"""Reading a URL once, and which addresses are in the outside world."""

from ipaddress import ip_address, ip_network

import pytest

from apps.outbound.addresses import (
    ForbiddenAddress,
    Target,
    is_outside,
    origin,
    read,
    require_outside,
)


def test_a_plain_url_is_read():
    """Host in lower case, the port it has or the usual one, the query kept, the fragment not."""
    assert read("https://Hooks.Example.com/a?b=c#d", plain=False) == Target(
        scheme="https", host="hooks.example.com", port=443, path="/a?b=c"
    )
    assert read("https://[2606:4700::1]:8443", plain=False).port == 8443


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "1.1.1.1", "172.32.0.1",
                                     "100.128.0.1", "2606:4700:4700::1111", "2a00:1450::1"])  # fmt: skip
def test_public_addresses_are_outside(address):
    """Also those next to what is not."""
    assert is_outside(ip_address(address))


@pytest.mark.parametrize("address", [
    "0.1.2.3", "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.8.8.8", "169.254.169.254",
    "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1",
    "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1",
    "255.255.255.255", "168.63.129.16", "::", "::1", "::ffff:8.8.8.8", "::8.8.8.8",
    "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:808:808::",
    "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1",
])  # fmt: skip
def test_no_other_is(address):
    """Private, local, shared, wrapped, for examples, for many, or for later."""
    assert not is_outside(ip_address(address))


def test_one_inside_spoils_them_all():
    """A name may be given a public address beside an inside one to be let through."""
    require_outside(["93.184.216.34"], "a.example")
    with pytest.raises(ForbiddenAddress, match=r"127\.0\.0\.1"):
        require_outside(["93.184.216.34", "127.0.0.1"], "a.example")
    with pytest.raises(ForbiddenAddress):
        require_outside([], "a.example")
    with pytest.raises(ForbiddenAddress):
        require_outside(["10.0.0.1"], "a.example", allowed=[ip_network("127.0.0.0/8")])


LISTED = [ip_network("10.0.0.0/8"), ip_network("fd12::/16")]


def test_what_the_operator_lists_may_be_called():
    """A shop on the own network; not its neighbours, nor the machine itself."""
    require_outside(["10.1.2.3", "fd12::1", "93.184.216.34"], "shop.lan", allowed=LISTED)
    for inside in "192.168.0.1", "127.0.0.1", "fd13::1", "::1":
        with pytest.raises(ForbiddenAddress, match="OUTBOUND_ALLOW"):
            require_outside([inside], "shop.lan", allowed=LISTED)


@pytest.mark.parametrize("address", [
    "169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192",
    "0.0.0.0", "::", "fe80::a9fe:a9fe", "fd00:ec2::254", "fd20:ce::254", "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::",
])  # fmt: skip
def test_metadata_is_not_called_whatever_is_listed(address):
    """Never: not even where everything is."""
    everything = [ip_network("0.0.0.0/0"), ip_network("::/0")]
    require_outside(["10.0.0.1", "fd00::1"], "shop.lan", allowed=everything)
    with pytest.raises(ForbiddenAddress):
        require_outside([address], "shop.lan", allowed=everything)


@pytest.mark.parametrize(
    ("address", "same"),
    [("https://SHOP.example/", True), ("https://shop.example.:443/other?a=b", True),
     ("http://shop.example/", False), ("https://shop.example:8443", False),
     ("https://shop.example.evil.test", False), ("https://shop.example@evil.test/", False),
     ("https://evil.test/https://shop.example", False), ("https://evil.test\\@shop.example", False),
     ("https://shop.example:x", False), ("", False)],
)  # fmt: skip
def test_where_a_secret_goes(address, same):
    """Scheme, host and port, in whatever spelling."""
    assert (origin(address) == origin("https://shop.example")) is same
