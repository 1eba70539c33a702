package gateway

import (
	"fmt"
	"testing"
	"time"

	"kurir/message"
	"kurir/route"
	"kurir/store"
)

// BenchmarkTallies is what the sums for reports cost a message that is accepted and delivered, in gathers of five hundred: counting, and
// writing down what was counted, each divided by the messages.
func BenchmarkTallies(b *testing.B) {
	const size = 500
	g := &Gateway{}
	g.snap.Store(&Snapshot{Networks: route.NewNetworks([]route.NetworkPrefix{
		{Prefix: "46", Network: route.Network{Country: "SE"}},
		{Prefix: "46701", Network: route.Network{Country: "SE", Code: "24001"}},
	})})
	now := time.Now()
	ids := message.NewIDs(0, 0)
	entries := make([]*entry, size)
	for i := range entries {
		m := &message.Message{ID: ids.Next(now), Account: "bench", Links: []string{"op1"}, Parts: 1}
		m.To = message.Address{TON: message.TONInternational, Number: fmt.Sprintf("46701%06d", i)}
		entries[i] = &entry{m: m, link: &link{name: "op1"}}
	}
	g.cur = &gather{}
	g.cur.reset(1)
	var rows []store.Counter
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		e := entries[n%size]
		g.countAccepted(e.m, now)
		g.countFinal(e, message.Delivered, message.NoFailure, now.Add(50*time.Millisecond))
		if n%size == size-1 {
			rows = g.cur.appendTallied(rows[:0])
			g.cur.reset(1)
		}
	}
}
