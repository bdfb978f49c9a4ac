# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The records of oc-mirror v1 as a history (mirroring 4.2)."""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.takeover import history_of
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.metadata import Association, Metadata

LIST, CHILD, LAYER = (Digest.of(text) for text in (b"list", b"child", b"layer"))


def told(*records):
    return history_of(Metadata("uid", False, 3, 1, past=records)).associations


def a_list(*children):
    return Association("quay.io/team/app:1", "team/app", LIST, "1", "generic", children)


def a_child(**more):
    return Association(CHILD, "team/app", CHILD, "", "generic", layers=(LAYER,), **more)


def test_records_of_children_are_joined_to_their_list():
    (entry,) = told(a_list(CHILD), a_child())
    assert (entry.path, entry.id, entry.tags) == ("team/app", LIST, ("1",))
    assert (entry.manifests, entry.blobs) == ((CHILD,), (LAYER,))


def test_a_list_whose_child_was_not_recorded_is_told():
    with pytest.raises(InputError, match=f'association for "{CHILD}" is missing'):
        told(a_list(CHILD))


def test_records_that_contain_themselves_come_to_an_end():
    (entry,) = told(a_list(LIST, CHILD, CHILD), a_child(manifests=(LIST,)))
    assert set(entry.manifests) == {LIST, CHILD}
