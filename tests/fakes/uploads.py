# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The routes of the fake registry for blobs and their uploads."""

from __future__ import annotations

import re

from ansible_collections.disconnected.mirror.tests.fakes.answers import Answer, Question, Refused
from ansible_collections.disconnected.mirror.tests.fakes.content import Blob, digest_of

_DIGEST = re.compile(r"(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})\Z")
_STATE = "state-of-"


def read_anywhere(question: Question) -> Answer:
    """A content network's address: the bytes of any blob, for everybody."""
    blob = question.registry.content.blobs.get(question.target)
    if blob is None:
        raise Refused(404, "BLOB_UNKNOWN", "blob unknown")
    return _bytes(question, blob)


def read_blob(question: Question) -> Answer:
    content = question.registry.content
    if question.target not in content.find(question.repository).blobs:
        raise Refused(404, "BLOB_UNKNOWN", "blob unknown to registry")
    if question.registry.blob_redirect and question.method == "GET":
        return Answer(307, {"Location": f"{question.registry.blob_redirect}/cdn/{question.target}"})
    answer = _bytes(question, content.blobs[question.target])
    answer.headers["Docker-Content-Digest"] = question.target
    return answer


def _bytes(question: Question, blob: Blob) -> Answer:
    headers = {"Content-Type": "application/octet-stream", "Accept-Ranges": "bytes"}
    wanted = _range(question, len(blob))
    if wanted is None:
        return Answer(200, headers, blob)
    first, last = wanted
    if first >= len(blob):
        raise Refused(416, "RANGE_INVALID", "range not satisfiable", {"Content-Range": f"bytes */{len(blob)}"})
    headers["Content-Range"] = f"bytes {first}-{last}/{len(blob)}"
    return Answer(206, headers, blob[first : last + 1])


def _range(question: Question, size: int) -> tuple[int, int] | None:
    text = question.headers.get("range", "")
    match = re.match(r"bytes=(\d+)-(\d*)\Z", text)
    if not match or question.ignore_range or not question.registry.dialect.range_reads:
        return None
    return int(match.group(1)), min(int(match.group(2) or size - 1), size - 1)


def delete_blob(question: Question) -> Answer:
    if not question.registry.dialect.delete_blobs:
        raise Refused(405, "UNSUPPORTED", "the operation is unsupported")
    content = question.registry.content
    found = content.find(question.repository)
    if question.target not in found.blobs:
        raise Refused(404, "BLOB_UNKNOWN", "blob unknown to registry")
    found.blobs.discard(question.target)
    if not any(question.target in each.blobs for each in content.repositories.values()):
        content.blobs.pop(question.target, None)
    return Answer(202)


def start(question: Question) -> Answer:
    """Mounts, takes a whole blob, or opens an upload."""
    content, dialect = question.registry.content, question.registry.dialect
    mount, source = question.query.get("mount", ""), question.query.get("from", "")
    if mount and dialect.mount and mount in content.find(source).blobs:
        with content.lock:
            content.create(question.repository).blobs.add(mount)
        return _stored(question, mount)
    if question.query.get("digest") and dialect.post_digest:
        return _store(question, question.query["digest"], question.read())
    identity = content.start_upload(question.repository)
    content.create(question.repository)
    return Answer(202, {**_progress(question, identity, 0), "Docker-Upload-UUID": identity})


def status(question: Question) -> Answer:
    received = _upload(question)
    if not question.registry.dialect.upload_status:
        raise Refused(404, "BLOB_UPLOAD_UNKNOWN", "upload status is not told")
    return Answer(204, _progress(question, question.target, len(received)))


def patch(question: Question) -> Answer:
    received = _upload(question)
    if not question.registry.dialect.patch:
        raise Refused(405, "UNSUPPORTED", "the operation is unsupported")
    _octets(question)
    announced = re.match(r"(?:bytes[ =])?(\d+)-", question.headers.get("content-range", ""))
    if announced and int(announced.group(1)) != len(received):
        raise Refused(416, "BLOB_UPLOAD_INVALID", "chunk out of order", _progress(question, question.target, len(received)))
    received += question.read()
    return Answer(202, _progress(question, question.target, len(received)))


def keep_partial(question: Question, piece: bytes) -> None:
    """What arrived of a PATCH before its connection broke belongs to the upload."""
    received = question.registry.content.upload(question.repository, question.target)
    if received is not None and question.method == "PATCH":
        received += piece


def finish(question: Question) -> Answer:
    received = _upload(question)
    if not question.registry.dialect.put_body and question.headers.get("content-length", "0") != "0":
        raise Refused(405, "UNSUPPORTED", "the operation is unsupported")
    body = question.read()
    if body:
        _octets(question)
    answer = _store(question, question.query.get("digest", ""), bytes(received) + body)
    question.registry.content.uploads.pop(question.target, None)
    return answer


def cancel(question: Question) -> Answer:
    _upload(question)
    question.registry.content.uploads.pop(question.target, None)
    return Answer(204)


def _upload(question: Question) -> bytearray:
    received = question.registry.content.upload(question.repository, question.target)
    if received is None:
        raise Refused(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
    if question.registry.dialect.location_query and question.query.get("_state") != _STATE + question.target:
        raise Refused(400, "BLOB_UPLOAD_INVALID", "the upload's state did not come back")
    return received


def _octets(question: Question) -> None:
    media_type = question.headers.get("content-type", "")
    if question.registry.dialect.strict_types and media_type != "application/octet-stream":
        raise Refused(400, "BLOB_UPLOAD_INVALID", f"Content-Type {media_type!r} is not application/octet-stream")


def _store(question: Question, digest: str, blob: bytes) -> Answer:
    right = not question.registry.dialect.verifies or digest_of(blob, digest.split(":")[0]) == digest
    if not _DIGEST.match(digest) or not right:
        raise Refused(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
    if not question.forget:
        content = question.registry.content
        kept = content.blobs.get(digest) if content.keeps else None
        content.put_blob(question.repository, blob if kept is None else kept, digest)
    return _stored(question, digest)


def _stored(question: Question, digest: str) -> Answer:
    return Answer(201, {"Location": f"{_base(question)}/v2/{question.repository}/blobs/{digest}", "Docker-Content-Digest": digest})


def _progress(question: Question, identity: str, size: int) -> dict[str, str]:
    state = f"?_state={_STATE}{identity}" if question.registry.dialect.location_query else ""
    location = f"{_base(question)}/v2/{question.repository}/blobs/uploads/{identity}{state}"
    return {"Location": location, "Range": f"0-{max(size - 1, 0)}"}


def _base(question: Question) -> str:
    return "" if question.registry.dialect.relative_location else question.registry.url
