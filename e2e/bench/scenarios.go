package main

import (
	"slices"
	"strconv"
	"strings"
)

// scenario is one thing that is measured.
type scenario struct {
	name      string
	simulator []string // flags of the SMSC
	smpp      bool     // in over SMPP, else over HTTP
	flags     []string // of the generator
	half      string   // at half the highest rate of that scenario
	rate      float64
}

// scenarios are those of design section 9, in order.
func scenarios(o options) []scenario {
	all := []scenario{
		{name: "smpp", smpp: true, simulator: []string{"--receipts", "at-once"}},
		{name: "smpp-late-2s", smpp: true, simulator: []string{"--receipts", "2s"}},
		{name: "smpp-late-30s", smpp: true, simulator: []string{"--receipts", "30s"}, flags: []string{"--wait", "45s"}},
		{name: "smpp-half", smpp: true, simulator: []string{"--receipts", "2s"}, half: "smpp"},
		{name: "http-1", flags: []string{"--connections", "50", "--no-receipts"}},
		{name: "http-1-webhook", simulator: []string{"--receipts", "at-once"}, flags: []string{"--connections", "50"}},
		{name: "http-100", flags: []string{"--connections", "10", "--per-request", "100", "--no-receipts"}},
	}
	if o.only == "" {
		return all
	}
	wanted := strings.Split(o.only, ",")
	return slices.DeleteFunc(all, func(s scenario) bool { return !slices.Contains(wanted, s.name) })
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
