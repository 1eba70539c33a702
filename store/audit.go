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
const auditApart = 63

// accountsPadded fills up with nobody, so that there are few forms of the statement and no account is looked through twice.
func accountsPadded(names []string) []any { return padded(append(names, "")) }

// auditLook is one look for changes.
type auditLook struct {
	*AuditFilter
	narrowed  *condition    // by its fields; without terms it takes all
	low, high int64         // numbers among which it looks, both included
	since     map[any]int64 // from which number on changes are of an account
}

// Audits returns changes in the order of their numbers. next is the number behind which it is to go on, 0 when there is nothing more: what
// is narrowed by fields is looked for among some listExamine changes a call, of accounts lookupExamine, so that a page may have fewer than there are, even none.
func (s *Store) Audits(ctx context.Context, f AuditFilter) (list []Audit, next int64, err error) {
	err = s.read(ctx, func(c *conn) error {
		list, next, err = f.page(c)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read who changed what: %w", err)
	}
	return list, next, nil
}

// page reads a page, and finds out where the next begins.
func (f *AuditFilter) page(c *conn) (list []Audit, next int64, err error) {
	l := auditLook{AuditFilter: f, narrowed: f.narrowed(), low: 0, high: 1<<63 - 1, since: map[any]int64{}}
	switch {
	case f.After != 0 && f.Oldest:
		l.low = f.After + 1
	case f.After != 0:
		l.high = f.After - 1
	}
	if err := l.begins(c); err != nil {
		return nil, 0, err
	}
	if next, err = l.horizon(c); err != nil {
		return nil, 0, err
	}
	if list, err = l.found(c); err != nil {
		return nil, 0, err
	}
	if len(list) > f.Limit {
		list = list[:f.Limit]
		next = list[f.Limit-1].Number
	}
	return list, next, nil
}

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

// found gives the changes of a page and one more.
func (l *auditLook) found(c *conn) (list []Audit, err error) {
	if l.Accounts == nil {
		w := &condition{}
		w.add(l.narrowed.text()+" AND number BETWEEN ? AND ?", append(slices.Clone(l.narrowed.args), l.low, l.high)...)
		return l.changes(c, w)
	}
	for names := range slices.Chunk(l.Accounts, auditApart) {
		some, err := l.changes(c, l.apart(accountsPadded(names)))
		if err != nil {
			return nil, err
		}
		list = l.merged(list, some)
	}
	return list, nil
}

// horizon looks no further than among so many changes, where a field narrows them, and gives the number of the last; 0 when that is all
// there are. Those of few accounts among many are so many of their own.
func (l *auditLook) horizon(c *conn) (last int64, err error) {
	if len(l.narrowed.terms) == 0 {
		return 0, nil
	}
	w, examine := &condition{}, listExamine
	if l.Accounts != nil {
		examine = lookupExamine
	} else if l.Name != "" { // which the index finds
		w.add("name = ?", l.Name)
	}
	w.add("number BETWEEN ? AND ?", l.low, l.high)
	all, err := l.nearest(c, "SELECT number FROM audit WHERE "+w.text()+" ORDER BY number "+l.order()+" LIMIT 1 OFFSET ?", append(w.args, int64(examine-1)))
	if err != nil || all == 0 {
		return 0, err
	}
	own := int64(0)
	for names := range slices.Chunk(l.Accounts, auditApart) {
		text, args := l.each(accountsPadded(names), &condition{}, 1, max(examine/len(l.Accounts), 1)-1)
		one, err := l.nearest(c, text, args)
		if err != nil {
			return 0, err
		}
		own = l.nearer(own, one)
	}
	switch {
	case l.Accounts != nil && own == 0:
		return 0, nil
	case l.Accounts != nil && l.nearer(own, all) == all:
		all = own
	}
	if l.Oldest {
		l.high = all
	} else {
		l.low = all
	}
	return all, nil
}

// nearer is which of two numbers comes first in the order; 0 is none.
func (l *auditLook) nearer(a, b int64) int64 {
	if a == 0 || b != 0 && (b < a) == l.Oldest {
		return b
	}
	return a
}

// nearest gives the first of some numbers in the order; 0 for none.
func (l *auditLook) nearest(c *conn, text string, args []any) (number int64, err error) {
	err = query(c, text, func(stmt *statement) { (&condition{args: args}).bind(stmt, 1) }, func(stmt *statement) (bool, error) {
		number = l.nearer(number, stmt.ColumnInt64(0))
		return true, nil
	})
	return number, err
}

// order is that of numbers.
func (f *AuditFilter) order() string {
	if f.Oldest {
		return "ASC"
	}
	return "DESC"
}

// each is SQL for numbers of changes of each of some accounts that meet a condition: so many behind the first few.
func (l *auditLook) each(names []any, meet *condition, limit, behind int) (text string, args []any) {
	for _, name := range names {
		args = append(append(append(args, name, max(l.low, l.since[name]), l.high), meet.args...), int64(limit), int64(behind))
	}
	one := "SELECT number FROM (SELECT number FROM audit_account WHERE account = ? AND number BETWEEN ? AND ? AND " + meet.text() + " ORDER BY number " + l.order() +
		" LIMIT ? OFFSET ?) AS one"
	return one + strings.Repeat(" UNION ALL "+one, len(names)-1), args
}

// apart is the condition that a change is among the first of one of some accounts, of those that the page may have.
func (l *auditLook) apart(names []any) *condition {
	meet, w := &condition{}, &condition{}
	if len(l.narrowed.terms) > 0 {
		meet.add("EXISTS (SELECT 1 FROM audit a WHERE a.number = audit_account.number AND "+l.narrowed.text()+")", l.narrowed.args...)
	}
	text, args := l.each(names, meet, l.Limit+1, 0)
	w.add("number IN ("+text+")", args...)
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

// merged puts two lists in one, no longer than a page and a change. What is of accounts in both is in it once.
func (l *auditLook) merged(a, b []Audit) []Audit {
	all := append(a, b...)
	slices.SortFunc(all, func(a, b Audit) int {
		if l.Oldest {
			return cmp.Compare(a.Number, b.Number)
		}
		return cmp.Compare(b.Number, a.Number)
	})
	all = slices.CompactFunc(all, func(a, b Audit) bool { return a.Number == b.Number })
	return all[:min(len(all), l.Limit+1)]
}

// begins finds out since when changes are of the accounts that have these names now: each was made with that one, or those before were
// of one that was deleted. An account of the file, of which there is neither, has had its name always.
func (l *auditLook) begins(c *conn) error {
	for names := range slices.Chunk(l.Accounts, auditApart) {
		names := accountsPadded(names)
		err := query(c, sinceText(len(names)),
			func(stmt *statement) { (&condition{args: names}).bind(stmt, 1) },
			func(stmt *statement) (bool, error) {
				l.since[stmt.ColumnText(0)] = stmt.ColumnInt64(1)
				return true, nil
			})
		if err != nil {
			return err
		}
	}
	return nil
}

func sinceText(names int) string {
	return "SELECT name, max(CASE action WHEN 'delete' THEN number + 1 ELSE number END) FROM audit " +
		"WHERE kind = 'accounts' AND action IN ('create', 'delete') AND name IN (?" + strings.Repeat(",?", names-1) + ") GROUP BY name"
}

// changes reads what a condition says, for a page and one more.
func (l *auditLook) changes(c *conn, where *condition) (list []Audit, err error) {
	err = query(c, "SELECT number, at, who, kind, name, action, fields, data FROM audit WHERE "+where.text()+" ORDER BY number "+l.order()+" LIMIT ?",
		func(stmt *statement) {
			where.bind(stmt, 1)
			stmt.BindInt64(len(where.args)+1, int64(l.Limit)+1)
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

// LastDeleted tells whether the last that is on record of the making and deleting of a thing is that it was deleted.
func (s *Store) LastDeleted(ctx context.Context, kind, name string) (deleted bool, err error) {
	err = s.read(ctx, func(c *conn) error {
		return query(c, "SELECT action FROM audit WHERE name = ? AND kind = ? AND action IN ('create', 'delete') ORDER BY number DESC LIMIT 1",
			func(stmt *statement) { (&condition{args: []any{name, kind}}).bind(stmt, 1) },
			func(stmt *statement) (bool, error) {
				deleted = stmt.ColumnText(0) == "delete"
				return false, nil
			})
	})
	if err != nil {
		return false, fmt.Errorf("read whether %s %s was deleted: %w", kind, name, err)
	}
	return deleted, nil
}
