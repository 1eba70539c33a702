package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"kurir/message"
)

// Lists by account, link, interface and state are not indexed: that would cost each message more than the rest of its row. Instead table
// zone says where to look, by the time in the ids: of each account, link, interface and state in which minutes of an hour there are messages,
// and in which hours of a day. A bit is written once, in the commit that brings the first message of the minute; memory knows which
// bits are there, so that all others cost a look into a map. A bit may be set where there is nothing any more, for messages change
// their states and go: whoever looks there looks in vain, and finds whatever there is.

// zoneKind says what a row of table zone tells.
type zoneKind uint8

// The kinds. The numbers are stored: never renumber. That of days is the one behind that of hours.
const (
	zoneMessages zoneKind = 1 // bits are the minutes of an hour
	zoneInbound  zoneKind = 3 // likewise, of messages from phones, which have no state
	zoneOfDays   zoneKind = 1 // more: bits are the hours of a day
)

// zoneMost is how many rows are known by heart; with more all are forgotten, and written again as they come.
const zoneMost = 20_000

// zoneKey is a row of table zone. With messages an empty account stands for one that is not known.
type zoneKey struct {
	kind          zoneKind
	span          int64 // Unix hours, or days
	account, link string
	state         message.State
	via           message.Interface
}

// zones are the bits that the writer knows of.
type zones struct {
	known map[zoneKey]uint64 // on disk
	fresh map[zoneKey]uint64 // of the transaction under way

	lately [64]zoneMark // by zoneKey.place: messages that follow each other are mostly alike, and need no look into a map
}

// zoneMark is one bit of a row, which is in known or fresh.
type zoneMark struct {
	zoneKey
	bit uint64
}

// place spreads keys that are in use at the same time.
func (k *zoneKey) place() int {
	n := int(k.state) + len(k.account)*5 + len(k.link)*3
	if k.account != "" {
		n += int(k.account[len(k.account)-1]) * 17
	}
	if k.link != "" {
		n += int(k.link[len(k.link)-1]) * 11
	}
	return n
}

// mark notes that there is a message. The texts are copied if they are kept.
func (z *zones) mark(kind zoneKind, id message.ID, account, link string, state message.State, via message.Interface) {
	minute := id.Millis() / 60_000
	k := zoneKey{kind, minute / 60, account, link, state, via}
	bit := uint64(1) << (minute % 60)
	last := &z.lately[k.place()%len(z.lately)]
	if last.bit == bit && last.zoneKey == k {
		return
	}
	if (z.known[k]|z.fresh[k])&bit != 0 {
		k.account, k.link = strings.Clone(account), strings.Clone(link)
		*last = zoneMark{k, bit}
		return
	}
	if z.fresh == nil {
		z.fresh = map[zoneKey]uint64{}
	}
	k.account, k.link = strings.Clone(account), strings.Clone(link)
	z.fresh[k] |= bit
	day := k
	day.kind, day.span = kind+zoneOfDays, k.span/24
	if bit = 1 << (k.span % 24); z.known[day]&bit == 0 {
		z.fresh[day] |= bit
	}
}

// markMessage notes where a message is that has been accepted.
func (z *zones) markMessage(m *message.Message) {
	link := ""
	if len(m.Links) > 0 {
		link = m.Links[0]
	}
	z.mark(zoneMessages, m.ID, m.Account, link, m.State, m.Via)
}

// markChange notes where a message is whose state has changed.
func (z *zones) markChange(c *Change) {
	z.mark(zoneMessages, c.ID, c.Account, c.Link, c.State, c.Via)
}

// booked is called when the transaction under way is on disk.
func (z *zones) booked() {
	if len(z.fresh) == 0 {
		return
	}
	if z.known == nil || len(z.known)+len(z.fresh) > zoneMost {
		z.known = map[zoneKey]uint64{}
	}
	for k, bits := range z.fresh {
		z.known[k] |= bits
	}
	clear(z.fresh)
}

// unmark is called when the transaction under way has failed.
func (z *zones) unmark() {
	clear(z.fresh)
	z.lately = [len(z.lately)]zoneMark{}
}

// writeZones writes what was marked in the transaction under way.
func (s *Store) writeZones() error {
	if len(s.zones.fresh) == 0 {
		return nil
	}
	// In order, so that two nodes that write the same rows never wait for each other.
	keys := slices.SortedFunc(maps.Keys(s.zones.fresh), func(a, b zoneKey) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.span, b.span), cmp.Compare(a.account, b.account), cmp.Compare(a.link, b.link), cmp.Compare(a.state, b.state), cmp.Compare(a.via, b.via))
	})
	for _, k := range keys {
		stmt := s.hot.zone
		stmt.BindInt64(1, int64(k.kind))
		stmt.BindInt64(2, k.span)
		stmt.BindText(3, k.account)
		stmt.BindText(4, k.link)
		stmt.BindInt64(5, int64(k.state))
		stmt.BindInt64(6, int64(k.via))
		stmt.BindInt64(7, int64(s.zones.fresh[k]))
		if err := execute(stmt); err != nil {
			return fmt.Errorf("write where messages are: %w", err)
		}
	}
	return nil
}

// metaZones is the name of the first id from which on table zone knows every message.
const metaZones = "zones_from"

// beginZones says from which id on table zone knows all, in a database that has messages from before it.
func (s *Store) beginZones(ctx context.Context) error {
	from, err := s.meta(metaZones)
	if err != nil || from != 0 {
		return err
	}
	last, err := s.LastID(ctx)
	if err != nil {
		return err
	}
	return query(s.conn, "INSERT INTO meta(name, value) VALUES ('"+metaZones+"', ?) ON CONFLICT DO NOTHING",
		func(stmt *statement) { stmt.BindInt64(1, int64(last)+1) }, nil)
}

// zonesAhead is for how long what comes is not known when a server is seen that runs a program from before table zone.
const zonesAhead = 2 * partitionEvery

// pushZones is beginZones where several servers share the database: while one of them runs an older program, or this one did until
// now, there are messages that table zone does not know. node is the number of this one. The form 0 is that of a share that
// was moved here from SQLite, with its table zone.
func (s *Store) pushZones(node int64) error {
	list, err := readPostgresMigrations(postgresMigrations)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(list, func(m postgresMigration) bool { return strings.Contains(m.name, "_zone") })
	older := false
	err = query(s.conn, "SELECT 1 FROM share LEFT JOIN node ON node.number = share.node WHERE share.form > 0 AND share.form < ?1 AND (share.node = ?2 OR node.live <> 0) LIMIT 1",
		func(stmt *statement) {
			stmt.BindInt64(1, int64(list[at].number))
			stmt.BindInt64(2, node)
		},
		func(*statement) (bool, error) {
			older = true
			return true, nil
		})
	if err != nil || !older {
		return err
	}
	return query(s.conn, "INSERT INTO meta(name, value) VALUES ('"+metaZones+"', ?1) ON CONFLICT (name) DO UPDATE SET value = greatest(meta.value, excluded.value)",
		func(stmt *statement) { stmt.BindInt64(1, int64(message.FirstIDAt(s.now().Add(zonesAhead)))) }, nil)
}

// retainZones removes rows of times of which there are no messages any more.
func (s *Store) retainZones() (more bool, err error) {
	for _, of := range [...]struct {
		kind  zoneKind
		table string
	}{{zoneMessages, "message"}, {zoneInbound, "inbound"}} {
		oldest := s.now()
		err := query(s.conn, "SELECT min(id) FROM "+of.table, nil, func(stmt *statement) (bool, error) {
			if !stmt.ColumnIsNull(0) {
				oldest = message.ID(stmt.ColumnInt64(0)).Time()
			}
			return false, nil
		})
		var hours, days int
		if err == nil {
			hours, err = s.removeSome(oldZones(of.kind), oldest.Add(-time.Hour).Unix()/3600)
		}
		if err == nil {
			days, err = s.removeSome(oldZones(of.kind+zoneOfDays), oldest.Add(-time.Hour).Unix()/86400)
		}
		if err != nil {
			return false, fmt.Errorf("remove where messages were: %w", err)
		}
		if hours == forgetRows || days == forgetRows {
			return true, nil
		}
	}
	return false, nil
}

// oldZones is the statement that removes rows of a kind before a span, at most so many.
func oldZones(kind zoneKind) string {
	return fmt.Sprintf(`DELETE FROM zone WHERE (kind, span, account, link, state, via) IN
  (SELECT kind, span, account, link, state, via FROM zone WHERE kind = %d AND span < ? LIMIT ?)`, kind)
}
