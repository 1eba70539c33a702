// Command bench measures the speed of Kurir as docs/benchmarks.md defines it:
// the real program over real sockets, generator and simulator in processes of
// their own, everything durable. For each scenario it starts a gateway on a new
// database, warms up, measures, and checks that nothing was lost or doubled;
// what it prints is the median of several runs. Beside them stand the limits of
// the machine in the same run: what the sockets carry without a gateway, and
// how long the disk takes to write.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	kurir, against string
	warm, length   time.Duration
	runs           int
	only           string
	waiting        int
	long           bool
	asJSON         bool
	old, pagesOf   *oldData
	rounds         int
	profile        bool
}

func main() {
	var o options
	flag.StringVar(&o.kurir, "kurir", "../bin/kurir", "the program to measure")
	flag.StringVar(&o.against, "against", "", "another build of it, measured in turn with the first")
	flag.DurationVar(&o.warm, "warm-up", 10*time.Second, "time before each measurement")
	flag.DurationVar(&o.length, "duration", 60*time.Second, "time of each measurement")
	flag.IntVar(&o.runs, "runs", 3, "runs of each scenario; the median counts")
	flag.StringVar(&o.only, "only", "", "scenarios to run, with commas; default all")
	flag.IntVar(&o.waiting, "waiting", 1_000_000, "messages that wait, for acts")
	flag.BoolVar(&o.long, "long", false, "also memory over ten minutes, and with millions of messages waiting")
	flag.BoolVar(&o.profile, "profile", false, "take a CPU profile of the gateway in the measured time and print its top")
	flag.BoolVar(&o.asJSON, "json", false, "print every run as JSON as well")
	old := flag.Int64("old", 20_000_000, "finished messages in the database of old-20m")
	given := flag.String("old-data", "", "the folder of a database that kurir fill has made, for old-20m instead of a new one; it grows")
	messages := flag.Int64("messages", 10_000_000, "finished messages in the database of pages")
	pagesData := flag.String("pages-data", "", "the folder of a database that kurir fill has made, for pages instead of a new one")
	flag.IntVar(&o.rounds, "rounds", 20, "how often pages asks for each")
	flag.Parse()
	o.old = &oldData{kurir: o.kurir, messages: *old, given: *given}
	o.pagesOf = &oldData{kurir: o.kurir, messages: *messages, given: *pagesData}
	// However it is ended, databases and processes go with it.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	defer stop()
	run := bench
	if o.against != "" {
		run = compare
	}
	err := run(ctx, o)
	o.old.remove()
	o.pagesOf.remove()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, o options) error {
	machine, err := limits(ctx, o)
	if err != nil {
		return err
	}
	fmt.Printf("%-18s %s\n", "machine", machine)
	reached := map[string]result{}
	for _, group := range scenarios(o) {
		if err := turns(ctx, o, group, reached); err != nil {
			return err
		}
	}
	a := answers{results: reached}
	if o.wants("idle") {
		if a.idle, err = idle(ctx, o); err != nil {
			return err
		}
	}
	if o.wants("events") {
		if a.events, err = events(ctx, o); err != nil {
			return fmt.Errorf("events: %w", err)
		}
	}
	if o.only != "" && o.wants("acts") {
		if err := acts(ctx, o); err != nil {
			return fmt.Errorf("acts: %w", err)
		}
	}
	if o.only != "" && o.wants("pages") {
		if err := pages(ctx, o); err != nil {
			return fmt.Errorf("pages: %w", err)
		}
	}
	printTable(a, machine)
	if o.long {
		return long(ctx, o, reached["smpp"].AcceptedPerSecond)
	}
	return nil
}

// turns runs the scenarios of a group in turns and notes their medians.
func turns(ctx context.Context, o options, group []scenario, reached map[string]result) error {
	results := make([][]result, len(group))
	for range o.runs {
		for i, s := range group {
			if s.half != "" {
				if s.rate = reached[s.half].AcceptedPerSecond / 2; s.rate == 0 {
					continue // its scenario was left out
				}
			}
			res, err := measure(ctx, o, o.kurir, s)
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			if o.asJSON {
				_ = json.NewEncoder(os.Stdout).Encode(res)
			}
			results[i] = append(results[i], res)
		}
	}
	for i, s := range group {
		if len(results[i]) == 0 {
			continue
		}
		m := median(s, results[i])
		reached[s.name] = m
		m.print(s)
		for run, r := range results[i] {
			if bad := r.bad(); bad != "" {
				fmt.Printf("%-18s BAD in run %d: %s\n", s.name, run+1, bad)
			}
		}
	}
	return nil
}

// compare runs both programs in turn and prints the ratio of their medians.
// Generator and simulator are the same for both.
func compare(ctx context.Context, o options) error {
	for _, group := range scenarios(o) {
		for _, s := range group {
			if s.half != "" || s.old && o.only == "" {
				continue // the older program may not know the database of the newer one
			}
			if err := compareOne(ctx, o, s); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	return nil
}

func compareOne(ctx context.Context, o options, s scenario) error {
	var mine, theirs []result
	for range o.runs {
		for _, side := range []struct {
			program string
			into    *[]result
		}{{o.against, &theirs}, {o.kurir, &mine}} {
			res, err := measure(ctx, o, side.program, s)
			if err != nil {
				return err
			}
			*side.into = append(*side.into, res)
		}
	}
	a, b := median(s, theirs), median(s, mine)
	fmt.Printf("%-18s CPU per 100,000: %.2f s before, %.2f s now (%+.0f %%); %.0f/s before, %.0f/s now\n", s.name,
		a.GatewayCPU, b.GatewayCPU, 100*(b.GatewayCPU/a.GatewayCPU-1), a.Lives, b.Lives)
	return nil
}

// median returns the run in the middle: by rate, or by latency where the rate
// is given.
func median(s scenario, results []result) result {
	by := func(r result) float64 { return r.Lives }
	switch {
	case s.paced() && s.sends():
		by = func(r result) float64 { return r.Acceptance.P99 }
	case s.paced():
		by = func(r result) float64 { return r.Receipt.P99 }
	}
	sorted := slices.SortedFunc(slices.Values(results), func(a, b result) int { return cmp.Compare(by(a), by(b)) })
	return sorted[len(sorted)/2]
}

// limits says what the machine itself can do.
func limits(ctx context.Context, o options) (string, error) {
	dir, err := os.MkdirTemp("", "kurir-bench-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	sync, err := syncTime(dir)
	if err != nil {
		return "", err
	}
	var operator string
	if err := freePorts(&operator); err != nil {
		return "", err
	}
	sim, err := start(dir, "simulator", o.kurir, "simulate", "--smpp", operator)
	if err != nil {
		return "", err
	}
	defer sim.stop()
	if err := until(ctx, "the simulator", func() bool { return listens(operator) }); err != nil {
		return "", err
	}
	rep, err := generate(ctx, o.kurir, "smpp", operator, "--system-id", "bench", "--password", "secret",
		"--sessions", "4", "--window", "500", "--warm-up", "2s", "--duration", "5s")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("fdatasync p50 %.2f ms; sockets, generator to simulator without a gateway: %.0f whole lives/s",
		float64(sync.Microseconds())/1000, rep.ReceiptsPerSecond), nil
}
