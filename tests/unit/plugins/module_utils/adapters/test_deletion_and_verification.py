# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""image_prune and mirror_verify as Ansible calls them: small results, all of them documented."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.disconnected.mirror.plugins.modules import image_mirror, image_prune, imageset_plan, mirror_verify
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.module import run_module
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry

COMMON = {"changed", "failed", "msg", "diff", "warnings", "deprecations", "exception"}


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with FakeRegistry() as source, FakeRegistry() as mirror:
        for name in ("app", "tool"):
            images.put(images.image(name), source.content, f"team/{name}", "1")
        yield Place(str(tmp_path / "workspace"), source, mirror)


class Place:
    def __init__(self, workspace, source, mirror):
        self.source, self.mirror = source, mirror
        self.shared = {"workspace": workspace, "tls": [{"host": "*", "plain_http": True}], "retry_times": 0}
        self.placed = {**self.shared, "destination": f"docker://{mirror.host}/ocp"}

    def imageset(self, *names, stanza="mirror"):
        kind = "ImageSetConfiguration" if stanza == "mirror" else "DeleteImageSetConfiguration"
        content = {"additionalImages": [{"name": f"{self.source.host}/team/{name}:1"} for name in names]}
        return {"apiVersion": "mirror.openshift.io/v2alpha1", "kind": kind, stanza: content}

    def run(self, module, arguments, **options):
        result = run_module(module, arguments, **options)
        documented = set(yaml.safe_load(module.RETURN))
        assert set(result) - COMMON <= documented, sorted(set(result) - COMMON - documented)
        return result

    def mirrored(self, *names):
        self.run(imageset_plan, {**self.shared, "imageset": self.imageset(*names)})
        assert self.run(image_mirror, self.placed)["complete"]


def test_a_plan_answers_how_much_what_is_new_and_why(place):
    arguments = {**self_arguments(place, "app"), "explain": [f"{place.source.host}/team/app:1", "quay.io/nobody:1"]}
    result = place.run(imageset_plan, arguments)
    assert 0 < result["forecast"]["pull"] < result["forecast"]["ship"] == result["forecast"]["store"] == result["bytes"]
    assert result["forecast"]["by_category"][0]["name"] == "additional" and result["difference"]["images_added"] == 1
    assert [answer["present"] for answer in result["explanations"]] == [True, False]
    contents = yaml.safe_load(imageset_plan.RETURN)
    for name in ("forecast", "difference"):
        assert set(contents[name]["contains"]) == set(result[name])
    place.mirrored("app")
    again = place.run(imageset_plan, {**self_arguments(place, "app"), "destination": place.placed["destination"]})
    assert again["forecast"]["ship"] == 0 and again["difference"]["images_added"] == 0


def self_arguments(place, *names):
    return {**place.shared, "imageset": place.imageset(*names)}


def test_prune_in_check_mode_and_for_good(place):
    place.mirrored("app", "tool")
    place.run(imageset_plan, self_arguments(place, "app"))
    foreseen = place.run(image_prune, place.placed, check_mode=True, diff=True)
    assert foreseen["changed"] and foreseen["deleted"] == 1 and "ocp/team/tool@" in foreseen["diff"]["before"]
    assert place.run(image_prune, {**place.placed, "only_v1alpha2": True})["changed"] is False
    done = place.run(image_prune, place.placed)
    assert done["changed"] and done["deleted"] == 1 and done["bytes"] == foreseen["bytes"] > 0 and "garbage" in done["note"]
    assert not place.run(image_prune, place.placed)["changed"]


def test_generate_and_delete(place, capsys):
    place.mirrored("app", "tool")
    listed = place.run(image_prune, {**place.placed, "mode": "generate", "imageset": place.imageset("tool", stanza="delete")})
    assert listed["changed"] and listed["listed"] == 1
    refused = place.run(image_prune, {**place.placed, "mode": "delete", "delete_list": listed["list_path"], "max_deletion_percent": 10})
    assert refused["failed"] and "max_deletion_percent" in refused["msg"] and refused["error"]["code"] == "invalid_input"
    done = place.run(image_prune, {**place.placed, "mode": "delete", "delete_list": listed["list_path"]})
    assert done["deleted"] == 1
    # Where the controller's code is loaded beside the module, ansible-core shows warnings instead of returning them.
    told = " ".join(f"{done.get('warnings')} {capsys.readouterr().err}".split())
    assert told.count("The last plan names 1 of the listed images") == 1


def test_options_that_make_no_sense_are_refused(place):
    assert "config" in place.run(image_prune, {**place.placed, "mode": "generate"})["msg"]
    assert "delete_list" in place.run(image_prune, {**place.placed, "mode": "delete"})["msg"]
    assert "between 0 and 100" in place.run(image_prune, {**place.placed, "max_deletion_percent": 101})["msg"]


def test_verify_fails_for_findings_unless_told_otherwise_and_repairs(place):
    place.mirrored("app", "tool")
    assert place.run(mirror_verify, {**place.placed, "level": "content"})["clean"]
    del place.mirror.content.repositories["ocp/team/app"].tags["1"]
    failed = place.run(mirror_verify, place.placed)
    assert failed["failed"] and "1 finding" in failed["msg"] and failed["counts"] == {"missing_tag": 1}
    assert set(yaml.safe_load(mirror_verify.RETURN)["findings"]["contains"]) == set(failed["findings"][0])
    assert not place.run(mirror_verify, {**place.placed, "fail": False}).get("failed")
    assert place.run(mirror_verify, {**place.placed, "ignore": ["missing_tag"]})["clean"]
    foreseen = place.run(mirror_verify, {**place.placed, "repair": True, "fail": False}, check_mode=True)
    assert foreseen["changed"] and foreseen["repaired"]["images"] == 1 and foreseen["result_path"] == ""
    mended = place.run(mirror_verify, {**place.placed, "repair": True}, diff=True)
    assert mended["changed"] and mended["clean"] and mended["diff"] == {"before": "missing_tag ocp/team/app 1\n", "after": ""}
