package gateway

import (
	"context"

	"kurir/store"
)

// Audit says who changed what over REST.
type Audit = store.Audit

// AuditFilter says which changes a list holds.
type AuditFilter = store.AuditFilter

// Audits returns changes in the order of their numbers, and behind which number it is to go on; 0 when there is nothing more. A page may
// have fewer than there are, even none.
func (g *Gateway) Audits(ctx context.Context, f AuditFilter) (list []Audit, next int64, err error) {
	return g.store.Audits(ctx, f)
}

// WriteAudit puts on record that somebody did something that is no change of a setting, and returns when it is on disk. The number and
// the time of a are filled in.
func (g *Gateway) WriteAudit(ctx context.Context, a Audit) error {
	a.Number, a.At = g.NextAudit(), g.now().UnixMilli()
	g.mu.Lock()
	if g.full != nil {
		f := g.refusal()
		g.mu.Unlock()
		return f
	}
	g.cur.People = append(g.cur.People, &store.PeopleChange{Audits: []Audit{a}})
	done := g.onDisk()
	g.mu.Unlock()
	g.signal()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// WriteRekey puts everything that people made over REST on disk anew, its secrets encrypted with another key. done tells when it
// is there.
func (g *Gateway) WriteRekey(k *store.Rekey) (done <-chan error, refused error) {
	g.mu.Lock()
	if g.full != nil {
		f := g.refusal()
		g.mu.Unlock()
		return nil, f
	}
	g.cur.Rekey = k
	done = g.onDisk()
	g.mu.Unlock()
	g.signal()
	return done, nil
}

// WriteResource puts a change of what people made over REST on disk, and with it the answer to the request that made it if that has
// a key; k is nil for most. done tells when it is there.
func (g *Gateway) WriteResource(c store.ResourceChange, k *Keyed, answer []byte) (done <-chan error, refused error) {
	g.mu.Lock()
	if g.full != nil {
		f := g.refusal()
		g.mu.Unlock()
		return nil, f
	}
	g.cur.Resources = append(g.cur.Resources, c)
	if k != nil {
		g.remember(k, answer)
	}
	done = g.onDisk()
	g.mu.Unlock()
	g.signal()
	return done, nil
}
