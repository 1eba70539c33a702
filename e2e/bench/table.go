package main

import "fmt"

// asked is one figure that is asked for: what it is, the bound in words, and
// how it is read; ok is false when its scenarios were left out.
type asked struct {
	what  string
	reach func(a answers) (reached string, good, ok bool)
}

// answers are the medians by scenario, and the octets of idle sessions by kind and of streams of events.
type answers struct {
	results map[string]result
	idle    map[string]int64
	events  int64 // octets of the gateway with all streams of events; 0 where they were left out
}

// atLeast and atMost compare one figure of one scenario.
func atLeast(scenario, unit string, least float64, of func(result) float64) func(answers) (string, bool, bool) {
	return func(a answers) (string, bool, bool) {
		r, ok := a.results[scenario]
		return fmt.Sprintf("%.0f%s", of(r), unit), of(r) >= least, ok
	}
}

func atMost(scenario, unit string, most float64, of func(result) float64) func(answers) (string, bool, bool) {
	return func(a answers) (string, bool, bool) {
		r, ok := a.results[scenario]
		return fmt.Sprintf("%.2f%s", of(r), unit), of(r) <= most, ok
	}
}

// keeping asks, besides, that the scenario's rate was reached: what is late
// because it was not has no latency worth to be told.
func keeping(rate float64, scenario string, then func(answers) (string, bool, bool)) func(answers) (string, bool, bool) {
	return func(a answers) (string, bool, bool) {
		reached, good, ok := then(a)
		if got := a.results[scenario].AcceptedPerSecond; ok && got < 0.98*rate {
			return fmt.Sprintf("%s, at %.0f/s", reached, got), false, true
		}
		return reached, good, ok
	}
}

// share compares a figure of one scenario with that of another.
func share(of, with string, figure, base func(result) float64, good func(float64) bool) func(answers) (string, bool, bool) {
	return func(a answers) (string, bool, bool) {
		r, ok := a.results[of]
		b, ok2 := a.results[with]
		if !ok || !ok2 {
			return "", false, false
		}
		ratio := figure(r) / base(b)
		return fmt.Sprintf("%.0f %%", 100*ratio), good(ratio), true
	}
}

func idleUnder(kind string, most int64) func(answers) (string, bool, bool) {
	return func(a answers) (string, bool, bool) {
		n, ok := a.idle[kind]
		return fmt.Sprintf("%.1f KiB", float64(n)/1024), n < most, ok
	}
}

// table lists what is asked for.
func table() []asked {
	lives := func(r result) float64 { return r.Lives }
	phones := func(r result) float64 { return r.Phones.ReceiptsPerSecond }
	cpu := func(r result) float64 { return r.GatewayCPU }
	at25k := func(most float64, of func(result) float64) func(answers) (string, bool, bool) {
		const name = "smpp-25k-late-30s"
		return keeping(25_000, name, atMost(name, " ms", most, of))
	}
	statements := func(r result) float64 {
		if r.Postgres == nil {
			return 0
		}
		return r.Postgres.Statements
	}
	part := func(x float64) bool { return x >= 0.8 }
	return []asked{
		{"whole lives with receipts at once: 60,000/s", atLeast("smpp", "/s", 60_000, lives)},
		{"whole lives with receipts 30 s late: 45,000/s", atLeast("smpp-late-30s", "/s", 45_000, lives)},
		{"whole lives on PostgreSQL on the same cores: 15,000/s", atLeast("postgres", "/s", 15_000, lives)},
		{"statements per 100 lives there: at most 4", atMost("postgres", "", 4, statements)},
		{"the same where messages are prepaid and limited: at most 4", atMost("postgres-priced", "", 4, statements)},
		{"two servers on one PostgreSQL: at least 80 % of the rate of one", share("postgres-two", "postgres", lives, lives, part)},
		{"the same with receipts 2 s late: at least 80 %", share("postgres-two-late-2s", "postgres-late-2s", lives, lives, part)},
		{"the same where messages are prepaid and limited: at least 80 %", share("postgres-two-priced", "postgres-priced", lives, lives, part)},
		{"customers at one server, the link at the other", share("postgres-two-cross", "postgres", lives, lives, func(float64) bool { return true })},
		{"CPU of the gateway per 100,000 at its highest rate: at most 2.5 s", atMost("smpp", " s", 2.5, cpu)},
		{"inbound messages: 20,000/s", atLeast("inbound", "/s", 20_000, lives)},
		{"beside 20,000/s inbound, outbound: 80 % of 60,000/s", atLeast("both", "/s", 48_000, lives)},
		{"beside 20,000/s inbound, outbound: 80 % of alone", share("both", "smpp", lives, lives, part)},
		{"beside all that goes out, inbound: 80 % of 20,000/s", atLeast("both", "/s", 16_000, phones)},
		{"acceptance p99 at 25,000/s, receipts 30 s late: under 25 ms", at25k(25, func(r result) float64 { return r.Acceptance.P99 })},
		{"acceptance p99.9 at 25,000/s: under 60 ms", at25k(60, func(r result) float64 { return r.Acceptance.P999 })},
		{"from submit to phone p99 at 25,000/s: under 50 ms", at25k(50, func(r result) float64 { return r.Taken.P99 })},
		{"CPU with old messages in the database: at most 110 % of that without", share("old-20m", "smpp", cpu, cpu, func(x float64) bool { return x <= 1.1 })},
		{"1,000 customer sessions and 100 links: at least 80 % of the rate of smpp", share("sessions", "smpp", lives, lives, part)},
		{"200 people at the console: at least 95 % of the rate of smpp", share("viewers", "smpp", lives, lives, func(x float64) bool { return x >= 0.95 })},
		{"the same: CPU at most 105 %", share("viewers", "smpp", cpu, cpu, func(x float64) bool { return x <= 1.05 })},
		{"an idle customer session: under 64 KiB", idleUnder("customer", 64<<10)},
		{"the same over TLS: under 64 KiB", idleUnder("customer-tls", 64<<10)},
		{"an idle session of a link: under 64 KiB", idleUnder("link", 64<<10)},
		{"the same over TLS: under 64 KiB", idleUnder("link-tls", 64<<10)},
		{"acceptance p99 at half the highest rate: under 50 ms", atMost("smpp-half", " ms", 50, func(r result) float64 { return r.Acceptance.P99 })},
		{"HTTP, a message a request, no receipts: 14,000/s", atLeast("http-1", "/s", 14_000, lives)},
		{"the same with name and password: 14,000/s", atLeast("http-1-password", "/s", 14_000, lives)},
		{"the same with an idempotency key on every request", atLeast("http-1-idempotent", "/s", 0, lives)},
		{"HTTP with receipts by webhook: 7,000 whole lives/s", atLeast("http-1-webhook", "/s", 7_000, lives)},
		{"the same with name and password: 7,000 whole lives/s", atLeast("http-1-webhook-password", "/s", 7_000, lives)},
		{"HTTP, 100 messages a request: 80,000/s", atLeast("http-100", "/s", 80_000, lives)},
		{"mails, accepted: 1,000/s", atLeast("mail", "/s", 1000, func(r result) float64 { return r.AcceptedPerSecond })},
		{"a stream of lines, while links send: 60,000/s", atLeast("http-stream", "/s", 60_000, lives)},
		{"CPU of REST with password: at most 125 % of sendsms", share("http-1-password", "kannel-1", cpu, cpu, func(x float64) bool { return x <= 1.25 })},
		{"5,000 open streams of events: within 512 MiB", func(a answers) (string, bool, bool) {
			return fmt.Sprintf("%d MiB", a.events>>20), a.events <= 512<<20, a.events > 0
		}},
	}
}

// printTable prints what is asked for against what was reached.
func printTable(a answers, machine string) {
	fmt.Printf("\n%s\n\n| asked for | reached | |\n|---|---|---|\n", machine)
	for _, row := range table() {
		if reached, good, ok := row.reach(a); ok {
			verdict := "yes"
			if !good {
				verdict = "NO"
			}
			fmt.Printf("| %s | %s | %s |\n", row.what, reached, verdict)
		}
	}
}
