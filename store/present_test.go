package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kurir/message"
)

// TestFilesRemoved: a database whose files somebody has removed or replaced
// takes nothing more, since a restart would not find it.
func TestFilesRemoved(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		do   func(path string) error
	}{
		{"database removed", os.Remove},
		{"log removed", func(path string) error { return os.Remove(path + "-wal") }},
		{"folder removed", func(path string) error { return os.RemoveAll(filepath.Dir(path)) }},
		{"database replaced", func(path string) error {
			return errors.Join(os.Rename(path, path+".old"), os.WriteFile(path, nil, 0o600))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, err := Open(context.Background(), Options{Path: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close() // which may fail
			var ids message.IDs
			commit := func() error {
				s.present.checked = time.Time{} // a second has passed
				return s.Commit(&Batch{Accepted: []*message.Message{testMessage(&ids, "acme", "46701234567")}})
			}
			if err := commit(); err != nil {
				t.Fatal(err)
			}
			if err := c.do(s.path); err != nil {
				t.Fatal(err)
			}
			var fatal *FatalError
			if err := commit(); !errors.As(err, &fatal) || !strings.Contains(err.Error(), "removed or replaced") {
				t.Errorf("Commit: %v", err)
			}
		})
	}
}

// TestDamagedDatabase: the error says what to do.
func TestDamagedDatabase(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(path string) error{
		"cut":     func(path string) error { return os.Truncate(path, 5000) },
		"garbage": func(path string) error { return os.WriteFile(path, []byte(strings.Repeat("no database", 1000)), 0o600) },
	} {
		dir := t.TempDir()
		s, err := Open(context.Background(), Options{Path: dir})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := damage(s.path); err != nil {
			t.Fatal(err)
		}
		var damaged *DamagedError
		if _, err := Open(context.Background(), Options{Path: dir}); !errors.As(err, &damaged) || !strings.Contains(err.Error(), "put back the last good copy") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
