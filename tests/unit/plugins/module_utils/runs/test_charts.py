# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Charts through all workflows: their images arrive, their archives travel along, a chart that fails harms nothing else."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.deletion import Limits
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.disk_to_mirror import FromDiskRequest, disk_to_mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_disk import ToDiskRequest, mirror_to_disk
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.pruning.deletion import Guards
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.places import SHARED_DATA
from ansible_collections.disconnected.mirror.tests.fakes.processes import find
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.site import Site

HELM = find(["helm"])
DATA = os.path.join(SHARED_DATA, "helm")
# Charts of the collected data with the paths that find all of their images.
REAL = [
    ("charts/podinfo-5.0.0.tgz", []),
    ("charts/ingress-nginx-4.12.1.tgz", []),
    ("charts/service-binding-operator-1.4.0.tgz", []),
    ("charts/service-binding-operator-1.4.1.tgz", []),
    ("charts/my-chart-with-subchart-alias-0.1.0.tgz", ["{.spec.jobTemplate.spec.template.spec.containers[*].image}"]),
    ("charts/ibm-mongodb-enterprise-helm-0.2.0.tgz", []),
    ("charts/test-mirror-helm-0.3.0.tgz", ["{.spec.template.spec.containers[*].env[*].value}"]),
    ("podinfo", []),
]

pytestmark = pytest.mark.skipif(not HELM, reason="helm is not installed; make tools builds it where there is Go 1.22 or later")


def chart(folder, name, image, needs_input=False):
    """A packaged chart with one workload."""
    value = '{{ required "a value is needed" .Values.absent }}' if needs_input else image
    text = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n  - {{name: c, image: '{value}'}}\n"
    members = {"Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n", "templates/pod.yaml": text}
    path = os.path.join(str(folder), f"{name}-1.0.0.tgz")
    with tarfile.open(path, "w:gz") as tar:
        for member, text in members.items():
            entry = tarfile.TarInfo(f"{name}/{member}")
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return path


@pytest.fixture
def source():
    with FakeRegistry() as registry:
        images.put(images.image("web"), registry.content, "charts/web", "1")
        images.put(images.image("app"), registry.content, "team/app", "1")
        yield registry


@pytest.fixture
def site(source, target, tmp_path):
    return Site(source.host, target.host, tmp_path / "workspace")


def wanted(site, tmp_path, *more):
    web = chart(tmp_path, "web", f"{site.source}/charts/web:1")
    return site.imageset(["team/app:1"], helm={"local": [{"name": "web", "version": "1.0.0", "path": web}, *more]})


def test_a_chart_is_mirrored_and_one_that_needs_input_fails_alone(site, target, tmp_path):
    broken = {"name": "broken", "path": chart(tmp_path, "broken", "", needs_input=True)}
    run = site.mirror(imageset=wanted(site, tmp_path, broken), options={"helm_path": HELM})
    assert run.result.count("copied") == 2 and {"site/charts/web", "site/team/app"} <= set(target.content.repositories)
    (failure,) = run.failures
    assert failure.category == "helm" and "a value is needed" in failure.message and "broken" in failure.subject + failure.message


def test_charts_cross_the_gap_with_their_images(site, source, target, tmp_path):
    folder, far = str(tmp_path / "archive"), Workspace(str(tmp_path / "far"))
    os.makedirs(folder)
    planning = site.planning(imageset=wanted(site, tmp_path), options={"helm_path": HELM})
    assert mirror_to_disk(ToDiskRequest(planning, folder), {}).archive_id
    source.stop()
    run = disk_to_mirror(FromDiskRequest(PlanSource(far, archive=folder, connections=site.connections), site.destination), {})
    assert run.complete and {"site/charts/web", "site/team/app"} <= set(target.content.repositories)
    with open(os.path.join(far.results, "charts", "web-1.0.0.tgz"), "rb") as there, open(tmp_path / "web-1.0.0.tgz", "rb") as here:
        assert there.read() == here.read()


def test_a_chart_that_left_the_workspace_is_named(site, tmp_path):
    folder = str(tmp_path / "archive")
    os.makedirs(folder)
    site.plan(imageset=wanted(site, tmp_path), options={"helm_path": HELM})
    planning = site.planning()
    (kept,) = os.listdir(planning.workspace.charts)
    os.remove(os.path.join(planning.workspace.charts, kept))
    with pytest.raises(NotFound, match=f"the plan names the chart {kept}"):
        mirror_to_disk(ToDiskRequest(planning, folder), {})
    assert os.listdir(folder) == []


def test_a_chart_is_deleted_without_helm_and_without_the_chart(site, source, target, tmp_path):
    assert site.mirror(imageset=wanted(site, tmp_path), options={"helm_path": HELM}).result.complete
    source.stop()
    os.remove(tmp_path / "web-1.0.0.tgz")
    run = site.generate(content={"helm": {"local": [{"name": "web", "version": "v1.0.0"}]}}, sources={"helm_path": "/nowhere"})
    assert run.failures == () and [item.origin for item in run.items] == [f"{source.host}/charts/web:1"]
    assert site.delete(run.path, guards=Guards(limits=Limits(percent=100))).changed
    assert not target.content.repositories["site/charts/web"].manifests and target.content.repositories["site/team/app"].manifests
    unknown = site.generate(content={"helm": {"local": [{"name": "other"}]}})
    assert unknown.items == () and unknown.failures[0].category == "helm"


def rendered(path):
    """The images of `image:` lines of what helm itself renders."""
    command = [HELM, "template", "RELEASE-NAME", path, "--kube-version", "1.33.0"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300).stdout


@pytest.mark.needs_data
@pytest.mark.skipif(not os.path.isdir(DATA), reason="the collected charts are not here")
@pytest.mark.parametrize(("name", "paths"), REAL)
def test_real_charts_arrive_at_the_mirror(source, target, tmp_path, name, paths):
    """Their images are stood in for by images of ours: registries.conf leads to the source."""
    path = os.path.realpath(os.path.join(DATA, name))
    site = Site(source.host, target.host, tmp_path / "workspace")
    conf = tmp_path / "registries.conf"
    text = rendered(path)
    hosts = ("ghcr.io", "registry.k8s.io", "quay.io", "docker.io", "icr.io", "registry.redhat.io")
    conf.write_text("".join(f'[[registry]]\nprefix = "{host}"\nlocation = "{source.host}/{host}"\ninsecure = true\n' for host in hosts))
    site.connections = type(site.connections)(settings=site.connections.settings, registries_conf=str(conf))
    imageset = site.imageset([], helm={"local": [{"name": "c", "path": path, "imagePaths": paths}]})
    first = site.plan(imageset=imageset, options={"helm_path": HELM})
    if not text:
        assert first.plan.failures and first.plan.images == ()
        return
    named = {failure.subject for failure in first.plan.failures}
    assert named and all(reference.replace("docker.io/library/", "").replace("docker.io/", "") in text for reference in named)
    for reference in named:
        where, _at, _digest = reference.partition("@")
        if not _digest:
            repository, _colon, tag = where.rpartition(":")
            images.put(images.image(reference), source.content, repository, tag)
    run = site.mirror(imageset=imageset, options={"helm_path": HELM})
    assert {failure.subject for failure in run.failures} == {reference for reference in named if "@" in reference}
    assert run.result.complete and len(run.result.images) == len([reference for reference in named if "@" not in reference])
