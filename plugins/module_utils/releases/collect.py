# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Platform releases as a content source: which images do the channels of an image set mean? (config-and-releases part 2)"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Cancelled, Failure, InputError, MirrorError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import ImageSet
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import Collected, Context
from ansible_collections.disconnected.mirror.plugins.module_utils.releases import boot_images, memory, takeover
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph import selection
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.channel import Channel, Picked
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.excerpt import excerpt
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.selection import ARCHITECTURES, Selection
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.update_service import UpdateService
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph_image import source
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.payload import signatures
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.payload.inspection import (
    CATEGORY,
    Inspected,
    Inspector,
    WantedRelease,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.payload.payload import Payloads
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.payload.signatures import Signatures

DEFAULT_ARCHITECTURE = "amd64"


def collect(imageset: ImageSet, context: Context) -> Collected:
    """The releases of an image set, their components and the graph image.

    Options: see `releases.settings`; `environ` replaces the process's environment.
    Raises InputError for options that cannot be used (a key, a URL, a policy).
    """
    context.tell("releases", 0, 0)
    return _Collecting(imageset, context, settings_of(imageset, context)).collected()


def settings_of(imageset: ImageSet, context: Context) -> Settings:
    """Raises InputError for options that cannot be used."""
    environment: Mapping[str, str] = context.options.get("environ", os.environ)
    settings = Settings.of(context.options, environment, imageset.generation)
    if imageset.delete:
        # What is to be deleted was planned before, and nothing upstream shall change the answer (mirroring 5.4).
        settings = replace(settings, offline=settings.offline or not settings.graph_file)
    return settings


class _Collecting:
    def __init__(self, imageset: ImageSet, context: Context, settings: Settings) -> None:
        self.imageset = imageset
        self.platform = imageset.platform
        self.context = context
        self.settings = settings
        self.warnings: list[str] = list(settings.notes)
        self.failures: list[Failure] = []
        self._update_graphs: list[dict[str, Any]] = []
        self._earlier: Mapping[str, Any] | None = None

    def collected(self) -> Collected:
        wanted = self._direct() if self.platform.release else self._from_channels()
        payloads = Payloads(self.context.upstream, self.context.workspace)
        known = Signatures(self.context.workspace, self.context.fetch, self.context.upstream)
        inspector = Inspector(self.settings, self.platform, payloads, known, unsigned=self.imageset.delete)
        with ThreadPoolExecutor(max_workers=max(1, self.context.parallel)) as pool:
            inspected: Sequence[Inspected] = list(pool.map(inspector.inspect, wanted))
        releases = tuple(one.entry for one in inspected if one.entry is not None)
        graph = source.collect(self.imageset, self.context, self.settings, signatures.documents(releases))
        named = [each for one in inspected for each in one.boot_images]
        boot = boot_images.collect(named, self.context, self.settings.boot_image_url, kept_only=self.imageset.delete)
        return Collected(
            images=tuple(image for one in inspected for image in one.images) + graph.images + boot.images,
            releases=releases,
            warnings=tuple(dict.fromkeys([*self.warnings, *(text for one in inspected for text in one.warnings), *graph.warnings])),
            failures=(*self.failures, *(failure for one in inspected for failure in one.failures), *graph.failures, *boot.failures),
            update_graphs=tuple(self._update_graphs),
        )

    def _direct(self) -> list[WantedRelease]:
        """`platform.release` overrides the channels (PL-10); a tag is resolved once and its digest kept (PL-11)."""
        key = "platform.release"
        try:
            reference = parse(self.platform.release, Generation.V2)
            if not reference.digest:
                reference = reference.pinned(self._resolve(reference.repository, reference.tag))
        except Cancelled:
            raise
        except MirrorError as error:
            self.failures.append(Failure.of(error, f"{key} ({self.platform.release})", CATEGORY))
            return []
        return [WantedRelease(reference, ((key,),))]

    def _resolve(self, repository: str, tag: str) -> str:
        known = memory.Tags(self.context.workspace)
        if self.settings.offline:
            kept = known.digest(repository, tag)
            if kept:
                return kept
        found = self.context.upstream.find_manifest(repository, tag)
        if found is None:
            raise NotFound(f"{repository} has no tag {tag}", subject=f"{repository}:{tag}")
        known.keep(repository, tag, found.digest)
        return found.digest

    def _from_channels(self) -> list[WantedRelease]:
        channels = self._channels()
        if not channels:
            return []
        architectures = self._architectures()
        service = UpdateService(self.settings, self.context.fetch, self.context.workspace.release_graphs)
        self._read_ahead(service, channels, architectures)
        past = memory.Past(self.context.workspace, self.settings, self._before)
        try:
            remembered = past.memory()
        except Cancelled:
            raise
        except MirrorError as error:
            # Without its history a mirror would be started again.
            self.failures.append(Failure.of(error, "storageConfig", CATEGORY))
            return []
        selected = selection.select(channels, architectures, service.graph, self.settings.rules, remembered)
        self.warnings += selected.warnings
        self.failures += selected.failures
        if not self.imageset.delete:
            past.keep(channels, selected)
            self._keep_graphs(service, architectures, selected)
        return self._releases(selected, {channel.name for channel in channels if channel.okd})

    def _keep_graphs(self, service: UpdateService, architectures: Sequence[str], selected: Selection) -> None:
        for architecture in architectures:
            graphs = service.known(architecture)
            picked = [one for one in selected.picked if one.architecture == architecture]
            if picked:
                self._update_graphs.append(excerpt(architecture, graphs, list(graphs.values()), picked))

    def _before(self) -> Mapping[str, Any]:
        if self._earlier is None:
            self._earlier = takeover.read(self.imageset.storage, self.context.upstream)
        return self._earlier

    def _channels(self) -> list[Channel]:
        channels: list[Channel] = []
        for place, wanted in enumerate(self.platform.channels):
            try:
                channels.append(Channel.of(wanted, place))
            except InputError as error:
                self.failures.append(Failure.of(error, f"platform.channels[{place}] ({wanted.name})", CATEGORY))
        return channels

    def _architectures(self) -> list[str]:
        """Platforms always mean the payload for all of them (CH-16)."""
        if self.platform.platforms:
            return ["multi"]
        wanted = list(dict.fromkeys(self.platform.architectures)) or [DEFAULT_ARCHITECTURE]
        for name in wanted:
            if name not in ARCHITECTURES:
                error = InputError(f"{name!r} is not an architecture of releases", advice=f"Write {', '.join(ARCHITECTURES)}.")
                self.failures.append(Failure.of(error, "platform.architectures", CATEGORY))
        return [name for name in wanted if name in ARCHITECTURES]

    def _read_ahead(self, service: UpdateService, channels: Sequence[Channel], architectures: Sequence[str]) -> None:
        """Asks for the graphs together; selection meets the errors again where they belong."""

        def ask(question: tuple[Channel, str]) -> None:
            try:
                service.graph(*question)
            except Cancelled:
                raise
            except MirrorError:
                return

        questions = [(channel, architecture) for channel in channels for architecture in architectures]
        with ThreadPoolExecutor(max_workers=max(1, min(self.context.parallel, len(questions)))) as pool:
            list(pool.map(ask, questions))

    def _releases(self, selected: Selection, okd: set[str]) -> list[WantedRelease]:
        """Each release image once, with all its reasons."""
        groups: dict[tuple[str, str], list[Picked]] = {}
        for picked in selected.picked:
            groups.setdefault((picked.architecture, picked.release.payload), []).append(picked)
        wanted: list[WantedRelease] = []
        for (architecture, payload), reasons in groups.items():
            release = reasons[0].release
            try:
                reference = parse(payload, Generation.V2)
                if not reference.digest:
                    reference = reference.pinned(self._resolve(reference.repository, reference.tag))
            except Cancelled:
                raise
            except MirrorError as error:
                self.failures.append(Failure.of(error, f"release {release.version} ({architecture})", CATEGORY))
                continue
            chains = tuple(one.chain for one in reasons)
            channel = reasons[0].channel
            wanted.append(WantedRelease(reference, chains, architecture, str(release.version), channel, channel in okd, release.url))
        return wanted
