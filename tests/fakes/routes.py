# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The routes of the fake registry that read: door, tags, manifests, blobs, referrers."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, quote

from ansible_collections.disconnected.mirror.tests.fakes import uploads
from ansible_collections.disconnected.mirror.tests.fakes.answers import Answer, Question, Refused, as_json
from ansible_collections.disconnected.mirror.tests.fakes.content import digest_of
from ansible_collections.disconnected.mirror.tests.fakes.tokens import Need

_PAGE = b"<html><head><title>Not Found</title></head><body><h1>404 Not Found</h1></body></html>"
_INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
keep_partial = uploads.keep_partial


def answer(question: Question) -> Answer:
    """Raises Refused."""
    if question.endpoint in ("token", "cdn"):
        return _OPEN[question.endpoint](question)
    check_door(question)
    route = _ROUTES.get((question.endpoint, "GET" if question.method == "HEAD" else question.method))
    if route is None:
        raise Refused(405 if question.endpoint != "other" else 404, "UNSUPPORTED", "the operation is unsupported")
    if question.repository:
        _name(question)
    return route(question)


def needs(question: Question) -> list[Need]:
    """What a request must be allowed to do; a mount also reads where it mounts from."""
    action = {"GET": "pull", "HEAD": "pull", "DELETE": "delete"}.get(question.method, "push")
    if question.endpoint == "catalog" or not question.repository:
        return [("", "login")]
    wanted = [(question.repository, "pull"), (question.repository, "push")] if action == "push" else [(question.repository, action)]
    source = question.query.get("from", "")
    return wanted + ([(source, "pull")] if source and source != question.repository else [])


def check_door(question: Question) -> None:
    """Raises Refused for who may not come in."""
    auth = question.registry.auth
    wanted = needs(question)
    welcome, question.user = auth.judge(question.headers.get("authorization", ""), wanted)
    if not welcome:
        challenge = {"WWW-Authenticate": auth.challenge(wanted, question.registry.url)}
        raise Refused(401, "UNAUTHORIZED", "authentication required", challenge)


def _name(question: Question) -> None:
    dialect, parts = question.registry.dialect, question.repository.split("/")
    smallest, largest = dialect.depth
    if len(parts) < smallest or (largest and len(parts) > largest):
        raise Refused(dialect.depth_status, "UNAUTHORIZED" if dialect.depth_status == 401 else "NAME_INVALID", "invalid repository name")
    project = "/".join(parts[: dialect.projects])
    if project and project not in question.registry.projects:
        raise Refused(dialect.project_status, "UNAUTHORIZED", f"project {project} not found")
    if dialect.repositories_exist and question.repository not in question.registry.content.repositories:
        raise Refused(404, "NAME_UNKNOWN", f"The repository with name '{question.repository}' does not exist in the registry")


def _ping(question: Question) -> Answer:
    return as_json({}, headers={"Docker-Distribution-Api-Version": "registry/2.0"})


def _token(question: Question) -> Answer:
    auth, scopes = question.registry.auth, question.scopes
    if question.method == "POST":
        form = {key: values[0] for key, values in parse_qs(question.read().decode("utf-8")).items()}
        scopes = form.get("scope", "").split()
        user: str | None = auth.user_of_form(form)
    else:
        user = auth.user_of_basic(question.headers.get("authorization", ""))
    if user is None or (not user and not auth.anonymous):
        raise Refused(401, "UNAUTHORIZED", "incorrect username or password")
    limit = question.registry.dialect.scope_limit
    if limit and len(scopes) > limit:
        raise Refused(400, "UNSUPPORTED", "request header too large")
    question.user = user
    return as_json(auth.issue(user, scopes))


def _page(question: Question, names: list[str]) -> tuple[list[str], dict[str, str]]:
    """One page of sorted names and the Link to the next."""
    dialect = question.registry.dialect
    try:
        wanted = int(question.query.get("n") or 0)
    except ValueError:
        raise Refused(400, "PAGINATION_NUMBER_INVALID", "invalid number of results requested") from None
    if dialect.page_refusal and wanted > dialect.page_refusal:
        raise Refused(400, "PAGINATION_NUMBER_INVALID", "invalid number of results requested")
    size = min(wanted or dialect.page_limit, dialect.page_limit or wanted)
    left = [name for name in sorted(names) if name > question.query.get("last", "")]
    if not size or len(left) <= size:
        return left, {}
    path = "/v2/_catalog" if question.endpoint == "catalog" else f"/v2/{question.repository}/tags/list"
    base = question.registry.url if dialect.absolute_links else ""
    return left[:size], {"Link": f'<{base}{path}?last={quote(left[size - 1])}&n={size}>; rel="next"'}


def _catalog(question: Question) -> Answer:
    if not question.registry.dialect.catalog:
        raise Refused(404, "UNSUPPORTED", "the catalog is not served")
    page, headers = _page(question, list(question.registry.content.repositories))
    return as_json({"repositories": page}, headers=headers)


def _tags(question: Question) -> Answer:
    found = question.registry.content.repositories.get(question.repository)
    if found is None:
        raise Refused(404, "NAME_UNKNOWN", "repository name not known to registry")
    page, headers = _page(question, list(found.tags))
    return as_json({"name": question.repository, "tags": page}, headers=headers)


def _manifest(question: Question) -> Answer:
    found = question.registry.content.find(question.repository)
    digest = found.resolve(question.target)
    if digest is None:
        raise Refused(404, "MANIFEST_UNKNOWN", "manifest unknown")
    media_type, content = found.manifests[digest]
    return Answer(200, {"Content-Type": media_type, "Docker-Content-Digest": digest}, content)


def _put_manifest(question: Question) -> Answer:
    registry, content = question.registry, question.read()
    media_type = question.headers.get("content-type", "").split(";")[0]
    document = _manifest_document(content)
    by_digest = ":" in question.target
    digest = digest_of(content, question.target.split(":")[0] if by_digest else "sha256")
    if by_digest and digest != question.target:
        raise Refused(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
    _accept(question, document, media_type, by_digest)
    found = registry.content.create(question.repository)
    missing = found.missing(document, registry.dialect.sparse_indexes)
    if missing:
        registry.violations.append(f"PUT {question.repository} {question.target}: {', '.join(missing)} unknown")
        raise Refused(400, "MANIFEST_BLOB_UNKNOWN", f"unknown to registry: {missing[0]}")
    if registry.dialect.immutable_tags and not by_digest and found.tags.get(question.target, digest) != digest:
        raise Refused(400, "TAG_INVALID", f"the tag '{question.target}' is immutable")
    if not question.forget:
        if registry.content.keeps:
            media_type, content = found.manifests.get(digest, (media_type, content))
        registry.content.put_manifest(question.repository, content, media_type, "" if by_digest else question.target, digest)
    headers = {"Location": f"/v2/{question.repository}/manifests/{digest}", "Docker-Content-Digest": digest}
    subject = (document.get("subject") or {}).get("digest")
    if subject and registry.dialect.referrers in ("api", "null", "promised"):
        headers["OCI-Subject"] = subject
    return Answer(201, headers)


def _manifest_document(content: bytes) -> dict[str, object]:
    try:
        document = json.loads(content)
    except ValueError:
        raise Refused(400, "MANIFEST_INVALID", "manifest is not JSON") from None
    if not isinstance(document, dict):
        raise Refused(400, "MANIFEST_INVALID", "manifest is not an object")
    return document


def _accept(question: Question, document: dict[str, object], media_type: str, by_digest: bool) -> None:
    dialect = question.registry.dialect
    if not media_type:
        raise Refused(400, "MANIFEST_INVALID", "no Content-Type")
    if media_type in dialect.refused_types:
        raise Refused(415, "MANIFEST_INVALID", f"manifests of type {media_type} are not accepted")
    if dialect.strict_types and media_type != document.get("mediaType", media_type):
        raise Refused(400, "MANIFEST_INVALID", f"Content-Type {media_type} is not the manifest's own")
    if ("manifests" in document) != (media_type in _INDEXES):
        raise Refused(400, "MANIFEST_INVALID", f"the document is no {media_type}")
    if by_digest and not dialect.tagless_push:
        raise Refused(400, "TAG_INVALID", "a manifest cannot be pushed without a tag")


def _delete_manifest(question: Question) -> Answer:
    dialect, content = question.registry.dialect, question.registry.content
    by_digest = ":" in question.target
    if not (dialect.delete if by_digest else dialect.delete_tags):
        raise Refused(405, "UNSUPPORTED", "the operation is unsupported")
    found = content.find(question.repository)
    if found.resolve(question.target) is None:
        raise Refused(404, "MANIFEST_UNKNOWN", "manifest unknown")
    if by_digest:
        content.delete_manifest(question.repository, question.target)
    else:
        del found.tags[question.target]
    return Answer(202)


def _referrers(question: Question) -> Answer:
    way = question.registry.dialect.referrers
    if way in ("missing", "promised"):
        raise Refused(404, "NOT_FOUND", "page not found")
    if way == "html":
        return Answer(404, {"Content-Type": "text/html"}, _PAGE)
    if way == "redirect":
        return Answer(303, {"Location": "/not-found"})
    found = question.registry.content.find(question.repository).referrers(question.target)
    headers = {"Content-Type": _INDEXES[0]}
    wanted = question.query.get("artifactType")
    if wanted:
        found = [descriptor for descriptor in found if descriptor.get("artifactType") == wanted]
        headers["OCI-Filters-Applied"] = "artifactType"
    listed = None if way == "null" and not found else found
    return as_json({"schemaVersion": 2, "mediaType": _INDEXES[0], "manifests": listed}, headers=headers)


def _other(question: Question) -> Answer:
    return Answer(404, {"Content-Type": "text/html"}, _PAGE)


_OPEN = {"token": _token, "cdn": uploads.read_anywhere}
_ROUTES = {
    ("ping", "GET"): _ping,
    ("catalog", "GET"): _catalog,
    ("tags", "GET"): _tags,
    ("manifest", "GET"): _manifest,
    ("manifest", "PUT"): _put_manifest,
    ("manifest", "DELETE"): _delete_manifest,
    ("referrers", "GET"): _referrers,
    ("blob", "GET"): uploads.read_blob,
    ("blob", "DELETE"): uploads.delete_blob,
    ("upload", "POST"): uploads.start,
    ("upload", "GET"): uploads.status,
    ("upload", "PATCH"): uploads.patch,
    ("upload", "PUT"): uploads.finish,
    ("upload", "DELETE"): uploads.cancel,
    ("other", "GET"): _other,
}
