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
	"strings"
	"time"

	"kurir/load"
)

// options are the flags.
type options struct {
	kurir, against string
	warm, length   time.Duration
	runs           int
	only           string
	long           bool
	asJSON         bool
}

func main() {
	var o options
	flag.StringVar(&o.kurir, "kurir", "../bin/kurir", "the program to measure")
	flag.StringVar(&o.against, "against", "", "another build of it, measured in turn with the first")
	flag.DurationVar(&o.warm, "warm-up", 10*time.Second, "time before each measurement")
	flag.DurationVar(&o.length, "duration", 60*time.Second, "time of each measurement")
	flag.IntVar(&o.runs, "runs", 3, "runs of each scenario; the median counts")
	flag.StringVar(&o.only, "only", "", "scenarios to run, with commas; default all")
	flag.BoolVar(&o.long, "long", false, "also memory over ten minutes, and with millions of messages waiting")
	flag.BoolVar(&o.asJSON, "json", false, "print every run as JSON as well")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	run := bench
	if o.against != "" {
		run = compare
	}
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, o options) error {
	if err := limits(ctx, o); err != nil {
		return err
	}
	top := map[string]float64{}
	for _, s := range scenarios(o) {
		if s.half != "" {
			rate := top[s.half] / 2
			if rate == 0 {
				continue // its scenario was left out
			}
			s.rate = rate
		}
		results, err := repeat(ctx, o, o.kurir, s)
		if err != nil {
			return err
		}
		m := median(results)
		top[s.name] = m.AcceptedPerSecond
		m.print(s)
		for i, r := range results {
			if bad := r.bad(); bad != "" {
				fmt.Printf("%-14s BAD in run %d: %s\n", s.name, i+1, bad)
			}
		}
	}
	if o.long {
		return long(ctx, o, top["smpp"])
	}
	return nil
}

// compare runs both programs in turn and prints the ratio of their medians.
func compare(ctx context.Context, o options) error {
	for _, s := range scenarios(o) {
		if s.half != "" {
			continue
		}
		var mine, theirs []result
		for range o.runs {
			for _, side := range []struct {
				program string
				into    *[]result
			}{{o.against, &theirs}, {o.kurir, &mine}} {
				res, err := measure(ctx, side.program, s, o.warm, o.length)
				if err != nil {
					return err
				}
				*side.into = append(*side.into, res)
			}
		}
		a, b := median(theirs), median(mine)
		fmt.Printf("%-14s CPU per 100,000: %.2f s before, %.2f s now (%+.0f %%); %.0f/s before, %.0f/s now\n", s.name,
			a.GatewayCPU, b.GatewayCPU, 100*(b.GatewayCPU/a.GatewayCPU-1), a.AcceptedPerSecond, b.AcceptedPerSecond)
	}
	return nil
}

func repeat(ctx context.Context, o options, program string, s scenario) (results []result, err error) {
	for range o.runs {
		res, err := measure(ctx, program, s, o.warm, o.length)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		if o.asJSON {
			_ = json.NewEncoder(os.Stdout).Encode(res)
		}
		results = append(results, res)
	}
	return results, nil
}

// median returns the run whose rate is in the middle.
func median(results []result) result {
	sorted := slices.SortedFunc(slices.Values(results), func(a, b result) int {
		return cmp.Compare(a.AcceptedPerSecond, b.AcceptedPerSecond)
	})
	return sorted[len(sorted)/2]
}

func (r result) print(s scenario) {
	fmt.Printf("%-14s %7.0f/s  accepted p50 %.1f p99 %.1f p99.9 %.1f ms", s.name, r.AcceptedPerSecond,
		r.Acceptance.P50, r.Acceptance.P99, r.Acceptance.P999)
	if r.Receipts > 0 {
		fmt.Printf("  receipt p50 %.1f p99 %.1f ms", r.Receipt.P50, r.Receipt.P99)
	}
	fmt.Printf("  CPU s/100,000 gateway %.2f generator %.2f simulator %.2f  %d octets a message  resident %d MiB",
		r.GatewayCPU, r.CPU100, r.SimulatorCPU, r.PerMessage, r.Resident>>20)
	fmt.Println()
}

// bad says what was lost or doubled.
func (r result) bad() string {
	var list []string
	for _, b := range []struct {
		n    int64
		what string
	}{{r.Lost, "lost"}, {r.Duplicated, "doubled"}, {r.Unanswered, "unanswered"}, {r.Unknown, "unknown"}} {
		if b.n > 0 {
			list = append(list, fmt.Sprintf("%d %s", b.n, b.what))
		}
	}
	return strings.Join(list, ", ")
}

// limits prints what the machine itself can do.
func limits(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "kurir-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	sync, err := syncTime(dir)
	if err != nil {
		return err
	}
	operator, err := freePort()
	if err != nil {
		return err
	}
	sim, err := start(dir, "simulator", o.kurir, "simulate", "--smpp", operator)
	if err != nil {
		return err
	}
	defer sim.stop()
	if err := until(ctx, "the simulator", func() bool { return listens(operator) }); err != nil {
		return err
	}
	rep, err := generate(ctx, o.kurir, "smpp", operator, "--system-id", "bench", "--password", "secret",
		"--sessions", "4", "--window", "500", "--warm-up", "2s", "--duration", "5s")
	if err != nil {
		return err
	}
	fmt.Printf("%-14s fdatasync p50 %.2f ms; sockets, generator to simulator without a gateway: %.0f whole lives/s\n",
		"machine", float64(sync.Microseconds())/1000, rep.ReceiptsPerSecond)
	return nil
}

// generate runs the generator and reads its report.
func generate(ctx context.Context, kurir string, args ...string) (rep load.Report, err error) {
	return rep, runJSON(ctx, &rep, kurir, append([]string{"load"}, append(args, "--quiet", "--json")...)...)
}
