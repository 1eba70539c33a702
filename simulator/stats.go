package simulator

import (
	"sync"
	"time"

	"kurir/smpp"
)

// Counts are the totals since start or the last reset.
type Counts struct {
	Submitted  int64 `json:"submitted"`  // messages that came in, whatever became of them
	Accepted   int64 `json:"accepted"`   // answered with ESME_ROK, or taken without an answer
	Throttled  int64 `json:"throttled"`  // answered with ESME_RTHROTTLED
	Rejected   int64 `json:"rejected"`   // answered with another error
	Lost       int64 `json:"lost"`       // neither taken nor refused: silence, cut connections
	Receipts   int64 `json:"receipts"`   // sent, repetitions included
	Inbound    int64 `json:"inbound"`    // messages from phones sent, repetitions included
	Acked      int64 `json:"acked"`      // deliver_sm answered with ESME_ROK
	Retried    int64 `json:"retried"`    // deliver_sm answered with a temporary error, or never; sent again
	Refused    int64 `json:"refused"`    // deliver_sm answered with a permanent error
	Unexpected int64 `json:"unexpected"` // answers to nothing that was asked
	Malformed  int64 `json:"malformed"`  // PDUs that could not be read
	Managed    int64 `json:"managed"`    // query_sm, cancel_sm, replace_sm
	Alerts     int64 `json:"alerts"`     // alert_notification sent

	Binds        int64 `json:"binds"` // accepted
	BindsRefused int64 `json:"binds_refused"`
}

// add adds the other's.
func (c *Counts) add(o *Counts) {
	c.Submitted += o.Submitted
	c.Accepted += o.Accepted
	c.Throttled += o.Throttled
	c.Rejected += o.Rejected
	c.Lost += o.Lost
	c.Receipts += o.Receipts
	c.Inbound += o.Inbound
	c.Acked += o.Acked
	c.Retried += o.Retried
	c.Refused += o.Refused
	c.Unexpected += o.Unexpected
	c.Malformed += o.Malformed
	c.Managed += o.Managed
	c.Alerts += o.Alerts
	c.Binds += o.Binds
	c.BindsRefused += o.BindsRefused
}

// The rate is counted in slots of 100 ms for a minute.
const (
	slotTime  = 100 * time.Millisecond
	slotCount = 600
)

// slot is what happened in 100 ms.
type slot struct {
	number              int64
	submitted, receipts int64
}

// statistics counts what happens; sessions hand in their counts once per batch.
type statistics struct {
	mu       sync.Mutex
	started  time.Time
	counts   Counts
	statuses map[smpp.Status]int64 // of the answers other than ESME_ROK
	slots    [slotCount]slot
}

// add books a batch.
func (s *statistics) add(now time.Time, c *Counts, statuses map[smpp.Status]int64) {
	if *c == (Counts{}) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts.add(c)
	for status, n := range statuses {
		s.statuses[status] += n
	}
	number := now.UnixMilli() / slotTime.Milliseconds()
	sl := &s.slots[number%slotCount]
	if sl.number != number {
		*sl = slot{number: number}
	}
	sl.submitted += c.Submitted
	sl.receipts += c.Receipts
}

// reset starts at zero.
func (s *statistics) reset(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.started, s.counts, s.statuses, s.slots = now, Counts{}, map[smpp.Status]int64{}, [slotCount]slot{}
}

// Stats is what GET /stats shows.
type Stats struct {
	Counts
	Since     time.Time        `json:"since"`
	Statuses  map[string]int64 `json:"statuses"`       // answers other than ESME_ROK, by name
	PerSecond float64          `json:"per_second"`     // messages, over the last whole second
	Receipted float64          `json:"receipts_per_s"` // receipts, over the last whole second
	Slots     []int64          `json:"slots"`          // messages in each of the last 100 slots of 100 ms, oldest first
	Sessions  int              `json:"sessions"`
	Receivers int              `json:"receivers"` // of them bound as receiver or transceiver
	Delayed   int              `json:"delayed"`   // answers and receipts that are not due yet
	Waiting   int              `json:"waiting"`   // deliver_sm that wait for a session or for its window
	Unacked   int              `json:"unacked"`   // deliver_sm sent and not answered
	Stored    int              `json:"stored"`    // messages that wait for a phone
}

// fill writes the counted part.
func (s *statistics) fill(st *Stats, now time.Time) {
	const shown, second = 100, 10
	s.mu.Lock()
	defer s.mu.Unlock()
	st.Counts, st.Since = s.counts, s.started
	st.Statuses = make(map[string]int64, len(s.statuses))
	for status, n := range s.statuses {
		st.Statuses[statusName(status)] = n
	}
	current := now.UnixMilli() / slotTime.Milliseconds()
	st.Slots = make([]int64, shown)
	for i := range int64(shown) {
		number := current - shown + i
		sl := &s.slots[number%slotCount]
		if sl.number != number {
			continue
		}
		st.Slots[i] = sl.submitted
		if i >= shown-second {
			st.PerSecond += float64(sl.submitted)
			st.Receipted += float64(sl.receipts)
		}
	}
}
