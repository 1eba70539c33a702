package store

import (
	"context"
	"fmt"
)

// Revisions tell what nodes have changed of what all of them keep in memory:
// each number grows with every commit that changes it.
type Revisions struct {
	Settings int64 // table resource
	Lists    int64 // entries of number lists
	OptOuts  int64
	Networks int64
	Wishes   int64 // what is wanted of links
}

const (
	revisionSettings = "revision/settings" // names in table meta
	revisionLists    = "revision/lists"
	revisionOptOuts  = "revision/opt_outs"
	revisionNetworks = "revision/networks"
	revisionWishes   = "revision/links"
)

// changed are the names of the revisions that a batch moves.
func (b *Batch) changed() (names []string) {
	for _, r := range []struct {
		name string
		rows int
	}{
		{revisionSettings, b.settings()},
		{revisionLists, len(b.ListEntries)},
		{revisionOptOuts, len(b.OptOuts)},
		{revisionNetworks, len(b.Networks)},
		{revisionWishes, len(b.Wishes)},
	} {
		if r.rows > 0 {
			names = append(names, r.name)
		}
	}
	return names
}

// settings is how many changes of settings a batch has.
func (b *Batch) settings() int {
	if b.Rekey != nil {
		return len(b.Resources) + 1
	}
	return len(b.Resources)
}

// writeRevisions moves revisions, where there are other nodes to look at them.
func (s *Store) writeRevisions(b *Batch) error {
	if !s.opts.Shared {
		return nil
	}
	for _, name := range b.changed() {
		s.cold.revision.BindText(1, name)
		s.cold.revision.BindInt64(2, 1)
		if err := execute(s.cold.revision); err != nil {
			return fmt.Errorf("write that %s has changed: %w", name, err)
		}
	}
	return nil
}

// Revisions returns them as they are on disk.
func (s *Store) Revisions(ctx context.Context) (r Revisions, err error) {
	places := map[string]*int64{
		revisionSettings: &r.Settings, revisionLists: &r.Lists, revisionOptOuts: &r.OptOuts, revisionNetworks: &r.Networks, revisionWishes: &r.Wishes,
	}
	err = s.read(ctx, func(c *conn) error {
		return query(c, "SELECT name, value FROM meta WHERE name >= 'revision/' AND name < 'revision0'", nil, func(stmt *statement) (bool, error) {
			if to := places[stmt.ColumnText(0)]; to != nil {
				*to = stmt.ColumnInt64(1)
			}
			return true, nil
		})
	})
	if err != nil {
		return r, fmt.Errorf("read what other nodes have changed: %w", err)
	}
	return r, nil
}

// Shared tells whether other nodes use the database, too.
func (s *Store) Shared() bool { return s.opts.Shared }
