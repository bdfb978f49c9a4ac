# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The trip across the air gap as users make it: two playbooks, two registries that never run at the same time, another client."""

from __future__ import annotations

import json
import os
import shutil

from ansible_collections.disconnected.mirror.extensions.demo import prove
from ansible_collections.disconnected.mirror.extensions.demo.images import mirrored
from ansible_collections.disconnected.mirror.tests.fakes.playbook import play, tasks
from ansible_collections.disconnected.mirror.tests.fakes.processes import require


def write(site, archive, *names, **more):
    variables = site.variables(*names, mirror_archive=f"file://{archive}", **more)
    del variables["mirror_destination"]
    return play(os.path.join(site.folder, "play"), "disconnected.mirror.mirror_to_disk", variables)


def load(site, archive, *options, **more):
    variables = {
        "mirror_archive": f"file://{archive}",
        "mirror_workspace": os.path.join(site.folder, "far"),
        "mirror_destination": f"docker://{site.mirror.host}/ocp",
        "mirror_tls": [{"host": site.mirror.host, "plain_http": True}],
        "mirror_retry_times": 1,
        "mirror_retry_delay": 0.1,
        **more,
    }
    return play(os.path.join(site.folder, "play"), "disconnected.mirror.disk_to_mirror", variables, *options)


def pulled_by_original_names(site):
    """How many images another client got through the generated mirror sets, all digests compared."""
    results = os.path.join(site.folder, "far", "results")
    conf = os.path.join(site.folder, "registries.conf")
    with open(conf, "w", encoding="utf-8") as file:
        file.write(prove.registries_conf(os.path.join(results, "cluster-resources")))
    wanted = prove.images(os.path.join(results, "plan.json"))
    for number, image in enumerate(wanted):
        place = os.path.join(site.folder, f"pulled-{number}")
        assert prove.pull(image["origin"], conf, place) == image["digest"]
        shutil.rmtree(place)
    return len(wanted)


def test_two_increments_cross_the_gap(site):
    first, second = (os.path.join(site.folder, name) for name in ("first", "second"))
    written = write(site, first, *site.names[:4])
    assert written.ok and "Sequence 1:" in written.text, written.text
    again = write(site, first, *site.names[:4])
    assert again.ok and again.changed == 0 and "Nothing is new" in again.text, again.text
    assert write(site, second).ok
    site.source.stop()
    assert os.path.getsize(os.path.join(second, "mirror_seq2_000000.tar")) > 0

    refused = load(site, second)
    assert not refused.ok and "Load mirror_seq1 first" in refused.text and not site.mirror.requests("PUT")
    foreseen = load(site, first, "--check")
    assert foreseen.ok and not site.mirror.requests("PUT"), foreseen.text
    done = load(site, first)
    assert done.ok, done.text
    assert pulled_by_original_names(site) == 4

    done = load(site, second)
    assert done.ok, done.text
    # The resources are those of the whole set, not of the increment.
    assert pulled_by_original_names(site) == len(site.names)
    assert len(mirrored(site.images)) == len(site.names)
    repeated = load(site, second)
    assert repeated.ok and repeated.changed == 0, repeated.text
    assert os.path.exists(os.path.join(site.folder, "far", "results", "mapping.txt"))
    assert os.path.exists(os.path.join(site.folder, "far", "results", "report.html"))


def test_archives_are_signed_described_and_refused_when_damaged(site, tmp_path):
    require("ssh-keygen")
    archive, key = os.path.join(site.folder, "archive"), os.path.join(site.folder, "key")
    os.system(f"ssh-keygen -q -t ed25519 -N '' -f {key}")
    assert write(site, archive, *site.names[:2], mirror_archive_size=0.005, mirror_archive_signing_key={"key": key}).ok
    info = {
        "name": "Describe",
        "disconnected.mirror.archive_info": {"archive": archive, "archive_trusted_keys": {"path": f"{key}.pub"}, "list_images": True},
        "register": "found",
    }
    kept = {
        "name": "Keep",
        "ansible.builtin.copy": {"dest": str(tmp_path / "found.json"), "content": "{{ found.archives | to_json }}", "mode": "0644"},
    }
    described = play(os.path.join(site.folder, "play"), tasks(info, kept))
    assert described.ok, described.text
    (document,) = json.loads((tmp_path / "found.json").read_text())
    assert (document["sequence"], document["follows"], document["signature"], document["verified"]) == (1, 0, "ssh", True)
    assert len(document["volumes"]) > 1 and all(volume["size"] <= 0.005 * 2**30 for volume in document["volumes"])
    assert {image["origin"] for image in document["image_list"]} >= set(site.names[:2])
    assert document["config"]["kind"] == "ImageSetConfiguration"

    stranger = os.path.join(site.folder, "stranger")
    os.system(f"ssh-keygen -q -t ed25519 -N '' -f {stranger}")
    refused = load(site, archive, mirror_archive_trusted_keys={"path": f"{stranger}.pub"})
    assert not refused.ok and "signature is not valid" in refused.text
    victim = document["volumes"][1]["path"]
    with open(victim, "r+b") as file:
        file.seek(100_000)
        byte = file.read(1)
        file.seek(100_000)
        file.write(bytes([byte[0] ^ 4]))
    refused = load(site, archive)
    assert not refused.ok and os.path.basename(victim) in refused.text and "nothing was pushed" in refused.text
    assert not site.mirror.requests("PUT") and "Traceback" not in refused.text
