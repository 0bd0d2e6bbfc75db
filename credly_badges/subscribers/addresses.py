"""Where a subscriber may be: at a public address, or where the settings say. Asked when it is saved, and each time.

A name is looked up once, every address that it has is checked, and the connection goes to one of exactly these: a name
that leads elsewhere a moment later leads nowhere.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from .. import conf

IP = ipaddress.IPv4Address | ipaddress.IPv6Address
LONGEST = 500
LOWEST_OPEN_PORT = 1024
PORTS = {"https": 443, "http": 80}

# One that Python's own flags leave out, or that carries an IPv4 address within.
REFUSED = [
    ipaddress.ip_network(each)
    for each in (
        *("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4"),
        *("::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7"),
        "fec0::/10",
    )
]
NAT64 = ipaddress.ip_network("64:ff9b::/96")
NUMBER = re.compile(r"^(0x[0-9a-f]*|[0-9]+)$", re.IGNORECASE)
HOST = re.compile(r"^(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*$")

Resolve = Callable[..., Sequence[Any]]


class BadAddress(Exception):
    """Nothing is sent to this address; ``sentence`` says why, and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class NotFound(BadAddress):
    """There is no such host at this moment, which may pass."""


@dataclass(frozen=True)
class Place:
    """Where a subscriber is: what its address says, and the checked IP addresses that its host has now."""

    scheme: str
    host: str
    port: int
    path: str
    ips: tuple[str, ...]

    @property
    def named(self) -> str:
        """The Host header: without the port that goes without saying."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def check(url: str, *, seconds: float = 5, resolve: Resolve | None = None) -> Place:
    """Where this address leads, if something may be sent there. Waits for DNS. Raises BadAddress."""
    parts, host, port = _read(url)
    ips = _looked_up(host, port, seconds, resolve or socket.getaddrinfo)
    allowed = _allowed_host(host) or all(map(_allowed_ip, ips))
    if not allowed:
        if parts.scheme != "https":
            raise BadAddress(
                _(
                    "The address has to begin with https://. Only for a host that somebody who can change the settings "
                    "of this LMS names in CREDLY_BADGES_SUBSCRIBER_HOSTS, http:// will do."
                )
            )
        if port != PORTS["https"] and port < LOWEST_OPEN_PORT:
            raise BadAddress(_("The port has to be 443, or 1024 or higher."))
        if not all(map(_is_public, ips)):
            raise BadAddress(
                _(
                    "The address is one of a private network. Only somebody who can change the settings of this LMS "
                    "can allow it, in CREDLY_BADGES_SUBSCRIBER_HOSTS."
                )
            )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(parts.scheme, host, port, path, tuple(str(each) for each in ips))


def host_of(url: str) -> str:
    """The host that an address names, "" where it names none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def mark_of(url: str) -> str:
    """What tells two addresses apart, and nothing else of them: some receivers have a secret in theirs."""
    return salted_hmac("credly_badges.subscribers.url", url, algorithm="sha256").hexdigest()[:12]


def _read(url: str) -> tuple[SplitResult, str, int]:
    if len(url) > LONGEST or not url.isascii() or any(sign <= " " or sign in '\\"<>^`{|}\x7f' for sign in url):
        raise BadAddress(_("The address is no valid URL."))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadAddress(_("The address is no valid URL.")) from None
    if parts.scheme not in PORTS:
        raise BadAddress(_("The address has to begin with https://."))
    if "@" in parts.netloc:
        raise BadAddress(_("The address must not hold a user name or a password."))
    if "#" in url:
        raise BadAddress(_("The address must not have a part after “#”."))
    host = (parts.hostname or "").lower().removesuffix(".")
    if not host or not _is_host(host, bracketed="[" in parts.netloc) or port == 0:
        raise BadAddress(_("The address names no host, or not as hosts are named."))
    return parts, host, port or PORTS[parts.scheme]


def _is_host(host: str, *, bracketed: bool) -> bool:
    """A name, or an IP address in its usual form: 2130706433 and 0x7f.1 are spellings of 127.0.0.1 as well."""
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return not bracketed and bool(HOST.match(host)) and not NUMBER.match(host.rsplit(".", 1)[-1])
    return bracketed == isinstance(ip, ipaddress.IPv6Address) and not getattr(ip, "scope_id", None)


def _looked_up(host: str, port: int, seconds: float, resolve: Resolve) -> list[IP]:
    try:
        return [ipaddress.ip_address(host)]
    except ValueError:
        pass
    found: list[Any] = []

    def look() -> None:
        try:
            found.extend(resolve(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError):
            return

    # The resolver of the system knows no deadline.
    looking = threading.Thread(target=look, daemon=True, name="credly-badges-dns")
    looking.start()
    looking.join(seconds)
    # Link-local addresses come with the name of an interface behind them.
    ips = list(dict.fromkeys(ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in tuple(found)))
    if not ips:
        raise NotFound(_("The host of the address was not found. Check how it is spelled."))
    return ips


def _is_public(ip: IP) -> bool:
    within = _within(ip)
    if within is not None:
        return _is_public(within)
    if any(ip in network for network in REFUSED if network.version == ip.version):
        return False
    refused = (ip.is_private, ip.is_loopback, ip.is_link_local, ip.is_multicast, ip.is_reserved, ip.is_unspecified)
    return ip.is_global and not any(refused)


def _within(ip: IP) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address leads to: mapped, by 6to4, or by NAT64."""
    if isinstance(ip, ipaddress.IPv4Address):
        return None
    if ip in NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


def _allowed_host(host: str) -> bool:
    return host in {each.strip().lower().removesuffix(".") for each in conf.subscriber_hosts()}


def _allowed_ip(ip: IP) -> bool:
    return any(ip in network for network in _allowed_networks() if network.version == ip.version)


def _allowed_networks() -> list[Any]:
    networks = []
    for each in conf.subscriber_hosts():
        try:
            networks.append(ipaddress.ip_network(each.strip(), strict=False))
        except ValueError:
            continue  # A name.
    return networks
