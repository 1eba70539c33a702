package store

import (
	"fmt"
	"io"
	"slices"

	"zombiezen.com/go/sqlite/sqlitex"

	"kurir/message"
)

// Texts of secret messages do not only go from their rows, they are overwritten
// wherever the database has them:
//
//  1. in the journal, when the message is final, or before the row of the
//     journal is removed (removed rows keep their octets),
//  2. in table message, when the message is final,
//  3. in the write-ahead log, by cutting it after the next checkpoint.
//
// SQLite itself moves octets about between pages. From the first secret message
// on, over restarts too, it is told to leave no copies (secure_delete): a database
// without such messages does not pay for it.

// secretSpan is where a row of the journal has the text of a secret message.
type secretSpan struct {
	id     message.ID
	number int64 // of the row
	span
}

// secrets is what is known of them. It belongs to the goroutine that commits.
type secrets struct {
	spans  map[message.ID][]secretSpan
	queue  []secretSpan // in the order of number
	secure bool         // secure_delete is on
}

// isSecret tells whether a body is of a secret message.
func (f *body) isSecret() bool { return len(f.fixed) > 0 && f.fixed[0] == secretVersion }

// bookSecret notes where a body, of the row of that number and from an octet of
// it on, has a text that is to be overwritten.
func (s *Store) bookSecret(id message.ID, number int64, from int, b []byte) error {
	f, err := readBody(b)
	if err != nil || !f.isSecret() || len(f.text)+len(f.data) == 0 {
		return err
	}
	if !s.secrets.secure {
		if err := s.setMeta(metaSecrets, 1); err != nil {
			return err
		}
		if err := s.leaveNoCopies(); err != nil {
			return err
		}
	}
	// The fields are slices of b: what their capacities lack is what stands before them.
	for _, field := range [][]byte{f.text, f.data} {
		if at := from + cap(b) - cap(field); len(field) > 0 {
			sp := secretSpan{id, number, span{at, at + len(field)}}
			s.secrets.spans[id] = append(s.secrets.spans[id], sp)
			s.secrets.queue = append(s.secrets.queue, sp)
		}
	}
	return nil
}

// metaSecrets is 1 when the database has had a secret message.
const metaSecrets = "secrets"

// loadSecrets looks, at start, whether there has been a secret message: one that is
// open may stand in the tables only.
func (s *Store) loadSecrets() error {
	if had, err := s.meta(metaSecrets); err != nil || had == 0 {
		return err
	}
	return s.leaveNoCopies()
}

// leaveNoCopies makes SQLite overwrite what it frees.
func (s *Store) leaveNoCopies() error {
	if err := sqlitex.ExecuteTransient(s.conn.Conn, "PRAGMA secure_delete = ON", nil); err != nil {
		return fmt.Errorf("set secure_delete: %w", err)
	}
	s.secrets.secure, s.secrets.spans = true, map[message.ID][]secretSpan{}
	return nil
}

// bookSecrets does so with the new messages of a batch that is on disk.
func (s *Store) bookSecrets(b *Batch) {
	for k, list := range [][]*message.Message{b.Accepted, b.Replaced} {
		for i, m := range list {
			if !m.Secret() {
				continue
			}
			at := s.bodies[i+k*len(b.Accepted)]
			if err := s.bookSecret(m.ID, s.pending.number, at.from, s.journalBuf[at.from:at.to:at.to]); err != nil {
				s.log.Error("a secret text may not be overwritten when its message is final", "message", m.ID, "error", err)
			}
		}
	}
}

// wipe overwrites, within a transaction, the texts of messages that are final.
func (s *Store) wipe(erased []message.ID) error {
	for _, id := range erased {
		for _, sp := range s.secrets.spans[id] {
			if sp.number >= s.journalTo { // else its row has gone, overwritten
				if err := s.wipeSpan(sp); err != nil {
					return err
				}
			}
		}
		err := query(s.conn, `UPDATE message SET text = zeroblob(length(CAST(text AS BLOB))), data = zeroblob(length(data))
  WHERE id = ? AND (text IS NOT NULL OR data IS NOT NULL)`, func(stmt *statement) { stmt.BindInt64(1, int64(id)) }, nil)
		if err != nil {
			return fmt.Errorf("overwrite the text of %s: %w", id, err)
		}
	}
	return nil
}

// wipeRemoved overwrites, within a transaction, the texts in rows of the
// journal before one, which are about to be removed.
func (s *Store) wipeRemoved(before int64) error {
	for _, sp := range s.secrets.queue {
		if sp.number >= before {
			break
		}
		if _, open := s.secrets.spans[sp.id]; !open {
			continue
		}
		if err := s.wipeSpan(sp); err != nil {
			return err
		}
	}
	return nil
}

// wipeSpan overwrites one text in the journal.
func (s *Store) wipeSpan(sp secretSpan) error {
	blob, err := s.conn.OpenBlob("", "journal", "data", sp.number, true)
	if err == nil {
		if _, err = blob.Seek(int64(sp.from), io.SeekStart); err == nil {
			_, err = blob.Write(make([]byte, sp.to-sp.from))
		}
		if end := blob.Close(); err == nil {
			err = end
		}
	}
	if err != nil {
		return fmt.Errorf("overwrite the text of %s in the journal: %w", sp.id, err)
	}
	s.wiped.Store(true)
	return nil
}

// forgetRemoved forgets texts in rows of the journal that are no more.
func (s *Store) forgetRemoved(before int64) {
	q := s.secrets.queue
	n := 0
	for ; n < len(q) && q[n].number < before; n++ {
		id := q[n].id
		left := slices.DeleteFunc(s.secrets.spans[id], func(sp secretSpan) bool { return sp.number < before })
		if s.secrets.spans[id] = left; len(left) == 0 {
			delete(s.secrets.spans, id)
		}
	}
	s.secrets.queue = q[n:]
}

// forgetWiped forgets texts that a batch, which is on disk, has overwritten; one
// that it brought itself goes with its row.
func (s *Store) forgetWiped(erased []message.ID) {
	for _, id := range erased {
		if list := s.secrets.spans[id]; len(list) > 0 && list[len(list)-1].number < s.pending.number {
			delete(s.secrets.spans, id)
		}
	}
	if len(erased) > 0 {
		s.wiped.Store(true)
	}
}
