# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deleting and verifying at real registries: their garbage is collected, another client pulls, the playbooks run."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.prune.deletion import Limits
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.pruning.deletion import Guards
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.verify import CONTENT
from ansible_collections.disconnected.mirror.tests.fakes.playbook import play
from ansible_collections.disconnected.mirror.tests.fakes.processes import DistributionProcess, require
from ansible_collections.disconnected.mirror.tests.fakes.site import Site as Place

ALL = Guards(limits=Limits(percent=100))


@pytest.fixture
def place(site):
    """The same two registries, for runs without Ansible."""
    return Place(site.source.host, site.mirror.host, os.path.join(site.folder, "place"), "ocp")


def short(site):
    return [name.partition("/")[2] for name in site.names]


def stored(process):
    """Bytes of all content that the registry keeps."""
    blobs = os.path.join(process.storage, "docker", "registry", "v2", "blobs")
    return sum(os.path.getsize(os.path.join(folder, name)) for folder, _folders, names in os.walk(blobs) for name in names)


def collect_garbage(process):
    """Nothing may be pushed meanwhile, so the registry is stopped for it."""
    process.stop()
    command = [process.program, "garbage-collect", os.path.join(process.folder, "config.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    process.start()


def pulls(site, names):
    """Every image comes whole out of the mirror, all its instances included."""
    skopeo = require("skopeo")
    for number, name in enumerate(names):
        target = f"dir:{os.path.join(site.folder, f'pulled-{number}')}"
        command = [skopeo, "copy", "--all", "--src-tls-verify=false", f"docker://{site.mirror.host}/ocp/{name}", target]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr


def test_pruned_images_free_their_space_and_kept_ones_still_pull(site, place):
    """The first image is an index whose layers others share in part."""
    names = short(site)
    assert place.mirror(*names).result.complete
    whole = stored(site.mirror)
    run = place.prune(*names[1:], guards=ALL)
    assert run.changed and run.failures == ()
    collect_garbage(site.mirror)
    freed = whole - stored(site.mirror)
    assert run.freed > 0 and abs(freed - run.freed) <= 0.01 * run.freed
    pulls(site, names[1:])
    assert place.verify(level=CONTENT).found.clean


def test_a_list_deletes_and_what_is_not_on_it_still_pulls(site, place):
    names = short(site)
    assert place.mirror(*names).result.complete
    site.source.stop()
    done = place.delete(place.generate(names[0], signatures=True).path, guards=ALL)
    assert done.changed and done.failures == ()
    collect_garbage(site.mirror)
    pulls(site, names[1:])
    assert not place.delete(os.path.join(place.workspace.delete, "delete-images.yaml"), guards=ALL).changed


@pytest.mark.parametrize(
    ("extra", "delete", "words"),
    [({}, False, "storage.delete.enabled"), ({"maintenance": {"readonly": {"enabled": True}}}, True, "read-only")],
)
def test_registries_that_do_not_delete_are_told_apart(site, place, extra, delete, words):
    names = short(site)[:2]
    assert place.mirror(*names).result.complete
    site.mirror.stop()
    again = DistributionProcess(site.mirror.folder, delete=delete, extra={"storage": {**site.mirror.configuration()["storage"], **extra}})
    again.delete, again.port = delete, site.mirror.port
    if not delete:
        again.extra = {}
    with again:
        run = place.prune(names[0], guards=ALL)
    assert not run.changed and run.failures
    assert all(words in f"{failure.message} {failure.advice}" for failure in run.failures)


def run(site, playbook, *options, **more):
    variables = {key: value for key, value in site.variables(**more).items() if key != "mirror_imageset"}
    return play(os.path.join(site.folder, "play"), f"disconnected.mirror.{playbook}", variables, *options)


def results(site, name):
    with open(os.path.join(site.workspace, "results", name), encoding="utf-8") as file:
        return json.load(file)


def reported(site, kind="prune"):
    """A step of what the report says to do now."""
    return next((step for step in results(site, "report.json")["steps"] if step["kind"] == kind), None)


def test_the_playbooks_prune_delete_verify_and_repair(site):
    """What they do is tested without Ansible; here is that they do it, in check mode and for good."""
    assert site.run(site.variables()).ok
    kept, unwanted = site.names[:-1], site.names[-1]
    foreseen = site.run(site.variables(*kept, mirror_prune=True), "--check")
    assert foreseen.ok and not site.mirror.requests("DELETE"), foreseen.text
    repository, _colon, tag = unwanted.partition("/")[2].rpartition(":")
    assert [entry["name"] for entry in results(site, "pruning-plan.json")["repositories"]] == [f"ocp/{repository}"]
    # Without the word nothing is deleted for this generation.
    assert site.run(site.variables(*kept)).ok and not site.mirror.requests("DELETE")
    assert reported(site)["title"] == "Look at what would be pruned" and "listed 1 manifest that a run would" in reported(site)["text"]
    refused = site.run(site.variables(*kept, mirror_prune=True, mirror_max_deletion_percent=0))
    assert not refused.ok and not site.mirror.requests("DELETE"), refused.text
    assert reported(site)["due"] and reported(site)["title"] == "Look at what was not pruned"
    assert site.mirrored_digest(repository, tag)

    done = site.run(site.variables(*kept, mirror_prune=True))
    assert done.ok and site.mirror.requests("DELETE") and "1 manifest pruned" in done.text, done.text
    assert not site.mirrored_digest(repository, tag)
    assert reported(site)["text"].startswith("A run deleted 1 manifest, ") and not reported(site)["due"]

    content = {"additionalImages": [{"name": kept[-1]}]}
    imageset = {"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "DeleteImageSetConfiguration", "delete": content}
    generated = run(site, "delete", mirror_delete_imageset=imageset, mirror_delete_id="old")
    assert generated.ok and "1 image is listed" in generated.text, generated.text
    assert generated.stats["imageset_deletion"]["hosts"]["localhost"]["listed"] == 1
    path = os.path.join(site.workspace, "delete", "delete-images-old.yaml")
    deleted = run(site, "delete", mirror_delete_list=path)
    assert deleted.ok and deleted.changed == 1 and "garbage-collect" in deleted.text, deleted.text
    assert deleted.stats["imageset_deletion"]["complete"] is True and deleted.stats["imageset_deletion"]["deleted"] > 0
    assert reported(site)["text"].startswith(f"A run deleted {deleted.stats['imageset_deletion']['deleted']} manifest")

    fetched = os.path.join(site.folder, "fetched")
    found = run(site, "verify", mirror_report_fetch=fetched)
    assert not found.ok and "missing_tag" in found.text and "Traceback" not in found.text, found.text
    counts = results(site, "verification.json")["counts"]
    assert set(counts) == {"missing_tag", "missing_manifest"}
    told = found.stats["mirror_verification"]
    assert told["complete"] is False and told["hosts"]["localhost"]["counts"] == counts and told["hosts"]["localhost"]["reason"]
    # The page says so at once, here and on the controller.
    assert reported(site, "verify")["due"] and results(site, "report.json")["verification"]["counts"] == counts
    for place in (os.path.join(site.workspace, "results"), os.path.join(fetched, "localhost")):
        with open(os.path.join(place, "report.html"), encoding="utf-8") as file:
            assert "No: the last verification says" in file.read()
    mended = run(site, "verify", mirror_verify_repair=True)
    assert mended.ok and mended.changed == 1 and mended.stats["mirror_verification"]["complete"] is True, mended.text
