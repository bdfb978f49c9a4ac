# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.folder import INDEX, apply, compare


def state(folder):
    found = {}
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        with open(path, "rb") as file:
            found[name] = (file.read(), os.stat(path).st_mtime_ns)
    return found


def test_files_are_written_kept_changed_and_removed(tmp_path):
    folder = str(tmp_path / "resources")
    path = os.path.join
    assert apply(folder, {"b.yaml": b"b", "a.yaml": b"a"}) == [(path(folder, "a.yaml"), True), (path(folder, "b.yaml"), True)]
    before = state(folder)
    assert apply(folder, {"a.yaml": b"a", "b.yaml": b"b"}) == [(path(folder, "a.yaml"), False), (path(folder, "b.yaml"), False)]
    assert state(folder) == before
    assert apply(folder, {"a.yaml": b"A"}) == [(path(folder, "a.yaml"), True), (path(folder, "b.yaml"), True)]
    assert sorted(os.listdir(folder)) == [INDEX, "a.yaml"]
    assert apply(folder, {}) == [(path(folder, "a.yaml"), True)]
    assert os.listdir(folder) == [INDEX]


def test_files_of_others_stay(tmp_path):
    folder = str(tmp_path)
    apply(folder, {"a.yaml": b"a"})
    (tmp_path / "mine.yaml").write_bytes(b"mine")
    apply(folder, {"b.yaml": b"b"})
    assert sorted(os.listdir(folder)) == [INDEX, "b.yaml", "mine.yaml"]


def test_the_index_is_nothing_that_a_cluster_is_given(tmp_path):
    """`oc apply -f` takes what ends like JSON or YAML, hidden or not, and fails for what is no resource.  It once had such a name."""
    folder = str(tmp_path)
    apply(folder, {"a.yaml": b"a", "b.yaml": b"b"})
    os.rename(tmp_path / INDEX, tmp_path / f"{INDEX}.json")
    assert [(os.path.basename(path), changed) for path, changed in apply(folder, {"a.yaml": b"a"})] == [("a.yaml", False), ("b.yaml", True)]
    assert sorted(os.listdir(folder)) == [INDEX, "a.yaml"] and not INDEX.endswith((".json", ".yaml", ".yml"))


def test_nothing_to_write_makes_nothing(tmp_path):
    assert apply(str(tmp_path / "none"), {}) == []
    assert not (tmp_path / "none").exists()
    assert apply(str(tmp_path), {}) == [] and not os.listdir(str(tmp_path))


def test_compare_writes_nothing(tmp_path):
    folder = str(tmp_path)
    apply(folder, {"a.yaml": b"a", "b.yaml": b"b"})
    before = state(folder)
    changes = compare(folder, {"b.yaml": b"B", "c.yaml": b"c"})
    assert [(os.path.basename(change.path), change.before, change.after) for change in changes] == [
        ("b.yaml", b"b", b"B"),
        ("c.yaml", None, b"c"),
        ("a.yaml", b"a", None),
    ]
    assert all(change.changed for change in changes) and state(folder) == before
    assert not compare(folder, {"b.yaml": b"b", "a.yaml": b"a"})[0].changed


@pytest.mark.parametrize("document", [{"files": ["../outside", "/etc/x", "..", "", INDEX, 4, "gone.yaml"]}, {"files": "x"}, [], {}])
def test_an_index_never_leads_out_of_the_folder(tmp_path, document):
    outside = tmp_path / "outside"
    outside.write_bytes(b"keep")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / INDEX).write_text(json.dumps(document), encoding="utf-8")
    assert [os.path.basename(path) for path, _changed in apply(str(folder), {"a.yaml": b"a"})] == ["a.yaml"]
    assert outside.read_bytes() == b"keep"


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "..", INDEX, "a\x00"])
def test_names_that_are_none(tmp_path, name):
    with pytest.raises(InputError, match="not a file name"):
        apply(str(tmp_path), {name: b""})


def test_an_interrupted_run_loses_track_of_nothing(tmp_path, monkeypatch):
    folder = str(tmp_path)
    apply(folder, {"old.yaml": b"o"})
    write = files.write

    def full_disk(path, content, mode=0o644):
        if path.endswith("z.yaml"):
            raise StorageError("no space left", subject=path)
        return write(path, content, mode)

    monkeypatch.setattr(files, "write", full_disk)
    with pytest.raises(StorageError):
        apply(folder, {"new.yaml": b"n", "z.yaml": b"z"})
    monkeypatch.undo()
    assert sorted(os.listdir(folder)) == [INDEX, "new.yaml", "old.yaml"]
    apply(folder, {"last.yaml": b"l"})
    assert sorted(os.listdir(folder)) == [INDEX, "last.yaml"]
