package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"kurir/pgtest"
)

// clearBook is what was made over REST, with marked secrets, of which some fill pages of their own.
func clearBook(mark string) []Resource {
	var list []Resource
	for i := range 60 {
		body := fmt.Sprintf(`{"password":"%s%d","pad":"%s"}`, mark, i, strings.Repeat(mark, i*i/4))
		list = append(list, Resource{Kind: "connectors", Name: fmt.Sprintf("op%02d", i), Position: int64(i + 1), Body: []byte(body), Revision: 1})
	}
	return list
}

// sealedBook is the same with the secrets encrypted, as far as the store knows.
func sealedBook(list []Resource, mark string) []Resource {
	var sealed []Resource
	for _, r := range list {
		r.Body = []byte(strings.ReplaceAll(string(r.Body), mark, "kurir-secret:1:"))
		sealed = append(sealed, r)
	}
	return sealed
}

// TestRekeyLeavesNothingInTheClear: what was in the clear is in no file of the database after the secrets were encrypted, the write-ahead
// log included, also what stood in the same pages before an earlier change.
func TestRekeyLeavesNothingInTheClear(t *testing.T) {
	t.Parallel()
	const mark = "c1ear-s3cret-"
	s := openTest(t, Options{Path: t.TempDir()})
	commitAll := func(list []Resource) {
		t.Helper()
		if err := s.Commit(&Batch{Resources: []ResourceChange{{Audit: Audit{Number: list[0].Revision}, Put: list}}}); err != nil {
			t.Fatal(err)
		}
	}
	made := clearBook(mark)
	commitAll(made)
	for i := range made { // the same, shorter by an octet: what stood behind it is free space of its page
		made[i].Body, made[i].Revision = []byte(strings.Replace(string(made[i].Body), `"pad"`, `"pa"`, 1)), 2
	}
	commitAll(made)
	if filesWith(t, s, mark) == nil {
		t.Fatal("the marks are in no file even before")
	}
	if err := s.Commit(&Batch{Rekey: &Rekey{Audit: Audit{Number: 3}, Key: "k", All: sealedBook(made, mark)}}); err != nil {
		t.Fatal(err)
	}
	if names := leftAfterCheckpoint(t, s, mark); names != nil {
		t.Errorf("in the clear still in %v", names)
	}
	if on, err := pragmaInt(s.conn, "secure_delete"); err != nil || on == 1 {
		t.Errorf("secure_delete is %d after it: commits pay for it: %v", on, err)
	}
}

// TestKilledWhileEncrypting: wherever a process is killed that encrypts, at the next start all is encrypted and the key is known, or
// nothing is and it is not.
func TestKilledWhileEncrypting(t *testing.T) {
	t.Parallel()
	const mark = "c1ear-s3cret-"
	dir := t.TempDir()
	s := openTest(t, Options{Path: dir, checkpointBytes: 1 << 30})
	reader, err := sqlite.OpenConn(s.path, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for _, text := range []string{"BEGIN", "SELECT count(*) FROM resource"} { // what comes from here on stays in the log, which would be cut soon after the secrets were encrypted
		if err := sqlitex.ExecuteTransient(reader, text, nil); err != nil {
			t.Fatal(err)
		}
	}
	made := clearBook(mark)
	if err := s.Commit(&Batch{Resources: []ResourceChange{{Audit: Audit{Number: 1}, Put: made}}}); err != nil {
		t.Fatal(err)
	}
	wal := filepath.Join(dir, databaseName+"-wal")
	before, err := os.Stat(wal)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(&Batch{Rekey: &Rekey{Audit: Audit{Number: 2}, Key: "k", All: sealedBook(made, mark)}}); err != nil {
		t.Fatal(err)
	}
	database, err := os.ReadFile(filepath.Join(dir, databaseName))
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(wal)
	if err != nil {
		t.Fatal(err)
	}
	frames := (len(log) - int(before.Size())) / 4120
	if frames < 20 {
		t.Fatalf("only %d pages were written", frames)
	}
	was := map[string]int{}
	for cut := int(before.Size()); cut <= len(log); cut += max(1, frames/12) * 4120 {
		was[afterKill(t, database, log[:cut], made, mark)]++
	}
	was[afterKill(t, database, log, made, mark)]++
	if was[""] < 5 || was["k"] == 0 {
		t.Errorf("the cuts were all of one kind: %v", was)
	}
}

// afterKill opens what a killed process has left and returns the key that is known there.
func afterKill(t *testing.T, database, log []byte, made []Resource, mark string) string {
	t.Helper()
	copied := t.TempDir()
	for name, octets := range map[string][]byte{databaseName: database, databaseName + "-wal": log} {
		if err := os.WriteFile(filepath.Join(copied, name), octets, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := openTest(t, Options{Path: copied})
	key, err := s.SecretKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	list, _, err := s.Resources(t.Context())
	if err != nil || len(list) != len(made) {
		t.Fatalf("%d resources, %v", len(list), err)
	}
	for _, r := range list {
		if strings.Contains(string(r.Body), mark) == (key != "") {
			t.Errorf("key %q: %s", key, r.Body[:40])
		}
	}
	return key
}

// TestRekeyInTables: with PostgreSQL no table has in the clear what was encrypted.
func TestRekeyInTables(t *testing.T) {
	t.Parallel()
	const mark = "c1ear-s3cret-"
	url := pgtest.Shared(t).Database(t)
	s := openFault(t, url, Options{Shared: true})
	made := clearBook(mark)
	if err := s.Commit(&Batch{Resources: []ResourceChange{{Audit: Audit{Number: 1}, Put: made}}}); err != nil {
		t.Fatal(err)
	}
	before, err := s.Revisions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(tablesWith(t, url, mark)) == 0 {
		t.Fatal("the marks are in no table even before")
	}
	if err := s.Commit(&Batch{Rekey: &Rekey{Audit: Audit{Number: 2}, Key: "k", All: sealedBook(made, mark)}}); err != nil {
		t.Fatal(err)
	}
	if names := tablesWith(t, url, mark); names != nil {
		t.Errorf("in the clear still in %v", names)
	}
	if after, err := s.Revisions(t.Context()); err != nil || after.Settings == before.Settings {
		t.Errorf("other nodes are not told: %+v, %v", after, err)
	}
}

// tablesWith names the tables with a row in which a text stands.
func tablesWith(t *testing.T, url, text string) (names []string) {
	t.Helper()
	for _, row := range pgtest.Exec(t, url, "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'") {
		if pgtest.Exec(t, url, fmt.Sprintf(`SELECT count(*) FROM "%s" AS r WHERE CAST(r AS TEXT) LIKE '%%%s%%'`, row[0], text))[0][0] != "0" {
			names = append(names, row[0])
		}
	}
	return names
}

// TestKeepOlderOut: a program that does not know of encrypted secrets uses a database until the first key, and refuses it from then on, also
// after a later migration.
func TestKeepOlderOut(t *testing.T) {
	t.Parallel()
	url := pgtest.Shared(t).Database(t)
	s := openFault(t, url, Options{Shared: true})
	form, err := secretKeyForm()
	if err != nil {
		t.Fatal(err)
	}
	list, err := readPostgresMigrations(postgresMigrations)
	if err != nil {
		t.Fatal(err)
	}
	older := fstest.MapFS{}
	for _, m := range list[:form-1] {
		older[m.name] = &fstest.MapFile{Data: []byte(m.text)}
	}
	bring := func(files fstest.MapFS) error {
		m, err := newPostgresMigrator(files, s.conn, "here", 1)
		if err != nil {
			t.Fatal(err)
		}
		return m.migrate(t.Context())
	}
	if err := bring(older); err != nil {
		t.Errorf("without a key: %v", err)
	}
	if err := s.KeepOlderOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	later := program(t, "column", fmt.Sprintf("-- least: %d\nALTER TABLE meta ADD COLUMN note TEXT", form-1))
	for _, when := range []string{"with a key", "after a later migration"} {
		var refused *NewerError
		if err := bring(older); !errors.As(err, &refused) {
			t.Errorf("%s: %v", when, err)
		}
		if err := bring(later); err != nil {
			t.Fatal(err)
		}
	}
}
