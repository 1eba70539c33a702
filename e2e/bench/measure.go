package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"kurir/load"
	"kurir/simulator"
)

// result is one run of one scenario. CPU is that of the measured time alone,
// for the lives that ended in it.
type result struct {
	load.Report                  // of who sends; without one, of who receives what phones send
	Phones       load.Report     `json:"phones"`                 // of who receives, beside one who sends
	Lives        float64         `json:"lives_per_s"`            // whole ones; without receipts, acceptances
	GatewayCPU   float64         `json:"gateway_cpu_per_100000"` // seconds, of all gateways; with both directions, for 100,000 lives of either
	SimulatorCPU float64         `json:"simulator_cpu_per_100000"`
	GeneratorCPU float64         `json:"generator_cpu_per_100000"`
	Resident     int64           `json:"resident"`          // octets of the gateway, or the largest, when the measured time ends
	PerMessage   int64           `json:"bytes_per_message"` // on disk
	Taken        simulator.Taken `json:"submit_to_phone"`
	Postgres     *postgresResult `json:"postgres,omitempty"`
	Viewed       int64           `json:"viewed"`            // changes that people at the console were shown
	Beyond       float64         `json:"receipt_beyond_ms"` // how much later the median receipt comes than the SMSC sends it
}

// postgresResult is what a run has cost the database server.
type postgresResult struct {
	CPU        float64 `json:"cpu_per_100000"`     // seconds
	WAL        float64 `json:"wal_bytes"`          // of its log, a life
	Statements float64 `json:"statements_per_100"` // lives
	Trips      float64 `json:"round_trips_per_100"`
}

// usages is what the processes of a run have used at a moment.
type usages struct {
	gateway, simulator, generators usage
	postgres                       postgresUsage
	statements, trips              float64
}

// drivers are the generators of a run; either may be nil.
type drivers struct{ sends, receives *generator }

func (d drivers) list() (all []*generator) {
	for _, g := range []*generator{d.sends, d.receives} {
		if g != nil {
			all = append(all, g)
		}
	}
	return all
}

func (r *rig) usages(ctx context.Context, d drivers) (u usages, err error) {
	if r.database != "" {
		if u.postgres, err = usageOfPostgres(ctx, r.database); err != nil {
			return u, err
		}
		for _, n := range r.nodes() {
			page, err := get(ctx, "http://"+n.http+"/metrics")
			if err != nil {
				return u, err
			}
			u.statements += metric(page, "kurir_store_statements_total")
			u.trips += metric(page, "kurir_store_round_trips_total")
		}
	}
	for _, n := range r.nodes() {
		one, err := n.gateway.usage()
		if err != nil {
			return u, err
		}
		u.gateway.cpu += one.cpu
		u.gateway.resident = max(u.gateway.resident, one.resident)
	}
	if u.simulator, err = r.simulator.usage(); err != nil {
		return u, err
	}
	if r.phonesIn != nil {
		phones, err := r.phonesIn.usage()
		if err != nil {
			return u, err
		}
		u.simulator.cpu += phones.cpu
	}
	for _, g := range d.list() {
		one, err := g.usage()
		if err != nil {
			return u, err
		}
		u.generators.cpu += one.cpu
	}
	return u, nil
}

// measure runs generators against a new rig, whose gateway is the program
// given, and adds what the processes used in the measured time.
func measure(ctx context.Context, o options, program string, s scenario) (res result, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, err := newRig(ctx, o, program, s)
	if err != nil {
		return res, err
	}
	defer r.close()
	looked := func() (int64, error) { return 0, nil }
	if s.viewers > 0 {
		if looked, err = r.view(ctx, s.viewers); err != nil {
			return res, err
		}
	}
	d, err := r.drive(ctx, o, s)
	if err != nil {
		return res, err
	}
	before, after, err := r.window(ctx, o, s, d)
	if err != nil {
		return res, err
	}
	if res.Viewed, err = looked(); err != nil {
		return res, err
	}
	if err := r.reports(ctx, s, d, &res); err != nil {
		return res, err
	}
	lives := (res.Lives + res.Phones.ReceiptsPerSecond) * res.Seconds / 100_000
	res.GatewayCPU = (after.gateway.cpu - before.gateway.cpu).Seconds() / lives
	res.SimulatorCPU = (after.simulator.cpu - before.simulator.cpu).Seconds() / lives
	res.GeneratorCPU = (after.generators.cpu - before.generators.cpu).Seconds() / lives
	if r.database != "" {
		res.Postgres = &postgresResult{
			CPU: (after.postgres.cpu - before.postgres.cpu).Seconds() / lives, WAL: float64(after.postgres.wal-before.postgres.wal) / lives / 100_000,
			Statements: (after.statements - before.statements) / lives / 1000, Trips: (after.trips - before.trips) / lives / 1000,
		}
	}
	res.Resident = after.gateway.resident
	octets := folderOctets(r.data) - r.had
	if r.database != "" {
		end, err := usageOfPostgres(ctx, r.database)
		if err != nil {
			return res, err
		}
		octets = end.size
	}
	res.PerMessage = octets / max(1, max(res.Accepted, res.Receipts)+res.Phones.Receipts)
	res.Beyond = res.Receipt.P50 - float64(s.late.Milliseconds())
	if r.profile != "" {
		return res, r.printProfiles(ctx, s.name)
	}
	return res, nil
}

// drive starts the generators, the receiving one first.
func (r *rig) drive(ctx context.Context, o options, s scenario) (d drivers, err error) {
	times := []string{"--warm-up", (o.warm + s.late).String(), "--duration", o.length.String()}
	if s.phones > 0 {
		if d.receives, err = startGenerator(ctx, o.kurir, append(s.receive(r), times...)); err != nil {
			return d, err
		}
		if err = d.receives.reaches("bound"); err != nil {
			return d, err
		}
		if err = r.phones(ctx, s.phones); err != nil {
			return d, err
		}
	}
	if s.sends() {
		d.sends, err = startGenerator(ctx, o.kurir, append(s.load(r), times...))
	}
	return d, err
}

// window waits for the measured time and returns what had been used when it
// began and when it ended. Then the phones send no more.
func (r *rig) window(ctx context.Context, o options, s scenario, d drivers) (before, after usages, err error) {
	g := d.list()[0]
	if err = g.reaches("measuring"); err != nil {
		return before, after, err
	}
	if before, err = r.usages(ctx, d); err != nil {
		return before, after, err
	}
	profiled := make(chan error, 1)
	if o.profile {
		go func() { profiled <- r.collectAll(ctx, o.length-time.Second) }()
	} else {
		profiled <- nil
	}
	if err = g.reaches("measured"); err != nil {
		return before, after, err
	}
	if after, err = r.usages(ctx, d); err != nil {
		return before, after, err
	}
	if s.phones > 0 {
		if err = r.phones(ctx, 0); err != nil {
			return before, after, err
		}
	}
	return before, after, <-profiled
}

// reports waits for the generators and asks the simulator what it knows.
func (r *rig) reports(ctx context.Context, s scenario, d drivers, res *result) (err error) {
	if d.receives != nil {
		if res.Phones, err = d.receives.report(); err != nil {
			return err
		}
		var st simulator.Stats
		if err := ask(ctx, r.phoning, "/stats", &st); err != nil {
			return err
		}
		// The last ones do not show as gaps.
		res.Phones.Lost += max(0, st.Inbound-st.Retried-res.Phones.Sent)
	}
	if d.sends == nil {
		res.Report, res.Phones = res.Phones, load.Report{}
		res.Lives = res.ReceiptsPerSecond
		return nil
	}
	if res.Report, err = d.sends.report(); err != nil {
		return err
	}
	res.Lives = res.ReceiptsPerSecond
	if res.Receipts == 0 {
		res.Lives = res.AcceptedPerSecond
	}
	if s.stamps {
		return ask(ctx, r.control, "/taken", &res.Taken)
	}
	return nil
}

// ask reads what a simulator says as JSON.
func ask(ctx context.Context, address, path string, into any) error {
	page, err := get(ctx, "http://"+address+path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(page), into); err != nil {
		return fmt.Errorf("read %s of the simulator: %w", path, err)
	}
	return nil
}
