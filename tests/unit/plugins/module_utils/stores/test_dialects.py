# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pushing to emulated registry dialects.  These are emulations; real registries are in tests/integration/registries."""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.credentials import Credentials
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import HostSettings, Retries, Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.tests.fakes import dialects, images, push_suite
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.tokens import Guard

SETTINGS = Settings(default=HostSettings(plain_http=True), retries=Retries(times=4, delay=0.01, max_delay=0.02))
PUSHABLE = sorted(set(dialects.PROFILES) - {"openshift"})
# What the names of some products must look like.
_NAMESPACES = {"quay-old": "team/", "gar": "project/repository/", "gitlab": "group/project/"}


def target_of(fake: FakeRegistry) -> push_suite.Target:
    dialect = fake.dialect
    namespace = _NAMESPACES.get(dialect.name, "project/")
    fake.projects.add("/".join(namespace.strip("/").split("/")[: dialect.projects or 1]))

    def open_store():
        credentials = Credentials.of(entries={fake.host: {"username": "me", "password": "pw"}}, environ={})
        return RegistryStore(fake.host, Http(SETTINGS, credentials), writing=True)

    def ready(repository):
        if dialect.repositories_exist:
            fake.content.create(repository)

    return push_suite.Target(
        open=open_store,
        namespace=namespace,
        ready=ready,
        docker=not dialect.refused_types,
        deletes=dialect.delete,
        mounts=dialect.mount,
        fake=fake,
    )


# In one dialect names have two parts, which leaves no repository beside another to mount from.
PAIRS = [
    pytest.param(name, case, id=f"{case.__name__}-{name}")
    for case in push_suite.CASES + push_suite.EMULATED
    for name in PUSHABLE
    if name != "quay-old" or case not in (push_suite.mount_hit, push_suite.mount_miss)
]


@pytest.mark.parametrize("name, case", PAIRS)
def test_an_emulated_registry_can_be_pushed_to(name, case):
    dialect = dialects.PROFILES[name]
    guard = Guard(mode="bearer", users={"me": "pw"}) if name not in ("distribution", "nexus") else Guard(mode="basic", users={"me": "pw"})
    with FakeRegistry(dialect=dialect, auth=guard) as fake:
        target = target_of(fake)
        case(target)
        assert fake.violations == []
        target.store.close()


def test_a_registry_that_takes_no_manifest_without_tag_is_refused_with_the_reason():
    with FakeRegistry(dialect=dialects.OPENSHIFT) as fake:
        target = target_of(fake)
        images.push(images.image("app"), target.store, "project/app", "1.0")
        with pytest.raises(MirrorError, match="without a tag"):
            images.push(images.multi_arch("app"), target.store, "project/app", "2.0")


def test_a_registry_that_takes_no_docker_types_is_refused_with_the_settings_name():
    with FakeRegistry(dialect=dialects.ZOT) as fake, pytest.raises(MirrorError, match="docker2s2"):
        images.push(images.image("app", kind=images.DOCKER), target_of(fake).store, "project/app", "1.0")


@pytest.mark.parametrize(
    ("name", "repository", "reason"),
    [("harbor", "nowhere/app", "nowhere"), ("ecr", "nowhere/app", "nowhere/app"), ("gitlab", "nowhere/at/all", "nowhere")],
)
def test_what_must_exist_beforehand_is_named(name, repository, reason):
    with FakeRegistry(dialect=dialects.PROFILES[name]) as fake:
        with pytest.raises(MirrorError, match=reason):
            images.push(images.image("app"), target_of(fake).store, repository, "1.0")
        assert fake.content.blobs == {}


@pytest.mark.parametrize("limit", [40_000, 400_000, 3_000_000])
def test_a_limit_on_bodies_is_found_out(limit):
    with FakeRegistry(dialect=dialects.replace(dialects.QUAY, body_limit=limit)) as fake:
        target = target_of(fake)
        wanted, content = push_suite.blob("big", 5_000_000)
        if limit < 64 * 1024:
            with pytest.raises(MirrorError):
                push_suite.send(target.store, "team/app", wanted, content)
            return
        assert push_suite.send(target.store, "team/app", wanted, content)
        assert push_suite.read_blob(target.store, "team/app", wanted, 64 << 20) == content
        assert max(entry.received for entry in fake.ledger.entries(status=202)) <= limit


@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("query", [False, True])
def test_locations_of_every_form_are_followed(relative, query):
    dialect = dialects.replace(dialects.DISTRIBUTION, relative_location=relative, location_query=query)
    with FakeRegistry(dialect=dialect) as fake:
        push_suite.new_and_existing_blob(target_of(fake))


def test_a_registry_without_patch_gets_whole_blobs():
    with FakeRegistry(dialect=dialects.replace(dialects.ARTIFACTORY, patch=False)) as fake:
        push_suite.new_and_existing_blob(target_of(fake))
        assert fake.ledger.count("PATCH") == 0
