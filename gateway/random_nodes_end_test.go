package gateway

import (
	"fmt"
	"testing/synctest"
	"time"

	"kurir/message"
)

// finish lets everybody behave until nothing is open, and counts.
func (f *fleet) finish() {
	f.mu.Lock()
	f.quiet = true
	f.mu.Unlock()
	for i := range 4000 {
		f.care()
		f.tellHolders()
		for _, m := range f.members {
			f.mu.Lock()
			up := m.g != nil && !m.dead
			f.mu.Unlock()
			if !up {
				continue
			}
			if m.num == 0 || i == 0 {
				for _, name := range []string{"op1", "op2", "once"} {
					f.sessionUp(m, name)
				}
			}
			if m.num == 0 && i%10 == 0 {
				for _, name := range []string{"acme", "beta"} {
					f.mu.Lock()
					was := m.bound[name]
					m.bound[name] = true
					f.mu.Unlock()
					if !was {
						m.g.Wake(message.SMPPTarget, name)
					}
				}
			}
			f.answer(m, true)
			f.report(m)
			f.verdicts(m)
		}
		if i > 60 && i%20 == 0 && f.idle() {
			break
		}
		time.Sleep(time.Second)
	}
	synctest.Wait()
	f.count()
}

func (f *fleet) idle() bool {
	n := 0
	for _, m := range f.members {
		if m.g == nil || m.leftBy {
			return false
		}
		m.g.mu.Lock()
		n += len(m.g.open) + len(m.g.openIn)
		m.g.mu.Unlock()
	}
	f.mu.Lock()
	n += len(f.receipts)
	f.mu.Unlock()
	have := f.store.Counts()
	return n == 0 && have.Waiting+have.Due+have.Owed+have.Outstanding+have.Parts == 0
}

func (f *fleet) count() {
	have := f.store.Counts()
	if have.Waiting+have.Due+have.Owed+have.Outstanding > 0 {
		f.t.Errorf("rows left in the spill tables: %+v", have)
	}
	for _, m := range f.members {
		if m.g == nil {
			f.t.Errorf("node %d is not up, left by %t, taken over %t", m.num, m.leftBy, f.beingAdopted(m))
			return
		}
		m.g.mu.Lock()
		for id, e := range m.g.open {
			f.t.Errorf("node %d has %s in memory, station %d, %s", m.num, id, e.station, e.m.Reference)
		}
		m.g.mu.Unlock()
		for _, line := range leftOf(f.store, m.num) {
			f.t.Error(line)
		}
	}
	byRef, twice := byReference(f.t, f.store)
	for _, ref := range twice {
		f.t.Errorf("%s is there twice", ref)
	}
	for ref, x := range f.fates {
		if m := byRef[ref]; m != nil {
			f.check(ref, x, m)
		} else if x.id != 0 {
			f.t.Errorf("%s (%s) was accepted and is lost", ref, x.id)
		}
	}
	for _, p := range f.phones {
		if p.acked == p.parts && p.told == 0 {
			f.t.Errorf("%s from a phone was acknowledged to the operator and told to nobody", p.whole)
		}
	}
	f.t.Logf("%d messages, %d nodes, %d lives, %d from phones, %d asked to cancel and %d not served", len(byRef), len(f.members), f.lives, len(f.phones), f.asks[0], f.asks[1])
}

// check compares one message with what the world saw of it.
func (f *fleet) check(ref string, x *fleetFate, m *message.Message) {
	bad := func(format string, args ...any) {
		f.t.Errorf("%s %s: %s; sent %d, again %d, told %v; log %s", ref, m.ID, fmt.Sprintf(format, args...), x.sent, x.again, x.told, describe(m))
	}
	if !m.State.Final() {
		bad("is %s", m.State)
		return
	}
	events, err := message.DecodeLog(m.Log, m.ID)
	if err != nil {
		bad("log: %v", err)
	}
	uncertain, last, parts := 0, "", 0
	for _, e := range events {
		switch e.Kind {
		case message.EventUncertain:
			uncertain++
		case message.EventGranted:
			last, parts = "", 0
		case message.EventTaken:
			last = e.Text
			parts++
		}
	}
	if x.sent > 1+x.again+uncertain || x.once && x.sent > 1+x.again {
		bad("was sent too often")
	}
	if x.sent == 0 && m.State != message.Expired && m.State != message.Deleted && !(x.once && m.State == message.Unknown) {
		bad("was never sent and is %s", m.State)
	}
	if m.Owed {
		bad("is owed still")
	}
	if x.cancel && m.State != message.Deleted {
		bad("was cancelled")
	}
	if said := f.said[last]; parts == 1 && said != 0 && m.State == message.Unknown {
		bad("its receipt %s was acknowledged to the operator as %s, and is lost", last, said)
	}
	if x.target != message.NoTarget && m.Receipts.Wants(m.State) && x.told[m.State] == 0 {
		bad("is %s and that was never told", m.State)
	}
	for s, n := range x.told {
		if s.Final() && n > 0 && s != m.State {
			bad("was told to be %s and is %s", s, m.State)
		}
	}
}
