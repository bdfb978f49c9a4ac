# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Image references as values (mirroring 2.1, 2.2; distribution reference grammar)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation

DOCKER = "docker"
OCI = "oci"

DOCKER_HUB = "docker.io"
# Where Docker Hub keeps images that are named without a namespace.
HUB_NAMESPACE = "library"
# Longest repository name including the host (distribution reference grammar), and more than any reference can have.
MAX_NAME = 255
MAX_TEXT = 4096

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
PATH = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*\Z")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\Z")
_DOMAIN = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:.]+\])(?::([0-9]{{1,5}}))?\Z")


@dataclass(frozen=True)
class Reference:
    """A reference, taken apart.

    transport: `docker` (a registry) or `oci` (a local layout directory).
    domain: host[:port] of the registry; empty for layouts.
    path: repository below the host as it was named, or the directory of the layout.
    tag, digest: empty when absent; both may be present (pulled by digest, named by tag).
    """

    transport: str
    domain: str
    path: str
    tag: str = ""
    digest: str = ""

    @property
    def repository(self) -> str:
        """The full repository name that `stores.upstream` answers to: `host/path`, or `oci://directory`.

        `docker.io/nginx` is `docker.io/library/nginx`: that is what registries and cluster nodes know.
        """
        if self.transport == OCI:
            return f"oci://{self.path}"
        if self.domain == DOCKER_HUB and "/" not in self.path:
            return f"{self.domain}/{HUB_NAMESPACE}/{self.path}"
        return f"{self.domain}/{self.path}" if self.domain else self.path

    @property
    def selector(self) -> str:
        """What to ask the repository for: the digest when there is one, else the tag."""
        return self.digest or self.tag

    def pinned(self, digest: str) -> Reference:
        """The same reference with this digest; the tag stays."""
        return replace(self, digest=digest)

    def __str__(self) -> str:
        """Without transport for registries: `host/path[:tag][@digest]`."""
        text = self.repository
        if self.tag:
            text += f":{self.tag}"
        if self.digest:
            text += f"@{self.digest}"
        return text


def parse(text: Any, generation: Generation = Generation.V2) -> Reference:
    """Reads a reference by the rules of a generation; raises InputError.

    A name without a registry gets the one that container runtimes mean by it, Docker Hub, so that mirror sets can
    name it.  V1: the namespace `library` becomes part of the path, and `latest` the tag where tag and digest are
    missing (2.1).  V2: tag or digest is a must, and the path stays as it was written (2.2), so that the destination
    of `nginx:1` is `nginx`.  `oci://directory` is a layout; `docker://` may be left out.
    """
    name, tag, digest, transport = split(text)
    if transport == OCI:
        return Reference(OCI, "", name, tag, digest)
    domain, path = split_domain(name)
    if not path:
        raise _refused(text, f"{domain} is a registry, and no repository is named", "Write host/repository:tag.")
    _check_domain(domain, text)
    _check_path(path, text)
    if domain in ("", "index.docker.io"):
        domain = DOCKER_HUB
    if generation is Generation.V1:
        if domain == DOCKER_HUB and "/" not in path:
            path = f"{HUB_NAMESPACE}/{path}"
        tag = tag or ("" if digest else "latest")
    elif not tag and not digest:
        raise _refused(text, "tag and digest are empty", "Add the intended tag (:latest is not assumed) or digest.")
    if len(domain) + 1 + len(path) > MAX_NAME:
        raise _refused(text, f"the repository name is longer than {MAX_NAME} characters", "Name a shorter repository.")
    return Reference(DOCKER, domain, path, tag, digest)


def split(text: Any) -> tuple[str, str, str, str]:
    """Name, tag, digest and transport of a reference's text, each checked but the name."""
    if not isinstance(text, str) or not text:
        raise _refused(text, "it is empty" if text == "" else "it is not text", "Write host/repository:tag.")
    if len(text) > MAX_TEXT or any(ord(character) < 0x21 or ord(character) == 0x7F for character in text):
        raise _refused(text, "it is too long, or has blanks or control characters", "Write host/repository:tag.")
    name, transport = _without_transport(text)
    digest = ""
    if "@" in name:
        name, digest = name.split("@", 1)
        try:
            digest = Digest.parse(digest)
        except InputError as error:
            raise _refused(text, f"invalid digest: {error.message}", error.advice) from error
    name, tag = _without_tag(name, transport)
    if not name:
        raise _refused(text, "no repository is named", "Write host/repository:tag.")
    if tag is not None and not TAG.match(tag):
        raise _refused(
            text,
            f"{tag!r} is not a tag",
            "A tag has 1 to 128 letters, digits, underscores, dots and dashes, and starts with neither of the last two.",
        )
    return name, tag or "", digest, transport


def split_domain(name: str) -> tuple[str, str]:
    """Registry and path of a name without tag: the first component is a registry when it looks like a host (P1, P2)."""
    first, slash, rest = name.partition("/")
    if not slash:
        return (name, "") if "." in name or name == "localhost" or ":" in name else ("", name)
    if "." in first or ":" in first or first == "localhost":
        return first, rest
    return "", name


def is_path(text: Any) -> bool:
    """Whether a text is a repository path as registries take it: lower case components, no tag, no digest."""
    return isinstance(text, str) and len(text) <= MAX_NAME and PATH.match(text) is not None


def is_host(text: str) -> bool:
    """Whether a text is a registry's host[:port]."""
    match = _DOMAIN.match(text)
    return match is not None and int(match.group(1) or 0) <= 65535


def _without_transport(text: str) -> tuple[str, str]:
    for prefix, transport in (("docker://", DOCKER), ("oci://", OCI), ("oci:", OCI)):
        if text.startswith(prefix):
            return text[len(prefix) :], transport
    scheme, separator, _rest = text.partition("://")
    if separator:
        raise _refused(text, f"the transport {scheme}:// is not known", "Write docker://host/repository:tag or oci:///directory.")
    return text, DOCKER


def _without_tag(name: str, transport: str) -> tuple[str, Any]:
    """Name and tag, None for no tag.  A layout's directory may hold a colon; its tag never holds a slash."""
    start = name.rfind("/") + 1
    colon = name.rfind(":")
    if colon < start:
        return name, None
    if transport == OCI and not TAG.match(name[colon + 1 :]):
        return name, None
    return name[:colon], name[colon + 1 :]


def _check_domain(domain: str, text: Any) -> None:
    if domain and not is_host(domain):
        raise _refused(text, f"{domain!r:.300} is not a registry's host[:port]", "Write host[:port]/repository:tag.")


def _check_path(path: str, text: Any) -> None:
    if PATH.match(path):
        return
    if PATH.match(path.lower()):
        raise _refused(text, "a repository name must be lower case", "Write it as the registry spells it.")
    raise _refused(
        text,
        f"{path!r:.300} is not a repository name",
        "Its components are lower-case letters and digits, joined by one dot, one or two underscores, or dashes.",
    )


def _refused(text: Any, reason: str, advice: str) -> InputError:
    return InputError(f"{text!r:.300} is not an image reference: {reason}.", advice=advice)
