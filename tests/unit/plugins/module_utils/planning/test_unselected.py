# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a package or a bundle of a catalog is in a plan through another, or not in it."""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.cache import Kept
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import configuration
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import Context
from ansible_collections.disconnected.mirror.plugins.module_utils.planning import explain as verdicts
from ansible_collections.disconnected.mirror.plugins.module_utils.planning import unselected
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.build import build_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.explain import explain
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.upstream import Upstream
from ansible_collections.disconnected.mirror.tests.fakes import catalogs
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore

REFERENCE = "registry.example.com/redhat/index:v4.17"
V1, V2 = "v1alpha2", "v2alpha1"
TEXT = """
topology stable*: 1.13.0; 1.14.0<1.13.0
certs stable*: 1.0.0; 1.1.0<1.0.0
certs beta: 2.0.0
base stable*: 3.0.0
other stable*: 1.0.0
"""
NEEDS = {
    "topology.v1.14.0": [catalogs.needs_package("certs", ">=1.0.0 <2.0.0")],
    "certs.v1.1.0": [catalogs.needs_kind("Base")],
    "base.v3.0.0": [catalogs.provides("Base")],
}


class Planned:
    """A plan of one catalog, and answers about it."""

    def __init__(self, folder, version, *packages, lost="", **options):
        store = MemoryStore()
        documents = catalogs.documents(TEXT, NEEDS)
        for image in {each.get("image", "") for each in documents} | {
            related["image"] for each in documents for related in each.get("relatedImages", ())
        }:
            name, _colon, selector = image.partition("/")[2].rpartition(":")
            if image and image != lost:
                store.add_image(name, selector, layers=[image.encode()])
        catalogs.publish(store, "redhat/index", "v4.17", documents)
        workspace = Workspace(str(folder))
        upstream = Upstream(lambda host: store, workspace=workspace)
        imageset = configuration.parse(
            {
                "apiVersion": f"mirror.openshift.io/{version}",
                "kind": "ImageSetConfiguration",
                "mirror": {"operators": [{"catalog": REFERENCE, "packages": list(packages)}]},
            },
            ("ImageSetConfiguration",),
            "test",
        )
        self.plan = build_plan(imageset, Context(upstream, workspace, options))
        self.filters = unselected.filters_of(self.plan, imageset.operators, Kept(upstream, workspace))

    def ask(self, question):
        return explain(self.plan, question, filters=self.filters)


@pytest.mark.parametrize(("version", "options"), [(V1, {}), (V2, {"catalog_dependencies": "include"})])
def test_who_requires_what_nobody_listed(tmp_path, version, options):
    planned = Planned(tmp_path, version, {"name": "topology"}, **options)
    asked = "required by topology.v1.14.0"
    assert planned.ask("certs").chains == (("operators[0]", "certs", "certs.v1.1.0", asked),)
    assert planned.ask("base").chains == (("operators[0]", "base", "base.v3.0.0", "required by certs.v1.1.0", asked),)
    assert planned.ask("topology").chains[0] == ("operators[0]", "topology", "topology.v1.14.0")
    assert f"operators[0] > certs > certs.v1.1.0 > {asked}." in planned.ask("certs").text[0]
    again = Planned(tmp_path, version, {"name": "topology"}, **options)
    assert again.plan.images == planned.plan.images


def test_what_was_listed_is_required_by_nobody(tmp_path):
    planned = Planned(tmp_path, V1, {"name": "topology"}, {"name": "certs", "channels": [{"name": "stable"}]})
    assert planned.ask("certs").chains == (("operators[0]", "certs", "certs.v1.1.0"),)


LISTED = {"name": "topology"}
BOUNDED = {"name": "topology", "minVersion": "1.14.0", "maxVersion": "1.14.9"}
IN_CHANNEL = {"name": "certs", "channels": [{"name": "stable", "minVersion": "1.1.0"}]}


@pytest.mark.parametrize(
    ("packages", "question", "verdict", "text"),
    [
        ([LISTED], "other", unselected.NOT_LISTED, "the package other, which operators[0].packages does not list"),
        ([LISTED], "other.v1.0.0", unselected.NOT_LISTED, "other.v1.0.0 in the package other, which operators[0].packages"),
        ([LISTED], "topology.v1.13.0", unselected.NOT_HEAD, "takes heads: topology.v1.14.0 in stable"),
        (
            [BOUNDED],
            "topology.v1.13.0",
            unselected.OUT_OF_RANGE,
            "version 1.13.0, which operators[0].packages[0] leaves out: minVersion is",
        ),
        ([LISTED, IN_CHANNEL], "certs.v1.0.0", unselected.OUT_OF_RANGE, "minVersion is 1.1.0"),
        ([LISTED, IN_CHANNEL], "certs.v2.0.0", unselected.OTHER_CHANNEL, "channel beta, which operators[0].packages[1].channels"),
        ([LISTED], "topolgy", verdicts.NOT_NAMED, "topology"),
        ([LISTED], "othr", verdicts.NOT_NAMED, "other"),
        ([LISTED, {"name": "certz"}], "certz", verdicts.WARNED, "certs"),
    ],
)
def test_why_something_of_a_catalog_is_not_there(tmp_path, packages, question, verdict, text):
    answer = Planned(tmp_path, V2, *packages).ask(question)
    assert (answer.verdict, answer.present) == (verdict, False)
    assert text in " ".join(answer.text)


def test_an_image_that_only_bundles_name_which_are_not_taken(tmp_path):
    planned = Planned(tmp_path, V2, LISTED)
    images = {each["name"]: each["image"] for each in catalogs.documents(TEXT, NEEDS) if each.get("image")}
    answer = planned.ask(images["other.v1.0.0"])
    assert answer.verdict == unselected.NOT_LISTED and not answer.present
    assert answer.text[0].startswith(f"{images['other.v1.0.0']} is an image of the bundle other.v1.0.0. ")
    assert "which operators[0].packages does not list" in answer.text[0]
    old = planned.ask(f"docker://{images['topology.v1.13.0']}")
    assert old.verdict == unselected.NOT_HEAD and "takes heads: topology.v1.14.0 in stable" in old.text[0]
    assert planned.ask(images["topology.v1.14.0"]).present
    assert planned.ask("quay.example.com/nobody/knows:1").verdict == verdicts.NOT_NAMED


def test_a_bundle_that_was_left_out_for_an_image_that_is_gone(tmp_path):
    documents = catalogs.documents(TEXT, NEEDS)
    lost = next(each["image"] for each in documents if each.get("name") == "topology.v1.14.0")
    bounds = {"name": "topology", "minVersion": "1.13.0"}
    planned = Planned(tmp_path, V2, bounds, lost=lost, catalog_missing_images="exclude")
    for question in ("topology.v1.14.0", lost):
        answer = planned.ask(question)
        assert answer.verdict == verdicts.WARNED and lost in answer.text[0], answer
    assert planned.ask("topology.v1.13.0").present


def test_catalogs_that_the_workspace_does_not_keep_are_not_asked_for(tmp_path):
    planned = Planned(tmp_path / "one", V2, LISTED)
    elsewhere = Kept(MemoryStore(), Workspace(str(tmp_path / "two")))
    imageset = configuration.parse(planned.plan.config, ("ImageSetConfiguration",), "test")
    assert unselected.filters_of(planned.plan, imageset.operators, elsewhere) == ()
    assert explain(planned.plan, "other").verdict == verdicts.NOT_NAMED
