# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.journal import Journal, file_name

NAME = "docker://mirror.example.com:5000"
IMAGE, BLOB = Digest.of(b"image"), Digest.of(b"blob")


def test_what_was_written_is_known_again(tmp_path: Any) -> None:
    journal = Journal.open(str(tmp_path), NAME)
    journal.add_blob(BLOB, "a")
    journal.add_blob(BLOB, "b")
    journal.add_image("a", IMAGE, ["1", "2"], ("linux/amd64",))
    journal.flush()
    again = Journal.open(str(tmp_path), NAME)
    assert again.places(BLOB) == {"a", "b"}
    assert again.proves("a", IMAGE, ["1"], ("linux/amd64",)) and again.proves("a", IMAGE, [], ("linux/amd64",))
    assert not again.proves("a", IMAGE, ["3"], ("linux/amd64",))
    assert not again.proves("a", IMAGE, ["1"], ())
    assert not again.proves("b", IMAGE, ["1"], ("linux/amd64",))


def test_forgotten_image_stays_forgotten(tmp_path: Any) -> None:
    journal = Journal.open(str(tmp_path), NAME)
    journal.add_image("a", IMAGE, ["1"], ())
    journal.forget_image("a", IMAGE)
    journal.close()
    assert not Journal.open(str(tmp_path), NAME).proves("a", IMAGE, ["1"], ())


def test_complete_run_leaves_images_only_and_an_unchanged_one_leaves_the_file_alone(tmp_path: Any) -> None:
    journal = Journal.open(str(tmp_path), NAME)
    journal.add_blob(BLOB, "a")
    journal.add_image("a", IMAGE, ["1"], ())
    journal.close(compact=True)
    path = tmp_path / file_name(NAME)
    lines = path.read_text().splitlines()
    assert len(lines) == 2
    before = path.stat().st_mtime_ns
    again = Journal.open(str(tmp_path), NAME)
    again.add_image("a", IMAGE, ["1"], ())
    again.close(compact=True)
    assert path.stat().st_mtime_ns == before and Journal.open(str(tmp_path), NAME).places(BLOB) == set()


@given(cut=st.integers(min_value=0, max_value=400))
@settings(derandomize=True, max_examples=60)
def test_torn_end_loses_only_the_last_line(tmp_path_factory: Any, cut: int) -> None:
    folder = str(tmp_path_factory.mktemp("journal"))
    journal = Journal.open(folder, NAME)
    digests = [Digest.of(b"%d" % number) for number in range(10)]
    for digest in digests:
        journal.add_blob(digest, "a")
    journal.flush()
    path = os.path.join(folder, file_name(NAME))
    size = os.path.getsize(path)
    os.truncate(path, size - cut)
    left = Path(path).read_bytes()
    whole = left.count(b"}\n") + left.endswith(b"}") - 1
    again = Journal.open(folder, NAME)
    assert [digest for digest in digests if again.places(digest)] == digests[: max(whole, 0)]
    again.add_image("a", IMAGE, ["1"], ())
    again.flush()
    third = Journal.open(folder, NAME)
    assert third.proves("a", IMAGE, ["1"], ()) and [digest for digest in digests if third.places(digest)] == digests[: max(whole, 0)]


def test_journal_of_another_destination_is_not_believed(tmp_path: Any) -> None:
    path = str(tmp_path / "journal")
    journal = Journal(path, "docker://one")
    journal.add_image("a", IMAGE, ["1"], ())
    journal.flush()
    other = Journal(path, "docker://two")
    assert not other.proves("a", IMAGE, ["1"], ())
    other.add_blob(BLOB, "b")
    other.flush()
    assert Journal(path, "docker://two").places(BLOB) == {"b"}
    assert not Journal(path, "docker://two").proves("a", IMAGE, ["1"], ())


def test_names_are_safe_and_distinct() -> None:
    names = {file_name(text) for text in ("docker://a/b", "docker://a_b", "file:///../../etc/passwd", "file:///x" * 100)}
    assert len(names) == 4 and all("/" not in name and len(name) < 120 and not name.startswith(".") for name in names)


def test_read_only_journal_writes_nothing(tmp_path: Any) -> None:
    journal = Journal.open(str(tmp_path), NAME, writable=False)
    journal.add_image("a", IMAGE, ["1"], ())
    journal.close(compact=True)
    assert journal.proves("a", IMAGE, ["1"], ()) and os.listdir(tmp_path) == []


def test_disk_that_cannot_be_written_is_named(tmp_path: Any) -> None:
    (tmp_path / "file").write_text("")
    journal = Journal(str(tmp_path / "folder" / "x"), NAME)
    journal.add_blob(BLOB, "a")
    os.symlink(tmp_path / "file", tmp_path / "folder")
    journal.flush()
    journal.add_blob(BLOB, "b")
    journal.close(compact=True)
    assert "journal" in journal.problem and journal.places(BLOB) == {"a", "b"}
