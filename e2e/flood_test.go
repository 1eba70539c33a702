package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kurir/simulator"
	"kurir/smpp"
)

// returned is a customer who comes back after a long absence: he counts receipts, and notes how long his submits and the
// messages from phones take meanwhile.
type returned struct {
	mu       sync.Mutex
	receipts map[string]int
	again    int
	inbound  map[string]time.Time // when each came
	answers  []time.Duration
	failed   int
	done     chan struct{} // closed when all receipts have come
	want     int
}

// Requests implements smpp.Handler.
func (r *returned) Requests(s *smpp.Session, requests []smpp.PDU) {
	answers := make([]smpp.PDU, len(requests))
	r.mu.Lock()
	for i := range requests {
		answers[i] = smpp.PDU{Command: requests[i].Command.Response(), Sequence: requests[i].Sequence}
		d, ok := requests[i].Body.(*smpp.DeliverSM)
		if !ok {
			continue
		}
		if !smpp.IsReceipt(d.ESMClass) {
			ref, _, _ := strings.Cut(string(d.Text), " ")
			r.inbound[ref] = time.Now()
			continue
		}
		receipt, _ := smpp.ReceiptFrom(d)
		if r.receipts[receipt.ID]++; r.receipts[receipt.ID] > 1 {
			r.again++
		} else if len(r.receipts) == r.want {
			close(r.done)
		}
	}
	r.mu.Unlock()
	_ = s.Respond(answers)
}

// Responses implements smpp.Handler.
func (r *returned) Responses(_ *smpp.Session, responses []smpp.Response) {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range responses {
		if responses[i].Err != nil || responses[i].PDU.Status != smpp.ESME_ROK {
			r.failed++
			continue
		}
		r.answers = append(r.answers, now.Sub(responses[i].Sent))
	}
}

// away submits many messages as a transmitter, so that their receipts have to wait.
type away struct {
	mu      sync.Mutex
	open    int
	refused int
	done    chan struct{}
}

// Requests implements smpp.Handler.
func (*away) Requests(*smpp.Session, []smpp.PDU) {}

// Responses implements smpp.Handler.
func (a *away) Responses(s *smpp.Session, responses []smpp.Response) {
	a.mu.Lock()
	for i := range responses {
		a.open--
		if responses[i].Err != nil || responses[i].PDU.Status != smpp.ESME_ROK {
			a.refused++
		}
	}
	a.mu.Unlock()
	select {
	case a.done <- struct{}{}:
	default:
	}
}

// TestFlood: 100,000 receipts wait for a customer. While they come on his one session, messages from phones and his
// submits go on as if there were none.
func TestFlood(t *testing.T) {
	const count = 100_000
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{binary: plainBinary(t), link: ", window: 1000"})
	linked(t, sim)

	a := &away{done: make(chan struct{}, 1)}
	d := smpp.Dialer{Hosts: []string{s.smpp}, Bind: smpp.Bind{Mode: smpp.Transmitter, SystemID: account, Password: password}, Session: smpp.SessionConfig{Window: 900}}
	tx, _, err := d.Connect(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	for sent := 0; sent < count; {
		batch := []smpp.Request{}
		for i := range min(300, count-sent) {
			batch = append(batch, smpp.Request{Body: shortText(fmt.Sprintf("46%06d00001", sent+i), "ref "+textMark)})
		}
		for len(batch) > 0 {
			n, err := tx.Send(batch)
			if err != nil {
				t.Fatal(err)
			}
			sent, batch = sent+n, batch[n:]
			a.mu.Lock()
			a.open += n
			a.mu.Unlock()
			if n == 0 {
				receive(t, "answers", a.done)
			}
		}
	}
	within(t, 2*time.Minute, "all are delivered", func() bool {
		return s.metric(`kurir_messages_final_total{state="delivered"}`) >= float64(count-a.refused)
	})
	tx.Close(nil)
	t.Logf("%d receipts wait, %d messages were refused", count-a.refused, a.refused)

	r := &returned{receipts: map[string]int{}, inbound: map[string]time.Time{}, done: make(chan struct{}), want: count - a.refused}
	d.Bind.Mode = smpp.Transceiver
	begin := time.Now()
	trx, _, err := d.Connect(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	defer trx.Close(nil)
	written := map[string]time.Time{}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(2 * time.Minute)
	submitted := 0
flood:
	for n := 0; ; n++ {
		select {
		case <-r.done:
			break flood
		case <-limit:
			t.Fatalf("%d of %d receipts have come", len(r.receipts), count)
		case <-tick.C:
		}
		quiet := shortText("46709000001", fmt.Sprintf("during-%d %s", n, textMark))
		quiet.RegisteredDelivery = 0
		taken, err := trx.Send([]smpp.Request{{Body: quiet}})
		if err != nil {
			t.Fatal(err)
		}
		submitted += taken
		if n%10 == 0 {
			ref := fmt.Sprintf("in-%d", n)
			written[ref] = time.Now()
			if err := sim.Inject(simulator.Inbound{From: "46701234567", To: "46737494949", Text: ref + " " + textMark}); err != nil {
				t.Fatal(err)
			}
		}
	}
	flood := time.Since(begin)
	eventually(t, "all messages from phones have come", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.inbound) == len(written)
	})
	eventually(t, "all submits are answered", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.answers)+r.failed == submitted
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	var slow []time.Duration
	for ref, at := range written {
		slow = append(slow, r.inbound[ref].Sub(at))
	}
	slices.Sort(slow)
	slices.Sort(r.answers)
	p99 := func(list []time.Duration) time.Duration { return list[(len(list)*99+99)/100-1] }
	t.Logf("%d receipts in %v; %d submits, p99 %v; %d messages from phones, p99 %v", len(r.receipts), flood.Round(time.Millisecond),
		len(r.answers), p99(r.answers).Round(time.Millisecond), len(slow), p99(slow).Round(time.Millisecond))
	if r.again > 0 || r.failed > 0 {
		t.Errorf("%d receipts came again, %d submits were refused", r.again, r.failed)
	}
	if flood > 2*time.Second && p99(slow) > flood/2 {
		t.Errorf("messages from phones wait behind the receipts: p99 %v", p99(slow))
	}
	if p99(slow) > 3*time.Second || p99(r.answers) > time.Second {
		t.Errorf("the flood starves others: messages from phones p99 %v, submits p99 %v", p99(slow), p99(r.answers))
	}
	s.proc.stop()
}
