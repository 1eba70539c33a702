package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/connector"
	"kurir/leaktest"
	"kurir/message"
	"kurir/route"
	"kurir/store"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// world is a gateway over a real store with operators and customers that a
// test scripts.
type world struct {
	t     testing.TB
	dir   string
	store *store.Store
	*Gateway
	acme  *account.Account
	stop  context.CancelFunc
	ended chan error
	over  sync.Once
}

// bubble runs f in a synctest bubble in which it is a day of our time.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)))
		f(t)
	})
}

// testSnapshot routes numbers by their beginning: 461 by op1, 462 by op1 then
// op2, 463 by once, which does not repeat what is uncertain.
func testSnapshot() *Snapshot {
	return &Snapshot{
		Number: 1,
		Accounts: account.NewDirectory([]account.Account{
			{Name: "acme", Senders: []string{"*"}, Sender: "ACME", MaxParts: 20, Numbers: []string{"+4611111"}},
			{Name: "beta", Senders: []string{"*"}, Sender: "BETA", MaxParts: 20, Webhook: "http://127.0.0.1/beta", Numbers: []string{"+4622222"}},
		}, nil),
		Routes: route.NewTable([]route.Rule{
			{To: route.Patterns{"461*"}, Via: route.Via{{Link: "op1"}}},
			{To: route.Patterns{"462*"}, Via: route.Via{{Link: "op1"}, {Link: "op2"}}},
			{To: route.Patterns{"463*"}, Via: route.Via{{Link: "once"}}},
		}),
		Links: map[string]LinkSettings{
			"op1":  {Name: "op1", ReceiptWait: 10 * time.Minute},
			"op2":  {Name: "op2", ReceiptWait: 10 * time.Minute},
			"once": {Name: "once", ReceiptWait: 10 * time.Minute, Once: true},
		},
		Validity: time.Hour,
	}
}

// start opens the store in dir and runs a gateway on it; set may change its
// options and register receivers.
func start(t testing.TB, dir string, opt Options, set func(*world)) *world {
	t.Helper()
	layEmpty(t, dir)
	st, err := store.Open(context.Background(), store.Options{Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	return startOn(t, st, dir, opt, set)
}

// startOn is start on a store that is open already.
func startOn(t testing.TB, st *store.Store, dir string, opt Options, set func(*world)) *world {
	t.Helper()
	opt.Store = st
	if opt.Snapshot == nil {
		opt.Snapshot = testSnapshot()
	}
	g, err := New(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, dir: dir, store: st, Gateway: g, ended: make(chan error, 1)}
	w.acme = opt.Snapshot.Accounts.ByName("acme")
	if set != nil {
		set(w)
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.stop = cancel
	go func() { w.ended <- g.Run(ctx) }()
	t.Cleanup(w.end)
	return w
}

// end stops the gateway in good order and closes the store; start sees to it
// that it is called.
func (w *world) end() {
	w.over.Do(func() {
		w.stop()
		if err := <-w.ended; err != nil {
			w.t.Errorf("Run: %v", err)
		}
		if err := w.store.Close(); err != nil {
			w.t.Errorf("close the store: %v", err)
		}
	})
}

// submission is a text of acme's to a number, with receipts to its sessions.
func (w *world) submission(to, text string) *Submission {
	return &Submission{
		Account: w.acme, Via: message.ViaREST, To: "+" + to,
		Content: message.Content{Text: text, Class: -1}, Priority: message.Normal,
		Receipts: message.ReceiptFinal, Target: message.Target{Kind: message.SMPPTarget},
	}
}

// twoLinks are op1 and op2 with a session each, 1 and 2, of ten parts.
func (w *world) twoLinks() (op1, op2 *fakeLink) {
	op1, op2 = w.fakeLink("op1"), w.fakeLink("op2")
	op1.core.SessionUp(1, 10)
	op2.core.SessionUp(2, 10)
	return op1, op2
}

// untold is a submission of whose states acme is told nothing.
func (w *world) untold(to, text string) *Submission {
	s := w.submission(to, text)
	s.Target = message.Target{}
	return s
}

// submit accepts and fails the test when anything is refused.
func (w *world) submit(subs ...*Submission) []message.ID {
	w.t.Helper()
	results, err := w.Submit(context.Background(), subs)
	if err != nil {
		w.t.Fatal(err)
	}
	ids := make([]message.ID, len(results))
	for i, r := range results {
		if r.Failure != nil {
			w.t.Fatalf("refused: %v", r.Failure)
		}
		ids[i] = r.ID
	}
	return ids
}

// onDisk returns a message as the store has it.
func (w *world) onDisk(id message.ID) *message.Message {
	w.t.Helper()
	m, err := w.store.Message(context.Background(), id)
	if err != nil {
		w.t.Fatalf("%s: %v", id, err)
	}
	return m
}

// wantState checks a message's state on disk.
func (w *world) wantState(id message.ID, want message.State) {
	w.t.Helper()
	if m := w.onDisk(id); m.State != want {
		w.t.Errorf("%s is %s, want %s; log %s", id, m.State, want, describe(m))
	}
}

// wantNothingLeft checks that no row of a spill table is left over.
func (w *world) wantNothingLeft() {
	w.t.Helper()
	if n := w.store.Counts(); n != (store.Counts{Held: n.Held}) {
		w.t.Errorf("rows left in the spill tables: %+v", n)
	}
	grants, err := w.store.Grants(context.Background(), 0)
	if err != nil || len(grants) > 0 {
		w.t.Errorf("grants left: %v %v", grants, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.open) > 0 {
		w.t.Errorf("%d messages are left in memory", len(w.open))
	}
}

// describe writes a message's log for people.
func describe(m *message.Message) string {
	events, err := message.DecodeLog(m.Log, m.ID)
	out := ""
	for _, e := range events {
		out += fmt.Sprintf("[%s %s part %d state %d failure %d code %d %s]", time.UnixMilli(e.At).Format("15:04:05.000"), e.Kind, e.Part, e.State, e.Failure, e.Code, e.Text)
	}
	if err != nil {
		out += err.Error()
	}
	return out
}

// fakeLink is a connector whose sessions a test drives.
type fakeLink struct {
	core connector.Core
	on   func(session uint32, out []*connector.Outgoing) // in place of keeping them; called with mu held

	refuse func(out []*connector.Outgoing) []*connector.Outgoing // what it says is not taken; nil: on and sent

	mu   sync.Mutex
	sent []*connector.Outgoing
}

// link attaches a fakeLink to a link.
func (w *world) fakeLink(name string) *fakeLink {
	l := &fakeLink{core: w.Link(name)}
	w.Attach(name, l)
	return l
}

func (l *fakeLink) Run(ctx context.Context, _ connector.Core) { <-ctx.Done() }
func (l *fakeLink) Stats() []connector.SessionStats           { return nil }

func (l *fakeLink) Send(session uint32, out []*connector.Outgoing) []*connector.Outgoing {
	if l.refuse != nil {
		return l.refuse(out)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.on != nil {
		l.on(session, out)
		return nil
	}
	l.sent = append(l.sent, out...)
	return nil
}

// take returns what was sent since the last call.
func (l *fakeLink) take() []*connector.Outgoing {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.sent
	l.sent = nil
	return out
}

// sentMore waits until n have been sent since the last take.
func (l *fakeLink) sentMore(n int) {
	for {
		l.mu.Lock()
		have := len(l.sent)
		l.mu.Unlock()
		if have >= n {
			return
		}
		time.Sleep(time.Second)
	}
}

// answer gives one answer.
func (l *fakeLink) answer(session uint32, o *connector.Outgoing, id string, more ...string) {
	l.core.Answered(session, []connector.Answer{{Out: o, ID: id, More: more}})
}

// fail answers with a failure.
func (l *fakeLink) fail(session uint32, o *connector.Outgoing, kind message.FailureKind) {
	l.core.Answered(session, []connector.Answer{{Out: o, Failure: &message.Failure{Kind: kind}}})
}

// report gives one receipt and returns a channel with the acknowledgement.
func (l *fakeLink) report(id string, s message.State, from string) chan error {
	ack := make(chan error, 1)
	l.core.Reports([]message.Report{{OperatorID: id, State: s, From: message.Address{Number: from}}}, func(err error) { ack <- err })
	return ack
}

// inbound gives messages from phones and returns a channel with the
// acknowledgement.
func (l *fakeLink) inbound(list ...*message.Inbound) chan error {
	ack := make(chan error, 1)
	l.core.Inbound(list, func(err error) { ack <- err })
	return ack
}

// fakeReceiver keeps what it is given until the test answers.
type fakeReceiver struct {
	mu    sync.Mutex
	limit int
	items []*Item
	on    func(account string, items []*Item)
}

func (r *fakeReceiver) Deliver(account string, items []*Item) {
	if r.on != nil {
		r.on(account, items)
		return
	}
	r.mu.Lock()
	r.items = append(r.items, items...)
	r.mu.Unlock()
}

// answers has items answered at once, the first failing of them that they are to
// be tried later, the others by tell; or slowly, when the test takes them.
func (r *fakeReceiver) answers(w *world, slowly bool, failing *int, tell func(*world, *Item)) {
	r.on = func(_ string, items []*Item) {
		if slowly {
			r.mu.Lock()
			r.items = append(r.items, items...)
			r.mu.Unlock()
			return
		}
		go func() {
			for _, it := range items {
				if *failing > 0 {
					*failing--
					w.Delivered([]Delivered{{Item: it, Verdict: TryLater}})
					continue
				}
				tell(w, it)
			}
		}()
	}
}

func (r *fakeReceiver) Limit(string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.limit
}

func (r *fakeReceiver) setLimit(n int) {
	r.mu.Lock()
	r.limit = n
	r.mu.Unlock()
}

func (r *fakeReceiver) take() []*Item {
	r.mu.Lock()
	defer r.mu.Unlock()
	items := r.items
	r.items = nil
	return items
}

// copyStore copies a database as a crash would leave it, though it may be written
// meanwhile: as it is when its log is copied. A database into which something of the
// log was moved while both were copied, or a log that has begun anew, does not fit the
// other file: then both are copied again.
func copyStore(t testing.TB, from, to string) {
	t.Helper()
	const database, log = "kurir.db", "kurir.db-wal"
	for {
		head := logHead(filepath.Join(from, log))
		copyFile(t, from, to, database)
		copyFile(t, from, to, log)
		if logHead(filepath.Join(from, log)) == head && sameFile(t, from, to, database) {
			return
		}
	}
}

// sameFile tells whether a file of two folders has the same in both; what cannot be
// read is an error, and not waited for.
func sameFile(t testing.TB, one, other, name string) bool {
	t.Helper()
	a, err := os.ReadFile(filepath.Join(one, name))
	b, err2 := os.ReadFile(filepath.Join(other, name))
	if err := errors.Join(err, err2); err != nil {
		t.Error(err)
		return true
	}
	return bytes.Equal(a, b)
}

// logHead is the head of a write-ahead log, which is another one each time that
// it begins anew.
func logHead(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	head := make([]byte, 32)
	n, _ := io.ReadFull(f, head)
	return string(head[:n])
}

// copyFile copies a file, if it is there.
func copyFile(t testing.TB, from, to, name string) {
	t.Helper()
	in, err := os.Open(filepath.Join(from, name))
	if os.IsNotExist(err) {
		return
	}
	if err != nil {
		t.Error(err)
		return
	}
	defer in.Close()
	out, err := os.Create(filepath.Join(to, name))
	if err != nil {
		t.Error(err)
		return
	}
	defer out.Close()
	if _, err := io.Copy(out, in); err != nil {
		t.Error(err)
	}
}

// inStockholm runs f in a bubble on the morning of 23 October 2026, two days
// before clocks are put back there. clock gives times of that month.
func inStockholm(t *testing.T, f func(t *testing.T, clock func(day, hour, minute int) time.Time)) {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	clock := func(day, hour, minute int) time.Time { return time.Date(2026, 10, day, hour, minute, 0, 0, zone) }
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(clock(23, 9, 0)))
		f(t, clock)
	})
}
