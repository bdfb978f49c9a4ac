# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a destination does not support is told in words, with what to do about it (user-needs, section 2)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.credentials import Credentials
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import HostSettings, Retries, Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.tests.fakes import dialects, images, push_suite
from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.tokens import Guard

SETTINGS = Settings(default=HostSettings(plain_http=True), retries=Retries(times=0))
APP = images.image("app")
INDEX = images.index([APP])
PLAIN = dialects.DISTRIBUTION


def send(store, repository):
    push_suite.send(store, repository, *push_suite.blob("x", 10))


def push_index(store, repository):
    store.put_manifest(repository, INDEX.manifest(), "1.0")


def move(store, repository):
    store.put_manifest(repository, images.image("other").manifest(), "1.0")


def push_untagged(store, repository):
    store.put_manifest(repository, APP.manifest())


def push_docker(store, repository):
    store.put_manifest(repository, images.image("app", kind=images.DOCKER).manifest(), "2.0")


def delete(store, repository):
    store.delete_manifest(repository, APP.digest)


CASES = {
    "delete": (replace(PLAIN, delete=False), delete, "team/app", "switched on"),
    "depth, as a name": (replace(PLAIN, depth=(1, 2)), send, "a/b/c", "max_nested_paths"),
    "depth, as a login": (dialects.QUAY_OLD, send, "a/b/c", "max_nested_paths"),
    "depth, as an absence": (replace(PLAIN, depth=(1, 2), depth_status=404), send, "a/b/c", "max_nested_paths"),
    "a project": (replace(PLAIN, projects=1, project_status=404), send, "none/app", "created first"),
    "sparse indexes": (PLAIN, push_index, "team/empty", "only with all of its instances"),
    "moving tags": (replace(PLAIN, immutable_tags=True), move, "team/app", "does not let this tag move"),
    "manifests without a tag": (replace(PLAIN, tagless_push=False), push_untagged, "team/app", "without a tag"),
    "media types": (dialects.ZOT, push_docker, "team/app", "docker2s2"),
}


def said(action, dialect=PLAIN, repository="team/app", *faults):
    with FakeRegistry(dialect=dialect) as fake:
        images.put(APP, fake.content, "team/app", "1.0")
        for image in (images.image("other"), APP):
            for content in image.blobs.values():
                fake.content.put_blob("team/app", content)
        fake.projects.add("team")
        fake.inject(*faults)
        store = RegistryStore(fake.host, Http(SETTINGS), writing=True)
        with pytest.raises(MirrorError) as caught:
            action(store, repository)
        store.close()
        return caught.value


@pytest.mark.parametrize("name", sorted(CASES))
def test_what_a_destination_does_not_support_has_its_advice(name):
    dialect, action, repository, words = CASES[name]
    error = said(action, dialect, repository)
    assert words in error.advice, error.message


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [(405, "UNSUPPORTED", "accepts no pushes"), (403, "DENIED", "credentials allow"), (507, "", "out of space")],
)
@pytest.mark.parametrize("action", [send, move])
def test_so_has_what_it_refuses_today(action, status, code, words):
    error = said(action, PLAIN, "team/app", Fault(status=status, code=code, times=0))
    assert words in error.advice and "max_nested_paths" not in error.advice


def test_a_login_that_is_refused_for_a_deep_name_tells_so():
    guard = Guard(mode="bearer", users={"me": "secret"}, allowed=lambda user, repository, action: repository.count("/") < 2)
    with FakeRegistry(auth=guard) as fake:
        known = Credentials.of(entries={fake.host: {"username": "me", "password": "secret"}}, environ={})
        store = RegistryStore(fake.host, Http(SETTINGS, known), writing=True)
        with pytest.raises(MirrorError) as caught:
            send(store, "a/b/c")
        assert "max_nested_paths" in caught.value.advice and "secret" not in str(caught.value)
        store.close()
