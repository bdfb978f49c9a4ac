# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bundles whose images are not to be had, while planning: policies and exceptions that end (user-needs P15)."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.cache import Kept
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.policy import exceptions as waiver
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import validation
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import configuration
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import CATALOG, Context
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.build import build_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.upstream import Upstream
from ansible_collections.disconnected.mirror.tests.fakes import catalogs
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore

CATALOG_NAME = "registry.example.com/redhat/index:v4.17"
TEXT = "foo stable*: 0.1.0; 0.2.0<0.1.0; 0.3.0<0.2.0\nbar stable*: 1.0.0"
TODAY = datetime.date(2030, 6, 15)
LOST = "quay.example.com/foo/operator:0.2.0"


class Site:
    def __init__(self, folder):
        self.store = MemoryStore()
        self.workspace = Workspace(str(folder))
        self.publish(TEXT)

    def publish(self, text):
        documents = catalogs.documents(text)
        for document in documents:
            for each in document.get("relatedImages", ()):
                name, _colon, tag = each["image"].partition("/")[2].rpartition(":")
                self.store.add_image(name, tag, layers=[each["image"].encode()])
        self.root = catalogs.publish(self.store, "redhat/index", "v4.17", documents)

    def lose(self, image):
        name, _colon, tag = image.partition("/")[2].rpartition(":")
        self.store.named[name].pop(tag)

    def context(self, **options):
        return Context(Upstream(lambda host: self.store, workspace=self.workspace), self.workspace, options)

    def plan(self, *packages, full=True, version="v2alpha1", **options):
        entry = {"catalog": CATALOG_NAME, "full": full}
        if packages:
            entry["packages"] = [{"name": name} for name in packages]
        document = {"apiVersion": f"mirror.openshift.io/{version}", "kind": "ImageSetConfiguration", "mirror": {"operators": [entry]}}
        return build_plan(configuration.parse(document, ("ImageSetConfiguration",), "test"), self.context(**options))

    def served(self, plan):
        """The catalog that the plan would publish."""
        (image,) = [each for each in plan.images if each.type == CATALOG]
        kept = Kept(self.context().upstream, self.workspace)
        return kept.catalog("planned", image.source, kept.root(image.source, image.digest)).catalog.everything()


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.setattr(waiver, "today", lambda: TODAY)
    return Site(tmp_path)


def exception(until, **more):
    return [{"image": LOST, "until": until, **more}]


@pytest.mark.parametrize("full_catalog", [False, True], ids=["package", "whole"])
@pytest.mark.parametrize("version", ["v1alpha2", "v2alpha1"])
def test_excluded_by_policy(site, version, full_catalog):
    site.lose(LOST)
    plan = site.plan(*(() if full_catalog else ("foo",)), version=version, catalog_missing_images="exclude")
    assert plan.failures == ()
    assert catalogs.graph(site.served(plan))["foo stable*"] == "0.1.0; 0.3.0<0.1.0 !{0.2.0}"
    assert not [image for image in plan.images if ":0.2.0" in image.origin]
    assert any(f"Bundle foo.v0.2.0 of package foo is left out, because {LOST} is unavailable" in text for text in plan.warnings)


@pytest.mark.parametrize("policy", ["exclude", "keep"])
def test_a_registry_that_is_down_empties_no_catalog(site, policy):
    site.store.errors["fetch_manifest", "foo/operator"] = Unreachable("no answer", host="quay.example.com")
    plan = site.plan("foo", catalog_missing_images=policy)
    assert {failure.code for failure in plan.failures} == {"unreachable"} and len(plan.failures) == 3
    assert [len(channel["bundles"]) for channel in plan.catalogs[0]["packages"][0]["channels"]] == [3]
    # An exception that names them is another matter.
    plan = site.plan("foo", catalog_exceptions=exception("2030-12-31"))
    assert [len(channel["bundles"]) for channel in plan.catalogs[0]["packages"][0]["channels"]] == [2]


def test_a_whole_catalog_that_lacks_nothing_keeps_its_digest(site):
    plan = site.plan(catalog_missing_images="exclude")
    assert [image.digest for image in plan.images if image.type == CATALOG] == [site.root.digest]


def test_kept_by_policy(site):
    site.lose(LOST)
    plan = site.plan("foo", catalog_missing_images="keep")
    assert plan.failures == ()
    assert catalogs.graph(site.served(plan))["foo stable*"] == "0.1.0; 0.2.0<0.1.0; 0.3.0<0.2.0"
    assert not [image for image in plan.images if image.origin == LOST]
    assert [text for text in plan.warnings if text.startswith(f"operators[0]: {LOST} is not mirrored")]


def test_reported_by_default_with_all_that_want_it(site):
    shared = "quay.example.com/shared/proxy:1"
    documents = catalogs.documents(TEXT)
    for document in documents:
        if document.get("relatedImages"):
            document["relatedImages"].append({"name": "proxy", "image": shared})
    catalogs.publish(site.store, "redhat/index", "v4.17", documents)
    plan = site.plan("foo", "bar")
    (failure,) = plan.failures
    assert failure.subject == shared and failure.entries == {"operators[0]"}
    assert failure.wanted_by == (
        "operators[0] > bar > bar.v1.0.0",
        "operators[0] > foo > foo.v0.1.0",
        "operators[0] > foo > foo.v0.2.0",
        "operators[0] > foo > foo.v0.3.0",
    )
    assert type(plan).of(plan.document()).failures == plan.failures


@pytest.mark.parametrize("policy", ["report", "keep"])
@pytest.mark.parametrize("names", [{"image": LOST}, {"image": "*/foo/*"}, {"bundle": "foo.v0.2.*", "image": ""}])
def test_an_exception_goes_before_the_policy(site, policy, names):
    site.lose(LOST)
    exceptions = exception("2030-06-15", reason="ticket 12", **names)
    plan = site.plan("foo", catalog_missing_images=policy, catalog_exceptions=exceptions)
    assert plan.failures == ()
    assert catalogs.graph(site.served(plan))["foo stable*"] == "0.1.0; 0.3.0<0.1.0 !{0.2.0}"
    assert any("That is accepted until 2030-06-15 (ticket 12)." in text for text in plan.warnings)


@pytest.mark.parametrize("policy", ["report", "exclude", "keep"])
def test_an_exception_that_ended_fails_whatever_the_policy(site, policy):
    site.lose(LOST)
    plan = site.plan("foo", catalog_missing_images=policy, catalog_exceptions=exception("2030-06-14"))
    (failure,) = plan.failures
    assert (failure.code, failure.subject, failure.category) == ("exception_ended", LOST, "operator")
    assert "the exception for quay.example.com/foo/operator:0.2.0 ended on 2030-06-14" in failure.message


def test_an_exception_that_ended_harms_nobody_once_the_image_is_back(site):
    plan = site.plan("foo", catalog_exceptions=exception("2001-01-01"))
    assert plan.failures == () and LOST in [image.origin for image in plan.images]


def test_an_exception_that_was_renewed_holds(site):
    site.lose(LOST)
    assert site.plan("foo", catalog_exceptions=[*exception("2030-01-01"), *exception("2030-12-31")]).failures == ()


def test_what_no_exception_names_fails(site):
    site.lose(LOST)
    site.lose("quay.example.com/bar/operator:1.0.0")
    plan = site.plan("foo", "bar", catalog_exceptions=exception("2030-12-31"))
    assert [failure.subject for failure in plan.failures] == ["quay.example.com/bar/operator:1.0.0"]


def test_only_images_with_an_exception_are_looked_for(site):
    site.plan("foo")
    site.store.calls.clear()
    site.plan("foo", catalog_exceptions=exception("2030-12-31"))
    with_exception = list(site.store.calls)
    site.store.calls.clear()
    site.plan("foo")
    assert len(with_exception) == len(site.store.calls) + 1


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"until": "2030-01-01"}, "names neither an image nor a bundle"),
        ({"image": "x", "until": "soon"}, "until is 'soon'"),
        ({"image": "x"}, "until is None"),
        ({"image": "x", "until": "2030-02-30"}, "until is '2030-02-30'"),
        ({"image": "x", "until": "2030-01-01", "owner": "me"}, "is not an exception"),
        ("x", "is not an exception"),
    ],
)
def test_an_exception_that_is_none_stops_everything(site, value, message):
    with pytest.raises(InputError, match=message):
        site.plan("foo", catalog_exceptions=[value])


def test_whichever_image_is_lost_the_rest_can_be_served(tmp_path, monkeypatch):
    """P15: for every bundle of a catalog one of its images goes, and what is left is valid (P04)."""
    site = Site(tmp_path)
    text = "foo stable*: 0.1.0; 0.2.0<0.1.0; 0.3.0<0.2.0; 0.4.0<0.3.0\nfoo fast: 0.3.0; 0.4.0<0.3.0; 0.5.0<0.4.0 !{0.3.0}\nbar one*: 1.0.0"
    site.publish(text)
    for name, versions in (("foo", ("0.1.0", "0.2.0", "0.3.0", "0.4.0", "0.5.0")), ("bar", ("1.0.0",))):
        for version in versions:
            held = dict(site.store.named[f"{name}/operator"])
            site.lose(f"quay.example.com/{name}/operator:{version}")
            plan = site.plan("foo", "bar", catalog_missing_images="exclude")
            site.store.named[f"{name}/operator"].update(held)
            assert plan.failures == ()
            left = site.served(plan)
            validation.check(left)
            assert f"{name}.v{version}" not in {bundle for package in left.packages.values() for bundle in package.bundles}
            assert [warning for warning in plan.warnings if f"Bundle {name}.v{version} of package {name} is left out" in warning]
