# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a workspace remembers of its runs, so that a report can tell what is usual."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure
from ansible_collections.disconnected.mirror.plugins.module_utils.base.shape import Shape
from ansible_collections.disconnected.mirror.plugins.module_utils.planning import entries

# A report shows the last of them; a workspace keeps what a nightly run makes in a season.
MOST_SHOWN, MOST_KEPT = 20, 100


@dataclass(frozen=True)
class Volume:
    """checksum: its SHA-256 as hexadecimal digits; empty where it was not read for one."""

    name: str
    size: int
    checksum: str = ""


@dataclass(frozen=True)
class Archive:
    """What a run wrote that is to be carried.  identity: empty while it is not whole.  folder: where the volumes lie.

    checksums: the file beside them that `sha256sum -c` reads; empty for none.
    """

    identity: str
    sequence: int
    folder: str
    volumes: tuple[Volume, ...]
    checksums: str = ""

    @property
    def size(self) -> int:
        return sum(volume.size for volume in self.volumes)

    @classmethod
    def of(cls, shape: Shape) -> Archive:
        volumes = tuple(
            Volume(item.member("name").text(), item.member("size").number(), item.optional("checksum", "").text())
            for item in shape.member("volumes").items()
        )
        identity, folder = shape.member("identity").text(), shape.member("folder").text()
        return cls(identity, shape.member("sequence").number(), folder, volumes, shape.optional("checksums", "").text())


@dataclass(frozen=True)
class Run:
    """time: seconds since 1970 at its end.  plan: digest of the plan that it carried out.  state: complete, incomplete or cancelled.

    images: of the run, attachments among them.  size: bytes that it copied.  duration: seconds.
    problem: what ended it before it came to any image; None where it did.
    """

    time: int
    workflow: str
    destination: str
    plan: str
    state: str
    changed: bool
    images: int = 0
    copied: int = 0
    failures: int = 0
    size: int = 0
    duration: float = 0.0
    archive: Archive | None = None
    problem: Failure | None = None

    @property
    def began(self) -> float:
        """Seconds since 1970."""
        return self.time - self.duration

    def document(self) -> dict[str, Any]:
        found = {**asdict(self), "duration": int(self.duration * 1000), "problem": self.problem.document() if self.problem else None}
        return {name: value for name, value in found.items() if value is not None}

    @classmethod
    def of(cls, shape: Shape) -> Run:
        """Raises InputError."""
        archive, problem = shape.optional("archive"), shape.optional("problem")
        texts: dict[str, Any] = {name: shape.member(name).text() for name in ("workflow", "destination", "plan", "state")}
        numbers: dict[str, Any] = {name: shape.member(name).number() for name in ("time", "images", "copied", "failures", "size")}
        return cls(
            **texts,
            **numbers,
            changed=shape.member("changed").value is True,
            duration=shape.member("duration").number() / 1000,
            archive=Archive.of(archive) if archive.value is not None else None,
            problem=entries.failure(problem) if problem.value is not None else None,
        )


def outline(run: Run) -> Run:
    """Without what only the last one is asked for."""
    return replace(run, archive=replace(run.archive, volumes=())) if run.archive is not None else run
