# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a workspace may know when its report is written: a first run, an unchanged one, one with failures, an archive, a large mirror."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure
from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.image_type import (
    BUNDLE,
    CATALOG,
    GENERIC,
    RELATED,
    RELEASE_CONTENT,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.diff import diff
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph import graph as graphs
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.channel import Picked
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.excerpt import excerpt
from ansible_collections.disconnected.mirror.plugins.module_utils.report.changes import changes
from ansible_collections.disconnected.mirror.plugins.module_utils.report.history import Archive, Run, Volume
from ansible_collections.disconnected.mirror.plugins.module_utils.report.records import File, Records
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import ImageResult, TransferResult
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import COPIED, FAILED, PRESENT
from ansible_collections.disconnected.mirror.tests.fakes.graphs import answer
from ansible_collections.disconnected.mirror.tests.fakes.places import SHARED_DATA

NOW = 1798632000
DAY = 24 * 60 * 60
MIRROR = "docker://mirror.example.com:5000/ocp"
REAL = os.path.join(SHARED_DATA, "cincinnati", "reconstructed", "amd64-stable-4.14.json")
_KINDS = (GENERIC, RELEASE_CONTENT, RELATED, BUNDLE)


def update_graph():
    """Of a real channel where it is at hand."""
    if os.path.exists(REAL):
        with open(REAL, "rb") as file:
            return graphs.parse(file.read())
    versions = [f"4.{minor}.{patch}" for minor in (13, 14) for patch in range(30)]
    edges = [[a, b] for a in range(60) for b in range(a + 1, 60) if (b - a) % 3 or b < 30]
    return graphs.parse(answer(versions, edges, [("4.13.0", "4.14.3", "SlowStart"), ("4.13.6", "4.14.0", "SlowStart")]))


def platform(low="4.13.30", high="4.14.12", architectures=("amd64", "arm64")):
    """Releases of a range and what the plan keeps of the graph."""
    graph = update_graph()
    start, end = Version.parse(low), Version.parse(high)
    taken = [release for release in graph.ordered() if not release.version < start and not end < release.version]
    picked = [Picked(release, "", "stable-4.14", "", ()) for release in taken]
    releases = [
        {
            "version": str(release.version),
            "channel": "stable-4.14",
            "architecture": architecture,
            "payload": f"quay.example.com/release@{digest(str(release.version))}",
            "tag": f"{release.version}-{architecture}",
            "signatures": ["c2ln"],
        }
        for architecture in architectures
        for release in taken
    ]
    return releases, [excerpt(architecture, ["stable-4.14"], [graph], picked) for architecture in architectures]


def digest(text):
    return Digest.parse(f"sha256:{hashlib.sha256(text.encode()).hexdigest()}")


def image(number, kind=GENERIC, name="", why=()):
    origin = name or f"registry.example.com/team-{number % 17}/service-{number}"
    return PlanImage(
        type=kind,
        origin=f"{origin}:1.{number % 9}",
        source=origin,
        digest=digest(origin),
        media_type="application/vnd.oci.image.manifest.v1+json",
        size=1000000 + number * 7919 % 900000000,
        destination=origin.partition("/")[2],
        tags=(f"1.{number % 9}",),
        platforms=("linux/amd64",) if number % 4 == 0 else (),
        why=(why or (f"additionalImages[{number}]",),),
    )


def package(number):
    name = f"operator-{number}"
    bundles = [f"{name}.v1.{minor}.0" for minor in range(number % 5 + 1)]
    updates = [{"name": new, "replaces": old, "skip_range": ">=1.0.0 <1.9.0"} for old, new in zip(bundles, bundles[1:])]
    updates.insert(0, {"name": bundles[0], "replaces": f"{name}.v0.9.0", "skips": [f"{name}.v0.9.1"]})
    stable = {"name": "stable", "head": bundles[-1], "bundles": bundles, "updates": updates, "of": len(bundles) + 7}
    return {
        "name": name,
        "default_channel": "stable",
        "channels": [stable, {"name": "candidate", "head": bundles[-1], "bundles": bundles[-1:]}],
    }


def plan(images=60, packages=12, **more):
    releases, found = platform()
    catalog = {
        "catalog": "registry.redhat.io/redhat/redhat-operator-index:v4.14",
        "name": "redhat-operator-index",
        "digest": str(digest("catalog")),
        "packages": [package(number) for number in range(packages)],
    }
    root = image(0, CATALOG, "registry.redhat.io/redhat/redhat-operator-index", ("operators[0]",))
    members = [
        image(number, _KINDS[number % 4], why=("operators[0]", f"operator-{number % max(packages, 1)}", "bundle") if number % 4 > 1 else ())
        for number in range(1, images)
    ]
    return Plan(
        config={"mirror": {"operators": [{"catalog": catalog["catalog"], "packages": [{"name": "operator-1", "minVersion": "1.0.0"}]}]}},
        releases=tuple(releases),
        catalogs=(catalog,),
        charts=({"name": "podinfo", "version": "6.5.0"},),
        images=tuple([root, *members]),
        warnings=("The newest version of channel stable-4.14 differs: 4.14.12 on amd64, 4.14.11 on arm64.",),
        whole=True,
        update_graphs=tuple(found),
        **more,
    )


def result(made, outcome=COPIED, lost=0):
    """lost: how many images failed, in turn for several reasons."""
    failed = [_failure(at, each) for at, each in enumerate(made.images[-lost:])] if lost else []
    done = made.images[: len(made.images) - lost]
    images = [ImageResult(PlacedImage(each, each.destination, each.tags), outcome) for each in done]
    images += (
        [ImageResult(PlacedImage(each, each.destination, each.tags), FAILED, why) for each, why in zip(made.images[-lost:], failed)]
        if lost
        else []
    )
    size = sum(each.size for each in done) if outcome == COPIED else 0
    return TransferResult(tuple(images), {outcome: len(done)}, size, duration=312.4 if outcome == COPIED else 14.2, left_out=made.failures)


def _failure(at, each):
    code, message = (
        ("unreachable", "registry.example.com did not answer after 7 attempts: connection refused"),
        ("access_denied", "registry.example.com refused the credentials of /root/.docker/config.json"),
        ("not_found", "the registry has no such tag"),
    )[at % 3]
    return Failure(code, message, each.origin, "additional", "registry.example.com", wanted_by=(" > ".join(each.why[0]),))


def runs(last, count=20):
    """A season before the last run."""
    before = [
        replace(
            last, time=last.time - DAY * (count - at), changed=at % 4 == 0, size=(at * 37 % 11) * 10**9 if at % 4 == 0 else 0, archive=None
        )
        for at in range(count - 1)
    ]
    odd = {5: "incomplete", 11: "cancelled"}
    kept = [replace(run, duration=20 + at * 53 % 300, state=odd.get(at, "complete"), failures=at in odd) for at, run in enumerate(before)]
    return (*kept, last)


def records(made, outcome, shelf, **more):
    document = outcome.document()
    state = "complete" if outcome.complete else "incomplete"
    last = Run(
        NOW - 3 * 60 * 60,
        "mirror_to_mirror",
        MIRROR,
        "plan",
        state,
        outcome.changed,
        len(outcome.images),
        outcome.count(COPIED),
        0,
        outcome.size,
        outcome.duration,
    )
    resources = tuple(
        File(name, 2000, last.time if outcome.changed else last.time - 9 * DAY)
        for name in ("idms-oc-mirror.yaml", "itms-oc-mirror.yaml", "updateService.yaml")
    )
    return Records(made, shelf, NOW, "/srv/mirror/workspace", "plan", runs(last), document, resources=resources, **more)


def verification(clean=True):
    findings = [] if clean else [{"kind": "missing_tag"}]
    return {
        "destination": MIRROR,
        "clean": clean,
        "complete": True,
        "level": "blobs",
        "images": 60,
        "blobs": 800,
        "counts": {} if clean else {"missing_tag": 1},
        "findings": findings,
    }


def first(folder):
    made = plan()
    return replace(records(made, result(made), Shelf(folder)), runs=runs(records(made, result(made), Shelf(folder)).run, 1))


def unchanged(folder):
    made = plan()
    pruned = {"registry": "mirror.example.com:5000", "repositories": [{"name": "ocp/old", "manifests": [str(digest("old"))] * 3}]}
    pruned = {**pruned, "state": "carried_out", "left": 0}
    return records(
        made,
        result(made, PRESENT),
        Shelf(folder),
        verification=verification(),
        verified=NOW - 2 * DAY,
        pruning=pruned,
        pruned=NOW - 8 * DAY,
    )


def failures(folder):
    before = plan(images=48)
    made = plan()
    told = changes(diff(before, made))
    return records(made, result(made, lost=17), Shelf(folder), changes=told, verification=verification(False), verified=NOW - 9 * DAY)


def air_gap(folder):
    before, made = plan(images=48, packages=10), plan()
    found = records(made, result(made), Shelf(folder), changes=changes(diff(before, made)), pins=("isc_pinned_1.yaml", "isc_pinned_2.yaml"))
    volumes = tuple(Volume(f"mirror_seq4_{number:06d}.tar", 4 * 1024**3, digest(f"volume {number}").hex) for number in range(3))
    last = replace(
        found.run,
        workflow="mirror_to_disk",
        destination="file:///srv/archives",
        archive=Archive(str(digest("archive")), 4, "/srv/archives", volumes, "mirror_seq4.sha256"),
    )
    return replace(found, runs=runs(last), resources=())


def large(folder, images=3000):
    made = plan(images=images, packages=300)
    return records(made, result(made), Shelf(folder), verification=verification(), verified=NOW - DAY)


RUNS = {"first": first, "unchanged": unchanged, "failures": failures, "air-gap": air_gap}
