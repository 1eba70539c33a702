package store

import (
	"context"
	"fmt"
)

// Network is a network by the beginning of its numbers, which came over REST.
type Network struct {
	Prefix  string // digits with country code; empty, in a Batch: all that are there go
	Code    string // MCC and MNC
	Name    string
	Country string
}

func (s *Store) writeNetworks(list []Network) error {
	for i := range list {
		n, stmt := &list[i], s.cold.network
		if n.Prefix == "" {
			stmt = s.cold.networksGone
		} else {
			stmt.BindText(1, n.Prefix)
			stmt.BindText(2, n.Code)
			stmt.BindText(3, n.Name)
			stmt.BindText(4, n.Country)
		}
		if err := execute(stmt); err != nil {
			return fmt.Errorf("write the network of +%s: %w", n.Prefix, err)
		}
	}
	return nil
}

// Networks returns the networks that came over REST.
func (s *Store) Networks(ctx context.Context) ([]Network, error) {
	var list []Network
	err := s.read(ctx, func(c *conn) error {
		return query(c, "SELECT prefix, code, name, country FROM network", nil, func(stmt *statement) (bool, error) {
			list = append(list, Network{stmt.ColumnText(0), stmt.ColumnText(1), stmt.ColumnText(2), stmt.ColumnText(3)})
			return true, nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read networks: %w", err)
	}
	return list, nil
}
