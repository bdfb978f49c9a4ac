# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where a request is led, and where it must not be led: no credentials follow, and nothing public leads inside."""

from __future__ import annotations

from typing import Callable, Optional
from urllib.parse import urljoin

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError, RegistryError
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.realm import check_onward
from ansible_collections.disconnected.mirror.plugins.module_utils.http.request import Request, Rule
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.origin import Origin, split_url
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.response import Response

REDIRECTS = frozenset((301, 302, 303, 307, 308))
_MOST_HOPS = 10

# Makes the rule for an origin that another one leads to, where the request has none; raises AccessDenied.
RuleFor = Callable[[Origin, Origin, Optional[Rule]], Rule]


class Onward(Rule):
    """Of what a registry, or another host, redirects to; a host that the user has settings for is one that the user knows."""

    def __init__(self, source: Origin, address: str, settings: Settings) -> None:
        self._source = source
        self._address = address
        self._settings = settings

    def check_host(self, origin: Origin) -> None:
        """Raises AccessDenied."""
        self.check_address(origin, "")

    def check_address(self, origin: Origin, address: str) -> None:
        """address: of the other end, empty when it is not known.  Raises AccessDenied."""
        if not self._settings.names(origin.host, origin.port):
            check_onward(origin.host, address, self._source.host, self._address)


def redirected(request: Request, response: Response, hops: int, rule_for: RuleFor) -> Request:
    """The request that a redirect asks for; to another origin it goes without credentials.

    hops: how many redirects it has followed, this one included.
    Raises RegistryError for redirects without a readable Location, without end, to less security, or to where the rule does not let it.
    """
    where = response.headers.get("location", "")
    subject = request.subject
    netloc = request.origin.netloc
    if not where or hops > _MOST_HOPS:
        problem = "redirects in a loop" if where else f"answered {response.status} without a Location"
        raise RegistryError(problem, subject=subject, host=netloc, status=response.status)
    try:
        origin, target = split_url(urljoin(f"{request.origin}{request.target}", where))
        if origin.scheme != request.origin.scheme and origin.scheme == "http":
            raise RegistryError("redirects from https to http", subject=subject)
        rule = request.rule if origin == request.origin else rule_for(request.origin, origin, request.rule)
    except (MirrorError, ValueError) as error:
        problem = error.message if isinstance(error, MirrorError) else "the Location cannot be read"
        problem = f"a redirect of {netloc} is not followed: {problem}"
        advice = error.advice if isinstance(error, MirrorError) else ""
        raise RegistryError(problem, subject=subject, host=netloc, status=response.status, advice=advice) from error
    if origin == request.origin:
        return request._replace(target=target)
    return request._replace(origin=origin, target=target, access=None, authorization="", rule=rule)
