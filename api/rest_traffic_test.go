package api

import (
	"testing"
	"time"

	"kurir/message"
)

// The course of the traffic is what samples say: rates between them, and how many messages failed of what.
func TestTraffic(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	s := &Status{}
	if v := s.traffic(""); len(v.Points) != 0 || v.Points == nil || v.Failures == nil {
		t.Errorf("before the first sample: %+v", v)
	}
	one := totals{at: began, accepted: 100, final: 50, did: 50}
	two := totals{at: began.Add(2 * time.Second), accepted: 120, taken: 10, final: 60, did: 55, inbound: 3}
	two.failures[message.Absent], two.failures[message.NoFailure] = 4, 1
	s.samples = []totals{one, two}
	v := s.traffic("sv")
	if want := (coursePoint{At: "2026-11-30T08:00:02.000Z", Accepted: 10, Taken: 5, Delivered: 2.5, Failed: 2.5, Inbound: 1.5}); len(v.Points) != 1 || v.Points[0] != want || v.Every != 2 {
		t.Errorf("the points are %+v", v)
	}
	if len(v.Failures) != 2 || v.Failures[0] != (failureKindView{"none", "det är okänt vad det blev av det", 1}) || v.Failures[1].Code != "absent" || v.Failures[1].Messages != 4 {
		t.Errorf("the failures are %+v", v.Failures)
	}
}
