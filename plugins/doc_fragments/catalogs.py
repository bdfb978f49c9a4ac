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
      - How to handle operators that a selected operator requires, by package, by API or by constraint.
      - V(include) selects them as well, V(warn) warns about requirements that no selected operator provides, V(ignore) does neither.
      - V(auto) includes them for C(v1alpha2), unless the configuration sets C(skipDependencies), and warns for C(v2alpha1).
    type: str
    choices:
      - auto
      - include
      - warn
      - ignore
    default: auto
  catalog_repair:
    description:
      - Whether a filter that leaves a channel with several heads, or a package without its default channel, is repaired instead of
        rejected.
      - The head with the highest version becomes the only one and skips the entries that it did not reach. The channel whose head has the
        highest version becomes the default. Each change is reported as a warning.
    type: bool
    default: false
  catalog_missing_packages:
    description:
      - Whether a listed package that is missing from the catalog, or has no bundles left after filtering, is an error or a warning.
      - V(auto) means V(fail) for C(v1alpha2) and V(warn) for C(v2alpha1).
    type: str
    choices:
      - auto
      - fail
      - warn
    default: auto
  catalog_prereleases:
    description:
      - Whether ranges of C(v2alpha1) treat prereleases like other versions. Otherwise a range contains prereleases only when one of its
        bounds is a prerelease. V(>=1.47.1) does not contain V(1.51.0-1), V(>=1.47.1-5 <=1.51.0) does.
    type: bool
    default: false
"""

    PLANNING = r"""
options:
  catalog_missing_images:
    description:
      - How to handle a bundle with an unavailable image. The publisher may have deleted the image or misspelled its name, or its signature
        does not satisfy O(catalog_signatures).
      - V(report) reports the image as failed. The catalog at the mirror is not updated in this run, because the new one would refer to a
        missing image. All other images are mirrored.
      - V(exclude) removes the bundle from the catalog with a warning and keeps the updates between the versions around it. A catalog that
        was selected in full is rebuilt for this.
      - V(keep) leaves the bundle in the catalog without the image and warns. The bundle cannot be installed.
      - An unreachable registry is no reason to leave anything out. Its images fail with every choice.
      - With V(exclude) and V(keep), each image is checked individually. An image whose layers turn out to be lost during the copy is
        handled in the same way, for a registry and for an archive.
    type: str
    choices:
      - report
      - exclude
      - keep
    default: report
  catalog_exceptions:
    description:
      - Bundles with images that are known to be unavailable, and the last day on which they may be left out of their catalogs. Applies
        regardless of O(catalog_missing_images).
      - After that day, an image that is still unavailable fails with the message that the exception has expired.
    type: list
    elements: dict
    default: []
    suboptions:
      image:
        description:
          - Shell pattern for the image reference, as the bundle gives it.
        type: str
      bundle:
        description:
          - Shell pattern for the bundle's name, such as V(foo.v1.2.*). When O(catalog_exceptions[].image) is given too, both must match.
        type: str
      until:
        description:
          - The last day on which the exception is valid, in UTC, as V(YYYY-MM-DD).
        type: str
        required: true
      reason:
        description:
          - The reason, shown in the warning.
        type: str
  catalog_signatures:
    description:
      - Which catalogs must be signed, and by whom. The first rule that matches a catalog applies. Signatures of catalogs that match no rule
        are not verified.
      - Signatures are verified during planning, before any content is copied, by C(gpgv) or C(gpg) for OpenPGP keys and by the Python
        library C(cryptography) for keys in PEM form, as created by cosign. An index counts as signed when either the index itself or each
        of its instances is signed.
      - A catalog in a local layout needs O(catalog_signatures[].names), because a layout does not record where it was copied from. A
        catalog that is rebuilt for the mirror no longer carries its publisher's signature.
      - O(signatures) controls whether signatures are mirrored as well.
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
          - V(require) fails the catalog, and nothing of it is mirrored. V(warn) mirrors it with a warning. V(off) verifies nothing.
        type: str
        choices:
          - require
          - warn
          - 'off'
        default: require
      scope:
        description:
          - V(catalog) verifies the catalog image, V(all) also the images that its bundles name. O(catalog_missing_images) and
            O(catalog_exceptions) control what happens to a bundle with an image that has no valid signature.
        type: str
        choices:
          - catalog
          - all
        default: catalog
      keys:
        description:
          - Files with public keys, OpenPGP (armoured or not) or PEM. A signature by any of them is accepted.
          - Without it, catalogs of V(registry.redhat.io) are verified with the built-in release key of Red Hat. All other catalogs need
            this option.
        type: list
        elements: path
        default: []
      urls:
        description:
          - Stores of OpenPGP signatures, C(https://) or C(file://), called lookaside or C(sigstore) in C(registries.d).
          - Without it, signatures of V(registry.redhat.io) are read from where Red Hat publishes them.
        type: list
        elements: str
        default: []
      names:
        description:
          - Repositories that signatures may name, besides the one in the image reference.
        type: list
        elements: str
        default: []
"""
