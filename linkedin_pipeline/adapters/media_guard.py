"""Connections to public addresses only: a name is resolved once, and what was checked is used.

Whoever may write an attachment, or owns a name on the list of hosts, could otherwise have this
program read what only its own network may: a cloud's metadata, a database's console.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import httpcore

from linkedin_pipeline.adapters.transport import BoundedBackend
from linkedin_pipeline.domain.media import AllowedHost, is_loopback
from linkedin_pipeline.domain.media_content import Unfit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str], Sequence[str]]
"""Gives all addresses of a name, best first; raises OSError when it has none."""

_MOST_ADDRESSES = 4
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_REFUSED = tuple(
    ipaddress.ip_network(network)
    for network in (
        "168.63.129.16/32",  # Azure's metadata, at a public address
        "192.0.0.0/24",  # Oracle's metadata among others; older Pythons call it public
        "192.88.99.0/24",  # relays of 6to4
        "2002::/16",  # 6to4 and Teredo wrap an address of version 4, which may be private
        "2001::/32",
        "fec0::/10",  # site-local, which ipaddress takes for global
    )
)


def addresses_of(host: str) -> Sequence[str]:
    """Resolve a name as this computer does, which takes as long as its resolver lets it."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: Address) -> bool:
    """Tell whether an address is one that anybody in the internet could reach.

    An address of version 6 that only stands for one of version 4 is judged as that.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        elif address in _NAT64:
            address = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.is_multicast or any(address in network for network in _REFUSED):
        return False
    return address.is_global and not (address.is_reserved or address.is_unspecified)


class GuardedBackend(BoundedBackend):
    """Connects to checked addresses only.

    An address that is not public is for a host that was named by that very address, or as
    loopback: ``hosts`` are those that a person named.
    """

    def __init__(self, hosts: Iterable[AllowedHost], resolve: Resolver) -> None:
        super().__init__()
        self._named = frozenset(entry.host for entry in hosts)
        self._resolve = resolve

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Open a connection to the first address of a host that takes it.

        Raises:
            Unfit: one of its addresses is refused; nothing was connected to.
        """
        failed: Exception = httpcore.ConnectError("the name does not resolve")
        for address in self._addresses(host)[:_MOST_ADDRESSES]:
            try:
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    def _addresses(self, host: str) -> Sequence[str]:
        try:
            found = self._resolve(host)
        except (OSError, UnicodeError):  # the latter for a name that is none
            return ()
        for text in found:
            if not self._admits(host, ipaddress.ip_address(text)):
                raise Unfit(
                    "media_private",
                    "the host has an address that is not public",
                    "Attach a file from a public host; a private one must be named by its "
                    "address in MEDIA_ALLOWED_HOSTS.",
                )
        return found

    def _admits(self, host: str, address: Address) -> bool:
        if is_public(address):
            return True
        if host not in self._named:
            return False
        return address.is_loopback if is_loopback(host) else str(address) == host
