package gateway

import (
	"kurir/message"
)

// lookAtBalances has memory take over, now and then, what other gateways have moved:
// what decides is looked up in the commit anyway, but people and warnings read what is in
// memory. The lock is held.
func (g *Gateway) lookAtBalances() {
	if !g.opt.Shared || g.ctx.Err() != nil {
		return
	}
	select {
	case g.errands <- g.readBalances: // while nothing is written
	default:
	}
}

// readBalances takes balances from the database, with what the gathers move that are
// not written.
func (g *Gateway) readBalances() {
	all, err := g.store.Balances(g.ctx)
	if err != nil {
		g.log.Warn("the balances could not be read", "error", err)
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for name, b := range all {
		p := g.purse(name)
		p.disk = funds{message.Amount(b.Balance), message.Amount(b.Charged), message.Amount(b.Reserved)}
		p.live = p.disk
		if p.currency == "" {
			p.currency = b.Currency
		}
	}
	for _, b := range []*gather{g.carry, g.cur} {
		if b == nil {
			continue
		}
		for i := range b.money {
			mv := &b.money[i]
			if _, read := all[mv.purse.account]; read {
				mv.purse.live.add(mv.change)
			}
		}
	}
}
