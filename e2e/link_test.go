package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kurir/simulator"
	"kurir/smpp"
)

// submitAll submits a text to each number, one after the other, and books them.
func submitAll(t *testing.T, e *esme, l *ledger, numbers []string) {
	t.Helper()
	for _, number := range numbers {
		ref := l.next("r")
		l.accept(e.accepted(number, ref+" "+textMark), ref)
	}
}

// submitTogether is submitAll with as many at a time as the window allows, so that a link has more to do than its operator takes.
func submitTogether(t *testing.T, e *esme, l *ledger, numbers []string) {
	t.Helper()
	for left := numbers; len(left) > 0; {
		now := left[:min(len(left), e.sess.Room())]
		left = left[len(now):]
		requests := make([]smpp.Request, len(now))
		for i, number := range now {
			ref := l.next("r")
			requests[i] = smpp.Request{Body: shortText(number, ref+" "+textMark), Ref: ref}
		}
		if taken, err := e.sess.Send(requests); taken != len(requests) || err != nil {
			t.Fatalf("%d of %d were sent: %v", taken, len(requests), err)
		}
		for range requests {
			r := receive(t, "an answer", e.answers)
			body, ok := r.PDU.Body.(*smpp.SubmitSMResp)
			if r.Err != nil || r.PDU.Status != smpp.ESME_ROK || !ok {
				t.Fatalf("submit_sm: %v %v", &r.PDU, r.Err)
			}
			l.accept(body.MessageID, r.Ref.(string))
		}
	}
}

// settle takes receipts until every accepted message has its final one. What is missing in the end is shown with its
// trace.
func settle(t *testing.T, s *server, e *esme, l *ledger) {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for _, open := l.counts(); open > 0; _, open = l.counts() {
		select {
		case d := <-e.delivered:
			timer.Reset(patience)
			if r, ok := smpp.ReceiptFrom(&d); ok && smpp.IsReceipt(d.ESMClass) && r.State.Final() {
				l.receipt(r.ID)
			}
		case <-timer.C:
			for _, id := range l.missing(5) {
				text, _ := s.trace(id)
				t.Log(text)
			}
			t.Fatalf("waited %v in vain for the receipts of %d messages", patience, open)
		}
	}
}

// count says what was lost and what came twice, at the phones and at the customer.
func count(t *testing.T, sim *simulator.Simulator, l *ledger) (lost, again, receiptsAgain int64) {
	t.Helper()
	c, err := sim.Compare(l.references())
	if err != nil {
		t.Fatal(err)
	}
	accepted, _ := l.counts()
	t.Logf("%d accepted, lost %d, sent again %d, receipts twice %d", accepted, c.Missing, c.Repeats, l.repeated())
	return c.Missing, c.Repeats, int64(l.repeated())
}

// TestComplaint19LinkFlaps: the operator cuts the connections every second.
func TestComplaint19LinkFlaps(t *testing.T) {
	t.Parallel()
	const window = 10
	sim := startSimulator(t, simulator.Options{Behaviour: simulator.Behaviour{
		DropEvery: simulator.Duration(time.Second), Receipts: simulator.ReceiptTime{After: 300 * time.Millisecond},
		Latency: simulator.Duration(10 * time.Millisecond),
	}})
	s := startServer(t, sim, serverOptions{link: fmt.Sprintf(", window: %d, lookahead: %d, rate: 200", window, window)})
	linked(t, sim)
	e := bindTo(t, s.smpp, smpp.Transceiver)
	l := newLedger()
	submitAll(t, e, l, phones(1000, "1"))
	settle(t, s, e, l)
	lost, again, receipts := count(t, sim, l)
	uncertain := int64(s.metric("kurir_messages_uncertain_total"))
	if lost != 0 || receipts != 0 {
		t.Errorf("lost %d, receipts twice %d", lost, receipts)
	}
	if again > uncertain {
		t.Errorf("%d were sent again, and only %d were uncertain", again, uncertain)
	}
}

// TestOperatorSilent: the operator answers nothing any more, neither enquire_link. The link is found dead and opened
// again; what had no answer is sent again, marked.
func TestOperatorSilent(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{link: ", window: 5, lookahead: -1, enquire_link: 1s, response_timeout: 2s"})
	linked(t, sim)
	e := bindTo(t, s.smpp, smpp.Transceiver)
	l := newLedger()
	submitAll(t, e, l, phones(20, "1"))
	settle(t, s, e, l)

	// With nothing on its way enquire_link finds it.
	b := *sim.Behaviour()
	b.Silent = true
	if err := sim.SetBehaviour(b); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the link is down", func() bool { return s.metric(`kurir_link_up{link="op1"}`) == 0 })
	b.Silent = false
	if err := sim.SetBehaviour(b); err != nil {
		t.Fatal(err)
	}
	submitAll(t, e, l, phones(20, "2"))
	settle(t, s, e, l)

	// With messages on their way.
	b.Silent = true
	if err := sim.SetBehaviour(b); err != nil {
		t.Fatal(err)
	}
	submitAll(t, e, l, phones(20, "3"))
	eventually(t, "the link has been found dead with messages on it", func() bool { return s.metric("kurir_messages_uncertain_total") > 0 })
	b.Silent = false
	if err := sim.SetBehaviour(b); err != nil {
		t.Fatal(err)
	}
	settle(t, s, e, l)
	if lost, again, receipts := count(t, sim, l); lost+receipts != 0 || again > int64(s.metric("kurir_messages_uncertain_total")) {
		t.Errorf("lost %d, sent again %d, receipts twice %d", lost, again, receipts)
	}
}

// TestOperatorOdd: answers out of order and twice, receipts early, late, twice, missing and unknown: each message ends as
// it should, once.
func TestOperatorOdd(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{link: ", window: 50"})
	linked(t, sim)
	e := bindTo(t, s.smpp, smpp.Transceiver)
	l := newLedger()
	var numbers []string
	for _, fate := range []string{
		"99302", "99306", "99306", "99303", // answered twice, late, out of order
		"99501", "99502", "99503", "99507", "99508", "99509", "99510", "99511", // receipts
		"99800", "99802", "99804", // phones off and back
		"00001",
	} {
		numbers = append(numbers, phones(10, fate)...)
	}
	// One fate after the other and mixed: every tenth of each.
	mixed := make([]string, 0, len(numbers))
	for i := range 10 {
		for j := i; j < len(numbers); j += 10 {
			mixed = append(mixed, numbers[j])
		}
	}
	submitAll(t, e, l, mixed)
	settle(t, s, e, l)
	if lost, again, receipts := count(t, sim, l); lost+again+receipts != 0 {
		t.Errorf("lost %d, sent again %d, receipts twice %d", lost, again, receipts)
	}
	s.counts(`kurir_messages_final_total{state="delivered"}`, float64(len(mixed)))
	eventually(t, "receipts are counted as repeated", func() bool { return s.metric("kurir_receipts_repeated_total") > 0 })
	if c := sim.Stats(); c.Retried+c.Refused > 0 {
		t.Errorf("receipts were not acknowledged: %+v", c.Counts)
	}

	// A receipt for a message that is not ours is acknowledged, counted, and belongs to nobody.
	id := e.accepted("46701099506", "ref-unknown "+textMark)
	eventually(t, "the unknown receipt is counted", func() bool {
		return s.metric("kurir_receipts_unknown_total")+s.metric("kurir_receipts_held") > 0
	})
	s.becomes(id, "enroute") // the receipt comes before the answer is on disk
}

// TestComplaint02OperatorIDs: an operator writes ids in one way in his answers and in another in his receipts. Each is understood
// without being told, also when the receipts come after a restart.
func TestComplaint02OperatorIDs(t *testing.T) {
	t.Parallel()
	for _, ids := range []simulator.IDForm{simulator.IDHex, simulator.IDDec, simulator.IDHexDec, simulator.IDDecHex} {
		sim := startSimulator(t, simulator.Options{Behaviour: simulator.Behaviour{IDs: ids}})
		s := startServer(t, sim, serverOptions{link: ", window: 50"})
		linked(t, sim)
		e := bindTo(t, s.smpp, smpp.Transceiver)
		l := newLedger()
		submitAll(t, e, l, phones(30, "1"))
		settle(t, s, e, l)
		e.unbind()
		e = bindTo(t, s.smpp, smpp.Transmitter)
		submitAll(t, e, l, phones(30, "99503")) // receipts after 2 s; none comes on this session, however late it ends
		e.unbind()
		s.restart()
		e = bindTo(t, s.smpp, smpp.Receiver)
		settle(t, s, e, l)
		if lost, again, receipts := count(t, sim, l); lost+again+receipts != 0 {
			t.Errorf("%v: lost %d, sent again %d, receipts twice %d", ids, lost, again, receipts)
		}
	}
}

// TestComplaint17NoAnswer: submissions without an answer are uncertain, and sent again.
func TestComplaint17NoAnswer(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{link: ", window: 50, response_timeout: 2s"})
	linked(t, sim)
	id := s.send("+46701099301", "ref-1 "+textMark) // delivered, and never answered
	eventually(t, "it was sent again", func() bool { return sim.References().Received > 1 })
	text, _ := s.trace(id)
	if !strings.Contains(text, `"uncertain"`) {
		t.Errorf("the trace does not say uncertain: %s", text)
	}
	// A well-behaved message on the same link is not held up.
	s.becomes(s.send("+46701000001", "ref-2 "+textMark), "delivered")
}

// TestComplaint08Throttled: the operator takes 50 messages a second, and we learn it.
func TestComplaint08Throttled(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{Behaviour: simulator.Behaviour{Rate: 50}})
	s := startServer(t, sim, serverOptions{link: ", window: 20"})
	linked(t, sim)
	e := bindTo(t, s.smpp, smpp.Transceiver)
	l := newLedger()
	threeTrials(t, func() error { // a machine that lets nobody run for long has what comes smoothly come in lumps, which are refused
		before := sim.Stats()
		submitTogether(t, e, l, phones(300, "1"))
		settle(t, s, e, l)
		if lost, again, receipts := count(t, sim, l); lost+again+receipts != 0 {
			t.Errorf("lost %d, sent again %d, receipts twice %d", lost, again, receipts)
		}
		c := sim.Stats()
		taken, throttled := c.Accepted-before.Accepted, c.Throttled-before.Throttled
		t.Logf("throttled %d times", throttled)
		if throttled == 0 || throttled > taken {
			return fmt.Errorf("%d messages were throttled for %d that were taken", throttled, taken)
		}
		return nil
	})
}

// TestPhonesOff: phones are off, and come back.
func TestPhonesOff(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{})
	linked(t, sim)
	var ids []string
	numbers := phones(5, "1")
	for _, number := range numbers {
		if err := sim.AddPhone(number); err != nil {
			t.Fatal(err)
		}
		if err := sim.SetPhone(number, simulator.PhoneOff, 0); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, s.send("+"+number, "ref-"+number+" "+textMark))
	}
	eventually(t, "they wait at the operator", func() bool { return sim.Stats().Stored == len(numbers) })
	s.restart()
	for _, number := range numbers {
		if err := sim.SetPhone(number, simulator.PhoneOn, 0); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range ids {
		s.becomes(id, "delivered")
	}
	// One whose validity ends while the phone is off.
	id := s.send("+46701099801", "ref-old "+textMark, "validity", "2s")
	s.becomes(id, "expired")
}

// TestFallback: what the first link does not take goes by the next.
func TestFallback(t *testing.T) {
	t.Parallel()
	one, two := startSimulator(t, simulator.Options{}), startSimulator(t, simulator.Options{})
	s := startServer(t, nil, serverOptions{
		connectors: []string{linkTo("op1", one.Addr(), ""), linkTo("op2", two.Addr(), "")},
		routes:     []string{`{to: "*", via: [op1, op2]}`},
	})
	linked(t, one)
	linked(t, two)
	one.DropLinks()
	one.StopListening()
	eventually(t, "the first link is down", func() bool { return s.metric(`kurir_link_up{link="op1"}`) == 0 })
	v := s.becomes(s.send("+46701000001", "ref-1 "+textMark), "delivered")
	if v.Link != "op2" {
		t.Errorf("it went by %s", v.Link)
	}
}
