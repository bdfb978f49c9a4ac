# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks that delete and verify, against real registries whose garbage is collected, with another client that pulls."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from ansible_collections.disconnected.mirror.tests.fakes.playbook import play
from ansible_collections.disconnected.mirror.tests.fakes.processes import require

V1 = "mirror.openshift.io/v1alpha2"


def stored(process):
    """Bytes of all content that the registry keeps."""
    blobs = os.path.join(process.storage, "docker", "registry", "v2", "blobs")
    return sum(os.path.getsize(os.path.join(folder, name)) for folder, _folders, names in os.walk(blobs) for name in names)


def collect_garbage(process):
    """Nothing may be pushed meanwhile, so the registry is stopped for it."""
    process.stop()
    command = [process.program, "garbage-collect", os.path.join(process.folder, "config.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    process.start()


def pulls(site, names):
    """Every image comes whole out of the mirror, all its instances included."""
    skopeo = require("skopeo")
    for number, name in enumerate(names):
        place = os.path.join(site.folder, f"pulled-{number}")
        origin = f"docker://{site.mirror.host}/ocp/{name.partition('/')[2]}"
        command = [skopeo, "copy", "--all", "--src-tls-verify=false", origin, f"dir:{place}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr


def run(site, playbook, *options, **more):
    variables = {key: value for key, value in site.variables(**more).items() if key != "mirror_imageset"}
    return play(os.path.join(site.folder, "play"), f"disconnected.mirror.{playbook}", variables, *options)


def results(site, name):
    with open(os.path.join(site.workspace, "results", name), encoding="utf-8") as file:
        return json.load(file)


def of_v1(site, *names):
    return {**site.variables(*names)["mirror_imageset"], "apiVersion": V1}


def test_pruned_images_free_their_space_and_kept_ones_still_pull(site):
    assert site.run(site.variables()).ok
    whole = stored(site.mirror)
    kept, gone = site.names[:-1], site.names[-1]
    foreseen = site.run(site.variables(*kept, mirror_prune=True), "--check")
    assert foreseen.ok and not site.mirror.requests("DELETE"), foreseen.text
    listed = results(site, "pruning-plan.json")
    assert [entry["name"] for entry in listed["repositories"]] == [f"ocp/{gone.partition('/')[2].rpartition(':')[0]}"]

    # Without the word nothing is deleted for this generation.
    assert site.run(site.variables(*kept)).ok and not site.mirror.requests("DELETE")
    done = site.run(site.variables(*kept, mirror_prune=True))
    assert done.ok and done.changed == 1, done.text
    manifests = sum(len(entry["manifests"]) for entry in listed["repositories"])
    assert len(site.mirror.requests("DELETE")) == manifests and f"{manifests} manifests pruned" in done.text
    repeated = site.run(site.variables(*kept, mirror_prune=True))
    assert repeated.ok and repeated.changed == 0, repeated.text

    collect_garbage(site.mirror)
    assert stored(site.mirror) < whole
    pulls(site, kept)
    verified = run(site, "verify", mirror_verify_level="content")
    assert verified.ok and verified.changed == 0, verified.text


def test_image_sets_of_the_first_generation_prune_by_themselves_within_limits(site):
    assert site.run(site.variables(mirror_imageset=of_v1(site))).ok
    refused = site.run(site.variables(mirror_imageset=of_v1(site, site.names[0])))
    assert not refused.ok and "max_deletion_percent" in refused.text and not site.mirror.requests("DELETE"), refused.text
    done = site.run(site.variables(mirror_imageset=of_v1(site, *site.names[:-1])))
    assert done.ok and site.mirror.requests("DELETE"), done.text
    off = site.run(site.variables(mirror_imageset=of_v1(site, site.names[0]), mirror_prune=False))
    assert off.ok, off.text


def test_a_list_is_reviewed_and_deleted_from(site):
    assert site.run(site.variables()).ok
    site.source.stop()
    unwanted = site.names[-1]
    imageset = {
        "apiVersion": "mirror.openshift.io/v2alpha1",
        "kind": "DeleteImageSetConfiguration",
        "delete": {"additionalImages": [{"name": unwanted}]},
    }
    generated = run(site, "delete", mirror_delete_imageset=imageset, mirror_delete_id="old")
    assert generated.ok and "1 images are listed" in generated.text and not site.mirror.requests("DELETE"), generated.text
    path = os.path.join(site.workspace, "delete", "delete-images-old.yaml")
    foreseen = run(site, "delete", "--check", mirror_delete_list=path)
    assert foreseen.ok and not site.mirror.requests("DELETE"), foreseen.text
    done = run(site, "delete", mirror_delete_list=path)
    assert done.ok and done.changed == 1 and "garbage-collect" in done.text, done.text
    collect_garbage(site.mirror)
    pulls(site, site.names[:-1])
    again = run(site, "delete", mirror_delete_list=path)
    assert again.ok and again.changed == 0, again.text


@pytest.mark.parametrize("from_archive", [False, True])
def test_damage_is_found_and_repaired(site, from_archive):
    assert site.run(site.variables()).ok
    archive = os.path.join(site.folder, "archive")
    if from_archive:
        variables = site.variables(mirror_archive=f"file://{archive}", mirror_workspace=os.path.join(site.folder, "writer"))
        del variables["mirror_destination"]
        assert play(os.path.join(site.folder, "play"), "disconnected.mirror.mirror_to_disk", variables).ok
        site.source.stop()
    name = site.names[0].partition("/")[2]
    digest = site.mirrored_digest(*name.rsplit(":", 1))
    link = os.path.join(
        site.mirror.storage, "docker", "registry", "v2", "repositories", "ocp", name.rsplit(":", 1)[0], "_manifests", "tags"
    )
    os.remove(os.path.join(link, name.rsplit(":", 1)[1], "current", "link"))
    assert digest and not site.mirrored_digest(*name.rsplit(":", 1))

    found = run(site, "verify")
    assert not found.ok and "missing_tag" in found.text and "Traceback" not in found.text, found.text
    assert results(site, "verification.json")["counts"] == {"missing_tag": 1}
    where = {"mirror_verify_archive": f"file://{archive}"} if from_archive else {}
    mended = run(site, "verify", mirror_verify_repair=True, **where)
    assert mended.ok and mended.changed == 1, mended.text
    assert site.mirrored_digest(*name.rsplit(":", 1)) == digest
    assert run(site, "verify", mirror_verify_level="blobs").changed == 0
