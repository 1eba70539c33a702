package gateway

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/gsm"
	"kurir/message"
	"kurir/route"
)

// inboundSnapshot has rules as a file would.
func inboundSnapshot() *Snapshot {
	s := testSnapshot()
	s.Inbound = NewInboundTable([]InboundRule{
		{Keyword: route.Patterns{"info", "help*"}, Do: []InboundAction{{Webhook: "http://127.0.0.1/info"}}},
		{To: route.Patterns{"+4672*"}, From: route.Patterns{"4631", "+4670*"}, Account: "acme", Do: []InboundAction{{SMPP: "acme"}, {Webhook: "http://127.0.0.1/both"}}},
		{To: route.Patterns{"72456"}, Account: "beta"},
	})
	return s
}

func TestInboundRules(t *testing.T) {
	t.Parallel()
	smpp := func(account string) message.Target { return message.Target{Kind: message.SMPPTarget, Account: account} }
	hook := func(account, url string) message.Target {
		return message.Target{Kind: message.WebhookTarget, Account: account, Address: url}
	}
	tests := []struct {
		from, to, text string
		account        string
		targets        []message.Target
	}{
		{"46700000001", "4611111", "hello", "acme", []message.Target{smpp("acme")}},
		{"46700000001", "4622222", "hello", "beta", []message.Target{hook("beta", "http://127.0.0.1/beta")}},
		{"46700000001", "4611111", " INFO, please", "acme", []message.Target{hook("acme", "http://127.0.0.1/info")}},
		{"46700000001", "99999", "info", "", []message.Target{hook("", "http://127.0.0.1/info")}},
		{"46700000001", "4611111", "helpme", "acme", []message.Target{hook("acme", "http://127.0.0.1/info")}},
		{"46700000001", "4611111", "information", "acme", []message.Target{smpp("acme")}},
		{"46700000001", "46720001234", "hello", "acme", []message.Target{smpp("acme"), hook("acme", "http://127.0.0.1/both")}},
		{"46730000001", "46720001234", "hello", "", nil},
		{"46700000001", "72456", "hello", "beta", []message.Target{hook("beta", "http://127.0.0.1/beta")}},
		{"46700000001", "724560", "hello", "", nil},
	}
	for _, tt := range tests {
		in := &message.Inbound{
			From: message.Address{Number: tt.from}, To: message.Address{Number: tt.to}, Content: message.Content{Text: tt.text},
		}
		inboundSnapshot().addressAnswer(in, replyTo{}, false, time.Now())
		if in.Account != tt.account || !slices.Equal(in.Targets, tt.targets) {
			t.Errorf("%q from %s to %s goes to account %q and %v, want %q and %v", tt.text, tt.from, tt.to, in.Account, in.Targets, tt.account, tt.targets)
		}
	}
}

// parts are a text in three parts with an 8-bit reference (3GPP TS 23.040
// 9.2.3.24.1).
func parts(from string) []*message.Inbound {
	var list []*message.Inbound
	for i, text := range []string{"one ", "two ", "three"} {
		list = append(list, &message.Inbound{
			From: message.Address{TON: 1, Number: from}, To: message.Address{TON: 1, Number: "4611111"},
			Content: message.Content{Text: text, Header: []byte{5, 0, 3, 0x2a, 3, byte(i + 1)}, Class: -1},
		})
	}
	return list
}

// TestComplaint10InboundParts joins parts in any order, also over a restart and with one
// that comes twice; what never becomes whole is delivered after a day.
func TestComplaint10InboundParts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		order   []int // of parts; -1 restarts the gateway
		text    string
		missing string // their numbers
		wait    time.Duration
	}{
		{"in order", []int{0, 1, 2}, "one two three", "", 0},
		{"backwards", []int{2, 1, 0}, "one two three", "", 0},
		{"one twice", []int{1, 1, 2, 0}, "one two three", "", 0},
		{"the last one twice", []int{0, 2, 1, 1}, "one two three", "", 11 * time.Minute},
		{"over a restart", []int{2, -1, 0, -1, 1}, "one two three", "", 0},
		{"one missing", []int{2, 0}, "one three", "\x02", 11 * time.Minute},
		{"one missing, over a restart", []int{1, -1}, "two ", "\x01\x03", 11 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			bubble(t, func(t *testing.T) {
				r := &fakeReceiver{limit: 10}
				opt := Options{JoinWait: 10 * time.Minute}
				set := func(w *world) { w.Receive(message.SMPPTarget, r) }
				w := start(t, dir, opt, set)
				op := w.fakeLink("op1")
				for _, i := range tt.order {
					if i < 0 {
						w.end()
						w = start(t, dir, opt, set)
						op = w.fakeLink("op1")
						continue
					}
					if err := <-op.inbound(parts("46700000001")[i : i+1]...); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(tt.wait)
				synctest.Wait()
				items := r.take()
				if len(items) != 1 {
					t.Fatalf("%d messages were delivered", len(items))
				}
				in := items[0].Inbound
				if onDisk, err := w.store.Inbound(t.Context(), in.ID); err != nil || string(onDisk.Gaps) != tt.missing {
					t.Errorf("on disk %v, %v", onDisk, err)
				}
				if in.Content.Text != tt.text || int(in.Missing) != len(tt.missing) || string(in.Gaps) != tt.missing || in.Parts != 3 || len(in.Content.Header) != 0 {
					t.Errorf("delivered %q, %d of %d parts missing, header %x", in.Content.Text, in.Missing, in.Parts, in.Content.Header)
				}
				w.Delivered([]Delivered{{Item: items[0]}})
				time.Sleep(time.Second)
				w.wantNothingLeft()
			})
		})
	}
}

// TestInboundCutCharacters joins parts whose sender cut within a character, and
// shows a part that stays alone as a text.
func TestInboundCutCharacters(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		enc   []gsm.Encoding
		parts []string // octets; empty for one that never comes
		text  string
	}{
		{"national escape pair", []gsm.Encoding{gsm.GSM7, gsm.GSM7}, []string{"hi\x1b", "\x73!"}, "his!"}, // without its header
		{"a surrogate pair", []gsm.Encoding{gsm.UCS2, gsm.UCS2}, []string{"\x00h\xd8\x3d", "\xde\x00\x00i"}, "h😀i"},
		{"a UTF-16 unit", []gsm.Encoding{gsm.UCS2, gsm.UCS2}, []string{"\x00h\x04", "\x16"}, "hЖ"},
		{"an escape pair", []gsm.Encoding{gsm.GSM7, gsm.GSM7}, []string{"hi\x1b", "\x65!"}, "hi€!"},
		{"two encodings", []gsm.Encoding{gsm.GSM7, gsm.UCS2, gsm.UCS2}, []string{"hi\x1b", "\xd8\x3d", "\xde\x00"}, "hi 😀"},
		{"the middle is missing", []gsm.Encoding{gsm.UCS2, gsm.UCS2, gsm.UCS2}, []string{"\xd8\x3d", "", "\xde\x00"}, "\uFFFD\uFFFD"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			bubble(t, func(t *testing.T) {
				r := &fakeReceiver{limit: 10}
				w := start(t, dir, Options{JoinWait: 10 * time.Minute}, func(w *world) { w.Receive(message.SMPPTarget, r) })
				op := w.fakeLink("op1")
				for i, octets := range tt.parts {
					if octets == "" {
						continue
					}
					in := parts("46700000001")[0]
					in.Encoding, in.Content.Want = tt.enc[i], tt.enc[i]
					in.Content.Text, in.Content.Data = gsm.Decode(tt.enc[i], []byte(octets)), []byte(octets)
					in.Content.Header = []byte{5, 0, 3, 0x2a, byte(len(tt.parts)), byte(i + 1)}
					if err := <-op.inbound(in); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(11 * time.Minute)
				synctest.Wait()
				items := r.take()
				if len(items) != 1 {
					t.Fatalf("%d messages were delivered", len(items))
				}
				if c := items[0].Inbound.Content; c.Text != tt.text || len(c.Data) != 0 {
					t.Errorf("delivered %q with octets %x", c.Text, c.Data)
				}
			})
		})
	}

	// The configuration in force says how long others are waited for.
	t.Run("join_wait", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		bubble(t, func(t *testing.T) {
			r := &fakeReceiver{limit: 10}
			snap := testSnapshot()
			snap.JoinWait = 5 * time.Minute
			w := start(t, dir, Options{Snapshot: snap}, func(w *world) { w.Receive(message.SMPPTarget, r) })
			op := w.fakeLink("op1")
			if err := <-op.inbound(parts("46700000001")[1:]...); err != nil {
				t.Fatal(err)
			}
			time.Sleep(4 * time.Minute)
			synctest.Wait()
			if items := r.take(); len(items) != 0 {
				t.Errorf("%d messages after 4 minutes", len(items))
			}
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			if items := r.take(); len(items) != 1 || items[0].Inbound.Missing != 1 {
				t.Errorf("%d messages after 6 minutes", len(items))
			}
		})
	})

	// Each part says which tables its septets are in; a character that is cut in
	// two is read by them all the same.
	t.Run("national tables", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		bubble(t, func(t *testing.T) {
			r := &fakeReceiver{limit: 10}
			w := start(t, dir, Options{}, func(w *world) { w.Receive(message.SMPPTarget, r) })
			op := w.fakeLink("op1")
			for i, octets := range []string{"\x0c\x1b", "\x65\x0c", "\x0c"} {
				in := parts("46700000001")[0]
				in.Encoding, in.Content.Want, in.Content.Data = gsm.GSM7, gsm.GSM7, []byte(octets)
				in.Content.Header = []byte{0x0c, 0x04, 2, 1, 2, 0x25, 1, 1, 0, 3, 0x2b, 3, byte(i + 1)}
				if i == 2 { // without the element
					in.Content.Header = []byte{5, 0, 3, 0x2b, 3, 3}
				}
				if err := <-op.inbound(in); err != nil {
					t.Fatal(err)
				}
			}
			synctest.Wait()
			items := r.take()
			if len(items) != 1 {
				t.Fatalf("%d messages were delivered", len(items))
			}
			if c := items[0].Inbound.Content; c.Text != "ğ€ğø" || string(c.Header) != "\x04\x04\x02\x01\x02" {
				t.Errorf("delivered %q with header %x", c.Text, c.Header)
			}
		})
	})

	t.Run("alone", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		bubble(t, func(t *testing.T) {
			r := &fakeReceiver{limit: 10}
			w := start(t, dir, Options{}, func(w *world) { w.Receive(message.SMPPTarget, r) })
			op := w.fakeLink("op1")
			for _, text := range []string{"Hej", "hej", "hej"} { // another part under the same number, and that again
				in := parts("46700000001")[0]
				in.Encoding, in.Content.Text, in.Content.Data = gsm.GSM7, text, []byte(text)
				if err := <-op.inbound(in); err != nil {
					t.Fatal(err)
				}
			}
			synctest.Wait()
			items := r.take()
			if len(items) != 2 { // two that conflict with the first
				t.Fatalf("%d messages were delivered", len(items))
			}
			if c := items[0].Inbound.Content; c.Text != "hej" || c.Data != nil {
				t.Errorf("delivered %q with octets %x", c.Text, c.Data)
			}
		})
	})
}

// TestInboundOfTwoPhones keeps the parts of two phones with the same reference
// apart, and the order of one sender's messages.
func TestInboundOfTwoPhones(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		r := &fakeReceiver{limit: 10}
		w := start(t, dir, Options{}, func(w *world) { w.Receive(message.SMPPTarget, r) })
		op := w.fakeLink("op1")
		a, b := parts("46700000001"), parts("46700000002")
		op.core.Inbound([]*message.Inbound{a[0], b[2], a[1], b[1], b[0], a[2]}, func(error) {})
		synctest.Wait()
		var got []string
		for _, it := range r.take() {
			got = append(got, it.Inbound.From.Number+" "+it.Inbound.Content.Text)
		}
		if want := "46700000002 one two three|46700000001 one two three"; strings.Join(got, "|") != want {
			t.Errorf("delivered %q, want %q", got, want)
		}
	})
}

// TestInboundTwoTargets owes a message to two targets: each is told by itself,
// and after a restart only the one that has not acknowledged.
func TestInboundTwoTargets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		sessions, hooks := &fakeReceiver{limit: 10}, &fakeReceiver{limit: 10}
		set := func(w *world) {
			w.Receive(message.SMPPTarget, sessions)
			w.Receive(message.WebhookTarget, hooks)
		}
		w := start(t, dir, Options{Snapshot: inboundSnapshot()}, set)
		op := w.fakeLink("op1")
		op.core.Inbound([]*message.Inbound{{
			From: message.Address{TON: 1, Number: "46700000001"}, To: message.Address{TON: 1, Number: "46720001234"},
			Content: message.Content{Text: "hello", Class: -1},
		}}, func(error) {})
		synctest.Wait()
		first, other := sessions.take(), hooks.take()
		if len(first) != 1 || len(other) != 1 {
			t.Fatalf("%d and %d items", len(first), len(other))
		}
		w.Delivered([]Delivered{{Item: first[0]}})
		synctest.Wait()
		w.end()
		w = start(t, dir, Options{Snapshot: inboundSnapshot()}, set)
		time.Sleep(3 * time.Second)
		first, other = sessions.take(), hooks.take()
		if len(first) != 0 || len(other) != 1 {
			t.Fatalf("after the restart %d and %d items, want 0 and 1", len(first), len(other))
		}
		w.Delivered([]Delivered{{Item: other[0]}})
		time.Sleep(time.Second)
		if in, err := w.store.Inbound(t.Context(), other[0].Inbound.ID); err != nil || in.Owed != 0 {
			t.Errorf("owed %b %v", in.Owed, err)
		}
		w.wantNothingLeft()
	})
}

// TestComplaint18InboundOfNobody counts what no account owns and no rule leads anywhere.
func TestComplaint18InboundOfNobody(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{Snapshot: inboundSnapshot()}, nil)
		op := w.fakeLink("op1")
		for _, to := range []string{"99999", "4611111"} {
			op.core.Inbound([]*message.Inbound{{
				From: message.Address{TON: 1, Number: "46700000001"}, To: message.Address{TON: 1, Number: to},
				Content: message.Content{Text: "hello", Class: -1},
			}}, func(error) {})
		}
		synctest.Wait()
		if n := w.Stats().InboundUnowned; n != 1 {
			t.Errorf("%d messages of nobody are counted", n)
		}
	})
}

// Parts that wait for others take no more room than they may; what is too much is shown part by part, and who is whole takes none.
func TestPartsAreBounded(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		r := &fakeReceiver{limit: 100}
		w := start(t, t.TempDir(), Options{}, func(w *world) { w.Receive(message.SMPPTarget, r) })
		op := w.fakeLink("op1")
		room := func(size, more int) {
			w.mu.Lock()
			w.joinSize = size
			for i := range more {
				w.joins[string(rune(i))] = newAssembly(string(rune(i)), 2, time.Now().UnixMilli())
			}
			w.mu.Unlock()
		}
		takes := func(what, phone string, want int) {
			t.Helper()
			if err := <-op.inbound(parts(phone)[:2]...); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if n := len(r.take()); n != want {
				t.Errorf("%s: %d messages were delivered, want %d", what, n, want)
			}
		}
		takes("with room", "46700000001", 0)
		<-op.inbound(parts("46700000001")[2])
		synctest.Wait()
		if n := len(r.take()); n != 1 || w.joinSize != 0 {
			t.Errorf("%d whole messages, %d octets wait", n, w.joinSize)
		}
		room(joinMost, 0)
		takes("without memory", "46700000002", 2)
		room(0, assemblyMost)
		takes("with too many", "46700000003", 2)
	})
}
