# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How releases are planned: options of a face, then the environment, then defaults (config-and-releases 2.9).

Options, by the names under which `Context.options` has them:

* `update_url`: base URL of the update service (`UPDATE_URL_OVERRIDE`); `okd_update_url`: the same for OKD.
* `graph_file`: an update graph as JSON, or a directory of `<architecture>-<channel>.json`; then no update service is asked.
* `offline`: graphs come from the workspace, where earlier runs kept them.
* `conditional_updates`: conditional edges count.  `strict_update_paths`: a missing path fails.
* `version_filter` (`VERSION_FILTER`).  `shared_bounds`: see `channel.Rules`.
* `release_signatures`, `okd_release_signatures`: require, warn or off.
* `release_signature_urls` (`OCP_SIGNATURE_URL`), `okd_release_signature_urls`: where signatures are, each tried in turn.
* `release_signature_keys` (`OCP_SIGNATURE_VERIFICATION_PK`), `okd_release_signature_keys`: files of public keys.  OpenPGP keys
  count instead of the built-in ones; keys in PEM form are for signatures that lie in the registry, when no store has a good one.
* `release_signature_names`: repositories that releases may be signed as, besides the one they are read from.
* `release_tags_allowed`: components may be named by tag (builds of OKD and CI).
* `graph_data`: the graph data's tarball, URL or file.  `graph_base`: image that the graph image is built on.
* `graph_image`: a ready graph image to mirror instead of building one.
* `boot_images`: kinds of boot images to mirror (`tools.boot_image.chosen`).  `boot_image_architectures`: those to mirror them for, by
  default the release's own.  `boot_image_url`: base URL to have them from, instead of where the release says that they are.
* `past_channels`: what a v1 history remembers, `{channel: {first, min, max}}`; by default the workspace's own memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.text.secret import masked
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.origin import split_url
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.channel import Rules, version_filter
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures import keys
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.openpgp import binary_key
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.trust import (
    REQUIRE,
    WARN,
    Trust,
    check_policy,
    read_keys,
    store_url,
)

UPDATE_URL = "https://api.openshift.com/api/upgrades_info/v1/graph"
OKD_UPDATE_URL = "https://origin-release.ci.openshift.org/graph"
GRAPH_DATA = "https://api.openshift.com/api/upgrades_info/graph-data"
GRAPH_BASES = {
    Generation.V1: "registry.access.redhat.com/ubi8/ubi-micro:latest",
    Generation.V2: "registry.access.redhat.com/ubi9/ubi:latest",
}
SIGNATURE_URLS = (
    "https://mirror.openshift.com/pub/openshift-v4/signatures/openshift/release/",
    "https://storage.googleapis.com/openshift-release/official/signatures/openshift/release/",
)
OKD_SIGNATURE_URLS = ("https://storage.googleapis.com/openshift-ci-release/releases/signatures/openshift/release/",)
# What official releases are signed as.
SIGNED_NAMES = ("quay.io/openshift-release-dev/ocp-release",)


@dataclass(frozen=True)
class Settings:
    """See the module's text for each option.  notes: sentences on what the environment decided."""

    generation: Generation
    update_url: str
    okd_update_url: str
    graph_file: str
    offline: bool
    rules: Rules
    openshift: Trust
    okd: Trust
    tags_allowed: bool
    graph_data: str
    graph_base: str
    graph_image: str
    enclave: bool
    past_channels: Mapping[str, Any] | None
    boot_images: tuple[str, ...] = ()
    boot_image_architectures: tuple[str, ...] = ()
    boot_image_url: str = ""
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, options: Mapping[str, Any], environment: Mapping[str, str], generation: Generation = Generation.V2) -> Settings:
        """Raises InputError for an option that cannot be used, keys among them (SIG-21), and InvalidVersionFilter."""
        return _Reading(options, environment, generation).settings()


def web_url(text: str, option: str) -> str:
    """A base URL without a slash at its end; empty for none.  Raises InputError."""
    if text:
        try:
            split_url(text)
        except InputError as error:
            raise InputError(error.message, subject=option, advice="Write https://host/path.") from error
    return text.rstrip("/")


class _Reading:
    def __init__(self, options: Mapping[str, Any], environment: Mapping[str, str], generation: Generation) -> None:
        self.options = options
        self.environment = environment
        self.generation = generation
        self.notes: dict[str, None] = {}

    def settings(self) -> Settings:
        override = self._text("update_url", "UPDATE_URL_OVERRIDE")
        # The reference's v2 does not let the variable redirect OKD (CH-02).
        okd_override = self._text("okd_update_url") or (override if self.generation is Generation.V1 else "")
        return Settings(
            generation=self.generation,
            update_url=override or UPDATE_URL,
            okd_update_url=okd_override or OKD_UPDATE_URL,
            graph_file=self._text("graph_file"),
            offline=bool(self.options.get("offline")),
            rules=self._rules(),
            openshift=self._trust("", REQUIRE, SIGNATURE_URLS, keys.OPENSHIFT, SIGNED_NAMES),
            okd=self._trust("okd_", WARN, OKD_SIGNATURE_URLS, (), ()),
            tags_allowed=bool(self.options.get("release_tags_allowed")),
            graph_data=self._text("graph_data") or GRAPH_DATA,
            graph_base=self._text("graph_base") or GRAPH_BASES[self.generation],
            graph_image=self._text("graph_image"),
            enclave=bool(override) and not self._text("graph_data"),
            past_channels=self.options.get("past_channels"),
            boot_images=self._texts("boot_images"),
            boot_image_architectures=self._texts("boot_image_architectures"),
            boot_image_url=web_url(self._text("boot_image_url"), "boot_image_url"),
            notes=tuple(self.notes),
        )

    def _rules(self) -> Rules:
        return Rules(
            generation=self.generation,
            conditional=bool(self.options.get("conditional_updates")),
            strict=bool(self.options.get("strict_update_paths")),
            version_filter=version_filter(self._text("version_filter", "VERSION_FILTER")),
            shared_bounds=bool(self.options.get("shared_bounds")),
        )

    def _trust(self, prefix: str, policy: str, urls: tuple[str, ...], built_in: tuple[bytes, ...], names: tuple[str, ...]) -> Trust:
        """The variables of the environment are for OpenShift alone."""
        policy = check_policy(self._text(f"{prefix}release_signatures") or policy, f"{prefix}release_signatures")
        given = self._texts(f"{prefix}release_signature_urls", "" if prefix else "OCP_SIGNATURE_URL")
        paths = self._texts(f"{prefix}release_signature_keys", "" if prefix else "OCP_SIGNATURE_VERIFICATION_PK")
        trusted, public_keys = read_keys(paths)
        return Trust(
            policy=policy,
            urls=tuple(store_url(text, f"{prefix}release_signature_urls") for text in given) or urls,
            keys=trusted or tuple(binary_key(key) for key in built_in),
            names=names + self._texts("release_signature_names"),
            public_keys=public_keys,
        )

    def _text(self, option: str, variable: str = "") -> str:
        value = self.options.get(option)
        if value not in (None, ""):
            return str(value)
        value = self.environment.get(variable, "") if variable else ""
        if value:
            self.notes[f"{variable} of the environment is used: {masked(value)}."] = None
        return value

    def _texts(self, option: str, variable: str = "") -> tuple[str, ...]:
        value = self.options.get(option)
        if isinstance(value, (list, tuple)):
            return tuple(str(entry) for entry in value)
        text = self._text(option, variable)
        return (text,) if text else ()
