package store

import (
	"context"
	"fmt"
)

// Kinds of what Spans are of.
const (
	SpanLink      = "link"
	SpanInterface = "interface"
	SpanNode      = "node" // a server itself; it has no name but its number
)

// States of Spans.
const (
	SpanUp      = "up"
	SpanDown    = "down"
	SpanPlanned = "planned" // the operator works on his side, as the link's settings say
	SpanStopped = "stopped" // somebody has stopped it
)

// Span is a time in which a node saw a link, an interface or itself in one state. Kind, Name, Node and Since are its key.
type Span struct {
	Kind, Name string
	Node       int
	Since      int64 // Unix milliseconds
	Until      int64 // likewise, as far as it is written: one that goes on is later
	State      string
}

func (s *Store) writeSpans(list []Span) error {
	for i := range list {
		p, stmt := &list[i], s.cold.span
		stmt.BindText(1, p.Kind)
		stmt.BindText(2, p.Name)
		stmt.BindInt64(3, int64(p.Node))
		stmt.BindInt64(4, p.Since)
		stmt.BindInt64(5, p.Until)
		stmt.BindText(6, p.State)
		if err := execute(stmt); err != nil {
			return fmt.Errorf("write since when %s %s is %s: %w", p.Kind, p.Name, p.State, err)
		}
	}
	return nil
}

// Spans returns those that are not over before since and begin before until, Unix milliseconds, and the last before since of
// each thing, in the order of kind, name, node and beginning.
func (s *Store) Spans(ctx context.Context, since, until int64) (list []Span, err error) {
	const text = `SELECT kind, name, node, since, until, state FROM span WHERE until >= ?1 AND since < ?2
  UNION SELECT s.kind, s.name, s.node, s.since, s.until, s.state FROM span s
  JOIN (SELECT kind, name, node, max(since) AS since FROM span WHERE until < ?1 GROUP BY kind, name, node) last
  ON s.kind = last.kind AND s.name = last.name AND s.node = last.node AND s.since = last.since
  ORDER BY 1, 2, 3, 4`
	err = s.read(ctx, func(c *conn) error {
		return query(c, text,
			func(stmt *statement) {
				stmt.BindInt64(1, since)
				stmt.BindInt64(2, until)
			},
			func(stmt *statement) (bool, error) {
				list = append(list, Span{stmt.ColumnText(0), stmt.ColumnText(1), stmt.ColumnInt(2), stmt.ColumnInt64(3), stmt.ColumnInt64(4), stmt.ColumnText(5)})
				return true, nil
			})
	})
	if err != nil {
		return nil, fmt.Errorf("read when links and interfaces were there: %w", err)
	}
	return list, nil
}
