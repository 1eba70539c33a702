package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestEndWith holds that a page left open does not keep the demo from stopping.
func TestEndWith(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(context.Background())
	begun := make(chan struct{})
	stream := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		endWith(ctx, stream).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/events", nil))
	}()
	<-begun
	stop()
	<-done
}
