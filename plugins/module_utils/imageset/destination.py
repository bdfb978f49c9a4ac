# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The mirror as users name it, and the place of each repository in it (mirroring 1.3, 2.6)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import MAX_NAME, is_host, is_path, split_domain
from ansible_collections.disconnected.mirror.plugins.module_utils.base.text.secret import secrets

_SCHEME, _FILE = "docker://", "file://"
_FORM = "Write docker://host[:port][/namespace], such as docker://registry.example.com:5000/ocp."


@dataclass(frozen=True)
class Destination:
    """A registry, and the namespace in it below which everything goes.

    host: host[:port].  namespace: path without slashes at its ends, may be empty.
    max_nested_paths: how many components a repository may have there, namespace included; 0 is no limit.
    """

    host: str
    namespace: str = ""
    max_nested_paths: int = 0

    @classmethod
    def parse(cls, text: str, max_nested_paths: int = 0) -> Destination:
        """From `docker://host[:port][/namespace]`.

        A host without a dot and without a port below a path is not told from an image name, so it is refused, as the
        reference implementation does.  Raises InputError.
        """
        scheme, separator, rest = text.partition("://")
        if not separator:
            advice = f"{_FORM} A directory of archives is written as /directory or file:///directory, where one can be given."
            raise InputError(f"{text!r:.300} is not a destination: no scheme delimiter", advice=advice)
        if scheme != "docker":
            raise InputError(f'{text!r:.300} is not a destination: unknown destination scheme "{scheme:.50}"', advice=_FORM)
        host, namespace = _host_and_namespace(rest, text)
        depth = len(namespace.split("/")) if namespace else 0
        if max_nested_paths < 0 or 0 < max_nested_paths <= depth:
            raise InputError(
                f"max_nested_paths is {max_nested_paths}; it must be strictly higher than the number of path components of {text}, {depth}",
                advice="Raise it, or 0 for no limit, or give a shorter namespace.",
            )
        return cls(host, namespace, max_nested_paths)

    def repository(self, path: str) -> str:
        """The repository below the host for a path of a plan; raises InputError when registries cannot have it."""
        parts = [part for part in (self.namespace, path) if part]
        components = "/".join(parts).split("/")
        limit = self.max_nested_paths
        if limit and len(components) > limit:
            components[limit - 1 :] = ["-".join(components[limit - 1 :])]
        repository = "/".join(components)
        if not is_path(repository) or len(self.host) + 1 + len(repository) > MAX_NAME:
            raise InputError(
                f"{repository!r:.300} cannot be a repository of {self.host}",
                subject=path,
                advice=f"Names are lower case and, with the host, no longer than {MAX_NAME} characters.",
            )
        return repository

    def fits(self, path: str) -> bool:
        """Whether there can be a repository for a path of a plan."""
        try:
            self.repository(path)
        except InputError:
            return False
        return True

    def full(self, path: str) -> str:
        """`host/repository` for a path of a plan."""
        return f"{self.host}/{self.repository(path)}"

    def __str__(self) -> str:
        return f"{_SCHEME}{self.host}/{self.namespace}" if self.namespace else f"{_SCHEME}{self.host}"


@dataclass(frozen=True)
class Claim:
    """An image that wants tags of a repository.  path: of the plan.  name: for messages, its origin."""

    path: str
    tags: tuple[str, ...]
    digest: str
    name: str


def check_collisions(claims: Iterable[Claim], destination: Destination) -> list[InputError]:
    """An error for each tag that two different images want once the limit on nested paths has its say.  Sorted."""
    wanted: dict[tuple[str, str], dict[str, Claim]] = {}
    for claim in claims:
        for tag in claim.tags:
            wanted.setdefault((destination.repository(claim.path), tag), {}).setdefault(claim.digest, claim)
    return [_collision(place, list(rivals.values()), destination) for place, rivals in sorted(wanted.items()) if len(rivals) > 1]


def is_directory(text: str) -> bool:
    """Whether this is the place of archives and not a registry: `file://directory`, or a path that begins like one."""
    return text.startswith((_FILE, "/", "./", "../", "~")) or text in (".", "..")


def directory_of(text: str) -> str:
    """The directory, or file, of archives, from `file://path` or a path; `.` for `file://`.  Raises InputError."""
    rest = text[len(_FILE) :] if text.startswith(_FILE) else text
    if not text or "://" in rest or "\x00" in rest:
        raise InputError(f"{text!r:.300} is not an archive's place", advice="Write /directory or file:///directory.")
    # What belongs to a URL would be kept as the name of a directory, in records that are shown.
    if text.startswith(_FILE) and secrets(rest.partition("/")[0], authority=True):
        raise InputError("the place of an archive names a user, which a directory has not", advice="Write /directory or file:///directory.")
    return os.path.normpath(os.path.expanduser(rest) or ".")


def _host_and_namespace(rest: str, text: str) -> tuple[str, str]:
    name = rest[:-1] if rest.endswith("/") else rest
    if not name:
        raise InputError(f"{text!r:.300} is not a destination: not a valid reference, no registry is named", advice=_FORM)
    first, slash, _path = name.partition("/")
    host, namespace = split_domain(name)
    if not host or not is_host(host) or (not slash and ":" in first and "." not in first and not first.startswith("localhost")):
        raise InputError(f"{text!r:.300} is not a destination: it must be registry host and namespaces only", advice=_FORM)
    if namespace and not is_path(namespace):
        reason = "the namespace must be lower case" if is_path(namespace.lower()) else "it must be registry host and namespaces only"
        raise InputError(f"{text!r:.300} is not a destination: {reason}", advice=_FORM)
    return host, namespace


def _collision(place: tuple[str, str], claims: Sequence[Claim], destination: Destination) -> InputError:
    names = sorted(claim.name for claim in claims)
    advice = "Raise max_nested_paths, or give one of them another repository or tag (targetRepo, targetTag, targetCatalog)."
    return InputError(
        f"{destination.host}/{place[0]}:{place[1]} is the destination of {' and of '.join(names)}, which differ",
        subject=names[0],
        advice=advice,
    )
