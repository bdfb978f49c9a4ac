# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manifests, tags and refusals of registries: verified, unchanged, told in words (user-needs G04, G05, G16)."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import (
    AccessDenied,
    CorruptContent,
    InputError,
    MirrorError,
    NotFound,
    RegistryError,
    Unreachable,
    Unsupported,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import OCI_MANIFEST
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.pages import next_link
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.tests.fakes import dialects, images
from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry

QUICK = {"plain_http": True, "retries": {"times": 2, "delay": 0.001, "max_delay": 0.002}}
APP = images.image("app")


def store_of(registry: FakeRegistry, **options: Any) -> RegistryStore:
    return RegistryStore(registry.host, Http(Settings.of(QUICK, {})), **options)


@pytest.fixture
def registry():
    with FakeRegistry() as fake:
        images.put(APP, fake.content, "team/app", "1.0")
        yield fake


def test_a_manifest_by_tag_and_by_digest(registry):
    store = store_of(registry)
    for reference in ("1.0", APP.digest):
        manifest = store.fetch_manifest("team/app", reference)
        assert (manifest.content, manifest.media_type, manifest.digest) == (APP.content, APP.media_type, APP.digest)
        assert store.find_manifest("team/app", reference) == Descriptor(APP.media_type, APP.digest, len(APP.content))
    assert registry.ledger.count() == 4


@pytest.mark.parametrize("reference", ["2.0", Digest.of(b"absent")])
def test_an_absent_manifest(registry, reference):
    store = store_of(registry)
    assert store.find_manifest("team/app", reference) is None
    with pytest.raises(NotFound, match="MANIFEST_UNKNOWN"):
        store.fetch_manifest("team/app", reference)


@pytest.mark.parametrize("position", [0, 10, 100, -1])
@pytest.mark.parametrize("reference", ["1.0", APP.digest])
def test_a_flipped_bit_is_noticed_and_the_manifest_asked_for_again(registry, position, reference):
    registry.inject(Fault(endpoint="manifest", corrupt_at=position))
    assert store_of(registry).fetch_manifest("team/app", reference).content == APP.content
    assert registry.ledger.count("GET", "manifest") == 2


def test_without_a_digest_header_what_is_no_json_is_asked_for_again(registry):
    registry.inject(Fault(endpoint="manifest", corrupt_at=0, digest_header="none"))
    assert store_of(registry).fetch_manifest("team/app", "1.0").content == APP.content
    registry.inject(Fault(endpoint="manifest", truncate_at=100, framing="short"))
    assert store_of(registry).fetch_manifest("team/app", "1.0").content == APP.content


def test_bytes_that_are_always_bent_are_told_within_the_budget(registry):
    registry.inject(Fault(endpoint="manifest", corrupt_at=10, times=0))
    with pytest.raises(CorruptContent) as caught:
        store_of(registry).fetch_manifest("team/app", APP.digest)
    assert registry.ledger.count("GET", "manifest") == caught.value.attempts == QUICK["retries"]["times"] + 1


def test_what_is_no_manifest_but_as_it_is_named_is_asked_for_once(registry):
    digest = registry.content.put_manifest("team/app", b"no JSON", OCI_MANIFEST, "bad")
    for reference in ("bad", digest):
        with pytest.raises(CorruptContent, match="not JSON"):
            store_of(registry).fetch_manifest("team/app", reference)
    assert registry.ledger.count("GET", "manifest") == 2


@pytest.mark.parametrize("reference", ["1.0", APP.digest])
def test_a_lying_digest_header_is_noticed(registry, reference):
    registry.inject(Fault(endpoint="manifest", digest_header=Digest.of(b"other"), times=0))
    with pytest.raises(CorruptContent):
        store_of(registry).fetch_manifest("team/app", reference)
    if reference == APP.digest:
        with pytest.raises(CorruptContent):
            store_of(registry).find_manifest("team/app", reference)


@pytest.mark.parametrize("header", ["sha256:../../etc/passwd", "md5:abc", "sha256:" + "A" * 64])
def test_a_digest_header_that_is_none_is_refused(registry, header):
    registry.inject(Fault(method="HEAD", digest_header=header, times=0))
    with pytest.raises(CorruptContent):
        store_of(registry).find_manifest("team/app", "1.0")


def test_a_registry_that_answers_head_without_a_digest(registry):
    registry.inject(Fault(method="HEAD", digest_header="none", times=0))
    store = store_of(registry)
    found = store.find_manifest("team/app", "1.0")
    assert (found.media_type, found.digest, found.size) == (APP.media_type, APP.digest, len(APP.content))
    assert registry.ledger.count("GET") == 1
    store.find_manifest("team/app", APP.digest)
    assert registry.ledger.count("GET") == 1


def test_a_registry_that_knows_no_head(registry):
    registry.inject(Fault(method="HEAD", status=405, times=0))
    assert store_of(registry).find_manifest("team/app", "1.0").digest == APP.digest
    assert store_of(registry).find_manifest("team/app", "2.0") is None


def test_manifests_are_bounded(registry):
    registry.content.put_manifest("team/app", b"{" + b" " * (5 << 20) + b"}", OCI_MANIFEST, "huge")
    with pytest.raises(MirrorError, match="more than"):
        store_of(registry).fetch_manifest("team/app", "huge")


@pytest.mark.parametrize("reference", ["", "a b", "../x", "x" * 129, "sha256:abc", "a?b", ".a"])
def test_references_that_are_none_ask_for_nothing(registry, reference):
    for ask in (store_of(registry).find_manifest, store_of(registry).fetch_manifest):
        with pytest.raises(InputError):
            ask("team/app", reference)
    assert registry.ledger.count() == 0


@pytest.mark.parametrize(
    "built",
    [
        images.image("a", indent=7),
        images.image("b", kind=images.DOCKER),
        images.multi_arch("c"),
        images.multi_arch("d", kind=images.DOCKER),
        images.index([images.multi_arch("e")]),
        images.artifact("f"),
        images.image("g", media_type_member=False),
        images.image("h", foreign=[images.layer("foreign")]),
    ],
    ids=["odd spacing", "docker", "index", "docker list", "nested", "artifact", "no mediaType", "foreign"],
)
def test_manifests_arrive_as_they_were(registry, built):
    store = store_of(registry, writing=True)
    images.push(built, store, "team/new", "latest")
    assert registry.content.find("team/new").manifests[built.digest] == (built.media_type, built.content)
    assert store.fetch_manifest("team/new", "latest").content == built.content
    assert registry.violations == []


def test_duplicate_keys_survive(registry):
    content = b'{"schemaVersion": 2, "schemaVersion" :2,"mediaType":"' + OCI_MANIFEST.encode() + b'", "layers":[ ]\n}'
    store_of(registry, writing=True).put_manifest("team/new", Manifest.parse(content), "odd")
    assert store_of(registry).fetch_manifest("team/new", "odd").content == content


def test_a_registry_that_changes_manifests_is_told(registry):
    registry.inject(Fault(method="PUT", digest_header=Digest.of(b"converted")))
    with pytest.raises(CorruptContent, match="changed the manifest.*docker2s2"):
        store_of(registry).put_manifest("team/app", APP.manifest(), "2.0")


def test_a_registry_that_forgets_for_a_moment_is_asked_again(registry):
    registry.inject(Fault(method="PUT", endpoint="manifest", status=400, code="MANIFEST_BLOB_UNKNOWN", times=2))
    store_of(registry).put_manifest("team/app", APP.manifest(), "2.0")
    assert registry.ledger.count("PUT") == 3


def test_a_registry_that_forgets_for_good_is_not_asked_for_ever(registry):
    registry.inject(Fault(method="PUT", endpoint="manifest", status=404, code="BLOB_UNKNOWN", times=0))
    with pytest.raises(MirrorError, match="BLOB_UNKNOWN"):
        store_of(registry).put_manifest("team/app", APP.manifest(), "2.0")
    assert registry.ledger.count("PUT") <= 4


def test_other_refusals_of_manifests_are_not_repeated(registry):
    registry.inject(Fault(method="PUT", status=400, code="MANIFEST_INVALID", times=0))
    with pytest.raises(RegistryError, match="MANIFEST_INVALID"):
        store_of(registry).put_manifest("team/app", APP.manifest(), "2.0")
    assert registry.ledger.count("PUT") == 1


@pytest.mark.parametrize(
    "dialect, built, words",
    [
        (dialects.ZOT, images.image("docker", kind=images.DOCKER), "docker2s2"),
        (dialects.OPENSHIFT, APP, "without a tag"),
    ],
    ids=["zot", "openshift"],
)
def test_registries_that_cannot_take_it_are_told_apart(dialect, built, words):
    with FakeRegistry(dialect) as registry:
        registry.projects.update({"team", "suite"})
        store = store_of(registry, writing=True)
        with pytest.raises(MirrorError, match=words):
            images.push(built, store, "team/app")


@pytest.mark.parametrize(
    "fault, error",
    [
        (Fault(method="DELETE", status=405, code="UNSUPPORTED"), Unsupported),
        (Fault(method="DELETE", status=400, code="UNSUPPORTED"), Unsupported),
        (Fault(method="DELETE", status=404, code="MANIFEST_UNKNOWN"), NotFound),
        (Fault(method="DELETE", status=403, code="DENIED"), AccessDenied),
        (Fault(method="DELETE", status=503, times=0), Unreachable),
    ],
)
def test_refused_deletions_are_told_apart(registry, fault, error):
    registry.inject(fault)
    store = store_of(registry)
    with pytest.raises(error):
        store.delete_manifest("team/app", APP.digest)
    assert store.capabilities.delete is (False if error is Unsupported else None)


def test_deleting(registry):
    store = store_of(registry)
    store.delete_manifest("team/app", APP.digest)
    assert store.find_manifest("team/app", "1.0") is None
    assert store.capabilities.delete is True


@pytest.mark.parametrize("page", [1, 7, 100])
@pytest.mark.parametrize("absolute", [False, True])
def test_all_pages_of_tags_are_read(page, absolute):
    dialect = dialects.Dialect("paged", page_limit=page, absolute_links=absolute)
    with FakeRegistry(dialect) as registry:
        wanted = tuple(f"v{number:02}" for number in range(30))
        registry.content.create("team/app").tags.update(dict.fromkeys(wanted, APP.digest))
        assert store_of(registry).tags("team/app") == wanted
        assert registry.ledger.count() == -(-30 // page)


def test_a_repository_that_is_not_there_has_no_tags_at_all(registry):
    assert store_of(registry).tags("team/none") is None


@pytest.mark.parametrize(
    "header, link",
    [
        ("", ""),
        ('</v2/a/tags/list?last=b&n=2>; rel="next"', "/v2/a/tags/list?last=b&n=2"),
        ("<https://h/x>; rel=next", "https://h/x"),
        ('</first>; rel="first", </next,1>; title="a, b"; REL="prev next"', "/next,1"),
        ('</x>; rel="prev"', ""),
        ('</x>; rel="nextish"', ""),
        ("</x>", ""),
        ("nonsense", ""),
    ],
)
def test_links(header, link):
    assert next_link(header) == link


def page(link: str, body: str = '{"tags": ["a"]}') -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nLink: <{link}>; rel=next\r\nConnection: close\r\n\r\n{body}".encode()


@pytest.mark.parametrize(
    "link, words", [("http://127.0.0.1:1/v2/x", "another host"), ("/v2/team/app/tags/list", "without end"), ("ftp://x/", "cannot be used")]
)
def test_pages_that_lead_astray(scripted_registry, link, words):
    with pytest.raises(RegistryError, match=words):
        scripted_registry(page(link)).tags("team/app")


@pytest.mark.parametrize("body", ["[]", "{", '{"tags": "a"}', '{"tags": [1]}', "<html>"])
def test_lists_of_tags_that_are_none(scripted_registry, body):
    with pytest.raises(RegistryError, match="not a list of tags"):
        scripted_registry(page("", body)).tags("team/app")


@pytest.mark.parametrize("body", ['{"tags": null}', '{"tags": []}', "{}"])
def test_no_tags(scripted_registry, body):
    assert scripted_registry(page("", body)).tags("team/app") == ()


def answer(status: int, body: str, kind: str = "text/html") -> bytes:
    return f"HTTP/1.1 {status} No\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()


@pytest.mark.parametrize(
    "body, kind, told",
    [
        ('{"errors": [{"code": "denied", "message": "no\\nway"}, {"message": "really"}]}', "application/json", "DENIED: no way; really"),
        ("<html><head><title>403 Forbidden</title></head><body>long</body></html>", "text/html", "403 Forbidden"),
        ("<p>no title", "text/html", ""),
        ("plain words\x00 of\r\na proxy", "text/plain", "plain words of a proxy"),
        ("{broken json", "application/json", "{broken json"),
        ('{"errors": 5}', "application/json", '{"errors": 5}'),
        ("x" * 1000, "text/plain", "x" * 297 + "..."),
        ("", "", ""),
    ],
)
def test_what_a_registry_said_is_passed_on_in_one_line(scripted_registry, body, kind, told):
    with pytest.raises(AccessDenied) as caught:
        scripted_registry(answer(403, body, kind)).fetch_manifest("team/app", "1.0")
    expected = f"refused to serve the manifest: 403{f' ({told})' if told else ''}"
    assert caught.value.message.endswith(expected)
    assert caught.value.status == 403


def test_ping(registry):
    store_of(registry).ping()
    registry.inject(Fault(endpoint="ping", status=404, body="html"))
    with pytest.raises(NotFound, match="answer as a registry"):
        store_of(registry).ping()


def test_a_host_that_may_do_without_tls_and_has_it(scripted_registry):
    store = scripted_registry(answer(400, "Client sent an HTTP request to an HTTPS server.", "text/plain"))
    with pytest.raises(Unreachable, match="TLS"):
        store.tags("team/app")


def test_hosts():
    http = Http(Settings.of({"hosts": {"lab:5000": {"plain_http": True}}}, {}))
    assert str(RegistryStore("docker.io", http)._endpoint.origin) == "https://registry-1.docker.io"
    assert str(RegistryStore("lab:5000", http)._endpoint.origin) == "http://lab:5000"
    assert str(RegistryStore("lab:5001", http)._endpoint.origin) == "https://lab:5001"
    assert str(RegistryStore("localhost:5000", http)._endpoint.origin) == "https://localhost:5000"
    assert RegistryStore("[::1]:5000", http).name == "docker://[::1]:5000"
    for host in ("", "a/b", "me@a", "a b", "a:x"):
        with pytest.raises(InputError):
            RegistryStore(host, http)
