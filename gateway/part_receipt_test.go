package gateway

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/connector"
	"kurir/message"
)

// partSnapshot has an account that wants a receipt for each part.
func partSnapshot() *Snapshot {
	s := testSnapshot()
	a := account.Account{Name: "acme", Senders: []string{"*"}, Sender: "ACME", MaxParts: 20}
	a.SMPP.ReceiptsPer = account.ReceiptsPerPart
	s.Accounts = account.NewDirectory([]account.Account{a}, nil)
	return s
}

// TestPartReceipts plays what an operator says of the parts of a message and
// looks at what a customer is told who wants a receipt for each: of each part
// when its receipt comes, once, and with the final state of those that are left.
func TestPartReceipts(t *testing.T) {
	t.Parallel()
	const final, all = message.ReceiptFinal, message.ReceiptFinal | message.ReceiptIntermediate
	tests := []struct {
		name    string
		asked   message.Receipts
		steps   string // of: answer, wait (a minute), bind, restart, +N and -N: part N was delivered or not
		slow    bool   // the customer answers at the end only
		failing int    // times that the customer asks for patience
		want    string // part:state; 0 is the message, with the parts that are told then
	}{
		{"as they come", final, "bind answer +1 +3 +2", false, 0, "1:delivered 3:delivered 0:delivered[2]"},
		{"one fails", final, "bind answer +2 -1", false, 0, "2:delivered 0:undeliverable[1 3]"},
		{"before the answer", final, "bind +1 answer +2 +3", false, 0, "1:delivered 2:delivered 0:delivered[3]"},
		{"intermediate ones too", all, "bind answer +1 +2 +3", false, 0, "0:enroute 1:delivered 2:delivered 0:delivered[3]"},
		{"nothing asked of success", message.ReceiptFailure, "bind answer +1 +2 wait -3", false, 0, "0:undeliverable[1 2 3]"},
		{"to a slow customer", final, "bind answer +1 +2 +3", true, 0, "1:delivered 0:delivered[2 3]"},
		{"to a slow customer, under way", final, "bind answer +1 +3", true, 0, "1:delivered 3:delivered"},
		{"repeated", final, "bind answer +1 +1 +2 +2 +3", false, 0, "1:delivered 2:delivered 0:delivered[3]"},
		{"to one who asks for patience", final, "bind answer +1 wait +2 wait +3", false, 1, "1:delivered 2:delivered 0:delivered[3]"},
		{"to one who was away", final, "answer +1 wait wait wait +3 wait wait wait bind +2", false, 0, "1:delivered 3:delivered 0:delivered[2]"},
		{"over a restart", final, "answer +3 restart +1 wait wait wait restart bind wait restart bind +2", false, 0, "3:delivered 1:delivered 0:delivered[2]"},
		{"while he is away", final, "answer +3 +2 +1 restart bind", false, 0, "0:delivered[1 2 3]"},
		{"late", final, "bind answer wait wait wait +1 wait wait wait +2 wait wait wait +3", false, 0, "1:delivered 2:delivered 0:delivered[3]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			bubble(t, func(t *testing.T) { playParts(t, dir, tt.asked, tt.steps, tt.slow, tt.failing, tt.want) })
		})
	}
}

func playParts(t *testing.T, dir string, asked message.Receipts, steps string, slow bool, failing int, want string) {
	var told []string
	var w *world
	r := &fakeReceiver{}
	tell := func(w *world, it *Item) {
		what := fmt.Sprintf("%d:%s", it.Part, it.State)
		if it.Part == 0 && it.State.Final() {
			var left []int
			for i, p := range message.PartReports(it.Message) {
				if !p.Told {
					left = append(left, i+1)
				}
			}
			what += fmt.Sprint(left)
		}
		told = append(told, what)
		w.Delivered([]Delivered{{Item: it}})
	}
	set := func(w *world) {
		w.Receive(message.SMPPTarget, r)
		r.answers(w, slow, &failing, tell)
	}
	opt := Options{MarkLag: 5 * time.Second, Snapshot: partSnapshot()}
	w = start(t, dir, opt, set)
	op := w.fakeLink("op1")
	op.core.SessionUp(1, 10)
	s := w.submission("46100001", strings.Repeat("0123456789", 40))
	s.Account, s.Receipts = w.Snapshot().Accounts.ByName("acme"), asked
	id := w.submit(s)[0]
	synctest.Wait()
	out := op.take()
	for _, step := range strings.Fields(steps) {
		switch step {
		case "answer":
			op.core.Answered(1, []connector.Answer{{Out: out[0], ID: "71", More: []string{"72", "73"}}})
		case "wait":
			time.Sleep(time.Minute)
		case "bind":
			r.setLimit(10)
			w.Wake(message.SMPPTarget, "acme")
		case "restart":
			w.end()
			r.setLimit(0)
			w = start(t, dir, opt, set)
			op = w.fakeLink("op1")
		default:
			state := message.Delivered
			if step[0] == '-' {
				state = message.Undeliverable
			}
			<-op.report("7"+step[1:], state, "46100001")
		}
		synctest.Wait()
		time.Sleep(2 * time.Second)
		synctest.Wait()
	}
	for slow {
		items := r.take()
		if len(items) == 0 {
			break
		}
		for _, it := range items {
			tell(w, it)
			synctest.Wait()
		}
	}
	if got := strings.Join(told, " "); got != want {
		t.Errorf("told %s, want %s", got, want)
	}
	time.Sleep(2 * time.Second)
	if m := w.onDisk(id); m.State.Final() {
		w.wantNothingLeft()
	}
}

// TestPartReceiptsNotAsked: who has one receipt for a message is told of it alone.
func TestPartReceiptsNotAsked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		r := &fakeReceiver{limit: 10}
		w.Receive(message.SMPPTarget, r)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 10)
		w.submit(w.submission("46100001", strings.Repeat("0123456789", 20)))
		synctest.Wait()
		op.answer(1, op.take()[0], "71", "72")
		<-op.report("71", message.Delivered, "")
		synctest.Wait()
		if items := r.take(); len(items) != 0 {
			t.Errorf("told %d times after the first part", len(items))
		}
		<-op.report("72", message.Delivered, "")
		synctest.Wait()
		if items := r.take(); len(items) != 1 || items[0].Part != 0 || items[0].State != message.Delivered {
			t.Errorf("told %v", items)
		}
	})
}
