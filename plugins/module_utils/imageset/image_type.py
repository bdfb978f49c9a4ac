# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Types of images, and the part of the configuration that each belongs to."""

from __future__ import annotations

# Types of images, as oc-mirror's associations and delete lists spell them (mirroring 4.2, 5.4).
RELEASE = "ocpRelease"
RELEASE_CONTENT = "ocpReleaseContent"
GRAPH = "cincinnatiGraph"
CATALOG = "operatorCatalog"
BUNDLE = "operatorBundle"
RELATED = "operatorRelatedImage"
GENERIC = "generic"
HELM = "helmImage"
# Ours: the reference mirrors none.
BOOT_IMAGE = "bootImage"

# The part of the configuration that a type of image belongs to: the category of its failures.
CATEGORIES = {
    RELEASE: "release",
    RELEASE_CONTENT: "release",
    GRAPH: "release",
    CATALOG: "operator",
    BUNDLE: "operator",
    RELATED: "operator",
    GENERIC: "additional",
    HELM: "helm",
    BOOT_IMAGE: "release",
}
