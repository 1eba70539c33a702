package store

import (
	"fmt"
	"slices"
	"strings"
)

// movePlan is how one table goes over. Columns are those that both databases say
// they have.
type movePlan struct {
	name     string
	columns  []column
	defaults []string // names of columns of the target that need no value
	key      []int    // which of the columns are the key, in its order
	identity string   // the column that the target numbers by itself
	special  moveSpecial
	state    moveState
}

// moveSpecial is what is different with few tables.
type moveSpecial struct {
	from   string                                 // columns read in place of columns, of which the first is the key
	expand func(*rowEncoder, *statement) error    // makes rows of one row of from
	newest bool                                   // read from the highest key on, and rows whose key is there are left out
	where  string                                 // which rows of the source go
	back   string                                 // which rows of the target are theirs
	shape  func(column string, octets []byte) int // how many of a value's octets are kept
}

// moveSpecials says what is special, by table.
func moveSpecials(now int64) map[string]moveSpecial {
	return map[string]moveSpecial{
		"progress": {shape: withoutPadding},
		// The number of the last row of the journal, which stays behind; the form of the tables is the target's.
		"meta": {where: "name <> '" + metaCounted + "'", back: "name NOT IN ('" + metaForm + "', '" + metaLeast + "')"},
		// A row of many keys becomes a row each.
		"idempotency": {from: "number expires keys:b data:b", expand: expandKeys(now), newest: true},
	}
}

// staysBehind are the tables that PostgreSQL does without, and those of servers,
// which register anew.
func staysBehind() []string {
	return []string{"journal", "run", "run_slice", "idempotency_table", "idempotency_bucket", "node", "lease", "rate", movedTable}
}

// withoutPadding leaves out the zeros that SQLite's rows have behind a log.
func withoutPadding(column string, octets []byte) int {
	if column != "log" {
		return len(octets)
	}
	r := blobReader{rest: octets}
	r.octets()
	if r.bad {
		return len(octets)
	}
	return len(octets) - len(r.rest)
}

// plan lists the tables. An error means that this program's own migrations of
// the two engines differ.
func (m *mover) plan() ([]*movePlan, error) {
	source, err := m.source.sqliteTables()
	if err != nil {
		return nil, fmt.Errorf("read which tables there are: %w", err)
	}
	target, err := m.target.tables()
	if err != nil {
		return nil, fmt.Errorf("read which tables the target has: %w", err)
	}
	specials := moveSpecials(m.began.UnixMilli())
	var plan []*movePlan
	for _, s := range source {
		if slices.Contains(staysBehind(), s.name) {
			continue
		}
		t := target[s.name]
		if t == nil {
			return nil, fmt.Errorf("PostgreSQL has no table %s", s.name)
		}
		p := &movePlan{name: s.name, key: s.key, columns: s.columns, identity: t.identity, special: specials[s.name]}
		if err := p.fit(t); err != nil {
			return nil, err
		}
		plan = append(plan, p)
	}
	return plan, nil
}

// fit makes sure that the columns of both sides are the same.
func (p *movePlan) fit(target *movePlan) error {
	if p.special.from != "" {
		p.columns, p.key = target.columns, []int{0}
		return nil
	}
	if len(p.key) == 0 {
		return fmt.Errorf("table %s has no key", p.name)
	}
	var missing []string
	for _, c := range p.columns {
		if !slices.Contains(target.columns, c) {
			missing = append(missing, c.name)
		}
	}
	for _, c := range target.columns {
		if !slices.Contains(target.defaults, c.name) && !slices.Contains(p.columns, c) {
			missing = append(missing, c.name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("table %s differs in columns %s", p.name, strings.Join(missing, ", "))
	}
	return nil
}

// sqliteTables lists the tables of the source.
func (s *Store) sqliteTables() ([]*movePlan, error) {
	var list []*movePlan
	err := query(s.conn, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name", nil,
		func(stmt *statement) (bool, error) {
			list = append(list, &movePlan{name: stmt.ColumnText(0)})
			return true, nil
		})
	for i := 0; i < len(list) && err == nil; i++ {
		t := list[i]
		keys := map[int]int{}
		err = query(s.conn, "SELECT name, type, pk FROM pragma_table_info(?)", func(stmt *statement) { stmt.BindText(1, t.name) },
			func(stmt *statement) (bool, error) {
				if pk := stmt.ColumnInt(2); pk > 0 {
					keys[pk] = len(t.columns)
				}
				t.columns = append(t.columns, column{stmt.ColumnText(0), kindOf(stmt.ColumnText(1))})
				return true, nil
			})
		for pk := 1; pk <= len(keys); pk++ {
			t.key = append(t.key, keys[pk])
		}
	}
	return list, err
}

// tables lists those of the target.
func (t *moveTarget) tables() (map[string]*movePlan, error) {
	tables := map[string]*movePlan{}
	err := query(t.conn, `SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT), CAST(data_type AS TEXT), is_identity = 'YES', column_default IS NOT NULL FROM information_schema.columns
  JOIN information_schema.tables USING (table_schema, table_name) WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name, ordinal_position`, nil,
		func(stmt *statement) (bool, error) {
			name := stmt.ColumnText(0)
			if tables[name] == nil {
				tables[name] = &movePlan{name: name}
			}
			c := column{stmt.ColumnText(1), kindOf(stmt.ColumnText(2))}
			tables[name].columns = append(tables[name].columns, c)
			if stmt.ColumnBool(3) {
				tables[name].identity = c.name
			}
			if stmt.ColumnBool(4) {
				tables[name].defaults = append(tables[name].defaults, c.name)
			}
			return true, nil
		})
	return tables, err
}

// kindOf is the kind of a column by the name of its type.
func kindOf(name string) byte {
	switch strings.ToUpper(name) {
	case "TEXT":
		return 't'
	case "BLOB", "BYTEA":
		return 'b'
	}
	return 'i'
}

// names of the columns, separated by commas.
func (p *movePlan) names() string { return joined(p.columns, ", ", quoted) }

// quoted writes a name that may be a word of SQL.
func quoted(_ int, name string) string { return `"` + name + `"` }
