package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc64"
	"strings"
)

// moveSlice is how many octets of rows one transaction writes.
const moveSlice = 4 << 20

// rows is a slice of a table as COPY takes it: for each row the number of its
// columns, and each as length and octets.
type rows struct {
	octets []byte
	count  int64
	sum    uint64 // of the checksums of rows, so that their order does not matter
	cursor []byte // the key of the last one
	done   bool   // there are no more
}

// rowEncoder makes slices of rows.
type rowEncoder struct {
	plan  *movePlan
	table *crc64.Table
	rows  *rows
	buf   []byte
}

// readTable calls give for slices of a table from behind a cursor on.
func (m *mover) readTable(ctx context.Context, p *movePlan, give func(*rows) error) error {
	e := &rowEncoder{plan: p, table: crc64.MakeTable(crc64.ECMA), rows: &rows{}}
	add := p.special.expand
	if add == nil {
		add = (*rowEncoder).add
	}
	err := query(m.source.conn, p.selection(), func(stmt *statement) { p.bindCursor(stmt, p.state.cursor) },
		func(stmt *statement) (bool, error) {
			if err := add(e, stmt); err != nil {
				return false, err
			}
			if len(e.rows.octets) < m.opt.slice {
				return true, ctx.Err()
			}
			e.rows.cursor = p.cursorOf(stmt)
			err := give(e.rows)
			e.rows = &rows{octets: make([]byte, 0, m.opt.slice+m.opt.slice/8)}
			return true, err
		})
	if err != nil {
		return err
	}
	e.rows.done = true
	return give(e.rows)
}

// sourceColumns are the columns that are read.
func (p *movePlan) sourceColumns() []column {
	if p.special.from != "" {
		w := write{columns: p.special.from}
		return w.list()
	}
	return p.columns
}

// selection reads the rows behind the cursor.
func (p *movePlan) selection() string {
	list := p.sourceColumns()
	keys := make([]column, len(p.key))
	for i, at := range p.key {
		keys[i] = list[at]
	}
	key := joined(keys, ", ", quoted)
	where, than, order := []string{"1"}, ">", ""
	if p.special.where != "" {
		where = append(where, p.special.where)
	}
	if p.special.newest {
		than, order = "<", " DESC"
	}
	if len(p.state.cursor) > 0 {
		where = append(where, fmt.Sprintf("(%s) %s (%s)", key, than, strings.Repeat("?,", len(keys)-1)+"?"))
	}
	return fmt.Sprintf("SELECT %s FROM %s WHERE %s ORDER BY %s", joined(list, ", ", quoted), p.name, strings.Join(where, " AND "),
		joined(keys, ", ", func(i int, name string) string { return quoted(i, name) + order }))
}

// cursorOf is the key of a row: each column as its octets.
func (p *movePlan) cursorOf(stmt *statement) []byte {
	var cursor []byte
	for _, at := range p.key {
		if p.sourceColumns()[at].kind == 'i' {
			cursor = binary.AppendVarint(cursor, stmt.ColumnInt64(at))
			continue
		}
		cursor = appendText(cursor, stmt.ColumnText(at))
	}
	return cursor
}

func (p *movePlan) bindCursor(stmt *statement, cursor []byte) {
	if len(cursor) == 0 {
		return
	}
	r := blobReader{rest: cursor}
	for i, at := range p.key {
		switch p.sourceColumns()[at].kind {
		case 'i':
			stmt.BindInt64(i+1, r.varint())
		case 't':
			stmt.BindText(i+1, string(r.octets()))
		default:
			stmt.BindBytes(i+1, r.octets())
		}
	}
}

// add adds a row.
func (e *rowEncoder) add(stmt *statement) error {
	p := e.plan
	list := p.sourceColumns()
	start := e.begin()
	for i, c := range list {
		switch {
		case stmt.ColumnIsNull(i):
			e.rows.octets = binary.BigEndian.AppendUint32(e.rows.octets, 1<<32-1)
		case c.kind == 'i':
			e.number(stmt.ColumnInt64(i))
		default:
			v := e.value(stmt, i)
			if c.kind == 't' && !plain(shared(v)) {
				v = []byte(escape(string(v)))
			}
			if p.special.shape != nil {
				v = v[:p.special.shape(c.name, v)]
			}
			e.field(v)
		}
	}
	e.end(start)
	return nil
}

// value returns the octets of a column, until the next call.
func (e *rowEncoder) value(stmt *statement, col int) []byte {
	n := stmt.ColumnLen(col)
	if cap(e.buf) < n {
		e.buf = make([]byte, n+1024)
	}
	return e.buf[:stmt.ColumnBytes(col, e.buf[:n])]
}

func (e *rowEncoder) begin() (start int) {
	start = len(e.rows.octets)
	e.rows.octets = binary.BigEndian.AppendUint16(e.rows.octets, uint16(len(e.plan.columns)))
	return start
}

func (e *rowEncoder) end(start int) {
	e.rows.count++
	e.rows.sum += crc64.Checksum(e.rows.octets[start:], e.table)
}

func (e *rowEncoder) number(v int64) {
	e.rows.octets = binary.BigEndian.AppendUint32(e.rows.octets, 8)
	e.rows.octets = binary.BigEndian.AppendUint64(e.rows.octets, uint64(v))
}

func (e *rowEncoder) field(v []byte) {
	e.rows.octets = binary.BigEndian.AppendUint32(e.rows.octets, uint32(len(v)))
	e.rows.octets = append(e.rows.octets, v...)
}

// expandKeys makes a row of each key of a row of SQLite's table of requests, but
// for those that have expired.
func expandKeys(now int64) func(*rowEncoder, *statement) error {
	return func(e *rowEncoder, stmt *statement) error {
		var d, d2 rowDecoder
		last, keys := stmt.ColumnInt64(1), d.blob(stmt, 2)
		r := blobReader{rest: d2.blob(stmt, 3)}
		if r.octet() != blobVersion {
			return errBadBlob
		}
		for ; len(keys) >= len(keyID{}); keys = keys[len(keyID{}):] {
			request := r.fixed(len(IdempotencyKey{}.Request))
			expires := last - int64(r.uvarint())
			answer := r.octets()
			if r.bad {
				return errors.New("a row of table idempotency is damaged")
			}
			if expires <= now {
				continue
			}
			start := e.begin()
			e.field(keys[:len(keyID{})])
			e.field(request)
			e.field(answer)
			e.number(expires)
			e.end(start)
		}
		return nil
	}
}
