# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What changes from one plan to another (user-needs B02): as a value, as JSON, and as text for `--diff`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.content import shelved
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf


@dataclass(frozen=True)
class Diff:
    """moved: (before, after), one name that means other content now.

    changed: (before, after), the same content at the same place with other tags, platforms or reasons.
    releases, packages: lines that came and that went, sorted.
    bytes_added, bytes_removed: content that only the new plan, only the old plan has; each blob and manifest once.
    """

    added: tuple[PlanImage, ...] = ()
    removed: tuple[PlanImage, ...] = ()
    moved: tuple[tuple[PlanImage, PlanImage], ...] = ()
    changed: tuple[tuple[PlanImage, PlanImage], ...] = ()
    releases: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    packages: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    bytes_added: int = 0
    bytes_removed: int = 0

    @property
    def empty(self) -> bool:
        return not (self.added or self.removed or self.moved or self.changed or any(self.releases) or any(self.packages))

    def apply(self, images: Iterable[PlanImage]) -> tuple[PlanImage, ...]:
        """The images of the new plan, from those of the old one."""
        gone = {_key(image) for image in self.removed} | {_key(before) for before, _after in (*self.moved, *self.changed)}
        kept = [image for image in images if _key(image) not in gone]
        return Plan(images=(*kept, *self.added, *(after for _before, after in (*self.moved, *self.changed)))).sorted().images

    def document(self) -> dict[str, Any]:
        return {
            "added": [image.document() for image in self.added],
            "removed": [image.document() for image in self.removed],
            "moved": [{"before": before.document(), "after": after.document()} for before, after in self.moved],
            "changed": [{"before": before.document(), "after": after.document()} for before, after in self.changed],
            "releases": {"added": list(self.releases[0]), "removed": list(self.releases[1])},
            "packages": {"added": list(self.packages[0]), "removed": list(self.packages[1])},
            "bytes_added": self.bytes_added,
            "bytes_removed": self.bytes_removed,
        }


def diff(before: Plan | None, after: Plan, shelf: Shelf | None = None) -> Diff:
    """before: None for no plan at all.

    shelf: where manifests lie, for exact bytes; an image whose manifests are not there counts with its whole size.
    """
    before = before if before is not None else Plan()
    old, new = ({_key(image): image for image in plan.images} for plan in (before, after))
    removed = [image for key, image in old.items() if key not in new]
    added = [image for key, image in new.items() if key not in old]
    moved = _moved(removed, added)
    paired = {_key(image) for pair in moved for image in pair}
    gained, lost = _bytes(before.images, after.images, shelf)
    return Diff(
        added=tuple(image for image in added if _key(image) not in paired),
        removed=tuple(image for image in removed if _key(image) not in paired),
        moved=tuple(moved),
        changed=tuple((image, new[key]) for key, image in old.items() if key in new and new[key] != image),
        releases=_lines(release_lines(before), release_lines(after)),
        packages=_lines(package_lines(before), package_lines(after)),
        bytes_added=gained,
        bytes_removed=lost,
    )


def before_and_after(before: Plan | None, after: Plan) -> dict[str, str]:
    """The two plans as sorted lines, for Ansible's `--diff`."""
    return {"before": plan_text(before) if before is not None else "", "after": plan_text(after)}


def plan_text(plan: Plan) -> str:
    """One line for each release, package and image, the same for the same content."""
    lines = [*release_lines(plan), *package_lines(plan), *sorted({_image_line(image) for image in plan.images})]
    return "".join(f"{line}\n" for line in lines)


def release_lines(plan: Plan) -> list[str]:
    keys = ("version", "channel", "architecture", "payload")
    return sorted({"release " + " ".join(str(release[key]) for key in keys if release.get(key)) for release in plan.releases})


def package_lines(plan: Plan) -> list[str]:
    """`package <catalog> <package> <channel> <bundle>` for each bundle."""
    lines: set[str] = set()
    for catalog in plan.catalogs:
        for package in catalog.get("packages") or ():
            start = f"package {catalog.get('catalog', '')} {package.get('name', '')}"
            for channel in package.get("channels") or ():
                lines.update(f"{start} {channel.get('name', '')} {_name(bundle)}" for bundle in _bundles(channel))
            if not package.get("channels"):
                lines.add(start)
    return sorted(lines)


def _bundles(channel: dict[str, Any]) -> list[Any]:
    return channel.get("bundles") or channel.get("entries") or [channel.get("head", "")]


def _name(bundle: Any) -> str:
    return str(bundle.get("name", "")) if isinstance(bundle, dict) else str(bundle)


def _image_line(image: PlanImage) -> str:
    names = ",".join(image.tags) or "no tag"
    platforms = f" [{' '.join(image.platforms)}]" if image.platforms else ""
    return f"image {image.origin} -> {image.destination}:{names} {image.digest} {image.size} bytes{platforms}"


def _key(image: PlanImage) -> tuple[str, str, str, str, str]:
    return (image.destination, image.origin, image.source, image.digest, image.subject)


def _moved(removed: Iterable[PlanImage], added: Iterable[PlanImage]) -> list[tuple[PlanImage, PlanImage]]:
    """Pairs with one name and two contents."""
    now = {_name_of(image): image for image in added}
    pairs = []
    for image in removed:
        successor = now.pop(_name_of(image), None)
        if successor is not None:
            pairs.append((image, successor))
    return pairs


def _name_of(image: PlanImage) -> tuple[str, str, str]:
    """What was built here lies somewhere else whenever it is another content, as a rebuilt catalog does."""
    return image.destination, image.origin, "" if image.source.startswith("built:") else image.source


def _bytes(before: Iterable[PlanImage], after: Iterable[PlanImage], shelf: Shelf | None) -> tuple[int, int]:
    """Bytes that came and that went.  Content that both plans hold is not looked at."""
    old, new = set(before), set(after)
    if shelf is None:
        return _whole(new) - _whole(new & old), _whole(old) - _whole(new & old)
    if {_content(image) for image in old} == {_content(image) for image in new}:
        return 0, 0
    had, has = _sizes(old, shelf), _sizes(new, shelf)
    return sum(size for digest, size in has.items() if digest not in had), sum(size for digest, size in had.items() if digest not in has)


def _whole(images: set[PlanImage]) -> int:
    return sum({_content(image): image.size for image in images}.values())


def _content(image: PlanImage) -> tuple[str, tuple[str, ...]]:
    return image.digest, image.platforms


def _sizes(images: set[PlanImage], shelf: Shelf) -> dict[Digest, int]:
    sizes: dict[Digest, int] = {}
    for image in {_content(image): image for image in images}.values():
        try:
            sizes.update(shelved(image, shelf).sizes)
        except NotFound:
            sizes[image.digest] = image.size
    return sizes


def _lines(before: Iterable[str], after: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    old, new = set(before), set(after)
    return tuple(sorted(new - old)), tuple(sorted(old - new))
