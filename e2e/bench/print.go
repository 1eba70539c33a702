package main

import (
	"fmt"
	"strings"

	"kurir/load"
)

// print prints what a scenario has reached.
func (r result) print(s scenario) {
	name := fmt.Sprintf("%-18s", s.name)
	fmt.Printf("%s %7.0f/s", name, r.Lives)
	if s.sends() {
		if r.Receipts > 0 {
			fmt.Printf(" whole lives, %.0f/s", r.AcceptedPerSecond)
		}
		fmt.Printf(" accepted  acceptance p50 %.1f p99 %.1f p99.9 %.1f ms", r.Acceptance.P50, r.Acceptance.P99, r.Acceptance.P999)
	}
	switch {
	case !s.sends():
		fmt.Printf(" from phones to the customer  p50 %.1f p99 %.1f ms", r.Receipt.P50, r.Receipt.P99)
	case r.Receipts > 0:
		fmt.Printf("  receipt p50 %.1f p99 %.1f ms", r.Receipt.P50, r.Receipt.P99)
	}
	fmt.Printf("  CPU s/100,000 gateway %.2f generator %.2f simulator %.2f  %d octets a message  resident %d MiB\n",
		r.GatewayCPU, r.GeneratorCPU, r.SimulatorCPU, r.PerMessage, r.Resident>>20)
	if s.sends() && s.phones > 0 {
		fmt.Printf("%s at the same time %.0f/s from phones to the customer  p50 %.1f p99 %.1f ms\n", name,
			r.Phones.ReceiptsPerSecond, r.Phones.Receipt.P50, r.Phones.Receipt.P99)
	}
	if db := r.Postgres; db != nil {
		fmt.Printf("%s PostgreSQL: %.2f CPU s/100,000, %.0f octets of its log a life, %.2f statements and %.2f round trips for 100 lives\n",
			name, db.CPU, db.WAL, db.Statements, db.Trips)
	}
	if s.viewers > 0 {
		fmt.Printf("%s %d people at the console were shown %d changes meanwhile\n", name, s.viewers, r.Viewed)
	}
	if r.Taken.Count > 0 {
		fmt.Printf("%s from submit to phone p50 %.1f p99 %.1f p99.9 %.1f max %.1f ms\n", name, r.Taken.P50, r.Taken.P99, r.Taken.P999, r.Taken.Max)
	}
	if s.late > 0 {
		word := "keep up"
		if r.ReceiptsPerSecond < 0.97*r.AcceptedPerSecond {
			word = "DO NOT keep up"
		}
		fmt.Printf("%s receipts %s: %.0f %% of what is accepted a second; the median one comes %.1f ms after the SMSC sends it\n",
			name, word, 100*r.ReceiptsPerSecond/r.AcceptedPerSecond, r.Beyond)
	}
}

// bad says what was lost or doubled.
func (r result) bad() string {
	var list []string
	for _, rep := range []*load.Report{&r.Report, &r.Phones} {
		for _, b := range []struct {
			n    int64
			what string
		}{{rep.Lost, "lost"}, {rep.Duplicated, "doubled"}, {rep.Unanswered, "unanswered"}, {rep.Unknown, "unknown"}, {rep.Refused, "refused"}} {
			if b.n > 0 {
				list = append(list, fmt.Sprintf("%d %s", b.n, b.what))
			}
		}
	}
	return strings.Join(list, ", ")
}
