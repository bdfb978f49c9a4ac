# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a host keeps the core: what is taken for it, and what never is."""

from __future__ import annotations

import os
import threading
import time
import zipfile
from types import SimpleNamespace

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.loader import place
from ansible_collections.disconnected.mirror.plugins.module_utils.loader.place import digest_of, find, keep
from ansible_collections.disconnected.mirror.tests.fakes.owners import give

SOURCES = {"adapters/__init__.py": b"", "adapters/plan_info.py": b"ARGUMENTS = {}\n"}
DIGEST = digest_of(SOURCES.items())


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "core.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in SOURCES.items():
            packed.writestr(name, content)
    return str(path)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home that is the only one."""
    path = tmp_path / "home"
    path.mkdir(mode=0o700)
    os.chmod(tmp_path, 0o700)
    monkeypatch.setattr(place.pwd, "getpwuid", lambda uid: SimpleNamespace(pw_dir=str(path), pw_gid=-1, pw_name="nobody"))
    return path


def environ(home):
    return {"HOME": str(home)}


def test_what_is_kept_is_found(home, archive):
    assert find(DIGEST, environ(home)) == ""
    path = keep(DIGEST, archive, environ(home))
    assert path == str(home / ".cache" / "disconnected.mirror" / DIGEST) == find(DIGEST, environ(home))
    assert (home / ".cache" / "disconnected.mirror" / DIGEST / "adapters" / "plan_info.py").read_bytes() == SOURCES["adapters/plan_info.py"]
    assert os.stat(path).st_mode & 0o077 == 0
    assert os.listdir(os.path.dirname(path)) == [DIGEST]


def test_a_version_has_a_name_of_its_own(home, archive):
    keep(DIGEST, archive, environ(home))
    changed = {**SOURCES, "adapters/plan_info.py": b"ARGUMENTS = {1: 2}\n"}
    assert digest_of(changed.items()) != DIGEST
    assert find(digest_of(changed.items()), environ(home)) == ""
    assert digest_of(reversed(list(SOURCES.items()))) == DIGEST
    assert digest_of({"a": b"bc"}.items()) != digest_of({"ab": b"c"}.items())


def test_a_damaged_zip_is_no_core(home, archive):
    with zipfile.ZipFile(archive, "a") as packed:
        packed.writestr("adapters/more.py", b"import os\n")
    with pytest.raises(ValueError, match="damaged"):
        keep(DIGEST, archive, environ(home))
    assert os.listdir(home / ".cache" / "disconnected.mirror") == []


def test_keeping_again_replaces_what_lost_a_file(home, archive):
    path = keep(DIGEST, archive, environ(home))
    os.remove(os.path.join(path, "adapters", "plan_info.py"))
    assert keep(DIGEST, archive, environ(home)) == path
    assert os.path.exists(os.path.join(path, "adapters", "plan_info.py"))
    assert os.listdir(os.path.dirname(path)) == [DIGEST]


def test_what_others_are_running_is_not_replaced(home, archive):
    path = keep(DIGEST, archive, environ(home))
    number = os.stat(path).st_ino
    keep(DIGEST, archive, environ(home))
    assert os.stat(path).st_ino == number


@pytest.mark.parametrize("writable", [".", ".cache", ".cache/disconnected.mirror", f".cache/disconnected.mirror/{DIGEST}"])
@pytest.mark.parametrize("mode", [0o777, 0o775])
def test_what_another_user_can_change_is_not_run(home, archive, writable, mode, monkeypatch):
    """By the rule that sshd has for authorized_keys; a group counts as others unless it is root's or the user's own."""
    keep(DIGEST, archive, environ(home))
    monkeypatch.setattr(place, "_own_groups", lambda: iter(()))
    os.chmod(home / writable, mode)
    assert find(DIGEST, environ(home)) == ""
    if not writable.endswith(DIGEST):
        assert keep(DIGEST, archive, environ(home)) == ""


def test_roots_group_is_as_good_as_root(home, archive, monkeypatch):
    """The home of an execution environment is its group's, which is root's."""
    monkeypatch.setattr(place, "_own_groups", lambda: iter((os.stat(home).st_gid,)))
    os.chmod(home, 0o775)
    assert keep(DIGEST, archive, environ(home))
    assert find(DIGEST, environ(home))


@pytest.mark.parametrize("planted", [".cache", ".cache/disconnected.mirror", f".cache/disconnected.mirror/{DIGEST}"])
def test_what_another_user_planted_is_not_run(home, archive, planted, monkeypatch):
    """As after `become` with the home of the user who connected, or in a home below /tmp."""
    keep(DIGEST, archive, environ(home))
    give(monkeypatch, home / planted)
    assert find(DIGEST, environ(home)) == ""


def test_a_link_of_another_user_to_what_is_ours_is_not_followed_by_keeping(home, archive, tmp_path, monkeypatch):
    """What decides is the real directory with all above it."""
    (tmp_path / "open").mkdir()
    os.chmod(tmp_path / "open", 0o777)
    (tmp_path / "open" / "ours").mkdir(mode=0o700)
    os.symlink(tmp_path / "open" / "ours", home / ".cache")
    give(monkeypatch, home / ".cache")
    assert keep(DIGEST, archive, environ(home)) == ""


def test_the_home_of_another_user_is_left_alone(home, archive, tmp_path, monkeypatch):
    """As sudo may have it, which keeps the variable on some systems."""
    (tmp_path / "theirs").mkdir(mode=0o755)
    give(monkeypatch, tmp_path / "theirs")
    assert keep(DIGEST, archive, environ(tmp_path / "theirs")).startswith(str(home))
    assert os.listdir(tmp_path / "theirs") == []


def test_a_sticky_directory_above_is_no_danger(home, archive, tmp_path):
    os.chmod(tmp_path, 0o1777)
    assert keep(DIGEST, archive, environ(home)) == find(DIGEST, environ(home)) != ""


def test_without_a_home_nothing_is_kept(archive, monkeypatch):
    monkeypatch.setattr(place.pwd, "getpwuid", lambda uid: SimpleNamespace(pw_dir="/proc/nowhere", pw_gid=-1, pw_name="x"))
    assert keep(DIGEST, archive, {"HOME": "/proc/nowhere"}) == ""
    assert keep(DIGEST, archive, {"HOME": ""}) == find(DIGEST, {}) == ""
    assert keep(DIGEST, archive, {"XDG_CACHE_HOME": "/proc/nowhere"}) == ""


def test_what_nobody_used_for_long_is_removed(home, archive):
    base = home / ".cache" / "disconnected.mirror"
    base.mkdir(parents=True, mode=0o700)
    for name, age in (("old", place.KEPT + 60), ("new", place.KEPT - 60)):
        (base / name / "adapters").mkdir(parents=True)
        os.utime(base / name, (0, time.time() - age))
    keep(DIGEST, archive, environ(home))
    assert sorted(os.listdir(base)) == sorted([DIGEST, "new"])


def test_a_version_in_use_is_not_old(home, archive):
    path = keep(DIGEST, archive, environ(home))
    os.utime(path, (0, 0))
    find(DIGEST, environ(home))
    assert time.time() - os.stat(path).st_mtime < 60


def test_many_may_keep_it_at_once(home, archive):
    found = []
    threads = [threading.Thread(target=lambda: found.append(keep(DIGEST, archive, environ(home)))) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len(set(found)) == 1
    assert os.listdir(os.path.dirname(found[0])) == [DIGEST]
    assert sorted(os.listdir(os.path.join(found[0], "adapters"))) == ["__init__.py", "plan_info.py"]
