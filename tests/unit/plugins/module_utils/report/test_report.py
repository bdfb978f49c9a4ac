# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.files import json_bytes
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.image_type import CATALOG, RELEASE_CONTENT
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.diff import diff
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.report.changes import changes
from ansible_collections.disconnected.mirror.plugins.module_utils.report.excerpt import MOST_LINES
from ansible_collections.disconnected.mirror.plugins.module_utils.report.summary import MOST_IMAGES, summary
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import ImageResult, TransferResult
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import COPIED
from ansible_collections.disconnected.mirror.tests.fakes.places import ROOT
from ansible_collections.disconnected.mirror.tests.fakes.world import World

jinja2 = pytest.importorskip("jinja2")
TEMPLATE = os.path.join(ROOT, "roles", "mirror", "templates", "report.html.j2")
A, B = "registry.test/team/a", "registry.test/team/b"
GONE = Failure("not_found", "it is not there", "registry.test/gone:1")
EVIL = "<script>alert(1)</script>\"'&"


def render(report):
    """As Ansible does it: without escaping of its own, and with undefined names as errors."""
    with open(TEMPLATE, encoding="utf-8") as file:
        environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, autoescape=False)
        return environment.from_string(file.read()).render(report=json.loads(json_bytes(report)))


class Page(HTMLParser):
    """Knows whether every element is closed, and which attributes lead somewhere."""

    VOID = {"meta", "br", "hr", "img", "link"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.links, self.tags, self.text = [], [], [], ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src", "action", "data")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    signed = world.store.add_image(A, "1", layers=[b"x" * 3000000])
    world.store.add_image(A, f"sha256-{signed.digest.hex}.sig", layers=[b"s"])
    world.store.add_image(B, "1", layers=[b"x" * 3000000, b"y"])
    return world


@pytest.fixture
def plan(world):
    plan = world.plan(f"{A}:1", f"{B}:1", "registry.test/gone:1")
    release = {"version": "4.16.3", "channel": "stable-4.16", "architecture": "amd64", "payload": "quay.test/r@sha256:1"}
    package = {
        "name": "logging",
        "default_channel": "stable",
        "channels": [{"name": "stable", "head": "logging.v6", "bundles": ["logging.v6"]}],
    }
    return replace(
        plan,
        releases=(release, {**release, "version": "4.16.4"}),
        catalogs=({"catalog": "registry.test/index:v4", "digest": "sha256:2", "packages": [package]},),
        charts=({"name": "podinfo", "version": "5.0.0"},),
        warnings=("Something to know.",),
    )


def result_of(plan):
    """The document of a run that copied what was planned."""
    images = tuple(ImageResult(PlacedImage(image, image.destination, image.tags), COPIED) for image in plan.images)
    return TransferResult(images, blobs={COPIED: 3}, size=3000001, duration=12.34, left_out=plan.failures).document()


def test_numbers_of_a_plan(world, plan):
    report = summary(plan, world.shelf, "mirror_to_mirror", "docker://mirror.test:5000", "2026-01-02 03:04 UTC")
    assert report["state"] == "incomplete"
    assert report["counts"] == {
        "images": 3,
        "attachments": 1,
        "releases": 2,
        "packages": 1,
        "catalogs": 1,
        "charts": 1,
        "failures": 1,
        "warnings": 1,
    }
    assert report["signatures"]["signed"] == 1
    assert report["signatures"]["unsigned"]["listed"] == [f"{B}:1"]
    assert 3000000 < report["sizes"]["total"] < 3010000
    assert [entry["origin"] for entry in report["images"]["listed"]] == [f"{B}:1", f"{A}:1"]
    assert report["releases"][0]["versions"][1]["version"] == "4.16.4"


@pytest.mark.parametrize(
    "failures, result, state",
    [
        ((), None, "planned"),
        ((GONE,), None, "incomplete"),
        ((), TransferResult(()), "complete"),
        ((), TransferResult((), stopped_by=GONE), "incomplete"),
        ((), TransferResult((), cancelled=True), "cancelled"),
        ((GONE,), TransferResult((), left_out=(GONE,)), "incomplete"),
    ],
)
def test_states(world, failures, result, state):
    document = result.document() if result is not None else None
    assert summary(Plan(failures=failures), world.shelf, result=document)["state"] == state


def test_a_release_with_a_good_signature_vouches_for_what_it_names(world, plan):
    why = (("platform.channels[0]", "stable-4.16", "latest", "4.16.3-x86_64", "cli"),)
    component = next(image for image in plan.images if image.origin == f"{B}:1")
    released = replace(plan, images=(replace(component, type=RELEASE_CONTENT, why=why),))
    for signatures, signed in ((["c2ln"], 1), ([], 0)):
        release = {"version": "4.16.3", "architecture": "amd64", "tag": "4.16.3-x86_64", "signatures": signatures}
        report = summary(replace(released, releases=(release,)), world.shelf)
        assert report["signatures"]["signed"] == signed and report["signatures"]["unsigned"]["total"] == 1 - signed
        architectures = next(part for part in report["sizes"]["parts"] if part["name"] == "by architecture")
        assert [share["name"] for share in architectures["shares"]] == ["amd64"]


def test_a_rebuilt_catalog_means_something_else_and_did_not_come_and_go(plan):
    catalog = replace(plan.images[0], type=CATALOG, origin="registry.test/index:v4", source="built://catalogs/one", subject="")
    other = replace(catalog, source="built://catalogs/two", digest=plan.images[1].digest)
    told = changes(diff(Plan(images=(catalog,)), Plan(images=(other,))))
    assert (told["added"]["total"], told["removed"]["total"], told["moved"]["listed"]) == (0, 0, ["registry.test/index:v4"])


def test_the_page_says_what_matters(world, plan):
    report = summary(
        plan, world.shelf, "mirror_to_mirror", "docker://mirror.test:5000", "today", result_of(plan), changes(diff(None, plan, world.shelf))
    )
    page = Page(render(report))
    for text in (
        "Mirror report",
        "docker://mirror.test:5000",
        f"{A}:1",
        "registry.test/gone:1",
        "4.16.3",
        "logging.v6",
        "podinfo",
        "2.9 MiB",
        "copied",
        "3images",
        "1failure",
    ):
        assert text in page.text
    assert "Images that came" in page.text and "Images without a signature" in page.text


def test_the_page_stands_alone(world, plan):
    text = render(summary(plan, world.shelf, result=result_of(plan)))
    page = Page(text)
    assert page.links == []
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert not re.search(r"https?://|url\(|@import", text)


def test_nothing_that_is_mirrored_can_write_into_the_page(world, plan):
    hostile = replace(
        plan,
        images=tuple(
            replace(image, origin=EVIL, destination=EVIL, tags=(EVIL,), platforms=(EVIL,), why=((EVIL,),), subject="")
            for image in plan.images
        ),
        releases=({"version": EVIL, "channel": EVIL, "architecture": EVIL, "payload": EVIL},),
        catalogs=(
            {
                "catalog": EVIL,
                "digest": EVIL,
                "packages": [{"name": EVIL, "default_channel": EVIL, "channels": [{"name": EVIL, "head": EVIL}]}],
            },
        ),
        charts=({"name": EVIL, "version": EVIL},),
        warnings=(EVIL,),
        failures=(Failure(EVIL, EVIL, EVIL, EVIL, advice=EVIL),),
    )
    report = summary(hostile, Shelf("/nowhere"), EVIL, EVIL, EVIL, result_of(plan), changes(diff(None, hostile)))
    text = render(report)
    assert "<script" not in text
    assert "script" not in Page(text).tags
    assert text.count("&lt;script&gt;") > 20


def test_an_empty_plan_has_a_page(world):
    page = Page(render(summary(Plan(), world.shelf)))
    assert "planned" in page.text


def test_a_large_plan_has_a_small_page(world, plan):
    image = plan.images[0]
    many = replace(
        plan,
        images=tuple(replace(image, origin=f"{A}:{number}", destination=f"team/a{number}") for number in range(3000)),
        failures=tuple(Failure("x", f"message {number}", f"subject {number}") for number in range(5000)),
    )
    report = summary(many, world.shelf, changes=changes(diff(None, many)))
    assert len(report["images"]["listed"]) == MOST_IMAGES and report["images"]["more"] == 3000 - MOST_IMAGES
    assert len(report["failures"]["listed"]) == MOST_LINES
    assert len(render(report)) < 1_000_000


def test_the_same_run_has_the_same_report(world, plan):
    assert json_bytes(summary(plan, world.shelf)) == json_bytes(summary(plan, world.shelf))


def test_a_plan_without_its_manifests_has_a_report(plan, tmp_path):
    report = summary(plan, Shelf(str(tmp_path / "none")))
    assert report["sizes"]["exact"] is False and report["sizes"]["total"] > 6000000
    assert "at most" in Page(render(report)).text
