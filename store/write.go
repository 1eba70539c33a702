package store

import (
	"fmt"
	"strings"
)

// verb is what a write does with rows.
type verb uint8

const (
	add    verb = iota + 1 // inserts rows, whose keys are new
	put                    // inserts rows, each in place of that with its key
	unless                 // inserts rows but for those whose key is there
	sum                    // inserts rows, or adds the last column to that of the row with its key
	join                   // inserts rows, or sets the bits of the last column in that of the row with its key
	change                 // changes the columns behind the key
	remove                 // deletes the rows with a key
	empty                  // deletes all rows; it has no arguments
	other                  // what its text says
)

// sign is what a verb does with the last column and that of the row that is there; empty for most.
func (v verb) sign() string { return map[verb]string{sum: "+", join: "|"}[v] }

// write describes a statement that writes rows of a table, of which each
// engine makes its own text.
type write struct {
	verb    verb
	table   string
	keys    int    // how many of the columns, from the first on, are the key
	columns string // names, in the order of arguments; ":t" behind one says that it is a text, ":b" octets
	once    bool   // no two rows of a transaction have the same key
	moves   bool   // of verb unless, with PostgreSQL: rows whose key is there are changed; SQLite has a statement for that
	text    string // of verb other: ?1, ?2 and so on are the columns
}

// column is one argument of a write.
type column struct {
	name string
	kind byte // 'i' for numbers, 't' for texts, 'b' for octets
}

func (w *write) list() []column {
	var list []column
	for _, field := range strings.Fields(w.columns) {
		name, kind, typed := strings.Cut(field, ":")
		c := column{name, 'i'}
		if typed {
			c.kind = kind[0]
		}
		list = append(list, c)
	}
	return list
}

// joined writes something of each column, with something between them.
func joined(list []column, between string, of func(i int, name string) string) string {
	texts := make([]string, len(list))
	for i, c := range list {
		texts[i] = of(i, c.name)
	}
	return strings.Join(texts, between)
}

func nameOf(_ int, name string) string { return name }

// sqlite is the text for SQLite, for one row.
func (w *write) sqlite() string {
	list := w.list()
	key, rest := list[:w.keys], list[w.keys:]
	equals := func(from int) func(int, string) string {
		return func(i int, name string) string { return fmt.Sprintf("%s = ?%d", name, from+i+1) }
	}
	verbs := map[verb]string{add: "INSERT", put: "INSERT OR REPLACE", unless: "INSERT OR IGNORE", sum: "INSERT", join: "INSERT"}
	switch w.verb {
	case other:
		return w.text
	case empty:
		return "DELETE FROM " + w.table
	case remove:
		return "DELETE FROM " + w.table + " WHERE " + joined(key, " AND ", equals(0))
	case change:
		return "UPDATE " + w.table + " SET " + joined(rest, ", ", equals(w.keys)) + " WHERE " + joined(key, " AND ", equals(0))
	}
	text := fmt.Sprintf("%s INTO %s(%s) VALUES (%s)", verbs[w.verb], w.table, joined(list, ", ", nameOf), strings.Repeat("?,", len(list)-1)+"?")
	if sign := w.verb.sign(); sign != "" {
		last := list[len(list)-1].name
		text += fmt.Sprintf(" ON CONFLICT DO UPDATE SET %[1]s = %[1]s %[2]s excluded.%[1]s", last, sign)
	}
	return text
}

// preparation names a write and where its statement goes.
type preparation struct {
	to    **statement
	write write
}

func prepareAll(c *conn, list []preparation) error {
	for i := range list {
		stmt, err := c.preparedWrite(&list[i].write)
		if err != nil {
			return fmt.Errorf("prepare a statement: %w", err)
		}
		*list[i].to = stmt
	}
	return nil
}

// preparedWrite returns the statement of a write.
func (c *conn) preparedWrite(w *write) (*statement, error) {
	stmt, err := c.prepared(w.sqlite())
	if err == nil && stmt.pg != nil && stmt.pg.plan == nil {
		if plan := w.postgres(); plan != nil {
			stmt.pg.plan, stmt.pg.text = plan, plan.text
		}
	}
	return stmt, err
}
