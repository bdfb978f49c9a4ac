# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Sphinx makes the documentation site; `make docs` lays out what it reads."""

project = "disconnected.mirror"
html_title = "disconnected.mirror"
copyright = "the disconnected.mirror contributors"
extensions = ["sphinx_antsibull_ext", "myst_parser"]
myst_heading_anchors = 3
pygments_style = "ansible"
highlight_language = "yaml+jinja"
html_theme = "furo"
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "source_edit_link": "",
    "light_css_variables": {"color-brand-primary": "#0b5a7a", "color-brand-content": "#0b5a7a"},
    "dark_css_variables": {"color-brand-primary": "#6cc3e6", "color-brand-content": "#6cc3e6"},
}
# The site opens without a network: nothing is taken from elsewhere, and what other projects document is named, not linked.
smartquotes = False
nitpicky = False
