# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans of what emulated registries serve over HTTP: what is asked, and how often."""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.credentials import Credentials
from ansible_collections.disconnected.mirror.plugins.module_utils.http.registries_conf import RegistriesConf, registries_of
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import HostSettings, Retries, Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.configuration import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import Context
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.build import build_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.upstream import Upstream
from ansible_collections.disconnected.mirror.tests.fakes import dialects, images
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry

SETTINGS = Settings(default=HostSettings(plain_http=True), retries=Retries(times=2, delay=0.01, max_delay=0.02))
MULTI = images.multi_arch("app")


def connect(host, writing=False):
    return RegistryStore(host, Http(SETTINGS, Credentials.of(environ={})), writing=writing)


def plan_of(names, folder, conf=RegistriesConf()):
    mirror = {"additionalImages": [{"name": name} for name in names]}
    imageset = parse({"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "ImageSetConfiguration", "mirror": mirror})
    upstream = Upstream(connect, conf)
    try:
        return build_plan(imageset, Context(upstream, Workspace(str(folder)), parallel=4))
    finally:
        upstream.close()


def attached(plan):
    return {(image.subject, image.digest, image.tags) for image in plan.images if image.subject}


@pytest.mark.parametrize("name", ["distribution", "quay", "harbor", "ghcr", "nexus", "zot", "artifactory"])
def test_attachments_are_found_at_every_kind_of_registry(name, tmp_path):
    with FakeRegistry(dialect=dialects.PROFILES[name]) as registry:
        registry.projects.add("project")
        images.put(MULTI, registry.content, "project/app", "1")
        tag, signature = images.attachment(MULTI)
        images.put(signature, registry.content, "project/app", tag)
        sbom = images.artifact("sbom", MULTI.children[0])
        images.put(sbom, registry.content, "project/app")
        if registry.dialect.referrers != "api":
            fallback = images.index([sbom])
            images.put(fallback, registry.content, "project/app", f"sha256-{MULTI.children[0].digest.hex}")
        plan = plan_of([f"{registry.host}/project/app:1"], tmp_path)
        assert plan.failures == ()
        assert attached(plan) == {(MULTI.digest, signature.digest, (tag,)), (MULTI.children[0].digest, sbom.digest, ())}
        assert registry.ledger.count("GET", "blob") == registry.ledger.count("HEAD", "blob") == 0


def test_a_mirror_that_lacks_a_signature_does_not_hide_that_of_the_origin(tmp_path):
    """Tags alone: neither registry lists referrers."""
    with FakeRegistry(dialect=dialects.DISTRIBUTION) as origin, FakeRegistry(dialect=dialects.DISTRIBUTION) as mirror:
        tag, signature = images.attachment(MULTI)
        images.put(MULTI, origin.content, "team/app", "1")
        images.put(signature, origin.content, "team/app", tag)
        images.put(MULTI, mirror.content, "team/app", "1")
        entry = {"location": origin.host, "mirror": [{"location": mirror.host}]}
        conf = RegistriesConf(tuple(registries_of({"registry": [entry]}, "registries.conf").values()), "registries.conf")
        plan = plan_of([f"{origin.host}/team/app:1"], tmp_path, conf)
        assert plan.failures == ()
        assert attached(plan) == {(MULTI.digest, signature.digest, (tag,))}
        assert mirror.ledger.count("GET", "tags") == origin.ledger.count("GET", "tags") == 1


def test_many_images_of_one_repository_cost_one_request_each_and_one_list(tmp_path):
    with FakeRegistry(dialect=dialects.DISTRIBUTION) as registry:
        names = []
        for number in range(20):
            images.put(images.image(f"app {number}"), registry.content, "team/app", str(number))
            names.append(f"{registry.host}/team/app:{number}")
        plan = plan_of(names, tmp_path)
        assert len(plan.images) == 20
        assert registry.ledger.count("GET", "tags") == 1
        # The first few may find out at the same time that there is no list of referrers, and look for its substitute.
        assert registry.ledger.count("GET", "referrers") <= 4
        assert 20 <= registry.ledger.count("GET", "manifest") <= 20 + 4
        before = len(registry.ledger)
        pinned = [f"{registry.host}/team/app@{image.digest}" for image in plan.images]
        plan_of(pinned, tmp_path)
        assert len(registry.ledger) - before <= 1 + 4 + 4


def test_endless_tag_lists_are_left_for_single_questions(tmp_path):
    with FakeRegistry(dialect=dialects.QUAY_OLD) as registry:
        app = images.image("app")
        images.put(app, registry.content, "team/app", "1")
        tag, signature = images.attachment(app)
        images.put(signature, registry.content, "team/app", tag)
        repository = registry.content.create("team/app")
        repository.tags.update({f"noise-{number:06}": app.digest for number in range(5000)})
        plan = plan_of([f"{registry.host}/team/app:1"], tmp_path)
        assert attached(plan) == {(app.digest, signature.digest, (tag,))}
        assert registry.ledger.count("GET", "tags") == 10
        assert registry.ledger.count("GET", "manifest") <= 1 + 3 + 3 + 2


def test_the_tag_of_an_image_without_a_name_is_not_taken_for_a_list_of_referrers(tmp_path):
    with FakeRegistry(dialect=dialects.DISTRIBUTION) as registry:
        for built in (images.image("single"), MULTI):
            tag = f"sha256-{built.digest.hex}"
            images.put(built, registry.content, "team/app", tag)
            plan = plan_of([f"{registry.host}/team/app:{tag}"], tmp_path)
            assert plan.failures == () and len(plan.images) == 1


@pytest.mark.parametrize("built", [images.image("single"), MULTI], ids=["single", "index"])
def test_a_referrer_does_not_take_the_tag_of_its_subject(built):
    with FakeRegistry(dialect=dialects.DISTRIBUTION) as registry:
        store = connect(registry.host, writing=True)
        tag = f"sha256-{built.digest.hex}"
        images.push(built, store, "team/app", tag)
        images.push(images.artifact("sbom", built), store, "team/app")
        assert store.find_manifest("team/app", tag).digest == built.digest
        assert store.referrers("team/app", built.digest) == ()
        store.close()
