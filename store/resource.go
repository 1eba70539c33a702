package store

import (
	"context"
	"fmt"
	"strings"
)

// Resource is something that was made over REST, of what else stands in the file.
type Resource struct {
	Kind      string // as in the file: accounts
	Name      string
	Position  int64  // among those of its kind
	Body      []byte // JSON
	Revision  int64  // Audit.Number of its last change
	ChangedAt int64  // Unix milliseconds
	ChangedBy string // account
}

// Audit says who changed what.
type Audit struct {
	Number     int64 // given by the caller, growing, unique in the database
	At         int64 // Unix milliseconds
	Who        string
	Kind, Name string
	Action     string
	Fields     []string // that changed
	Data       string   // JSON: what they were before and are after it, with stars for secrets; empty for nothing
	Accounts   []string // whose is what was changed, each once; written, and not read again
}

// ResourceChange is one change, with what it moves.
type ResourceChange struct {
	Audit Audit
	Put   []Resource // take the place of those of the same kind and name
	Gone  bool       // that which Audit names goes
}

func (s *Store) writeResources(changes []ResourceChange) error {
	for i := range changes {
		c := &changes[i]
		if err := s.writeAudit(&c.Audit); err != nil {
			return fmt.Errorf("write who changed %s %s: %w", c.Audit.Kind, c.Audit.Name, err)
		}
		if c.Gone {
			stmt := s.cold.resourceGone
			stmt.BindText(1, c.Audit.Kind)
			stmt.BindText(2, c.Audit.Name)
			if err := execute(stmt); err != nil {
				return fmt.Errorf("delete %s %s: %w", c.Audit.Kind, c.Audit.Name, err)
			}
		}
		for k := range c.Put {
			r, stmt := &c.Put[k], s.cold.resource
			stmt.BindText(1, r.Kind)
			stmt.BindText(2, r.Name)
			stmt.BindInt64(3, r.Position)
			stmt.BindText(4, string(r.Body))
			stmt.BindInt64(5, r.Revision)
			stmt.BindInt64(6, r.ChangedAt)
			stmt.BindText(7, r.ChangedBy)
			if err := execute(stmt); err != nil {
				return fmt.Errorf("write %s %s: %w", r.Kind, r.Name, err)
			}
		}
	}
	return nil
}

func (s *Store) writeAudit(a *Audit) error {
	stmt := s.cold.audit
	stmt.BindInt64(1, a.Number)
	stmt.BindInt64(2, a.At)
	stmt.BindText(3, a.Who)
	stmt.BindText(4, a.Kind)
	stmt.BindText(5, a.Name)
	stmt.BindText(6, a.Action)
	stmt.BindText(7, strings.Join(a.Fields, ","))
	stmt.BindText(8, a.Data)
	if err := execute(stmt); err != nil {
		return err
	}
	stmt = s.cold.auditAccount
	for _, name := range a.Accounts {
		stmt.BindText(1, name)
		stmt.BindInt64(2, a.Number)
		if err := execute(stmt); err != nil {
			return err
		}
	}
	return nil
}

// Resources returns all that was made over REST, by kind and position, and the
// number of the last change.
func (s *Store) Resources(ctx context.Context) (list []Resource, last int64, err error) {
	err = s.read(ctx, func(c *conn) error {
		err := query(c, "SELECT kind, name, position, body, revision, changed_at, changed_by FROM resource ORDER BY kind, position, name", nil,
			func(stmt *statement) (bool, error) {
				list = append(list, Resource{
					stmt.ColumnText(0), stmt.ColumnText(1), stmt.ColumnInt64(2), []byte(stmt.ColumnText(3)), stmt.ColumnInt64(4),
					stmt.ColumnInt64(5), stmt.ColumnText(6),
				})
				return true, nil
			})
		if err != nil {
			return err
		}
		return query(c, "SELECT coalesce(max(number), 0) FROM audit", nil, func(stmt *statement) (bool, error) {
			last = stmt.ColumnInt64(0)
			return false, nil
		})
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read what was made over REST: %w", err)
	}
	return list, last, nil
}
