package store

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// postgresWrite is how rows of one write go to PostgreSQL: as arrays, one for
// each column, all rows of a transaction that follow one another in one
// statement.
type postgresWrite struct {
	text    string
	table   string
	columns []column
	single  int // columns that tell rows apart which must not stand in one statement; 0: any may
}

// postgres is the text for PostgreSQL, for any number of rows.
func (w *write) postgres() *postgresWrite {
	list := w.list()
	p := &postgresWrite{table: w.table, columns: list}
	key, rest := list[:w.keys], list[w.keys:]
	arrays := joined(list, ", ", func(i int, _ string) string {
		return fmt.Sprintf("$%d::%s[]", i+1, map[byte]string{'i': "bigint", 't': "text", 'b': "bytea"}[list[i].kind])
	})
	rows := fmt.Sprintf("unnest(%s) AS r(%s)", arrays, joined(list, ", ", func(i int, _ string) string { return fmt.Sprintf("c%d", i+1) }))
	equals := func(from int, target string) func(int, string) string {
		return func(i int, name string) string { return fmt.Sprintf("%s%s = r.c%d", target, name, from+i+1) }
	}
	insert := fmt.Sprintf("INSERT INTO %s(%s) SELECT * FROM %s", w.table, joined(list, ", ", nameOf), rows)
	conflict := " ON CONFLICT (" + joined(key, ", ", nameOf) + ")"
	excluded := joined(rest, ", ", func(_ int, name string) string { return name + " = excluded." + name })
	switch w.verb {
	case add:
		p.text = insert
	case put, unless:
		p.text = insert + " ON CONFLICT DO NOTHING"
		if w.verb == put && len(rest) > 0 || w.moves {
			p.text, p.single = insert+conflict+" DO UPDATE SET "+excluded, w.keys
			if w.moves {
				p.text += " RETURNING xmax = 0" // whether the row was not there
			}
		}
	case sum, join:
		last := rest[len(rest)-1].name
		p.text, p.single = fmt.Sprintf("%s%s DO UPDATE SET %[3]s = %[4]s.%[3]s %[5]s excluded.%[3]s", insert, conflict, last, w.table, w.verb.sign()), w.keys
	case change:
		p.text = fmt.Sprintf("UPDATE %s AS t SET %s FROM %s WHERE %s", w.table, joined(rest, ", ", equals(w.keys, "")), rows, joined(key, " AND ", equals(0, "t.")))
		p.single = w.keys
	case remove:
		p.text = fmt.Sprintf("DELETE FROM %s AS t USING %s WHERE %s", w.table, rows, joined(key, " AND ", equals(0, "t.")))
	case empty:
		p.text = "DELETE FROM " + w.table
	case other:
		return nil // row by row
	}
	if w.once {
		p.single = 0
	}
	return p
}

// rowGroup is rows of one statement that follow one another.
type rowGroup struct {
	stmt   *postgresStatement
	arrays []array
	rows   int
	seen   map[string]struct{} // keys of its rows, where none may come twice
	single [][]byte            // the arguments of a statement that is no write of rows
	types  []uint32
	count  *int64           // to which the rows that were touched are added, times sign; nil for none
	row    func(*statement) // of one that reads: called for each row; nil for most
	sign   int64
}

// array is a column of a rowGroup, its elements as they go on the wire.
type array struct {
	octets []byte // behind the header
	nulls  bool
}

const arrayHeader = 20

func (a *array) add(v []byte) {
	if a.octets == nil {
		a.octets = make([]byte, arrayHeader, 1024)
	}
	if v == nil {
		a.nulls = true
		a.octets = binary.BigEndian.AppendUint32(a.octets, 1<<32-1)
		return
	}
	a.octets = binary.BigEndian.AppendUint32(a.octets, uint32(len(v)))
	a.octets = append(a.octets, v...)
}

// value is the array as an argument: one dimension, whether there are NULLs,
// the type of the elements, how many, the number of the first.
func (a *array) value(kind byte, rows int) ([]byte, uint32) {
	element, oid := uint32(oidInt64), uint32(oidInt64Array)
	switch kind {
	case 't':
		element, oid = oidText, oidTextArray
	case 'b':
		element, oid = oidBytes, oidBytesArray
	}
	nulls := uint32(0)
	if a.nulls {
		nulls = 1
	}
	for i, n := range [...]uint32{1, nulls, element, uint32(rows), 1} {
		binary.BigEndian.PutUint32(a.octets[4*i:], n)
	}
	return a.octets, oid
}

// addRow notes the bound arguments for the transaction under way.
func (p *postgresStatement) addRow() error {
	tx := p.conn.pg.tx
	if tx == nil {
		return fmt.Errorf("a row for %s outside of a transaction", p.text)
	}
	defer p.reset()
	if p.plan == nil || len(p.plan.columns) == 0 {
		values := make([][]byte, len(p.values))
		for i, v := range p.values {
			if v != nil {
				values[i] = append(make([]byte, 0, len(v)), v...)
			}
		}
		tx.groups = append(tx.groups, &rowGroup{stmt: p, single: values, types: append([]uint32(nil), p.types...)})
		clear(tx.last)
		return nil
	}
	seg := tx.last[p.plan.table]
	if seg == nil || seg.stmt != p || seg.has(p) {
		seg = &rowGroup{stmt: p, arrays: make([]array, len(p.plan.columns))}
		tx.groups = append(tx.groups, seg)
		tx.last[p.plan.table] = seg
		seg.has(p)
	}
	for i := range seg.arrays {
		seg.arrays[i].add(p.values[i])
	}
	seg.rows++
	return nil
}

// has tells whether a row with the key of the one that is bound is there
// already, where that matters, and notes it.
func (g *rowGroup) has(p *postgresStatement) bool {
	if p.plan.single == 0 {
		return false
	}
	var key strings.Builder
	for _, v := range p.values[:p.plan.single] {
		fmt.Fprintf(&key, "%d:", len(v))
		key.Write(v)
	}
	if _, there := g.seen[key.String()]; there {
		return true
	}
	if g.seen == nil {
		g.seen = map[string]struct{}{}
	}
	g.seen[key.String()] = struct{}{}
	return false
}

// arguments of the statement of a rowGroup.
func (g *rowGroup) arguments() (values [][]byte, types []uint32, formats []int16) {
	if g.arrays == nil {
		values, types = g.single, g.types
	}
	for i := range g.arrays {
		v, oid := g.arrays[i].value(g.stmt.plan.columns[i].kind, g.rows)
		values, types = append(values, v), append(types, oid)
	}
	formats = make([]int16, len(values))
	for i := range formats {
		formats[i] = binaryFormat
	}
	return values, types, formats
}
