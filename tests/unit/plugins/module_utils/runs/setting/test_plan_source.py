# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters import (
    cluster_resources,
    image_mirror,
    image_prune,
    mirror_verify,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.planning import plan_source
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import DELETE_IMAGE_SET
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource

API = "mirror.openshift.io/v2alpha1"
WANTED = {"apiVersion": API, "kind": "ImageSetConfiguration", "mirror": {"additionalImages": [{"name": "registry.test/team/app:1"}]}}
UNWANTED = {
    "apiVersion": API,
    "kind": "DeleteImageSetConfiguration",
    "delete": {"additionalImages": [{"name": "registry.test/team/app:1"}]},
}


def test_a_document_and_a_file_mean_the_same(tmp_path):
    path = tmp_path / "imageset.yaml"
    path.write_text(json.dumps(WANTED))
    workspace = Workspace(str(tmp_path))
    assert PlanSource(workspace, imageset=WANTED).load() == PlanSource(workspace, config=str(path)).load()
    assert not PlanSource(workspace).has_configuration and PlanSource(workspace, imageset={}).has_configuration


def test_only_the_kinds_that_a_step_can_use_are_taken(tmp_path):
    source = PlanSource(Workspace(str(tmp_path)), imageset=UNWANTED)
    assert source.load((DELETE_IMAGE_SET,)).additional_images
    with pytest.raises(InputError, match="kind"):
        source.load()


def options(arguments, **given):
    """What Ansible hands to a module."""
    return {**{name: spec.get("default") for name, spec in arguments.items()}, **given}


@pytest.mark.parametrize("adapter", [image_mirror, image_prune, mirror_verify, cluster_resources])
@pytest.mark.parametrize(("given", "expected"), [("/media/usb", "/media/usb"), ("file:///media/usb", "/media/usb"), (None, "")])
def test_every_module_names_its_plan_the_same_way(adapter, given, expected):
    source = plan_source(options(adapter.ARGUMENTS, workspace="/srv/mirror", archive=given, plan="/srv/plan.json"))
    assert (source.workspace.root, source.path, source.archive) == ("/srv/mirror", "/srv/plan.json", expected)
