# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection settings from plain data."""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.proxy import Proxy
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import HostSettings, Retries, Settings, Timeouts


def test_the_default_is_safe():
    settings = Settings.of({}, {})
    assert settings == Settings()
    host = settings.host("localhost", 5000)
    assert host.verify and not host.plain_http and host.proxy is None


def test_settings_of_one_host_do_not_reach_another():
    settings = Settings.of(
        {
            "ca_path": "/ca.pem",
            "hosts": {"Lab.example.com:5000": {"verify": False}, "[::1]": {"plain_http": True}, "lab.example.com": {"client_cert": "/c"}},
            "timeouts": {"connect": 3},
            "retries": {"times": 0, "delay": 0.5},
            "parallel": 4,
            "https_proxy": "http://proxy:3128",
        },
        {"https_proxy": "http://other:1"},
    )
    assert settings.host("lab.example.com", 5000) == HostSettings(verify=False, ca_path="/ca.pem")
    assert settings.host("lab.example.com", 443) == HostSettings(client_cert="/c", ca_path="/ca.pem")
    assert settings.host("::1", 5000).plain_http
    assert settings.host("example.com", 443) == HostSettings(ca_path="/ca.pem")
    assert settings.timeouts == Timeouts(connect=3.0)
    assert settings.retries == Retries(times=0, delay=0.5)
    assert settings.parallel == 4
    assert settings.proxies.choose("https", "x", 443) == Proxy("proxy", 3128)


@pytest.mark.parametrize(
    "document, words",
    [
        ({"verfy": False}, "unknown connection setting: verfy.*verify"),
        ({"hosts": {"a": {"verfy": False}}}, "unknown connection setting in hosts.a: verfy"),
        ({"hosts": ["a"]}, "hosts must be a mapping"),
        ({"hosts": {"a": True}}, "hosts.a must be a mapping"),
        ({"hosts": {"https://a": {}}}, "not host or host:port"),
        ({"verify": "no"}, "verify must be true or false, not 'no'"),
        ({"hosts": {"a": {"plain_http": 1}}}, "hosts.a.plain_http must be true or false"),
        ({"ca_path": 5}, "ca_path must be text"),
        ({"timeouts": {"connect": "10"}}, "timeouts.connect must be a number of seconds"),
        ({"timeouts": {"connect": 0}}, "timeouts.connect must be a number of seconds above 0"),
        ({"retries": {"times": -1}}, "retries.times must be a whole number, 0 or more"),
        ({"retries": {"times": 1.5}}, "retries.times must be a whole number"),
        ({"retries": {"times": True}}, "retries.times must be a whole number"),
        ({"parallel": 0}, "parallel must be a whole number, 1 or more"),
        ({"https_proxy": 1}, "https_proxy must be text"),
        ([], "connection settings must be a mapping"),
    ],
)
def test_mistakes_are_told_with_their_place(document, words):
    with pytest.raises(InputError, match=words):
        Settings.of(document, {})
