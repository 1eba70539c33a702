package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// A trace that is switched off is no answer to read, and none to complain of.
func TestTraceOff(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	t.Cleanup(s.Close)
	r := &remote{options: sendOptions{servers: []string{s.URL}, key: "k", timeout: time.Minute}}
	var out bytes.Buffer
	if err := r.trace(t.Context(), &out, &out, "/v1/traces/links/op1", traceOptions{off: true}); err != nil || out.Len() > 0 {
		t.Errorf("it says %q, %v", out.String(), err)
	}
}
