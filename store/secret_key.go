package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"zombiezen.com/go/sqlite/sqlitex"
)

// Secrets of what was made over REST are encrypted by whoever calls, with a key that
// the store never has. It keeps the fingerprint of that key, so that nobody goes on
// with another. A batch with a Rekey writes all resources anew and changes the
// fingerprint, so that no other transaction sees the one without the other.

// Rekey is everything that was made over REST, with its secrets encrypted with
// another key.
type Rekey struct {
	Audit Audit
	Key   string     // its fingerprint
	All   []Resource // they take the place of all that there are
}

// keyNow is the name of the key in force, in table secret_key.
const keyNow = "now"

// SecretKey returns the fingerprint of the key that secrets are encrypted with;
// empty if there has been none.
func (s *Store) SecretKey(ctx context.Context) (fingerprint string, err error) {
	err = s.read(ctx, func(c *conn) error {
		return query(c, "SELECT fingerprint FROM secret_key WHERE name = ?",
			func(stmt *statement) { stmt.BindText(1, keyNow) },
			func(stmt *statement) (bool, error) {
				fingerprint = stmt.ColumnText(0)
				return true, nil
			})
	})
	if err != nil {
		return "", fmt.Errorf("read which key secrets are encrypted with: %w", err)
	}
	return fingerprint, nil
}

// KeepOlderOut has programs that do not know of keys refuse the database from now
// on. With SQLite the form of the tables does. A node of such a program that starts
// at the same time registers before it looks for the last time whether it may
// (openPostgres): whoever looks at the nodes after this sees it.
func (s *Store) KeepOlderOut(ctx context.Context) error {
	if s.pg == nil {
		return nil
	}
	form, err := secretKeyForm()
	if err != nil {
		return err
	}
	err = s.read(ctx, func(c *conn) error {
		_, err := c.pg.Exec(ctx, fmt.Sprintf(`SELECT pg_advisory_xact_lock(%[1]d);
  INSERT INTO meta(name, value) VALUES ('%[2]s', %[3]d) ON CONFLICT (name) DO UPDATE SET value = greatest(meta.value, excluded.value)`,
			migrationLock, metaLeast, form)).ReadAll()
		return err
	})
	if err != nil {
		return fmt.Errorf("keep programs out that do not know of encrypted secrets: %w", err)
	}
	return nil
}

// secretKeyForm is the form of the database from which on programs know of keys.
func secretKeyForm() (int, error) {
	list, err := readPostgresMigrations(postgresMigrations)
	if err != nil {
		return 0, err
	}
	for _, m := range list {
		if strings.HasSuffix(m.name, "_secret_key.sql") {
			return m.number, nil
		}
	}
	return 0, errors.New("there is no migration for keys")
}

// writeRekey puts a key in force with all that is encrypted with it.
func (s *Store) writeRekey(k *Rekey) error {
	if k == nil {
		return nil
	}
	if err := execute(s.cold.resourcesGone); err != nil {
		return fmt.Errorf("take out what is not encrypted: %w", err)
	}
	if err := s.writeResources([]ResourceChange{{Audit: k.Audit, Put: k.All}}); err != nil {
		return err
	}
	stmt := s.cold.secretKey
	stmt.BindText(1, keyNow)
	stmt.BindText(2, k.Key)
	stmt.BindInt64(3, k.Audit.At)
	if err := execute(stmt); err != nil {
		return fmt.Errorf("write which key is in force: %w", err)
	}
	return nil
}

// overwriting has SQLite overwrite what a Rekey takes the place of, also what the
// pages of that table have of earlier changes, until the end that is returned.
func (s *Store) overwriting(k *Rekey) (end func(), err error) {
	if k == nil || s.pg != nil || s.secrets.secure {
		return func() {}, nil
	}
	if err := sqlitex.ExecuteTransient(s.conn.Conn, "PRAGMA secure_delete = ON", nil); err != nil {
		return nil, fmt.Errorf("set secure_delete: %w", err)
	}
	return func() {
		s.wiped.Store(true) // the write-ahead log has it still
		if s.secrets.secure {
			return
		}
		if err := sqlitex.ExecuteTransient(s.conn.Conn, "PRAGMA secure_delete = OFF", nil); err != nil {
			s.log.Warn("secure_delete could not be switched off; commits may be slower until the next start", "error", err)
		}
	}, nil
}
