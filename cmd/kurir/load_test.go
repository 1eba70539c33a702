package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestLoadRefused holds that a run of which nothing was accepted reports, and fails.
func TestLoadRefused(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]string{422: "no message was accepted", 401: "does not know the key"} {
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }))
		defer web.Close()
		var out strings.Builder
		cmd := newLoadCmd()
		cmd.SetOut(&out)
		cmd.SetErr(io.Discard)
		cmd.SetArgs([]string{"http", web.URL, "--key", "k", "--count", "3", "--no-receipts", "--quiet"})
		if err := cmd.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d: %v", code, err)
		}
		if !strings.Contains(out.String(), "HTTP") {
			t.Errorf("%d: no report: %q", code, out.String())
		}
	}
}
