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
	return execute(stmt)
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

// AuditFilter says which changes a list holds. Empty fields do not narrow it.
type AuditFilter struct {
	Kind, Name, Who string
	Oldest          bool  // oldest first, else newest first
	After           int64 // go on behind this number; 0 from the beginning
	Limit           int
}

// Audits returns changes in the order of their numbers.
func (s *Store) Audits(ctx context.Context, f AuditFilter) (list []Audit, err error) {
	order, after := "DESC", "<"
	if f.Oldest {
		order, after = "ASC", ">"
	}
	err = s.read(ctx, func(c *conn) error {
		return query(c, `SELECT number, at, who, kind, name, action, fields, data FROM audit
			WHERE (?1 = '' OR kind = ?1) AND (?2 = '' OR name = ?2) AND (?3 = '' OR who = ?3) AND (?4 = 0 OR number `+after+` ?4)
			ORDER BY number `+order+` LIMIT ?5`,
			func(stmt *statement) {
				stmt.BindText(1, f.Kind)
				stmt.BindText(2, f.Name)
				stmt.BindText(3, f.Who)
				stmt.BindInt64(4, f.After)
				stmt.BindInt64(5, int64(f.Limit))
			},
			func(stmt *statement) (bool, error) {
				a := Audit{
					Number: stmt.ColumnInt64(0), At: stmt.ColumnInt64(1), Who: stmt.ColumnText(2), Kind: stmt.ColumnText(3),
					Name: stmt.ColumnText(4), Action: stmt.ColumnText(5), Data: stmt.ColumnText(7),
				}
				if fields := stmt.ColumnText(6); fields != "" {
					a.Fields = strings.Split(fields, ",")
				}
				list = append(list, a)
				return true, nil
			})
	})
	if err != nil {
		return nil, fmt.Errorf("read who changed what: %w", err)
	}
	return list, nil
}
