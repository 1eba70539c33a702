package gateway

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/directory"
	"kurir/message"
	"kurir/route"
	"kurir/store"
)

// numbersSnapshot is testSnapshot with number lists and opt-out for acme.
func numbersSnapshot(t testing.TB) *Snapshot {
	t.Helper()
	s := testSnapshot()
	s.Accounts = account.NewDirectory([]account.Account{
		{Name: "acme", Senders: []string{"*"}, Sender: "ACME", MaxParts: 20, Numbers: []string{"+4611111"}, OptOut: &account.OptOut{StartAnswer: account.NoAnswer}},
		{Name: "beta", Senders: []string{"*"}, Sender: "BETA", MaxParts: 20, Numbers: []string{"+4622222"}},
	}, nil)
	s.Routes = route.NewTable([]route.Rule{
		{Name: "one", To: route.Patterns{"461*"}, Via: route.Via{{Link: "op1"}}},
		{Name: "two", To: route.Patterns{"462*"}, Via: route.Via{{Link: "op2"}}},
	})
	s.Lists = []directory.List{
		{Name: "dnd", Kind: directory.BlockList},
		{Name: "brands", Kind: directory.BlockList, Of: directory.OfSenders},
		{Name: "staff", Kind: directory.AllowList, Accounts: []string{"be*"}},
		{Name: "vip", Kind: directory.BlockList, Routes: []string{"two"}},
	}
	read, mistakes := directory.ReadNumbers(strings.NewReader("+46199*\n+46100000001\n"), storedAddress)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	s.Lists[0].SetRead(read)
	return s
}

// wants checks why a message is refused: the code, the field and a part of the text;
// nothing for accepted.
func (w *world) wants(sub *Submission, code, field, text string) {
	w.t.Helper()
	results, err := w.Submit(context.Background(), []*Submission{sub})
	if err != nil {
		w.t.Fatal(err)
	}
	f := results[0].Failure
	switch {
	case f == nil && code != "":
		w.t.Errorf("%s is accepted, want %s", sub.To, code)
	case f != nil && (f.Kind.Code() != code || f.Field != field || !strings.Contains(f.Error(), text)):
		w.t.Errorf("%s is refused by %s of %q: %s; want %s of %q: %s", sub.To, f.Kind.Code(), f.Field, f, code, field, text)
	}
}

// TestComplaint25Lists: numbers and senders are blocked and allowed for the whole
// system, accounts and routes, from files and over the interface, at once and
// after a restart; refusals name list and field.
func TestComplaint25Lists(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		dir := t.TempDir()
		w := start(t, dir, Options{Snapshot: numbersSnapshot(t)}, nil)
		from := func(to, sender string) *Submission {
			s := w.untold(to, "x")
			s.From = sender
			return s
		}
		as := func(name, to string) *Submission {
			s := w.untold(to, "x")
			s.Account = w.Snapshot().Accounts.ByName(name)
			return s
		}
		w.wants(w.untold("46100000002", "x"), "", "", "")
		w.wants(w.untold("46100000001", "x"), "blocked", "to", "is on the block list dnd")
		w.wants(w.untold("46199123456", "x"), "blocked", "to", "falls under 46199* on the block list dnd")
		w.wants(as("beta", "46100000002"), "blocked", "to", "is not on the allow list staff")
		w.wants(from("46100000002", "MyBank"), "", "", "")

		change := func(list string, add, remove []string, added, removed int) {
			t.Helper()
			got, err := w.ChangeList(context.Background(), ListChange{List: list, Add: add, Remove: remove, By: "root", Note: "why"})
			if err != nil || got.Added != added || got.Removed != removed {
				t.Errorf("change of %s: %+v, %v", list, got, err)
			}
		}
		change("dnd", []string{"+46 10 000 00 02", "+46100000003", "+46100000003"}, nil, 2, 0)
		change("dnd", nil, []string{"+46100000003", "+46100000009"}, 0, 1)
		change("brands", []string{"*bank*"}, nil, 1, 0)
		change("staff", []string{"+461*"}, nil, 1, 0)
		change("vip", []string{"+46200000001"}, nil, 1, 0)
		tandl := from("46100000006", "Från Tandläkaren") // 16 characters
		w.wants(tandl, "bad_sender", "from", `is too long: at most 11 characters; "Från Tandlä" would do`)
		shortening := *w.acme
		shortening.LongSender = account.LongSenderShorten
		tandl.Account = &shortening
		if results, err := w.Submit(context.Background(), []*Submission{tandl}); err != nil || results[0].Failure != nil {
			t.Errorf("a sender that is shortened: %v, %+v", err, results)
		} else if m := w.onDisk(results[0].ID); m.From.Number != "Från Tandlä" {
			t.Errorf("it goes out as %q", m.From.Number)
		}
		held := func() {
			t.Helper()
			w.wants(w.untold("46100000002", "x"), "blocked", "to", "dnd")
			w.wants(w.untold("46100000003", "x"), "", "", "")
			w.wants(from("46100000004", "MyBank"), "blocked", "from", "the sender MyBank falls under *bank* on the block list brands")
			w.wants(as("beta", "46100000004"), "", "", "")
			w.wants(as("beta", "46200000004"), "blocked", "to", "staff")
			w.wants(w.untold("46200000001", "x"), "blocked", "to", "vip")
			w.wants(w.untold("46200000002", "x"), "", "", "")
		}
		held()

		var bad *EntryError
		if _, err := w.ChangeList(context.Background(), ListChange{List: "dnd", Add: []string{"+46100000005", "nobody"}}); !errors.As(err, &bad) || bad.Index != 1 {
			t.Errorf("an entry that is no number: %v", err)
		}
		w.wants(w.untold("46100000005", "x"), "", "", "")
		var patterns []string
		for i := range directory.MaxPatterns {
			patterns = append(patterns, fmt.Sprintf("+47%d??", 10000+i))
		}
		change("vip", patterns[1:], nil, len(patterns)-1, 0)
		change("vip", patterns[:2], nil, 1, 0)
		if _, err := w.ChangeList(context.Background(), ListChange{List: "vip", Add: []string{"+4611111111", "+48?"}}); !errors.Is(err, ErrManyPatterns) {
			t.Errorf("one pattern more: %v", err)
		}
		change("vip", []string{"+4611111111"}, patterns[:1], 1, 1)
		if _, err := w.ChangeList(context.Background(), ListChange{List: "none", Add: []string{"+46100000005"}}); !errors.Is(err, ErrNoList) {
			t.Errorf("a list that is not there: %v", err)
		}
		if entry, inFile, err := w.FindInList("dnd", "+46199000000"); entry != "46199*" || !inFile || err != nil {
			t.Errorf("found %q %t %v", entry, inFile, err)
		}
		w.end()

		w = start(t, dir, Options{Snapshot: numbersSnapshot(t)}, nil)
		held()
		entries, err := w.ListEntries(context.Background(), "dnd", 0, 10)
		if err != nil || len(entries) != 1 || entries[0].Entry != "46100000002" || entries[0].By != "root" || entries[0].Note != "why" {
			t.Errorf("entries %+v, %v", entries, err)
		}
		w.Replace(numbersSnapshot(t))
		held()
	})
}

// A phone that writes STOP gets an answer and nothing more of that account, until it
// writes START; the record of it stays, over a restart too.
func TestOptOut(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		const phone = "46170000001"
		dir := t.TempDir()
		w := start(t, dir, Options{Snapshot: numbersSnapshot(t)}, nil)
		op1 := w.fakeLink("op1")
		op1.core.SessionUp(1, 10)
		say := func(to, text string) {
			t.Helper()
			if err := <-op1.inbound(&message.Inbound{
				From: message.Address{TON: 1, NPI: 1, Number: phone}, To: message.Address{TON: 1, NPI: 1, Number: to},
				Content: message.Content{Text: text, Class: -1},
			}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			time.Sleep(time.Second)
		}
		beta := w.untold(phone, "x") // beta itself may only write to staff
		beta.Account = &account.Account{Name: "gamma", Sender: "GAMMA"}
		w.wants(w.untold(phone, "x"), "", "", "")
		synctest.Wait()
		op1.take()

		say("4611111", "Stopp!")
		sent := op1.take()
		if len(sent) != 1 || sent[0].Message.From.Number != "4611111" || sent[0].Message.To.Number != phone ||
			!strings.Contains(sent[0].Message.Content.Text, "inga fler meddelanden från +4611111") {
			t.Fatalf("the answer to STOPP: %+v", sent)
		}
		w.wants(w.untold(phone, "x"), "opted_out", "to", "has opted out of messages of acme")
		w.wants(beta, "", "", "")
		synctest.Wait()
		op1.take()
		say("4611111", "STOP") // again: no further answer, or two machines would never end
		say("4622222", "start")
		if sent := op1.take(); len(sent) > 0 {
			t.Errorf("answered again: %+v", sent[0].Message.Content)
		}
		w.wants(w.untold(phone, "x"), "opted_out", "to", "")
		w.end()

		w = start(t, dir, Options{Snapshot: numbersSnapshot(t)}, nil)
		op1 = w.fakeLink("op1")
		op1.core.SessionUp(1, 10)
		w.wants(w.untold(phone, "x"), "opted_out", "to", "")
		say("4611111", "start")
		w.wants(w.untold(phone, "x"), "", "", "")
		if changed, err := w.SetOptOut(context.Background(), OptOutChange{Account: "acme", Phone: "+46 17 000 00 01", By: "acme", Note: "by letter"}); !changed || err != nil {
			t.Errorf("opted out by REST: %t %v", changed, err)
		}
		w.wants(w.untold(phone, "x"), "opted_out", "to", "")
		record, _, err := w.OptOuts(context.Background(), "acme", phone, 0, 10)
		if err != nil || len(record) != 3 {
			t.Fatalf("record %+v, %v", record, err)
		}
		if r := record[2]; r.In || r.Text != "Stopp!" || r.Wrote != "4611111" || r.Inbound == 0 || r.At == 0 {
			t.Errorf("the proof of STOPP: %+v", r)
		}
		if r := record[1]; !r.In || r.Text != "start" {
			t.Errorf("the proof of START: %+v", r)
		}
		if r := record[0]; r.In || r.By != "acme" || r.Text != "by letter" {
			t.Errorf("the proof of the letter: %+v", r)
		}
	})
}

// What an account's rewriting makes of a recipient is what lists, opt-out and closed countries look at: no number gets
// past them by being written otherwise.
func TestRewrittenRecipientIsPermitted(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		s := numbersSnapshot(t)
		s.Networks = route.NewNetworks(nil)
		s.Accounts = account.NewDirectory([]account.Account{{
			Name: "acme", Senders: []string{"*"}, Sender: "ACME", OptOut: &account.OptOut{}, Traffic: &account.Traffic{Countries: []string{"SE"}},
			Destination: []message.AddressRule{{Pattern: `^999(\d+)$`, Replace: "$1"}},
		}}, nil)
		w := start(t, t.TempDir(), Options{Snapshot: s}, nil)
		if _, err := w.SetOptOut(t.Context(), OptOutChange{Account: "acme", Phone: "+46170000001"}); err != nil {
			t.Fatal(err)
		}
		for to, code := range map[string]string{
			"99946170000002": "", "99946170000001": "opted_out", "99946100000001": "blocked", "9994791234567": "country_not_opened",
		} {
			sub := w.untold(to, "x")
			w.wants(sub, code, "to", "")
			if _, f := w.Preview(sub); (f == nil) != (code == "") || f != nil && f.Kind.Code() != code {
				t.Errorf("the preview of %s: %v, want %q", to, f, code)
			}
		}
	})
}

// Networks whose import takes longer than whoever asked for it waits come into force all the same.
func TestImportOutlivesItsRequest(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		s := testSnapshot()
		s.Networks = route.NewNetworks(nil)
		slow := make(chan struct{})
		w := start(t, t.TempDir(), Options{Snapshot: s}, func(w *world) {
			commit := w.commit
			w.commit = func(b *store.Batch) error {
				if len(b.Networks) > 0 {
					<-slow
				}
				return commit(b)
			}
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		list := []route.NetworkPrefix{{Prefix: "4673", Network: route.Network{Code: "24002", Name: "Tre"}}}
		if _, err := w.ImportNetworks(ctx, list, false); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the request ended with %v", err)
		}
		close(slow)
		synctest.Wait()
		if _, net, err := w.NetworkOf("+46731234567", "46"); net.Name != "Tre" || err != nil {
			t.Errorf("the network is %+v, %v", net, err)
		}
	})
}
