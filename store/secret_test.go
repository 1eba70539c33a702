package store

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kurir/message"
)

// secretMark is a text that must be found in no file when its message is final.
const secretMark = "s3cr3t-marked-"

// filesWith returns the files of a database in which a text stands.
func filesWith(t *testing.T, s *Store, text string) (names []string) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(s.dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all {
		octets, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(octets, []byte(text)) {
			names = append(names, filepath.Base(name))
		}
	}
	return names
}

// TestSecretTextsAreErased: of a secret message that is final no file of the database has the text, after a checkpoint
// the log neither; whether it was short or long, written to the tables before or not, or read from the journal at start.
func TestSecretTextsAreErased(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name            string
		settled, reopen bool
	}{{name: "journal"}, {name: "tables", settled: true}, {name: "restart", reopen: true}, {"restart of tables", true, true}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := openTest(t, Options{Path: dir})
			ids := message.IDs{}
			var list []*message.Message
			for i := range 60 {
				m := testMessage(&ids, "acme", "46701234567")
				m.Content.Text = strings.Repeat("x", i) + secretMark + strings.Repeat("-and more", i*20) + secretMark
				m.Special = &message.Special{Secret: true}
				if i%3 == 0 {
					m.Content.Data = []byte(secretMark + "data")
				}
				list = append(list, m, testMessage(&ids, "acme", "46701234568"))
			}
			for _, m := range list {
				if err := s.Commit(&Batch{Accepted: []*message.Message{m}}); err != nil {
					t.Fatal(err)
				}
			}
			if len(filesWith(t, s, secretMark)) == 0 {
				t.Fatal("an open message has lost its text")
			}
			if c.settled {
				if err := s.Settle(); err != nil {
					t.Fatal(err)
				}
			}
			if c.reopen {
				copied := t.TempDir() // as a killed process leaves it
				for _, name := range []string{databaseName, databaseName + "-wal"} {
					octets, err := os.ReadFile(filepath.Join(dir, name))
					if err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(filepath.Join(copied, name), octets, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				s = openTest(t, Options{Path: copied})
			}
			if on, err := pragmaInt(s.conn, "secure_delete"); err != nil || on != 1 {
				t.Errorf("secure_delete is %d: what SQLite moves about leaves copies: %v", on, err)
			}
			for _, m := range list {
				have, err := s.Message(t.Context(), m.ID)
				if err != nil || have.Content.Text != m.Content.Text || have.Secret() != m.Secret() {
					t.Fatalf("before the end: %v, %v", have, err)
				}
				b := Batch{Changed: []Change{{ID: m.ID, State: message.Delivered, Final: time.Now().UnixMilli()}}}
				if m.Secret() {
					b.Erased = []message.ID{m.ID}
				}
				if err := s.Commit(&b); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Settle(); err != nil {
				t.Fatal(err)
			}
			k, err := newCheckpointer(s) // the store's own is at work
			if err != nil {
				t.Fatal(err)
			}
			defer k.conn.Close()
			names := []string{""}
			for try := 0; try < 20 && names != nil; try++ { // while the other is at it the log stays
				if _, _, err := k.move(); err != nil {
					t.Fatal(err)
				}
				names = filesWith(t, s, secretMark)
			}
			if names != nil {
				t.Errorf("the text still stands in %v", names)
			}
			for _, m := range list {
				have, err := s.Message(t.Context(), m.ID)
				if err != nil || m.Secret() && (have.Content.Text != "" || have.Content.Data != nil || !have.Secret()) || !m.Secret() && have.Content.Text != m.Content.Text {
					t.Errorf("after the end: %+v, %v", have, err)
				}
			}
		})
	}
}
