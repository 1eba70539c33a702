package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// IdempotencyKey remembers a request that its customer named by a key: what was
// asked and what was answered.
type IdempotencyKey struct {
	Account string
	Key     string
	Request [16]byte // hash of what was asked
	Answer  []byte   // as its interface wrote it
	Expires int64    // Unix milliseconds
}

// keyID stands for an account's key: the first half of the SHA-256 of both.
type keyID [16]byte

func keyIDOf(account, key string) (id keyID) {
	var buf [320]byte
	sum := sha256.Sum256(append(append(append(buf[:0], account...), 0), key...))
	copy(id[:], sum[:])
	return id
}

// hash is what the tables in memory know of a key.
func (id *keyID) hash() uint64 { return binary.BigEndian.Uint64(id[:]) }

// Bounds on a row of keys: what a repetition has to read.
const (
	keysPerRow   = 256
	keyRowOctets = 256 << 10
)

// keyRow is a row of keys in a commit under way.
type keyRow struct {
	ids     []keyID
	expires int64
}

// writeKeys writes the keys of a batch, many to a row.
//
// Layout of idempotency.data: version; for each key 16 octets of the hash of
// what was asked, uvarint by how many milliseconds it expires before the row
// does, the answer as text.
func (s *Store) writeKeys(list []IdempotencyKey) error {
	if s.pg != nil {
		return s.writeKeysPostgres(list)
	}
	s.keys.rows = s.keys.rows[:0]
	for len(list) > 0 {
		n, octets, row := 0, 0, keyRow{}
		for ; n < len(list) && n < keysPerRow && octets < keyRowOctets; n++ {
			octets += len(list[n].Answer)
			row.expires = max(row.expires, list[n].Expires)
			row.ids = append(row.ids, keyIDOf(list[n].Account, list[n].Key))
		}
		s.keys.rows = append(s.keys.rows, row)
		if err := s.writeKeyRow(s.keys.last+int64(len(s.keys.rows)), row, list[:n]); err != nil {
			return fmt.Errorf("remember %d requests: %w", n, err)
		}
		list = list[n:]
	}
	return nil
}

func (s *Store) writeKeyRow(number int64, row keyRow, list []IdempotencyKey) error {
	s.scratch = s.scratch[:0]
	for i := range row.ids {
		s.scratch = append(s.scratch, row.ids[i][:]...)
	}
	keys := len(s.scratch)
	s.scratch = append(s.scratch, blobVersion)
	for i := range list {
		k := &list[i]
		s.scratch = append(s.scratch, k.Request[:]...)
		s.scratch = binary.AppendUvarint(s.scratch, uint64(row.expires-k.Expires))
		s.scratch = appendText(s.scratch, k.Answer)
	}
	stmt := s.cold.idempotency
	stmt.BindInt64(1, number)
	stmt.BindInt64(2, row.expires)
	stmt.BindBytes(3, s.scratch[:keys])
	stmt.BindBytes(4, s.scratch[keys:])
	return execute(stmt)
}

// bookKeys notes in memory the keys that writeKeys has written, now that they
// are on disk.
func (s *Store) bookKeys() {
	for i := range s.keys.rows {
		r := &s.keys.rows[i]
		s.keys.last++
		s.keys.add(s.keys.last, r.expires, r.ids)
	}
	clear(s.keys.rows)
	s.keys.rows = s.keys.rows[:0]
}

// Idempotent returns what is remembered at now (Unix milliseconds) of a request
// with this key; else ErrNotFound. It reads the disk only for a key that is
// there, for one of very many millions that looks like it, and when more keys
// are remembered than memory has room for (keyTables).
func (s *Store) Idempotent(ctx context.Context, account, key string, now int64) (*IdempotencyKey, error) {
	if s.pg != nil {
		return s.idempotentPostgres(ctx, account, key, now)
	}
	if id := keyIDOf(account, key); !s.keys.may(id.hash(), now) {
		return nil, ErrNotFound
	}
	var found *IdempotencyKey
	err := s.read(ctx, func(c *conn) (err error) {
		found, err = s.idempotentIn(c, account, key, now)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for the request: %w", err)
	}
	if found == nil {
		return nil, ErrNotFound
	}
	return found, nil
}

// idempotentIn is Idempotent by a connection with SQLite; nil for what is not there.
func (s *Store) idempotentIn(c *conn, account, key string, now int64) (found *IdempotencyKey, err error) {
	id := keyIDOf(account, key)
	rows, spilled := s.keys.find(id.hash(), now)
	for i := len(spilled) - 1; i >= 0; i-- {
		more, err := bucketRows(c, spilled[i], id.hash())
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	for _, number := range rows {
		if found, err = findKey(c, number, id, now); err != nil || found != nil {
			break
		}
	}
	if found != nil {
		found.Account, found.Key = account, key
	}
	return found, err
}

// findKey looks for a key in a row; nil if it is not there or has expired.
func findKey(c *conn, number int64, id keyID, now int64) (found *IdempotencyKey, err error) {
	err = query(c, "SELECT expires, keys, data FROM idempotency WHERE number = ?",
		func(stmt *statement) { stmt.BindInt64(1, number) },
		func(stmt *statement) (bool, error) {
			var d, d2 rowDecoder
			expires, keys := stmt.ColumnInt64(0), d.blob(stmt, 1)
			r := blobReader{rest: d2.blob(stmt, 2)}
			r.bad = r.octet() != blobVersion
			for ; len(keys) >= len(id); keys = keys[len(id):] {
				var k IdempotencyKey
				copy(k.Request[:], r.fixed(len(k.Request)))
				k.Expires = expires - int64(r.uvarint())
				answer := r.octets()
				if r.bad {
					return false, fmt.Errorf("requests of row %d: %w", number, errBadBlob)
				}
				if keyID(keys[:len(id)]) == id && k.Expires > now {
					k.Answer, found = clone(answer), &k
					return false, nil
				}
			}
			return false, nil
		})
	return found, err
}

// fixed returns the next n octets without copying them.
func (r *blobReader) fixed(n int) []byte {
	if len(r.rest) < n {
		r.bad, r.rest = true, nil
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

// forgottenAtOnce is how many rows of keys one transaction of housekeeping
// removes; each may have hundreds of answers.
const forgottenAtOnce = 16

// forgetKeys removes keys that have expired: rows from the oldest on, and tables
// of which all have.
func (s *Store) forgetKeys(now int64) (more bool, err error) {
	if s.pg != nil {
		gone, err := s.removeSome("DELETE FROM idempotency WHERE key IN (SELECT key FROM idempotency WHERE expires < ? LIMIT ?)", now)
		return gone == forgetRows, err
	}
	s.keys.forget(now)
	gone := 0
	err = s.transact(func() error {
		err := query(s.conn, "DELETE FROM idempotency WHERE expires < ? AND number IN (SELECT number FROM idempotency ORDER BY number LIMIT ?)",
			func(stmt *statement) {
				stmt.BindInt64(1, now)
				stmt.BindInt64(2, forgottenAtOnce)
			}, nil)
		gone = s.conn.rowsChanged()
		if err != nil {
			return err
		}
		return forgetTable(s.conn, now)
	})
	if err != nil {
		return false, fmt.Errorf("forget requests: %w", err)
	}
	return gone > 0, nil
}
