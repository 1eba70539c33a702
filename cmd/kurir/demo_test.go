package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"

	"kurir/config"
	"kurir/simulator"
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

// TestDemoLinks holds which links of the file reach the simulator: the first, and those named after their kind.
func TestDemoLinks(t *testing.T) {
	t.Parallel()
	file, err := demoConfig(demoOptions{data: t.TempDir(), http: "127.0.0.1:0", smpp: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	links := demoLinks(file)
	if len(links) != len(demoOver) {
		t.Errorf("the file of the demo has %d links that reach the simulator, want one of each of the %d kinds", len(links), len(demoOver))
	}
	for kind, over := range demoOver {
		if c := links[kind]; c == nil || c.Name != kind || over == "" {
			t.Errorf("%s: %+v", kind, c)
		}
	}
	file.Connectors[0].Name, file.Connectors[1].Name = "simulator", "op2"
	if links := demoLinks(file); links["smpp"] == nil || links["ucp"] != nil || links["modem"] == nil {
		t.Errorf("with other names: %v", links)
	}
}

// TestDemoSimulator holds that the page is told of the links only with the key, and that only links of the file are simulated.
func TestDemoSimulator(t *testing.T) {
	t.Parallel()
	file, err := demoConfig(demoOptions{data: t.TempDir(), http: "127.0.0.1:0", smpp: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	info := func(key string) (i simulator.Info, modems []simulator.ModemView) {
		t.Helper()
		sim, err := demoSimulator(t.Context(), file, key, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		defer sim.Close()
		w := httptest.NewRecorder()
		sim.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/info", nil))
		if err := json.Unmarshal(w.Body.Bytes(), &i); err != nil {
			t.Fatal(err)
		}
		return i, sim.Modems()
	}
	i, modems := info("a-key")
	if i.LinksURL != "../v1/links" || i.SendKey != "a-key" || len(i.Links) != 4 || i.Links[3] != (simulator.Link{Name: "modem", Over: "GSM modem"}) {
		t.Errorf("the page is told %+v", i)
	}
	if i.UCP == "" || i.CIMD2 == "" || len(modems) != 1 {
		t.Errorf("simulated are %+v, modems %+v", i, modems)
	}
	file.Connectors = file.Connectors[:1]
	if i, modems = info(""); i.LinksURL != "" || i.SendKey != "" || len(i.Links) != 0 || i.UCP != "" || i.CIMD2 != "" || len(modems) != 0 {
		t.Errorf("with one link and no key: %+v, modems %+v", i, modems)
	}
}

// TestDemoReads holds that the links reach the simulator also when the file is read again for a change over REST.
func TestDemoReads(t *testing.T) {
	t.Parallel()
	file, err := demoConfig(demoOptions{data: t.TempDir(), http: "127.0.0.1:0", smpp: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	sim, err := demoSimulator(t.Context(), file, "", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer sim.Close()
	user := map[string]any{"name": "anna", "account": "demo", "role": "sender"}
	again, mistakes := file.With([]config.Made{{Kind: "users", Name: "anna", Value: user}})
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	if len(again.Users) != 2 || again.Users[1].Name != "anna" || again.HTTP.Listen != "127.0.0.1:0" {
		t.Errorf("it is read again with %d users and listens on %s", len(again.Users), again.HTTP.Listen)
	}
	for i := range file.Connectors {
		if !reflect.DeepEqual(file.Connectors[i], again.Connectors[i]) {
			t.Errorf("%s leads elsewhere: %+v", file.Connectors[i].Name, again.Connectors[i].Settings)
		}
	}
}
