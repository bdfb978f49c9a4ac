# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration with its catalogs by digest: it means tomorrow what it meant today (operator-catalogs 6.3)."""

from __future__ import annotations

import glob
import os
from dataclasses import replace

import pytest
import yaml

from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import configuration
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.pinned import deletion, pinned
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.plan import plan_imageset
from ansible_collections.disconnected.mirror.tests.fakes import catalogs, images
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.site import Site

DIGEST = "sha256:" + "d" * 64


def publish(source, text):
    """A catalog under one tag; its digest."""
    documents = catalogs.documents(text)
    for document in documents:
        document.pop("relatedImages", None)
        if document["schema"] == "olm.bundle":
            name, _colon, tag = document["image"].partition("/")[2].rpartition(":")
            document["image"] = f"{source.host}/{name}:{tag}"
            images.put(images.image(tag), source.content, name, tag)
    layers = [catalogs.tar(catalogs.BASE), catalogs.tar(catalogs.files(documents))]
    built = images.image(text, layers, labels=catalogs.LABELS)
    images.put(built, source.content, "redhat/index", "v4.17")
    return str(built.digest)


@pytest.fixture
def site(tmp_path):
    with FakeRegistry() as source, FakeRegistry() as target:
        site = Site(source.host, target.host, tmp_path / "workspace")
        site.published = source
        yield site


def written(site, kind):
    found = sorted(glob.glob(os.path.join(site.workspace.results, f"{kind}_pinned_*.yaml")))
    return found, [yaml.safe_load(open(path, encoding="utf-8")) for path in found]


def planned(site, document):
    return plan_imageset(replace(site.planning(), imageset=document), {})


def test_a_plan_leaves_its_configuration_with_catalogs_by_digest(site):
    first = publish(site.published, "foo stable*: 0.1.0")
    catalog = f"{site.source}/redhat/index:v4.17"
    document = site.imageset([], operators=[{"catalog": catalog, "packages": [{"name": "foo"}]}])
    before = planned(site, document).plan
    planned(site, document)
    paths, (isc,) = written(site, "isc")
    assert len(paths) == 1 and os.path.basename(paths[0])[:13] == "isc_pinned_20"
    (operator,) = isc["mirror"]["operators"]
    assert (operator["catalog"], operator["targetTag"]) == (f"{site.source}/redhat/index@{first}", "v4.17")
    _paths, (disc,) = written(site, "disc")
    assert disc["kind"] == "DeleteImageSetConfiguration" and disc["delete"]["operators"] == isc["mirror"]["operators"]
    assert configuration.parse(disc).delete
    # The catalog moves on; the written configuration still means what was planned, and goes where it went.
    second = publish(site.published, "foo stable*: 0.1.0; 0.2.0<0.1.0")
    again = planned(site, isc).plan
    assert {(image.digest, image.destination, image.tags) for image in again.images} == {
        (image.digest, image.destination, image.tags) for image in before.images
    }
    os.rename(paths[0], paths[0].replace("_20", "_19"))
    planned(site, document)
    assert [isc["mirror"]["operators"][0]["catalog"].rpartition("@")[2] for isc in written(site, "isc")[1]] == [first, second]


def test_an_image_set_without_catalogs_has_nothing_to_pin(site):
    images.put(images.image("app"), site.published.content, "team/app", "1")
    assert planned(site, site.imageset(["team/app:1"])).plan.failures == ()
    assert written(site, "isc")[0] == written(site, "disc")[0] == []


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ({"catalog": "r.io/a/b:v1"}, {"catalog": f"r.io/a/b@{DIGEST}", "targetTag": "v1"}),
        ({"catalog": "r.io/a/b:v1", "targetTag": "mine"}, {"catalog": f"r.io/a/b@{DIGEST}", "targetTag": "mine"}),
        ({"catalog": f"r.io/a/b@{DIGEST[:-1]}0"}, {"catalog": f"r.io/a/b@{DIGEST[:-1]}0"}),
        ({"catalog": "oci:///home/me/index"}, {"catalog": "oci:///home/me/index"}),
    ],
)
def test_what_is_pinned(operator, expected):
    found = pinned({"mirror": {"operators": [operator]}}, {operator["catalog"]: DIGEST})
    assert found == {"mirror": {"operators": [expected]}}
    assert pinned({"mirror": {"operators": [operator]}}, {}) == {"mirror": {"operators": [operator]}}


def test_what_is_deleted_names_no_blocked_images_and_is_of_the_second_generation():
    config = {"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "ImageSetConfiguration", "archiveSize": 4}
    found = deletion({**config, "mirror": {"additionalImages": [{"name": "r.io/a:1"}], "blockedImages": [{"name": "x"}]}})
    assert found == {
        "kind": "DeleteImageSetConfiguration",
        "apiVersion": "mirror.openshift.io/v2alpha1",
        "delete": {"additionalImages": [{"name": "r.io/a:1"}]},
    }
    assert deletion({"apiVersion": "mirror.openshift.io/v1alpha2", "mirror": {}}) is None
