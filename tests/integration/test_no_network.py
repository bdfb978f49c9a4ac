# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loading where there is no network at all: a namespace whose only peer is the mirror, and another client that pulls from it."""

from __future__ import annotations

import os
import shutil

import pytest

from ansible_collections.disconnected.mirror.extensions.demo.images import mirrored
from ansible_collections.disconnected.mirror.tests.fakes import trip
from ansible_collections.disconnected.mirror.tests.integration import cut_off

STEPS = (slice(0, 3), slice(0, 6), slice(2, 8), slice(2, 10))


@pytest.fixture
def archives(site):
    """Four increments with images that come and go; then the source is off."""
    near = trip.Near(os.path.join(site.folder, "near"))
    folders = [near.ship(*site.names[step]) for step in STEPS]
    site.source.stop()
    return folders


def test_four_increments_load_and_are_pulled_by_their_original_names(site, archives):
    held = [trip.blobs(folder) for folder in archives]
    assert all(not one & other for number, one in enumerate(held) for other in held[:number])
    found = cut_off.start(os.path.join(site.folder, "island"), archives)
    assert found["loaded"] == [[1], [2], [3], [4]] and found["complete"]
    # The registry and nobody else, whatever the images' names say.
    assert found["peers"] == [found["registry"]]
    if found["namespace"]:
        assert found["outside"] == "unreachable"
    if shutil.which("skopeo"):
        assert found["pulled"] == len(mirrored(site.images)[STEPS[-1]])


def test_the_last_archive_alone_is_refused(site, archives):
    far = trip.Far(os.path.join(site.folder, "far"), f"docker://{site.mirror.host}/ocp")
    with pytest.raises(trip.MirrorError, match="Load mirror_seq1 first"):
        far.load(archives[-1])
    assert not site.mirror.requests("PUT") and not site.mirror.requests("POST")
