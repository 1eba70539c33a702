package gateway

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kurir/account"
)

// TestCommandAnswerLost: a program has run and its answer is refused for now, when the server is killed. Afterwards the log of
// the message says that the phone has no answer and why, and not that all was told.
func TestCommandAnswerLost(t *testing.T) {
	t.Parallel()
	dir, crashed, file := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "note")
	snap := commandSnapshot(t, file)
	snap.Accounts = account.NewDirectory([]account.Account{{Name: "acme", Sender: "Kurir", Numbers: []string{"4611111"}, Rate: 1}}, nil)
	c := startCommanding(t, dir, file, snap)
	c.acme.Take(3600, time.Now()) // what it may send in an hour: the answer is refused however late the program runs
	id := c.write(commandPhone, "run")
	if ev := c.waitFor(id, "tell_failed"); ev.Text != "overloaded" {
		t.Fatalf("the answer is refused with %+v", ev)
	}
	c.waitFor(id, "command_ended")
	copyStore(t, dir, crashed) // killed here
	again := startCommanding(t, crashed, file, commandSnapshot(t, file))
	if ev := again.waitFor(id, "tell_given_up"); !strings.Contains(ev.Text, "before the server ended") {
		t.Errorf("after the crash: %+v", ev)
	}
	if got := c.ran(); got != "run " {
		t.Errorf("these ran: %s", got)
	}
}
