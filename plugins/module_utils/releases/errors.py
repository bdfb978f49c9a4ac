# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What can go wrong with releases, by reason (config-and-releases 2.1).

The messages begin with the reason, as users of the reference tool know and search it.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError


class ReleaseError(MirrorError):
    """The part of the platform releases that failed; `reason` stands before the message."""

    code = "release_error"
    reason = "ReleaseError"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(f"{self.reason}: {message}", **details)


class UpdateServiceError(ReleaseError):
    """The update service could not be asked, or answered something else than a graph."""

    code = "api_request_error"
    reason = "APIRequestError"


class VersionNotFound(ReleaseError):
    """An end of a path is not in the channel."""

    code = "version_not_found"
    reason = "VersionNotFound"


class NoVersionsFound(ReleaseError):
    """The channel is empty, or nothing in it is meant."""

    code = "no_versions_found"
    reason = "NoVersionsFound"


class NoUpdatePath(ReleaseError):
    """Both versions exist and no edges lead from one to the other (strict mode only)."""

    code = "no_update_path"
    reason = "NoUpdatePath"


class InvalidVersionFilter(ReleaseError):
    """The version filter is not a regular expression."""

    code = "invalid_version_filter"
    reason = "InvalidVersionFilter"


class NoGraphData(ReleaseError):
    """Offline planning, and this graph was not kept."""

    code = "no_graph_data"
    reason = "NoGraphData"


class GraphDataInvalid(ReleaseError):
    """A graph that is not of the form of the update service's answers."""

    code = "graph_data_invalid"
    reason = "GraphDataInvalid"


class PayloadInvalid(ReleaseError):
    """A release image does not hold what every release image holds."""

    code = "release_payload_invalid"
    reason = "PayloadInvalid"
