package app

import (
	"fmt"
	"log/slog"
	"testing"
)

// What is live on the pages ends when the server shuts down, which would wait for it else.
func TestStreamsEnd(t *testing.T) {
	t.Parallel()
	a, err := New(t.Context(), Options{File: parsed(t, fmt.Sprintf("data: %q\nhttp: {listen: \"127.0.0.1:0\"}\n", t.TempDir())), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer a.closeAll()
	if err := a.web.Closing.Err(); err != nil {
		t.Fatal(err)
	}
	if err := a.http.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-a.web.Closing.Done()
}
