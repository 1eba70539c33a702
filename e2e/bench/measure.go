package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"kurir/load"
	"kurir/simulator"
)

// result is one run of one scenario. CPU is that of the measured time alone,
// for the lives that ended in it.
type result struct {
	load.Report
	Lives        float64         `json:"lives_per_s"`            // whole ones; without receipts, acceptances
	GatewayCPU   float64         `json:"gateway_cpu_per_100000"` // seconds
	SimulatorCPU float64         `json:"simulator_cpu_per_100000"`
	GeneratorCPU float64         `json:"generator_cpu_per_100000"`
	Resident     int64           `json:"resident"`          // octets of the gateway when the measured time ends
	PerMessage   int64           `json:"bytes_per_message"` // on disk
	Taken        simulator.Taken `json:"submit_to_phone"`
	Beyond       float64         `json:"receipt_beyond_ms"` // how much later the median receipt comes than the SMSC sends it
}

// usages is what the processes of a run have used at a moment.
type usages struct{ gateway, simulator, generator usage }

func (r *rig) usages(g *generator) (u usages, err error) {
	for _, p := range []struct {
		of   *process
		into *usage
	}{{r.gateway, &u.gateway}, {r.simulator, &u.simulator}, {&g.process, &u.generator}} {
		if *p.into, err = p.of.usage(); err != nil {
			return u, err
		}
	}
	return u, nil
}

// measure runs the generator against a new rig, whose gateway is the program
// given, and adds what the processes used in the measured time.
func measure(ctx context.Context, o options, program string, s scenario) (res result, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, err := newRig(ctx, o, program, s)
	if err != nil {
		return res, err
	}
	defer r.close()
	args := append(s.load(r), "--warm-up", (o.warm + s.late).String(), "--duration", o.length.String())
	g, err := startGenerator(ctx, o.kurir, args)
	if err != nil {
		return res, err
	}
	before, after, err := r.window(ctx, o, g)
	if err != nil {
		return res, err
	}
	if res.Report, err = g.report(); err != nil {
		return res, err
	}
	if strings.Contains(strings.Join(s.flags, " "), "--stamp") {
		if res.Taken, err = r.taken(ctx); err != nil {
			return res, err
		}
	}
	res.Lives = res.ReceiptsPerSecond
	if res.Receipts == 0 {
		res.Lives = res.AcceptedPerSecond
	}
	hundred := res.Lives * res.Seconds / 100_000
	res.GatewayCPU = (after.gateway.cpu - before.gateway.cpu).Seconds() / hundred
	res.SimulatorCPU = (after.simulator.cpu - before.simulator.cpu).Seconds() / hundred
	res.GeneratorCPU = (after.generator.cpu - before.generator.cpu).Seconds() / hundred
	res.Resident = after.gateway.resident
	res.PerMessage = r.databaseBytes() / max(1, res.Accepted)
	res.Beyond = res.Receipt.P50 - float64(s.late.Milliseconds())
	if r.profile != "" {
		return res, printProfile(s.name, r.profile)
	}
	return res, nil
}

// window waits for the measured time and returns what had been used when it
// began and when it ended.
func (r *rig) window(ctx context.Context, o options, g *generator) (before, after usages, err error) {
	if err = g.reaches("measuring"); err != nil {
		return before, after, err
	}
	if before, err = r.usages(g); err != nil {
		return before, after, err
	}
	profiled := make(chan error, 1)
	if o.profile {
		go func() { profiled <- r.collect(ctx, o.length-time.Second) }()
	} else {
		profiled <- nil
	}
	if err = g.reaches("measured"); err != nil {
		return before, after, err
	}
	if after, err = r.usages(g); err != nil {
		return before, after, err
	}
	return before, after, <-profiled
}

// taken asks the simulator how long the messages took.
func (r *rig) taken(ctx context.Context) (t simulator.Taken, err error) {
	page, err := get(ctx, "http://"+r.control+"/taken")
	if err != nil {
		return t, err
	}
	if err := json.Unmarshal([]byte(page), &t); err != nil {
		return t, fmt.Errorf("read /taken of the simulator: %w", err)
	}
	return t, nil
}

func (r result) print(s scenario) {
	name := fmt.Sprintf("%-18s", s.name)
	fmt.Printf("%s %7.0f/s", name, r.Lives)
	if r.Receipts > 0 {
		fmt.Printf(" whole lives, %.0f/s", r.AcceptedPerSecond)
	}
	fmt.Printf(" accepted  acceptance p50 %.1f p99 %.1f p99.9 %.1f ms", r.Acceptance.P50, r.Acceptance.P99, r.Acceptance.P999)
	if r.Receipts > 0 {
		fmt.Printf("  receipt p50 %.1f p99 %.1f ms", r.Receipt.P50, r.Receipt.P99)
	}
	fmt.Printf("  CPU s/100,000 gateway %.2f generator %.2f simulator %.2f  %d octets a message  resident %d MiB\n",
		r.GatewayCPU, r.GeneratorCPU, r.SimulatorCPU, r.PerMessage, r.Resident>>20)
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
	for _, b := range []struct {
		n    int64
		what string
	}{{r.Lost, "lost"}, {r.Duplicated, "doubled"}, {r.Unanswered, "unanswered"}, {r.Unknown, "unknown"}, {r.Refused, "refused"}} {
		if b.n > 0 {
			list = append(list, fmt.Sprintf("%d %s", b.n, b.what))
		}
	}
	return strings.Join(list, ", ")
}
