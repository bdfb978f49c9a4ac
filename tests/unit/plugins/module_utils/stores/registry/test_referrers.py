# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Referrers: by the registry's list, or by the index under a tag (OCI distribution specification)."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import AccessDenied, InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import OCI_INDEX
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.dialects import DISTRIBUTION, GHCR, QUAY, Dialect
from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry

QUICK = {"plain_http": True, "retries": {"times": 2, "delay": 0.001, "max_delay": 0.002}}
APP = images.image("app")
TAG = f"sha256-{APP.digest.hex}"
HTML = Dialect("html", referrers="html")
PROMISED = Dialect("promised", referrers="promised")
NULL = Dialect("null", referrers="null")


def store_of(registry: FakeRegistry, **options: Any) -> RegistryStore:
    return RegistryStore(registry.host, Http(Settings.of(QUICK, {})), writing=True, **options)


def referrer(name: str) -> images.BuiltImage:
    return images.artifact(name, APP, annotations={"name": name})


@pytest.mark.parametrize("dialect", [DISTRIBUTION, QUAY, NULL, GHCR, HTML], ids=lambda dialect: dialect.name)
def test_what_is_pushed_is_found(dialect):
    with FakeRegistry(dialect) as registry:
        store = store_of(registry)
        images.push(APP, store, "team/app", "1.0")
        assert store.referrers("team/app", APP.digest) == ()
        for name in ("one", "two", "one"):
            images.push(referrer(name), store, "team/app")
        for each in (store, store_of(registry)):
            found = each.referrers("team/app", APP.digest)
            assert {entry.digest for entry in found} == {referrer("one").digest, referrer("two").digest}
            assert {entry.artifact_type for entry in found} == {"application/vnd.example.thing.v1"}
            assert {entry.annotations["name"] for entry in found} == {"one", "two"}
            assert each.capabilities.referrers is (dialect in (QUAY, NULL))
        assert (TAG in registry.content.find("team/app").tags) == (dialect not in (QUAY, NULL))


@pytest.mark.parametrize(("dialect", "tagged"), [(PROMISED, True), (QUAY, False)], ids=lambda value: getattr(value, "name", ""))
def test_a_list_that_is_promised_is_asked_for_once_before_it_is_relied_on(dialect, tagged):
    with FakeRegistry(dialect) as registry:
        store = store_of(registry)
        for built in (APP, referrer("one"), referrer("two")):
            images.push(built, store, "team/app")
        assert registry.ledger.count(endpoint="referrers") == 1
        found = store_of(registry).referrers("team/app", APP.digest)
        assert {entry.digest for entry in found} == {referrer("one").digest, referrer("two").digest}
        assert (TAG in registry.content.find("team/app").tags) == tagged


@pytest.mark.parametrize("dialect", [QUAY, NULL], ids=lambda dialect: dialect.name)
def test_an_image_without_referrers_says_nothing_about_the_list(dialect):
    """Else the one that is asked for first would decide whether those of the others are found."""
    with FakeRegistry(dialect) as registry:
        for built in (APP, referrer("one")):
            images.push(built, store_of(registry), "team/app")
        store = store_of(registry)
        assert store.referrers("team/app", referrer("one").digest) == ()
        assert [entry.digest for entry in store.referrers("team/app", APP.digest)] == [referrer("one").digest]
        assert registry.ledger.count("GET", "manifest") == 0


@pytest.mark.parametrize("entries", [{}, {"manifests": None}, {"manifests": []}], ids=["no list", "null", "empty list"])
def test_an_empty_index_below_the_tag_is_filled(entries):
    with FakeRegistry() as registry:
        store = store_of(registry)
        images.push(APP, store, "team/app")
        document = {"schemaVersion": 2, "mediaType": OCI_INDEX, **entries}
        registry.content.put_manifest("team/app", json.dumps(document).encode(), tag=TAG)
        images.push(referrer("one"), store, "team/app")
        assert [entry.digest for entry in store.referrers("team/app", APP.digest)] == [referrer("one").digest]


def test_who_may_push_and_not_list_relies_on_the_promise():
    with FakeRegistry(QUAY) as registry:
        registry.inject(Fault(endpoint="referrers", status=403, code="DENIED", times=0))
        store = store_of(registry)
        for built in (APP, referrer("one")):
            images.push(built, store, "team/app")
        assert TAG not in registry.content.find("team/app").tags


def test_a_registry_without_the_list_is_asked_for_it_once():
    with FakeRegistry() as registry:
        store = store_of(registry)
        for _each in range(3):
            store.referrers("team/app", APP.digest)
        assert registry.ledger.count(endpoint="referrers") == 1


def test_an_unknown_repository_says_nothing_about_the_list():
    with FakeRegistry(QUAY) as registry:
        registry.inject(Fault(endpoint="referrers", status=404, code="NAME_UNKNOWN"))
        store = store_of(registry)
        assert store.referrers("team/none", APP.digest) == ()
        assert store.capabilities.referrers is None


def test_a_refusal_is_no_sign_of_a_missing_list():
    with FakeRegistry(QUAY) as registry:
        registry.inject(Fault(endpoint="referrers", status=403, code="DENIED", times=0))
        with pytest.raises(AccessDenied):
            store_of(registry).referrers("team/app", APP.digest)


def test_threads_do_not_lose_each_others_referrers():
    with FakeRegistry() as registry:
        store = store_of(registry)
        images.push(APP, store, "team/app", "1.0")
        names = [f"number {number}" for number in range(12)]
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda name: images.push(referrer(name), store, "team/app"), names))
        assert len(store.referrers("team/app", APP.digest)) == 12


def test_what_others_wrote_into_the_index_stays():
    with FakeRegistry() as registry:
        store = store_of(registry)
        images.push(APP, store, "team/app", "1.0")
        images.push(referrer("one"), store, "team/app")
        document = json.loads(store.fetch_manifest("team/app", TAG).content)
        document["annotations"] = {"theirs": "stays"}
        document["manifests"][0]["data"] = "dGhlaXJz"
        registry.content.put_manifest("team/app", json.dumps(document).encode(), tag=TAG)
        images.push(referrer("two"), store, "team/app")
        after = json.loads(store.fetch_manifest("team/app", TAG).content)
        assert after["annotations"] == {"theirs": "stays"} and after["manifests"][0]["data"] == "dGhlaXJz"
        assert len(after["manifests"]) == 2


def test_another_image_where_the_index_should_be_is_left_alone():
    with FakeRegistry() as registry:
        store = store_of(registry)
        images.push(APP, store, "team/app")
        other = images.push(images.image("other"), store, "team/app", TAG)
        with pytest.raises(InputError, match="should list referrers"):
            images.push(referrer("one"), store, "team/app")
        assert registry.content.find("team/app").tags[TAG] == other


def test_an_image_that_has_the_tag_of_its_own_index_keeps_it():
    with FakeRegistry() as registry:
        store = store_of(registry)
        images.push(APP, store, "team/app", TAG)
        images.push(referrer("one"), store, "team/app")
        assert registry.content.find("team/app").tags[TAG] == APP.digest
        assert store.referrers("team/app", APP.digest) == ()


def test_an_index_refers_to_its_subject_too():
    with FakeRegistry() as registry:
        store = store_of(registry)
        images.push(APP, store, "team/app")
        index = images.index([images.image("other")], subject=APP)
        images.push(index, store, "team/app")
        assert [entry.digest for entry in store.referrers("team/app", APP.digest)] == [index.digest]
