package store

import (
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"

	"kurir/message"
)

// coldStatements are what a batch writes now and then.
type coldStatements struct {
	configuration          *sqlite.Stmt
	inbound, inboundChange *sqlite.Stmt
	inboundErase           *sqlite.Stmt
	part, partDone         *sqlite.Stmt
	held, heldDone         *sqlite.Stmt
	mark                   *sqlite.Stmt
	balance, ledger, topUp *sqlite.Stmt
	duplicate, idempotency *sqlite.Stmt
	listEntry              *sqlite.Stmt
	listEntryGone, optOut  *sqlite.Stmt
	network, networksGone  *sqlite.Stmt
	series, inboundCase    *sqlite.Stmt
	alarm, alarmGone       *sqlite.Stmt
	resource, resourceGone *sqlite.Stmt
	audit                  *sqlite.Stmt
	missing, missingGone   *sqlite.Stmt
	event, eventAccount    *sqlite.Stmt
	eventAccountGone       *sqlite.Stmt
	dead, deadGone         *sqlite.Stmt
}

func (w *coldStatements) prepare(c *conn) error {
	return prepareAll(c, []preparation{
		{&w.configuration, "INSERT OR REPLACE INTO configuration(number, at, text) VALUES (?,?,?)"},
		{&w.inbound, "INSERT INTO inbound(id, account, link, sender, recipient, text, data, received, parts, missing, rule, fixed, owed, log) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"},
		{&w.inboundChange, "UPDATE inbound SET owed = ?2, log = ?3 WHERE id = ?1"},
		{&w.inboundErase, inboundTexts.erase},
		{&w.part, "INSERT INTO inbound_part(id, key, number, total, received, part) VALUES (?,?,?,?,?,?)"},
		{&w.partDone, "DELETE FROM inbound_part WHERE id = ?"},
		{&w.held, "INSERT INTO held(number, received, report) VALUES (?,?,?)"},
		{&w.heldDone, "DELETE FROM held WHERE number = ?"},
		{&w.mark, "INSERT OR REPLACE INTO meta(name, value) VALUES ('mark', ?)"},
		{&w.balance, "INSERT OR REPLACE INTO balance(account, balance, charged, reserved, currency) VALUES (?,?,?,?,?)"},
		{&w.ledger, "INSERT INTO ledger(at, account, charged, reserved, balance, first, last) VALUES (?,?,?,?,?,?,?)"},
		{&w.topUp, "INSERT INTO top_up(account, key, at, amount, balance, by, note) VALUES (?,?,?,?,?,?,?)"},
		{&w.listEntry, "INSERT OR REPLACE INTO list_entry(list, entry, at, by, note) VALUES (?,?,?,?,?)"},
		{&w.listEntryGone, "DELETE FROM list_entry WHERE list = ? AND entry = ?"},
		{&w.optOut, "INSERT INTO opt_out(account, phone, opt_in, at, wrote, text, inbound, by) VALUES (?,?,?,?,?,?,?,?)"},
		{&w.network, "INSERT OR REPLACE INTO network(prefix, code, name, country) VALUES (?,?,?,?)"},
		{&w.networksGone, "DELETE FROM network"},
		{&w.series, "INSERT OR REPLACE INTO series(name, period, last) VALUES (?,?,?)"},
		{&w.inboundCase, "INSERT INTO inbound_case(id, series, label) VALUES (?,?,?)"},
		{&w.alarm, "INSERT OR REPLACE INTO alarm(id, kind, subject, text, began, raised, ended, count, acked, acked_by, flags) VALUES (?,?,?,?,?,?,?,?,?,?,?)"},
		{&w.alarmGone, "DELETE FROM alarm WHERE id = ?"},
		{&w.resource, "INSERT OR REPLACE INTO resource(kind, name, position, body, revision, changed_at, changed_by) VALUES (?,?,?,?,?,?,?)"},
		{&w.resourceGone, "DELETE FROM resource WHERE kind = ? AND name = ?"},
		{&w.audit, "INSERT INTO audit(number, at, who, kind, name, action, fields) VALUES (?,?,?,?,?,?,?)"},
		{&w.dead, "INSERT OR REPLACE INTO dead_letter(id, inbound, idx, state, account, kind, address, since, at, tries, code, text) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"},
		{&w.deadGone, "DELETE FROM dead_letter WHERE id = ? AND inbound = ? AND idx = ?"},
		{&w.missing, "INSERT OR REPLACE INTO missing(at, id, hop) VALUES (?,?,?)"},
		{&w.missingGone, "DELETE FROM missing WHERE at = ? AND id = ?"},
		{&w.event, "INSERT INTO event(position, account, data) VALUES (?,?,?)"},
		{&w.eventAccount, "INSERT INTO event_account(account, floor, used) VALUES (?,?,?) ON CONFLICT(account) DO UPDATE SET floor = max(floor, excluded.floor), used = excluded.used"},
		{&w.eventAccountGone, "DELETE FROM event_account WHERE account = ?"},
		{&w.duplicate, "INSERT OR REPLACE INTO duplicate(key, id, expires) VALUES (?,?,?)"},
		{&w.idempotency, "INSERT INTO idempotency(number, expires, keys, data) VALUES (?,?,?,?)"},
	})
}

func (s *Store) writeConfiguration(number uint32, text []byte) error {
	if number == 0 {
		return nil
	}
	stmt := s.cold.configuration
	stmt.BindInt64(1, int64(number))
	stmt.BindInt64(2, time.Now().UnixMilli())
	stmt.BindBytes(3, text)
	if err := execute(stmt); err != nil {
		return fmt.Errorf("insert configuration %d: %w", number, err)
	}
	return nil
}

func (s *Store) writeInbound(list []*message.Inbound, changed []InboundChange) error {
	stmt := s.cold.inbound
	for _, in := range list {
		stmt.BindInt64(1, int64(in.ID))
		stmt.BindText(2, in.Account)
		stmt.BindText(3, in.Link)
		s.bindAddress(stmt, 4, in.From)
		s.bindAddress(stmt, 5, in.To)
		s.bindContent(stmt, 6, &in.Content)
		stmt.BindInt64(8, in.Received)
		stmt.BindInt64(9, int64(in.Parts))
		stmt.BindInt64(10, int64(in.Missing))
		stmt.BindText(11, in.Rule)
		s.scratch = appendInboundFixed(s.scratch[:0], in)
		stmt.BindBytes(12, s.scratch)
		stmt.BindInt64(13, int64(in.Owed))
		stmt.BindBytes(14, in.Log)
		if err := execute(stmt); err != nil {
			return fmt.Errorf("insert inbound message %s: %w", in.ID, err)
		}
		if err := s.writeCase(in); err != nil {
			return err
		}
	}
	stmt = s.cold.inboundChange
	for i := range changed {
		c := &changed[i]
		stmt.BindInt64(1, int64(c.ID))
		stmt.BindInt64(2, int64(c.Owed))
		stmt.BindBytes(3, c.Log)
		if err := execute(stmt); err != nil {
			return fmt.Errorf("update inbound message %s: %w", c.ID, err)
		}
		if c.Owed != 0 || !s.inboundTexts.due(c.ID) {
			continue
		}
		s.cold.inboundErase.BindInt64(1, int64(c.ID))
		if err := execute(s.cold.inboundErase); err != nil {
			return fmt.Errorf("erase the text of inbound message %s: %w", c.ID, err)
		}
	}
	return nil
}

func (s *Store) writeParts(parts []InboundPart, done []message.ID, n *tableDeltas) error {
	stmt := s.cold.part
	for i := range parts {
		p := &parts[i]
		stmt.BindInt64(1, int64(p.ID))
		stmt.BindText(2, p.Key)
		stmt.BindInt64(3, int64(p.Number))
		stmt.BindInt64(4, int64(p.Total))
		stmt.BindInt64(5, p.Received)
		s.scratch = appendPart(s.scratch[:0], p.Part)
		stmt.BindBytes(6, s.scratch)
		if err := execute(stmt); err != nil {
			return fmt.Errorf("insert part %s: %w", p.ID, err)
		}
		n.parts++
	}
	for _, id := range done {
		s.cold.partDone.BindInt64(1, int64(id))
		gone, err := s.execCount(s.cold.partDone)
		if err != nil {
			return fmt.Errorf("remove part %s: %w", id, err)
		}
		n.parts -= gone
	}
	return nil
}

func (s *Store) writeHeld(held []HeldReport, done []int64, n *tableDeltas) error {
	stmt := s.cold.held
	for i := range held {
		h := &held[i]
		stmt.BindInt64(1, h.Number)
		stmt.BindInt64(2, h.Received)
		s.scratch = appendReport(s.scratch[:0], &h.Report)
		stmt.BindBytes(3, s.scratch)
		if err := execute(stmt); err != nil {
			return fmt.Errorf("insert held receipt %d: %w", h.Number, err)
		}
		n.held++
	}
	for _, number := range done {
		s.cold.heldDone.BindInt64(1, number)
		gone, err := s.execCount(s.cold.heldDone)
		if err != nil {
			return fmt.Errorf("remove held receipt %d: %w", number, err)
		}
		n.held -= gone
	}
	return nil
}

func (s *Store) writeMark(mark message.ID) error {
	if mark == 0 {
		return nil
	}
	s.cold.mark.BindInt64(1, int64(mark))
	if err := execute(s.cold.mark); err != nil {
		return fmt.Errorf("write the mark: %w", err)
	}
	return nil
}

func (s *Store) writeDuplicates(duplicates []DuplicateKey) error {
	stmt := s.cold.duplicate
	for i := range duplicates {
		d := &duplicates[i]
		stmt.BindInt64(1, int64(d.Key))
		stmt.BindInt64(2, int64(d.ID))
		stmt.BindInt64(3, d.Expires)
		if err := execute(stmt); err != nil {
			return fmt.Errorf("remember %s: %w", d.ID, err)
		}
	}
	return nil
}
