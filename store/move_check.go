package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc64"
	"io"

	"kurir/message"
)

// count finds out how many rows there are, unless an earlier run has.
func (m *mover) count(ctx context.Context, plan []*movePlan) error {
	if err := m.target.states(plan); err != nil {
		return fmt.Errorf("read how far it has come: %w", err)
	}
	for _, p := range plan {
		if p.state.total < 0 {
			m.tell("count", p.name)
			n, err := m.sourceCount(p)
			if err == nil {
				err = m.target.noteTotal(p, n)
			}
			if err != nil {
				return fmt.Errorf("count table %s: %w", p.name, err)
			}
		}
		m.total += p.state.total
		m.before += p.state.rows
		m.leaveOut(p)
	}
	m.rows = m.before
	return ctx.Err()
}

func (m *mover) sourceCount(p *movePlan) (n int64, err error) {
	text := "SELECT count(*) FROM " + p.name
	if p.special.expand != nil {
		text = fmt.Sprintf("SELECT coalesce(sum(length(keys)), 0) / %d FROM %s", len(keyID{}), p.name)
	}
	if p.special.where != "" {
		text += " WHERE " + p.special.where
	}
	err = query(m.source.conn, text, nil, func(stmt *statement) (bool, error) {
		n = stmt.ColumnInt64(0)
		return false, nil
	})
	return n, err
}

// makeDays makes the partitions of all days that have messages.
func (m *mover) makeDays(ctx context.Context) error {
	there, err := m.target.partitions()
	if err != nil {
		return err
	}
	for _, table := range partitioned() {
		for from, more := int64(0), true; more; {
			more = false
			err := query(m.source.conn, "SELECT id FROM "+table+" WHERE id >= ? ORDER BY id LIMIT 1", func(stmt *statement) { stmt.BindInt64(1, from) },
				func(stmt *statement) (bool, error) {
					day := dayOf(message.ID(stmt.ColumnInt64(0)))
					from, more = firstOfDay(day+1), true
					if there[day] {
						return false, nil
					}
					there[day] = true
					if err := m.target.makePartition(day); err != nil {
						return false, fmt.Errorf("make the tables of day %d: %w", day, err)
					}
					return false, ctx.Err()
				})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// leaveOut takes rows that did not go over, since they had expired, out of the
// total when the table is done.
func (m *mover) leaveOut(p *movePlan) {
	if p.state.done {
		m.total -= p.state.total - p.state.rows
	}
}

// copyTable copies what of a table is not over. One goroutine reads while this one
// writes.
func (m *mover) copyTable(ctx context.Context, p *movePlan) error {
	if p.state.done {
		return nil
	}
	m.tell("copy", p.name)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	slices := make(chan *rows, 1)
	read := make(chan error, 1)
	go func() {
		defer close(slices)
		read <- m.readTable(ctx, p, func(r *rows) error {
			select {
			case slices <- r:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		})
	}()
	var err error
	for r := range slices {
		if err != nil {
			continue
		}
		before := p.state.rows
		if err = m.opt.fault("write " + p.name); err == nil {
			err = m.target.write(ctx, p, r)
		}
		if err == nil {
			err = m.opt.fault("written " + p.name)
		}
		if err != nil {
			cancel(err)
			continue
		}
		m.rows += p.state.rows - before
		m.leaveOut(p)
		m.tell("copy", p.name)
	}
	if failed := <-read; err == nil {
		err = failed
	}
	if err != nil {
		return fmt.Errorf("copy table %s: %w", p.name, err)
	}
	return nil
}

// compare reads the target back and compares it with what was sent.
func (m *mover) compare(ctx context.Context, plan []*movePlan) error {
	for _, p := range plan {
		m.tell("compare", p.name)
		if err := m.opt.fault("compare " + p.name); err != nil {
			return err
		}
		where := ""
		if p.special.back != "" {
			where = " WHERE " + p.special.back
		}
		sums := &copySums{table: crc64.MakeTable(crc64.ECMA)}
		_, err := m.target.conn.pg.CopyTo(ctx, sums, fmt.Sprintf("COPY (SELECT %s FROM %s%s) TO STDOUT (FORMAT binary)", p.names(), p.name, where))
		if err == nil {
			err = sums.err()
		}
		if err != nil {
			return fmt.Errorf("read table %s of the target: %w", p.name, err)
		}
		wanted := p.state.total
		if p.special.newest {
			wanted = p.state.rows // of the others it is known that they have expired
		}
		if p.state.rows != wanted || sums.count != wanted {
			return fmt.Errorf("table %s has %d rows in the target and %d in the source: nothing is lost, the source is as it was, but the target is not to be used", p.name, sums.count, wanted)
		}
		if sums.sum != p.state.sum && !p.special.newest {
			return fmt.Errorf("table %s has other rows in the target than in the source: nothing is lost, the source is as it was, but the target is not to be used", p.name)
		}
	}
	return nil
}

// partsReader reads slices one after the other.
type partsReader struct{ parts [][]byte }

// Read implements io.Reader.
func (r *partsReader) Read(b []byte) (int, error) {
	for len(r.parts) > 0 {
		if len(r.parts[0]) == 0 {
			r.parts = r.parts[1:]
			continue
		}
		n := copy(b, r.parts[0])
		r.parts[0] = r.parts[0][n:]
		return n, nil
	}
	return 0, io.EOF
}

// copySums takes what COPY writes, and adds up the checksums of its rows.
type copySums struct {
	table *crc64.Table
	count int64
	sum   uint64
	rest  []byte
	begun bool
	ended bool
}

// Write implements io.Writer.
func (c *copySums) Write(b []byte) (int, error) {
	data := b
	if len(c.rest) > 0 {
		c.rest = append(c.rest, b...)
		data = c.rest
	}
	if head := len(copyHeader()); !c.begun && len(data) >= head {
		c.begun, data = true, data[head:]
	}
	for c.begun && !c.ended && len(data) >= 2 {
		if binary.BigEndian.Uint16(data) == 0xffff {
			c.ended, data = true, data[2:]
			break
		}
		n := rowOctets(data)
		if n == 0 {
			break
		}
		c.count++
		c.sum += crc64.Checksum(data[:n], c.table)
		data = data[n:]
	}
	c.rest = append(c.rest[:0], data...)
	return len(b), nil
}

// rowOctets is how many octets the first row of data has; 0 if it is not whole.
func rowOctets(data []byte) int {
	at := 2
	for range binary.BigEndian.Uint16(data) {
		if len(data) < at+4 {
			return 0
		}
		n := int32(binary.BigEndian.Uint32(data[at:]))
		at += 4 + int(max(n, 0))
	}
	if at > len(data) {
		return 0
	}
	return at
}

func (c *copySums) err() error {
	if !c.ended || len(c.rest) > 0 {
		return errors.New("the answer is not whole")
	}
	return nil
}
