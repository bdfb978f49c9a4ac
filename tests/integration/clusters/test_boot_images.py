# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Boot images that a release names: on wish they are mirrored, go through archives, and come out with the checksum of the release."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil

import pytest

from ansible_collections.disconnected.mirror.extensions.demo import release as demo
from ansible_collections.disconnected.mirror.plugins.modules import (
    cluster_bootstrap,
    image_mirror,
    image_prune,
    imageset_plan,
    mirror_verify,
)
from ansible_collections.disconnected.mirror.tests.fakes.file_server import FileServer
from ansible_collections.disconnected.mirror.tests.fakes.module import run_module
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.integration.clusters.test_bootstrap import World

ISO, KERNEL, ARM = (
    "/art/416/x86_64/rhcos-416-live.x86_64.iso",
    "/art/416/x86_64/rhcos-416-kernel",
    "/art/416/aarch64/rhcos-416-live.aarch64.iso",
)
CONTENT = {path: random.Random(path).randbytes(3_000_000 + len(path)) for path in (ISO, KERNEL, ARM)}
FILES = {path: f"boot_images/{path.split('/')[3]}/{os.path.basename(path)}" for path in CONTENT}
SHA256 = {path: hashlib.sha256(content).hexdigest() for path, content in CONTENT.items()}


def stream(url, sums=None, **more):
    """The payload's document; locations begin with `url`."""

    def file(path):
        return {"location": f"{url}{path}", "sha256": (sums or SHA256)[path], "signature": f"{url}{path}.sig"}

    def metal(**formats):
        return {"artifacts": {"metal": {"release": "416", "formats": formats}}}

    architectures = {
        "x86_64": metal(iso={"disk": file(ISO)}, pxe={"kernel": file(KERNEL)}, **more),
        "aarch64": metal(iso={"disk": file(ARM)}),
    }
    text = json.dumps({"stream": "rhcos", "architectures": architectures})
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "data": {"stream": text}}).encode()


class Site(World):
    """A world whose release names boot images of a web server.  web: that server."""

    def mirrored(self, workspace, destination, check_mode=False, **more):
        wished = {"boot_images": ["metal/iso"], "boot_image_architectures": ["amd64"], **more}
        return self.run(image_mirror, self.planned(workspace, destination=destination, **wished), check_mode=check_mode)

    @property
    def place(self):
        return f"docker://{self.mirror.host}/ocp"

    def refused(self, module, arguments, **more):
        result = run_module(module, arguments, **more)
        assert result.get("failed"), result
        return result

    def gets(self):
        return [(path, start) for method, path, start in self.web.asked if method == "GET"]

    def taken(self, dest):
        return {name: content for name, content in self.written(dest).items() if name.startswith("boot_images/")}


@pytest.fixture
def open_site(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    documents = demo._documents
    with FakeRegistry() as source, FakeRegistry() as mirror, FakeRegistry() as island, FileServer() as web:
        web.files.update(CONTENT)

        def opened(content=None):
            named = {"release-manifests/0000_50_installer_coreos-bootimages.yaml": content or stream(web.url())}
            monkeypatch.setattr(demo, "_documents", lambda *of: {**documents(*of), **named})
            site = Site(str(tmp_path), source, mirror, island)
            site.web = web
            return site

        opened.web = web
        yield opened


def test_from_registry_to_registry(open_site):
    site = open_site()
    predicted = site.mirrored("workspace", site.place, check_mode=True)
    assert predicted["changed"] and site.gets() == []
    site.mirrored("workspace", site.place)
    digest = f"sha256:{SHA256[ISO]}"
    assert bytes(site.mirror.content.blobs[digest]) == CONTENT[ISO] and site.gets() == [(ISO, "")]
    tag = os.path.basename(ISO)
    assert tag in site.mirror.content.repositories["ocp/openshift/boot-images"].tags
    asked = len(site.web.asked)
    again = site.mirrored("workspace", site.place)
    assert not again["changed"] and len(site.web.asked) == asked
    result = site.bootstrap("workspace", site.mirror, "out", check_mode=True, boot_images=["metal/iso"], boot_image_architectures=["amd64"])
    assert [(file["path"], file["size"]) for file in result["files"] if "size" in file] == [(FILES[ISO], len(CONTENT[ISO]))]
    assert not os.path.exists(site.path("out"))
    result = site.bootstrap("workspace", site.mirror, "out", boot_images=["metal/iso"], boot_image_architectures=["amd64"])
    assert result["changed"] and site.taken("out") == {FILES[ISO]: CONTENT[ISO]} and len(site.web.asked) == asked
    assert f"{SHA256[ISO]}  {FILES[ISO]}" in site.written("out")["sha256sum.txt"].decode()
    read = site.mirror.ledger.count("GET", "blob")
    again = site.bootstrap("workspace", site.mirror, "out", boot_images=["metal/iso"], boot_image_architectures=["amd64"])
    assert not again["changed"] and site.mirror.ledger.count("GET", "blob") == read
    verified = site.run(mirror_verify, {**site.common("workspace"), "destination": site.place, "level": "content"})
    assert verified["complete"] and not verified["changed"]
    for name in ("itms-oc-mirror.yaml", "idms-oc-mirror.yaml"):
        path = site.path(f"workspace/results/cluster-resources/{name}")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                assert "boot-images" not in file.read()


def test_to_disk_and_from_disk(open_site):
    site = open_site()
    archive = f"file://{site.path('archives')}"
    site.mirrored("workspace", archive)
    site.web.files.clear()
    wished = {"boot_images": ["metal/iso"], "boot_image_architectures": ["amd64"]}
    asked = len(site.web.asked)
    # Before any registry has it.
    result = site.bootstrap("elsewhere", site.island, "from-archive", archive=archive, **wished)
    assert result["changed"] and site.taken("from-archive") == {FILES[ISO]: CONTENT[ISO]}
    site.run(image_mirror, {**site.common("island"), "archive": archive, "destination": f"docker://{site.island.host}/ocp"})
    site.bootstrap("island", site.island, "from-mirror", **wished)
    assert site.taken("from-mirror") == {FILES[ISO]: CONTENT[ISO]} and len(site.web.asked) == asked
    # What only the publisher has, and nobody reaches from here, is told with its place.
    arguments = {**site.common("island"), "destination": f"docker://{site.island.host}/ocp", "dest": site.path("from-mirror")}
    missing = site.refused(cluster_bootstrap, {**arguments, "boot_images": ["metal/pxe"], "boot_image_architectures": ["amd64"]})
    assert KERNEL in missing["msg"] and missing["error"]["code"] == "not_found"


def test_a_second_archive_leaves_out_what_the_first_brought(open_site):
    site = open_site()
    archive = f"file://{site.path('archives')}"
    site.mirrored("workspace", archive)
    site.mirrored("workspace", archive, boot_images=["metal"])
    assert sorted(site.gets()) == sorted([(ISO, ""), (KERNEL, "")])
    site.run(image_mirror, {**site.common("island"), "archive": archive, "destination": f"docker://{site.island.host}/ocp"})
    assert {f"sha256:{SHA256[path]}" for path in (ISO, KERNEL)} <= set(site.island.content.blobs)


def test_without_the_wish_nothing_is_asked_for(open_site):
    site = open_site()
    site.run(image_mirror, site.planned("workspace", destination=site.place))
    result = site.bootstrap("workspace", site.mirror, "out")
    assert site.web.asked == [] and site.taken("out") == {}
    assert {image["kind"] for image in result["boot_images"]} == {"metal/iso/disk", "metal/pxe/kernel"}


def test_what_the_mirror_lacks_comes_from_its_place_and_goes_on_after_breaks(open_site):
    site = open_site()
    site.run(image_mirror, site.planned("workspace", destination=site.place))
    site.web.cuts = [1_000_000, 700_000]
    result = site.bootstrap("workspace", site.mirror, "out", boot_images=["metal/iso"], retry_times=4, retry_delay=0.01)
    assert result["changed"] and site.taken("out") == {FILES[path]: CONTENT[path] for path in (ISO, ARM)}
    assert (ISO, "bytes=1000000-") in site.gets() or (ARM, "bytes=1000000-") in site.gets()
    asked = len(site.web.asked)
    again = site.bootstrap("workspace", site.mirror, "out", boot_images=["metal/iso"])
    assert not again["changed"] and len(site.web.asked) == asked


@pytest.mark.parametrize("damaged", [False, True])
def test_the_next_run_goes_on_where_one_ended(open_site, damaged):
    site = open_site()
    site.run(image_mirror, site.planned("workspace", destination=site.place))
    wished = {"boot_images": ["metal/iso"], "boot_image_architectures": ["amd64"]}
    site.web.cuts = [2_000_000]
    arguments = {**site.common("workspace"), "destination": site.place, "dest": site.path("out"), "tools": [], **wished}
    broken = site.refused(cluster_bootstrap, arguments)
    assert broken["error"]["code"] == "unreachable" and FILES[ISO] not in site.written("out")
    partial = site.path(f"out/{os.path.dirname(FILES[ISO])}/.{SHA256[ISO]}.part")
    assert os.path.getsize(partial) == 2_000_000
    if damaged:
        with open(partial, "r+b") as file:
            file.write(b"?")
    site.web.asked.clear()
    assert site.run(cluster_bootstrap, arguments)["changed"]
    assert site.taken("out") == {FILES[ISO]: CONTENT[ISO]}
    assert site.gets() == [(ISO, "bytes=2000000-"), *([(ISO, "")] if damaged else [])]


def test_bytes_with_another_checksum_become_no_file_and_no_blob(open_site):
    site = open_site()
    site.web.files[ISO] = CONTENT[ISO][:-1] + bytes([CONTENT[ISO][-1] ^ 1])
    arguments = site.planned("workspace", destination=site.place, boot_images=["metal/iso"], boot_image_architectures=["amd64"])
    mirrored = site.refused(image_mirror, arguments)
    assert "rhcos-416-live.x86_64.iso" in json.dumps(mirrored) and f"sha256:{SHA256[ISO]}" not in site.mirror.content.blobs
    assert os.path.basename(ISO) not in getattr(site.mirror.content.repositories.get("ocp/openshift/boot-images"), "tags", {})
    site.run(image_mirror, site.planned("other", destination=site.place))
    arguments = {**site.common("other"), "destination": site.place, "dest": site.path("out"), "tools": [], "boot_images": ["metal/iso"]}
    result = site.refused(cluster_bootstrap, {**arguments, "boot_image_architectures": ["amd64"]})
    assert result["error"]["code"] == "corrupt_content" and site.taken("out") == {}


def test_a_mirror_run_goes_on_after_breaks(open_site):
    site = open_site()
    site.run(imageset_plan, site.planned("workspace", boot_images=["metal/iso"], boot_image_architectures=["amd64"]))
    site.web.cuts = [1_200_000, 600_000]
    site.mirrored("workspace", site.place, retry_times=4, retry_delay=0.01)
    assert site.gets() == [(ISO, ""), (ISO, "bytes=1200000-"), (ISO, "bytes=1800000-")]
    assert bytes(site.mirror.content.blobs[f"sha256:{SHA256[ISO]}"]) == CONTENT[ISO]


def test_a_locked_plan_finds_its_boot_images_again(open_site):
    """Also without what was built for it, which is its manifest alone."""
    site = open_site()
    planned = site.run(imageset_plan, site.planned("workspace", boot_images=["metal/iso"], boot_image_architectures=["amd64"]))
    assert planned["changed"]
    shutil.rmtree(site.path("workspace/content/boot-images"))
    for path, _folders, names in os.walk(site.path("workspace")):
        for name in names:
            if name.endswith("-parts.tar"):
                os.unlink(os.path.join(path, name))
    site.run(imageset_plan, site.planned("workspace", locked=True))
    site.run(image_mirror, {**site.common("workspace"), "destination": site.place})
    assert f"sha256:{SHA256[ISO]}" in site.mirror.content.blobs


def test_another_server_can_be_named(open_site):
    site = open_site(stream("https://rhcos.example.invalid"))
    result = site.mirrored("workspace", site.place, boot_image_url=f"{site.web.url()}/")
    assert result["changed"] and f"sha256:{SHA256[ISO]}" in site.mirror.content.blobs
    # One directory with all files.
    site.web.files.clear()
    site.web.files[f"/flat/{os.path.basename(ARM)}"] = CONTENT[ARM]
    site.bootstrap("workspace", site.mirror, "out", boot_images=["metal/iso"], boot_image_url=site.web.url("/flat"))
    assert site.taken("out") == {FILES[path]: CONTENT[path] for path in (ISO, ARM)}


def test_only_a_host_that_the_user_names_gets_credentials(open_site):
    site = open_site()
    site.web.closed = "Basic dXNlcjpzZWNyZXQ="
    with open(site.path("auth.json"), "w", encoding="utf-8") as file:
        json.dump({"auths": {site.web.host: {"auth": "dXNlcjpzZWNyZXQ="}}}, file)
    login = {"auth_file": site.path("auth.json")}
    wished = {"destination": site.place, "boot_images": ["metal/iso"], "boot_image_architectures": ["amd64"]}
    refused = site.refused(image_mirror, site.planned("workspace", **wished, **login))
    assert "access_denied" in json.dumps(refused) and set(site.web.logins) == {""}
    site.run(image_mirror, site.planned("workspace", **wished, **login, boot_image_url=site.web.url()))
    assert f"sha256:{SHA256[ISO]}" in site.mirror.content.blobs


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("http://169.254.169.254/latest/meta-data", "169.254.169.254"),
        ("http://127.0.0.1:2379/v2/keys", "127.0.0.1"),
    ],
)
def test_a_release_leads_to_no_host_inside(open_site, path, said):
    """The registry of the test is on loopback, so that what it must not lead to is said as if it were a public one."""
    from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import AccessDenied
    from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
    from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
    from ansible_collections.disconnected.mirror.plugins.module_utils.releases.boot_images import found_at
    from ansible_collections.disconnected.mirror.plugins.module_utils.releases.tools.boot_image import BootImage
    from ansible_collections.disconnected.mirror.plugins.module_utils.stores.web import WebFiles

    http = Http(Settings.of({"plain_http": True, "retries": {"times": 0}}))
    with pytest.raises(AccessDenied) as refused:
        found_at(BootImage("x86_64", "metal/iso/disk", path, "a" * 64), "quay.io", "", WebFiles(http))
    assert said in str(refused.value) and not http.requests


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"boot_images": ["metal/raw"]}, "the release names no boot image 'metal/raw'"),
        ({"boot_images": ["metal/iso"], "boot_image_architectures": ["s390x"]}, "for s390x"),
        ({"boot_images": ["metal/iso"], "boot_image_url": "ftp://example.com"}, "boot_image_url"),
    ],
)
def test_what_cannot_be_had_is_said_before_anything_is_read(open_site, more, said):
    site = open_site()
    result = site.refused(imageset_plan, site.planned("workspace", **more))
    assert said in json.dumps(result) and site.web.asked == []


@pytest.mark.parametrize(("size", "said"), [(None, "does not say how large"), (1 << 50, "more than the")])
def test_a_file_without_bounds_is_not_planned(open_site, size, said):
    site = open_site()
    site.web.sizes[ISO] = size
    result = site.refused(imageset_plan, site.planned("workspace", boot_images=["metal/iso"], boot_image_architectures=["amd64"]))
    assert said in json.dumps(result) and site.gets() == []


def test_names_of_a_release_stay_below_the_directory(open_site):
    """Of a hostile release: parts of paths, hidden names, names of other files, and two files with one name."""
    content = CONTENT[KERNEL]
    odd = {"/art/-rf.iso": "metal-a-disk.x86_64", "/art/.hidden": "metal-b-disk.x86_64", "/art/x%2F..%2Fy": "metal-c-disk.x86_64"}
    web = open_site.web
    formats = {name: {"disk": {"location": web.url(path), "sha256": SHA256[KERNEL]}} for name, path in zip("abc", odd)}
    site = open_site(stream(web.url(), **formats))
    site.web.files.update(dict.fromkeys(odd, content))
    site.run(image_mirror, site.planned("workspace", destination=site.place))
    site.bootstrap("workspace", site.mirror, "out", boot_images=["metal/a", "metal/b", "metal/c"], boot_image_architectures=["amd64"])
    assert site.taken("out") == {f"boot_images/x86_64/{name}": content for name in odd.values()}
    assert set(os.listdir(site.path("out/boot_images/x86_64"))) == set(odd.values())


def test_what_is_no_longer_wished_can_be_pruned(open_site):
    site = open_site()
    site.mirrored("workspace", site.place)
    site.run(image_mirror, site.planned("workspace", destination=site.place))
    result = site.run(image_prune, {**site.planned("workspace", destination=site.place)}, check_mode=True)
    assert result["deleted"] == 1 and result["bytes"] > len(CONTENT[ISO])
