package store

import (
	"fmt"

	"kurir/message"
)

// hotStatements are the statements that every message passes through, prepared
// once on the writer's connection. A second engine brings a file like this.
type hotStatements struct {
	begin, commit, rollback *statement // SQLite's, as are the journal's and those that move

	message  *statement // insert
	replace  *statement // with PostgreSQL, a message
	progress *statement // insert
	change   *statement // update progress
	erase    *statement // update message

	journal, journalRemove *statement

	grant, grantDone           *statement
	waitingAdd, waitingRemove  *statement
	dueAdd, dueMove, dueRemove *statement
	owedAdd, owedRemove        *statement
	outstanding, outstandingNo *statement
	outstandingMove            *statement
	counter, tally, zone       *statement
}

const (
	messageWritten  = "id account:t sender:t recipient:t reference:t text:t data:b link:t via parts price expires fixed:b"
	progressWritten = "id state owed final log:b"
)

func (h *hotStatements) prepare(c *conn) error {
	for to, text := range map[**statement]string{&h.begin: "BEGIN IMMEDIATE", &h.commit: "COMMIT", &h.rollback: "ROLLBACK", &h.journalRemove: "DELETE FROM journal WHERE number < ?"} {
		stmt, err := c.prepared(text)
		if err != nil {
			return fmt.Errorf("prepare a statement: %w", err)
		}
		*to = stmt
	}
	return prepareAll(c, append(h.spilling(),
		preparation{&h.journal, write{verb: add, table: "journal", keys: 1, columns: "number data:b"}},
		preparation{&h.message, write{verb: put, table: "message", keys: 1, columns: messageWritten}},
		preparation{&h.progress, write{verb: put, table: "progress", keys: 1, columns: progressWritten}},
		preparation{&h.dueMove, write{verb: change, table: "due", keys: 1, columns: "id at node"}},
		preparation{&h.outstandingMove, write{verb: change, table: "outstanding", keys: 2, columns: "key id deadline node"}},
	))
}

// spilling are those that both engines have.
func (h *hotStatements) spilling() []preparation {
	return []preparation{
		{&h.change, write{verb: change, table: "progress", keys: 1, columns: progressWritten, once: true}},
		{&h.erase, messageTexts.erase},
		{&h.grant, write{verb: put, table: "granted", keys: 1, columns: "number link:t session at ids:b node"}},
		{&h.grantDone, write{verb: remove, table: "granted", keys: 1, columns: "number"}},
		{&h.waitingAdd, write{verb: unless, table: "waiting", keys: 5, columns: "node link:t priority account:t id expires"}},
		{&h.waitingRemove, write{verb: remove, table: "waiting", keys: 5, columns: "node link:t priority account:t id"}},
		{&h.dueAdd, write{verb: unless, table: "due", keys: 1, columns: "id at node", moves: true}},
		{&h.dueRemove, write{verb: remove, table: "due", keys: 1, columns: "id"}},
		{&h.owedAdd, write{verb: unless, table: "owed", keys: 6, columns: "node queue:t due id inbound idx"}},
		{&h.owedRemove, write{verb: remove, table: "owed", keys: 6, columns: "node queue:t due id inbound idx"}},
		{&h.outstanding, write{verb: unless, table: "outstanding", keys: 2, columns: "key id deadline node", moves: true}},
		{&h.outstandingNo, write{verb: remove, table: "outstanding", keys: 2, columns: "key id"}},
		{&h.counter, write{verb: sum, table: "counter", keys: 4, columns: "hour account:t link:t what:t n"}},
		{&h.zone, write{verb: join, table: "zone", keys: 6, columns: "kind span account:t link:t state via bits"}},
		{&h.tally, write{verb: sum, table: "tally", keys: 5, columns: "kind hour account:t link:t detail:t n"}},
	}
}

func (s *Store) writeProgress(stmt *statement, id message.ID, p *message.Progress, again bool) error {
	stmt.BindInt64(1, int64(id))
	stmt.BindInt64(2, int64(p.State))
	stmt.BindBool(3, p.Owed)
	stmt.BindInt64(4, p.Final)
	if s.pg == nil {
		s.scratch = s.pad.appendLog(s.scratch[:0], p, again)
	} else {
		s.scratch = appendText(s.scratch[:0], p.Log)
	}
	stmt.BindBytes(5, s.scratch)
	return execute(stmt)
}

// bindAddress binds an address as people write it.
func (s *Store) bindAddress(stmt *statement, param int, a message.Address) {
	if a.TON == message.TONInternational {
		stmt.BindText(param, "+"+a.Number) // does not escape: no allocation up to 32 octets
		return
	}
	stmt.BindText(param, a.Number)
}

// bindContent binds text and octets to param and the one behind.
func (s *Store) bindContent(stmt *statement, param int, c *message.Content) {
	bindTextOrNull(stmt, param, c.Text)
	s.scratch = appendData(s.scratch[:0], c)
	if len(s.scratch) == 0 {
		stmt.BindNull(param + 1)
		return
	}
	stmt.BindBytes(param+1, s.scratch)
}

func bindTextOrNull(stmt *statement, param int, text string) {
	if text == "" {
		stmt.BindNull(param)
		return
	}
	stmt.BindText(param, text)
}

func (s *Store) writeErased(list []message.ID) error {
	for _, id := range list {
		s.hot.erase.BindInt64(1, int64(id))
		if err := execute(s.hot.erase); err != nil {
			return fmt.Errorf("erase the text of %s: %w", id, err)
		}
	}
	return nil
}

func (s *Store) writeGrant(g *Grant) error {
	stmt := s.hot.grant
	stmt.BindInt64(1, g.Number)
	stmt.BindText(2, g.Link)
	stmt.BindInt64(3, int64(g.Session))
	stmt.BindInt64(4, g.At)
	s.scratch = appendIDs(s.scratch[:0], g.IDs)
	stmt.BindBytes(5, s.scratch)
	stmt.BindInt64(6, int64(g.Node))
	if err := execute(stmt); err != nil {
		return fmt.Errorf("insert grant %d: %w", g.Number, err)
	}
	return nil
}

func (s *Store) writeCounter(c *Counter) error {
	if kind, is := tallyKind(c.What); is {
		return s.writeTally(kind, c)
	}
	stmt := s.hot.counter
	stmt.BindInt64(1, c.Hour)
	stmt.BindText(2, c.Account)
	stmt.BindText(3, c.Link)
	stmt.BindText(4, c.What)
	stmt.BindInt64(5, c.N)
	if err := execute(stmt); err != nil {
		return fmt.Errorf("add to counter %s: %w", c.What, err)
	}
	return nil
}
