package simulator

import (
	"encoding/binary"
	"time"
)

// schedule takes records off the wheel when they are due. One goroutine serves them all.
func (s *Simulator) schedule() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	d := dueBatch{sim: s}
	for {
		s.wheelMu.Lock()
		s.armed = time.Time{}
		at, ok := s.wheel.next()
		if ok {
			s.armed = at
		}
		s.wheelMu.Unlock()
		if ok {
			timer.Reset(time.Until(at))
		} else {
			timer.Reset(time.Hour)
		}
		select {
		case <-s.running.Done():
			return
		case <-s.sooner:
			continue
		case <-timer.C:
		}
		for d.take(time.Now()) {
			d.run(time.Now())
		}
		d.run(time.Now())
	}
}

// dueBatch is what came off the wheel at once; its buffer is used again.
type dueBatch struct {
	sim     *Simulator
	buf     []byte
	records []int // where each ends in buf
	pdus    [][]byte
}

// take copies due records out from under the lock, so that nothing waits for those who send them.
func (d *dueBatch) take(now time.Time) (more bool) {
	const batch = 1000
	d.buf, d.records = d.buf[:0], d.records[:0]
	d.sim.wheelMu.Lock()
	defer d.sim.wheelMu.Unlock()
	return d.sim.wheel.take(now, batch, func(record []byte) {
		d.buf = append(d.buf, record...)
		d.records = append(d.records, len(d.buf))
	})
}

// run does what the records say; deliver_sm for one account that follow each other go together.
func (d *dueBatch) run(now time.Time) {
	s := d.sim
	s.owed.Add(-int64(len(d.buf)))
	var current *account
	flush := func() {
		if len(d.pdus) > 0 {
			current.deliver(d.pdus, nil, now)
			d.pdus = d.pdus[:0]
		}
	}
	start := 0
	for _, end := range d.records {
		kind, record := d.buf[start], d.buf[start+1:end]
		start = end
		if kind == recordDeliver {
			index, n := binary.Uvarint(record)
			if current == nil || current.index != index {
				flush()
				current = s.accountAt(index)
			}
			d.pdus = append(d.pdus, record[n:])
			continue
		}
		flush()
		switch kind {
		case recordAnswer:
			number, n := binary.Uvarint(record)
			if ss := s.session(number); ss != nil && !ss.frozen.Load() {
				ss.out.write(record[n:])
			}
		case recordStored:
			s.storedDue(binary.BigEndian.Uint64(record), now)
		case recordPhone:
			s.phoneDue(string(record), now)
		}
	}
	flush()
	d.records, d.buf = d.records[:0], d.buf[:0]
}
