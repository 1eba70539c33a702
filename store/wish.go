package store

import (
	"context"
	"fmt"
	"strings"
)

// LinkWish is what people want of a link, for all nodes; what the number means is
// the gateway's affair.
type LinkWish struct {
	Link string
	Wish int64
}

// metaLink stands in table meta before the names of links that somebody has spoken of.
const metaLink = "link/"

func (s *Store) writeWishes(list []LinkWish) error {
	for _, w := range list {
		if err := s.setMeta(metaLink+w.Link, w.Wish); err != nil {
			return fmt.Errorf("write what is wanted of link %s: %w", w.Link, err)
		}
	}
	return nil
}

// LinkWishes returns what is wanted of links, by name, where it is not 0.
func (s *Store) LinkWishes(ctx context.Context) (map[string]int64, error) {
	all := map[string]int64{}
	err := s.read(ctx, func(c *conn) error {
		return query(c, "SELECT name, value FROM meta WHERE name >= 'link/' AND name < 'link0' AND value <> 0", nil, func(stmt *statement) (bool, error) {
			all[strings.TrimPrefix(stmt.ColumnText(0), metaLink)] = stmt.ColumnInt64(1)
			return true, nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read what is wanted of links: %w", err)
	}
	return all, nil
}
