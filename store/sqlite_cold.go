package store

import (
	"fmt"

	"kurir/message"
)

// coldStatements are what a batch writes now and then.
type coldStatements struct {
	configuration          *statement
	inbound, inboundChange *statement
	inboundErase           *statement
	part, partDone         *statement
	held, heldDone         *statement
	meta, revision         *statement
	balance, ledger, topUp *statement
	allowance              *statement
	duplicate, idempotency *statement
	listEntry              *statement
	listEntryGone, optOut  *statement
	network, networksGone  *statement
	series, inboundCase    *statement
	alarm, alarmAck        *statement
	alarmGone              *statement
	resource, resourceGone *statement
	resourcesGone          *statement
	secretKey              *statement
	audit, auditAccount    *statement
	missing, missingGone   *statement
	event, eventAccount    *statement
	eventAccountGone       *statement
	dead, deadGone         *statement
	shareMark              *statement
	mail, mailDone         *statement
	contact, template      *statement
	mailing                *statement
	mailingState           *statement
	mailingWish            *statement
	escalation             *statement
	escalationAck          *statement
	span                   *statement
	conversation           *statement
	seen, unseen           *statement
	request                *statement // with PostgreSQL, in place of idempotency
}

// putEventAccount is upsert with a floor that only rises; both engines know it.
const putEventAccount = `INSERT INTO event_account(account, floor, used) VALUES (?1,?2,?3)
  ON CONFLICT(account) DO UPDATE SET floor = CASE WHEN event_account.floor > excluded.floor THEN event_account.floor ELSE excluded.floor END, used = excluded.used`

func (w *coldStatements) prepare(c *conn) error {
	return prepareAll(c, append(w.shared(),
		preparation{&w.idempotency, write{verb: add, table: "idempotency", keys: 1, columns: "number expires keys:b data:b"}},
	))
}

func (w *coldStatements) preparePostgres(c *conn) error {
	return prepareAll(c, append(w.shared(),
		preparation{&w.request, write{verb: put, table: "idempotency", keys: 1, columns: "key:b request:b answer:b expires"}},
	))
}

// shared are those that both engines have.
func (w *coldStatements) shared() []preparation {
	return []preparation{
		{&w.configuration, write{verb: put, table: "configuration", keys: 1, columns: "number at text:b"}},
		{&w.inbound, write{verb: add, table: "inbound", keys: 1, columns: "id account:t link:t sender:t recipient:t text:t data:b received parts missing rule:t fixed:b owed log:b talk"}},
		{&w.inboundChange, write{verb: change, table: "inbound", keys: 1, columns: "id owed log:b"}},
		{&w.inboundErase, inboundTexts.erase},
		{&w.part, write{verb: add, table: "inbound_part", keys: 1, columns: "id key:t number total received part:b node"}},
		{&w.partDone, write{verb: remove, table: "inbound_part", keys: 1, columns: "id"}},
		{&w.held, write{verb: add, table: "held", keys: 1, columns: "number received report:b node"}},
		{&w.heldDone, write{verb: remove, table: "held", keys: 1, columns: "number"}},
		{&w.meta, write{verb: put, table: "meta", keys: 1, columns: "name:t value"}},
		{&w.revision, write{verb: sum, table: "meta", keys: 1, columns: "name:t value"}},
		{&w.balance, write{verb: put, table: "balance", keys: 1, columns: "account:t balance charged reserved currency:t"}},
		{&w.ledger, write{verb: add, table: "ledger", columns: "at account:t charged reserved balance first last"}},
		{&w.topUp, write{verb: add, table: "top_up", keys: 2, columns: "account:t key:t at amount balance by:t note:t"}},
		{&w.allowance, write{verb: put, table: "allowance", keys: 3, columns: "account:t kind period since used"}},
		{&w.listEntry, write{verb: put, table: "list_entry", keys: 2, columns: "list:t entry:t at by:t note:t"}},
		{&w.listEntryGone, write{verb: remove, table: "list_entry", keys: 2, columns: "list:t entry:t"}},
		{&w.optOut, write{verb: add, table: "opt_out", columns: "account:t phone:t opt_in at wrote:t text:t inbound by:t"}},
		{&w.network, write{verb: put, table: "network", keys: 1, columns: "prefix:t code:t name:t country:t"}},
		{&w.networksGone, write{verb: empty, table: "network"}},
		{&w.series, write{verb: put, table: "series", keys: 1, columns: "name:t period last"}},
		{&w.inboundCase, write{verb: add, table: "inbound_case", keys: 1, columns: "id series:t label:t"}},
		{&w.alarm, write{verb: other, table: "alarm", keys: 1, columns: "id kind:t subject:t text:t began raised ended count acked acked_by:t flags said:t", text: putAlarm}},
		{&w.alarmAck, write{verb: other, table: "alarm", keys: 1, columns: "id acked acked_by:t", text: ackAlarm}},
		{&w.alarmGone, write{verb: remove, table: "alarm", keys: 1, columns: "id"}},
		{&w.resource, write{verb: put, table: "resource", keys: 2, columns: "kind:t name:t position body:t revision changed_at changed_by:t"}},
		{&w.resourceGone, write{verb: remove, table: "resource", keys: 2, columns: "kind:t name:t"}},
		{&w.resourcesGone, write{verb: empty, table: "resource"}},
		{&w.secretKey, write{verb: put, table: "secret_key", keys: 1, columns: "name:t fingerprint:t since"}},
		{&w.audit, write{verb: add, table: "audit", keys: 1, columns: "number at who:t kind:t name:t action:t fields:t data:t"}},
		{&w.auditAccount, write{verb: add, table: "audit_account", keys: 2, columns: "account:t number"}},
		{&w.dead, write{verb: add, table: "dead_letter", columns: "id inbound idx state account:t kind address:t since at tries code text:t"}},
		{&w.deadGone, write{verb: remove, table: "dead_letter", keys: 3, columns: "id inbound idx"}},
		{&w.missing, write{verb: put, table: "missing", keys: 3, columns: "node at id hop"}},
		{&w.missingGone, write{verb: remove, table: "missing", keys: 3, columns: "node at id"}},
		{&w.event, write{verb: add, table: "event", keys: 1, columns: "position account:t data:b"}},
		{&w.eventAccount, write{verb: other, table: "event_account", columns: "account:t floor used", text: putEventAccount}},
		{&w.eventAccountGone, write{verb: remove, table: "event_account", keys: 1, columns: "account:t"}},
		{&w.shareMark, write{verb: other, table: "share", columns: "node mark", text: putShareMark}},
		{&w.mail, write{verb: add, table: "mail", keys: 1, columns: "number node data:b"}},
		{&w.mailDone, write{verb: remove, table: "mail", keys: 1, columns: "number"}},
		{&w.duplicate, write{verb: put, table: "duplicate", keys: 1, columns: "key id expires"}},
		{&w.contact, write{verb: put, table: "contact", keys: 1, columns: "id account:t name:t folded:t mobile:t pager:t mail:t language:t fields:t note:t addresses:t usual:t revision changed_at changed_by:t"}},
		{&w.template, write{verb: put, table: "template", keys: 1, columns: "id account:t name:t folded:t text:t texts:t note:t revision changed_at changed_by:t"}},
		{&w.mailing, write{verb: put, table: "mailing", keys: 1, columns: "id account:t by:t ended state:t request:b counts:b node"}},
		{&w.mailingState, write{verb: other, table: "mailing", keys: 1, columns: "id state:t counts:b node", text: setMailingState}},
		{&w.mailingWish, write{verb: other, table: "mailing", keys: 1, columns: "id wish:t", text: wishMailing}},
		{&w.escalation, write{verb: other, table: "escalation", keys: 1, columns: "id account:t rota:t node ended changed acked acked_by:t request:b body:b", text: putEscalation}},
		{&w.escalationAck, write{verb: other, table: "escalation", keys: 1, columns: "id acked acked_by:t changed", text: ackEscalation}},
		{&w.span, write{verb: put, table: "span", keys: 4, columns: "kind:t name:t node since until state:t"}},
		{&w.conversation, write{verb: other, table: "conversation", keys: 2, columns: "account:t number:t last inbound unread", text: putConversation}},
		{&w.seen, write{verb: other, table: "conversation", keys: 2, columns: "account:t number:t until", text: seeConversation}},
		{&w.unseen, write{verb: other, table: "conversation", keys: 2, columns: "account:t number:t", text: unseeConversation}},
	}
}

func (s *Store) writeConfiguration(number uint32, text []byte) error {
	if number == 0 {
		return nil
	}
	stmt := s.cold.configuration
	stmt.BindInt64(1, int64(number))
	stmt.BindInt64(2, s.now().UnixMilli())
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
		stmt.BindBool(15, in.Talk)
		if err := execute(stmt); err != nil {
			return fmt.Errorf("insert inbound message %s: %w", in.ID, err)
		}
		if err := s.writeCase(in); err != nil {
			return err
		}
		s.zones.mark(zoneInbound, in.ID, in.Account, in.Link, 0, 0)
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

func (s *Store) writeParts(b *Batch, n *tableDeltas) error {
	stmt := s.cold.part
	for i := range b.Parts {
		p := &b.Parts[i]
		stmt.BindInt64(1, int64(p.ID))
		stmt.BindText(2, p.Key)
		stmt.BindInt64(3, int64(p.Number))
		stmt.BindInt64(4, int64(p.Total))
		stmt.BindInt64(5, p.Received)
		s.scratch = appendPart(s.scratch[:0], p.Part)
		stmt.BindBytes(6, s.scratch)
		stmt.BindInt64(7, int64(b.Node))
		if err := s.execCount(stmt, &n.parts, 1); err != nil {
			return fmt.Errorf("insert part %s: %w", p.ID, err)
		}
	}
	for _, id := range b.PartsDone {
		s.cold.partDone.BindInt64(1, int64(id))
		if err := s.execCount(s.cold.partDone, &n.parts, -1); err != nil {
			return fmt.Errorf("remove part %s: %w", id, err)
		}
	}
	return nil
}

func (s *Store) writeHeld(b *Batch, n *tableDeltas) error {
	stmt := s.cold.held
	for i := range b.Held {
		h := &b.Held[i]
		stmt.BindInt64(1, h.Number)
		stmt.BindInt64(2, h.Received)
		s.scratch = appendReport(s.scratch[:0], &h.Report)
		stmt.BindBytes(3, s.scratch)
		stmt.BindInt64(4, int64(b.Node))
		if err := s.execCount(stmt, &n.held, 1); err != nil {
			return fmt.Errorf("insert held receipt %d: %w", h.Number, err)
		}
	}
	for _, number := range b.HeldDone {
		s.cold.heldDone.BindInt64(1, number)
		if err := s.execCount(s.cold.heldDone, &n.held, -1); err != nil {
			return fmt.Errorf("remove held receipt %d: %w", number, err)
		}
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
