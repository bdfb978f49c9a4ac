# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options for one registry are added to the lists that a group shares."""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.connections import REGISTRY, connections
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.planning import ACCESS
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings

NOTHING = {name: option.get("default") for name, option in {**REGISTRY, **ACCESS}.items()}
TLS = {"verify": True, "ca_path": None, "client_cert": None, "client_key": None, "plain_http": False}


def made(destination="docker://mirror.example.com:5000/ocp", **given):
    return connections({**NOTHING, "destination": destination, **given})


def settings(host, port=5000, **given):
    return Settings.of(made(**given).settings).host(host, port)


@pytest.mark.parametrize("entry", ["mirror.example.com:5000", "Mirror.example.com", "*"])
def test_what_is_set_for_the_registry_is_added_to_its_entry(entry):
    tls = [{**TLS, "host": entry, "client_cert": "/c"}, {**TLS, "host": "quay.io", "ca_path": "/q"}]
    own = settings("mirror.example.com", tls=tls, destination_ca="/ca", destination_verify=False)
    assert (own.ca_path, own.verify, own.client_cert) == ("/ca", False, "/c")
    other = settings("quay.io", 443, tls=tls, destination_ca="/ca", destination_verify=False)
    assert (other.ca_path, other.verify) == ("/q", True)


def test_nothing_set_leaves_the_lists_alone():
    tls = [{**TLS, "host": "mirror.example.com:5000", "verify": False}]
    assert settings("mirror.example.com", tls=tls).verify is False
    assert not made().credentials and not made().settings["hosts"]


def test_the_user_is_for_this_registry_alone_and_wins_over_the_list():
    listed = [
        {"registry": "mirror.example.com:5000", "username": "all", "password": "a", "identity_token": None},
        {"registry": "quay.io", "username": "q", "password": "b", "identity_token": None},
    ]
    found = made(credentials=listed, destination_username="site", destination_password="s").credentials
    own = {"username": "site", "password": "s"}
    assert found == {"mirror.example.com:5000": own, "mirror.example.com:5000/ocp": own, "quay.io": {"username": "q", "password": "b"}}


@pytest.mark.parametrize("given, missing", [({"destination_username": "u"}, "password"), ({"destination_password": "p"}, "username")])
def test_half_a_login_is_refused(given, missing):
    with pytest.raises(InputError, match=f"destination_{missing} is not given"):
        made(**given)


@pytest.mark.parametrize("destination", ["file:///srv/archives", "/srv/archives", ""])
def test_archives_have_no_login(destination):
    assert not made(destination, destination_username="u", destination_password="p").credentials
