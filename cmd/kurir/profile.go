package main

import (
	"fmt"
	"net/http"
	"net/http/pprof"
	"os"
	"time"

	"github.com/spf13/pflag"
)

// profileFlag adds --pprof, where Go's profiler is served.
func profileFlag(f *pflag.FlagSet, address *string) {
	f.StringVar(address, "pprof", "", "`address` of Go's profiler; none if empty")
}

// serveProfile serves Go's profiler until the program ends; the empty address means not at all.
func serveProfile(address string) {
	if address == "" {
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := server.ListenAndServe(); err != nil {
			fmt.Fprintln(os.Stderr, "kurir: profiler:", err)
		}
	}()
}
