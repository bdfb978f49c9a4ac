# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The two generations of rules, chosen by the `apiVersion` of a configuration."""

from __future__ import annotations

from enum import Enum

GROUP = "mirror.openshift.io"


class Generation(Enum):
    """V1: the rules of `v1alpha2`.  V2: those of `v2alpha1` (mirroring 1.9)."""

    V1 = "v1alpha2"
    V2 = "v2alpha1"

    @property
    def api_version(self) -> str:
        """As a configuration spells it."""
        return f"{GROUP}/{self.value}"
