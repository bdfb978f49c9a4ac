# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import random

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import AccessDenied, InputError, Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.ends import Ends
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.engine import transfer
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import DEEP, TransferOptions
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placement import place_images
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.finding import KINDS, repairs
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.verify import LEVELS, Part, verify
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore
from ansible_collections.disconnected.mirror.tests.fakes.world import World

APP, MULTI = "registry.test/team/app", "registry.test/team/multi"


class Mirror(World):
    """A mirror that was filled with an image, an index, a signature by tag and one by reference."""

    def __init__(self, folder):
        super().__init__(folder)
        self.app = self.store.add_image(APP, "1", layers=[b"shared" * 99, b"app"])
        self.amd, self.arm = (self.store.add_image(MULTI, layers=[b"shared" * 99, name]) for name in (b"amd", b"arm"))
        self.index = self.store.add_index(MULTI, [("linux/amd64", self.amd), ("linux/arm64", self.arm)], "2")
        self.signature = self.store.add_image(APP, f"sha256-{self.app.digest.hex}.sig", layers=[b"sig"])
        self.referrer = self.store.add_image(MULTI, layers=[b"ref"], subject=self.index, artifact_type="application/x")
        self.made = self.plan(f"{APP}:1", {"name": f"{APP}:1", "targetTag": "also"}, f"{MULTI}:2")
        self.placed, failures = place_images(self.made, Destination.parse("docker://mirror.test:5000/ns"))
        assert not failures
        self.mirror = MemoryStore()
        assert self.push(self.placed).complete
        self.mirror.calls.clear()

    def push(self, placed):
        return transfer(placed, Ends(self.store, self.mirror, self.shelf), TransferOptions(level=DEEP))

    def check(self, level="content", **options):
        return verify(self.placed, self.mirror, level, **options)


@pytest.fixture
def mirror(tmp_path):
    return Mirror(tmp_path)


def found(verification):
    return [(finding.kind, finding.repository, finding.name) for finding in verification.findings]


@pytest.mark.parametrize("level", LEVELS)
def test_a_mirror_that_holds_the_plan_is_clean(mirror, level):
    result = mirror.check(level)
    assert result.findings == () and result.clean and result.images == 4
    assert mirror.mirror.count("open_blob") == (0 if level != "content" else result.blobs)
    # Each blob in each of the two repositories: what is in both is asked for twice.
    assert mirror.mirror.count("blob_size") == (0 if level == "manifests" else result.blobs + 2)
    assert mirror.mirror.count("put_manifest") == mirror.mirror.count("start_blob") == 0
    json.dumps(result.document())


def test_the_first_level_asks_once_for_each_thing(mirror):
    mirror.check("manifests")
    # Two tag lists, four images, one further tag, two instances, one list of referrers.
    assert len(mirror.mirror.calls) == 2 + 4 + 1 + 2 + 1


def break_missing_tag(mirror):
    del mirror.mirror.named["ns/team/app"]["also"]
    return "manifests", ("missing_tag", "ns/team/app", "also"), f"{APP}:1"


def break_moved_tag(mirror):
    mirror.mirror.add_image("ns/team/app", "1", layers=[b"other"])
    return "manifests", ("moved_tag", "ns/team/app", "1"), f"{APP}:1"


def break_foreign_tag(mirror):
    mirror.mirror.add_image("ns/team/app", "mine", layers=[b"other"])
    return "manifests", ("foreign_tag", "ns/team/app", "mine"), None


def break_missing_manifest(mirror):
    del mirror.mirror.manifests["ns/team/multi"][mirror.referrer.digest]
    return "manifests", ("missing_manifest", "ns/team/multi", mirror.referrer.digest), f"{MULTI}@{mirror.referrer.digest}"


def break_corrupt_manifest(mirror):
    mirror.mirror.manifests["ns/team/multi"][mirror.arm.digest] = mirror.amd
    return "manifests", ("corrupt_manifest", "ns/team/multi", mirror.arm.digest), f"{MULTI}:2"


def break_missing_instance(mirror):
    del mirror.mirror.manifests["ns/team/multi"][mirror.arm.digest]
    return "manifests", ("missing_instance", "ns/team/multi", mirror.arm.digest), f"{MULTI}:2"


def break_missing_referrer(mirror):
    mirror.mirror.referrers = lambda repository, digest: ()
    return "manifests", ("missing_referrer", "ns/team/multi", mirror.referrer.digest), f"{MULTI}@{mirror.referrer.digest}"


def break_missing_blob(mirror):
    del mirror.mirror.blobs["ns/team/app"][Digest.of(b"app")]
    return "blobs", ("missing_blob", "ns/team/app", Digest.of(b"app")), f"{APP}:1"


def break_corrupt_blob(mirror):
    mirror.mirror.blobs["ns/team/app"][Digest.of(b"app")] = b"apq"
    return "content", ("corrupt_blob", "ns/team/app", Digest.of(b"app")), f"{APP}:1"


def cut_blob(mirror):
    mirror.mirror.blobs["ns/team/app"][Digest.of(b"app")] = b"ap"


def break_unreadable(mirror):
    mirror.mirror.errors["blob_size", "ns/team/app"] = Unreachable("it went away")
    return (
        "blobs",
        ("unreadable", "ns/team/app", sorted([Digest.of(b"app"), Digest.of(b"shared" * 99), Digest.of(b"sig"), Digest.of(b"{}")])[0]),
        None,
    )


BREAKS = {name[len("break_") :]: function for name, function in list(globals().items()) if name.startswith("break_")}


def test_every_kind_is_broken_once():
    assert set(BREAKS) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_each_deviation_is_found_named_and_attributed(mirror, kind):
    level, expected, origin = BREAKS[kind](mirror)
    result = mirror.check(level)
    assert found(result) == [expected]
    (finding,) = result.findings
    if origin is not None:
        assert finding.origins == (origin,)
    assert finding.name in finding.message or kind == "unreadable"
    assert not result.clean and result.counts() == {kind: 1}
    if level != "manifests" and kind != "unreadable":
        assert mirror.check(LEVELS[LEVELS.index(level) - 1]).clean


@pytest.mark.parametrize("kind", ["missing_tag", "moved_tag", "missing_manifest", "missing_instance", "missing_blob"])
def test_repair_pushes_what_is_missing_and_nothing_else(mirror, kind):
    BREAKS[kind](mirror)
    to_push = repairs(mirror.check().findings, mirror.placed)
    assert 1 <= len(to_push) < len(mirror.placed)
    result = mirror.push(to_push)
    assert result.complete and result.blobs["copied"] <= 1
    assert mirror.check().clean


def test_a_blob_that_was_cut_off_has_the_wrong_length(mirror):
    cut_blob(mirror)
    assert mirror.check("manifests").clean
    result = mirror.check("blobs")
    assert found(result) == [("corrupt_blob", "ns/team/app", Digest.of(b"app"))]
    assert "2 bytes" in result.findings[0].message and "blob of 3" in result.findings[0].message


def test_what_one_object_answers_says_nothing_about_the_others(mirror):
    """A registry answers 500 for a link that it cannot read; the rest of the image is looked at all the same."""
    mirror.mirror.errors["fetch_manifest", "ns/team/app"] = Unreachable("500", status=500)
    result = mirror.check("manifests")
    names = {finding.name for finding in result.findings}
    assert {"1", "also", mirror.app.digest, mirror.signature.digest} <= names and set(result.counts()) == {"unreadable"}


def test_what_cannot_be_repaired_is_not_pushed(mirror):
    BREAKS["foreign_tag"](mirror)
    BREAKS["corrupt_blob"](mirror)
    assert repairs(mirror.check().findings, mirror.placed) == ()


def test_an_empty_registry_lacks_everything(mirror):
    result = verify(mirror.placed, MemoryStore(), "content")
    assert {finding.kind for finding in result.findings} == {"missing_tag", "missing_manifest"}
    assert repairs(result.findings, mirror.placed) == mirror.placed


def test_a_registry_that_lists_no_tags_is_asked_for_each(mirror):
    for repository in ("ns/team/app", "ns/team/multi"):
        mirror.mirror.errors["tags", repository] = AccessDenied("no listing", status=401)
    assert mirror.check().clean
    del mirror.mirror.named["ns/team/app"]["also"]
    assert found(mirror.check()) == [("missing_tag", "ns/team/app", "also")]


def test_what_cannot_be_asked_is_told_and_proves_nothing(mirror):
    mirror.mirror.errors["fetch_manifest", "ns/team/app"] = Unreachable("it went away")
    result = mirror.check()
    assert set(result.counts()) == {"unreadable"} and not result.complete


def test_tags_of_other_image_sets_are_not_foreign(mirror):
    mirror.mirror.add_image("ns/team/app", "theirs", layers=[b"other"])
    assert not mirror.check("manifests").clean
    assert mirror.check("manifests", known_tags={"ns/team/app": {"theirs"}}).clean


def test_the_tag_that_lists_referrers_is_ours(mirror):
    mirror.mirror.named["ns/team/multi"][f"sha256-{mirror.index.digest.hex}"] = mirror.index.digest
    assert mirror.check("manifests").clean


def test_instances_that_platforms_leave_out_are_not_missed(tmp_path):
    mirror = Mirror(tmp_path)
    plan = mirror.plan({"name": f"{MULTI}:2", "platforms": [{"os": "linux", "architecture": "amd64"}]})
    placed, _failures = place_images(plan, Destination.parse("docker://mirror.test:5000"))
    sparse = MemoryStore()
    assert transfer(placed, Ends(mirror.store, sparse, mirror.shelf)).complete
    assert mirror.arm.digest not in sparse.manifests["team/multi"]
    assert verify(placed, sparse, "content").clean


def test_the_parts_of_a_rota_read_every_blob_once(mirror):
    whole = mirror.check().bytes_read
    sizes = [mirror.check(part=Part(number, 3)).bytes_read for number in (1, 2, 3)]
    assert sum(sizes) == whole and max(sizes) < whole
    BREAKS["corrupt_blob"](mirror)
    assert sum(len(mirror.check(part=Part(number, 3)).findings) for number in (1, 2, 3)) == 1


@pytest.mark.parametrize("number, count", [(0, 1), (2, 1), (4, 3)])
def test_a_part_that_does_not_exist_is_refused(number, count):
    with pytest.raises(InputError, match="does not exist"):
        Part(number, count)


def test_an_unknown_level_is_refused(mirror):
    with pytest.raises(InputError, match="manifests, blobs, content"):
        mirror.check("deep")


def test_a_stopped_verification_proves_nothing(mirror):
    class Stopped:
        def is_set(self):
            return True

    result = mirror.check(stop=Stopped())
    assert result.findings == () and not result.complete and not result.clean
    assert mirror.mirror.calls == []


@pytest.mark.parametrize("seed", range(40))
def test_one_of_many_objects_broken_at_random_is_found(tmp_path, seed):
    chance = random.Random(seed)
    world = World(tmp_path)
    names = []
    for number in range(30):
        layers = [bytes([chance.randrange(40)]) * 9 for _layer in range(3)]
        world.store.add_image(f"registry.test/app{number % 7}", str(number), layers=layers, config=str(number).encode())
        names.append(f"registry.test/app{number % 7}:{number}")
    placed, _failures = place_images(world.plan(*names, signatures="skip"), Destination.parse("docker://mirror.test:5000"))
    mirror = MemoryStore()
    assert transfer(placed, Ends(world.store, mirror, world.shelf)).complete
    assert verify(placed, mirror, "content", parallel=2).clean
    repository = chance.choice(sorted(mirror.blobs))
    kind = chance.choice(["missing_blob", "missing_manifest", "moved_tag", "foreign_tag"])
    if kind == "missing_blob":
        del mirror.blobs[repository][chance.choice(sorted(mirror.blobs[repository]))]
    elif kind == "missing_manifest":
        del mirror.manifests[repository][chance.choice(sorted(mirror.manifests[repository]))]
    elif kind == "moved_tag":
        mirror.add_image(repository, chance.choice(sorted(mirror.named[repository])), layers=[b"another"])
    else:
        mirror.add_image(repository, "foreign", layers=[b"another"])
    result = verify(placed, mirror, "content", parallel=2)
    assert {finding.repository for finding in result.findings} == {repository}
    assert kind in result.counts()
