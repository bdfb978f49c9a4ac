# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret of any option is in a result, in what Ansible shows when it is verbose, or in a file (user-needs G11)."""

from __future__ import annotations

import base64
import json
import os

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.secrets import secrets_in
from ansible_collections.disconnected.mirror.plugins.modules import image_mirror, imageset_plan
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault
from ansible_collections.disconnected.mirror.tests.fakes.module import run_module
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.tokens import Guard

CANARY = "canary"


def encoded(password):
    return base64.b64encode(f"me:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"https_proxy": "http://me:canary%21@proxy:3128"}, {"canary%21", "canary!"}),
        ({"http_proxy": "me:canary@proxy:3128"}, {"canary"}),
        ({"http_proxy": "http://me:can@ary@proxy:3128"}, {"can@ary"}),
        ({"update_url": "https://me:canary@h/graph", "release_signature_urls": ["https://x:other@h/"]}, {"canary", "other"}),
        ({"imageset": {"mirror": {"helm": {"repositories": [{"url": "https://me:canary@h"}]}}}}, {"canary"}),
        ({"pull_secret": {"auths": {"a.io": {"auth": encoded("canary")}}}}, {"canary"}),
        ({"pull_secret": {"a.io": {"auth": encoded("canary")}, "b.io": 3, "c.io": {"auth": "***"}}}, {"canary"}),
        ({"kubeconfig": {"users": [{"user": {"token": "canary", "client-key-data": "other"}}, 3]}}, {"canary", "other"}),
        ({"protect_clusters": [{"kubeconfig": {"users": [{"user": {"password": "canary"}}]}}, {"kubeconfig": "/a/b"}]}, {"canary"}),
        ({"pull_secret": None, "http_proxy": None, "destination": "docker://h:5000/a@b", "names": ["https://h:5000/a:1@sha256:x"]}, set()),
        ({"names": ["quay.io/a/b:1@sha256:x", "image:tag@sha256:x"], "https_proxy": "http://proxy:3128"}, set()),
    ],
)
def test_secrets_inside_options_are_found(params, found):
    assert secrets_in(params) == found


@pytest.fixture
def world(tmp_path, monkeypatch):
    for name in ("REGISTRY_AUTH_FILE", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "CONTAINERS_REGISTRIES_CONF"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    guard = Guard(mode="bearer", users={"me": f"{CANARY}-source"})
    with FakeRegistry(auth=guard) as source, FakeRegistry(auth=Guard(mode="basic", users={"me": f"{CANARY}-mirror"})) as mirror:
        images.put(images.image("app"), source.content, "team/app", "1.0")
        yield source, mirror, tmp_path


def arguments(source, mirror, folder, **more):
    auth_file = folder / "auth.json"
    auth_file.write_text(json.dumps({"auths": {source.host: {"auth": encoded(f"{CANARY}-source")}}}), encoding="utf-8")
    names = [{"name": f"{source.host}/team/{name}:1.0"} for name in ("app", "gone")]
    return {
        "imageset": {"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "ImageSetConfiguration", "mirror": {"additionalImages": names}},
        "workspace": str(folder / "workspace"),
        "auth_file": str(auth_file),
        "credentials": [{"registry": mirror.host, "username": "me", "password": f"{CANARY}-mirror"}],
        "pull_secret": {"auths": {"elsewhere.test": {"auth": encoded(f"{CANARY}-secret")}}},
        "https_proxy": f"http://me:{CANARY}-proxy@proxy.test:3128",
        "tls": [{"host": "*", "plain_http": True}],
        "retry_times": 0,
        **more,
    }


def leaks(result, folder):
    """Where a canary, or the encoded form of one, is: in a result, and in every file but the auth file."""
    forms = [CANARY, *(encoded(f"{CANARY}-{name}")[:-2] for name in ("source", "mirror", "secret", "proxy"))]
    places = {"result": json.dumps(result)}
    for path, _folders, names in os.walk(folder):
        for name in names:
            if name != "auth.json":
                with open(os.path.join(path, name), encoding="utf-8", errors="replace") as file:
                    places[os.path.join(path, name)] = file.read()
    return [place for place, text in places.items() if any(form in text for form in forms)]


@pytest.mark.parametrize("wrong", [False, True])
def test_no_secret_is_in_a_result_or_in_a_file(world, wrong):
    source, mirror, folder = world
    given = arguments(source, mirror, folder, destination=f"docker://{mirror.host}/ocp")
    if wrong:
        given["credentials"][0]["password"] = f"{CANARY}-wrong"
        mirror.inject(Fault(status=403, body="oci", times=0))
    result = run_module(image_mirror, given, diff=True, invocation=True)
    assert result["invocation"]["module_args"]["https_proxy"] == "http://me:********@proxy.test:3128"
    assert result["failed"] and leaks(result, folder) == []
    # A destination that lets nobody in is found out before anything is planned.
    assert [entry.user for entry in source.ledger.entries(endpoint="token")][-1:] == ([] if wrong else ["me"])


def test_a_refused_option_is_not_shown_either(world):
    source, mirror, folder = world
    for options in ({"https_proxy": f"socks5://me:{CANARY}-proxy@h"}, {"pull_secret": {"auths": {"a.io": {"auth": f"{CANARY}"}}}}):
        result = run_module(imageset_plan, arguments(source, mirror, folder, **options), invocation=True)
        assert result["failed"] and leaks(result, folder) == []
