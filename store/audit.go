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

// mostApart is how many accounts are looked through one by one, each no further than a page is long, however much has been changed. Of
// more accounts all that is theirs is gathered first.
const mostApart = 64

// where gives the condition of a filter.
func (f *AuditFilter) where() *condition {
	narrowed, w := &condition{}, &condition{}
	for _, one := range [...]struct{ column, is string }{{"kind", f.Kind}, {"name", f.Name}, {"who", f.Who}} {
		if one.is != "" {
			narrowed.add(one.column+" = ?", one.is)
		}
	}
	names := padded(f.Accounts)
	if len(names) > 0 && len(names) <= mostApart {
		f.apart(w, names, narrowed)
		return w
	}
	w.terms, w.args = narrowed.terms, narrowed.args
	f.behind(w)
	if len(names) > 0 {
		w.add("number IN (SELECT number FROM audit_account WHERE account IN (?"+strings.Repeat(",?", len(names)-1)+"))", names...)
	}
	return w
}

// behind adds where the page begins.
func (f *AuditFilter) behind(w *condition) {
	switch {
	case f.After != 0 && f.Oldest:
		w.add("number > ?", f.After)
	case f.After != 0:
		w.add("number < ?", f.After)
	}
}

// order is that of numbers.
func (f *AuditFilter) order() string {
	if f.Oldest {
		return "ASC"
	}
	return "DESC"
}

// apart adds that a change is among the first of an account's, of those that the page may have.
func (f *AuditFilter) apart(w *condition, names []any, narrowed *condition) {
	of := &condition{}
	f.behind(of)
	if len(narrowed.terms) > 0 {
		of.add("EXISTS (SELECT 1 FROM audit a WHERE a.number = audit_account.number AND "+narrowed.text()+")", narrowed.args...)
	}
	var args []any
	for _, name := range names {
		args = append(append(append(args, name), of.args...), int64(f.Limit))
	}
	one := "SELECT number FROM (SELECT number FROM audit_account WHERE account = ? AND " + of.text() + " ORDER BY number " + f.order() + " LIMIT ?) AS one"
	w.add("number IN ("+one+strings.Repeat(" UNION ALL "+one, len(names)-1)+")", args...)
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
	where := f.where()
	err = s.read(ctx, func(c *conn) error {
		return query(c, "SELECT number, at, who, kind, name, action, fields, data FROM audit WHERE "+where.text()+" ORDER BY number "+f.order()+" LIMIT ?",
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
