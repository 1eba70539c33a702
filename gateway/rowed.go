package gateway

import (
	"context"

	"kurir/message"
	"kurir/store"
)

// recoverMost is how many open messages are looked for in the spill tables at a time.
const recoverMost = 1000

// rowed tells which of a node's open messages stand in a row of a spill table. Those that the operator has, or may have, do
// in none that matters here.
func (g *Gateway) rowed(ctx context.Context, node int, list []*message.Message) (map[message.ID]bool, error) {
	var due []message.ID
	var waits []store.Waiting
	var owed []store.Owed
	for _, m := range list {
		switch {
		case m.State.Final():
			it := &Item{box: &outbox{key: boxKey{kind: m.Target.Kind, account: m.Target.Account}, node: node}}
			owed = append(owed, g.owedRows(it, m)...)
		case m.State != message.Enroute && m.State != message.Sending:
			due = append(due, m.ID)
			for _, name := range m.Links {
				waits = append(waits, store.Waiting{Node: node, Link: name, Priority: m.Priority, Account: m.Account, ID: m.ID})
			}
		}
	}
	in := map[message.ID]bool{}
	has, err := g.store.DueHas(ctx, due)
	if err != nil {
		return nil, err
	}
	for i, there := range has {
		in[due[i]] = in[due[i]] || there
	}
	if has, err = g.store.WaitingHas(ctx, waits); err != nil {
		return nil, err
	}
	for i, there := range has {
		in[waits[i].ID] = in[waits[i].ID] || there
	}
	if has, err = g.store.OwedHas(ctx, owed); err != nil {
		return nil, err
	}
	for i, there := range has {
		in[owed[i].ID] = in[owed[i].ID] || there
	}
	return in, nil
}
