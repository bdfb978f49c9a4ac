# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a cluster is reached: options before the environment before the kubeconfig, and no program is started."""

from __future__ import annotations

import base64
import json
import os

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.access import Wishes, find_access
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.api import Api


def kubeconfig(user=None, cluster=None):
    return {
        "clusters": [{"name": "c", "cluster": {"server": "https://api.example:6443", **(cluster or {})}}],
        "users": [{"name": "u", "user": {"token": "t-file"} if user is None else user}, {"name": "other", "user": {"token": "t-other"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}, {"name": "y", "context": {"cluster": "c", "user": "other"}}],
        "current-context": "x",
    }


def found(environ=None, **wishes):
    return find_access(Wishes(**wishes), environ or {})


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_a_kubeconfig_says_all(home):
    data = base64.b64encode(b"PEM").decode()
    access = found(kubeconfig=kubeconfig({"client-certificate-data": data, "client-key-data": data}, {"certificate-authority-data": data}))
    assert (access.server, access.ca, access.certificate, access.key, access.verify) == ("https://api.example:6443", *[b"PEM"] * 3, True)


def test_paths_in_a_kubeconfig_count_from_where_it_lies(home):
    os.makedirs(home / ".kube")
    (home / ".kube" / "ca.crt").write_text("CA")
    (home / ".kube" / "config").write_text(json.dumps(kubeconfig(cluster={"certificate-authority": "ca.crt"})))
    access = found()
    assert (access.ca, access.token) == (b"CA", "t-file")


def test_a_context_is_chosen(home):
    assert found(kubeconfig=kubeconfig(), context="y").token == "t-other"
    assert found({"K8S_AUTH_CONTEXT": "y"}, kubeconfig=kubeconfig()).token == "t-other"


def test_options_come_before_the_environment_and_that_before_the_file(home):
    environ = {"K8S_AUTH_API_KEY": "t-env", "K8S_AUTH_HOST": "https://api.example:6443"}
    assert found(kubeconfig=kubeconfig()).token == "t-file"
    assert found(environ, kubeconfig=kubeconfig()).token == "t-env"
    assert found(environ, kubeconfig=kubeconfig(), token="t-option").token == "t-option"


def test_credentials_of_one_server_go_to_no_other(home):
    access = found(kubeconfig=kubeconfig(), server="https://other.example")
    assert (access.server, access.token) == ("https://other.example", "")


def test_a_token_takes_the_place_of_a_certificate(home):
    data = base64.b64encode(b"PEM").decode()
    access = found(kubeconfig=kubeconfig({"client-certificate-data": data, "client-key-data": data}), token="t")
    assert (access.token, access.certificate, access.key) == ("t", b"", b"")


def test_a_server_and_a_token_are_enough(home):
    assert found(server="api.example:6443/", token="t").server == "https://api.example:6443"


@pytest.mark.parametrize("user", [{"exec": {"command": "aws"}}, {"auth-provider": {"name": "oidc"}}])
def test_no_program_is_started(home, user):
    with pytest.raises(InputError, match="from a program"):
        found(kubeconfig=kubeconfig(user))


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"users": []}, "names no current context"),
        ({"current-context": "x"}, "no context 'x'"),
        ({**kubeconfig(), "clusters": []}, "no cluster 'c'"),
        ({**kubeconfig(), "users": [{"name": "u"}]}, "has no user"),
        (kubeconfig({"client-certificate-data": "%%"}), "not base64"),
        (kubeconfig({"password": "p", "username": "u"}), "password"),
        ({**kubeconfig(), "contexts": 3}, "not a list"),
    ],
)
def test_what_is_wrong_with_a_kubeconfig_is_said(home, document, problem):
    with pytest.raises(InputError, match=problem) as raised:
        found(kubeconfig=document)
    assert "t-file" not in str(raised.value)


def test_without_any_the_message_says_what_to_give(home):
    with pytest.raises(InputError, match=r"no kubeconfig at .*Give kubeconfig, or host and api_key"):
        found()


def test_a_token_does_not_go_out_without_tls(home):
    with pytest.raises(InputError, match="without TLS"):
        Api(found(server="http://api.example", token="t"), {})


def test_secrets_are_not_shown(home):
    assert "t-file" not in repr(found(kubeconfig=kubeconfig())) and "t-option" not in repr(Wishes(token="t-option"))
