package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"kurir/directory"
	"kurir/message"
	"kurir/store"
)

// ListState is a number list for people.
type ListState struct {
	*directory.List
	InFile int // entries of its file
	InREST int // and those that came over REST
}

// Lists returns the number lists, in the order of the file.
func (g *Gateway) Lists() []ListState {
	snap := g.snap.Load()
	g.mu.Lock()
	defer g.mu.Unlock()
	states := make([]ListState, 0, len(snap.Lists))
	for i := range snap.Lists {
		l := &snap.Lists[i]
		states = append(states, ListState{l, l.Read().Len(), g.numbers.lists[l.Name].Len()})
	}
	return states
}

// listOf finds the list of that name and its entries that came over REST.
func (g *Gateway) listOf(name string) (*directory.List, *directory.Numbers, *Snapshot) {
	snap := g.snap.Load()
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range snap.Lists {
		if snap.Lists[i].Name == name {
			return &snap.Lists[i], g.numbers.lists[name], snap
		}
	}
	return nil, nil, nil
}

// MostListChanges is how many entries one ListChange may add and remove together.
const MostListChanges = 10_000

// ListChange adds entries to a number list and takes others out.
type ListChange struct {
	List        string
	Add, Remove []string
	By          string // account that does it
	Note        string
}

// ListChanged is what became of a ListChange.
type ListChanged struct{ Added, Removed, Entries int }

// EntryError is an entry that cannot be read.
type EntryError struct {
	Field string // add, remove or number
	Index int    // in it; less than 0 where it is no list
	Text  string
}

// Error implements error.
func (e *EntryError) Error() string {
	if e.Index < 0 {
		return e.Field + ": " + e.Text
	}
	return fmt.Sprintf("%s[%d]: %s", e.Field, e.Index, e.Text)
}

// The reasons for which entries of a list are not changed.
var (
	ErrNoList       = errors.New("there is no list of that name")
	ErrManyEntries  = fmt.Errorf("more than %d entries at a time", MostListChanges)
	ErrManyPatterns = fmt.Errorf("the list would have more than %d patterns, each of which is compared with every number; beginnings such as +4670* are none", directory.MaxPatterns)
)

// ChangeList changes the entries of a list that are not in its file, and returns
// when that is on disk; it goes on when ctx has ended. With an entry that cannot be read (*EntryError) nothing
// is changed. A *message.Failure says that it cannot be written now.
func (g *Gateway) ChangeList(ctx context.Context, c ListChange) (ListChanged, error) {
	l, rest, snap := g.listOf(c.List)
	if l == nil {
		return ListChanged{}, ErrNoList
	}
	if len(c.Add)+len(c.Remove) > MostListChanges {
		return ListChanged{}, ErrManyEntries
	}
	normal := normalFor(l, snap.Country)
	add, err := parseEntries("add", c.Add, normal)
	if err != nil {
		return ListChanged{}, err
	}
	remove, err := parseEntries("remove", c.Remove, normal)
	if err != nil {
		return ListChanged{}, err
	}
	if !rest.HasRoom(add) {
		return ListChanged{}, ErrManyPatterns
	}
	var changed ListChanged
	err = g.outlives(ctx, func() error {
		for part := range slices.Chunk(remove, listChunk) {
			if err := g.changeEntries(rest, part, false, &c, &changed); err != nil {
				return err
			}
		}
		for part := range slices.Chunk(add, listChunk) {
			if err := g.changeEntries(rest, part, true, &c, &changed); err != nil {
				return err
			}
		}
		changed.Entries = rest.Len()
		return nil
	})
	if err != nil {
		return ListChanged{}, err
	}
	return changed, nil
}

// listChunk is how many entries are written in one commit, lest messages wait for
// more.
const listChunk = 1000

// changeEntries adds or removes entries and returns when that is on disk. A set of
// millions may sort itself meanwhile, so that the gateway's lock is not held.
func (g *Gateway) changeEntries(rest *directory.Numbers, entries []directory.Entry, add bool, c *ListChange, changed *ListChanged) error {
	done, err := g.gatherEntries(rest, entries, add, c, changed)
	if err != nil {
		return err
	}
	g.signal()
	return settledBy(g.ctx, done)
}

func (g *Gateway) gatherEntries(rest *directory.Numbers, entries []directory.Entry, add bool, c *ListChange, changed *ListChanged) (<-chan error, error) {
	g.numbers.changing.Lock() // changes are written in the order in which they were made
	defer g.numbers.changing.Unlock()
	if err := g.Ready(); err != nil {
		g.mu.Lock()
		defer g.mu.Unlock()
		return nil, g.refusal()
	}
	var rows []store.ListEntry
	now := g.now().UnixMilli()
	for _, e := range entries {
		switch {
		case add && rest.Add(e):
			changed.Added++
			rows = append(rows, store.ListEntry{List: c.List, Entry: e.String(), At: now, By: c.By, Note: c.Note})
		case !add && rest.Remove(e):
			changed.Removed++
			rows = append(rows, store.ListEntry{List: c.List, Entry: e.String(), Gone: true})
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopping {
		return nil, g.refusal()
	}
	g.cur.ListEntries = append(g.cur.ListEntries, rows...)
	return g.onDisk(), nil
}

func parseEntries(field string, texts []string, normal func(string) (message.Address, error)) ([]directory.Entry, error) {
	entries := make([]directory.Entry, 0, len(texts))
	for i, text := range texts {
		e, err := directory.ParseEntry(text, normal)
		if err != nil {
			return nil, &EntryError{field, i, err.Error()}
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// ListEntryState is an entry of a list that came over REST.
type ListEntryState = store.ListEntry

// ListEntries returns entries of a list that came over REST, in their order,
// those behind the first skip, at most n.
func (g *Gateway) ListEntries(ctx context.Context, list string, skip int64, n int) ([]ListEntryState, error) {
	if l, _, _ := g.listOf(list); l == nil {
		return nil, ErrNoList
	}
	return g.store.ListEntries(ctx, list, skip, n)
}

// FindInList says under which entry of a list a number or name falls, and whether
// that stands in its file; none if it falls under none.
func (g *Gateway) FindInList(list, text string) (entry string, inFile bool, err error) {
	l, rest, snap := g.listOf(list)
	if l == nil {
		return "", false, ErrNoList
	}
	a, err := normalFor(l, snap.Country)(text)
	if err != nil {
		return "", false, &EntryError{Field: "number", Index: -1, Text: err.Error()}
	}
	if entry, ok := l.Read().Match(a); ok {
		return entry, true, nil
	}
	entry, _ = rest.Match(a)
	return entry, false, nil
}
