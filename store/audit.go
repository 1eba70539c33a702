package store

import (
	"context"
	"fmt"
	"strings"
)

// AuditFilter says which changes a list holds. Empty fields do not narrow it.
type AuditFilter struct {
	Kind, Name, Who string
	Accounts        []string // changes of what is one of these accounts'; nil for all
	Oldest          bool     // oldest first, else newest first
	After           int64    // go on behind this number; 0 from the beginning
	Limit           int
}

// where gives the condition of a filter.
func (f *AuditFilter) where() *condition {
	w := &condition{}
	for _, one := range [...]struct{ column, is string }{{"kind", f.Kind}, {"name", f.Name}, {"who", f.Who}} {
		if one.is != "" {
			w.add(one.column+" = ?", one.is)
		}
	}
	behind := "number < ?"
	if f.Oldest {
		behind = "number > ?"
	}
	if f.After != 0 {
		w.add(behind, f.After)
	}
	if f.Accounts != nil {
		names := padded(f.Accounts)
		w.add("number IN (SELECT number FROM audit_account WHERE account IN (?"+strings.Repeat(",?", len(names)-1)+"))", names...)
	}
	return w
}

// padded repeats the last of some names until they are a power of two, so that there are few forms of the statement.
func padded(names []string) (list []any) {
	for _, name := range names {
		list = append(list, name)
	}
	for len(list)&(len(list)-1) != 0 {
		list = append(list, names[len(names)-1])
	}
	return list
}

// Audits returns changes in the order of their numbers.
func (s *Store) Audits(ctx context.Context, f AuditFilter) (list []Audit, err error) {
	if f.Accounts != nil && len(f.Accounts) == 0 {
		return nil, nil
	}
	order := "DESC"
	if f.Oldest {
		order = "ASC"
	}
	where := f.where()
	err = s.read(ctx, func(c *conn) error {
		return query(c, "SELECT number, at, who, kind, name, action, fields, data FROM audit WHERE "+where.text()+" ORDER BY number "+order+" LIMIT ?",
			func(stmt *statement) {
				where.bind(stmt, 1)
				stmt.BindInt64(len(where.args)+1, int64(f.Limit))
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
