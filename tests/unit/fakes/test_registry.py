# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fake registry itself: what it answers, refuses, records and breaks."""

from __future__ import annotations

import base64
import http.client
import json
import socket

import pytest

from ansible_collections.disconnected.mirror.tests.fakes import dialects, images
from ansible_collections.disconnected.mirror.tests.fakes.content import Content, HollowBlob
from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.tokens import Guard

BLOB = b"some bytes that are worth keeping"


@pytest.fixture
def registry():
    with FakeRegistry() as fake:
        yield fake


def ask(fake, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", fake.port, timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def upload(fake, repository, blob, chunks=0):
    status, headers, _body = ask(fake, "POST", f"/v2/{repository}/blobs/uploads/")
    assert status == 202
    location = headers["location"].replace(fake.url, "")
    octets = {"Content-Type": "application/octet-stream"}
    sent = 0
    while chunks and sent < len(blob):
        piece = blob[sent : sent + chunks]
        status, headers, _body = ask(fake, "PATCH", location, piece, {**octets, "Content-Range": f"{sent}-{sent + len(piece) - 1}"})
        assert status == 202
        sent += len(piece)
        assert headers["range"] == f"0-{sent - 1}"
        location = headers["location"].replace(fake.url, "")
    digest = fake_digest(blob)
    separator = "&" if "?" in location else "?"
    return ask(fake, "PUT", f"{location}{separator}digest={digest}", None if chunks else blob, octets)


def fake_digest(blob):
    return images.Digest.of(blob)


@pytest.mark.parametrize("chunks", [0, 7])
def test_an_uploaded_blob_reads_back(registry, chunks):
    status, headers, _body = upload(registry, "team/app", BLOB, chunks)
    assert (status, headers["docker-content-digest"]) == (201, fake_digest(BLOB))
    assert ask(registry, "GET", f"/v2/team/app/blobs/{fake_digest(BLOB)}")[2] == BLOB
    status, headers, body = ask(registry, "HEAD", f"/v2/team/app/blobs/{fake_digest(BLOB)}")
    assert (status, headers["content-length"], body) == (200, str(len(BLOB)), b"")
    assert registry.ledger.count("GET", "blob", 200) == 1


def test_a_chunked_transfer_encoding_is_read(registry):
    location = ask(registry, "POST", "/v2/a/blobs/uploads/")[1]["location"].replace(registry.url, "")
    status, headers, _body = ask(registry, "PATCH", location, iter([b"ab", b"cde"]))
    assert (status, headers["range"]) == (202, "0-4")


def test_an_upload_tells_where_it_stands_refuses_gaps_and_can_be_dropped(registry):
    location = ask(registry, "POST", "/v2/a/blobs/uploads/")[1]["location"].replace(registry.url, "")
    ask(registry, "PATCH", location, b"12345", {"Content-Range": "0-4"})
    assert ask(registry, "GET", location)[1]["range"] == "0-4"
    status, headers, _body = ask(registry, "PATCH", location, b"9", {"Content-Range": "9-9"})
    assert (status, headers["range"]) == (416, "0-4")
    assert ask(registry, "DELETE", location)[0] == 204
    assert ask(registry, "GET", location)[0] == 404


def test_a_wrong_digest_is_refused(registry):
    location = ask(registry, "POST", "/v2/a/blobs/uploads/")[1]["location"].replace(registry.url, "")
    assert ask(registry, "PUT", f"{location}&digest={fake_digest(b'other')}", BLOB)[0] == 400


def test_a_mount_takes_a_blob_over_and_a_missing_one_opens_an_upload(registry):
    digest = registry.content.put_blob("team/base", BLOB)
    assert ask(registry, "POST", f"/v2/team/app/blobs/uploads/?mount={digest}&from=team/base")[0] == 201
    assert digest in registry.content.find("team/app").blobs
    assert ask(registry, "POST", f"/v2/team/app/blobs/uploads/?mount={fake_digest(b'no')}&from=team/base")[0] == 202


def test_a_range_is_served_and_one_past_the_end_refused(registry):
    digest = registry.content.put_blob("a", BLOB)
    status, headers, body = ask(registry, "GET", f"/v2/a/blobs/{digest}", headers={"Range": "bytes=5-"})
    assert (status, body, headers["content-range"]) == (206, BLOB[5:], f"bytes 5-{len(BLOB) - 1}/{len(BLOB)}")
    assert ask(registry, "GET", f"/v2/a/blobs/{digest}", headers={"Range": "bytes=999-"})[0] == 416


def test_a_hollow_blob_announces_more_than_four_gibibytes(registry):
    digest = registry.content.put_blob("a", HollowBlob(5 << 30), fake_digest(b"hollow"))
    assert ask(registry, "HEAD", f"/v2/a/blobs/{digest}")[1]["content-length"] == str(5 << 30)
    assert ask(registry, "GET", f"/v2/a/blobs/{digest}", headers={"Range": f"bytes={(5 << 30) - 3}-"})[2] == bytes(3)


def test_a_manifest_before_its_content_is_refused_and_recorded(registry):
    built = images.image("app")
    path = f"/v2/team/app/manifests/{built.digest}"
    assert ask(registry, "PUT", path, built.content, {"Content-Type": built.media_type})[0] == 400
    assert len(registry.violations) == 1 and built.digest in registry.violations[0]
    for blob in built.blobs.values():
        registry.content.put_blob("team/app", blob)
    assert ask(registry, "PUT", path, built.content, {"Content-Type": built.media_type})[0] == 201
    assert ask(registry, "GET", path)[1]["content-type"] == built.media_type


def test_an_index_before_its_children_is_refused_unless_sparse_ones_are_allowed():
    built = images.multi_arch("app")
    for sparse in (False, True):
        with FakeRegistry(dialect=dialects.replace(dialects.DISTRIBUTION, sparse_indexes=sparse)) as fake:
            status = ask(fake, "PUT", "/v2/a/manifests/1", built.content, {"Content-Type": built.media_type})[0]
            assert (status, len(fake.violations)) == ((201, 0) if sparse else (400, 1))


def test_tags_come_in_pages():
    with FakeRegistry(dialect=dialects.replace(dialects.DISTRIBUTION, page_limit=2)) as fake:
        for tag in ("c", "a", "e", "b", "d"):
            images.put(images.image("x"), fake.content, "team/app", tag)
        path, seen = "/v2/team/app/tags/list", []
        while path:
            _status, headers, body = ask(fake, "GET", path)
            seen.append(json.loads(body)["tags"])
            path = headers["link"].split(">")[0][1:] if "link" in headers else ""
        assert seen == [["a", "b"], ["c", "d"], ["e"]]
        assert ask(fake, "GET", "/v2/no/such/tags/list")[0] == 404


def test_referrers_are_listed_where_the_dialect_has_them():
    app = images.image("app")
    sbom = images.artifact("sbom", app, "application/spdx+json")
    for way, expected in (("api", 200), ("missing", 404), ("html", 404), ("redirect", 303)):
        with FakeRegistry(dialect=dialects.replace(dialects.DISTRIBUTION, referrers=way)) as fake:
            images.put(app, fake.content, "a")
            images.put(sbom, fake.content, "a")
            status, headers, body = ask(fake, "GET", f"/v2/a/referrers/{app.digest}")
            assert status == expected
            if way == "api":
                assert [entry["digest"] for entry in json.loads(body)["manifests"]] == [sbom.digest]
            if way == "html":
                assert headers["content-type"] == "text/html"


def test_deletion_removes_the_manifest_and_its_tags(registry):
    built = images.image("app")
    images.put(built, registry.content, "a", "1")
    assert ask(registry, "DELETE", "/v2/a/manifests/1")[0] == 405
    assert ask(registry, "DELETE", f"/v2/a/manifests/{built.digest}")[0] == 202
    assert ask(registry, "GET", "/v2/a/manifests/1")[0] == 404
    registry.dialect = dialects.DISTRIBUTION_NO_DELETE
    assert ask(registry, "DELETE", f"/v2/a/manifests/{built.digest}")[0] == 405


def _basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_basic_credentials_are_asked_for_and_the_user_recorded():
    with FakeRegistry(auth=Guard(mode="basic", users={"me": "secret"})) as fake:
        status, headers, _body = ask(fake, "GET", "/v2/")
        assert (status, headers["www-authenticate"]) == (401, 'Basic realm="fake-registry"')
        assert ask(fake, "GET", "/v2/", headers=_basic("me", "wrong"))[0] == 401
        assert ask(fake, "GET", "/v2/", headers=_basic("me", "secret"))[0] == 200
        assert fake.ledger.entries(status=200)[0].user == "me"


def test_a_token_opens_what_its_scope_names_until_it_expires():
    now = [1000.0]
    with FakeRegistry(auth=Guard(mode="bearer", users={"me": "secret"}, ttl=300, clock=lambda: now[0])) as fake:
        digest = fake.content.put_blob("a", BLOB)
        challenge = ask(fake, "GET", f"/v2/a/blobs/{digest}")[1]["www-authenticate"]
        assert challenge == f'Bearer realm="{fake.url}/token",service="fake-registry",scope="repository:a:pull"'
        answer = ask(fake, "GET", "/token?service=fake-registry&scope=repository:a:pull", headers=_basic("me", "secret"))[2]
        bearer = {"Authorization": f"Bearer {json.loads(answer)['token']}"}
        assert ask(fake, "GET", f"/v2/a/blobs/{digest}", headers=bearer)[0] == 200
        assert ask(fake, "POST", "/v2/a/blobs/uploads/", headers=bearer)[0] == 401
        assert ask(fake, "GET", f"/v2/b/blobs/{digest}", headers=bearer)[0] == 401
        now[0] += 301
        assert ask(fake, "GET", f"/v2/a/blobs/{digest}", headers=bearer)[0] == 401


def test_a_mount_needs_to_read_where_it_comes_from():
    with FakeRegistry(auth=Guard(mode="bearer", users={"me": "secret"})) as fake:
        path = f"/v2/b/blobs/uploads/?mount={fake_digest(BLOB)}&from=a"
        assert ask(fake, "POST", path)[1]["www-authenticate"].endswith('scope="repository:b:pull,push repository:a:pull"')


def test_an_identity_token_is_exchanged():
    with FakeRegistry(auth=Guard(mode="bearer", identity_tokens={"idt": "me"})) as fake:
        form = "grant_type=refresh_token&refresh_token=idt&scope=repository:a:pull"
        assert "token" in json.loads(ask(fake, "POST", "/token", form)[2])
        assert ask(fake, "POST", "/token", form.replace("idt", "bad"))[0] == 401


@pytest.mark.parametrize(("shape", "media_type"), [("oci", "application/json"), ("html", "text/html; charset=utf-8"), ("empty", None)])
def test_a_scripted_status_comes_as_often_as_told(registry, shape, media_type):
    registry.inject(Fault(endpoint="ping", status=429, times=2, body=shape, retry_after="1"))
    seen = [ask(registry, "GET", "/v2/") for _each in range(3)]
    assert [status for status, _headers, _body in seen] == [429, 429, 200]
    assert (seen[0][1].get("content-type"), seen[0][1]["retry-after"]) == (media_type, "1")


def test_bodies_are_cut_reset_flipped_or_presented_short(registry):
    digest = registry.content.put_blob("a", BLOB)
    path = f"/v2/a/blobs/{digest}"
    registry.inject(Fault(endpoint="blob", truncate_at=5))
    with pytest.raises(http.client.IncompleteRead):
        ask(registry, "GET", path)
    registry.inject(Fault(endpoint="blob", reset_at=5))
    with pytest.raises(ConnectionResetError):
        ask(registry, "GET", path)
    registry.inject(Fault(endpoint="blob", truncate_at=5, framing="short"))
    assert ask(registry, "GET", path)[2] == BLOB[:5]
    registry.inject(Fault(endpoint="blob", truncate_at=5, framing="close"))
    assert ask(registry, "GET", path)[2] == BLOB[:5]
    registry.inject(Fault(endpoint="blob", truncate_at=5, framing="chunked"))
    with pytest.raises(http.client.IncompleteRead):
        ask(registry, "GET", path)
    registry.inject(Fault(endpoint="blob", corrupt_at=-1))
    assert ask(registry, "GET", path)[2] == BLOB[:-1] + bytes([BLOB[-1] ^ 1])
    assert ask(registry, "GET", path)[2] == BLOB


def test_a_reset_in_mid_upload_keeps_what_arrived(registry):
    location = ask(registry, "POST", "/v2/a/blobs/uploads/")[1]["location"].replace(registry.url, "")
    registry.inject(Fault(method="PATCH", reset_request_at=6))
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        ask(registry, "PATCH", location, BLOB)
    assert ask(registry, "GET", location)[1]["range"] == "0-5"


def test_an_accepted_object_can_be_forgotten_and_headers_lie(registry):
    registry.inject(Fault(method="PUT", endpoint="upload", forget=True))
    assert upload(registry, "a", BLOB)[0] == 201
    assert ask(registry, "HEAD", f"/v2/a/blobs/{fake_digest(BLOB)}")[0] == 404
    digest = registry.content.put_blob("a", BLOB)
    registry.inject(Fault(endpoint="blob", digest_header=fake_digest(b"lie")), Fault(endpoint="blob", ignore_range=True))
    assert ask(registry, "GET", f"/v2/a/blobs/{digest}")[1]["docker-content-digest"] == fake_digest(b"lie")
    assert ask(registry, "GET", f"/v2/a/blobs/{digest}", headers={"Range": "bytes=5-"})[0] == 200


def test_blob_reads_can_be_redirected_to_another_server():
    content = Content()
    digest = content.put_blob("a", BLOB)
    with FakeRegistry(content=content) as cdn, FakeRegistry(content=content, blob_redirect=cdn.url) as front:
        status, headers, _body = ask(front, "GET", f"/v2/a/blobs/{digest}")
        assert (status, headers["location"]) == (307, f"{cdn.url}/cdn/{digest}")
        assert ask(cdn, "GET", f"/cdn/{digest}")[2] == BLOB


def test_a_stopped_registry_starts_again_on_its_port_with_its_content():
    fake = FakeRegistry().start()
    digest = fake.content.put_blob("a", BLOB)
    port = fake.port
    fake.stop()
    with pytest.raises(OSError):
        ask(fake, "GET", "/v2/")
    fake.start()
    assert (fake.port, ask(fake, "GET", f"/v2/a/blobs/{digest}")[0]) == (port, 200)
    fake.stop()


@pytest.mark.parametrize(
    ("name", "path", "status"),
    [
        ("harbor", "/v2/nowhere/app/blobs/uploads/", 401),
        ("ecr", "/v2/nowhere/blobs/uploads/", 404),
        ("quay-old", "/v2/a/b/c/blobs/uploads/", 401),
        ("gitlab", "/v2/group/project/app/blobs/uploads/", 403),
    ],
)
def test_what_must_exist_beforehand_is_asked_for(name, path, status):
    with FakeRegistry(dialect=dialects.PROFILES[name]) as fake:
        assert ask(fake, "POST", path)[0] == status
        assert fake.content.repositories == {}


def test_strict_types_and_refused_types():
    docker = images.image("app", kind=images.DOCKER)
    for name, sent, status in (
        ("nexus", docker.media_type, 201),
        ("nexus", images.OCI_MANIFEST, 400),
        ("zot", docker.media_type, 415),
        ("zot-docker2s2", docker.media_type, 201),
    ):
        with FakeRegistry(dialect=dialects.PROFILES[name]) as fake:
            for blob in docker.blobs.values():
                fake.content.put_blob("a/b", blob)
            assert ask(fake, "PUT", "/v2/a/b/manifests/1", docker.content, {"Content-Type": sent})[0] == status


def test_relative_locations_and_the_body_limit():
    dialect = dialects.replace(dialects.NEXUS, body_limit=10)
    with FakeRegistry(dialect=dialect) as fake:
        assert ask(fake, "POST", "/v2/a/blobs/uploads/")[1]["location"].startswith("/v2/a/blobs/uploads/")
        assert upload(fake, "a", BLOB)[0] == 413
        assert upload(fake, "a", BLOB, 10)[0] == 201


def test_settle_waits_for_what_a_client_that_is_gone_left_behind() -> None:
    with FakeRegistry() as registry:
        digest = registry.content.put_blob("team/app", b"x" * 100)
        registry.inject(Fault(endpoint="blob", delay=0.2))
        for _time in range(3):
            with socket.create_connection(("127.0.0.1", registry.port)) as client:
                client.sendall(f"GET /v2/team/app/blobs/{digest} HTTP/1.1\r\nHost: {registry.host}\r\n\r\n".encode())
        registry.settle()
        assert registry.ledger.count("GET", "blob") == 3


def test_settle_gives_up_on_a_client_that_stays() -> None:
    with FakeRegistry() as registry, socket.create_connection(("127.0.0.1", registry.port)), pytest.raises(TimeoutError):
        registry.settle(0.05)
