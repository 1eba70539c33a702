package app_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"kurir/config"
)

// TestLoop routes two Kurirs at each other, and one at itself: a message ends as
// rejected, and does not go round until its validity is over.
func TestLoop(t *testing.T) {
	t.Parallel()
	file := func(data, to string) *config.File {
		text := fmt.Sprintf("data: %s\nhttp: {listen: 127.0.0.1:0}\nsmpp: {listen: 127.0.0.1:0}\nlimits: {connections: 100}\n"+
			"accounts:\n  - {name: acme, api_keys: [key], senders: [\"*\"]}\n"+
			"  - {name: peer, senders: [\"*\"], smpp: {system_id: peer, password: secret}}\n", data)
		if to != "" {
			text += "connectors:\n  - {name: out, kind: smpp, hosts: [\"" + to + "\"], system_id: peer, password: secret, reconnect: 100ms}\n" +
				"routes:\n  - {to: \"*\", via: [out]}\n"
		}
		return read(t, text)
	}
	ends := func(s *server, id string) string {
		for {
			var m struct{ State string }
			s.ask(t, http.MethodGet, "/v1/messages/"+id, "", &m)
			switch m.State {
			case "queued", "sending", "enroute":
				select {
				case <-t.Context().Done():
					t.Fatal("the message does not end")
				case <-time.After(10 * time.Millisecond):
				}
			default:
				return m.State
			}
		}
	}
	reload := func(s *server, f *config.File) {
		t.Helper()
		if err := s.Reload(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	dirA, dirB := t.TempDir(), t.TempDir()
	a, b := run(t, file(dirA, "")), run(t, file(dirB, ""))
	reload(a, file(dirA, b.SMPPAddr().String()))
	reload(b, file(dirB, a.SMPPAddr().String()))
	if state := ends(a, a.send(t, "ACME")); state != "rejected" && state != "undeliverable" {
		t.Errorf("between two: it is %s", state)
	}
	if one, two := a.Gateway().Stats().Accepted, b.Gateway().Stats().Accepted; one != 4 || two != 3 { // the fifth time it has passed the first four times
		t.Errorf("it was accepted %d and %d times, want 4 and 3", one, two)
	}

	reload(a, file(dirA, a.SMPPAddr().String())) // at itself
	if state := ends(a, a.send(t, "ACME")); state != "rejected" {
		t.Errorf("at itself: it is %s", state)
	}
	if n := a.Gateway().Stats().Accepted; n != 5 {
		t.Errorf("what came from itself was accepted: %d in all", n)
	}
}
