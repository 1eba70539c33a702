package gateway

import (
	"fmt"
	"math/big"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/connector"
	"kurir/message"
)

// TestIDConversions: numbers of any length in either base, and nothing that is
// none.
func TestIDConversions(t *testing.T) {
	t.Parallel()
	const hex = "123456789abcdef0123456789abcdef0"
	long, _ := new(big.Int).SetString(hex, 16)
	tests := []struct{ decimal, hex string }{{"0", "0"}, {"65281", "ff01"}, {"18446744073709551615", "ffffffffffffffff"}, {long.String(), hex}}
	for _, tt := range tests {
		if h, ok := toHex(tt.decimal); !ok || h != tt.hex {
			t.Errorf("%s in hexadecimal is %q, want %q", tt.decimal, h, tt.hex)
		}
		if d, ok := toDecimal(strings.ToUpper(tt.hex)); !ok || d != tt.decimal {
			t.Errorf("%s in decimal is %q, want %q", tt.hex, d, tt.decimal)
		}
	}
	for _, id := range []string{"", "+5", "-5", "1_0", "0x1f", "5g", "a-b"} {
		if h, ok := toHex(id); ok {
			t.Errorf("%q is no decimal number, but %s in hexadecimal", id, h)
		}
		if d, ok := toDecimal(id); ok {
			t.Errorf("%q is no hexadecimal number, but %s in decimal", id, d)
		}
	}
}

// idPair is how an operator writes the number of its n-th message.
type idPair struct{ answer, receipt func(n int) string }

func form(format string) func(int) string {
	return func(n int) string { return fmt.Sprintf(format, 0x1234abcd+n*7919) }
}

// exchange sends n messages to distinct phones by op1, answers them, and then
// reports all of them delivered. It returns their ids.
func exchange(w *world, op *fakeLink, from, n int, ids idPair) []message.ID {
	w.t.Helper()
	var subs []*Submission
	for i := range n {
		s := w.untold(fmt.Sprintf("461%07d", from+i), "hello")
		subs = append(subs, s)
	}
	list := w.submit(subs...)
	synctest.Wait()
	for i, o := range op.take() {
		op.answer(1, o, ids.answer(from+i))
	}
	synctest.Wait()
	for i := range n {
		<-op.report(ids.receipt(from+i), message.Delivered, fmt.Sprintf("461%07d", from+i))
	}
	synctest.Wait()
	return list
}

func delivered(w *world, ids []message.ID) (n int) {
	for _, id := range ids {
		if w.onDisk(id).State == message.Delivered {
			n++
		}
	}
	return n
}

func linkStats(w *world, name string) LinkStats {
	for _, l := range w.Stats().Links {
		if l.Name == name {
			return l
		}
	}
	w.t.Fatalf("no link %s", name)
	return LinkStats{}
}

// TestComplaint02IDsLearned lets operators of each kind report 20 messages, and looks at
// what the link has learned; then a receipt in another form fits no message any
// more.
func TestComplaint02IDsLearned(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		idPair
		learned string
	}{
		{"equal, decimal", idPair{form("%d"), form("%d")}, "equal"},
		{"equal, no numbers", idPair{form("op-%x-z"), form("OP-%X-Z")}, "equal"},
		{"padded in the receipt", idPair{form("%d"), form("%015d")}, "equal"},
		{"padded in the answer", idPair{form("%016x"), form("%X")}, "equal"},
		{"hexadecimal and decimal", idPair{form("%X"), form("%010d")}, "hexadecimal in answers, decimal in receipts"},
		{"decimal and hexadecimal", idPair{form("%d"), form("%08x")}, "decimal in answers, hexadecimal in receipts"},
		{"128 bits", idPair{form("ffffffff00000000000000%x"), func(i int) string {
			v, _ := new(big.Int).SetString(form("ffffffff00000000000000%x")(i), 16)
			return v.String()
		}}, "hexadecimal in answers, decimal in receipts"},
		{"receipt cut at its end", idPair{form("%08x-0000-aaaa"), form("%08x-0")}, "receipts have the first 10 characters"},
		{"receipt cut at its beginning", idPair{form("aaaa-0000-%08x"), form("0-%08x")}, "receipts have the last 10 characters"},
		{"answer cut at its end", idPair{form("%08x-0"), form("%08x-0000-aaaa")}, "answers have the first 10 characters"},
		{"answer cut at its beginning", idPair{form("0-%08x"), form("aaaa-0000-%08x")}, "answers have the last 10 characters"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			bubble(t, func(t *testing.T) {
				w := start(t, dir, Options{}, nil)
				op := w.fakeLink("op1")
				op.core.SessionUp(1, 100)
				if n := delivered(w, exchange(w, op, 1, 19, tt.idPair)); n != 19 {
					t.Errorf("%d of 19 were delivered before it was learned", n)
				}
				if ids := linkStats(w, "op1").IDs; ids != "learning: 19 of 20 receipts agree" {
					t.Errorf("after 19 receipts: %s", ids)
				}
				if n := delivered(w, exchange(w, op, 20, 30, tt.idPair)); n != 30 {
					t.Errorf("%d of 30 were delivered", n)
				}
				if ids := linkStats(w, "op1").IDs; ids != tt.learned {
					t.Errorf("learned: %s, want %s", ids, tt.learned)
				}
				other := idPair{form("%d"), form("%x")}
				if tt.learned == "decimal in answers, hexadecimal in receipts" {
					other = idPair{form("%x"), form("%d")}
				}
				if n := delivered(w, exchange(w, op, 100, 4, other)); n != 0 {
					t.Errorf("%d were delivered by receipts in another form", n)
				}
			})
		})
	}
}

// TestIDsRelearned changes an operator's form on the way: after a few receipts
// it is learned anew, and none is lost.
func TestIDsRelearned(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 100)
		exchange(w, op, 1, 30, idPair{form("%x"), form("%x")})
		if n := delivered(w, exchange(w, op, 100, 40, idPair{form("%x"), form("%d")})); n != 40 {
			t.Errorf("%d of 40 were delivered", n)
		}
		if ids := linkStats(w, "op1").IDs; ids != "hexadecimal in answers, decimal in receipts" {
			t.Errorf("learned: %s", ids)
		}
		time.Sleep(time.Second)
		w.wantNothingLeft()
	})
}

// TestIDsStayLearned lets receipts overtake their answers by hundreds, as they
// do at a high rate on several sessions: what was learned stands, and is
// forgotten only when nothing fits for long.
func TestIDsStayLearned(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 1000)
		exchange(w, op, 1, 30, idPair{form("%d"), form("%d")})
		learned := func() string { return linkStats(w, "op1").IDs }
		const n = idsMissed + 100
		var subs []*Submission
		for i := range n {
			subs = append(subs, w.untold(fmt.Sprintf("461%07d", 1000+i), "hello"))
		}
		ids := w.submit(subs...)
		synctest.Wait()
		for i := range n {
			<-op.report(form("%d")(1000+i), message.Delivered, fmt.Sprintf("461%07d", 1000+i))
		}
		if got := learned(); got != "equal" {
			t.Errorf("after receipts that overtook their answers: %s", got)
		}
		for i, o := range op.take() {
			op.answer(1, o, form("%d")(1000+i))
		}
		synctest.Wait()
		if got := delivered(w, ids); got != n {
			t.Errorf("%d of %d were delivered", got, n)
		}
		for i := range idsMissed {
			<-op.report(fmt.Sprint(i), message.Delivered, "46199999")
		}
		time.Sleep(idsMissedFor)
		if got := learned(); got != "equal" {
			t.Errorf("after strange receipts: %s", got)
		}
		<-op.report("strange", message.Delivered, "46199999")
		if got := learned(); !strings.HasPrefix(got, "learning") {
			t.Errorf("after strange receipts for long: %s", got)
		}
	})
}

// TestIDsLearnedFromDisk learns from receipts of messages that left memory.
func TestIDsLearnedFromDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{MarkLag: 5 * time.Second}, nil)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 100)
		var subs []*Submission
		for i := range 25 {
			subs = append(subs, w.submission(fmt.Sprintf("461%07d", i), "hello"))
			subs[i].Target = message.Target{}
		}
		ids := w.submit(subs...)
		synctest.Wait()
		for i, o := range op.take() {
			op.answer(1, o, form("%x")(i))
		}
		time.Sleep(time.Minute)
		for i := range ids {
			<-op.report(form("%d")(i), message.Delivered, fmt.Sprintf("461%07d", i))
		}
		synctest.Wait()
		if n := delivered(w, ids); n != 25 {
			t.Errorf("%d of 25 were delivered", n)
		}
		if got := linkStats(w, "op1").IDs; got != "hexadecimal in answers, decimal in receipts" {
			t.Errorf("learned: %s", got)
		}
	})
}

// TestIDsAmbiguous: a receipt that means one message read in one way and
// another read in another way is not guessed, but shown; once it is learned
// which way is right it is applied.
func TestIDsAmbiguous(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 100)
		var subs []*Submission
		for range 2 {
			subs = append(subs, w.submission("46100001", "hello"))
			subs[len(subs)-1].Target = message.Target{}
		}
		ids := w.submit(subs...)
		synctest.Wait()
		out := op.take()
		op.answer(1, out[0], "100") // 256 in decimal
		op.answer(1, out[1], "256")
		<-op.report("256", message.Delivered, "46100001")
		w.wantState(ids[0], message.Enroute)
		w.wantState(ids[1], message.Enroute)
		list, _ := w.UnmatchedReceipts("op1")
		if len(list) != 1 || list[0].ID != "256" || list[0].Why != "ambiguous" || w.Stats().ReceiptsAmbiguous != 1 {
			t.Errorf("shown: %+v", list)
		}
		exchange(w, op, 1, 20, idPair{form("%x"), form("%d")})
		w.wantState(ids[0], message.Delivered)
		w.wantState(ids[1], message.Enroute)
	})
}

// TestIDsOfOnePhone: small numbers that could be either decimal or hexadecimal,
// all to one phone, are told apart before long, without learning a wrong form.
func TestIDsOfOnePhone(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{{"%d", "%d"}, {"%x", "%d"}, {"%d", "%x"}, {"%x", "%x"}} {
		t.Run(pair[0]+pair[1], func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			bubble(t, func(t *testing.T) {
				w := start(t, dir, Options{}, nil)
				op := w.fakeLink("op1")
				op.core.SessionUp(1, 200)
				var subs []*Submission
				for range 60 {
					subs = append(subs, w.submission("46100001", "hello"))
					subs[len(subs)-1].Target = message.Target{}
				}
				ids := w.submit(subs...)
				synctest.Wait()
				for i, o := range op.take() {
					op.answer(1, o, fmt.Sprintf(pair[0], i+1))
				}
				bad := map[int]bool{7: true, 16: true, 22: true, 34: true}
				for i := range ids {
					state := message.Delivered
					if bad[i] {
						state = message.Undeliverable
					}
					<-op.report(fmt.Sprintf(pair[1], i+1), state, "46100001")
				}
				synctest.Wait()
				for i, id := range ids {
					want := message.Delivered
					if bad[i] {
						want = message.Undeliverable
					}
					w.wantState(id, want)
				}
			})
		})
	}
}

// TestReceiptScopes: receipts are looked for within their scope only: the link,
// the host of the link, or a group of links.
func TestReceiptScopes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name           string
		from1, from2   string // receipts_from of op1 and op2
		host           string // that took the message
		link, heard    string // by which the receipt comes, and its host
		restart, known bool
	}{
		{name: "own link", link: "op1", known: true},
		{name: "another link", link: "op2"},
		{name: "a link of the group", from1: "group", from2: "group", link: "op2", known: true},
		{name: "a link of the group, after a restart", from1: "group", from2: "group", link: "op2", restart: true, known: true},
		{name: "named after the other link", from1: "op2", link: "op2", known: true},
		{name: "own link of another group", from1: "a", from2: "b", link: "op2"},
		{name: "the host", from1: "host", host: "a:1", link: "op1", heard: "a:1", known: true},
		{name: "the host, after a restart", from1: "host", host: "a:1", link: "op1", heard: "a:1", restart: true, known: true},
		{name: "another host", from1: "host", host: "a:1", link: "op1", heard: "b:1"},
		{name: "another host, where hosts share their numbers", host: "a:1", link: "op1", heard: "b:1", known: true},
	}
	for _, tt := range tests {
		for _, early := range []bool{false, true} {
			if early && tt.restart {
				continue
			}
			t.Run(fmt.Sprint(tt.name, early), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				bubble(t, func(t *testing.T) {
					snap := func() *Snapshot {
						s := testSnapshot()
						s.Links["op1"] = LinkSettings{Name: "op1", ReceiptsFrom: tt.from1}
						s.Links["op2"] = LinkSettings{Name: "op2", ReceiptsFrom: tt.from2}
						return s
					}
					w := start(t, dir, Options{Snapshot: snap()}, nil)
					op := w.fakeLink("op1")
					op.core.SessionUp(1, 10)
					id := w.submit(w.untold("46100001", "hello"))[0]
					synctest.Wait()
					report := func() {
						ack := make(chan error, 1)
						w.fakeLink(tt.link).core.Reports([]message.Report{{
							Scope: tt.heard, OperatorID: "77", State: message.Delivered, From: message.Address{Number: "46100001"},
						}}, func(err error) { ack <- err })
						<-ack
					}
					out := op.take()
					if early {
						report()
					}
					op.core.Answered(1, []connector.Answer{{Out: out[0], ID: "77", Host: tt.host}})
					synctest.Wait()
					if tt.restart {
						w.end()
						w = start(t, dir, Options{Snapshot: snap()}, nil)
					}
					if !early {
						report()
					}
					synctest.Wait()
					want := message.Enroute
					if tt.known {
						want = message.Delivered
					}
					w.wantState(id, want)
				})
			})
		}
	}
}

// TestUnmatchedReceiptsAreBounded keeps the last receipts that match nothing.
func TestUnmatchedReceiptsAreBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 10)
		reports := make([]message.Report, unmatchedMost+50)
		for i := range reports {
			reports[i] = message.Report{OperatorID: fmt.Sprint(1000 + i), State: message.Delivered, From: message.Address{TON: 1, Number: "46100001"}}
		}
		done := make(chan error, 1)
		op.core.Reports(reports, func(err error) { done <- err })
		<-done
		<-op.report("", message.Rejected, "46100002")
		time.Sleep(15 * time.Minute)
		list, known := w.UnmatchedReceipts("op1")
		if len(list) != unmatchedMost || !known {
			t.Fatalf("%d receipts are kept", len(list))
		}
		why := map[string]int{}
		for _, r := range list {
			why[r.Why]++
		}
		if why["unknown"] == 0 {
			t.Errorf("kept: %v", why)
		}
		if n := linkStats(w, "op1").ReceiptsUnmatched; n != unmatchedMost+51 {
			t.Errorf("%d receipts are counted", n)
		}
		w.mu.Lock()
		for i := range w.links["op1"].unmatched.list { // a day of ticks is long
			w.links["op1"].unmatched.list[i].At = time.Now().Add(-unmatchedAge - time.Second)
		}
		w.mu.Unlock()
		if list, _ := w.UnmatchedReceipts("op1"); len(list) != 0 {
			t.Errorf("after a day %d receipts are shown", len(list))
		}
		if _, known := w.UnmatchedReceipts("nobody"); known {
			t.Error("there is no such link")
		}
	})
}
