package store

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"kurir/message"
)

const (
	crashFolder = "KURIR_TEST_STORE_CRASH" // set: this process is the one to be killed
	crashBatch  = 50
)

// crashOptions make runs of the index and checkpoints frequent.
func crashOptions(dir string) Options {
	return Options{Path: dir, runEntries: 300, checkpointBytes: 64 << 10}
}

// crashChild commits batches until it is killed, and tells after each how many
// messages it knows to be on disk. Each batch accepts messages, grants them,
// and finishes those of the batch before.
func crashChild(dir string) {
	s, err := Open(context.Background(), crashOptions(dir))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	last, err := s.LastID(context.Background())
	if err != nil {
		os.Exit(1)
	}
	ids := message.NewIDs(0, last)
	var before []message.ID
	for n := int64(1); ; n++ {
		b := &Batch{Counters: []Counter{{Hour: 1, What: "accepted", N: crashBatch}}}
		for _, id := range before {
			b.Changed = append(b.Changed, Change{ID: id, State: message.Delivered, Final: 1, Log: make([]byte, 70)})
		}
		if n > 1 {
			b.GrantDone = []int64{n - 1}
		}
		var granted []message.ID
		for range crashBatch {
			m := &message.Message{ID: ids.Next(time.Now()), Account: "acme", Progress: message.Progress{State: message.Sending}}
			m.To.Number = strconv.FormatInt(int64(m.ID), 10)
			b.Accepted = append(b.Accepted, m)
			granted = append(granted, m.ID)
		}
		b.Granted = []Grant{{Number: n, Link: "op1", IDs: granted}}
		if err := s.Commit(b); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		before = granted
		fmt.Println(n * crashBatch)
		if _, err := s.Tidy(time.Millisecond); err != nil {
			os.Exit(1)
		}
	}
}

func TestKilledProcessLosesNothing(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts processes")
	}
	ctx := context.Background()
	for round, after := range []int{1, 37, 150, 400} {
		dir := t.TempDir()
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), crashFolder+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		told := 0
		for i := 0; lines.Scan(); i++ {
			if told, err = strconv.Atoi(lines.Text()); err != nil {
				t.Fatalf("child says %q", lines.Text())
			}
			if i == after {
				cmd.Process.Kill()
			}
		}
		cmd.Wait()
		s, err := Open(ctx, crashOptions(dir))
		if err != nil {
			t.Fatal(err)
		}
		checkCrashed(t, s, round, told)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func checkCrashed(t *testing.T, s *Store, round, told int) {
	t.Helper()
	ctx := context.Background()
	n, err := s.number(ctx, "SELECT count(*) FROM message")
	if err != nil {
		t.Fatal(err)
	}
	if int(n) < told || n%crashBatch != 0 {
		t.Errorf("round %d: %d messages on disk, %d were acknowledged in batches of %d", round, n, told, crashBatch)
	}
	counted, err := s.number(ctx, "SELECT n FROM counter")
	if err != nil || counted != n {
		t.Errorf("round %d: counter says %d, %d messages on disk (%v)", round, counted, n, err)
	}
	grants, err := s.Grants(ctx, 0)
	if err != nil || len(grants) != 1 {
		t.Fatalf("round %d: grants %v, %v; want the last one", round, grants, err)
	}
	open := map[message.ID]bool{}
	err = s.OpenAfterMark(ctx, 0, func(m *message.Message) error {
		open[m.ID] = true
		return nil
	})
	if err != nil || len(open) != crashBatch {
		t.Errorf("round %d: %d messages open, %v; want those of the last batch", round, len(open), err)
	}
	for _, id := range grants[0].IDs {
		if !open[id] {
			t.Errorf("round %d: %s is granted and not open", round, id)
		}
		list, _, err := s.Messages(ctx, Filter{To: message.Address{Number: strconv.FormatInt(int64(id), 10)}})
		if err != nil || len(list) != 1 || list[0].ID != id {
			t.Errorf("round %d: %s is not found by its recipient (%v)", round, id, err)
		}
	}
}

func TestCopiedFilesAreWhole(t *testing.T) {
	t.Parallel()
	s := openTest(t, Options{})
	ids := message.NewIDs(0, 0)
	b := &Batch{}
	for range 10 {
		b.Accepted = append(b.Accepted, testMessage(ids, "acme", "46701"))
	}
	if err := s.Commit(b); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, suffix := range []string{"", "-wal"} { // as a power cut would leave them
		data, err := os.ReadFile(s.path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if suffix == "-wal" {
			data = append(data, strings.Repeat("torn", 500)...)
		}
		if err := os.WriteFile(dir+"/"+databaseName+suffix, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	again, err := Open(context.Background(), Options{Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	for _, m := range b.Accepted {
		if _, err := again.Message(context.Background(), m.ID); err != nil {
			t.Error(err)
		}
	}
}
