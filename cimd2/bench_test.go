package cimd2

import "testing"

// hot gives the bodies that a gateway deals with all the time.
func hot(t testing.TB) map[string]Body {
	return map[string]Body{
		"submit": &Submit{
			Destinations: []string{"46701234567"}, Originator: "46700000001", Reports: Some(14), Coding: Some(0),
			UserData: UserData{Data: septets(t, "Your code is 123456. It is good for ten minutes; tell nobody.")},
		},
		"submit_resp":   &SubmitResp{Results: []SubmitResult{{Destination: "46701234567", Timestamp: "261121212647"}}},
		"status_report": &StatusReport{Report{"46701234567", "261121212647", StatusDelivered, Some(0), "261121212650"}},
	}
}

func BenchmarkWrite(b *testing.B) {
	for name, x := range hot(b) {
		b.Run(name, func(b *testing.B) {
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				p, err := New(x)
				if err != nil {
					b.Fatal(err)
				}
				buf, _ = Append(buf[:0], p)
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	for name, x := range hot(b) {
		b.Run(name, func(b *testing.B) {
			p, err := New(x)
			if err != nil {
				b.Fatal(err)
			}
			frame := encode(b, p)
			into := body(x.Operation())
			b.ReportAllocs()
			for b.Loop() {
				p, err := Decode(frame)
				if err != nil {
					b.Fatal(err)
				}
				if err := p.Read(into); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The figures that the hot path counts on: a packet is one allocation, a list of destinations or results another, and a
// text that is read a third.
func TestAllocations(t *testing.T) {
	for name, x := range hot(t) {
		var buf []byte
		p, err := New(x)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(1000, func() {
			p, _ := New(x)
			buf, _ = Append(buf[:0], p)
		}); n > 1 {
			t.Errorf("writing %s: %v allocations", name, n)
		}
		frame, into := encode(t, p), body(x.Operation())
		if n := testing.AllocsPerRun(1000, func() {
			p, _ := Decode(frame)
			_ = p.Read(into)
		}); n > 3 {
			t.Errorf("reading %s: %v allocations", name, n)
		}
	}
	frame := encode(t, Empty(OpStatusReportResp, 2))
	if n := testing.AllocsPerRun(1000, func() { _, _ = Decode(frame) }); n > 1 {
		t.Errorf("reading a response to a status report: %v allocations", n)
	}
}
