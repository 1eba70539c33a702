package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kurir/message"
)

// A copy shows one instant, whatever is committed while it is made, and is not served from as it is.
func TestBackup(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "copy.db")
	s := openDir(t, dir)
	defer s.Close()
	fillEverything(t, s, 2000)
	ids := message.NewIDs(0, 1<<60)
	steps, told := 0, 0
	c, err := Backup(ctx, BackupOptions{Path: dir, To: file, Full: true, pages: 20, Progress: func(done, total int) { told = 100 * done / total }, step: func() {
		steps++
		for range 50 {
			m := &message.Message{ID: ids.Next(message.ID(1 << 60).Time()), Content: message.Content{Text: strings.Repeat("newer", 200), Class: -1}}
			if err := s.Commit(&Batch{Accepted: []*message.Message{m}}); err != nil {
				t.Fatal(err)
			}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if steps < 10 || told != 100 || c.Octets < 1<<19 {
		t.Errorf("%d steps, %d %%, %+v", steps, told, c)
	}
	if _, err := os.Stat(file + "-wal"); err == nil {
		t.Error("the copy is not one file")
	}
	other := t.TempDir()
	if err := os.Rename(file, filepath.Join(other, databaseName)); err != nil {
		t.Fatal(err)
	}
	var is *CopyError
	if _, err := Open(ctx, Options{Path: other, Log: quietLog()}); !errors.As(err, &is) || !strings.Contains(err.Error(), "kurir restore") {
		t.Fatalf("a copy can be served from: %v", err)
	}
	copied := openMoving(t, other)
	defer copied.Close()
	if n, err := copied.number(ctx, "SELECT count(*) FROM message"); err != nil || n != 2000 {
		t.Errorf("the copy has %d messages, %v", n, err)
	}
}

// A copy that was made by other means, of the files of a server that has been killed, is restored with its log, in which
// the newest messages are.
func TestRestoreWithLog(t *testing.T) {
	t.Parallel()
	dir, raw := t.TempDir(), t.TempDir()
	s := openDir(t, dir)
	defer s.Close()
	fillEverything(t, s, 300)
	copyFiles(t, s, raw)
	for _, of := range []string{"", "-wal"} {
		if err := os.Rename(filepath.Join(raw, databaseName+of), filepath.Join(raw, "copy.db"+of)); err != nil {
			t.Fatal(err)
		}
	}
	to := t.TempDir()
	if _, err := Restore(t.Context(), RestoreOptions{Path: to, From: filepath.Join(raw, "copy.db"), Session: SessionRestored, Log: quietLog()}); err != nil {
		t.Fatal(err)
	}
	restored := openMoving(t, to)
	defer restored.Close()
	if n, err := restored.number(t.Context(), "SELECT count(*) FROM message"); err != nil || n != 300 {
		t.Errorf("%d messages are restored, %v", n, err)
	}
	if left, _ := filepath.Glob(filepath.Join(to, "*.part*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// What is damaged, no copy, or in the way of data is refused, and what was interrupted goes on.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir, folder := t.TempDir(), t.TempDir()
	file := filepath.Join(folder, "copy.db")
	s := openDir(t, dir)
	fillEverything(t, s, 500)
	if _, err := Backup(ctx, BackupOptions{Path: dir, To: file}); err != nil {
		t.Fatal(err)
	}
	octets, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, octets []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, octets, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	damaged := append([]byte(nil), octets...)
	for i := 40_000; i < 60_000; i++ {
		damaged[i] = 0xa5
	}
	empty := t.TempDir()
	for _, c := range []struct{ name, from, to, want string }{
		{"a folder that is held", file, dir, "held by another Kurir"},
		{"half a copy", write("half.db", octets[:len(octets)/2]), empty, "take an older one"},
		{"a damaged copy", write("damaged.db", damaged), empty, "take an older one"},
		{"what is no copy", write("text.db", []byte(strings.Repeat("no database ", 1000))), empty, "is not a copy"},
		{"no file", filepath.Join(folder, "none.db"), empty, "no such file"},
	} {
		if _, err := Restore(ctx, RestoreOptions{Path: c.to, From: c.from, Log: quietLog()}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if _, err := os.Stat(filepath.Join(empty, databaseName)); err == nil {
			t.Errorf("%s is in place", c.name)
		}
	}
	s.Close()
	if _, err := Restore(ctx, RestoreOptions{Path: dir, From: file, Log: quietLog()}); err == nil || !strings.Contains(err.Error(), "would be overwritten") {
		t.Errorf("a folder with data: %v", err)
	}
	if err := os.WriteFile(filepath.Join(empty, databaseName), octets, 0o600); err != nil { // killed when the copy was in place
		t.Fatal(err)
	}
	r, err := Restore(ctx, RestoreOptions{Path: empty, From: file, Session: SessionRestoredOnce, Log: quietLog()})
	if err != nil || r.Doubtful != 300 || r.Mailings != 1 {
		t.Fatalf("restored: %+v, %v", r, err)
	}
	restored := openDir(t, empty)
	defer restored.Close()
	grants, err := restored.Grants(ctx, 0)
	if err != nil || len(grants) != 1 || len(grants[0].IDs) != 300 || restored.Counts().Waiting != 0 {
		t.Errorf("grants %v, %v, rows %+v", grants, err, restored.Counts())
	}
}
