# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Indexes that a hostile registry makes up: no depth, number or circle of them goes on for ever (user-needs G16)."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import OCI_INDEX, OCI_MANIFEST
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import instances


def index(*children):
    entries = [{"mediaType": child.media_type, "digest": child.digest, "size": child.size} for child in children]
    return Manifest.parse(json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}).encode())


def image(number):
    return Descriptor(OCI_MANIFEST, Digest.of(str(number).encode()), 1)


def endless(child):
    """A registry that has another index below every index."""
    return index(Descriptor(OCI_INDEX, Digest.of(child.digest.encode()), 1))


def test_indexes_below_indexes_come_to_an_end():
    with pytest.raises(Unsupported, match="nested more than"):
        instances.manifests(endless(image(0)), (), endless)


def test_an_index_that_names_itself_comes_to_an_end():
    root = index(Descriptor(OCI_INDEX, Digest.of(b"x"), 1))
    circle = replace(root, children=(Descriptor(OCI_INDEX, root.digest, root.size),))
    with pytest.raises(Unsupported, match="nested more than"):
        instances.manifests(circle, (), lambda child: circle)


def test_more_manifests_than_any_image_has_are_not_asked_for(monkeypatch):
    monkeypatch.setattr(instances, "MAX_MANIFESTS", 20)
    asked = []

    def fetch(child):
        asked.append(child)
        return Manifest.parse(json.dumps({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "n": len(asked)}).encode())

    root = index(*(image(number) for number in range(30)))
    with pytest.raises(Unsupported, match="more than 20 manifests"):
        instances.manifests(root, (), fetch)
    assert len(asked) <= 20
