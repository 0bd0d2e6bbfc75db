"""What a learner's badge has to survive between here and Credly: a real socket that misbehaves."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from credly_badges.credly import errors, wire
from credly_badges.credly.client import Client

from .wild_server import answer, reset, send, send_and_close

ORGANIZATION = UUID("0a000000-0000-4000-8000-000000000001")
TEMPLATE = UUID("11111111-0000-4000-8000-000000000001")
BADGE = UUID("55555555-0000-4000-8000-000000000001")
KEY = "EXAMPLEtoken_0123456789"
ORDER = wire.IssueOrder(
    template_id=TEMPLATE,
    recipient_email="ana@example.org",
    first_name="Ana",
    last_name="Ng",
    issued_at=datetime(2026, 5, 1, 7, 59, 58, tzinfo=UTC),
    issuer_earner_id="u-17",
)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def _ask_both(client: Client) -> tuple[errors.CredlyError, errors.CredlyError]:
    with pytest.raises(errors.CredlyError) as asked:
        client.badge(BADGE)
    with pytest.raises(errors.CredlyError) as ordered:
        client.issue(ORDER)
    return asked.value, ordered.value


@pytest.mark.parametrize(
    "play",
    [
        pytest.param(reset, id="reset after the request was taken"),
        pytest.param(send_and_close(b""), id="closed without a word"),
        pytest.param(send_and_close(b"HTTP/1.1 20"), id="closed in the status line"),
        pytest.param(send_and_close(b"this is no HTTP\r\n\r\n"), id="not HTTP"),
    ],
)
def test_a_connection_that_ends_without_an_answer_means_look_for_an_order_and_ask_again_for_a_question(
    wild_server, wild_client, play
):
    wild_server.plays += [play, play]

    asked, ordered = _ask_both(wild_client)

    assert type(asked) is errors.Unavailable
    assert type(ordered) is errors.Unanswered
    assert len(wild_server.requests) == 2


@pytest.mark.parametrize(
    "play",
    [
        pytest.param(send_and_close(answer(b'{"data":{', length=500)), id="shorter than promised"),
        pytest.param(send_and_close(CHUNKED + b"9\r\n"), id="chunk missing"),
        pytest.param(send_and_close(CHUNKED + b'9\r\n{"data":{\r\n'), id="last chunk missing"),
        pytest.param(send_and_close(CHUNKED + b"zz\r\n"), id="no chunk size"),
        pytest.param(send(answer(b'{"data":')), id="half a document"),
        pytest.param(send(answer(b" " * 200_000)), id="too long"),
        pytest.param(
            send_and_close(HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b" " * 50_000_000)), id="bomb"
        ),
        pytest.param(send_and_close(HEAD + b"Content-Encoding: gzip\r\n\r\nno gzip"), id="not the named encoding"),
        pytest.param(send(answer(b"<html>", kind="text/html")), id="a page of HTML"),
        pytest.param(
            send(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/v1\r\nContent-Length: 0\r\n\r\n"),
            id="a redirect",
        ),
        pytest.param(send(answer(b"x" * 99, status="307 Temporary Redirect")), id="a redirect nowhere"),
    ],
)
def test_an_answer_that_cannot_be_read_means_look_for_an_order_and_ask_again_for_a_question(
    wild_server, wild_client, play
):
    wild_server.plays += [play, play]

    asked, ordered = _ask_both(wild_client)

    assert type(asked) is errors.Garbled
    assert type(ordered) is errors.Unanswered
    assert len(wild_server.requests) == 2


def test_a_redirect_whose_body_never_ends_is_not_read_to_its_end(wild_server, impatient_client):
    head = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Type: text/html\r\n\r\n"
    wild_server.plays.append(wild_server.drip(head, every=0.05))
    began = time.monotonic()

    with pytest.raises(errors.Garbled, match="another address"):
        impatient_client.badge(BADGE)

    assert time.monotonic() - began < 2


@pytest.mark.parametrize("head", [HEAD + b"Content-Length: 90000\r\n\r\n", HEAD + b"\r\n"])
def test_an_answer_that_drips_is_given_up_in_time(wild_server, impatient_client, head):
    wild_server.plays += [wild_server.drip(head, every=0.05)] * 2
    began = time.monotonic()

    asked, ordered = _ask_both(impatient_client)

    assert type(asked) is errors.Garbled
    assert type(ordered) is errors.Unanswered
    assert "longer than 0.3 seconds" in str(ordered)
    assert time.monotonic() - began < 4


def test_silence_is_given_up_in_time(wild_server, impatient_client):
    wild_server.plays += [wild_server.silence] * 2
    began = time.monotonic()

    asked, ordered = _ask_both(impatient_client)

    assert type(asked) is errors.Unavailable
    assert type(ordered) is errors.Unanswered
    assert time.monotonic() - began < 4


def test_half_a_refusal_may_be_half_a_duplicate(wild_server, wild_client):
    half = b'{"data":{"message":"User alr'
    wild_server.plays.append(send_and_close(answer(half, status="422 Unprocessable Content", length=90)))

    with pytest.raises(errors.Unanswered) as unanswered:
        wild_client.issue(ORDER)

    assert unanswered.value.status == 422


def test_where_nobody_listens_nothing_was_done():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with Client(f"http://127.0.0.1:{port}/v1", ORGANIZATION, KEY) as client:
        asked, ordered = _ask_both(client)

    assert type(asked) is errors.Unavailable
    assert type(ordered) is errors.Unavailable
    assert "No connection" in str(ordered)


def test_where_nobody_picks_up_nothing_was_done():
    # A queue of one that is full: further calls ring, and are not taken.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(address)

        with Client(f"http://127.0.0.1:{address[1]}/v1", ORGANIZATION, KEY, timeout=(0.1, 5)) as client:
            asked, ordered = _ask_both(client)
        for each in waiting:
            each.close()

    assert type(asked) is errors.Unavailable
    assert type(ordered) is errors.Unavailable
    assert "ConnectTimeout" in str(ordered)


def test_to_a_server_with_a_certificate_of_its_own_making_nothing_is_sent(tls_server):
    with Client(f"https://localhost:{tls_server}/v1", ORGANIZATION, KEY) as client:
        asked, ordered = _ask_both(client)

    assert type(asked) is errors.Unavailable
    assert type(ordered) is errors.Unavailable
    assert "SSLError" in str(ordered)


@pytest.fixture
def tls_server(tmp_path):
    certificate = tmp_path / "self-signed.pem"
    certificate.write_bytes(_self_signed())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return  # The test is over.
            with connection:
                try:
                    context.wrap_socket(connection, server_side=True).close()
                except OSError:
                    continue  # The client did not like the certificate, as it should.

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def _self_signed() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2060, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def test_one_connection_serves_many_questions(wild_server, wild_client, credly_says):
    body = json.dumps(credly_says("badge.accepted")).encode()
    wild_server.plays += [send(answer(body))] * 5

    for _ in range(5):
        wild_client.badge(BADGE)

    assert wild_server.connections == 1


def test_a_kept_connection_that_breaks_under_an_order_means_look_first(wild_server, wild_client, credly_says):
    wild_server.plays += [send(answer(json.dumps(credly_says("badge.accepted")).encode())), reset]

    wild_client.badge(BADGE)
    with pytest.raises(errors.Unanswered):
        wild_client.issue(ORDER)

    assert wild_server.connections == 1


def test_a_body_in_small_pieces_and_packed_is_read_whole(wild_server, wild_client, credly_says):
    packed = gzip.compress(json.dumps(credly_says("badge.accepted")).encode())
    pieces = b"".join(
        b"%x\r\n%s\r\n" % (len(packed[start : start + 7]), packed[start : start + 7])
        for start in range(0, len(packed), 7)
    )
    head = HEAD + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    wild_server.plays.append(send(head + pieces + b"0\r\n\r\n"))

    assert wild_client.badge(BADGE).state == "accepted"


def test_threads_may_share_a_client(wild_server, credly_says):
    body = json.dumps(credly_says("badge.accepted")).encode()
    wild_server.plays += [send(answer(body))] * 40

    with Client(wild_server.url, ORGANIZATION, KEY, pool=4) as client, ThreadPoolExecutor(4) as threads:
        badges = list(threads.map(client.badge, [BADGE] * 40))

    assert [badge.id for badge in badges] == [BADGE] * 40
    assert wild_server.connections <= 4


def test_a_proxy_is_not_asked_on_the_way_to_this_machine(wild_server, wild_client, credly_says, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    wild_server.plays.append(send(answer(json.dumps(credly_says("badge.accepted")).encode())))

    assert wild_client.badge(BADGE).id == BADGE


@pytest.mark.parametrize(
    ("ahead", "told"),
    [(timedelta(minutes=-20), True), (timedelta(0), True), (timedelta(hours=2), True), (timedelta(0), False)],
)
def test_by_how_much_credly_s_clock_is_ahead_is_known_once_it_told_the_time(
    wild_server, wild_client, credly_says, ahead, told
):
    body = json.dumps(credly_says("badge.accepted")).encode()
    date = f"Date: {format_datetime(datetime.now(UTC) + ahead, usegmt=True)}\r\n" if told else "Date: soon\r\n"
    head, _, rest = answer(body).partition(b"\r\n")
    wild_server.plays.append(send(head + b"\r\n" + date.encode() + rest))
    assert wild_client.clock_difference is None

    wild_client.badge(BADGE)

    difference = wild_client.clock_difference
    assert (difference is not None) is told
    assert not told or abs(difference - ahead) < timedelta(minutes=1)


def test_a_redirect_takes_the_key_nowhere(wild_server, wild_client):
    elsewhere = f"HTTP/1.1 302 Found\r\nLocation: {wild_server.url}/elsewhere\r\nContent-Length: 0\r\n\r\n"
    wild_server.plays += [send(elsewhere.encode())] * 2

    with pytest.raises(errors.CredlyError):
        wild_client.badge(BADGE)

    assert len(wild_server.requests) == 1
