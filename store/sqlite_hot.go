package store

import (
	"fmt"

	"zombiezen.com/go/sqlite"

	"kurir/message"
)

// hotStatements are the statements that every message passes through, prepared
// once on the writer's connection. A second engine brings a file like this.
type hotStatements struct {
	begin, commit, rollback *sqlite.Stmt

	message  *sqlite.Stmt // insert
	progress *sqlite.Stmt // insert
	change   *sqlite.Stmt // update progress
	erase    *sqlite.Stmt // update message

	journal, journalRemove *sqlite.Stmt

	grant, grantDone           *sqlite.Stmt
	waitingAdd, waitingRemove  *sqlite.Stmt
	dueAdd, dueMove, dueRemove *sqlite.Stmt
	owedAdd, owedRemove        *sqlite.Stmt
	outstanding, outstandingNo *sqlite.Stmt
	outstandingMove            *sqlite.Stmt
	counter                    *sqlite.Stmt
}

// preparation names a statement to prepare and where it goes.
type preparation struct {
	to   **sqlite.Stmt
	text string
}

func prepareAll(c *conn, list []preparation) error {
	for _, p := range list {
		stmt, err := c.prepared(p.text)
		if err != nil {
			return fmt.Errorf("prepare a statement: %w", err)
		}
		*p.to = stmt
	}
	return nil
}

func (h *hotStatements) prepare(c *conn) error {
	return prepareAll(c, []preparation{
		{&h.begin, "BEGIN IMMEDIATE"},
		{&h.commit, "COMMIT"},
		{&h.rollback, "ROLLBACK"},
		{&h.journal, "INSERT INTO journal(number, data) VALUES (?,?)"},
		{&h.journalRemove, "DELETE FROM journal WHERE number < ?"},
		{&h.message, "INSERT OR REPLACE INTO message(id, account, sender, recipient, reference, text, data, link, via, parts, price, expires, fixed) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"},
		{&h.progress, "INSERT OR REPLACE INTO progress(id, state, owed, final, log) VALUES (?,?,?,?,?)"},
		{&h.change, "UPDATE progress SET state = ?2, owed = ?3, final = ?4, log = ?5 WHERE id = ?1"},
		{&h.erase, messageTexts.erase},
		{&h.grant, "INSERT OR REPLACE INTO granted(number, link, session, at, ids) VALUES (?,?,?,?,?)"},
		{&h.grantDone, "DELETE FROM granted WHERE number = ?"},
		{&h.waitingAdd, "INSERT OR IGNORE INTO waiting(link, priority, account, id, expires) VALUES (?,?,?,?,?)"},
		{&h.waitingRemove, "DELETE FROM waiting WHERE link = ? AND priority = ? AND account = ? AND id = ?"},
		{&h.dueAdd, "INSERT OR IGNORE INTO due(id, at) VALUES (?,?)"},
		{&h.dueMove, "UPDATE due SET at = ?2 WHERE id = ?1"},
		{&h.dueRemove, "DELETE FROM due WHERE id = ?"},
		{&h.owedAdd, "INSERT OR IGNORE INTO owed(queue, due, id, inbound, idx) VALUES (?,?,?,?,?)"},
		{&h.owedRemove, "DELETE FROM owed WHERE queue = ? AND due = ? AND id = ? AND inbound = ? AND idx = ?"},
		{&h.outstanding, "INSERT OR IGNORE INTO outstanding(key, id, deadline) VALUES (?,?,?)"},
		{&h.outstandingMove, "UPDATE outstanding SET deadline = ?3 WHERE key = ?1 AND id = ?2"},
		{&h.outstandingNo, "DELETE FROM outstanding WHERE key = ? AND id = ?"},
		{&h.counter, "INSERT INTO counter(hour, account, link, what, n) VALUES (?,?,?,?,?) ON CONFLICT DO UPDATE SET n = n + excluded.n"},
	})
}

// execute runs a statement that returns no rows, its arguments bound before.
func execute(stmt *sqlite.Stmt) error {
	if _, err := stmt.Step(); err != nil {
		return err // Step has reset it
	}
	return stmt.Reset()
}

func (s *Store) writeProgress(stmt *sqlite.Stmt, id message.ID, p *message.Progress, again bool) error {
	stmt.BindInt64(1, int64(id))
	stmt.BindInt64(2, int64(p.State))
	stmt.BindBool(3, p.Owed)
	stmt.BindInt64(4, p.Final)
	s.scratch = s.pad.appendLog(s.scratch[:0], p, again)
	stmt.BindBytes(5, s.scratch)
	return execute(stmt)
}

// bindAddress binds an address as people write it.
func (s *Store) bindAddress(stmt *sqlite.Stmt, param int, a message.Address) {
	if a.TON == message.TONInternational {
		stmt.BindText(param, "+"+a.Number) // does not escape: no allocation up to 32 octets
		return
	}
	stmt.BindText(param, a.Number)
}

// bindContent binds text and octets to param and the one behind.
func (s *Store) bindContent(stmt *sqlite.Stmt, param int, c *message.Content) {
	bindTextOrNull(stmt, param, c.Text)
	s.scratch = appendData(s.scratch[:0], c)
	if len(s.scratch) == 0 {
		stmt.BindNull(param + 1)
		return
	}
	stmt.BindBytes(param+1, s.scratch)
}

func bindTextOrNull(stmt *sqlite.Stmt, param int, text string) {
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
	if err := execute(stmt); err != nil {
		return fmt.Errorf("insert grant %d: %w", g.Number, err)
	}
	return nil
}

func (s *Store) writeCounter(c *Counter) error {
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
