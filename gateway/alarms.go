package gateway

import (
	"context"

	"kurir/alarm"
	"kurir/message"
)

// KeepAlarms writes alarms that changed, of others who acknowledged them, and removes some, and returns when that
// is on disk. A *message.Failure says that it cannot be written now.
func (g *Gateway) KeepAlarms(ctx context.Context, changed, acked []alarm.Event, gone []message.ID) error {
	g.mu.Lock()
	if g.full != nil {
		f := g.refusal()
		g.mu.Unlock()
		return f
	}
	g.cur.Alarms = append(g.cur.Alarms, changed...)
	g.cur.AlarmsAcked = append(g.cur.AlarmsAcked, acked...)
	g.cur.AlarmsGone = append(g.cur.AlarmsGone, gone...)
	done := g.onDisk()
	g.mu.Unlock()
	g.signal()
	return settledBy(ctx, done)
}
