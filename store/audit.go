package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// AuditFilter says which changes a list holds. Empty fields do not narrow it.
type AuditFilter struct {
	Kind, Name, Who string
	Accounts        []string // changes of what is one of these accounts', none older than the account itself; nil for all
	Oldest          bool     // oldest first, else newest first
	After           int64    // go on behind this number; 0 from the beginning
	Limit           int
}

// auditApart is how many accounts one statement looks through one by one, each no further than a page is long.
const auditApart = 64

// narrowed is the condition of the fields.
func (f *AuditFilter) narrowed() *condition {
	w := &condition{}
	for _, one := range [...]struct{ column, is string }{{"kind", f.Kind}, {"name", f.Name}, {"who", f.Who}} {
		if one.is != "" {
			w.add(one.column+" = ?", one.is)
		}
	}
	return w
}

// bounds returns the numbers that the page may hold, both included.
func (f *AuditFilter) bounds() (low, high int64) {
	low, high = 0, 1<<63-1
	switch {
	case f.After != 0 && f.Oldest:
		low = f.After + 1
	case f.After != 0:
		high = f.After - 1
	}
	return low, high
}

// order is that of numbers.
func (f *AuditFilter) order() string {
	if f.Oldest {
		return "ASC"
	}
	return "DESC"
}

// apart is the condition that a change is among the first of one of some accounts, of those that the page may have.
func (f *AuditFilter) apart(names []any, since map[any]int64) *condition {
	of, narrowed := "account = ? AND number BETWEEN ? AND ?", f.narrowed()
	if len(narrowed.terms) > 0 {
		of += " AND EXISTS (SELECT 1 FROM audit a WHERE a.number = audit_account.number AND " + narrowed.text() + ")"
	}
	low, high := f.bounds()
	var args []any
	for _, name := range names {
		args = append(append(append(args, name, max(low, since[name]), high), narrowed.args...), int64(f.Limit))
	}
	one := "SELECT number FROM (SELECT number FROM audit_account WHERE " + of + " ORDER BY number " + f.order() + " LIMIT ?) AS one"
	w := &condition{}
	w.add("number IN ("+one+strings.Repeat(" UNION ALL "+one, len(names)-1)+")", args...)
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
	err = s.read(ctx, func(c *conn) error {
		if f.Accounts == nil {
			w := f.narrowed()
			low, high := f.bounds()
			w.add("number BETWEEN ? AND ?", low, high)
			list, err = f.changes(c, w)
			return err
		}
		for names := range slices.Chunk(f.Accounts, auditApart) {
			names := padded(names)
			since, err := accountsSince(c, names)
			if err != nil {
				return err
			}
			some, err := f.changes(c, f.apart(names, since))
			if err != nil {
				return err
			}
			list = f.merged(list, some)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read who changed what: %w", err)
	}
	return list, nil
}

// merged puts two lists in one, no longer than a page. What is of accounts in both is in it once.
func (f *AuditFilter) merged(a, b []Audit) []Audit {
	all := append(a, b...)
	slices.SortFunc(all, func(a, b Audit) int {
		if f.Oldest {
			return cmp.Compare(a.Number, b.Number)
		}
		return cmp.Compare(b.Number, a.Number)
	})
	all = slices.CompactFunc(all, func(a, b Audit) bool { return a.Number == b.Number })
	return all[:min(len(all), f.Limit)]
}

// accountsSince gives from which number on changes are of the accounts that have these names now: each was made with that one, or
// those before were of one that was deleted. An account of the file, of which there is neither, has no number.
func accountsSince(c *conn, names []any) (since map[any]int64, err error) {
	since = map[any]int64{}
	err = query(c, sinceText(len(names)),
		func(stmt *statement) { (&condition{args: names}).bind(stmt, 1) },
		func(stmt *statement) (bool, error) {
			since[stmt.ColumnText(0)] = stmt.ColumnInt64(1)
			return true, nil
		})
	return since, err
}

func sinceText(names int) string {
	return "SELECT name, max(CASE action WHEN 'delete' THEN number + 1 ELSE number END) FROM audit " +
		"WHERE kind = 'accounts' AND action IN ('create', 'delete') AND name IN (?" + strings.Repeat(",?", names-1) + ") GROUP BY name"
}

// changes reads a page of what a condition says.
func (f *AuditFilter) changes(c *conn, where *condition) (list []Audit, err error) {
	err = query(c, "SELECT number, at, who, kind, name, action, fields, data FROM audit WHERE "+where.text()+" ORDER BY number "+f.order()+" LIMIT ?",
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
	return list, err
}
