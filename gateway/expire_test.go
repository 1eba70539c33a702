package gateway

import (
	"testing"
	"testing/synctest"
	"time"

	"kurir/connector"
	"kurir/message"
)

// TestExpiresWithinASecond: what waits, wherever, is expired at most a second
// after the end of its validity, and a session that comes then gets none of it.
func TestExpiresWithinASecond(t *testing.T) {
	t.Parallel()
	inStation(t, func(t *testing.T, w *world, r *fakeReceiver, s stationTest, id message.ID, restarted bool) {
		if !s.free {
			return
		}
		end := w.onDisk(id).Expires
		if restarted {
			acted(w, ActRequest{Act: ActPause, Filter: QueueFilter{To: "*"}})
		}
		time.Sleep(time.Until(time.UnixMilli(end)))
		op := w.fakeLink("op1")
		op.on = func(_ uint32, out []*connector.Outgoing) {
			for _, o := range out {
				if o.Message.ID == id {
					t.Error("granted after its validity")
				}
			}
		}
		op.core.SessionUp(7, 100)
		time.Sleep(1200 * time.Millisecond)
		synctest.Wait()
		wantTold(w, r, id, message.Expired)
		if late := w.onDisk(id).Final - end; late < 0 || late > 1000 {
			t.Errorf("expired %d ms after its validity", late)
		}
	})
}
