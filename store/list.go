package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"kurir/message"
)

// Filter says which messages, or inbound messages, a list holds. Zero fields
// do not narrow it.
type Filter struct {
	ID           message.ID // that message only; less than 0 for none at all
	Account      string
	States       []message.State // messages only
	From, To     message.Address // the number decides; TON and NPI are not compared
	Reference    string          // messages only
	Link         string          // the first candidate of a message; the link of an inbound message
	Via          message.Interface
	Dimension    string    // messages only: a cost dimension and its value, as name=value
	Series, Case string    // inbound messages only: the series of its case number, and that itself
	Rule, Tag    string    // inbound messages only: the rule that matched, and the tag that rules gave
	Unmatched    bool      // inbound messages only: those that are nobody's and met no rule
	Since, Until time.Time // when it was accepted or came: from Since on, before Until

	Oldest bool       // oldest first, else newest first
	After  message.ID // go on behind this one: what the last page returned
	Limit  int        // at most this many, 1 to 1000; 0 means 100
}

const (
	listDefault = 100
	listMost    = 1000
	// listExamine bounds how many rows one call looks at.
	listExamine = 20000
	// lookupExamine bounds it where the index gave the rows, one by one.
	lookupExamine = 5000
)

func (f *Filter) limit() int {
	if f.Limit <= 0 {
		return listDefault
	}
	return min(f.Limit, listMost)
}

// bounds returns the ids that the list may hold, both included.
func (f *Filter) bounds() (low, high message.ID) {
	low, high = 1, 1<<63-1
	if !f.Since.IsZero() {
		low = max(low, message.FirstIDAt(f.Since))
	}
	if !f.Until.IsZero() {
		high = message.FirstIDAt(f.Until) - 1
	}
	if f.ID != 0 {
		low, high = max(low, f.ID), min(high, f.ID)
	}
	if f.After != 0 {
		if f.Oldest {
			low = max(low, f.After+1)
		} else {
			high = min(high, f.After-1)
		}
	}
	return low, high
}

// condition is SQL with its arguments that tells whether a row is wanted.
type condition struct {
	terms []string
	args  []any // string, int64 or []byte
}

func (w *condition) add(term string, args ...any) {
	w.terms = append(w.terms, term)
	w.args = append(w.args, args...)
}

// text returns the condition; the number of its forms is small, so that the
// statements stay prepared.
func (w *condition) text() string {
	if len(w.terms) == 0 {
		return "1 = 1"
	}
	return strings.Join(w.terms, " AND ")
}

func (w *condition) bind(stmt *statement, first int) {
	for i, a := range w.args {
		switch v := a.(type) {
		case string:
			stmt.BindText(first+i, v)
		case int64:
			stmt.BindInt64(first+i, v)
		case []byte:
			stmt.BindBytes(first+i, v)
		}
	}
}

// address narrows to a number, as it stands or with a plus before it.
func (w *condition) address(column string, a message.Address) {
	if a.Number != "" {
		number := strings.TrimPrefix(a.Number, "+")
		w.add(column+" IN (?, ?)", number, "+"+number)
	}
}

// wants tells whether the filter is for messages in a state.
func (f *Filter) wants(state message.State) bool {
	return len(f.States) == 0 || slices.Contains(f.States, state)
}

// matches tells what messageCondition and wants tell, of a message that is not
// in the tables yet.
func (f *Filter) matches(m *message.Message) bool {
	number := func(want, have message.Address) bool {
		return want.Number == "" || strings.TrimPrefix(want.Number, "+") == strings.TrimPrefix(have.Number, "+")
	}
	return (f.Account == "" || f.Account == m.Account) && f.wants(m.State) && number(f.From, m.From) && number(f.To, m.To) &&
		(f.Reference == "" || f.Reference == m.Reference) && (f.Link == "" || len(m.Links) > 0 && f.Link == m.Links[0]) &&
		(f.Via == message.ViaUnknown || f.Via == m.Via) && f.putDown(m)
}

// putDown tells whether a message's cost is put down to what the filter says.
func (f *Filter) putDown(m *message.Message) bool {
	if f.Dimension == "" {
		return true
	}
	name, value, _ := strings.Cut(f.Dimension, "=")
	return value != "" && m.Dimensions().Value(name) == value
}

// messageCondition is the condition but for the state, of which the journal may
// know more than the tables.
func (f *Filter) messageCondition() *condition {
	w := new(condition)
	if f.Account != "" {
		w.add("m.account = ?", f.Account)
	}
	w.address("m.sender", f.From)
	w.address("m.recipient", f.To)
	if f.Reference != "" {
		w.add("m.reference = ?", f.Reference)
	}
	if f.Link != "" {
		w.add("m.link = ?", f.Link)
	}
	if f.Via != message.ViaUnknown {
		w.add("m.via = ?", int64(f.Via))
	}
	if f.Dimension != "" { // perhaps; Messages looks whether it is
		w.add("instr(m.fixed, ?) > 0", []byte(f.Dimension))
	}
	return w
}

// Messages returns a page of the messages that f describes. next is where the
// following page begins (Filter.After), 0 when there is none. A page may be
// short, even empty, and still have a next: then as many rows as one call may
// look at did not match.
func (s *Store) Messages(ctx context.Context, f Filter) (list []*message.Message, next message.ID, err error) {
	ids, next, err := s.matchingMessages(ctx, &f)
	if err != nil {
		return nil, 0, fmt.Errorf("list messages: %w", err)
	}
	list, err = s.MessagesByID(ctx, ids)
	if f.Dimension != "" {
		list = slices.DeleteFunc(list, func(m *message.Message) bool { return !f.putDown(m) })
	}
	return list, next, err
}

func (s *Store) matchingMessages(ctx context.Context, f *Filter) (ids []message.ID, next message.ID, err error) {
	low, high := f.bounds()
	where := f.messageCondition()
	key, indexed := f.key()
	if s.pg != nil {
		err = s.read(ctx, func(c *conn) error {
			z := f.zones(zoneMessages)
			if indexed {
				z = nil
			}
			ids, next, err = z.page(c, low, high, f, func(at stretch, limit, examine int) ([]message.ID, message.ID, int, error) {
				return s.scanPostgres(c, where, at, f, limit, examine)
			})
			return err
		})
		return ids, next, err
	}
	if indexed {
		err = s.read(ctx, func(c *conn) error {
			ids, next, err = s.lookup(c, key, where, low, high, f)
			return err
		})
		return ids, next, err
	}
	newest, stop, err := s.pending.matching(f, low, high)
	if err != nil {
		return nil, 0, err
	}
	state := func(id message.ID, state message.State) bool {
		if r, pending := s.pending.look(id); pending {
			state = r.State
		}
		return f.wants(state)
	}
	err = s.read(ctx, func(c *conn) error {
		ids, next, err = f.zones(zoneMessages).page(c, low, high, f, func(at stretch, limit, examine int) ([]message.ID, message.ID, int, error) {
			t := f.scanned(where, state)
			return t.scan(c, at, f.Oldest, limit, examine)
		})
		return err
	})
	ids, next = f.merge(newest, stop, ids, next)
	return ids, next, err
}

// merge makes one page of two: what the journal has and what the tables have,
// each complete up to its own next (0: to the end).
func (f *Filter) merge(a []message.ID, aNext message.ID, b []message.ID, bNext message.ID) (ids []message.ID, next message.ID) {
	before := func(x, y message.ID) bool { return f.Oldest && x < y || !f.Oldest && x > y }
	next = aNext
	if next == 0 || bNext != 0 && before(bNext, next) {
		next = bNext
	}
	ids = slices.Concat(a, b)
	slices.SortFunc(ids, func(x, y message.ID) int {
		if f.Oldest {
			return cmp.Compare(x, y)
		}
		return cmp.Compare(y, x)
	})
	ids = slices.Compact(ids)
	if next != 0 {
		ids = slices.DeleteFunc(ids, func(id message.ID) bool { return before(next, id) })
	}
	if limit := f.limit(); len(ids) > limit {
		ids = ids[:limit]
		next = ids[limit-1]
	}
	return ids, next
}

const messageTables = "message m JOIN progress p ON p.id = m.id"

// key returns the key of the index by which f can be answered, if any.
func (f *Filter) key() (key uint64, ok bool) {
	switch {
	case f.Reference != "":
		return indexKey(referenceKey, f.Reference), true
	case f.To.Number != "":
		return indexKey(recipientKey, strings.TrimPrefix(f.To.Number, "+")), true
	}
	return 0, false
}

// lookup walks the candidates of a key and returns the ids of the rows that
// match.
func (s *Store) lookup(c *conn, key uint64, where *condition, low, high message.ID, f *Filter) (ids []message.ID, next message.ID, err error) {
	candidates, err := s.candidates(c, key, low, high, f.Oldest, lookupExamine+1)
	if err != nil {
		return nil, 0, err
	}
	text := "SELECT " + where.text() + ", p.state FROM " + messageTables + " WHERE m.id = ?"
	limit := f.limit()
	for i, id := range candidates {
		if i == lookupExamine || len(ids) == limit {
			return ids, next, nil
		}
		next = id
		newest, pending := s.pending.look(id)
		if newest.body != nil {
			m, err := newest.message()
			if err != nil {
				return nil, 0, err
			}
			if f.matches(m) {
				ids = append(ids, id)
			}
			continue
		}
		err := query(c, text,
			func(stmt *statement) {
				where.bind(stmt, 1)
				stmt.BindInt64(len(where.args)+1, int64(id))
			},
			func(stmt *statement) (bool, error) {
				state := message.State(stmt.ColumnInt64(1))
				if pending {
					state = newest.State
				}
				if stmt.ColumnBool(0) && f.wants(state) {
					ids = append(ids, id)
				}
				return false, nil
			})
		if err != nil {
			return nil, 0, err
		}
	}
	return ids, 0, nil
}

// MessagesByReference returns up to n messages of an account (empty: of any)
// that bear the customer's reference, newest first.
func (s *Store) MessagesByReference(ctx context.Context, account, reference string, n int) ([]*message.Message, error) {
	list, _, err := s.Messages(ctx, Filter{Account: account, Reference: reference, Limit: n})
	return list, err
}

// InboundList returns a page of inbound messages, as Messages does.
func (s *Store) InboundList(ctx context.Context, f Filter) (list []*message.Inbound, next message.ID, err error) {
	low, high := f.bounds()
	w := new(condition)
	if f.Account != "" {
		w.add("account = ?", f.Account)
	}
	w.address("sender", f.From)
	w.address("recipient", f.To)
	if f.Link != "" {
		w.add("link = ?", f.Link)
	}
	if f.Rule != "" {
		w.add("rule = ?", f.Rule)
	}
	if f.Tag != "" { // perhaps; the list is looked through
		w.add("instr(fixed, ?) > 0", []byte(f.Tag))
	}
	if f.Unmatched {
		w.add("account = '' AND rule = ''")
	}
	table, id := "inbound", "inbound.id"
	if f.Series != "" || f.Case != "" {
		table, id = "inbound_case c JOIN inbound ON inbound.id = c.id", "c.id"
	}
	if f.Series != "" {
		w.add("c.series = ?", f.Series)
	}
	if f.Case != "" {
		w.add("c.label = ?", f.Case)
	}
	var ids []message.ID
	err = s.read(ctx, func(c *conn) (err error) {
		if f.Case != "" {
			if low, high, err = casesWithin(c, f.Case, low, high); err != nil {
				return err
			}
		}
		z := f.zones(zoneInbound)
		if f.Case != "" { // which says better where to look
			z = nil
		}
		ids, next, err = z.page(c, low, high, &f, func(at stretch, limit, examine int) ([]message.ID, message.ID, int, error) {
			t := scanned{table: table, id: id, state: "0", where: w}
			return t.scan(c, at, f.Oldest, limit, examine)
		})
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("list inbound messages: %w", err)
	}
	list, err = s.InboundByID(ctx, ids)
	if f.Tag != "" {
		list = slices.DeleteFunc(list, func(in *message.Inbound) bool { return in.Tag != f.Tag })
	}
	return list, next, err
}
