# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each real registry as source and as mirror: mirrored to, shipped from and loaded into, verified, pruned and deleted from.

What they do differently is in the table of tests/fakes/live.py; the first test holds the table to what they answer.
"""

from __future__ import annotations

import pytest
import requests

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import HostSettings, Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.deletion import Limits
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.pruning.deletion import Guards
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.verify import CONTENT
from ansible_collections.disconnected.mirror.tests.fakes import images, live
from ansible_collections.disconnected.mirror.tests.fakes.site import Site
from ansible_collections.disconnected.mirror.tests.fakes.trip import Far, Near

APP, TOOL, MULTI = "team/app:1", "team/tool:1", "team/multi:1"
ALL = Guards(limits=Limits(percent=100))


@pytest.fixture(params=sorted(live.REGISTRIES))
def kind(request):
    return live.REGISTRIES[request.param]


@pytest.fixture
def registry(kind, tmp_path):
    """A mirror, empty at first."""
    with kind.start(str(tmp_path / "mirror")) as started:
        yield started


@pytest.fixture
def source(kind, tmp_path):
    """A registry of the same kind that has three images, one with a signature and one with an artifact that refers to it."""
    with kind.start(str(tmp_path / "source")) as started:
        store = opened(started)
        for name, built in BUILT.items():
            images.push(built, store, *name.split(":"))
        tag, signature = images.attachment(BUILT[MULTI])
        images.push(signature, store, "team/multi", tag)
        images.push(SBOM, store, "team/app")
        store.close()
        yield started


BUILT = {APP: images.image("app"), TOOL: images.image("tool", layers=[images.layer("big", 700_000)]), MULTI: images.multi_arch("multi")}
SBOM = images.artifact("sbom", BUILT[APP], "application/spdx+json")


def opened(process):
    return RegistryStore(process.host, Http(Settings(default=HostSettings(plain_http=True))), writing=True)


class Client:
    """Requests as they are, to find out what a registry does."""

    def __init__(self, base):
        self.session = requests.Session()
        self.session.trust_env = False
        self.base = base

    def status(self, method, path, **options):
        return self.ask(method, path, **options).status_code

    def ask(self, method, path, **options):
        return self.session.request(method, path if path.startswith("http") else f"{self.base}{path}", timeout=10, **options)

    def upload(self, repository):
        return requests.compat.urljoin(self.base, self.ask("POST", f"/v2/{repository}/blobs/uploads/").headers["location"])

    def put(self, repository, reference, built):
        return self.status("PUT", f"/v2/{repository}/manifests/{reference}", data=built.content, headers={"Content-Type": built.media_type})


def observed(client, store):
    app, sbom = BUILT[APP], SBOM
    images.push(app, store, "probe/a", "t0")
    images.push(sbom, store, "probe/a")
    for tag in ("t1", "t2"):
        client.put("probe/a", tag, app)
    blob = next(iter(app.blobs))
    uploads, lost = "/v2/probe/b/blobs/uploads/", Digest.of(b"nowhere")
    octets = {"Content-Type": "application/octet-stream"}
    place = client.ask("PATCH", client.upload("probe/b"), data=b"0123456789", headers={**octets, "Content-Range": "0-9"}).headers[
        "location"
    ]
    place = requests.compat.urljoin(client.base, place)
    referrers = client.ask("GET", f"/v2/probe/a/referrers/{app.digest}?artifactType=application/none")
    tag = client.ask("GET", "/v2/probe/a/manifests/t0", headers={"Accept": app.media_type})
    page = client.ask("GET", "/v2/probe/a/tags/list?n=2")
    return {
        "other_repository": client.status("HEAD", f"/v2/probe/b/blobs/{blob}"),
        "mounts": client.status("POST", f"{uploads}?mount={blob}&from=probe/a"),
        "unknown_mount": client.status("POST", f"{uploads}?mount={lost}&from=probe/a"),
        "single_post": client.status("POST", f"{uploads}?digest={Digest.of(b'one')}", data=b"one", headers=octets),
        "sparse_index": client.put("probe/c", "sparse", images.multi_arch("sparse")),
        "sparse_manifest": client.put("probe/c", "hollow", images.image("hollow")),
        "chunk_out_of_order": client.status("PATCH", place, data=b"abc", headers={**octets, "Content-Range": "3-5"}),
        "referrers": referrers.status_code,
        "filters": referrers.status_code == 200 and not referrers.json().get("manifests"),
        "pages": len(page.json()["tags"]) == 2 and "link" in page.headers,
        "tag_digest": "docker-content-digest" in tag.headers,
        "deletes_tag": client.status("DELETE", "/v2/probe/a/manifests/t2"),
        "deletes_manifest": client.status("DELETE", f"/v2/probe/a/manifests/{app.digest}"),
        "tag_after_deletion": client.status("HEAD", "/v2/probe/a/manifests/t0", headers={"Accept": app.media_type}),
    }


def test_the_table_says_what_it_answers(kind, registry):
    store = opened(registry)
    try:
        assert observed(Client(registry.url), store) == kind.traits
    finally:
        store.close()


@pytest.fixture
def site(source, registry, tmp_path):
    return Site(source.host, registry.host, tmp_path / "workspace")


def require_clean(site, images=5):
    """Every byte of it is as planned; what is attached to an image counts as one."""
    run = site.verify(level=CONTENT)
    assert (run.found.findings, run.found.images, run.found.complete) == ((), images, True)


def answers(registry, repository, tag):
    headers = {"Accept": ", ".join(sorted({built.media_type for built in BUILT.values()}))}
    return Client(registry.url).status("GET", f"/v2/site/{repository}/manifests/{tag}", headers=headers)


def require_gone(kind, registry, run, built, name):
    """What a deletion says is what happened; where a registry does not delete, that is said and all is there."""
    repository, tag = name.split(":")
    if kind.deletes_manifest == 405:
        assert not run.changed and run.failures and "does not delete manifests" in str(run.failures[0])
    else:
        assert run.failures == () and {each.digest for each in built.everything()} <= {each.digest for each in run.gone}
    for each in built.everything():
        assert answers(registry, repository, each.digest) == (404 if kind.deletes_manifest == 202 else 200)
    assert answers(registry, repository, tag) == (404 if kind.deletes_manifest == 202 else 200)


def test_mirror_to_mirror_then_verify_prune_and_delete(kind, source, registry, site):
    run = site.mirror(APP, TOOL, MULTI)
    assert run.result.complete and run.result.changed
    require_clean(site)
    assert not site.mirror(APP, TOOL, MULTI).result.changed
    source.stop()
    store = opened(registry)
    assert [each.digest for each in store.referrers("site/team/app", BUILT[APP].digest)] == [SBOM.digest]
    store.close()
    deletion = site.delete(site.generate(TOOL).path, guards=ALL)
    require_gone(kind, registry, deletion, BUILT[TOOL], TOOL)


def test_prune(kind, registry, site):
    assert site.mirror(APP, TOOL, MULTI).result.complete
    pruned = site.prune(APP, TOOL, guards=ALL)
    require_gone(kind, registry, pruned, BUILT[MULTI], MULTI)
    require_clean(site, images=3)
    assert not site.prune(APP, TOOL, guards=ALL).changed or kind.deletes_manifest == 405
    # Whatever is left of it behind its name, it comes back whole when it is wanted again.
    assert site.mirror(APP, TOOL, MULTI).result.complete
    require_clean(site)
    assert answers(registry, "team/multi", "1") == 200


def test_to_disk_and_from_disk_then_verify_repair_and_prune(kind, source, registry, tmp_path):
    near = Near(tmp_path / "near")
    names = [f"{source.host}/{name}" for name in (APP, TOOL, MULTI)]
    first, second = near.ship(*names), near.ship(*names[:2])
    source.stop()
    site = Site(source.host, registry.host, tmp_path / "far")
    far = Far(tmp_path / "far", f"docker://{registry.host}/site")
    assert far.load(first).complete
    require_clean(site)
    if kind.deletes_manifest == 202:
        lost = BUILT[MULTI].children[1].digest
        assert Client(registry.url).status("DELETE", f"/v2/site/team/multi/manifests/{lost}") == 202
        assert not site.verify().found.clean
        assert site.verify(repair=True, archive=first).left.clean
        require_clean(site)
    assert far.load(second).complete
    require_gone(kind, registry, site.prune(guards=ALL), BUILT[MULTI], MULTI)
    require_clean(site, images=3)
