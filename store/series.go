package store

import (
	"context"
	"fmt"

	"kurir/message"
)

// SeriesNumber is the last case number that a series has given.
type SeriesNumber struct {
	Name   string
	Period int64 // the year in which it was given
	Last   int64
}

func (s *Store) writeSeries(list []SeriesNumber) error {
	for i := range list {
		n, stmt := &list[i], s.cold.series
		stmt.BindText(1, n.Name)
		stmt.BindInt64(2, n.Period)
		stmt.BindInt64(3, n.Last)
		if err := execute(stmt); err != nil {
			return fmt.Errorf("write the series %s: %w", n.Name, err)
		}
	}
	return nil
}

// writeCase notes the case number of an inbound message, if it has one.
func (s *Store) writeCase(in *message.Inbound) error {
	if in.Case == "" {
		return nil
	}
	stmt := s.cold.inboundCase
	stmt.BindInt64(1, int64(in.ID))
	stmt.BindText(2, in.Series)
	stmt.BindText(3, in.Case)
	if err := execute(stmt); err != nil {
		return fmt.Errorf("write the case number of %s: %w", in.ID, err)
	}
	return nil
}

// Series returns the last number of every series.
func (s *Store) Series(ctx context.Context) ([]SeriesNumber, error) {
	var list []SeriesNumber
	err := s.read(ctx, func(c *conn) error {
		return query(c, seriesColumns, nil, func(stmt *statement) (bool, error) {
			list = append(list, SeriesNumber{stmt.ColumnText(0), stmt.ColumnInt64(1), stmt.ColumnInt64(2)})
			return true, nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read series: %w", err)
	}
	return list, nil
}

// casesWithin narrows ids to those among which the inbound messages with a case
// number are, low > high if there are none.
func casesWithin(c *conn, label string, low, high message.ID) (message.ID, message.ID, error) {
	first, last := message.ID(1), message.ID(0)
	err := query(c, "SELECT coalesce(min(id), 1), coalesce(max(id), 0) FROM inbound_case WHERE label = ?",
		func(stmt *statement) { stmt.BindText(1, label) },
		func(stmt *statement) (bool, error) {
			first, last = message.ID(stmt.ColumnInt64(0)), message.ID(stmt.ColumnInt64(1))
			return false, nil
		})
	return max(low, first), min(high, last), err
}
