// Copyright (c) 2026, the disconnected.mirror contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Answers questions about ranges and catalogs with the libraries that the reference implementation uses, one JSON line for each
// line of the standard input.  `make tools` builds it as .cache/bin/upstream-answers where Go is installed.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"

	masterminds "github.com/Masterminds/semver/v3"
	blang "github.com/blang/semver/v4"
	"github.com/operator-framework/operator-registry/alpha/declcfg"
	"github.com/operator-framework/operator-registry/alpha/model"
	"github.com/operator-framework/operator-registry/alpha/property"
)

type question struct {
	Versions []string `json:"versions"`
	Gated    []string `json:"gated"`
	Plain    []string `json:"plain"`
	Catalog  string   `json:"catalog"`
}

type answer struct {
	// For each range the versions that are in it; null for a text that is no range.
	Gated [][]string `json:"gated"`
	Plain [][]string `json:"plain"`
	// By "package channel" the head, or why there is none.
	Heads map[string]string `json:"heads"`
	// Why the catalog is not valid, empty when it is.
	Problem string `json:"problem"`
	// By bundle what its requirements take: "package range" or "group/version kind" to names of bundles.
	Required map[string]map[string][]string `json:"required"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	out := bufio.NewWriter(os.Stdout)
	for lines.Scan() {
		var asked question
		must(json.Unmarshal(lines.Bytes(), &asked))
		encoded, err := json.Marshal(answered(asked))
		must(err)
		fmt.Fprintln(out, string(encoded))
		must(out.Flush())
	}
	must(lines.Err())
}

func answered(asked question) answer {
	config, err := declcfg.LoadReader(strings.NewReader(asked.Catalog))
	must(err)
	found := answer{Heads: heads(config), Required: required(config)}
	for _, text := range asked.Gated {
		found.Gated = append(found.Gated, gated(text, asked.Versions))
	}
	for _, text := range asked.Plain {
		found.Plain = append(found.Plain, plain(text, asked.Versions))
	}
	if _, err := declcfg.ConvertToModel(*config); err != nil {
		found.Problem = err.Error()
	}
	return found
}

func gated(text string, versions []string) []string {
	constraint, err := masterminds.NewConstraint(text)
	if err != nil {
		return nil
	}
	inside := []string{}
	for _, each := range versions {
		if constraint.Check(masterminds.MustParse(each)) {
			inside = append(inside, each)
		}
	}
	return inside
}

func plain(text string, versions []string) []string {
	test, err := blang.ParseRange(text)
	if err != nil || test == nil {
		return nil
	}
	inside := []string{}
	for _, each := range versions {
		if test(blang.MustParse(each)) {
			inside = append(inside, each)
		}
	}
	return inside
}

func heads(config *declcfg.DeclarativeConfig) map[string]string {
	found := map[string]string{}
	for _, each := range config.Channels {
		channel := model.Channel{Name: each.Name, Bundles: map[string]*model.Bundle{}}
		for _, entry := range each.Entries {
			channel.Bundles[entry.Name] = &model.Bundle{Name: entry.Name, Replaces: entry.Replaces, Skips: entry.Skips}
		}
		name := each.Package + " " + each.Name
		if head, err := channel.Head(); err != nil {
			found[name] = err.Error()
		} else {
			found[name] = head.Name
		}
	}
	return found
}

func required(config *declcfg.DeclarativeConfig) map[string]map[string][]string {
	properties := map[string]*property.Properties{}
	for _, bundle := range config.Bundles {
		parsed, err := property.Parse(bundle.Properties)
		must(err)
		properties[bundle.Name] = parsed
	}
	found := map[string]map[string][]string{}
	for _, bundle := range config.Bundles {
		needs := map[string][]string{}
		for _, need := range properties[bundle.Name].PackagesRequired {
			needs[need.PackageName+" "+need.VersionRange] = matching(config, properties, func(own *property.Properties) bool {
				test, err := blang.ParseRange(need.VersionRange)
				must(err)
				return own.Packages[0].PackageName == need.PackageName && test(blang.MustParse(own.Packages[0].Version))
			})
		}
		for _, need := range properties[bundle.Name].GVKsRequired {
			needs[fmt.Sprintf("%s/%s %s", need.Group, need.Version, need.Kind)] = matching(config, properties, func(own *property.Properties) bool {
				for _, kind := range own.GVKs {
					if kind.Group == need.Group && kind.Kind == need.Kind && kind.Version == need.Version {
						return true
					}
				}
				return false
			})
		}
		found[bundle.Name] = needs
	}
	return found
}

func matching(config *declcfg.DeclarativeConfig, properties map[string]*property.Properties, is func(*property.Properties) bool) []string {
	names := []string{}
	for _, bundle := range config.Bundles {
		if is(properties[bundle.Name]) {
			names = append(names, bundle.Name)
		}
	}
	sort.Strings(names)
	return names
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
