# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""From names to manifests: each wanted image is asked for once, and what is known already is not asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Union

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Cancelled, Failure, MirrorError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import CATEGORIES, Tell, WantedImage, tell_nobody
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.content import Content, content_of
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store

# Where and what to ask: repository, tag or digest (empty: the layout's only image), wanted instances.
Question = tuple[str, str, tuple[Platform, ...]]
_Answer = Union[Content, MirrorError]


@dataclass(frozen=True)
class Resolver:
    """Reads manifests through the shelf.

    known: what (repository, tag) meant in the last plan; such a tag costs a HEAD while it stays where it was.
    parallel: how many images are resolved at once.
    tell: how many are resolved (`Context.tell`).
    partial: whether an index counts when manifests below it are gone, as what is to be deleted does.
    """

    store: Store
    shelf: Shelf
    known: Mapping[tuple[str, str], Digest] = field(default_factory=dict)
    parallel: int = 8
    partial: bool = False
    tell: Tell = tell_nobody

    def resolve(self, wanted: Iterable[WantedImage]) -> tuple[dict[WantedImage, Content], list[Failure]]:
        """The content of each image that has any, and the failures of the others, both in the order given."""
        wanted = list(wanted)
        questions = list(dict.fromkeys(question(image) for image in wanted))
        with ThreadPoolExecutor(max_workers=max(1, self.parallel)) as pool:
            answers = dict(zip(questions, self._told(pool.map(self._answer, questions), len(questions))))
        contents: dict[WantedImage, Content] = {}
        failures: dict[Failure, list[Sequence[str]]] = {}
        for image in wanted:
            answer = answers[question(image)]
            if isinstance(answer, Content):
                contents[image] = answer
            else:
                failure = Failure.of(answer, subject=str(image.reference), category=CATEGORIES[image.type])
                failures.setdefault(failure, []).append(image.why)
        return contents, [replace(failure, wanted_by=Failure.chains(dict.fromkeys(map(tuple, why)))) for failure, why in failures.items()]

    def _told(self, answers: Iterable[_Answer], total: int) -> Iterator[_Answer]:
        self.tell("images", 0, total)
        for number, answer in enumerate(answers, 1):
            self.tell("images", number, total)
            yield answer

    def fetch(self, repository: str, digest: Digest) -> Manifest:
        """By digest, from the shelf or else from the store.  Raises what the store raises."""
        manifest = self.shelf.get(digest)
        return manifest if manifest is not None else self._keep(self.store.fetch_manifest(repository, digest))

    def named(self, repository: str, name: str) -> Manifest:
        """By tag or digest: one GET; one HEAD where the last plan knew the tag and it has not moved.

        Raises NotFound, and what the store raises.
        """
        if name.startswith(("sha256:", "sha384:", "sha512:")):
            return self.fetch(repository, Digest.parse(name))
        kept = self.shelf.get(self.known[(repository, name)]) if (repository, name) in self.known else None
        if kept is not None:
            found = self.store.find_manifest(repository, name)
            if found is None:
                raise NotFound(f"{repository} has no tag {name} any more", subject=f"{repository}:{name}")
            return kept if found.digest == kept.digest else self.fetch(repository, found.digest)
        return self._keep(self.store.fetch_manifest(repository, name))

    def _keep(self, manifest: Manifest) -> Manifest:
        self.shelf.put(manifest)
        return manifest

    def _answer(self, asked: Question) -> _Answer:
        repository, name, platforms = asked
        try:
            root = self.named(repository, name)
            return self._content(root, platforms, repository)
        except Cancelled:
            raise
        except MirrorError as error:
            return error

    def _content(self, root: Manifest, platforms: Sequence[Platform], repository: str) -> Content:
        try:
            return content_of(root, platforms, lambda digest: self.fetch(repository, digest), repository)
        except NotFound:
            if not self.partial:
                raise
            return Content((root,))


def question(image: WantedImage) -> Question:
    """What was built here is asked for by its layout, in which it is alone; everything else by its own name."""
    if image.source:
        return image.source, "", image.platforms
    return image.reference.repository, image.reference.selector, image.platforms
