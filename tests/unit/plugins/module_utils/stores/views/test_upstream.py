# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upstream: which place answers for a full repository name, and what happens when one does not."""

from __future__ import annotations

from collections import defaultdict

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import (
    AccessDenied,
    Cancelled,
    InputError,
    MirrorError,
    NotFound,
    Unreachable,
    Unsupported,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.http.registries_conf import RegistriesConf, registries_of
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import HostSettings, Retries, Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.layout import LayoutStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.reading import read_blob
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views import upstream as module
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.upstream import Upstream
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry

APP = images.image("app")
FIRST, SECOND = "first.test", "second.test"


class Internet(defaultdict):
    """A store in memory for each host; `asked` lists (host, method, repository)."""

    def __init__(self):
        super().__init__()
        self.down = {}

    def __missing__(self, host):
        self[host] = MemoryStore()
        return self[host]

    def fail(self, host, error):
        methods = ("fetch_manifest", "find_manifest", "open_blob", "tags", "referrers", "blobs_present")
        self[host].errors = defaultdict(lambda: None) if error is None else _Everything(error, methods)

    @property
    def asked(self):
        return [(host, call[0], call[1]) for host, store in self.items() for call in store.calls]

    def forget(self):
        for store in self.values():
            store.calls.clear()


class _Everything(dict):
    def __init__(self, error, methods):
        super().__init__()
        self.error, self.methods = error, methods

    def get(self, key, default=None):
        return self.error if key[0] in self.methods else default


@pytest.fixture
def internet():
    return Internet()


def conf(*mirrors, prefix="quay.io", **registry):
    places = [{"location": place} if isinstance(place, str) else place for place in mirrors]
    entry = {"prefix": prefix, "location": prefix, "mirror": places, **registry}
    return RegistriesConf(tuple(registries_of({"registry": [entry]}, "registries.conf").values()), "registries.conf")


def blob_of(built):
    digest, content = next(iter(built.blobs.items()))
    return Descriptor("", Digest(digest), len(content)), content


def test_without_rules_each_host_answers_for_itself(internet):
    images.push(APP, internet["quay.io"], "team/app", "1")
    store = Upstream(internet.__getitem__)
    assert store.fetch_manifest("quay.io/team/app", "1").content == APP.content
    assert store.find_manifest("quay.io/team/app", APP.digest).digest == APP.digest
    assert store.tags("quay.io/team/app") == ("1",)
    assert store.tags("ghcr.io/team/app") is None
    assert store.find_manifest("ghcr.io/team/app", "1") is None
    blob, content = blob_of(APP)
    assert read_blob(store, "quay.io/team/app", blob, 1 << 20) == content
    assert store.blobs_present("quay.io/team/app", [blob.digest, Digest.of(b"no")]) == {blob.digest}
    assert store.served("quay.io/team/app") == "quay.io/team/app"


@pytest.mark.parametrize("name", ["nginx:1", "docker.io/nginx:1", "docker.io/library/nginx:1", "index.docker.io/nginx:1"])
def test_docker_hub_is_one_place_with_a_library(internet, name):
    images.push(APP, internet["docker.io"], "library/nginx", "1")
    reference = parse(name)
    assert Upstream(internet.__getitem__).fetch_manifest(reference.repository, "1").digest == APP.digest


def test_mirrors_answer_first_and_the_origin_is_not_asked(internet):
    images.push(APP, internet[FIRST], "quay/team/app", "1")
    images.push(images.image("other"), internet["quay.io"], "team/app", "1")
    internet.forget()
    store = Upstream(internet.__getitem__, conf(f"{FIRST}/quay"))
    assert store.fetch_manifest("quay.io/team/app", "1").digest == APP.digest
    assert internet.asked == [(FIRST, "fetch_manifest", "quay/team/app")]
    assert store.served("quay.io/team/app") == f"{FIRST}/quay/team/app"


def test_tags_of_all_places_are_seen_together_and_blobs_still_come_from_the_mirror(internet):
    images.push(APP, internet[FIRST], "team/app", "1")
    images.push(APP, internet["quay.io"], "team/app", "1")
    images.push(images.image("signature"), internet["quay.io"], "team/app", "sha256-0.sig")
    store = Upstream(internet.__getitem__, conf(FIRST))
    store.fetch_manifest("quay.io/team/app", "1")
    assert store.some_tags("quay.io/team/app", 1000) == (("1", "sha256-0.sig"), True)
    assert store.served("quay.io/team/app") == f"{FIRST}/team/app"


@pytest.mark.parametrize("error", [NotFound("no"), Unreachable("no"), AccessDenied("no"), MirrorError("no")])
def test_tags_of_one_place_are_enough_where_another_shows_none(internet, error):
    images.push(APP, internet[FIRST], "team/app", "1")
    internet.fail("quay.io", error)
    assert Upstream(internet.__getitem__, conf(FIRST)).some_tags("quay.io/team/app", 1000) == (("1",), True)
    internet.fail("quay.io", None)
    images.push(APP, internet["quay.io"], "team/app", "2")
    internet.fail(FIRST, error)
    assert Upstream(internet.__getitem__, conf(FIRST)).some_tags("quay.io/team/app", 1000) == (("2",), True)


def test_a_list_that_the_only_place_with_content_refuses_is_not_an_empty_one(internet):
    """Or signatures there would count as absent without being asked for."""
    internet.fail("quay.io", AccessDenied("no list"))
    with pytest.raises(AccessDenied):
        Upstream(internet.__getitem__, conf(FIRST)).some_tags("quay.io/team/app", 1000)
    assert Upstream(internet.__getitem__, conf(SECOND)).some_tags("ghcr.io/team/app", 1000) == ((), True)


def test_a_mirror_that_has_the_image_and_nothing_with_it_is_believed_where_there_is_no_way_to_the_origin(internet):
    images.push(APP, internet[FIRST], "team/app")
    internet.fail("quay.io", Unreachable("no way"))
    store = Upstream(internet.__getitem__, conf(FIRST))
    assert store.fetch_manifest("quay.io/team/app", APP.digest).digest == APP.digest
    assert store.some_tags("quay.io/team/app", 1000) == ((), True)
    assert store.referrers("quay.io/team/app", APP.digest) == ()
    # It says nothing about what it does not have.
    with pytest.raises(Unreachable):
        store.referrers("quay.io/team/app", Digest.of(b"another"))
    with pytest.raises(Unreachable):
        store.some_tags("quay.io/team/other", 1000)


@pytest.mark.parametrize("error", [NotFound("no"), Unreachable("no"), AccessDenied("no"), MirrorError("no")])
def test_a_mirror_that_fails_gives_way(internet, error):
    internet.fail(FIRST, error)
    images.push(APP, internet["quay.io"], "team/app", "1")
    images.push(images.artifact("sbom", APP), internet["quay.io"], "team/app")
    store = Upstream(internet.__getitem__, conf(FIRST, SECOND))
    blob, content = blob_of(APP)
    assert store.fetch_manifest("quay.io/team/app", "1").digest == APP.digest
    assert store.find_manifest("quay.io/team/app", "1").digest == APP.digest
    assert store.tags("quay.io/team/app") == ("1",)
    assert len(store.referrers("quay.io/team/app", APP.digest)) == 1
    assert read_blob(store, "quay.io/team/app", blob, 1 << 20) == content
    assert store.served("quay.io/team/app") == "quay.io/team/app"


def test_what_the_last_place_says_is_final_and_the_others_are_named(internet):
    internet.fail(FIRST, Unreachable("no answer"))
    internet.fail("quay.io", AccessDenied("wrong password", advice="Log in."))
    with pytest.raises(
        AccessDenied, match=r"wrong password\. Log in\. Asked before: first.test \(unreachable\), second.test \(not_found\)\."
    ):
        Upstream(internet.__getitem__, conf(FIRST, SECOND)).fetch_manifest("quay.io/team/app", "1")


def test_a_cancelled_run_asks_nobody_else(internet):
    internet.fail(FIRST, Cancelled("stop"))
    with pytest.raises(Cancelled):
        Upstream(internet.__getitem__, conf(FIRST)).fetch_manifest("quay.io/team/app", "1")
    assert [host for host, _method, _repository in internet.asked] == [FIRST]


def test_a_silent_mirror_is_left_alone_for_a_while(internet, monkeypatch):
    internet.fail(FIRST, Unreachable("no answer"))
    images.push(APP, internet["quay.io"], "team/app", "1")
    now = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    store = Upstream(internet.__getitem__, conf(FIRST))
    for _each in range(3):
        store.fetch_manifest("quay.io/team/app", "1")
    assert len(internet[FIRST].calls) == 1
    now[0] += 3600
    internet.fail(FIRST, None)
    images.push(APP, internet[FIRST], "team/app", "1")
    store.fetch_manifest("quay.io/team/app", "1")
    assert store.served("quay.io/team/app") == f"{FIRST}/team/app"


def test_an_origin_out_of_reach_is_waited_for_once_and_never_taken_for_absent(internet):
    internet.fail("quay.io", Unreachable("no answer"))
    images.push(APP, internet[FIRST], "team/app", "1")
    store = Upstream(internet.__getitem__, conf(FIRST))
    for _each in range(3):
        assert store.fetch_manifest("quay.io/team/app", "1").digest == APP.digest
        with pytest.raises(Unreachable, match="no answer"):
            store.find_manifest("quay.io/team/app", "2")
    assert len(internet["quay.io"].calls) == 1


def test_the_only_place_is_always_asked(internet):
    internet.fail("quay.io", Unreachable("no answer"))
    store = Upstream(internet.__getitem__)
    for _each in range(2):
        with pytest.raises(Unreachable):
            store.tags("quay.io/team/app")
    assert len(internet["quay.io"].calls) == 2


def test_blobs_come_from_the_place_that_gave_the_manifest(internet):
    images.push(APP, internet[FIRST], "team/app", "1")
    images.push(APP, internet["quay.io"], "team/app", "1")
    store = Upstream(internet.__getitem__, conf({"location": FIRST, "pull-from-mirror": "tag-only"}))
    store.fetch_manifest("quay.io/team/app", "1")
    internet.forget()
    blob, content = blob_of(APP)
    assert read_blob(store, "quay.io/team/app", blob, 1 << 20) == content
    assert internet.asked == [(FIRST, "open_blob", "team/app")]


def test_a_blob_that_the_serving_place_lacks_is_sought_elsewhere(internet):
    images.push(APP, internet["quay.io"], "team/app", "1")
    internet[FIRST].put_manifest("team/app", APP.manifest(), "1")
    store = Upstream(internet.__getitem__, conf(FIRST))
    assert store.fetch_manifest("quay.io/team/app", "1")
    blob, content = blob_of(APP)
    assert read_blob(store, "quay.io/team/app", blob, 1 << 20) == content
    assert store.blobs_present("quay.io/team/app", [blob.digest]) == {blob.digest}


def test_tags_and_digests_take_their_own_mirrors(internet):
    by_digest = {"location": FIRST, "pull-from-mirror": "digest-only"}
    by_tag = {"location": SECOND, "pull-from-mirror": "tag-only"}
    for host in (FIRST, SECOND):
        images.push(APP, internet[host], "team/app", "1")
    internet.forget()
    store = Upstream(internet.__getitem__, conf(by_digest, by_tag))
    store.fetch_manifest("quay.io/team/app", "1")
    store.fetch_manifest("quay.io/team/app", APP.digest)
    store.tags("quay.io/team/app")
    assert sorted(internet.asked) == [
        (FIRST, "fetch_manifest", "team/app"),
        (SECOND, "fetch_manifest", "team/app"),
        (SECOND, "tags", "team/app"),
    ]


def test_signatures_missing_at_a_mirror_are_found_at_the_origin(internet):
    images.push(APP, internet[FIRST], "team/app", "1")
    images.push(APP, internet["quay.io"], "team/app", "1")
    images.push(images.artifact("sbom", APP), internet["quay.io"], "team/app")
    store = Upstream(internet.__getitem__, conf(FIRST))
    assert [each.digest for each in store.referrers("quay.io/team/app", APP.digest)] == [images.artifact("sbom", APP).digest]
    assert store.referrers("quay.io/team/app", Digest.of(b"no")) == ()


def test_a_blocked_registry_is_never_contacted(internet):
    images.push(APP, internet[FIRST], "team/app", "1")
    store = Upstream(internet.__getitem__, conf(FIRST, blocked=True))
    assert store.fetch_manifest("quay.io/team/app", "1").digest == APP.digest
    assert store.find_manifest("quay.io/team/app", "2") is None
    with pytest.raises(AccessDenied, match="blocked"):
        Upstream(internet.__getitem__, conf(blocked=True)).fetch_manifest("quay.io/team/app", "1")
    assert "quay.io" not in internet


def test_insecure_places_get_their_own_connections(internet):
    careless = Internet()
    images.push(APP, careless[FIRST], "team/app", "1")
    store = Upstream(internet.__getitem__, conf({"location": FIRST, "insecure": True}), connect_insecure=careless.__getitem__)
    assert store.fetch_manifest("quay.io/team/app", "1").digest == APP.digest
    assert FIRST not in internet


def test_layouts_and_what_was_built_are_places_too(internet, tmp_path):
    workspace = Workspace(str(tmp_path / "workspace"))
    images.push(APP, LayoutStore(str(tmp_path / "layout")), "", "1")
    images.push(APP, LayoutStore(workspace.path(workspace.content, "catalog", "v4.18")), "", "x")
    store = Upstream(internet.__getitem__, workspace=workspace)
    blob, content = blob_of(APP)
    for repository in (f"oci://{tmp_path}/layout", "built://catalog/v4.18"):
        assert store.fetch_manifest(repository, "").digest == APP.digest
        assert store.fetch_manifest(repository, APP.digest).content == APP.content
        assert read_blob(store, repository, blob, 1 << 20) == content
    assert internet == {}


@pytest.mark.parametrize("name", ["built://../x", "built://", "built:///etc", "built://a/../../b", "built://a\0", "built://.hidden"])
def test_names_of_what_was_built_stay_inside_the_workspace(internet, tmp_path, name):
    with pytest.raises(InputError):
        Upstream(internet.__getitem__, workspace=Workspace(str(tmp_path))).fetch_manifest(name, "")


def test_it_is_never_written_to(internet):
    store = Upstream(internet.__getitem__)
    for write in (
        lambda: store.start_blob("quay.io/a", blob_of(APP)[0]),
        lambda: store.put_manifest("quay.io/a", APP.manifest()),
        lambda: store.delete_manifest("quay.io/a", APP.digest),
    ):
        with pytest.raises(Unsupported):
            write()


@pytest.mark.parametrize("repository", ["", "nginx", "quay.io/", "/x"])
def test_a_name_without_registry_or_repository_is_refused(internet, repository):
    with pytest.raises(InputError):
        Upstream(internet.__getitem__).fetch_manifest(repository, "1")


def test_real_registries_stand_in_for_each_other():
    settings = Settings(default=HostSettings(plain_http=True), retries=Retries(times=0))
    with FakeRegistry() as origin, FakeRegistry() as mirror:
        images.put(APP, origin.content, "team/app", "1")
        images.put(APP, mirror.content, "copy/team/app", "1")
        mirror.content.find("copy/team/app").blobs.clear()
        http = Http(settings)
        store = Upstream(lambda host: RegistryStore(host, http), conf(f"{mirror.host}/copy", prefix=origin.host))
        repository = f"{origin.host}/team/app"
        assert store.fetch_manifest(repository, "1").digest == APP.digest
        assert origin.ledger.count(endpoint="manifest") == 0
        blob, content = blob_of(APP)
        assert read_blob(store, repository, blob, 1 << 20) == content
        mirror.stop()
        assert store.fetch_manifest(repository, "1").digest == APP.digest
        assert store.served(repository) == repository
        store.close()
