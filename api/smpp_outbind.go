package api

import (
	"cmp"
	"context"
	"sync"
	"time"

	"kurir/account"
	"kurir/message"
	"kurir/smpp"
	"kurir/wire"
)

const (
	smppOutbindLook  = time.Second
	smppOutbindFirst = 5 * time.Second // pause after the first call that brought no bind, and after every session
	smppOutbindMost  = 5 * time.Minute
	smppOutbindWait  = 30 * time.Second // for connection and bind
)

// smppCall is what is known of the calls to one account.
type smppCall struct {
	busy     bool
	failures int
	again    time.Time
}

// outbinds calls customers who are owed something and have no session that
// receives, one call of an account at a time, until ctx ends (SMPP 3.4 2.2.1).
func (s *SMPPServer) outbinds(ctx context.Context) {
	var mu sync.Mutex
	var calling sync.WaitGroup
	defer calling.Wait()
	calls := map[string]*smppCall{}
	t := time.NewTicker(smppOutbindLook)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		for _, a := range s.accounts().All() {
			if a.SMPP.Outbind.Host == "" || s.all.Limit(a.Name) > 0 || !s.core.Owes(message.SMPPTarget, a.Name) {
				continue
			}
			mu.Lock()
			c := calls[a.Name]
			if c == nil {
				c = &smppCall{}
				calls[a.Name] = c
			}
			due := !c.busy && !time.Now().Before(c.again)
			c.busy = c.busy || due
			mu.Unlock()
			if !due {
				continue
			}
			calling.Go(func() {
				err := s.outbind(ctx, a)
				mu.Lock()
				defer mu.Unlock()
				if c.busy = false; err == nil {
					c.failures = 0
				}
				c.again = time.Now().Add(wire.Backoff(c.failures, smppOutbindFirst, smppOutbindMost, 0.2))
				if err != nil {
					c.failures++
				}
			})
		}
	}
}

// outbind calls one customer and waits until he has bound.
func (s *SMPPServer) outbind(ctx context.Context, a *account.Account) error {
	ctx, cancel := context.WithTimeout(ctx, smppOutbindWait)
	defer cancel()
	o := &a.SMPP.Outbind
	_, err := s.server.Outbind(ctx, o.Host, &smpp.Outbind{
		SystemID: cmp.Or(o.SystemID, s.server.SystemID), Password: o.Password.Reveal(),
	})
	if err != nil && ctx.Err() == nil {
		s.log.Warn("outbind brought no bind", "account", a.Name, "host", o.Host, "error", err)
	}
	return err
}
