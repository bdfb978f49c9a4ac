# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import shutil

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import AccessDenied, Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.build import PlanOptions, build_plan
from ansible_collections.disconnected.mirror.tests.fakes.world import World

REPOSITORY = "registry.test/team/app"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"


def sig(manifest, suffix="sig"):
    return f"sha256-{manifest.digest.hex}.{suffix}"


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def attached(plan):
    return {(image.subject, image.digest): image.tags for image in plan.images if image.subject}


def test_tags_beside_the_image_come_along(world):
    image = world.store.add_image(REPOSITORY, "1")
    made = {suffix: world.store.add_image(REPOSITORY, sig(image, suffix), layers=[suffix.encode()]) for suffix in ("sig", "att", "sbom")}
    plan = world.plan(f"{REPOSITORY}:1")
    assert attached(plan) == {(image.digest, manifest.digest): (sig(image, suffix),) for suffix, manifest in made.items()}
    for entry in plan.images:
        assert (entry.destination, entry.type) == ("team/app", "generic")
    chains = {chain for entry in plan.images if entry.subject for chain in entry.why}
    assert chains == {("additionalImages[0]", f"attached to {image.digest}")}


def test_referrers_of_the_index_of_instances_and_of_attachments_come_along(world):
    instance = world.store.add_image(REPOSITORY)
    index = world.store.add_index(REPOSITORY, [("linux/amd64", instance)], "1")
    of_index = world.store.add_image(REPOSITORY, layers=[b"i"], subject=index, artifact_type=BUNDLE)
    of_instance = world.store.add_image(REPOSITORY, layers=[b"c"], subject=instance, artifact_type="application/spdx+json")
    of_sbom = world.store.add_image(REPOSITORY, layers=[b"s"], subject=of_instance, artifact_type=BUNDLE)
    world.store.add_image(REPOSITORY, "unrelated")
    assert attached(world.plan(f"{REPOSITORY}:1")) == {
        (index.digest, of_index.digest): (),
        (instance.digest, of_instance.digest): (),
        (of_instance.digest, of_sbom.digest): (),
    }


def test_attachments_of_instances_that_stay_behind_stay_behind(world):
    amd, arm = (world.store.add_image(REPOSITORY, layers=[name]) for name in (b"amd", b"arm"))
    world.store.add_index(REPOSITORY, [("linux/amd64", amd), ("linux/arm64", arm)], "1")
    kept = world.store.add_image(REPOSITORY, sig(amd), layers=[b"sa"])
    world.store.add_image(REPOSITORY, sig(arm), layers=[b"sb"])
    plan = world.plan({"name": f"{REPOSITORY}:1", "platforms": [{"os": "linux", "architecture": "amd64"}]})
    assert attached(plan) == {(amd.digest, kept.digest): (sig(amd),)}


def test_an_attachment_of_two_destinations_goes_to_both(world):
    image = world.store.add_image(REPOSITORY, "1")
    world.store.add_image(REPOSITORY, sig(image), layers=[b"s"])
    plan = world.plan(f"{REPOSITORY}:1", {"name": f"{REPOSITORY}:1", "targetRepo": "elsewhere"})
    assert sorted(entry.destination for entry in plan.images if entry.subject) == ["elsewhere", "team/app"]


def test_one_tag_list_serves_all_images_of_a_repository(tmp_path):
    world = World(tmp_path, referrers=False)
    for number in range(20):
        world.store.add_image(REPOSITORY, str(number), layers=[bytes([number])])
    world.plan(*(f"{REPOSITORY}:{number}" for number in range(20)))
    assert world.store.count("tags") == 1
    assert world.store.count("referrers") == 0
    assert len(world.store.calls) == 20 + 1


def test_tags_are_asked_for_one_by_one_where_they_are_not_listed(world):
    image = world.store.add_image(REPOSITORY, "1")
    signature = world.store.add_image(REPOSITORY, sig(image), layers=[b"s"])
    world.store.errors["tags", REPOSITORY] = AccessDenied("no listing here", status=401)
    plan = world.plan(f"{REPOSITORY}:1")
    assert attached(plan) == {(image.digest, signature.digest): (sig(image),)}
    assert plan.failures == ()


def test_a_registry_without_referrers_is_no_failure(world):
    world.store.add_image(REPOSITORY, "1")
    world.store.errors["referrers", REPOSITORY] = AccessDenied("what is that", status=403)
    plan = world.plan(f"{REPOSITORY}:1")
    assert plan.failures == () and len(plan.images) == 1


def test_a_lookup_that_fails_is_told_and_the_image_stands(world):
    world.store.add_image(REPOSITORY, "1")
    world.store.errors["referrers", REPOSITORY] = Unreachable("it went away", host="registry.test")
    plan = world.plan(f"{REPOSITORY}:1")
    assert [image.origin for image in plan.images] == [f"{REPOSITORY}:1"]
    (failure,) = plan.failures
    assert (failure.code, failure.subject, failure.host) == ("unreachable", f"{REPOSITORY}:1", "registry.test")
    assert "signatures" in failure.message


def test_referrers_that_name_another_subject_are_not_believed(world):
    image = world.store.add_image(REPOSITORY, "1")
    other = world.store.add_image(REPOSITORY, "2", layers=[b"2"])
    liar = world.store.add_image(REPOSITORY, layers=[b"x"], subject=other, artifact_type=BUNDLE)
    world.store.referrers = lambda repository, digest: (liar.descriptor(), liar.descriptor())
    assert attached(world.plan(f"{REPOSITORY}:1")) == {}
    assert image.digest != other.digest


def test_a_registry_that_names_a_manifest_its_own_referrer_ends(world):
    image = world.store.add_image(REPOSITORY, "1")
    world.store.referrers = lambda repository, digest: (image.descriptor(),)
    assert attached(world.plan(f"{REPOSITORY}:1")) == {}


def test_an_attachment_found_both_ways_is_there_once(world):
    image = world.store.add_image(REPOSITORY, "1")
    both = world.store.add_image(REPOSITORY, sig(image), layers=[b"s"], subject=image, artifact_type=BUNDLE)
    plan = world.plan(f"{REPOSITORY}:1")
    assert attached(plan) == {(image.digest, both.digest): (sig(image),)}
    assert len(plan.images) == 2


def test_skip_asks_nothing(world):
    image = world.store.add_image(REPOSITORY, "1")
    world.store.add_image(REPOSITORY, sig(image))
    assert len(world.plan(f"{REPOSITORY}:1", signatures="skip").images) == 1
    assert world.store.count("tags") == world.store.count("referrers") == 0


@pytest.mark.parametrize("signed", ["tag", "referrer", "index only", "all instances"])
def test_required_signatures_are_found(world, signed):
    amd, arm = (world.store.add_image(REPOSITORY, layers=[name]) for name in (b"amd", b"arm"))
    index = world.store.add_index(REPOSITORY, [("linux/amd64", amd), ("linux/arm64", arm)], "1")
    if signed == "referrer":
        world.store.add_image(REPOSITORY, layers=[b"s"], subject=index, artifact_type="application/vnd.cncf.notary.signature")
    elif signed == "all instances":
        for instance in (amd, arm):
            world.store.add_image(REPOSITORY, sig(instance), layers=[instance.digest.encode()])
    else:
        world.store.add_image(REPOSITORY, sig(index), layers=[b"s"])
    plan = world.plan(f"{REPOSITORY}:1", signatures="require")
    assert plan.failures == () and f"{REPOSITORY}:1" in [image.origin for image in plan.images]


@pytest.mark.parametrize("unsigned", ["nothing", "only an sbom", "one instance"])
def test_required_signatures_that_lack_fail_the_image_alone(world, unsigned):
    amd, arm = (world.store.add_image(REPOSITORY, layers=[name]) for name in (b"amd", b"arm"))
    index = world.store.add_index(REPOSITORY, [("linux/amd64", amd), ("linux/arm64", arm)], "1")
    if unsigned == "only an sbom":
        world.store.add_image(REPOSITORY, sig(index, "sbom"), layers=[b"s"])
    elif unsigned == "one instance":
        world.store.add_image(REPOSITORY, sig(amd), layers=[b"s"])
    good = world.store.add_image("registry.test/good", "1")
    world.store.add_image("registry.test/good", sig(good), layers=[b"s"])
    plan = world.plan(f"{REPOSITORY}:1", "registry.test/good:1", signatures="require")
    assert {image.source for image in plan.images} == {"registry.test/good"}
    assert [(failure.code, failure.subject) for failure in plan.failures] == [("unsigned", f"{REPOSITORY}:1")]


def test_two_sources_that_sign_one_image_differently_are_told(world):
    for host in ("one.test", "two.test"):
        image = world.store.add_image(f"{host}/app", "1")
        world.store.add_image(f"{host}/app", sig(image), layers=[host.encode()])
    plan = world.plan("one.test/app:1", "two.test/app:1")
    assert [image.source for image in plan.images if image.subject] == ["one.test/app"]
    assert len(plan.warnings) == 1 and "two.test/app" in plan.warnings[0]
    assert plan.failures == ()


DAY = 24 * 60 * 60


def replan(world, names, now, **options):
    world.store.calls.clear()
    return build_plan(world.imageset(*names), world.context, options=PlanOptions(now=now, **options))


@pytest.fixture
def signed(world):
    """A world with a signed, pinned image whose signature has a signature, and the name of that image."""
    image = world.store.add_image(REPOSITORY)
    signature = world.store.add_image(REPOSITORY, sig(image), layers=[b"s"])
    world.store.add_image(REPOSITORY, layers=[b"r"], subject=signature, artifact_type=BUNDLE)
    world.name = f"{REPOSITORY}@{image.digest}"
    return world


def test_what_was_found_lately_is_not_asked_for_again(signed):
    first = replan(signed, [signed.name], 1000)
    assert len(first.images) == 3 and signed.store.calls
    assert replan(signed, [signed.name], 1000 + DAY - 1) == first
    assert signed.store.calls == []


def test_what_was_found_long_ago_is_asked_for_again(signed):
    first = replan(signed, [signed.name], 1000)
    attestation = signed.store.add_image(REPOSITORY, sig(first.images[0], "att"), layers=[b"late"])
    assert attestation.digest not in {image.digest for image in replan(signed, [signed.name], 1001).images}
    assert attestation.digest in {image.digest for image in replan(signed, [signed.name], 1000 + DAY).images}
    assert attestation.digest in {image.digest for image in replan(signed, [signed.name], 1, attachments_age=0).images}


def test_a_further_image_of_a_repository_is_looked_at(signed):
    replan(signed, [signed.name], 1000)
    other = signed.store.add_image(REPOSITORY, "2", layers=[b"2"])
    signature = signed.store.add_image(REPOSITORY, sig(other), layers=[b"s2"])
    plan = replan(signed, [signed.name, f"{REPOSITORY}:2"], 1001)
    assert signature.digest in {image.digest for image in plan.images} and len(plan.images) == 5


def test_a_required_signature_that_was_not_there_is_looked_for_again(world):
    image = world.store.add_image(REPOSITORY)
    name = f"{REPOSITORY}@{image.digest}"
    assert replan(world, [name], 1000, signatures="require").failures
    world.store.add_image(REPOSITORY, sig(image), layers=[b"s"])
    assert replan(world, [name], 1001, signatures="require").failures == ()


def test_a_lookup_that_failed_is_not_remembered(signed):
    signed.store.errors["referrers", REPOSITORY] = Unreachable("it went away")
    assert replan(signed, [signed.name], 1000).failures
    signed.store.errors.clear()
    assert len(replan(signed, [signed.name], 1001).images) == 3


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"form": 1, "repositories": []}', b'{"form": 1, "repositories": {"registry.test/team/app": 5}}']
)
def test_a_broken_memory_is_none(signed, content):
    first = replan(signed, [signed.name], 1000)
    with open(signed.workspace.attachments, "wb") as file:
        file.write(content)
    assert replan(signed, [signed.name], 1001) == first
    assert signed.store.calls


def test_a_memory_whose_manifests_are_gone_is_none(signed):
    first = replan(signed, [signed.name], 1000)
    shutil.rmtree(signed.workspace.manifests)
    assert replan(signed, [signed.name], 1001) == first
