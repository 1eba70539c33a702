package gateway

import (
	"context"
	"strconv"
	"testing"

	"kurir/connector"
	"kurir/message"
)

// benchLink answers what it is sent, and reports it delivered, in one goroutine
// as a connection would.
type benchLink struct {
	core connector.Core
	in   chan []*connector.Outgoing
	next int
}

func (l *benchLink) Run(context.Context, connector.Core) {}
func (l *benchLink) Stats() []connector.SessionStats     { return nil }
func (l *benchLink) Send(_ uint32, out []*connector.Outgoing) []*connector.Outgoing {
	l.in <- append([]*connector.Outgoing(nil), out...)
	return nil
}

func (l *benchLink) serve() {
	const chunk = 64
	for out := range l.in {
		for len(out) > 0 {
			few := out[:min(chunk, len(out))]
			out = out[len(few):]
			answers := make([]connector.Answer, len(few))
			reports := make([]message.Report, len(few))
			for i, o := range few {
				l.next++
				id := strconv.Itoa(l.next)
				answers[i] = connector.Answer{Out: o, ID: id}
				reports[i] = message.Report{OperatorID: id, State: message.Delivered, From: o.To, To: o.From}
			}
			l.core.Answered(1, answers)
			l.core.Reports(reports, func(error) {})
		}
	}
}

// benchReceiver acknowledges in a goroutine of its own.
type benchReceiver struct {
	w    *world
	in   chan []*Item
	done chan int
}

func (r *benchReceiver) Limit(string) int { return 2000 }

func (r *benchReceiver) Deliver(_ string, items []*Item) { r.in <- items }

func (r *benchReceiver) serve() {
	for items := range r.in {
		list := make([]Delivered, len(items))
		for i, it := range items {
			list[i] = Delivered{Item: it}
		}
		r.w.Delivered(list)
		r.done <- len(items)
	}
}

// BenchmarkLife drives whole lives through a gateway on a real disk: accepted,
// granted, answered, reported, told, all durable. ns/op is for one life.
func BenchmarkLife(b *testing.B) {
	const batch, inFlight = 50, 4000
	r := &benchReceiver{in: make(chan []*Item, 1000), done: make(chan int, 10000)}
	w := start(b, b.TempDir(), Options{}, func(w *world) {
		r.w = w
		w.Receive(message.SMPPTarget, r)
	})
	l := &benchLink{core: w.Link("op1"), in: make(chan []*connector.Outgoing, 1000)}
	w.Attach("op1", l)
	go l.serve()
	go r.serve()
	defer close(l.in)
	defer close(r.in)
	l.core.SessionUp(1, 1500)
	text := "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
	to := message.Address{TON: 1, NPI: 1, Number: "46100000000"}
	from := message.Address{TON: 5, Number: "ACME"}
	b.ReportAllocs()
	b.ResetTimer()
	flying, told := 0, 0
	for sent := 0; told < b.N; {
		for sent < b.N && flying < inFlight {
			n := min(batch, b.N-sent)
			subs := make([]*Submission, n)
			block := make([]Submission, n)
			for i := range subs {
				block[i] = Submission{
					Account: w.acme, Via: message.ViaSMPP, FromAddr: from, ToAddr: to,
					Content: message.Content{Text: text, Class: -1}, Priority: message.Normal,
					Receipts: message.ReceiptFinal, Target: message.Target{Kind: message.SMPPTarget},
				}
				subs[i] = &block[i]
			}
			w.Accept(subs, func([]Result) {})
			sent += n
			flying += n
		}
		n := <-r.done
		flying -= n
		told += n
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lives/s")
	c := w.StoreStats()
	b.ReportMetric(float64(c.Rows)/float64(max(1, c.Commits)), "rows/commit")
}
