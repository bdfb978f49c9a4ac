# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other users of the host: what they plant is not followed, what we make they cannot change, and they see no secret.

| cases | guard |
|---|---|
| links in the place of files | `files.put`, `files.create`, `files.extend` (O_EXCL, O_NOFOLLOW) |
| links and folders of other users | `files.check_folder` |
| folders that everybody can change | `files.check_private` |
| umask | modes given when a file is made, `files.make_folder` |
| secrets in arguments and environments | `archive.signature`, `openpgp` and `charts.render` pass on what is needed alone |
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError, StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.lock import WorkspaceLock
from ansible_collections.disconnected.mirror.plugins.module_utils.charts import render
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures import openpgp
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.claim import Claim
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.signature import (
    SigningKey,
    TrustedKeys,
    sign,
    verify,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.journal import Journal, file_name
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.progress import Progress
from ansible_collections.disconnected.mirror.tests.fakes import images, trip
from ansible_collections.disconnected.mirror.tests.fakes.owners import give
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry

VICTIM = b"of the victim"
MANIFEST = images.image("app")


@pytest.fixture
def victim(tmp_path: Any) -> Any:
    path = tmp_path / "victim"
    path.write_bytes(VICTIM)
    return path


def plant(path: Any, victim: Any) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    os.symlink(victim, path)


# --- Links in the place of files ---


def write_document(path: str) -> None:
    files.write(path, b"ours")


def write_progress(path: str) -> None:
    Progress(path).write(0.0)


def write_lock(path: str) -> None:
    WorkspaceLock(path, "test").acquire()


def write_manifest(path: str) -> None:
    from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest

    Shelf(os.path.dirname(os.path.dirname(path))).put(Manifest.parse(MANIFEST.content))


REPLACED = {
    "a document": ("results/plan.json", write_document),
    "the progress": ("status.json", write_progress),
    "a manifest": (f"manifests/sha256/{MANIFEST.digest.hex}", write_manifest),
}


@pytest.mark.parametrize("name, write", REPLACED.values(), ids=REPLACED)
def test_a_link_is_replaced_and_not_followed(tmp_path: Any, victim: Any, name: str, write: Any) -> None:
    path = tmp_path / "workspace" / name
    plant(path, victim)
    write(str(path))
    assert victim.read_bytes() == VICTIM and not path.is_symlink() and path.read_bytes() != VICTIM


PARTS = {
    "of the progress": ("status.json", "status.json.part", write_progress),
    "of a lock": ("lock", "lock.part", write_lock),
    "of a document": ("plan.json", ".plan.json.part", write_document),
}


@pytest.mark.parametrize("name, part, write", PARTS.values(), ids=PARTS)
def test_the_name_of_a_half_written_file_cannot_be_foreseen(tmp_path: Any, victim: Any, name: str, part: str, write: Any) -> None:
    plant(tmp_path / "workspace" / part, victim)
    write(str(tmp_path / "workspace" / name))
    assert victim.read_bytes() == VICTIM


def extend_journal(folder: Any) -> None:
    journal = Journal.open(str(folder), "docker://mirror.example.com")
    journal.add_blob(Digest.of(b"x"), "team/app")
    journal.close()
    assert journal.problem


def take_claim(folder: Any) -> None:
    with pytest.raises(OSError):
        Claim(str(folder), 1).take()


def take_lock(folder: Any) -> None:
    with pytest.raises(StorageError):
        WorkspaceLock(str(folder / "lock"), "test").acquire()


EXTENDED = {
    "a journal": (file_name("docker://mirror.example.com"), extend_journal),
    "the claim of an archive": (".mirror_seq1.lock", take_claim),
    "the guard of a lock": ("lock.guard", take_lock),
}


@pytest.mark.parametrize("name, write", EXTENDED.values(), ids=EXTENDED)
def test_a_link_in_the_place_of_what_is_written_on_is_refused(tmp_path: Any, victim: Any, name: str, write: Any) -> None:
    plant(tmp_path / "folder" / name, victim)
    write(tmp_path / "folder")
    assert victim.read_bytes() == VICTIM


@pytest.mark.parametrize("kind", ["link", "pipe", "file", "folder"])
def test_nothing_that_is_there_is_taken_for_a_new_file(tmp_path: Any, victim: Any, kind: str) -> None:
    path = tmp_path / "new"
    {"link": lambda: os.symlink(victim, path), "pipe": lambda: os.mkfifo(path), "file": path.touch, "folder": path.mkdir}[kind]()
    with pytest.raises(OSError):
        files.create(str(path))
    assert victim.read_bytes() == VICTIM


# --- Links and folders of other users ---


@pytest.mark.parametrize("where", ["history", "manifests/sha256", "results", "journal", "content/x/blobs", "charts"])
@pytest.mark.parametrize("kind", ["a link", "a folder among others' files"])
def test_a_folder_that_another_user_planted_is_not_written_to(tmp_path: Any, monkeypatch: Any, where: str, kind: str) -> None:
    stolen = tmp_path / "stolen"
    stolen.mkdir()
    place = tmp_path / "workspace" / where
    os.makedirs(place.parent)
    if kind == "a link":
        os.symlink(stolen, place)
    else:
        place.parent.chmod(0o777)
        place.mkdir()
    give(monkeypatch, place)
    with pytest.raises(StorageError, match="belongs to another user"):
        files.write(str(place / "file"), b"ours")
    assert os.listdir(stolen) == [] and not os.path.exists(place / "file")


@pytest.mark.parametrize("kind", ["our own link", "a folder that was given away", "a folder of a user"])
def test_what_the_user_arranged_is_followed(tmp_path: Any, monkeypatch: Any, kind: str) -> None:
    real, place = tmp_path / "real", tmp_path / "workspace"
    real.mkdir()
    if kind == "our own link":
        os.symlink(real, place)
    elif kind == "a folder that was given away":
        place.mkdir()
        give(monkeypatch, place)
    else:
        give(monkeypatch, real)
        place = real / "below"
        place.mkdir()
        give(monkeypatch, place)
    assert files.write(str(place / "history" / "file"), b"ours")


@pytest.mark.parametrize(
    "mode, refused", [(0o777, True), (0o757, True), (0o1777, True), (0o755, False), (0o775, False), (0o700, False)], ids=oct
)
def test_a_workspace_that_everybody_can_change_is_refused(tmp_path: Any, mode: int, refused: bool) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    workspace.chmod(mode)
    with FakeRegistry() as source:
        images.put(MANIFEST, source.content, "team/app", "1")
        near = trip.Near(tmp_path)
        if refused:
            with pytest.raises(StorageError, match="everybody can write"):
                near.write(f"{source.host}/team/app:1")
        else:
            assert near.write(f"{source.host}/team/app:1").archive_id


# --- Umask ---


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: Any) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_what_a_whole_trip_leaves_is_nobody_elses_to_change(tmp_path: Any, umask: int) -> None:
    with FakeRegistry() as source, FakeRegistry() as target:
        images.put(MANIFEST, source.content, "team/app", "1")
        near = trip.Near(tmp_path / "made" / "near")
        archive = near.ship(f"{source.host}/team/app:1")
        assert trip.Far(tmp_path / "made" / "far", f"docker://{target.host}/ns").load(archive).complete
    modes = {path: stat.S_IMODE(os.lstat(path).st_mode) for path in everything(tmp_path / "made")}
    assert [path for path, mode in modes.items() if mode & 0o022] == []
    if umask == 0o077:
        assert [path for path, mode in modes.items() if mode & 0o077] == []


def everything(folder: Any) -> list[str]:
    return [str(folder)] + [os.path.join(at, name) for at, folders, names in os.walk(folder) for name in (*folders, *names)]


@pytest.mark.parametrize("asked", [0o644, 0o640, 0o600])
def test_modes_are_what_was_asked_for_less_the_umask(tmp_path: Any, umask: int, asked: int) -> None:
    files.write(str(tmp_path / "a" / "b" / "file"), b"x", asked)
    assert stat.S_IMODE(os.stat(tmp_path / "a" / "b" / "file").st_mode) == asked & ~umask
    assert stat.S_IMODE(os.stat(tmp_path / "a" / "b").st_mode) == 0o755 & ~umask


# --- Secrets in arguments and environments ---

SECRETS = {
    "MIRROR_PASSWORD": "s3cret-password",
    "HTTPS_PROXY": "http://user:s3cret-proxy@proxy.example.com:3128",
    "AWS_SECRET_ACCESS_KEY": "s3cret-key",
    "VAULT_TOKEN": "s3cret-token",
}


@pytest.fixture
def spied(tmp_path: Any, monkeypatch: Any) -> Any:
    """Programs that only write down with what they were called; secrets are in our own environment."""
    folder, seen = tmp_path / "bin", tmp_path / "seen"
    folder.mkdir()
    seen.mkdir()
    script = f'#!/bin/sh\ntr "\\0" " " < /proc/$$/cmdline > {seen}/$$\ntr "\\0" "\\n" < /proc/$$/environ >> {seen}/$$\nexit 1\n'
    for name in ("gpg", "gpgv", "ssh-keygen", "helm"):
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    return seen


def keyfile(folder: Any) -> str:
    path = folder / "keys"
    path.write_bytes(b"ssh-ed25519 AAAA\n")
    return str(path)


def refused(done: Any) -> None:
    assert done.status == 1
    raise MirrorError("as the other programs do")


CALLS = {
    "ssh-keygen signs": lambda folder: sign(b"x", SigningKey("ssh", "key")),
    "gpg signs": lambda folder: sign(b"x", SigningKey("gpg", "key")),
    "ssh-keygen verifies": lambda folder: verify(b"x", b"-----BEGIN SSH SIGNATURE-----", TrustedKeys("ssh", keyfile(folder))),
    "gpg verifies": lambda folder: verify(b"x", b"-----BEGIN PGP SIGNATURE-----", TrustedKeys("gpg", keyfile(folder))),
    "gpgv verifies": lambda folder: openpgp.verify(b"\xff" * 40, [b"\x99"]),
    "helm renders": lambda folder: refused(render._run(["helm", "template", "x"], str(folder))),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_no_secret_reaches_a_program(spied: Any, tmp_path: Any, call: Any) -> None:
    with pytest.raises(MirrorError):
        call(tmp_path)
    told = "".join((spied / name).read_text(errors="replace") for name in os.listdir(spied))
    assert told and not [value for value in SECRETS.values() if value in told]
    assert not any(name in told for name in ("s3cret", "VAULT_TOKEN", "MIRROR_PASSWORD"))


def test_the_spy_sees_what_is_not_kept_from_it(spied: Any) -> None:
    """Or the test above could not fail."""
    os.spawnvpe(os.P_WAIT, shutil.which("gpg") or "gpg", ["gpg", "s3cret-argument"], dict(os.environ))
    told = "".join((spied / name).read_text(errors="replace") for name in os.listdir(spied))
    assert "s3cret-argument" in told and "s3cret-token" in told
