package store

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
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

// leftAfterCheckpoint returns the files in which a text stands after a checkpoint.
func leftAfterCheckpoint(t *testing.T, s *Store, text string) []string {
	t.Helper()
	k, err := newCheckpointer(s) // the store's own is at work
	if err != nil {
		t.Fatal(err)
	}
	defer k.conn.Close()
	names := []string{""}
	for whole, limit := 0, time.Now().Add(time.Minute); whole < 20 && names != nil && time.Now().Before(limit); {
		log, moved, err := k.move()
		if err != nil {
			t.Fatal(err)
		}
		if log >= 0 && moved == log && !s.wiped.Load() { // else the other is at it, and the log stays
			whole++
		}
		names = filesWith(t, s, text)
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
				copyFiles(t, s, copied)
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
			if names := leftAfterCheckpoint(t, s, secretMark); names != nil {
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

// secretMessage has marks in its text and in its data.
func secretMessage(ids *message.IDs, text, data string) *message.Message {
	m := testMessage(ids, "acme", "46701234567")
	m.Content.Text = text
	if data != "" {
		m.Content.Data = []byte(data)
	}
	m.Special = &message.Special{Secret: true}
	return m
}

// rowsWith returns what rows of the database hold an octet sequence, as table and key.
func rowsWith(t *testing.T, s *Store, mark string) (rows []string) {
	t.Helper()
	for _, q := range []string{
		"SELECT 'journal ' || number FROM journal WHERE instr(data, CAST(?1 AS BLOB))",
		"SELECT 'message ' || id FROM message WHERE instr(CAST(text AS BLOB), CAST(?1 AS BLOB)) OR instr(data, CAST(?1 AS BLOB))",
	} {
		s.writing.Lock()
		err := query(s.conn, q, func(stmt *statement) { stmt.BindText(1, mark) }, func(stmt *statement) (bool, error) {
			rows = append(rows, stmt.ColumnText(0))
			return true, nil
		})
		s.writing.Unlock()
		if err != nil {
			t.Fatal(err)
		}
	}
	return rows
}

// journalRows reads the journal.
func journalRows(t *testing.T, s *Store) map[int64][]byte {
	t.Helper()
	s.writing.Lock()
	defer s.writing.Unlock()
	rows := map[int64][]byte{}
	err := query(s.conn, "SELECT number, data FROM journal", nil, func(stmt *statement) (bool, error) {
		data := make([]byte, stmt.ColumnLen(1))
		stmt.ColumnBytes(1, data)
		rows[stmt.ColumnInt64(0)] = data
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestSecretTextsAreErasedInPlace: once a commit says that a secret message is final no row has its text, long before the
// rows of the journal go: neither the first text nor one that took its place, as text or as data, alone or beside others in
// one batch; and what stands beside it is as it was, also for who reads the journal after a crash.
func TestSecretTextsAreErasedInPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name              string
		crashed, settled  bool
		replaced, reached bool // replaced, and reached: written to the tables before that
	}{
		{name: "journal"},
		{name: "journal after a crash", crashed: true},
		{name: "tables", settled: true},
		{name: "replaced", replaced: true},
		{name: "replaced after a crash", replaced: true, crashed: true},
		{name: "replaced in the tables", replaced: true, settled: true},
		{name: "replaced after the tables", replaced: true, reached: true},
		{name: "replaced after the tables and a crash", replaced: true, reached: true, crashed: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := openTest(t, Options{})
			ids := message.NewIDs(0, 0)
			var list []*message.Message
			for _, texts := range [][2]string{{"Code " + secretMark + "1", ""}, {"", secretMark + "data"}, {secretMark + strings.Repeat("long", 2000) + secretMark, secretMark + "both"}} {
				list = append(list, testMessage(ids, "acme", "46701234568"), secretMessage(ids, texts[0], texts[1]))
			}
			list = append(list, testMessage(ids, "acme", "46701234569"))
			mustCommit(t, s, &Batch{Accepted: list})
			first := slices.Clone(list)
			if c.reached {
				settleTest(t, s)
			}
			if c.replaced {
				b := Batch{}
				for i, m := range list {
					next := *m
					if m.Secret() {
						next.Content = message.Content{Text: secretMark + "replaced", Data: []byte(secretMark + "new data"), Class: -1}
					}
					list[i] = &next
					b.Replaced = append(b.Replaced, &next)
					b.Changed = append(b.Changed, Change{ID: m.ID, State: message.Queued, Log: []byte{1}})
				}
				list = append(list, testMessage(ids, "acme", "46701234560"))
				b.Accepted = list[len(list)-1:] // in the same row
				mustCommit(t, s, &b)
			}
			if c.settled {
				settleTest(t, s)
			}
			if c.crashed {
				s = crashed(t, s)
			}
			for _, m := range list {
				if got, err := s.Message(t.Context(), m.ID); err != nil || got.Content.Text != m.Content.Text || !bytes.Equal(got.Content.Data, m.Content.Data) {
					t.Fatalf("before the end: %v, %v", got, err)
				}
			}
			if rowsWith(t, s, secretMark) == nil {
				t.Fatal("no row has the text from the beginning")
			}
			before := journalRows(t, s)
			for _, m := range list {
				if m.Secret() {
					mustCommit(t, s, &Batch{
						Changed: []Change{{ID: m.ID, State: message.Delivered, Final: time.Now().UnixMilli(), Log: []byte{1, 2}}}, Erased: []message.ID{m.ID},
					})
				}
			}
			if rows := rowsWith(t, s, secretMark); rows != nil {
				t.Errorf("the text stands in %v", rows)
			}
			after := journalRows(t, s)
			for number, row := range before {
				for _, m := range append(first, list...) {
					if m.Secret() {
						for _, octets := range [][]byte{appendData(nil, &m.Content), []byte(m.Content.Text)} {
							if len(octets) > 0 {
								row = bytes.ReplaceAll(row, octets, make([]byte, len(octets)))
							}
						}
					}
				}
				if have, there := after[number]; there && !bytes.Equal(have, row) {
					t.Errorf("row %d of the journal differs from what it was in more, or less, than texts", number)
				}
			}
			if n := len(s.secrets.spans); n > 0 {
				t.Errorf("places of %d texts are remembered that are overwritten", n)
			}
			for name, s := range map[string]*Store{"": s, "after a crash: ": crashed(t, s)} {
				for _, m := range list {
					got, err := s.Message(t.Context(), m.ID)
					if err != nil || got.Secret() != m.Secret() || m.Secret() && len(got.Content.Text)+len(got.Content.Data) > 0 ||
						!m.Secret() && (got.Content.Text != m.Content.Text || got.To != m.To) {
						t.Errorf("%safter the end: %+v, %v", name, got, err)
					}
				}
			}
			settleTest(t, s)
			if n := len(s.secrets.spans) + len(s.secrets.queue); n > 0 {
				t.Errorf("%d places are remembered for ever", n)
			}
		})
	}
}

// settleTest writes what is pending to the tables.
func settleTest(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Settle(); err != nil {
		t.Fatal(err)
	}
}

// TestSecretTextOfOneBatch: of a secret message that ended in the commit that brought it no file has anything when its row of
// the journal has gone, though the page of that row was written again after the log was cut; one that is open loses nothing.
func TestSecretTextOfOneBatch(t *testing.T) {
	t.Parallel()
	s := openTest(t, Options{})
	ids := message.NewIDs(0, 0)
	over, open := secretMessage(ids, secretMark+"over", secretMark+"data"), secretMessage(ids, "still-open", "")
	over.State, over.Final = message.Deleted, 7
	mustCommit(t, s, &Batch{Accepted: []*message.Message{testMessage(ids, "acme", "46701234567")}}) // is open, and keeps the rows behind its own
	mustCommit(t, s, &Batch{Accepted: []*message.Message{over}, Erased: []message.ID{over.ID}})
	leftAfterCheckpoint(t, s, secretMark)
	mustCommit(t, s, &Batch{Accepted: []*message.Message{testMessage(ids, "acme", "46701234568")}})
	settleTest(t, s)
	if names := leftAfterCheckpoint(t, s, secretMark); names != nil {
		t.Errorf("the text still stands in %v", names)
	}
	mustCommit(t, s, &Batch{Accepted: []*message.Message{open}})
	settleTest(t, s)
	if rows := rowsWith(t, s, "still-open"); !slices.Equal(rows, []string{"message " + strconv.FormatInt(int64(open.ID), 10)}) {
		t.Errorf("the text of the open one stands in %v", rows)
	}
	if got, err := s.Message(t.Context(), open.ID); err != nil || got.Content.Text != "still-open" {
		t.Errorf("the open one: %+v, %v", got, err)
	}
}

// TestSecretTextBeforeItsMark: a process that is killed before it has noted that there are secret messages finds that out at
// its start, from what was accepted and from what took its place.
func TestSecretTextBeforeItsMark(t *testing.T) {
	t.Parallel()
	for _, replaced := range []bool{false, true} {
		s := openTest(t, Options{})
		ids := message.NewIDs(0, 0)
		m := secretMessage(ids, secretMark, "")
		if replaced {
			was := testMessage(ids, "acme", "46701234567")
			m.ID = was.ID
			mustCommit(t, s, &Batch{Accepted: []*message.Message{was}})
			settleTest(t, s)
			mustCommit(t, s, &Batch{Replaced: []*message.Message{m}, Changed: []Change{{ID: m.ID, State: message.Queued, Log: []byte{1}}}})
		} else {
			mustCommit(t, s, &Batch{Accepted: []*message.Message{m}})
		}
		s.writing.Lock()
		err := s.setMeta(metaSecrets, 0)
		s.writing.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		s = crashed(t, s)
		mustCommit(t, s, &Batch{Changed: []Change{{ID: m.ID, State: message.Delivered, Final: 7, Log: []byte{1, 2}}}, Erased: []message.ID{m.ID}})
		if on, err := pragmaInt(s.conn, "secure_delete"); err != nil || on != 1 {
			t.Errorf("replaced %t: secure_delete is %d, %v", replaced, on, err)
		}
		if names := leftAfterCheckpoint(t, s, secretMark); names != nil {
			t.Errorf("replaced %t: the text still stands in %v", replaced, names)
		}
	}
}
