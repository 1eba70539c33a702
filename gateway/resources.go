package gateway

import (
	"context"

	"kurir/store"
)

// Audit says who changed what over REST.
type Audit = store.Audit

// AuditFilter says which changes a list holds.
type AuditFilter = store.AuditFilter

// Audits returns changes in the order of their numbers.
func (g *Gateway) Audits(ctx context.Context, f AuditFilter) ([]Audit, error) {
	return g.store.Audits(ctx, f)
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
