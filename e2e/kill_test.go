package e2e

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kurir/simulator"
	"kurir/smpp"
)

var (
	seed  = flag.Uint64("seed", 0, "of the fault experiments; 0: another one each time")
	kills = flag.Int("kills", 20, "how often TestKillUnderLoad kills the program")
)

// faults is the random source of an experiment; its seed is printed.
func faults(t testing.TB) *rand.Rand {
	s := *seed
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("seed %d: run again with -seed %d", s, s)
	return rand.New(rand.NewPCG(s, 0))
}

// ledger is what the customers of an experiment know: which references were accepted, under which id, and which
// receipts came for them.
type ledger struct {
	mu       sync.Mutex
	sent     int
	accepted map[string]string // reference by id
	offered  map[string]bool   // every reference that was sent, accepted or not
	final    map[string]int    // final receipts by id
	unknown  map[string]int    // receipts for ids that nobody was told of: the answer was lost
	refused  map[string]int    // by cause
	last     time.Time         // when a message was accepted last
	pause    time.Duration     // the longest time in which none was
}

func newLedger() *ledger {
	return &ledger{accepted: map[string]string{}, offered: map[string]bool{}, final: map[string]int{}, unknown: map[string]int{}, refused: map[string]int{}}
}

// next makes a reference.
func (l *ledger) next(prefix string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent++
	ref := fmt.Sprintf("%s%06d", prefix, l.sent)
	l.offered[ref] = true
	return ref
}

func (l *ledger) accept(id, ref string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.accepted[id] = ref
	now := time.Now()
	if !l.last.IsZero() {
		l.pause = max(l.pause, now.Sub(l.last))
	}
	l.last = now
	if n := l.unknown[id]; n > 0 { // its receipt was faster
		l.final[id] += n
		delete(l.unknown, id)
	}
}

func (l *ledger) refuse(cause string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refused[cause]++
}

func (l *ledger) receipt(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.accepted[id]; known {
		l.final[id]++
		return
	}
	l.unknown[id]++
}

// counts are the accepted messages, and those of them without a final receipt.
func (l *ledger) counts() (accepted, open int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id := range l.accepted {
		if l.final[id] == 0 {
			open++
		}
	}
	return len(l.accepted), open
}

// open names at most n accepted messages without a final receipt.
func (l *ledger) open(n int) (ids []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id := range l.accepted {
		if l.final[id] == 0 && len(ids) < n {
			ids = append(ids, id)
		}
	}
	return ids
}

// explain logs, of some accepted messages without a final receipt, what the program and the operator know of them.
func (l *ledger) explain(t testing.TB, s *server, sim *simulator.Simulator) {
	accepted, open := l.counts()
	t.Logf("%d of %d accepted messages have no final receipt", open, accepted)
	for _, id := range l.open(5) {
		trace, _ := s.trace(id)
		t.Logf("%s: %s", id, trace)
		l.mu.Lock()
		ref := l.accepted[id]
		l.mu.Unlock()
		for _, m := range sim.Messages(simulator.Filter{Text: ref}) {
			t.Logf("the operator has %+v", m)
		}
	}
	if status, body, _, _ := s.rest.do(http.MethodGet, "/metrics", "", nil); status == http.StatusOK {
		t.Logf("metrics:\n%s", body)
	}
}

// repeated counts receipts beyond the first.
func (l *ledger) repeated() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.final {
		n += c - 1
	}
	return n
}

// references are those that were accepted, one a line.
func (l *ledger) references() io.Reader {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	for _, ref := range l.accepted {
		b.WriteString(ref + "\n")
	}
	return strings.NewReader(b.String())
}

// customer sends over SMPP as fast as the window allows, binds again whenever the connection is gone, and books
// receipts.
type customer struct {
	ledger *ledger
	window int
	to     func() string
	dial   func(ctx context.Context, network, addr string) (net.Conn, error) // nil: TCP from here
	taken  func()                                                            // called for each message that was accepted, if not nil
}

// Requests implements smpp.Handler: receipts.
func (c *customer) Requests(s *smpp.Session, requests []smpp.PDU) {
	answers := make([]smpp.PDU, 0, len(requests))
	for i := range requests {
		p := &requests[i]
		if d, ok := p.Body.(*smpp.DeliverSM); ok && smpp.IsReceipt(d.ESMClass) {
			if r, ok := smpp.ReceiptFrom(d); ok && r.State.Final() {
				c.ledger.receipt(r.ID)
			}
		}
		answers = append(answers, smpp.PDU{Command: p.Command.Response(), Sequence: p.Sequence, Body: &smpp.DeliverSMResp{}})
	}
	_ = s.Respond(answers)
}

// Responses implements smpp.Handler: what was accepted.
func (c *customer) Responses(_ *smpp.Session, responses []smpp.Response) {
	for _, r := range responses {
		ref, _ := r.Ref.(string)
		body, ok := r.PDU.Body.(*smpp.SubmitSMResp)
		switch {
		case r.Err != nil:
			c.ledger.refuse("no answer")
		case r.PDU.Status != smpp.ESME_ROK || !ok:
			c.ledger.refuse(r.PDU.Status.String())
		default:
			c.ledger.accept(body.MessageID, ref)
			if c.taken != nil {
				c.taken()
			}
		}
	}
}

// run sends until ctx ends, and stays bound for receipts until stay ends.
func (c *customer) run(ctx, stay context.Context, addrs ...string) {
	d := smpp.Dialer{
		Hosts: addrs, Dial: c.dial, MinDelay: 20 * time.Millisecond, MaxDelay: 100 * time.Millisecond,
		Bind:    smpp.Bind{Mode: smpp.Transceiver, SystemID: account, Password: password},
		Session: smpp.SessionConfig{Window: c.window},
	}
	d.Keep(stay, c, func(s *smpp.Session, _ *smpp.BindResp, err error) {
		if err == nil {
			go c.send(ctx, s)
		}
	})
}

func (c *customer) send(ctx context.Context, s *smpp.Session) {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.Done():
			return
		case <-tick.C:
		}
		n := min(s.Room(), 10)
		requests := make([]smpp.Request, 0, n)
		for range n {
			ref := c.ledger.next("s")
			requests = append(requests, smpp.Request{Body: shortText(c.to(), ref+" "+textMark), Ref: ref})
		}
		taken, err := s.Send(requests)
		for range len(requests) - taken {
			c.ledger.refuse("not sent")
		}
		if err != nil {
			return
		}
	}
}

// someone names one phone after the other.
func someone() func() string {
	var n atomic.Int64
	return func() string { return fmt.Sprintf("4670%07d", n.Add(1)%90000) }
}

// poster sends over HTTP, REST and Kannel's interface in turn, to the servers in turn, one message a request.
func poster(ctx context.Context, servers []*server, l *ledger, to func() string, dlr string) {
	client := &http.Client{Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	for i := 0; ctx.Err() == nil; i++ {
		one := *servers[i/2%len(servers)].rest
		one.client = client
		var status int
		var id string
		ref := l.next("h")
		if i%2 == 0 {
			body, _ := json.Marshal(map[string]string{"to": "+" + to(), "text": ref + " " + textMark, "webhook": dlr + "/state"})
			var answer []byte
			status, answer, _, _ = one.do(http.MethodPost, "/v1/messages", "application/json", strings.NewReader(string(body)))
			var accepted struct{ Messages []viewed }
			if status == http.StatusAccepted && json.Unmarshal(answer, &accepted) == nil && len(accepted.Messages) == 1 {
				id = accepted.Messages[0].ID
			}
		} else {
			q := url.Values{
				"username": {account}, "password": {password}, "to": {to()}, "text": {ref + " " + textMark},
				"dlr-mask": {"3"}, "dlr-url": {dlr + "/dlr?id=%I&d=%d"},
			}
			var header http.Header
			status, _, header, _ = one.do(http.MethodGet, "/cgi-bin/sendsms?"+q.Encode(), "", nil)
			if status == http.StatusAccepted {
				id = header.Get("X-Message-Id")
			}
		}
		switch {
		case id != "":
			l.accept(id, ref)
		case status == 0:
			l.refuse("no answer")
			select { // the server is down
			case <-ctx.Done():
			case <-time.After(20 * time.Millisecond):
			}
		default:
			l.refuse(fmt.Sprint(status))
		}
	}
}

// book takes what a hook gets for the ledger until it is closed.
func (l *ledger) book(t testing.TB, h *hook) {
	go func() {
		for {
			select {
			case c := <-h.calls:
				if c.Path == "/dlr" {
					l.receipt(c.Query.Get("id"))
					continue
				}
				e := event{}
				if json.Unmarshal(c.Body, &e) == nil && final[e.Data.State] {
					l.receipt(e.Data.ID)
				}
			case <-t.Context().Done():
				return
			}
		}
	}()
}

// TestKillUnderLoad kills the program with SIGKILL again and again, at random moments, while it carries messages over
// SMPP and HTTP, and starts it again. At the end: no accepted message is lost, none is without a final state, and
// texts arrived twice only where a session was granted them and no answer was on disk; each of those is marked.
func TestKillUnderLoad(t *testing.T) {
	x := loadExperiment{faults: *kills, twice: *kills * loadSessions * 2 * loadWindow}
	x.fault = func(i int) { x.killAndStart(t, i) }
	x.run(t)
}

const loadSessions, loadWindow = 2, 20 // of the link

// loadExperiment is the program under load over SMPP and HTTP and from phones, with faults at random moments.
type loadExperiment struct {
	more   string      // further lines at the top of the file
	faults int         // how many
	fault  func(i int) // makes one, and what is needed for messages to be accepted again
	twice  int         // how many messages may be sent twice at most, each marked

	s   *server
	sim *simulator.Simulator
}

// killAndStart kills the program and starts it again.
func (x *loadExperiment) killAndStart(t *testing.T, i int) {
	x.s.proc.kill()
	judge(t, x.s.proc.name, x.s.proc.out.String())
	x.s.launch()
	x.s.proc.out.wait(t, "kurir starts")
}

func (x *loadExperiment) run(t *testing.T) {
	random := faults(t)
	x.sim = startSimulator(t, simulator.Options{Phones: -1, Behaviour: simulator.Behaviour{
		Latency: simulator.Duration(2 * time.Millisecond), Receipts: simulator.ReceiptTime{After: 20 * time.Millisecond}, ReceiptJitter: simulator.Duration(200 * time.Millisecond),
	}})
	h := startHook(t)
	x.s = startServer(t, x.sim, serverOptions{
		binary: plainBinary(t), more: x.more,
		link: fmt.Sprintf(", sessions: %d, window: %d, lookahead: %d", loadSessions, loadWindow, loadWindow),
	})
	s, sim := x.s, x.sim
	linked(t, sim)
	l := newLedger()
	l.book(t, h)
	to := someone()

	load, stopLoad := context.WithCancel(t.Context())
	stay, leave := context.WithCancel(t.Context())
	var senders, bound sync.WaitGroup
	for range 2 {
		c := &customer{ledger: l, window: 50, to: to}
		bound.Go(func() { c.run(load, stay, s.smpp) })
	}
	for range 4 {
		senders.Go(func() { poster(load, []*server{s}, l, to, h.URL) })
	}
	written := 0
	senders.Go(func() { written = writeFromPhones(load, t, sim) })
	defer func() { stopLoad(); leave(); senders.Wait(); bound.Wait() }()

	accepting := func(when string) {
		before, _ := l.counts()
		eventually(t, "messages are accepted "+when, func() bool { n, _ := l.counts(); return n > before+50 })
	}
	for i := range x.faults {
		accepting(fmt.Sprintf("before fault %d", i))
		pause := time.NewTimer(time.Duration(random.IntN(1000)) * time.Millisecond)
		select {
		case <-pause.C:
		case <-s.proc.done:
			t.Fatalf("the program ended by itself before fault %d", i)
		}
		x.fault(i)
	}
	accepting("after the last fault")
	stopLoad()
	senders.Wait()
	defer func() {
		if t.Failed() {
			l.explain(t, s, sim)
		}
	}()
	within(t, 2*patience, "every accepted message has its final receipt", func() bool {
		_, open := l.counts()
		return open == 0
	})
	compareSent(t, s, sim, l, x.twice)
	compareInbound(t, s, written)
}

// writeFromPhones has phones write, each text with a number of its own, until ctx ends. It says how many there were.
func writeFromPhones(ctx context.Context, t *testing.T, sim *simulator.Simulator) (n int) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return n
		case <-tick.C:
		}
		if err := sim.Inject(simulator.Inbound{From: "46701234567", To: "46737494949", Text: fmt.Sprintf("in-%06d %s", n, textMark)}); err != nil {
			t.Errorf("a phone cannot write: %v", err)
			return n
		}
		n++
	}
}

// compareInbound waits until every text from the phones is in the inbox, and counts those that are there twice.
func compareInbound(t *testing.T, s *server, written int) (twice int) {
	t.Helper()
	seen := map[string]int{}
	eventually(t, "everything that phones wrote is in the inbox", func() bool {
		clear(seen)
		for path := "/v1/inbound?limit=1000"; path != ""; {
			var page struct {
				Inbound []viewed `json:"inbound"`
				Next    string   `json:"next"`
			}
			s.fetch(path, &page)
			for _, in := range page.Inbound {
				seen[in.Text]++
			}
			path = page.Next
		}
		return len(seen) >= written
	})
	for _, n := range seen {
		twice += n - 1
	}
	t.Logf("%d texts from phones, %d of them twice in the inbox", written, twice)
	if len(seen) != written {
		t.Errorf("the inbox has %d different texts, and %d were written", len(seen), written)
	}
	return twice
}

// compareSent counts what was lost and what was sent twice.
func compareSent(t *testing.T, s *server, sim *simulator.Simulator, l *ledger, mostTwice int) {
	t.Helper()
	c, err := sim.Compare(l.references())
	if err != nil {
		t.Fatal(err)
	}
	accepted, _ := l.counts()
	t.Logf("%d offered, %d accepted, %d arrived, %d of them unanswered to the customer, lost %d, sent again %d (at most %d), receipts twice %d, longest pause of acceptance %v, refused %v",
		l.sent, accepted, c.Distinct, c.Unannounced, c.Missing, c.Repeats, mostTwice, l.repeated(), l.pause.Round(time.Millisecond), l.refused)
	if c.Missing > 0 {
		t.Errorf("%d accepted messages are lost: %q", c.Missing, c.Examples)
	}
	if c.Repeats > int64(mostTwice) {
		t.Errorf("%d messages were sent again, at most %d may be", c.Repeats, mostTwice)
	}
	// Every message is final, and what arrived twice says why in its trace.
	open := map[string]string{}
	twice := map[string]bool{}
	for _, ref := range c.Twice {
		twice[ref] = true
	}
	checked := 0
	s.pages(url.Values{"limit": {"1000"}}, func(v viewed) {
		if !final[v.State] {
			open[v.ID] = v.State
		}
		if ref, _, _ := strings.Cut(v.Text, " "); twice[ref] {
			checked++
			if text, _ := s.trace(v.ID); !strings.Contains(text, `"uncertain"`) {
				t.Errorf("%s was sent twice and its trace does not say uncertain: %s", ref, text)
			}
		}
	})
	if len(open) > 0 {
		t.Errorf("%d messages are not final: %v", len(open), open)
	}
	if checked != len(twice) {
		t.Errorf("of %d references that arrived twice %d are in the list", len(twice), checked)
	}
}
