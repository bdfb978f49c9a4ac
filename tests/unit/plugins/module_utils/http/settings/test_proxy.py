# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which proxy, and for whom not."""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.proxy import Proxies, Proxy

ENVIRON = {"HTTP_PROXY": "http://plain:3128", "https_proxy": "http://user:p%40ss@secure:8080", "NO_PROXY": "internal"}


def test_reads_the_environment_in_either_case():
    proxies = Proxies.of({}, ENVIRON)
    assert proxies.choose("http", "example.com", 80) == Proxy("plain", 3128)
    assert proxies.choose("https", "example.com", 443) == Proxy("secure", 8080, "user", "p@ss")
    assert proxies.choose("https", "a.internal", 443) is None


def test_what_is_given_wins_and_empty_means_none():
    proxies = Proxies.of({"https_proxy": "", "no_proxy": "other"}, ENVIRON)
    assert proxies.choose("https", "example.com", 443) is None
    assert proxies.choose("http", "internal", 80) == Proxy("plain", 3128)


@pytest.mark.parametrize(
    "entry, host, port, covered",
    [
        ("*", "anything", 443, True),
        ("example.com", "example.com", 443, True),
        ("example.com", "registry.example.com", 443, True),
        ("example.com", "notexample.com", 443, False),
        (".example.com", "registry.example.com", 443, True),
        (".example.com", "example.com", 443, True),
        ("*.example.com", "registry.example.com", 443, True),
        ("EXAMPLE.com", "Registry.Example.COM", 443, True),
        ("example.com:5000", "example.com", 5000, True),
        ("example.com:5000", "example.com", 443, False),
        ("10.0.0.0/8", "10.1.2.3", 443, True),
        ("10.0.0.0/8", "11.1.2.3", 443, False),
        ("10.0.0.0/8", "registry.example.com", 443, False),
        ("10.0.0.5", "10.0.0.5", 443, True),
        ("10.0.0.5:5000", "10.0.0.5", 443, False),
        ("10.0.0.5:5000", "10.0.0.5", 5000, True),
        ("fd00::/8", "fd12::1", 443, True),
        ("::1", "::1", 443, True),
        ("[::1]:5000", "::1", 5000, True),
        ("[::1]:5000", "::1", 443, False),
        ("10.0.0.0/8", "fd12::1", 443, False),
        ("first, .svc ,second", "a.svc", 443, True),
        ("", "example.com", 443, False),
    ],
)
def test_exceptions(entry, host, port, covered):
    proxies = Proxies.of({"https_proxy": "http://proxy:1", "no_proxy": entry}, {})
    assert (proxies.choose("https", host, port) is None) == covered


def test_a_proxy_keeps_its_password_to_itself():
    proxy = Proxy.of("http://me:secret@proxy.example.com:3128")
    assert "secret" not in f"{proxy} {proxy!r} {Proxies(proxy, proxy)!r}"


@pytest.mark.parametrize("url", ["http://", "http://proxy:port", "http://[::1", ""])
def test_urls_that_cannot_be_read(url):
    with pytest.raises(InputError):
        Proxy.of(url)


@pytest.mark.parametrize("url", ["ftp://proxy:3128", "quic://proxy:1080"])
def test_kinds_of_proxies_that_are_not_spoken_to(url):
    with pytest.raises(Unsupported, match="proxy"):
        Proxy.of(url)


@pytest.mark.parametrize(
    "url, scheme, port",
    [("https://me:x@proxy", "https", 443), ("socks5://proxy", "socks5", 1080), ("socks5h://proxy:9", "socks5h", 9), ("proxy:8", "http", 8)],
)
def test_kinds_of_proxies_that_are_spoken_to(url, scheme, port):
    proxy = Proxy.of(url)
    assert (proxy.scheme, proxy.port) == (scheme, port) and str(proxy) == f"{scheme}://proxy:{port}"
