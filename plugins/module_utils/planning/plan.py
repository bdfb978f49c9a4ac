# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The plan: one value that every later step takes (design, section 1).

A plan is free of the destination's host and namespace, so that one plan serves many
mirrors and crosses the air gap in an archive.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, Incompatible, InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform
from ansible_collections.disconnected.mirror.plugins.module_utils.base.shape import Shape
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import configuration
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import IMAGE_SET, ImageSet
from ansible_collections.disconnected.mirror.plugins.module_utils.planning import entries
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph import excerpt

SCHEMA = "disconnected.mirror/plan/1"


@dataclass(frozen=True)
class PlanImage:
    """One image, resolved.

    type: see `imageset.wanted`.
    origin: the reference as clusters name it, without transport, tag and digest as configured.
    source: full name of the repository to read from (`quay.io/ubi8/ubi`, `oci:///dir`); see `stores.store`.
    digest, media_type: of the manifest or index.
    size: bytes of all that belongs to it, each blob and manifest counted once.
    platforms: instances taken of an index (`os/architecture`), empty for all.
    destination: repository below the mirror's host and namespace, before any limit on nested paths.
    tags: names it gets there; none where it is published by digest alone.
    why: every chain of reasons that leads here, each outermost first (`operators[0]`, package, bundle, and
        `required by BUNDLE` for each step of a dependency, nearest first); sorted.
    subject: for signatures and other attachments, the digest of what they are attached to.
    instances: of an index, those that are taken: digest and platform (`linux/arm64/v8`, empty where the index does not say).
    """

    type: str
    origin: str
    source: str
    digest: Digest
    media_type: str
    size: int
    destination: str
    tags: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    why: tuple[tuple[str, ...], ...] = ()
    subject: str = ""
    instances: tuple[tuple[str, str], ...] = ()

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "type": self.type,
            "origin": self.origin,
            "source": self.source,
            "digest": self.digest,
            "media_type": self.media_type,
            "size": self.size,
            "destination": self.destination,
            "tags": list(self.tags),
            "platforms": list(self.platforms),
            "why": [list(chain) for chain in self.why],
        }
        if self.subject:
            document["subject"] = self.subject
        if self.instances:
            document["instances"] = [{"digest": digest, "platform": platform} for digest, platform in self.instances]
        return document

    @classmethod
    def of(cls, shape: Shape) -> PlanImage:
        """Plans come from files and archives: each member is checked.  Raises InputError."""
        subject = shape.optional("subject", "")
        return cls(
            type=shape.member("type").text(),
            origin=shape.member("origin").text(),
            source=shape.member("source").text(),
            digest=shape.member("digest").digest(),
            media_type=shape.member("media_type").text(),
            size=shape.member("size").number(),
            destination=shape.member("destination").repository(),
            tags=tuple(item.tag() for item in shape.member("tags").items()),
            platforms=tuple(_platform(item) for item in shape.member("platforms").items()),
            why=tuple(chain.texts() for chain in shape.member("why").items()),
            subject=subject.digest() if subject.value != "" else "",
            # Plans of archives that were written before have none.
            instances=tuple(
                (entry.member("digest").digest(), entry.member("platform").text()) for entry in shape.optional("instances", []).items()
            ),
        )

    @property
    def key(self) -> tuple[str, str, str, tuple[str, ...]]:
        """What makes two entries the same: the place and the content."""
        return (self.destination, self.digest, self.source, self.tags)


@dataclass(frozen=True)
class Plan:
    """All that one image set means today.

    config: the configuration in canonical form.  images: sorted by (destination, tags, digest).
    warnings: sentences.  failures: what is wanted and could not be resolved; the rest stands.
    whole: whether it names all that is wanted.  Who makes a plan has to say so: what a part does not name is not unwanted.
    update_graphs: what is known of the updates between its releases (`releases.graph.excerpt`), for pictures; nothing is chosen by it.
    """

    config: dict[str, Any] = field(default_factory=dict)
    releases: tuple[dict[str, Any], ...] = ()
    catalogs: tuple[dict[str, Any], ...] = ()
    charts: tuple[dict[str, Any], ...] = ()
    images: tuple[PlanImage, ...] = ()
    warnings: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    whole: bool = False
    update_graphs: tuple[dict[str, Any], ...] = ()

    @property
    def generation(self) -> Generation:
        """Whose rules the plan was made by; the second's where the configuration does not say."""
        return Generation.V1 if self.config.get("apiVersion") == Generation.V1.api_version else Generation.V2

    @cached_property
    def imageset(self) -> ImageSet:
        """The configuration as a checked value.  Raises InputError, for a plan may come from anybody."""
        return configuration.parse(self.config, (IMAGE_SET,), "the plan's configuration")

    def document(self) -> dict[str, Any]:
        """The public JSON document; the same plan has the same bytes in `base.files.json_bytes`."""
        document: dict[str, Any] = {
            "schema": SCHEMA,
            "whole": self.whole,
            "config": self.config,
            "releases": list(self.releases),
            "catalogs": list(self.catalogs),
            "charts": list(self.charts),
            "images": [image.document() for image in self.images],
            "warnings": list(self.warnings),
            "failures": [failure.document() for failure in self.failures],
        }
        if self.update_graphs:
            document["update_graphs"] = list(self.update_graphs)
        return document

    @classmethod
    def of(cls, document: Any, subject: str = "plan") -> Plan:
        """Raises Incompatible (not a plan, or of another schema), InputError (a member is missing or malformed)."""
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            found = document.get("schema") if isinstance(document, dict) else type(document).__name__
            raise Incompatible(
                f"not a plan of schema {SCHEMA} (found {found!r})", subject=subject, advice="Make it again with imageset_plan."
            )
        whole = Shape(document)
        try:
            return cls(
                config=entries.configuration(whole.member("config")),
                releases=tuple(entries.release(entry) for entry in whole.member("releases").items()),
                catalogs=tuple(entries.catalog(entry) for entry in whole.member("catalogs").items()),
                charts=tuple(entries.chart(entry) for entry in whole.member("charts").items()),
                images=tuple(PlanImage.of(entry) for entry in whole.member("images").items()),
                warnings=whole.member("warnings").texts(),
                failures=tuple(entries.failure(entry) for entry in whole.member("failures").items()),
                # Plans of before did not say it.
                whole=whole.optional("whole").value is True,
                update_graphs=tuple(excerpt.checked(entry) for entry in whole.optional("update_graphs", []).items()),
            )
        except InputError as error:
            raise InputError(
                f"the plan is malformed: {error.message}", subject=subject, advice="Make it again with imageset_plan."
            ) from error

    @classmethod
    def read(cls, path: str) -> Plan:
        """Raises FileNotFoundError, StorageError, Incompatible, InputError."""
        return cls.of(files.read_json(path), subject=path)

    def write(self, path: str) -> bool:
        """Says whether the file changed."""
        return files.write_json(path, self.document())

    def sorted(self) -> Plan:
        return replace(
            self, images=tuple(sorted(self.images, key=lambda image: (image.destination, image.tags, image.digest, image.source)))
        )


def _platform(shape: Shape) -> str:
    try:
        Platform.parse(shape.text())
    except InputError as error:
        raise InputError(f"{shape.place}: {error.message}") from error
    return shape.text()
