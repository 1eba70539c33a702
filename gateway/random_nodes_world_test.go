package gateway

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"kurir/connector"
	"kurir/message"
)

// --- customers

func (f *fleet) submit(m *member) {
	n := 1 + f.rng.IntN(6)
	subs, refs := make([]*Submission, n), make([]string, n)
	f.mu.Lock()
	for i := range subs {
		subs[i], refs[i] = f.submission(m)
	}
	life := m.life
	f.mu.Unlock()
	m.g.Accept(subs, func(results []Result) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if m.life != life || m.dead {
			return // the answer did not leave
		}
		for i, r := range results {
			if r.Failure == nil {
				f.fates[refs[i]].id = r.ID
				f.logf("node %d accepted %s %s %s", m.num, refs[i], r.ID, r.State)
			}
		}
	})
}

func (f *fleet) submission(m *member) (*Submission, string) {
	f.next++
	ref := "m" + strconv.Itoa(f.next)
	x := &fleetFate{told: map[message.State]int{}, settled: map[message.State]bool{}, inFlight: map[message.State]int{}}
	f.fates[ref] = x
	text := ref
	if f.chance(10) {
		text = strings.Repeat("0123456789", 16+f.rng.IntN(40)) // 2 to 4 parts
	}
	prefix := []string{"461", "462", "463"}[f.rng.IntN(3)]
	name := "acme"
	if f.chance(40) {
		name = "beta"
	}
	x.once = prefix == "463"
	s := &Submission{
		Account: m.g.Snapshot().Accounts.ByName(name), Via: message.ViaREST, To: fmt.Sprintf("+%s%06d", prefix, f.next),
		Content: message.Content{Text: text, Class: -1}, Priority: message.Priority(f.rng.IntN(message.Priorities)), Reference: ref,
		Validity: time.Duration(1+f.rng.IntN(20*60)) * time.Second,
	}
	if f.chance(10) {
		s.SendAt = time.Now().Add(time.Duration(f.rng.IntN(200)) * time.Second)
	}
	if f.chance(80) {
		s.Receipts = message.ReceiptFinal
	}
	switch f.rng.IntN(3) {
	case 0:
		s.Target.Kind = message.SMPPTarget
	case 1:
		s.Target = message.Target{Kind: message.WebhookTarget, Address: "http://127.0.0.1/x"}
	}
	x.want, x.target = s.Receipts, s.Target.Kind
	return s, ref
}

// cancel cancels a message, wherever it is.
func (f *fleet) cancel(m *member) {
	f.mu.Lock()
	var x *fleetFate
	ref, life := "", m.life
	for range 20 {
		ref = "m" + strconv.Itoa(f.next-f.rng.IntN(min(f.next, 20)+1))
		if x = f.fates[ref]; x != nil && x.id != 0 {
			break
		}
	}
	f.mu.Unlock()
	if x == nil || x.id == 0 {
		return
	}
	ctx, stop := context.WithTimeout(context.Background(), 3*time.Second)
	defer stop()
	_, err := m.g.Cancel(ctx, "", x.id)
	f.asks[0]++
	var why *message.Failure
	if errors.As(err, &why) && why.Kind == message.Busy {
		f.asks[1]++
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil && m.life == life && !m.dead {
		f.logf("node %d cancelled %s", m.num, ref)
		x.cancel = true
	}
}

func (f *fleet) presence(m *member, here bool) {
	f.mu.Lock()
	name := []string{"acme", "beta"}[f.rng.IntN(2)]
	m.bound[name] = here
	f.logf("node %d: %s bound %t", m.num, name, here)
	f.mu.Unlock()
	if here {
		m.g.Wake(message.SMPPTarget, name)
	}
}

// --- operators

// Run implements connector.Connector.
func (l *fleetLink) Run(context.Context, connector.Core) {}

// Stats implements connector.Connector.
func (l *fleetLink) Stats() []connector.SessionStats { return nil }

// Send implements connector.Connector.
func (l *fleetLink) Send(session uint32, out []*connector.Outgoing) (refused []*connector.Outgoing) {
	m, f := l.m, l.m.f
	f.mu.Lock()
	defer f.mu.Unlock()
	if l.life != m.life || m.dead {
		return nil
	}
	s := l.sessions[session]
	if s == nil {
		return out
	}
	for _, o := range out {
		s.used += max(1, int(o.Message.Parts))
		x := f.fates[o.Message.Reference]
		x.sent++
		if x.cancel {
			f.t.Errorf("%s was sent after it had been cancelled", o.Message.Reference)
		}
		f.logf("node %d wire %s %s/%d (%d)", m.num, o.Message.Reference, l.name, session, x.sent)
		s.wire = append(s.wire, &wired{o, session, time.Now()})
	}
	return nil
}

func (f *fleet) pick() string { return []string{"op1", "op1", "op2", "once"}[f.rng.IntN(4)] }

func (f *fleet) sessionUp(m *member, name string) {
	f.mu.Lock()
	l := m.links[name]
	if len(l.sessions) > 0 {
		f.mu.Unlock()
		return
	}
	f.session++
	n, credit := f.session, 2+f.rng.IntN(12)
	l.sessions[n] = &chaosSession{credit: credit}
	f.logf("node %d session %d up %s credit %d", m.num, n, name, credit)
	f.mu.Unlock()
	l.core.SessionUp(n, credit)
}

func (f *fleet) sessionDown(m *member) {
	f.mu.Lock()
	l := m.links[f.pick()]
	for n, s := range l.sessions {
		delete(l.sessions, n)
		var unwritten []*connector.Outgoing
		for i := len(s.wire) - 1; i >= 0 && f.chance(50); i-- { // the last ones stayed in the queue
			unwritten = append([]*connector.Outgoing{s.wire[i].out}, unwritten...)
			f.fates[s.wire[i].out.Message.Reference].sent--
		}
		f.logf("node %d session %d down %s unwritten %d of %d", m.num, n, l.name, len(unwritten), len(s.wire))
		f.mu.Unlock()
		l.core.SessionDown(n, unwritten, errBroken)
		return
	}
	f.mu.Unlock()
}

// answer lets operators answer some of what is on the wires of a node, out of order.
func (f *fleet) answer(m *member, all bool) {
	for _, name := range []string{"op1", "op2", "once"} {
		f.mu.Lock()
		l := m.links[name]
		batches := map[uint32][]connector.Answer{}
		for n, s := range l.sessions {
			for i := 0; i < len(s.wire); {
				if !all && f.chance(40) {
					i++
					continue
				}
				wr := s.wire[i]
				s.wire = append(s.wire[:i], s.wire[i+1:]...)
				s.used -= max(1, int(wr.out.Message.Parts))
				batches[n] = append(batches[n], f.answerOne(m, l, wr))
			}
		}
		f.mu.Unlock()
		for n, list := range batches {
			l.core.Answered(n, list)
		}
	}
}

func (f *fleet) answerOne(at *member, l *fleetLink, wr *wired) connector.Answer {
	m := wr.out.Message
	x := f.fates[m.Reference]
	a := connector.Answer{Out: wr.out}
	bad := func(k message.FailureKind) connector.Answer {
		a.Failure = &message.Failure{Kind: k}
		return a
	}
	n := f.rng.IntN(100)
	if f.quiet {
		n = 99
	}
	f.logf("node %d answer %s %s %d", at.num, m.Reference, l.name, n)
	switch {
	case n < 5:
		x.again++
		return bad(message.Throttled)
	case n < 12:
		x.again++
		return bad(message.Busy)
	case n < 15:
		return bad(message.NoAnswer)
	case n < 18:
		return bad(message.Refused)
	}
	for p := range max(1, int(m.Parts)) {
		f.operator++
		id := fmt.Sprintf("%x", 0xa0000000+f.operator)
		if p == 0 {
			a.ID = id
		} else {
			a.More = append(a.More, id)
		}
		if wr.out.Receipt {
			f.makeReceipts(l.name, m, id)
		}
	}
	return a
}

func (f *fleet) makeReceipts(link string, m *message.Message, id string) {
	add := func(s message.State, in time.Duration) {
		f.receipts = append(f.receipts, &receipt{
			link: link, at: time.Now().Add(in), ref: m.Reference,
			Report: message.Report{OperatorID: id, State: s, From: m.To, To: m.From},
		})
	}
	state := message.Delivered
	if f.chance(15) {
		state = message.Undeliverable
	}
	delay := time.Duration(f.rng.IntN(2000)) * time.Millisecond
	switch {
	case f.chance(20):
		delay = time.Duration(f.rng.IntN(300)) * time.Second
	case f.chance(20):
		delay = 0
	}
	add(state, delay)
	if f.chance(10) {
		add(state, delay+time.Duration(f.rng.IntN(100))*time.Second)
	}
}

// report delivers the receipts whose time has come, by the sessions of one node.
func (f *fleet) report(m *member) {
	f.mu.Lock()
	now, life := time.Now(), m.life
	by := map[string][]*receipt{}
	for _, r := range f.receipts {
		if !r.try && !r.at.After(now) && len(by[r.link]) < 20 && (f.quiet || f.chance(70)) {
			r.try = true
			by[r.link] = append(by[r.link], r)
		}
	}
	f.mu.Unlock()
	for _, link := range []string{"op1", "op2", "once"} {
		list := by[link]
		if len(list) == 0 {
			continue
		}
		reports := make([]message.Report, len(list))
		f.mu.Lock()
		for i, r := range list {
			reports[i] = r.Report
			f.logf("node %d receipt %s %s %s", m.num, r.ref, r.OperatorID, r.State)
		}
		f.mu.Unlock()
		m.links[link].core.Reports(reports, func(err error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			ok := err == nil && m.life == life && !m.dead
			done := map[*receipt]bool{}
			for _, r := range list {
				r.try = false
				if done[r] = ok; ok && f.said[r.OperatorID] == 0 {
					f.said[r.OperatorID] = r.State
				}
			}
			kept := f.receipts[:0:0]
			for _, r := range f.receipts {
				if !done[r] {
					kept = append(kept, r)
				}
			}
			f.receipts = kept
		})
	}
}

// phone sends a message, at times in parts that arrive at several nodes, some twice.
func (f *fleet) phone(m *member) {
	f.mu.Lock()
	f.next++
	n := f.next
	p := &phoneText{whole: "in" + strconv.Itoa(n), parts: 1}
	to := []string{"4611111", "4622222"}[f.rng.IntN(2)]
	if f.chance(50) {
		p.parts = 2 + f.rng.IntN(2)
	}
	f.phones[p.whole] = p
	f.mu.Unlock()
	for i := range p.parts {
		at := m
		if other := f.live(); other != nil {
			at = other
		}
		f.phonePart(at, p, to, n, i)
	}
}

func (f *fleet) phonePart(m *member, p *phoneText, to string, n, i int) {
	in := &message.Inbound{
		From: message.Address{TON: 1, Number: "4670999" + strconv.Itoa(1000+n)}, To: message.Address{TON: 1, Number: to},
		Content: message.Content{Text: p.whole, Class: -1},
	}
	if p.parts > 1 {
		in.Content.Text = p.whole + "." + strconv.Itoa(i+1)
		in.Content.Header = []byte{5, 0, 3, byte(n), byte(p.parts), byte(i + 1)}
	}
	f.mu.Lock()
	life, text := m.life, in.Content.Text
	f.logf("node %d phone %s", m.num, text)
	f.mu.Unlock()
	m.links["op1"].core.Inbound([]*message.Inbound{in}, func(err error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if m.life == life && !m.dead && err == nil {
			p.acked++
		}
	})
}

// --- receivers

type fleetReceiver struct {
	m    *member
	life int
	kind message.TargetKind
}

// Limit implements Receiver.
func (r *fleetReceiver) Limit(account string) int {
	f := r.m.f
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.kind == message.SMPPTarget && !r.m.bound[account] {
		return 0
	}
	return 4
}

// Deliver implements Receiver.
func (r *fleetReceiver) Deliver(_ string, items []*Item) {
	m, f := r.m, r.m.f
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.life != m.life || m.dead {
		return
	}
	for _, it := range items {
		m.items = append(m.items, it)
		m.kinds[it] = r.kind
		if in := it.Inbound; in != nil {
			f.logf("node %d told inbound %s", m.num, in.Content.Text)
			f.toldInbound(in)
			continue
		}
		ref := it.Message.Reference
		x := f.fates[ref]
		f.logf("node %d told %s %s", m.num, ref, it.State)
		switch {
		case x.inFlight[it.State] != 0:
			f.t.Errorf("%s is told %s twice at the same time, at nodes %d and %d", ref, it.State, x.inFlight[it.State]-1, m.num)
		case x.settled[it.State]:
			f.t.Errorf("%s is told %s again after it was acknowledged", ref, it.State)
		}
		x.inFlight[it.State] = m.num + 1
		x.told[it.State]++
	}
}

func (f *fleet) toldInbound(in *message.Inbound) {
	for _, p := range f.phones {
		want := p.whole
		if p.parts > 1 {
			want = ""
			for i := range p.parts {
				want += p.whole + "." + strconv.Itoa(i+1)
			}
		}
		if in.Content.Text == want {
			p.told++
		}
	}
}

// verdicts answers some items.
func (f *fleet) verdicts(m *member) {
	f.mu.Lock()
	var list []Delivered
	kept := m.items[:0:0]
	for _, it := range m.items {
		if !f.quiet && f.chance(30) {
			kept = append(kept, it)
			continue
		}
		v := Acknowledged
		switch n := f.rng.IntN(100); {
		case f.quiet:
		case n < 10:
			v = TryLater
		case n < 15 && m.kinds[it] == message.SMPPTarget:
			v = NobodyThere
		}
		if it.Message != nil {
			x := f.fates[it.Message.Reference]
			delete(x.inFlight, it.State)
			x.settled[it.State] = v == Acknowledged
			f.logf("node %d verdict %s %s %d", m.num, it.Message.Reference, it.State, v)
		}
		delete(m.kinds, it)
		list = append(list, Delivered{Item: it, Verdict: v})
	}
	m.items = kept
	f.mu.Unlock()
	m.g.Delivered(list)
}
