# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, Incompatible, InputError, StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import OCI_INDEX
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage

IMAGE = PlanImage(
    type="generic",
    origin="registry.test/team/app:1",
    source="registry.test/team/app",
    digest=Digest.of(b"app"),
    media_type=OCI_INDEX,
    size=7,
    destination="team/app",
    tags=("1", "also"),
    platforms=("linux/amd64", "linux/arm64/v8"),
    why=(("additionalImages[0]",), ("operators[0]", "logging", "stable", "logging.v6")),
    instances=((Digest.of(b"amd64"), "linux/amd64"), (Digest.of(b"arm64"), "linux/arm64/v8")),
)
SIGNATURE = PlanImage(
    "generic", "registry.test/team/app:s", "registry.test/team/app", Digest.of(b"s"), OCI_INDEX, 1, "team/app", subject=IMAGE.digest
)
PLAN = Plan(
    config={"kind": "x"},
    images=(IMAGE, SIGNATURE),
    warnings=("w",),
    failures=(Failure("not_found", "gone", "x:1", "additional", status=404),),
)


def test_a_plan_survives_its_document(tmp_path):
    path = str(tmp_path / "plan.json")
    assert PLAN.write(path) is True
    assert PLAN.write(path) is False
    assert Plan.read(path) == PLAN


@pytest.mark.parametrize("document", [None, [], {}, {"schema": "disconnected.mirror/plan/2"}])
def test_what_is_no_plan_is_refused(document):
    with pytest.raises(Incompatible, match="imageset_plan"):
        Plan.of(document)


@pytest.mark.parametrize(
    "member, value",
    [
        ("digest", "sha256:../../x"),
        ("subject", "sha256:x"),
        ("destination", "../etc"),
        ("destination", "/abs"),
        ("destination", "Upper/case"),
        ("destination", ""),
        ("destination", None),
        ("tags", "1"),
        ("tags", ["a/b"]),
        ("tags", [""]),
        ("tags", [1]),
        ("platforms", ["amd64"]),
        ("size", -1),
        ("size", "7"),
        ("size", True),
        ("why", [["a"], "b"]),
        ("why", [[1]]),
        ("origin", 5),
        ("source", None),
        ("type", []),
    ],
)
def test_a_malformed_image_is_refused(member, value):
    document = PLAN.document()
    document["images"][0][member] = value
    with pytest.raises(InputError):
        Plan.of(document)


@pytest.mark.parametrize("member", ["config", "releases", "catalogs", "charts", "images", "warnings", "failures"])
def test_a_plan_without_a_member_is_refused(member):
    document = PLAN.document()
    del document[member]
    with pytest.raises(InputError, match=member):
        Plan.of(document)


def test_images_are_sorted_by_their_place():
    assert Plan(images=(IMAGE, SIGNATURE)).sorted().images == (SIGNATURE, IMAGE)


def test_a_torn_plan_is_told_by_its_path(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text('{"schema": ')
    with pytest.raises(StorageError, match="plan.json"):
        Plan.read(str(path))


def test_the_configuration_is_parsed_once():
    image = {"name": "registry.test/team/app:1"}
    config = {"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "ImageSetConfiguration", "mirror": {"additionalImages": [image]}}
    plan = Plan(config)
    assert plan.imageset is plan.imageset and plan.imageset.additional_images[0].name == image["name"]
    assert plan == Plan(config)


def test_a_configuration_of_another_kind_is_not_a_plans():
    with pytest.raises(InputError, match="kind"):
        assert not Plan({"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "DeleteImageSetConfiguration", "delete": {}}).imageset
