package main

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// scenario is one thing that is measured.
type scenario struct {
	name      string
	simulator []string // flags of the SMSC
	smpp      bool     // in over SMPP
	speaks    string   // ucp or cimd2: in and out over that in place of SMPP
	http      bool     // in over HTTP
	mail      bool     // with http: in by mail in its place
	password  bool     // with the account's name and password in place of its key
	flags     []string // of the generator
	half      string   // at half the highest rate of that scenario
	rate      float64  // messages a second; 0: as fast as answers come
	// late is how long after the answer receipts come. So much is added to the warm-up, so that the measured time
	// has as many receipts as it has messages.
	late   time.Duration
	stamps bool // the time from submit to phone is measured
	// phones is how many messages a second phones send to the customer inbox; 0: none.
	phones   float64
	postgres bool // on PostgreSQL
	nodes    int  // gateways that share the database; 0: one
	cross    bool // customers are at all of them but the last, where the link is, so that each message changes hands
	priced   bool // messages cost something, the account is prepaid and has a limit
	old      bool // with finished messages in the database
	history  bool // with the accounts that those messages have
	viewers  int  // people who look at the console meanwhile
	// accounts that the sessions of the generator are spread over, and links with one session each, one for an
	// account; 0: one account and one link of four sessions.
	accounts int
	sessions int // of the generator; 0: four with windows of 500
	// top are further lines of the gateway's file, and first the body of a message that is sent before the others.
	top, first string
	spare      bool // a second link, which no rule names, and the right to administrate
	listeners  int  // further accounts, which listen to events; their keys are events- and a number
	long       bool // only with --long, or by name
}

// paced tells whether the rate is given, so that latency is what a run finds out.
func (s scenario) paced() bool {
	return s.rate > 0 || !s.sends() && s.phones < fullSpeed
}

// fullSpeed is more messages from phones a second than can be had.
const fullSpeed = 200_000

// scenarios are those of docs/benchmarks.md, in order. Those of one group are run in turns.
func scenarios(o options) [][]scenario {
	atOnce := []string{"--receipts", "at-once"}
	late2 := scenario{smpp: true, simulator: []string{"--receipts", "2s"}, late: 2 * time.Second}
	late30 := scenario{smpp: true, simulator: []string{"--receipts", "30s"}, late: 30 * time.Second, flags: []string{"--wait", "45s"}}
	named := func(s scenario, name string, change func(*scenario)) scenario {
		s.name = name
		if change != nil {
			change(&s)
		}
		return s
	}
	one := scenario{http: true, flags: []string{"--connections", "200", "--no-receipts"}}
	webhook := func(s *scenario) { s.simulator, s.flags = atOnce, []string{"--connections", "200"} }
	all := [][]scenario{
		{
			{name: "smpp", smpp: true, simulator: atOnce},
			{name: "viewers", smpp: true, simulator: atOnce, viewers: viewersAll, top: "users:\n" + people(viewersUsers, "operator", account)},
			{name: "ucp", smpp: true, speaks: "ucp", simulator: atOnce},
			{name: "cimd2", smpp: true, speaks: "cimd2", simulator: atOnce},
			{name: "old-20m", smpp: true, simulator: atOnce, old: true},
			{name: "postgres", smpp: true, simulator: atOnce, postgres: true},
			{name: "postgres-two", smpp: true, simulator: atOnce, postgres: true, nodes: 2},
			{name: "postgres-two-cross", smpp: true, simulator: atOnce, postgres: true, nodes: 2, cross: true},
			{name: "postgres-priced", smpp: true, simulator: atOnce, postgres: true, priced: true},
			{name: "postgres-two-priced", smpp: true, simulator: atOnce, postgres: true, nodes: 2, priced: true},
			{name: "postgres-three", smpp: true, simulator: atOnce, postgres: true, nodes: 3, long: true},
			{name: "postgres-four", smpp: true, simulator: atOnce, postgres: true, nodes: 4, long: true},
			{name: "sessions", smpp: true, simulator: atOnce, accounts: 100, sessions: 1000},
		},
		{
			{name: "none-secret", smpp: true, simulator: atOnce, long: true},
			{name: "one-secret", smpp: true, simulator: atOnce, long: true, first: `{"to": ["+46700000009"], "from": "Bench", "text": "code 1234", "secret": true}`},
			{name: "all-secret", smpp: true, simulator: atOnce, long: true, top: "secret: {all: true}\n"},
		},
		{
			named(late2, "postgres-late-2s", func(s *scenario) { s.postgres = true }),
			named(late2, "postgres-two-late-2s", func(s *scenario) { s.postgres, s.nodes = true, 2 }),
		},
		{named(late2, "smpp-late-2s", func(s *scenario) { s.long = true })},
		{named(late30, "smpp-late-30s", nil)},
		{named(late30, "smpp-25k-late-30s", func(s *scenario) { s.rate, s.stamps = 25_000, true })},
		{named(late2, "smpp-half", func(s *scenario) { s.half, s.long = "smpp", true })},
		{{name: "inbound", phones: fullSpeed}},
		{{name: "inbound-20k", phones: 20_000}},
		{{name: "both", smpp: true, simulator: atOnce, phones: 20_000}},
		{
			named(one, "http-1", nil),
			named(one, "http-1-few", func(s *scenario) { s.long, s.flags = true, []string{"--connections", "50", "--no-receipts"} }),
			named(one, "http-1-password", func(s *scenario) { s.password = true }),
			named(one, "http-1-idempotent", func(s *scenario) { s.flags = append(slices.Clone(s.flags), "--idempotent") }),
			named(one, "kannel-1", func(s *scenario) { s.password, s.flags = true, append(slices.Clone(s.flags), "--kannel") }),
		},
		{
			named(one, "http-1-webhook", webhook),
			named(one, "http-1-webhook-password", func(s *scenario) { webhook(s); s.password = true }),
		},
		{{name: "http-100", http: true, flags: []string{"--connections", "10", "--per-request", "100", "--no-receipts"}}},
		{{name: "mail", http: true, mail: true, flags: []string{"--connections", "50"}}},
		{{name: "http-stream", http: true, flags: []string{"--connections", "2", "--stream", "--no-receipts"}}},
	}
	for i := range all {
		all[i] = slices.DeleteFunc(all[i], func(s scenario) bool {
			return !o.wants(s.name) || s.long && o.only == "" && !o.long || s.postgres && os.Getenv(postgresVariable) == ""
		})
	}
	return slices.DeleteFunc(all, func(group []scenario) bool { return len(group) == 0 })
}

// wants tells whether a scenario was asked for.
func (o options) wants(name string) bool {
	return o.only == "" || slices.Contains(strings.Split(o.only, ","), name)
}

// sends tells whether a generator sends.
func (s scenario) sends() bool { return s.smpp || s.http }

// load returns the arguments of the generator for a rig.
func (s scenario) load(r *rig) []string {
	var args []string
	switch {
	case s.mail:
		args = []string{"smtp", r.foreign, "--domain", mailDomain, "--from", "load@" + mailDomain, "--user", account, "--password", "secret"}
	case s.http:
		args = []string{"http", "http://" + r.http, "--key", key}
		if s.password {
			args = []string{"http", "http://" + r.http, "--user", account, "--password", "secret"}
		}
	case s.sessions > 0:
		args = []string{
			"smpp", r.smpp, "--system-id", account, "--password", "secret", "--accounts", strconv.Itoa(s.accounts),
			"--sessions", strconv.Itoa(s.sessions), "--window", "5",
		}
	case s.speaks != "":
		args = []string{s.speaks, r.foreign, "--system-id", foreignName, "--password", "secret", "--sessions", foreignSessions, "--window", customersWindow, "--recipients", "1000000"}
	default:
		args = []string{"smpp", r.smppAddresses(s), "--system-id", account, "--password", "secret", "--sessions", "4", "--window", "500"}
	}
	args = append(args, s.flags...)
	if s.rate > 0 {
		args = append(args, "--rate", strconv.FormatFloat(s.rate, 'f', 0, 64))
	}
	if s.stamps {
		args = append(args, "--stamp")
	}
	return args
}

// receive returns the arguments of the generator that receives what phones send.
func (s scenario) receive(r *rig) []string {
	return []string{"receive", r.smpp, "--system-id", inbox, "--password", "secret", "--sessions", "4", "--wait", "3s"}
}
