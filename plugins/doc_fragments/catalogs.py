# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options of `plugins/module_utils/adapters/arguments/catalogs.py`."""

    DOCUMENTATION = r"""
options:
  catalog_dependencies:
    description:
      - What is done about operators that a selected one requires, by package, by API or by constraint.
      - V(include) selects them as well, V(warn) tells which ones nothing selected provides, V(ignore) does neither.
      - V(auto) includes them for C(v1alpha2), unless the configuration says C(skipDependencies), and warns for C(v2alpha1).
    type: str
    choices:
      - auto
      - include
      - warn
      - ignore
    default: auto
  catalog_repair:
    description:
      - Whether a filter that leaves a channel with several heads, or a package without its default channel, is mended instead of
        refused.
      - The head of the highest version becomes the only one and skips what it did not reach. The channel whose head has the highest
        version becomes the default. Each change is told as a warning.
    type: bool
    default: false
  catalog_missing_packages:
    description:
      - Whether a listed package of which the catalog has nothing, or nothing is left, is an error or a warning.
      - V(auto) means V(fail) for C(v1alpha2) and V(warn) for C(v2alpha1).
    type: str
    choices:
      - auto
      - fail
      - warn
    default: auto
  catalog_prereleases:
    description:
      - Whether ranges of C(v2alpha1) take prereleases like other versions. Otherwise prereleases are in a range only when one of its
        bounds is a prerelease, so that V(1.51.0-1) is not in V(>=1.47.1), and is in V(>=1.47.1-5 <=1.51.0).
    type: bool
    default: false
"""

    PLANNING = r"""
options:
  catalog_missing_images:
    description:
      - What is done about a bundle one of whose images is not to be had, since its publisher deleted it or wrote its name wrong, or
        since it is not signed as O(catalog_signatures) wants it.
      - V(report) reports the image as failed. The catalog keeps the state that it has at the mirror until the next run, for it would
        name what is not there; all other images are mirrored.
      - V(exclude) takes the bundle out of the catalog, so that the versions around it still upgrade, and tells it as a warning. A
        catalog that was wanted whole is rebuilt for that.
      - V(keep) leaves the bundle in the catalog, does without the image and tells it as a warning. The bundle cannot be installed.
      - A registry that does not answer at all is no reason to leave anything out. Its images fail whatever is chosen.
      - Images are asked for one by one with V(exclude) and V(keep). An image whose layers turn out to be lost when they are copied is
        treated in the same way, into a registry and into an archive.
    type: str
    choices:
      - report
      - exclude
      - keep
    default: report
  catalog_exceptions:
    description:
      - Bundles that are known to lack images, and until when they may be left out of their catalogs, whatever
        O(catalog_missing_images) says.
      - Once the day is over, an image that is still not to be had fails and tells that the exception ended.
    type: list
    elements: dict
    default: []
    suboptions:
      image:
        description:
          - Shell pattern of the image, as the bundle writes it.
        type: str
      bundle:
        description:
          - Shell pattern of the bundle's name, such as V(foo.v1.2.*). With O(catalog_exceptions[].image) both have to match.
        type: str
      until:
        description:
          - The last day on which it holds, in UTC, as V(YYYY-MM-DD).
        type: str
        required: true
      reason:
        description:
          - Why, for those who read the warning.
        type: str
  catalog_signatures:
    description:
      - Which catalogs have to be signed, and by whom. The first rule that matches a catalog counts for it; signatures of catalogs that
        no rule matches are not verified.
      - Signatures are verified while planning, before anything is moved, by C(gpgv) or C(gpg) for OpenPGP keys and by the Python library
        C(cryptography) for keys in PEM form, as cosign makes them. An index counts as signed when it is itself, or when each of its
        instances is.
      - A catalog in a local layout needs O(catalog_signatures[].names), for it does not tell what it is a copy of. A
        catalog that is rebuilt at the mirror is not signed by its publisher any more.
      - Whether signatures are mirrored as well is for O(signatures) to say.
    type: list
    elements: dict
    default: []
    suboptions:
      catalog:
        description:
          - The catalog as the configuration names it, with or without its tag, or a shell pattern such as V(registry.redhat.io/*).
        type: str
        required: true
      policy:
        description:
          - V(require) fails the catalog, of which nothing is mirrored then. V(warn) mirrors it and warns. V(off) does not look.
        type: str
        choices:
          - require
          - warn
          - 'off'
        default: require
      scope:
        description:
          - V(catalog) means the image of the catalog, V(all) means also the images that its bundles name. What becomes of the bundle
            of an image that has no good signature is for O(catalog_missing_images) and O(catalog_exceptions) to say.
        type: str
        choices:
          - catalog
          - all
        default: catalog
      keys:
        description:
          - Files of public keys, OpenPGP (armoured or not) or PEM. Each may have signed.
          - Without it, catalogs of V(registry.redhat.io) are verified with the built-in release key of Red Hat; others need it.
        type: list
        elements: path
        default: []
      urls:
        description:
          - Stores of OpenPGP signatures, C(https://) or C(file://), which the field calls lookaside or C(sigstore) in C(registries.d).
          - Without it, signatures of V(registry.redhat.io) are looked for where Red Hat publishes them.
        type: list
        elements: str
        default: []
      names:
        description:
          - Repositories that images may be signed as, besides the one that they are named by.
        type: list
        elements: str
        default: []
"""
