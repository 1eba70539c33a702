package app

import (
	"log/slog"
	"testing"

	"kurir/config"
)

func TestFitting(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                   string
		limit, rest, listeners uint64
		named                  int
		want                   int
		ok                     bool
	}{
		{"room for all", 1_048_576, 3200, 2, 0, 10_000, true},
		{"a usual limit of 20,000", 20_000, 3200, 2, 0, 8400, true},
		{"one interface", 20_000, 3200, 1, 0, 10_000, true},
		{"named and fits", 20_000, 3200, 2, 8400, 8400, true},
		{"named and does not", 20_000, 3200, 2, 8401, 8401, false},
		{"a low limit", 1024, 3200, 2, 0, 128, false},
		{"just enough", 5200, 3200, 2, 0, 1000, true},
		{"no limit at all", 0, 3200, 2, 0, 1, false},
	} {
		if n, ok := fitting(c.limit, c.rest, c.listeners, c.named); n != c.want || ok != c.ok {
			t.Errorf("%s: %d %t, want %d %t", c.name, n, ok, c.want, c.ok)
		}
	}
}

// Links that a reload changes are closed all at once: one that waits long for
// its operator holds up no other.
func TestEndLinksAtOnce(t *testing.T) {
	t.Parallel()
	f := config.Default()
	f.Data, f.HTTP.Listen = t.TempDir(), "127.0.0.1:0"
	a, err := New(t.Context(), Options{File: &f, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer a.closeAll()
	first, second := make(chan struct{}), make(chan struct{})
	links := []*runningLink{ // each is done when the other has been told to stop
		{config: config.Connector{Name: "op1"}, stop: func() { close(second) }, done: first},
		{config: config.Connector{Name: "op2"}, stop: func() { close(first) }, done: second},
	}
	for _, l := range links {
		a.links[l.config.Name] = l
	}
	a.endLinks(links)
	if len(a.links) != 0 {
		t.Errorf("%d links are left", len(a.links))
	}
}
