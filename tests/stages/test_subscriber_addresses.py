"""Where a subscriber may be, and where not, however it is spelled."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from credly_badges.subscribers import addresses
from credly_badges.subscribers.addresses import BadAddress

PUBLIC = "93.184.215.14"


def dns(*ips):
    """A resolver that knows every name, by these addresses."""

    def resolve(_host, port, **_kind):
        return [
            (
                socket.AF_INET6 if ":" in ip else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (ip, port, 0, 0)[: 4 if ":" in ip else 2],
            )
            for ip in ips
        ]

    return resolve


def test_a_public_address_is_taken():
    place = addresses.check("https://hooks.example.com/a/b?c=d", resolve=dns(PUBLIC, "2606:2800:21f:cb07::1"))

    assert (place.host, place.port, place.path, place.named) == (
        "hooks.example.com", 443, "/a/b?c=d", "hooks.example.com",
    )  # fmt: skip
    assert place.ips == (PUBLIC, "2606:2800:21f:cb07::1")


@pytest.mark.parametrize(
    "ip",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),  # noqa: S104
        *("169.254.169.254", "100.64.0.1", "100.127.255.254", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.7"),
        *("203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "192.88.99.1"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1", "fec0::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "2002:7f00:1::"),
        *("2002:a00:1::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2001::1", "100::1", "3fff::1"),
    ],
)
def test_a_name_that_leads_to_a_private_address_is_refused(ip):
    with pytest.raises(BadAddress) as refusal:
        addresses.check("https://innocent.example.com/", resolve=dns(ip))

    assert "CREDLY_BADGES_SUBSCRIBER_HOSTS" in refusal.value.sentence


def test_one_private_address_among_public_ones_is_one_too_many():
    with pytest.raises(BadAddress):
        addresses.check("https://both.example.com/", resolve=dns(PUBLIC, "10.0.0.1"))


def test_public_addresses_within_others_are_public():
    ips = ("::ffff:93.184.215.14", "64:ff9b::5db8:d70e", "2002:5db8:d70e::1")

    assert addresses.check("https://example.com/", resolve=dns(*ips)).ips


@pytest.mark.parametrize(
    "url",
    [
        *("https://2130706433/", "https://0x7f000001/", "https://0x7f.1/", "https://0177.0.0.1/", "https://127.1/"),
        *("https://017700000001/", "https://0/", "https://1.2.3/", "https://1.2.3.4.5/", "https://a.0x1/"),
        *("https://127.0.0.1/", "https://127.0.0.1./", "https://[::1]/", "https://[::ffff:127.0.0.1]/"),
        *("https://[::ffff:7f00:1]/", "https://[fe80::1%25eth0]/", "https://[::]/", "https://169.254.169.254/latest"),
        *("https://[64:ff9b::7f00:1]/", "https://10.0.0.1:8443/"),
        *("http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "example.com"),
        *("//example.com/", "https:///x", "https://", "https://user@example.com/", "https://a:b@example.com/"),
        *("https://@example.com/", "https://example.com/#x", "https://example.com#", "https://exa mple.com/"),
        *("https://example.com\\@127.0.0.1/", "https://example.com/\r\nX: y", "https://example.com/\x00", ""),
        *(
            "https://\uff11\uff12\uff17.0.0.1/",
            "https://ex\u00e4mple.com/",
            "https://example.com:0/",
            "https://example.com:99999/",
        ),
        *("https://example.com:22/", "https://example.com:25/", "https://example.com:x/", "https://-a.example.com/"),
        *("https://a..b/", "https://example.com/" + "a" * 500, "https://[::1/", "https://%6c%6fcalhost/"),
    ],
)
def test_what_is_no_address_of_another_system_is_refused(url):
    """Most of these never get as far as the resolver, which would find them at a public address."""
    with pytest.raises(BadAddress) as refusal:
        addresses.check(url, resolve=dns(PUBLIC))

    assert refusal.value.sentence


@pytest.mark.parametrize("host", ["localhost", "localhost.", "LOCALHOST"])
def test_this_machine_is_refused_by_its_real_name(host):
    with pytest.raises(BadAddress):
        addresses.check(f"https://{host}/")


@pytest.mark.parametrize(
    ("allowed", "url", "ip"),
    [
        (["hooks.internal"], "http://hooks.internal/x", "10.1.2.3"),
        (["Hooks.Internal."], "https://hooks.internal.:8000/x", "10.1.2.3"),
        (["10.1.0.0/16"], "http://anything.internal:81/", "10.1.2.3"),
        (["127.0.0.1"], "http://127.0.0.1:8000/", ""),
        (["::1"], "http://[::1]:8000/", ""),
    ],
)
def test_the_settings_may_allow_a_private_one(settings, allowed, url, ip):
    settings.CREDLY_BADGES_SUBSCRIBER_HOSTS = allowed

    assert addresses.check(url, resolve=dns(ip)).ips


@pytest.mark.parametrize(
    ("url", "ips"),
    [
        ("http://other.internal/", ["10.1.2.3"]),
        ("https://other.internal/", ["10.2.0.1"]),
        ("https://other.internal/", ["192.168.7.1", "10.2.0.1"]),
        ("https://xhooks.internal/", ["10.2.0.1"]),
        ("https://user:pw@hooks.internal/", ["10.2.0.1"]),
    ],
)
def test_what_the_settings_allow_is_only_that(settings, url, ips):
    settings.CREDLY_BADGES_SUBSCRIBER_HOSTS = ["hooks.internal", "192.168.7.0/24"]

    with pytest.raises(BadAddress):
        addresses.check(url, resolve=dns(*ips))


def test_a_name_that_nobody_knows_may_be_known_later():
    def resolve(*_asked, **_kind):
        raise socket.gaierror

    with pytest.raises(addresses.NotFound):
        addresses.check("https://nobody.example.com/", resolve=resolve)


def test_a_resolver_that_hangs_is_not_waited_for():
    over = threading.Event()

    def resolve(*_asked, **_kind):
        over.wait(30)
        return []

    begun = time.monotonic()
    with pytest.raises(addresses.NotFound):
        addresses.check("https://slow.example.com/", seconds=0.2, resolve=resolve)
    over.set()

    assert time.monotonic() - begun < 2
