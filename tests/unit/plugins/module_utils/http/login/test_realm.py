# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Realms: where a registry may send us for a token, and where not (user-needs G13)."""

from __future__ import annotations

import contextlib
import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import AccessDenied
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.realm import check_peer, check_realm, place, registrable

HUB = "https://registry-1.docker.io"
QUAY = "https://quay.io"
REDHAT = "https://registry.redhat.io"
OWN = "https://registry.example.com"


@pytest.mark.parametrize(
    ("realm", "registry"),
    [
        ("https://auth.docker.io/token", HUB),
        ("https://auth.docker.io/token", "https://registry.hub.docker.com"),
        ("https://quay.io/v2/auth", QUAY),
        ("https://registry.redhat.io/auth/realms/rhcc/protocol/redhat-docker-v2/auth", REDHAT),
        ("https://sso.redhat.com/auth/realms/rhcc/protocol/redhat-docker-v2/auth", REDHAT),
        ("https://sso.redhat.com/token", "https://registry.connect.redhat.com"),
        ("https://gitlab.com/jwt/auth", "https://registry.gitlab.com"),
        ("https://registry.example.com/token", OWN),
        ("https://registry.example.com:8443/token", OWN + ":5000"),
        ("https://REGISTRY.example.com./token", OWN),
        ("https://login.example.com/token", OWN),
        ("https://auth.example.co.uk/token", "https://registry.example.co.uk"),
        ("https://registry.example.com/token", "http://registry.example.com"),
        ("http://127.0.0.1:5001/token", "http://127.0.0.1:5000"),
        ("http://localhost:5001/token", "http://127.0.0.1:5000"),
        ("https://10.0.0.5:8443/token", "https://10.0.0.5"),
        ("https://registry/token", "https://registry:5000"),
        ("https://auth.xn--bcher-kva.example/token", "https://registry.xn--bcher-kva.example"),
        ("https://me.jfrog.io/token", "https://me.jfrog.io"),
    ],
)
def test_a_registry_and_its_relatives_give_tokens(realm, registry):
    check_realm(realm, registry)


@pytest.mark.parametrize(
    ("realm", "registry", "reason"),
    [
        ("http://registry.example.com/token", OWN, "without TLS"),
        ("https://127.0.0.1/token", OWN, "loopback"),
        ("https://localhost/token", OWN, "loopback"),
        ("https://[::1]/token", OWN, "loopback"),
        ("https://[::ffff:127.0.0.1]/token", OWN, "loopback"),
        ("https://[64:ff9b::7f00:1]/token", OWN, "loopback"),
        ("https://[2002:7f00:1::]/token", OWN, "loopback"),
        ("https://2130706433/token", OWN, "loopback"),
        ("https://0x7f000001/token", OWN, "loopback"),
        ("https://0177.0.0.1/token", OWN, "loopback"),
        ("https://127.1/token", OWN, "loopback"),
        ("https://0.0.0.0/token", OWN, "loopback"),
        ("https://169.254.169.254/latest/meta-data", OWN, "link-local"),
        ("https://[fe80::1%25eth0]/token", OWN, "link-local"),
        ("https://169.254.169.254/token", "https://10.0.0.5", "link-local"),
        ("https://127.0.0.1/token", "https://10.0.0.5", "loopback"),
        ("https://10.0.0.5/token", OWN, "private"),
        ("https://192.168.1.1/token", OWN, "private"),
        ("https://[fd00::1]/token", OWN, "private"),
        ("https://100.64.0.1/token", OWN, "private"),
        ("https://224.0.0.1/token", OWN, "special"),
        ("https://10.0.0.6/token", "https://10.0.0.5", "another domain"),
        ("https://auth.internal/token", OWN, "private"),
        ("https://user@registry.example.com/token", OWN, "user name"),
        ("https://registry.example.com@evil.test/token", OWN, "user name"),
        ("https://evil.test/token", OWN, "another domain"),
        ("https://93.184.216.34/token", OWN, "another domain"),
        ("https://example.com.evil.test/token", OWN, "another domain"),
        ("https://evilexample.com/token", OWN, "another domain"),
        ("https://evil.co.uk/token", "https://registry.example.co.uk", "another domain"),
        ("https://evil.s3.us-east-1.amazonaws.com/token", "https://1.dkr.ecr.us-east-1.amazonaws.com", "another domain"),
        ("https://evil.jfrog.io/token", "https://me.jfrog.io", "another domain"),
        ("https://evil/token", "https://registry:5000", "another domain"),
        ("https://sso.redhat.com/token", OWN, "another domain"),
    ],
)
def test_other_places_are_refused_with_the_reason(realm, registry, reason):
    with pytest.raises(AccessDenied, match=reason):
        check_realm(realm, registry)


@pytest.mark.parametrize(
    "realm",
    [
        "",
        "token",
        "/token",
        "//auth.example.com/token",
        "ftp://registry.example.com/",
        "file:///etc/passwd",
        "https://",
        "https://registry.example.com\\@evil.test/",
        "https://registry.example.com /",
        "https://[::1",
        "https://registry.example.com:port/",
        "https://ｒegistry.example.com/token",
        "https://127。0。0。1/token",
        "https://straße.example.com/",
        "https://%31%32%37.0.0.1/",
    ],
)
def test_what_is_no_proper_url_is_refused(realm):
    with pytest.raises(AccessDenied, match="not a proper"):
        check_realm(realm, OWN)


def test_a_listed_host_is_believed_but_not_without_tls():
    check_realm("https://sso.elsewhere.test/token", OWN, ("sso.elsewhere.test",))
    check_realm("https://10.0.0.6:8443/token", OWN, ("10.0.0.6:8443",))
    with pytest.raises(AccessDenied):
        check_realm("https://10.0.0.6:9443/token", OWN, ("10.0.0.6:8443",))
    with pytest.raises(AccessDenied, match="without TLS"):
        check_realm("http://sso.elsewhere.test/token", OWN, ("sso.elsewhere.test",))


def test_the_refusal_names_the_registry_and_the_way_out_and_no_secret():
    with pytest.raises(AccessDenied) as caught:
        check_realm("https://evil.test/token?password=hunter2", "https://me:secret@registry.example.com")
    assert "registry.example.com" in str(caught.value) and "list it" in str(caught.value)
    assert "secret" not in str(caught.value) + caught.value.host and "hunter2" not in str(caught.value)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fe80::1%eth0"])
def test_a_name_that_leads_inside_is_refused_after_connecting(address):
    with pytest.raises(AccessDenied, match="leads to"):
        check_peer(address, "93.184.216.34", "https://login.example.com/token", OWN)
    check_peer(address, "93.184.216.34", "https://login.example.com/token", OWN, ("login.example.com",))
    check_peer("10.1.2.3", "10.0.0.1", "https://login.example.com/token", OWN)
    check_peer("93.184.216.35", "93.184.216.34", "https://login.example.com/token", OWN)


@pytest.mark.parametrize(
    ("host", "parent"),
    [("a.b.example.com", "example.com"), ("x.example.co.uk", "example.co.uk"), ("x.azurecr.io", "x.azurecr.io"), ("10.0.0.1", "10.0.0.1")],
)
def test_the_registrable_part(host, parent):
    assert registrable(host) == parent


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.integers(min_value=0, max_value=2**32 - 1))
def test_every_way_of_writing_an_address_has_the_same_place(number):
    dotted = str(ipaddress.IPv4Address(number))
    ways = [str(number), hex(number), f"0{number:o}", f"::ffff:{dotted}", f"64:ff9b::{dotted}"]
    assert {place(way) for way in ways} == {place(dotted)}


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.text(max_size=40))
def test_no_text_makes_it_stumble(text):
    for realm in (text, f"https://{text}", f"https://{text}/token"):
        with contextlib.suppress(AccessDenied):
            check_realm(realm, OWN)
