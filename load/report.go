package load

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// Report is what a run has found.
type Report struct {
	Kind        Kind    `json:"kind"`
	Connections int     `json:"connections"`
	Seconds     float64 `json:"seconds"` // measured, without warm-up and waiting
	Sent        int64   `json:"sent"`    // messages, warm-up included; likewise in all that follow
	Accepted    int64   `json:"accepted"`
	Refused     int64   `json:"refused"`
	Unanswered  int64   `json:"unanswered"`
	// Errors counts the refusals by status, and what went wrong with connections.
	Errors map[string]int64 `json:"errors"`

	Receipts   int64            `json:"receipts"`   // that came, repetitions included
	States     map[string]int64 `json:"states"`     // of the receipts
	Lost       int64            `json:"lost"`       // accepted messages without a receipt, if they were asked for; of a receiver, numbers that did not come
	Duplicated int64            `json:"duplicated"` // messages with more than one receipt
	Unknown    int64            `json:"unknown"`    // receipts for messages that were not accepted

	AcceptedPerSecond float64 `json:"accepted_per_s"`
	ReceiptsPerSecond float64 `json:"receipts_per_s"`
	Acceptance        Latency `json:"acceptance"` // from sending to the answer; of messages sent or answered in the measured time
	// Receipt is from sending to the receipt: in a run by time, of the receipts that came in the measured time,
	// whenever their messages were sent; in a run by number, of the messages sent in it.
	Receipt Latency `json:"receipt"`

	PerSecond []Second `json:"per_second"` // since the start, warm-up included
	// CPU is processor time of this process in seconds, and for 100,000 messages.
	CPU    float64 `json:"cpu_s"`
	CPU100 float64 `json:"cpu_s_per_100000"`

	Interrupted bool `json:"interrupted"` // ended before it was done
}

// Second is what came back within one second.
type Second struct {
	Accepted int64 `json:"accepted"`
	Receipts int64 `json:"receipts"`
}

// Write writes the report for people.
func (r *Report) Write(w io.Writer) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-12s %s\n", name, fmt.Sprintf(format, args...))
	}
	line("throughput", "%.0f/s accepted, %.0f/s receipts, over %.1f s", r.AcceptedPerSecond, r.ReceiptsPerSecond, r.Seconds)
	latency := func(name string, l Latency) {
		if l.Count > 0 {
			line(name, "p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, max %.2f ms", l.P50, l.P99, l.P999, l.Max)
		}
	}
	latency("acceptance", r.Acceptance)
	latency("receipt", r.Receipt)
	if r.Kind == Receive {
		line("messages", "%d made by the simulator, at least", r.Sent)
	} else {
		line("messages", "%d sent, %d accepted, %d refused, %d unanswered", r.Sent, r.Accepted, r.Refused, r.Unanswered)
	}
	line("receipts", "%d, %d lost, %d duplicated, %d unknown", r.Receipts, r.Lost, r.Duplicated, r.Unknown)
	for _, name := range slices.Sorted(maps.Keys(r.States)) {
		line("", "%d %s", r.States[name], name)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Errors)) {
		line("error", "%d times %s", r.Errors[name], name)
	}
	line("generator", "%.2f CPU s, %.2f per 100,000 messages", r.CPU, r.CPU100)
	if r.Interrupted {
		line("", "interrupted before it was done")
	}
}

// report makes the report of what there is.
func (r *run) report() Report {
	rep := Report{Kind: r.opt.Kind, Connections: r.opt.Connections, Errors: map[string]int64{}, States: map[string]int64{}}
	total := r.totals()
	rep.Acceptance, rep.Receipt = total.acceptance.latency(), total.receipt.latency()
	rep.Receipts, rep.States, rep.Errors, rep.PerSecond = total.receipts, total.states, total.errors, total.seconds
	rep.Unknown = r.ledger.unknown() + total.unknown
	rep.Sent = int64(r.sent())
	r.ledger.each(r.sent(), func(message, state uint32) {
		receipts := state / oneReceipt
		switch {
		case r.opt.Kind == Receive:
			if receipts == 0 {
				rep.Lost++
			}
		case state&wasAccepted != 0:
			rep.Accepted++
			if r.opt.Receipts && receipts == 0 {
				rep.Lost++
			}
		case state&wasRefused != 0:
			rep.Refused++
		default:
			rep.Unanswered++
		}
		if receipts > 1 {
			rep.Duplicated++
		}
	})
	// A run by time is measured up to its end; one by number up to the last answer, and the last receipt.
	answersEnd, receiptsEnd := total.lastAnswer, total.lastReceipt
	if stop := time.Duration(r.stopped.Load()); r.opt.Duration > 0 || r.opt.Kind != Receive && total.lastAnswer == 0 {
		if r.opt.Duration > 0 {
			stop = min(stop, r.opt.WarmUp+r.opt.Duration)
		}
		answersEnd, receiptsEnd = stop, stop
	}
	perSecond := func(n int64, end time.Duration) float64 {
		if end <= r.opt.WarmUp {
			return 0
		}
		return float64(n) / (end - r.opt.WarmUp).Seconds()
	}
	rep.Seconds = max(0, (answersEnd - r.opt.WarmUp).Seconds())
	rep.AcceptedPerSecond = perSecond(total.measuredAnswers, answersEnd)
	rep.ReceiptsPerSecond = perSecond(total.measuredReceipts, receiptsEnd)
	rep.CPU = (cpuTime() - r.cpu).Seconds()
	if rep.Sent > 0 {
		rep.CPU100 = rep.CPU / float64(rep.Sent) * 100_000
	}
	return rep
}
