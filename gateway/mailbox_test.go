package gateway

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/message"
	"kurir/route"
	"kurir/store"
)

// mailboxWorld has beta's messages kept in its mailbox, beside its webhook, and
// what is written to 72456 in acme's.
func mailboxWorld(t *testing.T, dir string, opt Options, hook *fakeReceiver) *world {
	opt.Snapshot = testSnapshot()
	opt.Snapshot.Accounts = account.NewDirectory([]account.Account{
		{Name: "acme", Numbers: []string{"+4611111"}, Mailbox: true},
		{Name: "beta", Webhook: "http://127.0.0.1/beta", Numbers: []string{"+4622222"}, Mailbox: true},
	}, nil)
	opt.Snapshot.Inbound = NewInboundTable([]InboundRule{{To: route.Patterns{"72456"}, Do: []InboundAction{{Mailbox: "acme"}, {Mailbox: "acme"}}}})
	return start(t, dir, opt, func(w *world) { w.Receive(message.WebhookTarget, hook) })
}

func (w *world) mailbox(account string, n int) (ids []message.ID, texts string) {
	w.t.Helper()
	synctest.Wait()
	list, err := w.Mailbox(w.t.Context(), account, n)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, in := range list {
		ids = append(ids, in.ID)
		texts += in.Content.Text + " "
	}
	return ids, strings.TrimSpace(texts)
}

// TestMailbox: what is owed to a mailbox is read in order as often as one likes,
// goes when it is deleted and only then, is another account's for nobody, and
// survives restarts.
func TestMailbox(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		hook := &fakeReceiver{limit: 10}
		w := mailboxWorld(t, dir, Options{}, hook)
		op := w.fakeLink("op1")
		for i, to := range []string{"4611111", "72456", "4622222", "4611111"} {
			phoneWrites(t, op, "46700000001", to, fmt.Sprint("m", i))
		}
		ids, texts := w.mailbox("acme", 10)
		if texts != "m0 m1 m3" {
			t.Fatalf("acme's mailbox has %q", texts)
		}
		if page, _ := w.mailbox("acme", 2); !slices.Equal(page, ids[:2]) {
			t.Errorf("a page of two is %v of %v", page, ids)
		}
		beta, texts := w.mailbox("beta", 10)
		if items := hook.take(); texts != "m2" || len(items) != 1 {
			t.Fatalf("beta's mailbox has %q, its webhook %v", texts, items)
		} else if w.Delivered([]Delivered{{Item: items[0]}}); len(beta) == 1 {
			synctest.Wait()
		}
		if again, _ := w.mailbox("beta", 10); !slices.Equal(again, beta) {
			t.Errorf("the webhook's acknowledgement took beta's message out: %v", again)
		}
		unknown := beta[0] + 1
		if deleted, err := w.DeleteFromMailbox(t.Context(), "acme", []message.ID{beta[0], unknown, ids[1], ids[1]}); err != nil || !slices.Equal(deleted, ids[1:2]) {
			t.Errorf("deleted %v, %v, want %v", deleted, err, ids[1])
		}
		if deleted, err := w.DeleteFromMailbox(t.Context(), "acme", ids[1:2]); err != nil || len(deleted) != 0 {
			t.Errorf("deleted again: %v, %v", deleted, err)
		}
		w.end()
		w = mailboxWorld(t, dir, Options{}, hook)
		if left, texts := w.mailbox("acme", 10); texts != "m0 m3" || left[0] != ids[0] || left[1] != ids[2] {
			t.Errorf("after a restart %q %v of %v", texts, left, ids)
		}
		if _, err := w.DeleteFromMailbox(t.Context(), "acme", ids); err != nil {
			t.Error(err)
		}
		if _, err := w.DeleteFromMailbox(t.Context(), "beta", beta); err != nil {
			t.Error(err)
		}
		w.wantNothingLeft()
	})
}

// TestMailboxCrash: a message that the operator got an acknowledgement for is in
// the mailbox though the gateway died before it was put there.
func TestMailboxCrash(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := mailboxWorld(t, dir, Options{}, &fakeReceiver{})
		in := &message.Inbound{
			ID: message.NewIDs(0, 0).Next(time.Now()), Account: "acme", From: message.Address{Number: "46700000001"}, To: message.Address{Number: "4611111"},
			Content: message.Content{Text: "left", Class: -1}, Parts: 1, Received: time.Now().UnixMilli(),
			Targets: []message.Target{{Kind: message.MailboxTarget, Account: "acme"}}, Owed: 1,
		}
		if err := w.store.Commit(&store.Batch{Inbound: []*message.Inbound{in}}); err != nil {
			t.Fatal(err)
		}
		w.end()
		w = mailboxWorld(t, dir, Options{}, &fakeReceiver{})
		if ids, _ := w.mailbox("acme", 10); !slices.Equal(ids, []message.ID{in.ID}) {
			t.Errorf("the mailbox has %v, want %v", ids, in.ID)
		}
	})
}

// TestMailboxBounded: a page ends with a megabyte, nothing of a mailbox that
// nobody reads is in memory, and what is too old is given up.
func TestMailboxBounded(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := mailboxWorld(t, t.TempDir(), Options{MaxAge: 10 * time.Minute}, &fakeReceiver{})
		op := w.fakeLink("op1")
		long := strings.Repeat("x", 30_000)
		for range 50 {
			phoneWrites(t, op, "46700000001", "4611111", long)
		}
		if ids, _ := w.mailbox("acme", 1000); len(ids) < 30 || len(ids) > 36 {
			t.Errorf("a page has %d messages of 30,000 octets", len(ids))
		}
		w.mu.Lock()
		if b := w.boxes[boxKey{message.MailboxTarget, "acme", false}]; b.fifo.len()+b.fresh.len() != 0 || len(w.openIn) != 0 {
			t.Errorf("in memory: %d, %d", b.fifo.len()+b.fresh.len(), len(w.openIn))
		}
		w.mu.Unlock()
		time.Sleep(absentEvery + time.Minute)
		if ids, _ := w.mailbox("acme", 1000); len(ids) != 0 {
			t.Errorf("after max_age there are %d", len(ids))
		}
		w.wantNothingLeft()
	})
}

// TestMailboxCancelled: an answer that cannot be given in time is an error.
func TestMailboxCancelled(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := mailboxWorld(t, t.TempDir(), Options{}, &fakeReceiver{})
		phoneWrites(t, w.fakeLink("op1"), "46700000001", "4611111", "x")
		ids, _ := w.mailbox("acme", 1)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := w.DeleteFromMailbox(ctx, "acme", ids); err == nil {
			t.Error("deleted without waiting for the disk")
		}
	})
}
