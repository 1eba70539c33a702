package message

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestLogRoundTrip(t *testing.T) {
	t.Parallel()
	base := NewIDs(0, 0).Next(time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC))
	event := rapid.Custom(func(t *rapid.T) Event {
		return Event{
			Kind:    EventKind(rapid.IntRange(1, int(EventLate)).Draw(t, "kind")),
			At:      base.Millis() + rapid.Int64Range(0, 1<<40).Draw(t, "at"),
			Part:    rapid.Uint8().Draw(t, "part"),
			State:   State(rapid.Uint8().Draw(t, "state")),
			Failure: FailureKind(rapid.Uint8().Draw(t, "failure")),
			Code:    rapid.Uint32().Draw(t, "code"),
			Text:    rapid.String().Draw(t, "text"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOf(event).Draw(t, "events")
		var log []byte
		for _, e := range events {
			log = AppendEvent(log, base, e)
		}
		back, err := DecodeLog(log, base)
		if err != nil {
			t.Fatal(err)
		}
		if len(back) != len(events) {
			t.Fatalf("%d events came back of %d", len(back), len(events))
		}
		for i := range events {
			if d := cmp.Diff(events[i], back[i]); d != "" {
				t.Fatal(d)
			}
		}
	})
}

// The usual events take 8 to 24 octets, so that a life costs little room.
func TestEventsAreSmall(t *testing.T) {
	t.Parallel()
	base := NewIDs(0, 0).Next(time.Now())
	at := base.Millis() + 2000
	for _, e := range []Event{
		{Kind: EventGranted, At: at, Code: 4, Text: "op1"},
		{Kind: EventTaken, At: at, Part: 1, Text: "2c08ca0400001"},
		{Kind: EventReport, At: at, Part: 1, State: Delivered},
		{Kind: EventTold, At: at, State: Delivered},
	} {
		if n := len(AppendEvent(nil, base, e)); n > 24 {
			t.Errorf("%v takes %d octets", e.Kind, n)
		}
	}
}

func FuzzDecodeLog(f *testing.F) {
	base := NewIDs(0, 0).Next(time.Unix(1_800_000_000, 0))
	f.Add(AppendEvent(nil, base, Event{Kind: EventTaken, At: base.Millis() + 5, Part: 1, Text: "id"}))
	f.Add([]byte{1, 0xff, 0x80})
	f.Fuzz(func(t *testing.T, log []byte) {
		events, err := DecodeLog(log, base)
		if err != nil {
			return
		}
		var again []byte
		for _, e := range events {
			again = AppendEvent(again, base, e)
		}
		back, err := DecodeLog(again, base)
		if err != nil {
			t.Fatalf("what was written again is damaged: %v", err)
		}
		if d := cmp.Diff(events, back); d != "" {
			t.Fatal(d)
		}
	})
}
