package load_test

import (
	"testing"
	"time"

	"kurir/load"
	"kurir/simulator"
)

// BenchmarkForeign is the same over UCP and CIMD2.
func BenchmarkForeign(b *testing.B) {
	for _, kind := range []load.Kind{load.UCP, load.CIMD2} {
		b.Run(string(kind), func(b *testing.B) {
			s := simulator.New(simulator.Options{UCP: "127.0.0.1:0", CIMD2: "127.0.0.1:0"})
			if err := s.Start(b.Context()); err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			r, err := load.Run(b.Context(), load.Options{
				Kind: kind, Address: map[load.Kind]string{load.UCP: s.UCPAddr(), load.CIMD2: s.CIMD2Addr()}[kind], SystemID: "bench", Password: "secret", Connections: 4,
				Window: 100, Count: int64(b.N), Receipts: true,
			})
			if err != nil || r.Lost != 0 || r.Accepted != int64(b.N) {
				b.Fatalf("%v %+v", err, r)
			}
			b.ReportMetric(r.AcceptedPerSecond, "accepted/s")
			b.ReportMetric(r.CPU100, "both-cpu-s/100k")
		})
	}
}

// BenchmarkSockets measures what generator and simulator move between them over loopback: the limit of every other
// measurement with them. One iteration is one message with its receipt.
func BenchmarkSockets(b *testing.B) {
	for name, behaviour := range map[string]simulator.Behaviour{
		"at once": {}, "2s late": {Receipts: simulator.ReceiptTime{After: 2 * time.Second}},
	} {
		b.Run(name, func(b *testing.B) {
			s := simulator.New(simulator.Options{SMPP: "127.0.0.1:0", Behaviour: behaviour})
			if err := s.Start(b.Context()); err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			r, err := load.Run(b.Context(), load.Options{
				Kind: load.SMPP, Address: s.Addr(), SystemID: "bench", Connections: 2, Window: 500, Count: int64(b.N), Receipts: true,
			})
			if err != nil || r.Lost != 0 || r.Accepted != int64(b.N) {
				b.Fatalf("%v %+v", err, r)
			}
			b.ReportMetric(r.AcceptedPerSecond, "accepted/s")
			b.ReportMetric(r.CPU100, "both-cpu-s/100k")
		})
	}
}
