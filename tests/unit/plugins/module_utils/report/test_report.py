# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.files import json_bytes
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.image_type import CATALOG, RELEASE_CONTENT
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.diff import diff
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.report import contents, failures, images
from ansible_collections.disconnected.mirror.plugins.module_utils.report.changes import changes
from ansible_collections.disconnected.mirror.plugins.module_utils.report.excerpt import MOST_LINES
from ansible_collections.disconnected.mirror.plugins.module_utils.report.failures import KINDS
from ansible_collections.disconnected.mirror.plugins.module_utils.report.history import Run
from ansible_collections.disconnected.mirror.plugins.module_utils.report.page.page import page
from ansible_collections.disconnected.mirror.plugins.module_utils.report.records import Records
from ansible_collections.disconnected.mirror.plugins.module_utils.report.summary import summary
from ansible_collections.disconnected.mirror.plugins.module_utils.report.tables import comma_separated, tables
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import ImageResult, TransferResult
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import COPIED
from ansible_collections.disconnected.mirror.tests.fakes import reports
from ansible_collections.disconnected.mirror.tests.fakes.places import ROOT
from ansible_collections.disconnected.mirror.tests.fakes.world import World

A, B = "registry.test/team/a", "registry.test/team/b"
GONE = Failure("not_found", "it is not there", "registry.test/gone:1")
EVIL = "<script>alert(1)</script>\"'&\x1b[31m"
GUIDE = os.path.join(ROOT, "docs", "docsite", "rst", "guide_troubleshooting.rst")


class Page(HTMLParser):
    """Knows whether every element is closed, which attributes lead somewhere, and which identities there are."""

    VOID = {"meta", "br", "hr", "img", "link", "input"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.links, self.tags, self.text, self.named, self.identities, self.handlers = [], [], [], "", [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("href", "src", "action", "data", "srcset", "xlink:href"):
                self.links.append(value)
            if name in ("aria-labelledby", "for"):
                self.named.append(value)
            if name == "id":
                self.identities.append(value)
            if name == "style" or name.startswith("on"):
                self.handlers.append(name)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data if self.open[-1:] not in (["script"], ["style"]) else ""


def render(records):
    """The value and the page."""
    graphs = contents.update_graphs(records.plan)
    report = summary(records, graphs)
    return report, page(json.loads(json_bytes(report)), graphs)


def require_sound(text):
    """One file that is well formed, asks for nothing and runs nothing but its own."""
    found = Page(text)
    assert found.tags.count("script") == found.tags.count("style") == 1 and not found.handlers
    outside = [link for link in found.links if not link.startswith(("#", "report/", "data:,"))]
    assert not outside and "@import" not in text and "url(" not in text
    assert len(set(found.identities)) == len(found.identities) and set(found.named) <= set(found.identities)
    assert {link[1:] for link in found.links if link.startswith("#")} <= set(found.identities)
    assert "default-src 'none'" in text
    return found


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
    """Of a run that copied what was planned."""
    images = tuple(ImageResult(PlacedImage(image, image.destination, image.tags), COPIED) for image in plan.images)
    return TransferResult(images, blobs={COPIED: 3}, size=3000001, duration=12.34, left_out=plan.failures)


def records_of(plan, world, result=None, **more):
    runs = ()
    if result is not None:
        runs = (Run(1000, "mirror_to_mirror", "docker://mirror.test:5000", "p", "complete", True, 3, 3, 0, 3000001, 12.34),)
    return Records(plan, world.shelf, 1000, "/w", "p", runs, result.document() if result is not None else None, **more)


def test_numbers_of_a_plan(world, plan):
    report, _page = render(records_of(plan, world))
    assert report["state"] == "incomplete"
    assert report["counts"] == {
        "images": 3,
        "attachments": 1,
        "releases": 2,
        "signed_releases": 0,
        "packages": 1,
        "catalogs": 1,
        "charts": 1,
        "failures": 1,
        "warnings": 1,
    }
    assert report["signatures"]["signed"] == 1
    assert report["signatures"]["unsigned"]["listed"] == [f"{B}:1"]
    assert 3000000 < report["sizes"]["total"] < 3010000
    assert [entry["kind"] for entry in report["images"]["listed"]] == ["additional", "additional", "attachment"]
    assert report["releases"][0]["versions"][1]["version"] == "4.16.4"


def test_what_a_release_names_is_signed_by_its_signature(world, plan):
    """Payloads name their components by digest, so that the one signature that was verified stands for all of them."""
    signed, _attached, unsigned = plan.images
    release = {**plan.releases[0], "tag": "4.16.3-x86_64", "signatures": ["c2lnbmF0dXJl"]}
    component = replace(unsigned, type=RELEASE_CONTENT, why=(("platform.channels[0]", "stable-4.16", "newest", "4.16.3-x86_64", "cli"),))
    catalog = replace(unsigned, type=CATALOG, source="built:catalog", why=(("operators[0]",),))
    plan = replace(plan, releases=(release, plan.releases[1]), images=(signed, component, catalog))
    found, text = render(records_of(plan, world))
    assert (found["signatures"]["signed"], found["signatures"]["built"], found["signatures"]["unsigned"]["total"]) == (1, 1, 1)
    assert found["counts"]["signed_releases"] == 1 and "1 of 2 releases" in text
    plan = replace(plan, releases=({**release, "signatures": []},))
    assert render(records_of(plan, world))[0]["signatures"]["unsigned"]["total"] == 2


def test_all_numbers_are_of_the_same_images(tmp_path):
    for make in reports.RUNS.values():
        records = make(str(tmp_path))
        found, text = render(records)
        total = len(records.plan.images)
        told = found["signatures"]
        assert told["signed"] + told["unsigned"]["total"] + told["built"] + told["attachments"] == total
        assert found["counts"]["images"] == found["images"]["total"] == len(found["images"]["listed"]) == total
        assert found["failures"]["total"] == found["counts"]["failures"] == len(records.result["failures"])
        assert (
            sum(1 + entry.get("more", 0) for group in found["failures"]["groups"] for entry in group["listed"])
            == found["failures"]["total"]
        )
        assert f"Images: {total}" in text and f"Of the {total} images" in text
        assert found["run"]["counts"]["images_total"] == records.run.images
        assert (found["state"] == "complete") == (found["answers"][0]["verdict"] == "good")
        assert len(list(csv.reader(io.StringIO(files_of(records, found)["images.csv"].decode())))) == total + 1


def files_of(records, found):
    return tables(found, images.images(records.plan, records.result), records.failures)


@pytest.mark.parametrize("name", sorted(reports.RUNS))
def test_a_page_is_sound_and_answers_three_questions(tmp_path, name):
    report, text = render(reports.RUNS[name](str(tmp_path)))
    found = require_sound(text)
    assert found.tags.count("h1") == 1 and found.tags.count("svg") > 5
    for answer in report["answers"]:
        assert answer["question"] in found.text and answer["text"] in found.text


def test_what_to_do_follows_from_the_run(tmp_path):
    def due(name):
        return [step["kind"] for step in render(reports.RUNS[name](str(tmp_path)))[0]["steps"] if step["due"]]

    assert due("first") == ["apply", "verify"]
    assert due("unchanged") == []
    assert due("failures") == ["run", "apply", "verify"]
    assert due("air-gap") == ["carry"]


def test_a_pruning_plan_says_whether_it_was_carried_out(tmp_path):
    def told(**more):
        made = reports.unchanged(str(tmp_path))
        changed = replace(made, pruning={**made.pruning, **more}, pruned=made.run.time if more.pop("now", False) else made.pruned)
        return next(step for step in render(changed)[0]["steps"] if step["kind"] == "prune")

    assert told()["text"] == "A run deleted 3 manifests, 8 days ago. The file names each."
    left = told(left=1, now=True)
    assert left["due"] and "deleted 2 manifests, 3 hours ago. 1 more manifest could not be deleted." in left["text"]
    assert told(state="predicted")["text"].startswith(
        "Check mode listed 3 manifests that a run would delete, 8 days ago. It deleted nothing."
    )
    assert told(state="listed", now=True)["due"] and not told(state="listed")["due"]
    assert told(state="")["text"].startswith("A run or check mode listed 3 manifests")


def test_a_verification_is_of_this_mirror_and_of_what_it_looked_at(tmp_path):
    made = reports.unchanged(str(tmp_path))
    part = {"level": "content", "part": {"number": 3, "count": 7}, "ignored": ["foreign_tag"]}
    report, text = render(replace(made, verification={**made.verification, **part}))
    assert "Verified 2 days ago (content, part 3 of 7): no difference." in report["answers"][0]["details"]
    assert "at level content, part 3 of 7, no difference; ignored: foreign tag." in text
    other = replace(made, verification={**made.verification, "destination": "docker://other.example.com"})
    assert render(other)[0]["verification"] is None


def test_commands_name_playbooks_that_exist_and_are_typed_as_they_stand(tmp_path):
    """With a workspace that has spaces and more in its name."""
    playbooks = {name[:-4] for name in os.listdir(os.path.join(ROOT, "playbooks"))}
    modules = {name[:-3] for name in os.listdir(os.path.join(ROOT, "plugins", "modules"))}
    for make in reports.RUNS.values():
        report, _text = render(replace(make(str(tmp_path)), root="/srv/my mirror; rm -rf $HOME"))
        for line in (line for step in report["steps"] for line in step["commands"]):
            words = shlex.split(line)
            if words[0] == "ansible-playbook":
                assert words[1].startswith("disconnected.mirror.") and words[1].rpartition(".")[2] in playbooks
                assert all("=" in value for value in words[3::2]) and set(words[2::2]) == {"-e"}
            elif words[0] == "ansible":
                assert words[3].rpartition(".")[2] in modules
            if "/srv/my" in line:
                assert any("/srv/my mirror; rm -rf $HOME" in word for word in words)


def test_every_kind_of_failure_has_advice_and_an_entry_in_the_guide():
    def codes(error):
        return {error.code}.union(*(codes(below) for below in error.__subclasses__()))

    known = codes(MirrorError)
    assert known - {"error"} <= set(KINDS)
    with open(GUIDE, encoding="utf-8") as file:
        guide = file.read()
    assert not [code for code in known - {"error"} if f"``{code}``" not in guide]


def test_shares_above_the_whole_are_explained(world, plan):
    """Both images share a layer, so that what their sources need is more than there is."""
    other = replace(plan.images[2], source="other.test/team/b", origin="other.test/team/b:1")
    _report, text = render(records_of(replace(plan, images=(*plan.images[:2], other)), world))
    assert "the shares make more than 100 %" in text
    assert "the shares make more than 100 %" not in render(records_of(replace(plan, images=plan.images[:1]), world))[1]


def test_nothing_foreign_becomes_markup(world, plan):
    evil = Failure("not_found", EVIL, EVIL, advice=EVIL, wanted_by=(EVIL,))
    catalogs = ({**plan.catalogs[0], "catalog": EVIL, "packages": [{"name": EVIL, "default_channel": EVIL, "channels": [_channel(EVIL)]}]},)
    images = tuple(replace(image, origin=f"registry.test/{EVIL}", why=((EVIL,),), platforms=(EVIL,)) for image in plan.images)
    releases = tuple({**release, "channel": EVIL, "payload": EVIL} for release in plan.releases)
    made = replace(plan, images=images, catalogs=catalogs, charts=({"name": EVIL},), warnings=(EVIL,), failures=(evil,), releases=releases)
    told = changes(diff(Plan(), made, world.shelf))
    run = Run(1, EVIL, EVIL, "p", "complete", True)
    report, text = render(replace(records_of(made, world, result_of(made), changes=told), root=EVIL, runs=(run,)))
    found = require_sound(text)
    assert "<script>alert(1)</script>" in found.text and "\x1b" not in text
    for name, content in files_of(records_of(made, world, result_of(made)), report).items():
        assert b"\x1b" not in content, name


def _channel(name):
    return {
        "name": name,
        "head": name,
        "bundles": [name],
        "updates": [{"name": name, "replaces": f"{name}0", "skips": [f"{name}1"], "skip_range": name}],
    }


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "=cmd|' /C calc'!A0"])
def test_spreadsheets_run_nothing(text):
    _head, row = list(csv.reader(io.StringIO(comma_separated([{"name": text}]).decode())))
    assert row[0][0] == "'" and row[0][1:].strip() == text.strip()
    assert list(csv.reader(io.StringIO(comma_separated([{"name": -5}]).decode())))[1] == ["-5"]


def test_a_plan_without_updates_is_told_without_a_picture(tmp_path):
    records = reports.first(str(tmp_path))
    records = replace(records, plan=replace(records.plan, update_graphs=()))
    report, text = render(records)
    assert report["updates"] == [] and "There is no picture of the updates" in text
    assert "There is no picture of the updates" not in render(reports.first(str(tmp_path)))[1]


def test_long_lists_are_cut_and_say_so(world, plan, monkeypatch):
    monkeypatch.setattr(images, "MOST_IMAGES", 2)
    warnings = tuple(f"warning {number}" for number in range(MOST_LINES + 3))
    report, text = render(records_of(replace(plan, warnings=warnings), world))
    assert report["images"]["more"] == 1 and report["warnings"]["more"] == 3
    assert "and 3 more" in text and "and 1 more, which the table beside this page has" in text


def test_the_table_has_what_the_page_leaves_out(tmp_path, monkeypatch):
    monkeypatch.setattr(failures, "MOST_LISTED", 2)
    records = reports.failures(str(tmp_path))
    found, text = render(records)
    assert [group["total"] for group in found["failures"]["groups"]] == [6, 6, 5] and "and 3 more in the table of failures" in text
    assert len(json.loads(files_of(records, found)["failures.json"])) == 17


def test_changes_are_told(world, plan):
    before = replace(plan, images=plan.images[:1], releases=plan.releases[:1])
    told = changes(diff(before, plan, world.shelf))
    report, text = render(records_of(plan, world, result_of(plan), changes=told))
    assert report["answers"][1]["text"] == "+ 1 release, + 2 images."
    found = Page(text)
    assert "What changed since the plan before" in found.text and "Images added: 2" in found.text


def test_what_is_left_of_an_old_report_is_small(tmp_path):
    """5 MB for 3,000 images."""
    records = reports.large(str(tmp_path))
    report, text = render(records)
    assert len(text.encode()) < 5_000_000 and len(json_bytes(report)) < 5_000_000
    assert not re.search(r"\b1 (images|failures|releases)\b", text)
