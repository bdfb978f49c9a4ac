# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A run that takes what a new cluster is installed with out of a mirrored release: its programs, and what its installer is told."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, InputError, NotFound, StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import RELEASE, RELEASE_CONTENT
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.boot_images import found_at, source_of
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.payload import components
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.payload.payload import BOOT_IMAGES, REFERENCES, Payload, Payloads
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.tools import extraction
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.tools.boot_image import BootImage, boot_images, chosen
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.tools.download import download
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.tools.inscription import (
    RELEASE_IMAGE,
    RELEASE_VERSION,
    inscribe,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.tools.place import INSTALLER, Place, file_name, places
from ansible_collections.disconnected.mirror.plugins.module_utils.resources import install_config
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.loading.archives import Unplanned, last_archive
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.plan import expected
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.session import Session, session
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import COPIED, BlobDone, BlobProgress, BlobStarted

_RECORD, _SUMS = "bootstrap.json", "sha256sum.txt"
_CONFIG, _AGENT, _BOOT = "install-config-excerpt.yaml", "mirror", "boot_images"


@dataclass(frozen=True)
class BootstrapRequest:
    """source: whose plan names the release; of an archive the content is read, too, so that no registry is needed.

    version: of the release; empty where the plan has one only.  architecture: likewise.
    folder: where the files go.  tools, platforms: as `releases.tools.place` has them.
    authority: PEM of what signed the mirror's certificate.
    boot_images, boot_image_architectures: see `releases.tools.boot_image.chosen`.  boot_image_url: see `BootImage.locations`.
    """

    source: PlanSource
    destination: Destination
    folder: str
    version: str = ""
    architecture: str = ""
    tools: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    authority: str = ""
    boot_images: tuple[str, ...] = ()
    boot_image_architectures: tuple[str, ...] = ()
    boot_image_url: str = ""


@dataclass(frozen=True)
class BootstrapFile:
    """path: below the folder.  sha256: empty when, in check mode, it is not known yet.  size: of boot images, in bytes."""

    path: str
    changed: bool
    sha256: str = ""
    size: int | None = None


@dataclass(frozen=True)
class BootstrapRun:
    """payload: the release image at the mirror, by digest."""

    version: str
    architecture: str
    payload: str
    files: tuple[BootstrapFile, ...]
    boot_images: tuple[BootImage, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        return any(file.changed for file in self.files)


def bootstrap(request: BootstrapRequest, environ: Mapping[str, str], check_mode: bool = False) -> BootstrapRun:
    """Raises InputError (no such release), NotFound (the mirror lacks it), CorruptContent, StorageError, and what the registry raises."""
    source = request.source
    with session(source.workspace, source.connections, "cluster_bootstrap", environ, check_mode) as run, _content(request, run) as content:
        return _Bootstrap(request, run, *content).run()


@contextlib.contextmanager
def _content(request: BootstrapRequest, run: Session) -> Iterator[tuple[Plan, Store, bool]]:
    """The plan, and what has the content of its images."""
    if request.source.archive:
        with last_archive(request.source, Unplanned(run.place, request.source.options)) as archive:
            yield archive.plan, archive.store, True
    else:
        yield expected(request.source, run.place, run.network), run.network.mirror(request.destination, writing=False), False


class _Bootstrap:
    def __init__(self, request: BootstrapRequest, run: Session, plan: Plan, store: Store, in_archive: bool) -> None:
        self._request = request
        self._plan = plan
        self._store = store
        self._in_archive = in_archive
        self._run = run
        self._check_mode = run.check_mode
        self._payloads = Payloads(store, run.place)
        self._warnings: list[str] = []
        self._before = _record(os.path.join(request.folder, _RECORD))
        self._record: dict[str, dict[str, str]] = {}

    def run(self) -> BootstrapRun:
        request = self._request
        release = self._release()
        tag = str(release.get("tag") or "")
        version, architecture = str(release.get("version") or ""), str(release.get("architecture") or "")
        image = self._image(RELEASE, tag)
        payload = self._payloads.read(self._repository(image), image.digest, boot_images=True)
        # Clusters know it by its digest, wherever they got it from.
        full = f"{request.destination.full(image.destination)}@{image.digest}"
        written = [self._program(tool, platform, tag, payload, full, version) for platform in request.platforms for tool in request.tools]
        boot = payload.documents.get(BOOT_IMAGES)
        named = tuple(boot_images(boot, full)) if boot else ()
        written += [self._boot_image(each, release) for each in self._chosen(named, architecture, full)]
        written += [self._file(path, content) for path, content in self._told(version).items()]
        if not self._check_mode:
            self._finish(written)
        return BootstrapRun(version, architecture, full, tuple(written), named, tuple(self._warnings))

    def _release(self) -> Mapping[str, Any]:
        wanted = {"version": self._request.version, "architecture": self._request.architecture}
        found = [entry for entry in self._plan.releases if all(not value or entry.get(name) == value for name, value in wanted.items())]
        if len(found) != 1:
            names = ", ".join(f"{entry.get('version')} ({entry.get('architecture')})" for entry in self._plan.releases) or "none"
            problem = "names several such releases" if found else "has no such release"
            raise InputError(f"the plan {problem}: {names}", subject="version", advice="Give version and architecture of one of them.")
        return found[0]

    def _image(self, kind: str, tag: str) -> PlanImage:
        for image in self._plan.images:
            if image.type == kind and not image.subject and tag in image.tags:
                return image
        raise NotFound(f"the plan has no image of the release with the tag {tag}", subject=tag)

    def _repository(self, image: PlanImage) -> str:
        return image.source if self._in_archive else self._request.destination.repository(image.destination)

    def _program(self, tool: str, platform: str, tag: str, payload: Payload, full: str, version: str) -> BootstrapFile:
        path = os.path.join(platform, file_name(tool, platform))
        target = os.path.join(self._request.folder, path)
        origin = {"payload": full, "tool": tool}
        known = self._before.get(path, {})
        if {name: known.get(name) for name in origin} == origin and _sha256_of(target) == known.get("sha256"):
            self._record[path] = dict(known)
            return BootstrapFile(path, False, str(known.get("sha256")))
        if self._check_mode:
            return BootstrapFile(path, True)
        sums: list[str] = []

        def finish(file: BinaryIO) -> None:
            self._inscribe(file, path, tool, platform, full, version)
            sums.append(_sha256(file))

        self._extract(places(tool, platform), tag, payload, target, finish)
        self._record[path] = {**origin, "sha256": sums[-1]}
        return BootstrapFile(path, True, sums[-1])

    def _chosen(self, named: tuple[BootImage, ...], architecture: str, full: str) -> list[BootImage]:
        request = self._request
        return chosen(named, request.boot_images, request.boot_image_architectures or (architecture,), full) if request.boot_images else []

    def _boot_image(self, image: BootImage, release: Mapping[str, Any]) -> BootstrapFile:
        """Out of the mirror or the archive when the plan has it, else from where the release says that it is."""
        path = os.path.join(_BOOT, image.architecture, image.file_name)
        target = os.path.join(self._request.folder, path)
        self._record[path] = {"sha256": image.sha256}
        if _sha256_of(target) == image.sha256:
            return BootstrapFile(path, False, image.sha256, os.path.getsize(target))
        store, repository, size = self._place_of(image, release)
        blob = Descriptor("", image.digest, size)
        if not self._check_mode:
            self._run.progress(BlobStarted(image.digest, path, size))
            download(store, repository, blob, target, lambda count: self._run.progress(BlobProgress(image.digest, count)))
            self._run.progress(BlobDone(image.digest, path, size, COPIED))
        return BootstrapFile(path, True, image.sha256, size)

    def _place_of(self, image: BootImage, release: Mapping[str, Any]) -> tuple[Store, str, int]:
        """What has the file, its repository there, and its size."""
        source = source_of(image)
        planned = next((each for each in self._plan.images if each.source == source and not each.subject), None)
        if planned is not None:
            manifest = self._store.fetch_manifest(self._repository(planned), planned.digest)
            sizes = [blob.size for blob in manifest.blobs if blob.digest == image.digest]
            if len(sizes) != 1:
                problem = f"{planned.origin} of the plan is not the boot image that the release names"
                raise CorruptContent(problem, subject=str(planned.digest))
            return self._store, self._repository(planned), sizes[0]
        upstream = self._run.network.upstream(self._run.place)
        guide = parse(str(release.get("payload"))).domain
        return (upstream, *found_at(image, guide, self._request.boot_image_url, upstream))

    def _extract(self, wanted: Iterator[Place], tag: str, payload: Payload, target: str, finish: Any) -> None:
        named = {each.name: each.reference for each in components.parse_references(payload.documents[REFERENCES], tag, True).components}
        reasons: list[str] = []
        for place in wanted:
            if place.component not in named:
                reasons.append(f"the release has no {place.component}")
                continue
            image = self._image(RELEASE_CONTENT, f"{tag}-{place.component}")
            digest = named[place.component].digest
            if digest and digest != str(image.digest):
                raise InputError(f"the plan has another {place.component} than the release names", subject=tag, advice="Plan it again.")
            try:
                self._take(image, place, payload, target, finish)
                return
            except NotFound as error:
                reasons.append(f"{place.component}: {error.message}")
        advice = "An archive that builds on earlier ones may not have it; load it first." if self._in_archive else "Is all of it mirrored?"
        raise NotFound(f"{os.path.basename(target)} is not found in {tag}: {'; '.join(reasons)}", subject=target, advice=advice)

    def _take(self, image: PlanImage, place: Place, payload: Payload, target: str, finish: Any) -> None:
        repository = self._repository(image)
        only = None if payload.architecture == "multi" else Platform("linux", payload.architecture)
        manifest = extraction.instance(self._store, repository, Digest(image.digest), place.platform, only)
        extraction.extract(self._store, repository, manifest, place.path, target, finish)

    def _inscribe(self, file: BinaryIO, path: str, tool: str, platform: str, full: str, version: str) -> None:
        values = {RELEASE_VERSION: version}
        if tool == INSTALLER:
            values[RELEASE_IMAGE] = full
        # A program for macOS is signed, and would not start once it is changed.
        found = inscribe(file, values) if not platform.startswith("mac") else set()
        if tool == INSTALLER and RELEASE_IMAGE not in found:
            self._warnings.append(f"{path} does not know its release image: set OPENSHIFT_INSTALL_RELEASE_IMAGE_OVERRIDE={full} for it.")

    def _told(self, version: str) -> dict[str, bytes]:
        entries = install_config.mirrors(self._plan, self._request.destination)
        authority = self._request.authority
        found = {
            _CONFIG: install_config.install_config(entries, self._request.destination.host, version, authority),
            os.path.join(_AGENT, "registries.conf"): install_config.registries_conf(entries),
        }
        if authority:
            found[os.path.join(_AGENT, "ca-bundle.crt")] = authority.encode("utf-8")
        return found

    def _file(self, path: str, content: bytes) -> BootstrapFile:
        target = os.path.join(self._request.folder, path)
        digest = hashlib.sha256(content).hexdigest()
        changed = _sha256_of(target) != digest
        if changed and not self._check_mode:
            files.write(target, content)
        self._record[path] = {"sha256": digest}
        return BootstrapFile(path, changed, digest)

    def _finish(self, written: list[BootstrapFile]) -> None:
        """What was written by which release, and the sums in the form of sha256sum."""
        files.write_json(os.path.join(self._request.folder, _RECORD), {"files": self._record})
        lines = "".join(f"{file.sha256}  {file.path}\n" for file in sorted(written, key=lambda file: file.path))
        files.write(os.path.join(self._request.folder, _SUMS), lines.encode("utf-8"))


def _record(path: str) -> Mapping[str, Mapping[str, str]]:
    try:
        document = files.read_json(path)
        return {str(name): dict(entry) for name, entry in document["files"].items()}
    except (FileNotFoundError, StorageError, KeyError, TypeError, ValueError, AttributeError):
        return {}


def _sha256_of(path: str) -> str:
    """Empty when there is no such file."""
    try:
        with open(path, "rb") as file:
            return _sha256(file)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}", subject=path) from error


def _sha256(file: BinaryIO) -> str:
    found = hashlib.sha256()
    file.seek(0)
    for piece in iter(lambda: file.read(1024 * 1024), b""):
        found.update(piece)
    return found.hexdigest()
