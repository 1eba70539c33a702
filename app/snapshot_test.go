package app

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"kurir/account"
	"kurir/config"
	"kurir/gateway"
	"kurir/store"
)

func parsed(t *testing.T, text string) *config.File {
	t.Helper()
	f, mistakes := config.Parse("kurir.yaml", []byte(text), os.LookupEnv)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	return f
}

func TestNextNumber(t *testing.T) {
	t.Parallel()
	inForce := func(number uint32, text string) *gateway.Snapshot {
		return &gateway.Snapshot{Number: number, Text: []byte(text)}
	}
	for _, c := range []struct {
		what   string
		text   string
		old    *gateway.Snapshot
		number uint32
		stored string
		want   uint32
	}{
		{"first start", "a", nil, 0, "", 1},
		{"start with the same", "a", nil, 7, "a", 7},
		{"start with another", "b", nil, 7, "a", 8},
		{"reload of the same", "a", inForce(7, "a"), 7, "a", 7},
		{"reload of another", "b", inForce(7, "a"), 7, "a", 8},
		{"another one before that is stored", "c", inForce(8, "b"), 7, "a", 9},
		{"the same before it is stored", "b", inForce(8, "b"), 7, "a", 8},
		{"back again before that is stored", "a", inForce(8, "b"), 7, "a", 9},
	} {
		if got := nextNumber([]byte(c.text), c.old, c.number, []byte(c.stored)); got != c.want {
			t.Errorf("%s: %d, want %d", c.what, got, c.want)
		}
	}
}

// TestFailedReloadLeavesRates: accounts share what is left of their rates with
// those of the configuration before; one that does not come into force must not
// change it.
func TestFailedReloadLeavesRates(t *testing.T) {
	t.Parallel()
	before := parsed(t, "accounts: [{name: acme, password: x, rate: 1}]\n")
	after := parsed(t, "accounts: [{name: acme, password: x, rate: 1000}]\n")
	s, err := store.Open(context.Background(), store.Options{Path: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	a := &App{store: s}
	old := &gateway.Snapshot{Accounts: account.NewDirectory(before.Accounts, nil)}
	if err := s.Close(); err != nil { // what comes now fails
		t.Fatal(err)
	}
	if _, err := a.snapshot(context.Background(), after, old); err == nil {
		t.Fatal("a snapshot without a database")
	}
	acme, now := old.Accounts.ByName("acme"), time.Now()
	acme.Take(1, now)
	if acme.Take(500, now.Add(time.Second)); acme.Take(1, now.Add(time.Second+time.Millisecond)) {
		t.Error("the rate of a configuration that did not come into force counts")
	}
}

// TestWarnOfRestart: what waits for a start is named at every reload, also when
// nothing has changed since the one before.
func TestWarnOfRestart(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	began := parsed(t, "limits: {max_parts: 5}\n")
	a := &App{opt: Options{File: began}, log: slog.New(slog.NewTextHandler(&said, nil))}
	for _, c := range []struct{ text, want string }{
		{"limits: {max_parts: 6}\n", ""},
		{"limits: {body: 99}\n", "limits.body"},
		{"limits: {body: 99}\nvalidity: 1h\n", "limits.body"},
	} {
		said.Reset()
		f := parsed(t, c.text)
		f.Data, f.HTTP, f.SMPP = began.Data, began.HTTP, began.SMPP
		a.warnOfRestart(f)
		a.file = f
		if got := said.String(); c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%q: said %q, want %q", c.text, got, c.want)
		}
	}
}
