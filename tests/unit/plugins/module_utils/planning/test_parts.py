# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan built, in one file beside it: the same bytes each time, and nothing taken from it that the plan does not name."""

from __future__ import annotations

import os

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, InputError, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.planning import parts
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.layout import LayoutStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.upstream import Upstream
from ansible_collections.disconnected.mirror.tests.fakes import images, tars
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore

NAME = "catalogs/one"


class Planned:
    """A plan with one image that was built in a workspace, upon a layer that stayed where it is."""

    def __init__(self, folder):
        self.folder = folder
        self.workspace = Workspace(str(folder / "first"))
        self.path = str(folder / "plan-parts.tar")
        self.layout = os.path.join(self.workspace.content, *NAME.split("/"))
        self.base, self.own = images.layer("base"), images.layer("own")
        self.built = images.index([images.image("catalog", [self.base, self.own])])
        layout = LayoutStore(self.layout)
        images.push(self.built, layout, "", "latest")
        os.unlink(os.path.join(self.layout, "blobs", "sha256", Digest.of(self.base).hex))
        (folder / "first" / "content" / "catalogs" / "one" / "origin").write_text("registry.test/base")
        image = PlanImage(
            "operatorCatalog", "registry.test/base:1", f"built://{NAME}", self.built.digest, self.built.media_type, 1, "base", ("1",)
        )
        self.plan = Plan(images=(image,))

    def kept(self):
        parts.keep(self.plan, self.workspace, self.path)
        with open(self.path, "rb") as file:
            return file.read()

    def restored(self, name="second"):
        workspace = Workspace(str(self.folder / name))
        parts.restore(self.plan, workspace, self.path)
        return workspace

    def write(self, *members):
        with open(self.path, "wb") as file:
            file.write(b"".join(tars.member(f"{NAME}/{name}".encode(), content) for name, content in members) + tars.END)


@pytest.fixture
def planned(tmp_path):
    return Planned(tmp_path)


def test_the_file_lies_beside_its_plan():
    assert parts.beside("/git/plan.json") == "/git/plan-parts.tar"


def test_what_was_built_comes_back_without_what_it_is_built_upon(planned):
    content = planned.kept()
    assert planned.own in content and planned.base not in content
    workspace = planned.restored()
    assert parts.is_there(planned.plan.images[0], workspace)
    source = MemoryStore()
    source.add_blob("base", planned.base)
    upstream = Upstream(lambda host: source, workspace=workspace)
    for blob in planned.built.children[0].manifest().blobs:
        reader = upstream.open_blob(f"built://{NAME}", blob)
        buffer = memoryview(bytearray(blob.size))
        assert reader.readinto(buffer) == blob.size and Digest.of(bytes(buffer)) == blob.digest


def test_the_same_parts_have_the_same_bytes(planned):
    first = planned.kept()
    workspace = planned.restored()
    parts.keep(planned.plan, workspace, str(planned.folder / "again.tar"))
    assert (planned.folder / "again.tar").read_bytes() == first


def test_a_plan_that_built_nothing_has_no_such_file(planned):
    planned.kept()
    parts.keep(Plan(), planned.workspace, planned.path)
    assert not os.path.exists(planned.path)


def test_what_the_workspace_lost_is_not_forgotten(planned):
    content = planned.kept()
    parts.keep(planned.plan, Workspace(str(planned.folder / "empty")), planned.path)
    with open(planned.path, "rb") as file:
        assert file.read() == content


def test_without_the_file_nothing_is_restored(planned):
    assert not os.path.exists(planned.restored().content)


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
def test_a_damaged_file_is_told(planned, damage):
    content = bytearray(planned.kept())
    place = bytes(content).index(planned.own) + 20
    content[place] ^= 1
    changed = {"cut": bytes(content[:place]), "flipped": bytes(content), "empty": b""}[damage]
    with open(planned.path, "wb") as file:
        file.write(changed)
    with pytest.raises((InputError, CorruptContent)):
        planned.restored()
    assert not parts.is_there(planned.plan.images[0], Workspace(str(planned.folder / "second")))


def test_nothing_is_taken_that_the_plan_does_not_name(planned):
    planned.kept()
    child = planned.built.children[0]
    config = child.manifest().blobs[0]
    planned.write(
        ("../../../../escaped", b"x"),
        ("sha256/" + Digest.of(b"more").hex, b"more"),
        (f"sha256/{planned.built.digest.hex}", planned.built.content),
        (f"sha256/{child.digest.hex}", child.content),
        (f"sha256/{config.digest.hex}", child.blobs[config.digest]),
    )
    workspace = planned.restored()
    held = {name for _path, _folders, names in os.walk(str(planned.folder / "second")) for name in names}
    assert held == {"oci-layout", "index.json", planned.built.digest.hex, child.digest.hex, config.digest.hex}
    assert parts.is_there(planned.plan.images[0], workspace) and not os.path.exists(str(planned.folder / "escaped"))


@pytest.mark.parametrize("origin", [b"built://catalogs/one", b"registry.test/a\nb", b"\x00"])
def test_an_origin_that_names_no_repository_is_refused(planned, origin):
    planned.kept()
    child = planned.built.children[0]
    members = [(f"sha256/{each.digest.hex}", each.content) for each in (planned.built, child)]
    planned.write(*members, ("origin", origin))
    with pytest.raises(MirrorError, match="origin"):
        planned.restored()
