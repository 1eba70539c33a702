package store

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
)

// mailKeys are the names in table meta of the two halves of the key by which answers
// by mail are known.
var mailKeys = [...]string{"mail_key_1", "mail_key_2"}

// MailKey returns the key by which the addresses are made that answers by mail come
// to: 16 random octets, made when it is first asked for. All servers that share the
// database have the same.
func (s *Store) MailKey(ctx context.Context) (key []byte, err error) {
	if key, err = s.readMailKey(ctx); err != nil || key != nil {
		return key, err
	}
	s.writing.Lock()
	err = s.transact(func() error {
		for _, name := range mailKeys {
			var octets [8]byte
			_, _ = rand.Read(octets[:]) // never fails
			if err := query(s.conn, "INSERT INTO meta(name, value) VALUES (?1, ?2) ON CONFLICT(name) DO NOTHING", func(stmt *statement) {
				stmt.BindText(1, name)
				stmt.BindInt64(2, int64(binary.BigEndian.Uint64(octets[:])))
			}, nil); err != nil {
				return err
			}
		}
		return nil
	})
	s.writing.Unlock()
	if err != nil {
		return nil, fmt.Errorf("make the key for answers by mail: %w", err)
	}
	return s.readMailKey(ctx) // that of another server, if it was faster
}

// readMailKey reads the key; nil if there is none.
func (s *Store) readMailKey(ctx context.Context) (key []byte, err error) {
	err = s.read(ctx, func(c *conn) error {
		for _, name := range mailKeys {
			err := query(c, "SELECT value FROM meta WHERE name = ?",
				func(stmt *statement) { stmt.BindText(1, name) },
				func(stmt *statement) (bool, error) {
					key = binary.BigEndian.AppendUint64(key, uint64(stmt.ColumnInt64(0)))
					return true, nil
				})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the key for answers by mail: %w", err)
	}
	if len(key) != 8*len(mailKeys) {
		return nil, nil
	}
	return key, nil
}
