package store

import (
	"fmt"
	"time"

	"kurir/message"
)

// stretch is where to look for rows: ids, both included.
type stretch struct{ low, high message.ID }

// edge is the last id of a stretch in the order of a list.
func (s stretch) edge(oldest bool) message.ID {
	if oldest {
		return s.high
	}
	return s.low
}

// zoneFilter is which rows of table zone tell where a list has to look. It is used as follows:
//
//  1. page asks walk for stretches of ids, in the order of the list, and looks through them until the page is full.
//  2. walk reads which days have hours in which there is something, and of these hours which minutes. Minutes that follow each other
//     are one stretch.
//  3. What is older than table zone is one stretch as a whole.
//
// All of it is bounded: a page on which so much was looked at is returned as it is, with where the next one goes on.
type zoneFilter struct {
	kind  zoneKind
	where condition
}

const (
	zoneRows  = 2000 // of one span that are read; where there are more, all of it is looked at
	zoneSpans = 500  // days and hours that are read for one page
)

// zones says by which rows of table zone the list is found, nil for all ids.
func (f *Filter) zones(kind zoneKind) *zoneFilter {
	z := &zoneFilter{kind: kind}
	messages := kind == zoneMessages
	switch {
	case f.Account != "" && messages:
		z.where.add("account IN ('', ?)", f.Account)
	case f.Account != "":
		z.where.add("account = ?", f.Account)
	case f.Unmatched:
		z.where.add("account = ''")
	}
	if f.Link != "" && messages {
		z.where.add("(account = '' OR link = ?)", f.Link)
	} else if f.Link != "" {
		z.where.add("link = ?", f.Link)
	}
	if messages && f.Via != message.ViaUnknown {
		z.where.add("(account = '' OR via = ?)", int64(f.Via))
	}
	if messages && len(f.States) > 0 {
		z.where.add("state IN (" + joinStates(f.States) + ")")
	}
	if len(z.where.terms) == 0 {
		return nil
	}
	return z
}

// page looks for the rows of a page of f between two ids. look looks through a stretch as scanned.scan does.
func (z *zoneFilter) page(c *conn, low, high message.ID, f *Filter, look func(at stretch, limit, examine int) (ids []message.ID, next message.ID, examined int, err error)) (ids []message.ID, next message.ID, err error) {
	limit, left := f.limit(), listExamine
	if low > high {
		return nil, 0, nil
	}
	if z == nil {
		ids, next, _, err = look(stretch{low, high}, limit, left)
		return ids, next, err
	}
	last := message.ID(0) // of what has been looked through
	further, err := z.walk(c, stretch{low, high}, f.Oldest, func(at stretch) (bool, error) {
		if len(ids) == limit || left == 0 {
			next = last
			return false, nil
		}
		more, stopped, examined, err := look(at, limit-len(ids), left)
		ids, left, last = append(ids, more...), left-examined, at.edge(f.Oldest)
		if next = stopped; next != 0 || err != nil {
			return false, err
		}
		return true, nil
	})
	if next == 0 {
		next = further
	}
	return ids, next, err
}

// walk calls look with the stretches in which there is something, in the order of the list, until it returns false. further is, when walk
// itself has read enough, the last id that is not to be looked at again.
func (z *zoneFilter) walk(c *conn, all stretch, oldest bool, look func(stretch) (bool, error)) (further message.ID, err error) {
	from := message.ID(1)
	err = query(c, "SELECT value FROM meta WHERE name = '"+metaZones+"'", nil, func(stmt *statement) (bool, error) {
		from = message.ID(stmt.ColumnInt64(0))
		return false, nil
	})
	before, known := stretch{all.low, min(all.high, from-1)}, stretch{max(all.low, from), all.high}
	ask := err == nil
	if ask && oldest && before.low <= before.high {
		ask, err = look(before)
	}
	if ask && err == nil && known.low <= known.high {
		ask, further, err = z.walkKnown(c, known, oldest, look)
	}
	if ask && err == nil && !oldest && before.low <= before.high {
		_, err = look(before)
	}
	return further, err
}

const (
	hourMillis = 3_600_000
	dayHours   = 24
	allBits    = 1<<63 - 1
)

// walkKnown is walk where table zone knows every message. more tells whether to go on behind it.
func (z *zoneFilter) walkKnown(c *conn, in stretch, oldest bool, look func(stretch) (bool, error)) (more bool, further message.ID, err error) {
	first, last := in.low.Millis()/hourMillis, in.high.Millis()/hourMillis
	days, err := z.days(c, first/dayHours, last/dayHours)
	if err != nil {
		return false, 0, err
	}
	read := 0
	for i := range days.count() {
		day := days.low + ordered(i, days.count(), oldest)
		if read++; read > zoneSpans {
			return false, hourStretch(day*dayHours, day*dayHours+dayHours-1).before(oldest), nil
		}
		hours, err := z.bits(c, zoneOfDays, day)
		if err != nil {
			return false, 0, err
		}
		for j := range int64(dayHours) {
			hour := day*dayHours + ordered(j, dayHours, oldest)
			if hours>>(hour%dayHours)&1 == 0 || hour < first || hour > last {
				continue
			}
			if read++; read > zoneSpans {
				return false, hourStretch(hour, hour).before(oldest), nil
			}
			minutes, err := z.bits(c, 0, hour)
			if err != nil {
				return false, 0, err
			}
			if more, err := eachRun(hour, minutes, in, oldest, look); !more || err != nil {
				return false, 0, err
			}
		}
	}
	return true, 0, nil
}

// spans are Unix days, both included.
type spans struct{ low, high int64 }

func (s spans) count() int64 { return max(0, s.high-s.low+1) }

// days narrows days to those of which table zone has something at all.
func (z *zoneFilter) days(c *conn, first, last int64) (days spans, err error) {
	kind := z.kind + zoneOfDays
	err = query(c, fmt.Sprintf("SELECT (SELECT min(span) FROM zone WHERE kind = %d), (SELECT max(span) FROM zone WHERE kind = %[1]d)", kind), nil, func(stmt *statement) (bool, error) {
		days = spans{1, 0}
		if !stmt.ColumnIsNull(0) {
			days = spans{max(first, stmt.ColumnInt64(0)), min(last, stmt.ColumnInt64(1))}
		}
		return false, nil
	})
	return days, err
}

// bits reads which minutes of an hour, or hours of a day, have something.
func (z *zoneFilter) bits(c *conn, more zoneKind, span int64) (bits uint64, err error) {
	rows := 0
	err = query(c, fmt.Sprintf("SELECT bits FROM zone WHERE %s AND kind = %d AND span = ? LIMIT %d", z.where.text(), z.kind+more, zoneRows),
		func(stmt *statement) {
			z.where.bind(stmt, 1)
			stmt.BindInt64(len(z.where.args)+1, span)
		},
		func(stmt *statement) (bool, error) {
			rows++
			bits |= uint64(stmt.ColumnInt64(0))
			return true, nil
		})
	if rows == zoneRows {
		bits = allBits
	}
	return bits, err
}

// eachRun calls look with each run of minutes of an hour, as far as they are within in, until it returns false.
func eachRun(hour int64, bits uint64, in stretch, oldest bool, look func(stretch) (bool, error)) (bool, error) {
	for j := int64(0); j < 60; j++ {
		minute := ordered(j, 60, oldest)
		if bits>>minute&1 == 0 {
			continue
		}
		a, b := minute, minute
		for j++; j < 60 && bits>>ordered(j, 60, oldest)&1 == 1; j++ {
			b = ordered(j, 60, oldest)
		}
		run := minuteStretch(hour*60+min(a, b), hour*60+max(a, b))
		run = stretch{max(run.low, in.low), min(run.high, in.high)}
		if run.low > run.high {
			continue
		}
		if more, err := look(run); !more || err != nil {
			return false, err
		}
	}
	return true, nil
}

// ordered is the i-th of n in the order of a list.
func ordered(i, n int64, oldest bool) int64 {
	if oldest {
		return i
	}
	return n - 1 - i
}

// minuteStretch are the ids of some minutes, Unix minutes, both included.
func minuteStretch(first, last int64) stretch {
	return stretch{message.FirstIDAt(time.UnixMilli(first * 60_000)), message.FirstIDAt(time.UnixMilli((last+1)*60_000)) - 1}
}

// hourStretch are the ids of some hours, Unix hours, both included.
func hourStretch(first, last int64) stretch { return minuteStretch(first*60, last*60+59) }

// before is the last id before a stretch in the order of a list.
func (s stretch) before(oldest bool) message.ID {
	if oldest {
		return s.low - 1
	}
	return s.high + 1
}
