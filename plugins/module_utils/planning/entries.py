# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a plan has besides its images, read from a document: releases, catalogs, charts, failures.

Steps after the plan take these as they are, so that each member they look at is checked here.  Members that are not known
are kept: a later version may have more to say.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.shape import Shape

_RELEASE = ("version", "channel", "architecture", "payload", "tag", "signed_as", "url")
_CATALOG = ("catalog", "name", "digest", "destination", "tag", "rebuilt")
_CHART = ("name", "version", "repository", "file", "digest")
_FAILURE = ("code", "message", "subject", "category", "host", "advice")


def configuration(shape: Shape) -> dict[str, Any]:
    """The configuration, as far as later steps read it; `imageset.configuration` reads the whole."""
    _texts(shape, ("apiVersion", "kind"))
    for stanza in ("mirror", "delete"):
        for operator in _list(shape.optional(stanza, {}), "operators"):
            _texts(operator, ("catalog", "targetCatalogSourceTemplate"))
    return shape.mapping()


def release(shape: Shape) -> dict[str, Any]:
    """An entry of `releases` in a plan, as it was read.  Raises InputError."""
    _texts(shape, _RELEASE)
    for chain in _list(shape, "why"):
        chain.texts()
    signatures = _list(shape, "signatures")
    for signature in signatures:
        _base64(signature)
    if signatures:
        payload = shape.member("payload")
        Shape(payload.text().rpartition("@")[2], payload.place).digest()
    return shape.mapping()


def catalog(shape: Shape) -> dict[str, Any]:
    """An entry of `catalogs` in a plan, as it was read.  Raises InputError."""
    _texts(shape, _CATALOG)
    for package in _list(shape, "packages"):
        _texts(package, ("name", "default_channel"))
        for channel in _list(package, "channels"):
            _texts(channel, ("name", "head"))
            for update in _list(channel, "updates"):
                _texts(update, ("name", "replaces", "skip_range"))
                _list_of_texts(update, "skips")
            channel.optional("of", 0).number()
            for bundle in (*_list(channel, "bundles"), *_list(channel, "entries")):
                if not isinstance(bundle.value, str):
                    _texts(bundle, ("name",))
    return shape.mapping()


def chart(shape: Shape) -> dict[str, Any]:
    """An entry of `charts` in a plan, as it was read.  Raises InputError."""
    _texts(shape, _CHART)
    _list_of_texts(shape, "images")
    return shape.mapping()


def failure(shape: Shape) -> Failure:
    """An entry of `failures` in a plan.  Raises InputError."""
    texts: dict[str, Any] = {name: shape.optional(name, "").text() for name in _FAILURE}
    for name in ("code", "message"):
        shape.member(name)
    numbers: dict[str, Any] = {name: shape.optional(name, least).number(least) for name, least in (("status", 0), ("attempts", 1))}
    return Failure(**texts, **numbers, wanted_by=shape.optional("wanted_by", []).texts())


def _texts(shape: Shape, names: Any) -> None:
    for name in names:
        value = shape.optional(name)
        if value.value is not None:
            value.text()


def _list(shape: Shape, name: str) -> Any:
    """A list that may be absent."""
    value = shape.optional(name)
    return [] if value.value is None else value.items()


def _list_of_texts(shape: Shape, name: str) -> None:
    for item in _list(shape, name):
        item.text()


def _base64(shape: Shape) -> None:
    try:
        base64.b64decode(shape.text(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError(f"{shape.place} is not base64") from error
