# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How much is taken from outside, of everything that is read, each with its reason (user-needs G16).

What comes over the network or out of an archive is read within these and nowhere else, so that nobody can make a run
take the memory or the time of its host.  Each reader has to come to an answer within ten seconds and the memory that
its limit names, whatever it is given; `tests/attacks/test_limits.py` holds them to that.
"""

from __future__ import annotations

from typing import NamedTuple

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


class Limit(NamedTuple):
    """Of a document that is read whole.

    size: bytes.  values: of all lists, mappings, texts and numbers in it; a value takes up to 300 bytes once it was read, however
    few it has in the document.  memory: MiB that a process may need to read the worst such document.
    """

    size: int
    values: int = 400_000
    memory: int = 256


# --- Documents ---

# Small answers and files: errors of registries, tokens, claims, pid files.
SMALL = Limit(MIB, 20_000)
# What distribution and most registries take as a manifest; larger ones could not be pushed anywhere.
MANIFEST = Limit(4 * MIB)
# Configurations of images hold a history of their build steps; buildpacks bring some megabytes of labels.
IMAGE_CONFIG = Limit(8 * MIB)
# A page of a list: ten thousand tags of the greatest length have one megabyte.
PAGE = Limit(4 * MIB)
# Where nothing else is said: configurations, answers to charts, files of a workspace.
DOCUMENT = Limit(16 * MIB)
# The list of a layout: a hundred thousand images.
LAYOUT_INDEX = Limit(32 * MIB, 1_000_000, 512)
# What this collection writes itself, for tens of thousands of images: plans, histories, manifests of archives.
RECORD = Limit(128 * MIB, 3_000_000, 1408)
# The lines of a journal, which are read one by one: two for each blob that was ever placed.
JOURNAL = GIB
# Metadata of oc-mirror v1 name every blob of every image again and again.
LEGACY_METADATA = Limit(64 * MIB, 3_000_000, 1280)
# One document of a catalog: the largest that were published, with all their icons and descriptions, have some megabytes.
CATALOG_DOCUMENT = Limit(32 * MIB, 1_000_000, 640)
# All channels in one answer have three megabytes; an edge is four values.
GRAPH = Limit(32 * MIB, 2_000_000, 896)
# The largest public repositories of charts have indexes of 25 megabytes.
CHART_INDEX = Limit(64 * MIB, 2_000_000, 512)
# Configurations of image sets; the largest of the field have some thousand lines.
CONFIGURATION = Limit(8 * MIB, 200_000)
CONFIGURATION_DEPTH = 60
# What helm renders of one chart; operators with all their resource definitions have ten megabytes.
RENDERED = Limit(16 * MIB, 800_000, 768)
RENDERED_DOCUMENTS = 10_000
# image-references and the other documents of a release; today's have less than one megabyte.
RELEASE_DOCUMENT = Limit(32 * MIB, 400_000, 512)

# Of one YAML document, which takes more memory than JSON while it is read; the largest resource definitions have some twenty thousand.
YAML_VALUES = 250_000
# Levels of lists and mappings in each other; the field's documents have some twenty.
DEPTH = 200
# Digits of a number in a document: no number of the field has more than those of 64 bits.
DIGITS = 40

# --- Lists of registries ---

# Of one list: the busiest public repositories have a hundred thousand tags, in pages of 100 or 1,000.
PAGES = 2_000
PAGES_SIZE = 64 * MIB
LISTED = 500_000

# --- HTTP ---

# The head of an answer: servers send less than eight kilobytes, some with long cookies or policies more.
HEAD = 64 * KIB
# Trailers behind a chunked body; hardly any server sends them.
TRAILERS = 16 * KIB
# One line of a chunked body: its size and extensions.
CHUNK_LINE = 4 * KIB
# What is read of an error to tell it.
ERROR_BODY = 64 * KIB
# Of one header that is parsed: Link, WWW-Authenticate.
HEADER_VALUE = 16 * KIB

# --- Layers and other tars ---

# What a layer may unpack to: so many times its size, for real ones come to thirty; as much as this in any case; never more than that.
RATIO = 100
UNPACKED_ALWAYS = 256 * MIB
UNPACKED = 16 * GIB
# A program that is taken out of an image: openshift-install has 700 megabytes.
PROGRAM = 2 * GIB
# A boot image: the largest that CoreOS publishes, raw disks, have sixteen gigabytes.
BOOT_IMAGE = 20 * GIB
# Members of one layer: a whole distribution of an operating system has two hundred thousand.
LAYER_MEMBERS = 1_000_000
# Members of the volumes of one foreign archive, which are kept in memory by name.
ARCHIVE_MEMBERS = 500_000
ARCHIVE_NAMES = 64 * MIB
# A name: what Linux takes as a path.
TAR_NAME = 4096
# Headers that only say more of the member that follows (PAX, GNU): their size, how many in a row, and how many sparse maps.
TAR_EXTENSION = MIB
TAR_EXTENSIONS = 8
TAR_SPARSE_BLOCKS = 1_000
# What lies behind the end of a tar: GNU tar fills a record of 20 blocks, others up to a megabyte.
TAR_REST = MIB
# Members of a gzip stream: seekable layers have one for each file, of a block at least.
GZIP_MEMBERS = 1_000
GZIP_MEMBER = 512
# The window of a zstd stream: what its command line takes without being asked to take more.
ZSTD_WINDOW = 128 * MIB

# The graph data of the update service as a tarball: today's has a few megabytes.
GRAPH_DATA = 32 * MIB
GRAPH_DATA_UNPACKED = 128 * MIB
GRAPH_DATA_MEMBERS = 100_000
# A chart's archive: Kubernetes takes no release of more than one megabyte from helm; icons and sub-charts come on top.
CHART = 32 * MIB
CHART_UNPACKED = 100 * MIB

# --- Catalogs ---

# Bytes of one file, and of all files of a catalog: the largest public one has 400 megabytes.
CATALOG_FILE = 2 * GIB
CATALOG = 4 * GIB
CATALOG_FILES = 100_000
CATALOG_DOCUMENTS = 1_000_000

# --- Graphs ---

RELEASES = 20_000
EDGES = 500_000

# --- Other programs ---

# Seconds until another program (gpgv, ssh-keygen, a credential helper) must have answered, and bytes of its answer.
PROGRAM_SECONDS = 30.0
PROGRAM_OUTPUT = MIB

# --- Signatures ---

# The reference reads no more of a release's signature (SIG-04); claims have less than one kilobyte.
SIGNATURE = 50 * KIB
PUBLIC_KEYS = MIB
CLAIM = 64 * KIB

# --- Regular expressions of users ---

# Seconds of the processor for all texts that one is held against; a hundred thousand take one, where it is no odd one.
EXPRESSION_SECONDS = 5
# Characters of a text that one is held against without a process of its own; references have some hundred.
EXPRESSION_TEXT = 1024
