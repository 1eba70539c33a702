package main

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// scenario is one thing that is measured.
type scenario struct {
	name      string
	simulator []string // flags of the SMSC
	smpp      bool     // in over SMPP, else over HTTP
	flags     []string // of the generator
	half      string   // at half the highest rate of that scenario
	rate      float64  // messages a second; 0: as fast as answers come
	// late is how long after the answer receipts come. So much is added to the warm-up, so that the measured time
	// has as many receipts as it has messages.
	late time.Duration
}

// scenarios are those of docs/benchmarks.md, in order. Those of one group are run in turns.
func scenarios(o options) [][]scenario {
	late30 := func(name string, rate float64, flags ...string) scenario {
		return scenario{
			name: name, smpp: true, simulator: []string{"--receipts", "30s", "--stamps"}, late: 30 * time.Second, rate: rate,
			flags: append([]string{"--wait", "45s"}, flags...),
		}
	}
	all := [][]scenario{
		{{name: "smpp", smpp: true, simulator: []string{"--receipts", "at-once"}}},
		{{name: "smpp-late-2s", smpp: true, simulator: []string{"--receipts", "2s"}, late: 2 * time.Second}},
		{late30("smpp-late-30s", 0)},
		{late30("smpp-25k-late-30s", 25_000, "--stamp")},
		{{name: "smpp-half", smpp: true, simulator: []string{"--receipts", "2s"}, late: 2 * time.Second, half: "smpp"}},
		{{name: "http-1", flags: []string{"--connections", "50", "--no-receipts"}}},
		{{name: "http-1-webhook", simulator: []string{"--receipts", "at-once"}, flags: []string{"--connections", "50"}}},
		{{name: "http-100", flags: []string{"--connections", "10", "--per-request", "100", "--no-receipts"}}},
	}
	if o.only == "" {
		return all
	}
	wanted := strings.Split(o.only, ",")
	for i := range all {
		all[i] = slices.DeleteFunc(all[i], func(s scenario) bool { return !slices.Contains(wanted, s.name) })
	}
	return slices.DeleteFunc(all, func(group []scenario) bool { return len(group) == 0 })
}

// load returns the arguments of the generator for a rig.
func (s scenario) load(r *rig) []string {
	var args []string
	if s.smpp {
		args = []string{"smpp", r.smpp, "--system-id", account, "--password", "secret", "--sessions", "4", "--window", "500"}
	} else {
		args = []string{"http", "http://" + r.http, "--key", key}
	}
	args = append(args, s.flags...)
	if s.rate > 0 {
		args = append(args, "--rate", strconv.FormatFloat(s.rate, 'f', 0, 64))
	}
	return args
}
