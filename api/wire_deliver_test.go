package api

import (
	"testing"
	"time"

	"kurir/cimd2"
	"kurir/message"
	"kurir/ucp"
)

// TestWireReasons: a customer learns why his message did not arrive, by what was said of it last.
func TestWireReasons(t *testing.T) {
	t.Parallel()
	report := func(state message.State, why message.FailureKind) message.Event {
		return message.Event{Kind: message.EventReport, State: state, Failure: why}
	}
	failed := func(why message.FailureKind) message.Event {
		return message.Event{Kind: message.EventFailed, Failure: why}
	}
	taken, late := message.Event{Kind: message.EventTaken}, message.Event{Kind: message.EventState, State: message.Expired, Failure: message.TooOld}
	for _, test := range []struct {
		name  string
		state message.State
		log   []message.Event
		rsn   string
		fault int
	}{
		{"no such number", message.Undeliverable, []message.Event{taken, report(message.Undeliverable, message.BadRecipient)}, "101", 1},
		{"off", message.Undeliverable, []message.Event{taken, report(message.Undeliverable, message.Absent)}, "107", 29},
		{"full", message.Undeliverable, []message.Event{taken, report(message.Undeliverable, message.MemoryFull)}, "116", 22},
		{"network", message.Undeliverable, []message.Event{taken, report(message.Undeliverable, message.Busy)}, "118", 36},
		{"refused", message.Undeliverable, []message.Event{taken, report(message.Undeliverable, message.Refused)}, "108", 13},
		{"refused in the answer", message.Rejected, []message.Event{failed(message.Refused)}, "108", 13},
		{"number refused in the answer", message.Rejected, []message.Event{failed(message.BadRecipient)}, "101", 1},
		{"text", message.Rejected, []message.Event{failed(message.BadContent)}, "108", 0},
		{"nothing said", message.Undeliverable, []message.Event{taken, report(message.Undeliverable, 0)}, "108", 0},
		{"busy before it was taken", message.Undeliverable, []message.Event{failed(message.Busy), taken, report(message.Undeliverable, 0)}, "108", 0},
		{"off until it was too old", message.Expired, []message.Event{taken, report(message.Buffered, message.Absent), late}, "107", 29},
		{"too old", message.Expired, []message.Event{late}, "108", 0},
		{"taken back", message.Deleted, []message.Event{failed(message.Busy), {Kind: message.EventCancelled}}, "108", 0},
		{"delivered after all", message.Delivered, []message.Event{taken, report(message.Buffered, message.Absent), report(message.Delivered, 0)}, "000", 0},
	} {
		c := &customer{zone: time.UTC, now: time.Unix(1_800_000_000, 0)}
		m := &message.Message{Reference: "at:20261129120000:46701234567", From: message.Address{Number: "6000"}}
		for _, e := range test.log {
			m.Log = message.AppendEvent(m.Log, m.ID, e)
		}
		if got := ucpTold(m, test.state, c); got.Rsn != test.rsn || (got.Dst == ucp.StatusDelivered) != (test.state == message.Delivered) {
			t.Errorf("%s: UCP says Dst %c, Rsn %s, want %s", test.name, got.Dst, got.Rsn, test.rsn)
		}
		if got := cimd2Told(m, test.state, c); got.Error != cimd2.Some(test.fault) {
			t.Errorf("%s: CIMD2 says %v, want %d", test.name, got.Error, test.fault)
		}
	}
}
