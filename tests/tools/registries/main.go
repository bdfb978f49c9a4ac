// Copyright (c) 2026, the disconnected.mirror contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Serves one of the registries that are libraries, in memory and on loopback, with a line of access log for each answer:
//
//	small-registries -addr 127.0.0.1:PORT -kind ociserver [-disable-referrers] [-disable-single-post] [-no-tag-digest] [-no-link] [-max-page N] [-redirect]
//	small-registries -addr 127.0.0.1:PORT -kind ggcr [-disable-referrers]
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"

	"cuelabs.dev/go/oci/ociregistry"
	"cuelabs.dev/go/oci/ociregistry/ocimem"
	"cuelabs.dev/go/oci/ociregistry/ociserver"
	"github.com/google/go-containerregistry/pkg/registry"
)

// Where a redirected blob is served, as an object store beside the registry would.
const objects = "/objects/"

type answer struct {
	http.ResponseWriter
	status int
	size   int
}

func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(content []byte) (int, error) {
	written, err := a.ResponseWriter.Write(content)
	a.size += written
	return written, err
}

func logged(served http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		told := &answer{ResponseWriter: w, status: http.StatusOK}
		served.ServeHTTP(told, r)
		fmt.Fprintf(os.Stderr, "\"%s %s HTTP/1.1\" %d %d\n", r.Method, r.RequestURI, told.status, told.size)
	})
}

// An object's path is /objects/DIGEST; it is looked for in every repository.
func serveObject(store ociregistry.Interface) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		digest := ociregistry.Digest(strings.TrimPrefix(r.URL.Path, objects))
		for repository, err := range store.Repositories(r.Context(), "") {
			if err != nil {
				break
			}
			blob, err := store.GetBlob(r.Context(), repository, digest)
			if err != nil {
				continue
			}
			defer blob.Close()
			w.Header().Set("Content-Length", fmt.Sprint(blob.Descriptor().Size))
			_, _ = io.Copy(w, blob)
			return
		}
		http.NotFound(w, r)
	}
}

func main() {
	address := flag.String("addr", "", "where to listen")
	kind := flag.String("kind", "ociserver", "ociserver or ggcr")
	redirect := flag.Bool("redirect", false, "answer a blob with where it lies")
	var options ociserver.Options
	flag.BoolVar(&options.DisableReferrersAPI, "disable-referrers", false, "")
	flag.BoolVar(&options.DisableSinglePostUpload, "disable-single-post", false, "")
	flag.BoolVar(&options.OmitDigestFromTagGetResponse, "no-tag-digest", false, "")
	flag.BoolVar(&options.OmitLinkHeaderFromResponses, "no-link", false, "")
	flag.IntVar(&options.MaxListPageSize, "max-page", 0, "")
	flag.Parse()

	served := http.NewServeMux()
	if *kind == "ggcr" {
		quiet := registry.Logger(log.New(io.Discard, "", 0))
		served.Handle("/", registry.New(registry.WithReferrersSupport(!options.DisableReferrersAPI), quiet))
	} else {
		store := ocimem.New()
		if *redirect {
			options.LocationsForDescriptor = func(isManifest bool, d ociregistry.Descriptor) ([]string, error) {
				if isManifest {
					return nil, nil
				}
				return []string{"http://" + *address + objects + string(d.Digest)}, nil
			}
		}
		served.HandleFunc(objects, serveObject(store))
		served.Handle("/", ociserver.New(store, &options))
	}
	log.Fatal(http.ListenAndServe(*address, logged(served)))
}
