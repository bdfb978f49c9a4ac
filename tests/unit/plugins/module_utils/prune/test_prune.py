# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import random

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import AccessDenied, InputError, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.files import json_bytes
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.association import Association
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.candidate import candidates
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.delete_list import document_of, items_of, placed, read_list
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.deletion import Limits, delete, pruning_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.protection import judge, protect_list
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore

A, B, C = (Digest("sha256:" + letter * 64) for letter in "abc")


def entry(digest, path="single_manifest", tags=(), manifests=(), subject=""):
    return Association(path, digest, f"registry.test/{path}@{digest}", "generic", tuple(tags), tuple(manifests), (), subject)


def plan_of(found, registry="test-registry.com"):
    return pruning_plan(registry, found)


def in_namespace(path):
    return f"namespace/{path}"


def test_what_is_no_longer_wanted_is_planned_by_repository():
    found = candidates([entry(B)], [entry(A)], in_namespace)
    assert plan_of(found)["repositories"] == [{"name": "namespace/single_manifest", "manifests": [B]}]


def test_nothing_to_delete_leaves_only_the_registry():
    assert plan_of(candidates([], [entry(A)], in_namespace)) == {"registry": "test-registry.com"}


def test_the_same_digest_in_another_repository_is_no_reason_to_keep_it():
    found = candidates([entry(A, "one")], [entry(A, "two")], in_namespace)
    assert [candidate.repository for candidate in found] == ["namespace/one"]


def test_a_list_that_moved_to_other_children_loses_only_the_digests_that_are_gone():
    found = candidates([entry(A, manifests=[B, C])], [entry(Digest("sha256:" + "d" * 64), manifests=[C])], in_namespace)
    assert [candidate.digest for candidate in found] == [A, B]


def test_the_plan_file_has_stable_bytes():
    found = candidates([entry(B, "b"), entry(A, "a"), entry(C, "b")], [], lambda path: path)
    assert json_bytes(plan_of(found, "r")) == json_bytes(plan_of(tuple(reversed(found)), "r"))


@pytest.fixture
def store():
    return MemoryStore()


def associated(manifest, path, *tags, children=(), subject=""):
    return entry(manifest.digest, path, tags, [child.digest for child in children], subject)


def test_foreign_tags_keep_what_they_need(store):
    one = store.add_image("app", "ours", layers=[b"1"])
    two = store.add_image("app", "ours2", layers=[b"2"])
    store.named["app"]["theirs"] = one.digest
    store.add_index("app", [("linux/amd64", two)], "their-index")
    judgement = judge(candidates([associated(one, "app", "ours"), associated(two, "app", "ours2")], [], str), store)
    assert judgement.doomed == ()
    assert {spared.reason for spared in judgement.spared} == {"the tag app:theirs needs it", "the tag app:their-index needs it"}


def test_images_of_others_cost_one_request_each(store):
    one = store.add_image("app", "ours", [b"one"])
    for number in range(5):
        store.add_image("app", f"theirs{number}", [b"%d" % number])
    store.add_index("app", [("linux/amd64", store.add_image("app", layers=[b"instance"]))], "index")
    store.calls.clear()
    judge(candidates([associated(one, "app", "ours")], [], str), store)
    assert (store.count("tags"), store.count("find_manifest"), store.count("fetch_manifest")) == (1, 7, 1)


def test_our_own_tag_that_others_moved_is_theirs(store):
    one = store.add_image("app", "v1", layers=[b"1"])
    other = store.add_image("app", "v1", layers=[b"other"])
    judgement = judge(candidates([associated(one, "app", "v1")], [], str), store)
    assert [candidate.digest for candidate in judgement.doomed] == [one.digest]
    assert other.digest not in {candidate.digest for candidate in judgement.doomed}


def test_what_points_is_deleted_before_what_is_pointed_to(store):
    child = store.add_image("app", layers=[b"1"])
    index = store.add_index("app", [("linux/amd64", child)], "v1")
    signature = store.add_image("app", "sha256-x.sig", layers=[b"s"], subject=index)
    found = candidates(
        [associated(index, "app", "v1", children=[child]), associated(signature, "app", "sha256-x.sig", subject=index.digest)], [], str
    )
    judgement = judge(found, store)
    assert [candidate.digest for candidate in judgement.doomed] == [signature.digest, index.digest, child.digest]
    assert len(delete(judgement.doomed, store).deleted) == 3 and not store.manifests["app"]


def test_the_fallback_list_of_referrers_is_no_user_of_them(store):
    image = store.add_image("app", "v1", layers=[b"1"])
    signature = store.add_image("app", layers=[b"s"], subject=image)
    store.add_index("app", [("", signature)], str(image.digest).replace(":", "-"))
    ours = [associated(image, "app", "v1"), associated(signature, "app", subject=image.digest)]
    assert judge(candidates(ours, [], str), store).spared == ()
    kept = judge(candidates(ours[1:], ours[:1], str), store)
    assert [spared.candidate.digest for spared in kept.spared] == [signature.digest]


def test_the_protect_list_covers_origins_digests_and_tags(store):
    images = [store.add_image(name, "v1", layers=[name.encode()]) for name in ("one", "two", "three")]
    ours = [associated(image, name, "v1") for image, name in zip(images, ("one", "two", "three"))]
    judgement = judge(candidates(ours, [], str), store, protect_list(["/one@", f"^{images[1].digest}$"]))
    assert [candidate.repository for candidate in judgement.doomed] == ["three"]
    with pytest.raises(InputError, match="protect"):
        protect_list(["("])


def test_a_repository_that_cannot_be_read_stops_everything(store):
    image = store.add_image("app", "v1")
    store.errors["tags", "app"] = AccessDenied("no", subject="app")
    with pytest.raises(AccessDenied):
        judge(candidates([associated(image, "app", "v1")], [], str), store)


def test_absent_is_fine_and_refusals_are_told_apart(store):
    here = store.add_image("app", "v1")
    found = candidates([associated(here, "app", "v1"), entry(A, "app"), entry(B, "fixed"), entry(C, "fixed")], [], str)
    store.manifests["fixed"] = {}
    store.errors["delete_manifest", "fixed"] = Unsupported("the registry does not delete", status=405)
    result = delete(found, store)
    assert [candidate.digest for candidate in result.deleted] == [here.digest]
    assert [candidate.digest for candidate in result.absent] == [A]
    # One answer is enough to know that a registry does not delete.
    assert [failure.code for failure in result.failures] == ["unsupported"]


class Naming(MemoryStore):
    """Goes on naming what was deleted, as some registries do.  tags_stay: it refuses to delete tags."""

    def __init__(self, tags_stay=False):
        super().__init__()
        self.tags_stay = tags_stay
        self.ghosts = {}

    def delete_manifest(self, repository, digest):
        self.ghosts.update({(repository, tag): self.find_manifest(repository, tag) for tag in self.tags(repository)})
        super().delete_manifest(repository, digest)

    def find_manifest(self, repository, reference):
        return super().find_manifest(repository, reference) or self.ghosts.get((repository, reference))

    def delete_tag(self, repository, tag):
        if self.tags_stay:
            super().delete_tag(repository, tag)
        del self.ghosts[repository, tag]


def test_no_tag_of_ours_goes_on_naming_what_was_deleted():
    store = Naming()
    found = candidates([associated(store.add_image("app", "v1"), "app", "v1")], [], str)
    result = delete(found, store)
    assert len(result.deleted) == 1 and result.failures == ()
    assert store.find_manifest("app", "v1") is None


def test_a_tag_that_others_moved_meanwhile_stays():
    store = Naming()
    ours = associated(store.add_image("app", "v1"), "app", "v1")
    theirs = store.add_image("app", "v1", layers=[b"theirs"])
    assert delete(candidates([ours], [], str), store).failures == ()
    assert store.find_manifest("app", "v1").digest == theirs.digest


def test_a_tag_that_cannot_be_deleted_is_told():
    store = Naming(tags_stay=True)
    result = delete(candidates([associated(store.add_image("app", "v1"), "app", "v1")], [], str), store)
    assert len(result.deleted) == 1 and [(failure.code, failure.subject) for failure in result.failures] == [("unsupported", "app:v1")]


@pytest.mark.parametrize(
    ("count", "percent", "doomed", "known", "refused"), [(0, 100, 9, 10, False), (5, 100, 6, 100, True), (0, 10, 11, 100, True)]
)
def test_limits_refuse_the_whole(count, percent, doomed, known, refused):
    if refused:
        with pytest.raises(InputError, match="nothing was deleted"):
            Limits(count, percent).require(doomed, known)
    else:
        Limits(count, percent).require(doomed, known)


def everything_below(store, repository, digest):
    manifest = store.manifests[repository][digest]
    return {digest}.union(*(everything_below(store, repository, child.digest) for child in manifest.children))


@pytest.mark.parametrize("seed", range(int(os.environ.get("MIRROR_PRUNE_SEEDS", "60"))))
def test_random_sequences_delete_all_that_is_stale_and_nothing_else(seed):
    """Images, indexes over shared children and foreign tags come and go over several configurations."""
    rng = random.Random(seed)
    store = MemoryStore()
    pool = []
    for number in range(12):
        repository = f"r{rng.randrange(3)}"
        if number % 3 == 0 and number:
            children = [manifest for place, manifest in pool if place == repository and not manifest.is_index]
            chosen = rng.sample(children, min(len(children), 2))
            manifest = store.add_index(repository, [("linux/amd64", child) for child in chosen], "")
        else:
            manifest = store.add_image(repository, "", layers=[bytes([number])])
        if (repository, manifest) not in pool:
            pool.append((repository, manifest))
    for repository in store.manifests:
        store.manifests[repository] = {}
    foreign = {}
    previous = []
    for step in range(rng.randrange(2, 6)):
        wanted = rng.sample(pool, rng.randrange(len(pool)))
        now = []
        for repository, manifest in wanted:
            tags = (f"t{rng.randrange(4)}-{manifest.digest.hex[:6]}",)
            children = [
                child for place, child in pool if place == repository and child.digest in {entry.digest for entry in manifest.children}
            ]
            for each in (*children, manifest):
                store.manifests[repository][each.digest] = each
            store.named.setdefault(repository, {})[tags[0]] = manifest.digest
            now.append(associated(manifest, repository, *tags, children=children))
        for repository, present in store.manifests.items():
            if present and rng.random() < 0.3:
                tag = f"foreign{step}"
                foreign[repository, tag] = store.named.setdefault(repository, {})[tag] = rng.choice(sorted(present))
        keys = {(each.path, each.id) for each in now}
        gone = [each for each in previous if (each.path, each.id) not in keys]
        # Tags of wanted images from earlier steps stay ours.
        merged = {(each.path, each.id): each for each in previous if (each.path, each.id) in keys}
        now = [
            Association(e.path, e.id, e.name, e.type, tuple(sorted({*e.tags, *merged.get((e.path, e.id), e).tags})), e.manifests)
            for e in now
        ]
        before = {(repository, digest) for repository, present in store.manifests.items() for digest in present}
        result = delete(judge(candidates(gone, now, str), store).doomed, store)
        assert result.failures == ()
        needed = {(each.path, digest) for each in now for digest in (each.id, *each.manifests)}
        for (repository, _tag), digest in foreign.items():
            assert digest in store.manifests[repository], f"seed {seed}: a foreign tag lost its manifest"
            needed |= {(repository, below) for below in everything_below(store, repository, digest)}
        after = {(repository, digest) for repository, present in store.manifests.items() for digest in present}
        assert needed <= after, f"seed {seed}: something needed was deleted"
        assert after == before & needed, f"seed {seed}: something stale stayed"
        # What had to stay is remembered with its tags, and is a candidate again next time.
        previous = now + [each for each in gone if each.id in store.manifests[each.path]]


def image(path, digest=A, kind="generic", tags=("v1",), subject=""):
    return PlanImage(kind, f"registry.test/{path}:v1", f"registry.test/{path}", digest, "m", 1, path, tuple(tags), subject=subject)


def test_delete_list_is_sorted_unique_and_leaves_catalogs_out():
    plan = Plan(
        images=(
            image("z/app"),
            image("a/app", tags=()),
            image("z/app"),
            image("redhat/index", kind="operatorCatalog"),
            image("z/app", digest=B, tags=("sha256-x.sig",), subject=A),
        )
    )
    destination = Destination.parse("docker://mirror.example.com:5000/ns")
    names = [item.reference for item in items_of(plan, destination)]
    assert names == [f"mirror.example.com:5000/ns/a/app@{A}", "mirror.example.com:5000/ns/z/app:v1"]
    signed = items_of(plan, destination, signatures=True)
    assert [item.reference for item in signed][-1] == "mirror.example.com:5000/ns/z/app:v1" and len(signed) == 3
    assert read_list(json.dumps(document_of(signed)).encode(), "list") == signed


def test_delete_list_never_reaches_outside_its_place():
    destination = Destination.parse("docker://mirror.example.com/ns")

    def listed(reference, kind="generic"):
        document = document_of([])
        document["items"] = [{"imageName": "x", "imageReference": reference, "type": kind}]
        return placed(read_list(json.dumps(document).encode(), "list"), destination)

    assert listed("docker://mirror.example.com/ns/app:v1")[1] == []
    assert listed("docker://mirror.example.com/ns/openshift/release:v1", "ocpReleaseContent")[1] == []
    for reference, kind in (
        ("docker://mirror.example.com/other/app:v1", "generic"),
        ("docker://mirror.example.com/nsx/app:v1", "generic"),
        ("docker://elsewhere.example.com/ns/app:v1", "generic"),
        ("docker://mirror.example.com/ns/app:v1", "ocpRelease"),
        ("docker://mirror.example.com/ns/openshift/release-images-x:v1", "ocpRelease"),
        ("not a reference", "generic"),
    ):
        inside, outside = listed(reference, kind)
        assert inside == [] and len(outside) == 1, reference


@pytest.mark.parametrize(
    "content", [b"", b"kind: Other", b"{", b'{"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "DeleteImageList", "items": [{}]}']
)
def test_delete_lists_are_checked(content):
    with pytest.raises(InputError):
        read_list(content, "list")
