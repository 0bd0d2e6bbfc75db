"""One message over the wire, to a real server: signed, bounded in time and size, to the address that was checked."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from credly_badges.subscribers import sending
from tests import receiver as behaviors
from tests.receiver import receiving

HOST = "hooks.example.com"


@pytest.fixture
def there(settings):
    settings.CREDLY_BADGES_SUBSCRIBER_HOSTS = ["127.0.0.1", HOST]
    with receiving() as receiver:
        yield receiver


def post(url, *, seconds=3.0, resolve=None, headers=()):
    return sending.post(url, b'{"a": 1}', dict(headers), seconds=seconds, resolve=resolve)


def to_loopback(_host, port, **_kind):
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]


def test_what_is_sent_arrives_as_it_is(there):
    answer = post(there.url("/hook?to=a%20b"), headers={"X-A": "b"})

    (heard,) = there.heard
    assert answer.status == 204
    assert (heard.path, heard.body, heard.headers["x-a"]) == ("/hook?to=a%20b", b'{"a": 1}', "b")
    assert heard.headers["host"] == f"127.0.0.1:{there.port}"
    assert "cookie" not in heard.headers


def test_proxies_and_passwords_of_the_environment_are_left_alone(there, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert post(there.url()).status == 204
    assert "authorization" not in there.heard[0].headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(there, status):
    there.next = [(status, {"Location": there.url("/elsewhere")})]

    assert post(there.url()).status == status
    assert [each.path for each in there.heard] == ["/hook"]


@pytest.mark.parametrize("behavior", [behaviors.hang, behaviors.drip_headers])
def test_one_that_hangs_or_drips_is_not_waited_for(there, behavior):
    there.next = [behavior]

    begun = time.monotonic()
    answer = post(there.url(), seconds=0.5)

    assert time.monotonic() - begun < 1.5
    assert (answer.status, answer.said) == (None, "It took too long.")


@pytest.mark.parametrize("behavior", [behaviors.drip_body, behaviors.flood])
def test_a_yes_is_a_yes_however_long_the_rest_of_it_would_be(there, behavior):
    there.next = [behavior]

    begun = time.monotonic()
    answer = post(there.url(), seconds=0.5)

    assert time.monotonic() - begun < 1.5
    assert answer.status == 200


def test_what_is_no_http_is_no_answer(there):
    there.next = [behaviors.babble]

    assert post(there.url()).said == "The connection broke off before it answered."


def test_nobody_there_is_no_answer(settings):
    settings.CREDLY_BADGES_SUBSCRIBER_HOSTS = ["127.0.0.1"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

        assert post(f"http://127.0.0.1:{port}/").said == "It could not be connected to."


def test_where_nothing_may_be_sent_nothing_is(there, settings):
    settings.CREDLY_BADGES_SUBSCRIBER_HOSTS = []

    answer = post(there.url())

    assert answer.for_good
    assert there.heard == []


def test_a_name_that_changes_its_mind_leads_to_the_address_that_was_checked(there, settings):
    settings.CREDLY_BADGES_SUBSCRIBER_HOSTS = ["127.0.0.1"]
    asked = []

    def resolve(host, port, **kind):
        asked.append(host)
        ip = "127.0.0.1" if len(asked) == 1 else "10.255.255.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port))]

    answer = post(f"http://rebinding.example.com:{there.port}/", resolve=resolve)

    assert answer.status == 204
    assert asked == ["rebinding.example.com"]
    assert there.heard[0].headers["host"] == f"rebinding.example.com:{there.port}"


def test_the_next_address_is_tried_where_the_first_one_is_dead(there):
    def resolve(_host, port, **_kind):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ("127.0.0.2", "127.0.0.1")]

    assert post(f"http://{HOST}:{there.port}/", resolve=resolve).status == 204


@pytest.mark.parametrize(
    ("given", "seconds"),
    [("7", 7), ("0", 0), ("-1", None), ("soon", None), ("", None), ("99999999999999", None), ("1e3", None)],
)
def test_how_long_it_wants_to_be_left_alone_is_read(there, given, seconds):
    there.next = [(503, {"Retry-After": given})]

    assert post(there.url()).retry_after == seconds


def test_a_date_to_come_back_at_is_read_as_well(there):
    at = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=10)
    there.next = [(429, {"Retry-After": at.strftime("%a, %d %b %Y %H:%M:%S GMT")})]

    assert 590 < post(there.url()).retry_after <= 600


class TestTLS:
    """The certificate has to be that of the host, though the connection goes to an IP address."""

    @pytest.fixture
    def authority(self, tmp_path, monkeypatch):
        made = Authority(tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(made.path))
        sending._trust.cache_clear()
        yield made
        sending._trust.cache_clear()

    @pytest.fixture(autouse=True)
    def _allowed(self, settings):
        settings.CREDLY_BADGES_SUBSCRIBER_HOSTS = ["127.0.0.1"]

    def test_the_right_host_is_spoken_to(self, authority):
        with receiving(authority.server(HOST)) as there:
            answer = post(f"https://{HOST}:{there.port}/", resolve=to_loopback)

            assert answer.status == 204
            assert there.heard[0].headers["host"] == f"{HOST}:{there.port}"

    def test_another_host_s_certificate_is_refused(self, authority):
        with receiving(authority.server("other.example.com")) as there:
            answer = post(f"https://{HOST}:{there.port}/", resolve=to_loopback)

            assert answer.said == "Its certificate could not be verified, or it speaks no TLS."
            assert there.heard == []

    def test_a_certificate_that_nobody_vouches_for_is_refused(self, authority, tmp_path):
        (tmp_path / "other").mkdir()
        with receiving(Authority(tmp_path / "other").server(HOST)) as there:
            assert post(f"https://{HOST}:{there.port}/", resolve=to_loopback).status is None
            assert there.heard == []

    def test_an_ip_address_in_the_certificate_will_do_for_an_ip_address(self, authority):
        with receiving(authority.server("127.0.0.1")) as there:
            assert post(f"https://127.0.0.1:{there.port}/").status == 204

    def test_a_handshake_that_drips_is_not_waited_for(self, authority, settings):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            begun = time.monotonic()
            answer = post(f"https://{HOST}:{silent.getsockname()[1]}/", seconds=0.5, resolve=to_loopback)

        assert time.monotonic() - begun < 1.5
        assert answer.said == "It took too long."


class Authority:
    """Somebody who vouches for hosts."""

    def __init__(self, folder):
        self.folder, self.path = folder, folder / "authority.pem"
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Example authority")])
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        made = self._made(self.name, self.key, ca=True).add_extension(usage, critical=True)
        self.path.write_bytes(made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def server(self, host):
        key = ec.generate_private_key(ec.SECP256R1())
        try:
            named = x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            named = x509.DNSName(host)
        made = self._made(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]), key, ca=False)
        made = made.add_extension(x509.SubjectAlternativeName([named]), critical=False)
        path = self.folder / f"{host}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _made(self, name, key, *, ca):
        now = dt.datetime.now(dt.UTC)
        made = x509.CertificateBuilder(self.name, name, key.public_key(), x509.random_serial_number())
        return (
            made.not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
