package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"kurir/message"
)

// The journal: what a batch says of messages is written as one row of octets,
// and the rows of tables message and progress only when a message has come to
// rest (settle.go). So a message whose life is short is written to the tables
// once and not four times.
//
// Layout of journal.data: version; uvarint number of new messages, and each as
// varint difference of its id to the one before, its body as text, its
// progress with the whole log; uvarint number of changes, and each as varint
// difference of its id, and its progress; uvarint number of messages whose texts
// are erased, and the varint difference of each id; uvarint number of messages
// that were replaced, and each as varint difference of its id and its new body
// as text; grants and counters (journal_side.go). A *progress* is state, owed, uvarint
// final, uvarint number of octets of the log that an earlier row of the journal
// has, and the rest of the log as text.
//
// A *body* is the columns of table message behind the id, in their order: texts
// and blobs as texts, numbers as varints.

// appendBody appends the body of a message.
func (s *Store) appendBody(dst []byte, m *message.Message) []byte {
	dst = appendText(dst, m.Account)
	dst = appendShown(dst, m.From)
	dst = appendShown(dst, m.To)
	dst = appendText(dst, m.Reference)
	dst = appendText(dst, m.Content.Text)
	s.scratch = appendData(s.scratch[:0], &m.Content)
	dst = appendText(dst, s.scratch)
	link := ""
	if len(m.Links) > 0 {
		link = m.Links[0]
	}
	dst = appendText(dst, link)
	for _, n := range [...]int64{int64(m.Via), int64(m.Parts), m.Price, m.Expires} {
		dst = binary.AppendVarint(dst, n)
	}
	s.scratch = appendFixed(s.scratch[:0], m)
	return appendText(dst, s.scratch)
}

// appendShown appends an address as people write it, as a text.
func appendShown(dst []byte, a message.Address) []byte {
	if a.TON == message.TONInternational {
		dst = binary.AppendUvarint(dst, uint64(len(a.Number)+1))
		return append(append(dst, '+'), a.Number...)
	}
	return appendText(dst, a.Number)
}

// body is a body taken apart; its octets are those of the journal.
type body struct {
	account, sender, recipient, reference, text, data, link, fixed []byte
	via, parts, price, expires                                     int64
}

func readBody(b []byte) (f body, err error) {
	r := blobReader{rest: b}
	for _, field := range [...]*[]byte{&f.account, &f.sender, &f.recipient, &f.reference, &f.text, &f.data, &f.link} {
		*field = r.octets()
	}
	for _, field := range [...]*int64{&f.via, &f.parts, &f.price, &f.expires} {
		*field = r.varint()
	}
	f.fixed = r.octets()
	return f, r.err()
}

// append puts a body together again.
func (f *body) append(dst []byte) []byte {
	for _, field := range [...][]byte{f.account, f.sender, f.recipient, f.reference, f.text, f.data, f.link} {
		dst = appendText(dst, field)
	}
	for _, n := range [...]int64{f.via, f.parts, f.price, f.expires} {
		dst = binary.AppendVarint(dst, n)
	}
	return appendText(dst, f.fixed)
}

// shared shows octets as a string without copying them: for as long as nobody
// writes to them.
func shared(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// bind binds a body to the statement that inserts a row of table message.
func (f *body) bind(stmt *statement, id message.ID) {
	stmt.BindInt64(1, int64(id))
	stmt.BindText(2, shared(f.account))
	stmt.BindText(3, shared(f.sender))
	stmt.BindText(4, shared(f.recipient))
	bindTextOrNull(stmt, 5, shared(f.reference))
	bindTextOrNull(stmt, 6, shared(f.text))
	if len(f.data) == 0 {
		stmt.BindNull(7)
	} else {
		stmt.BindBytes(7, f.data)
	}
	bindTextOrNull(stmt, 8, shared(f.link))
	stmt.BindInt64(9, f.via)
	stmt.BindInt64(10, f.parts)
	stmt.BindInt64(11, f.price)
	stmt.BindInt64(12, f.expires)
	stmt.BindBytes(13, f.fixed)
}

// message makes a message of a body, without its progress.
func (f *body) message(id message.ID) (*message.Message, error) {
	m := &message.Message{
		ID: id, Account: string(f.account), From: message.Address{Number: string(f.sender)}, To: message.Address{Number: string(f.recipient)},
		Reference: string(f.reference), Via: message.Interface(f.via), Parts: uint8(f.parts), Price: f.price, Expires: f.expires,
	}
	m.Content.Text = string(f.text)
	if len(f.link) > 0 {
		m.Links = append(m.Links, string(f.link))
	}
	err := errors.Join(readData(f.data, &m.Content), readFixed(f.fixed, m))
	withoutPlus(&m.From)
	withoutPlus(&m.To)
	return m, err
}

// appendProgress appends a progress of which keep octets of the log are known.
func appendProgress(dst []byte, p *message.Progress, keep int) []byte {
	owed := byte(0)
	if p.Owed {
		owed = 1
	}
	dst = append(dst, byte(p.State), owed)
	dst = binary.AppendUvarint(dst, uint64(p.Final))
	dst = binary.AppendUvarint(dst, uint64(keep))
	return appendText(dst, p.Log[keep:])
}

// progress reads what appendProgress wrote; before is the log that is known.
func (r *blobReader) progress(before []byte) message.Progress {
	p := message.Progress{State: message.State(r.octet()), Owed: r.octet() != 0, Final: int64(r.uvarint())}
	keep, rest := r.uvarint(), r.octets()
	if keep > uint64(len(before)) {
		r.bad = true
		return p
	}
	if keep == 0 {
		p.Log = rest
		return p
	}
	p.Log = append(before[:keep:keep], rest...)
	return p
}

// leans reports whether the progress that comes next keeps octets of a log that is known.
func (r *blobReader) leans() bool {
	ahead := *r
	ahead.octet()
	ahead.octet()
	ahead.uvarint()
	return ahead.uvarint() > 0 && !ahead.bad
}

// progressRest passes over a progress.
func (r *blobReader) progressRest() {
	r.octet()
	r.octet()
	r.uvarint()
	r.uvarint()
	r.octets()
}

// encodeJournal appends what a batch says of messages. bodies gets where the
// body of each new message stands, and of each that was replaced.
func (s *Store) encodeJournal(dst []byte, b *Batch, bodies []span) ([]byte, []span) {
	dst = append(dst, blobVersion)
	dst = binary.AppendUvarint(dst, uint64(len(b.Accepted)))
	last := message.ID(0)
	for _, m := range b.Accepted {
		dst = binary.AppendVarint(dst, int64(m.ID-last))
		last = m.ID
		s.bodyBuf = s.appendBody(s.bodyBuf[:0], m)
		dst = binary.AppendUvarint(dst, uint64(len(s.bodyBuf)))
		bodies = append(bodies, span{len(dst), len(dst) + len(s.bodyBuf)})
		dst = append(dst, s.bodyBuf...)
		dst = appendProgress(dst, &m.Progress, 0)
	}
	dst = binary.AppendUvarint(dst, uint64(len(b.Changed)))
	for i := range b.Changed {
		c := &b.Changed[i]
		dst = binary.AppendVarint(dst, int64(c.ID-last))
		last = c.ID
		keep := 0
		r := s.pending.rows[c.ID]
		if r != nil && !r.settling && bytes.HasPrefix(c.Log, r.Log) {
			keep = len(r.Log)
		}
		if r == nil || r.settling || r.body == nil { // its row is in the tables
			s.zones.markChange(c)
		}
		p := message.Progress{State: c.State, Owed: c.Owed, Final: c.Final, Log: c.Log}
		dst = appendProgress(dst, &p, keep)
	}
	dst = binary.AppendUvarint(dst, uint64(len(b.Erased)))
	for _, id := range b.Erased {
		dst = binary.AppendVarint(dst, int64(id-last))
		last = id
	}
	dst = binary.AppendUvarint(dst, uint64(len(b.Replaced)))
	for _, m := range b.Replaced {
		dst = binary.AppendVarint(dst, int64(m.ID-last))
		last = m.ID
		s.bodyBuf = s.appendBody(s.bodyBuf[:0], m)
		dst = binary.AppendUvarint(dst, uint64(len(s.bodyBuf)))
		bodies = append(bodies, span{len(dst), len(dst) + len(s.bodyBuf)})
		dst = append(dst, s.bodyBuf...)
	}
	return appendSide(dst, b), bodies
}

// span is where something stands within octets.
type span struct{ from, to int }

// writeJournal writes the row of a batch. The octets are a new slice, of which
// the bodies of pending messages stay in use.
func (s *Store) writeJournal(b *Batch) error {
	s.journalBuf, s.bodies = nil, s.bodies[:0]
	if len(b.Accepted)+len(b.Changed)+len(b.Replaced)+len(b.Erased)+len(b.Granted)+len(b.GrantDone)+len(b.Counters) == 0 {
		return nil
	}
	s.journalBuf, s.bodies = s.encodeJournal(make([]byte, 0, s.journalRoom), b, s.bodies)
	s.journalRoom = len(s.journalBuf) + len(s.journalBuf)/4
	stmt := s.hot.journal
	stmt.BindInt64(1, s.pending.number+1)
	stmt.BindBytes(2, s.journalBuf)
	if err := execute(stmt); err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	return nil
}

// replayRow books one row of the journal, at start.
func (s *Store) replayRow(number int64, data []byte) error {
	p := &s.pending
	r := blobReader{rest: data}
	r.version()
	last := message.ID(0)
	for range r.uvarint() {
		last += message.ID(r.varint())
		text := r.octets()
		progress := r.progress(nil)
		if r.bad {
			break
		}
		if err := s.bookSecret(last, number, cap(data)-cap(text), text); err != nil {
			return err
		}
		if row := p.row(last); row != nil {
			row.body, row.Progress = text, progress
			continue
		}
		p.add(&pendingRow{id: last, body: text, Progress: progress, number: number})
	}
	for range r.uvarint() {
		last += message.ID(r.varint())
		row := p.row(last)
		if row == nil {
			row = &pendingRow{id: last, number: number}
			// A change that leans on a log of which the journal has no more is older than the settling that shortened
			// it: the tables have it.
			if !r.leans() {
				p.add(row)
			} else {
				r.progressRest()
				continue
			}
		}
		row.Progress = r.progress(row.Log)
		if r.bad {
			break
		}
	}
	for range r.uvarint() {
		last += message.ID(r.varint())
		if r.bad {
			break
		}
		if row := p.row(last); row != nil && row.body != nil {
			if err := row.erase(); err != nil {
				return err
			}
		}
	}
	for range r.uvarint() {
		last += message.ID(r.varint())
		text := r.octets()
		if r.bad {
			break
		}
		if err := s.bookSecret(last, number, cap(data)-cap(text), text); err != nil {
			return err
		}
		if row := p.row(last); row != nil {
			row.body = text // its Change stands in the same row
		}
	}
	p.number = number
	var b Batch
	if err := r.side(&b); err != nil {
		return err
	}
	s.side.book(&b, number, 0)
	return nil
}

// recoverJournal writes into the tables what only the journal has, when the
// store is opened.
func (s *Store) recoverJournal() error {
	s.pending.rows = map[message.ID]*pendingRow{}
	s.side.init()
	counted, err := s.meta(metaCounted)
	if err != nil {
		return err
	}
	s.side.counted, s.pending.number = counted, counted
	err = query(s.conn, "SELECT number, data FROM journal ORDER BY number", nil, func(stmt *statement) (bool, error) {
		data := make([]byte, stmt.ColumnLen(1))
		stmt.ColumnBytes(1, data)
		if s.pending.first == 0 {
			s.pending.first = stmt.ColumnInt64(0)
		}
		return true, s.replayRow(stmt.ColumnInt64(0), data)
	})
	if err == nil {
		err = s.settleAll()
	}
	if err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	return nil
}
