package main

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// long measures what takes long: memory over ten minutes at half the highest rate,
// and memory with many messages waiting for a link that is down.
func long(ctx context.Context, o options, rate float64) error {
	if err := tenMinutes(ctx, o, rate); err != nil {
		return err
	}
	var few int64
	for _, n := range []int{1_000_000, 5_000_000} {
		resident, err := waiting(ctx, o, n)
		if err != nil {
			return err
		}
		fmt.Printf("%-18s %d messages wait: resident %d MiB", "backlog", n, resident>>20)
		if few != 0 {
			fmt.Printf(" (%+.0f %%)", 100*(float64(resident)/float64(few)-1))
		}
		few = resident
		fmt.Println()
	}
	return nil
}

func tenMinutes(ctx context.Context, o options, rate float64) error {
	s := scenario{name: "ten-minutes", smpp: true, simulator: []string{"--receipts", "2s"}, rate: rate / 2}
	r, err := newRig(ctx, o, o.kurir, s)
	if err != nil {
		return err
	}
	defer r.close()
	marks := map[string]int64{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		began := time.Now()
		for _, at := range []struct {
			name  string
			after time.Duration
		}{{"two", 2 * time.Minute}, {"ten", 10 * time.Minute}} {
			select {
			case <-time.After(time.Until(began.Add(at.after))):
			case <-ctx.Done():
				return
			}
			if u, err := r.gateway.usage(); err == nil {
				marks[at.name] = u.resident
			}
		}
	}()
	rep, err := generate(ctx, o.kurir, append(s.load(r), "--duration", "10m5s")...)
	<-done
	if err != nil {
		return err
	}
	fmt.Printf("%-18s %.0f/s for ten minutes: resident %d MiB after two, %d MiB after ten (%+.0f %%); %d lost, %d doubled\n",
		s.name, rep.AcceptedPerSecond, marks["two"]>>20, marks["ten"]>>20,
		100*(float64(marks["ten"])/float64(marks["two"])-1), rep.Lost, rep.Duplicated)
	return nil
}

// waiting fills the queue of a link that is down and returns the memory of the
// gateway afterwards.
func waiting(ctx context.Context, o options, n int) (int64, error) {
	r, err := newRig(ctx, o, o.kurir, scenario{name: "backlog"})
	if err != nil {
		return 0, err
	}
	defer r.close()
	r.simulator.stop()
	r.simulator = nil
	_, err = generate(ctx, o.kurir, "http", "http://"+r.http, "--key", key, "--connections", "10",
		"--per-request", "100", "--no-receipts", "--count", strconv.Itoa(n))
	if err != nil {
		return 0, err
	}
	select {
	case <-time.After(10 * time.Second): // until the collector has given memory back
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	u, err := r.gateway.usage()
	return u.resident, err
}
