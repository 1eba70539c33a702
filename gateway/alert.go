package gateway

import (
	"context"
	"time"

	"kurir/message"
)

const (
	alertsMost = 1000           // phones of which customers are still to be told; more are dropped
	alertsTold = 50             // of them in a second
	alertsPast = 5000           // messages to a phone that are looked at, the newest
	alertsPage = 250            // of them at a time
	alertsAge  = 24 * time.Hour // how long a phone is the concern of who wrote to it
)

// Alerter is a Receiver that hands on what operators say of phones
// (SMPP 3.4 4.12). Nothing is stored and nobody answers.
type Alerter interface {
	// Alert tells an account of a phone to which it wrote as sender, and tells
	// whether somebody was there. It does not block.
	Alert(account string, a *message.Alert, sender message.Address) bool
}

// noteAlert keeps an alert for customers, the last of each phone. The lock is
// held.
func (g *Gateway) noteAlert(a message.Alert) {
	if !g.alerting {
		return
	}
	if _, known := g.alerts[a.Phone.Number]; !known && len(g.alerts) >= alertsMost {
		g.count.alertsDropped.Add(1)
		return
	}
	if g.alerts == nil {
		g.alerts = map[string]message.Alert{}
	}
	g.alerts[a.Phone.Number] = a
}

// passAlerts tells customers of some of the phones that were noted.
func (g *Gateway) passAlerts(ctx context.Context, now time.Time) error {
	var some []message.Alert
	g.mu.Lock()
	for number, a := range g.alerts {
		if len(some) == alertsTold {
			break
		}
		some = append(some, a)
		delete(g.alerts, number)
	}
	g.mu.Unlock()
	for i := range some {
		if err := g.passAlert(ctx, &some[i], now); err != nil {
			g.count.alertsDropped.Add(int64(len(some) - i))
			return err
		}
	}
	return nil
}

// passAlert tells the accounts that ask for it and have to do with the phone:
// a message of theirs to it is under way, or was accepted not long ago.
func (g *Gateway) passAlert(ctx context.Context, a *message.Alert, now time.Time) error {
	since := now.Add(-alertsAge).UnixMilli()
	untold := map[string]bool{} // accounts that ask
	for _, who := range g.snap.Load().Accounts.All() {
		if who.SMPP.Alerts {
			untold[who.Name] = true
		}
	}
	f := Filter{To: message.Address{Number: a.Phone.Number}, Limit: alertsPage}
	for looked := 0; len(untold) > 0 && looked < alertsPast; looked += alertsPage {
		list, next, err := g.store.Messages(ctx, f)
		if err != nil {
			return err
		}
		for _, m := range list {
			if untold[m.Account] && (!m.State.Final() || m.ID.Millis() >= since) {
				delete(untold, m.Account)
				g.tellAlert(a, m)
			}
		}
		if f.After = next; next == 0 {
			break
		}
	}
	return nil
}

// tellAlert tells an account of a phone to which it wrote m.
func (g *Gateway) tellAlert(a *message.Alert, m *message.Message) {
	shown := *a
	shown.Phone = m.To // as the account knows it
	for _, r := range g.receivers {
		if to, ok := r.(Alerter); ok && to.Alert(m.Account, &shown, m.From) {
			g.count.alertsPassed.Add(1)
		}
	}
}
