package gateway

import (
	"context"

	"kurir/message"
	"kurir/store"
)

// ErrNotFound is returned for an unknown id and for somebody else's.
var ErrNotFound = store.ErrNotFound

// Filter says which messages, or inbound messages, a list holds.
type Filter = store.Filter

// StoreStats are figures about the database.
type StoreStats = store.Stats

// CommitBounds are the upper bounds of the buckets of StoreStats.CommitBuckets.
var CommitBounds = store.CommitBounds

// Messages returns a page of messages as they are on disk, and where the next
// page begins (Filter.After), 0 when there is none. A page may be short, even
// empty, and still have a next.
func (g *Gateway) Messages(ctx context.Context, f Filter) ([]*message.Message, message.ID, error) {
	return g.store.Messages(ctx, f)
}

// InboundList returns a page of inbound messages, as Messages does.
func (g *Gateway) InboundList(ctx context.Context, f Filter) ([]*message.Inbound, message.ID, error) {
	return g.store.InboundList(ctx, f)
}

// InboundMessage returns an inbound message as it is on disk. account
// restricts it to one customer's; empty is any. The error is ErrNotFound for
// an unknown id and for somebody else's.
func (g *Gateway) InboundMessage(ctx context.Context, account string, id message.ID) (*message.Inbound, error) {
	in, err := g.store.Inbound(ctx, id)
	if err != nil {
		return nil, err
	}
	if account != "" && in.Account != account {
		return nil, ErrNotFound
	}
	return in, nil
}

// StoreStats returns the figures of the database as they are now.
func (g *Gateway) StoreStats() StoreStats { return g.store.Stats() }
