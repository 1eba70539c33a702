package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// rig is one gateway, or several, with its SMSC, each in a process of its own, on a new
// database.
type rig struct {
	node
	others    []*node // that share the database
	dir       string
	had       int64    // octets of the database at the start
	database  string   // address of a PostgreSQL database; empty for none
	control   string   // HTTP address of the simulator
	phoning   string   // HTTP address of the simulator whose phones write
	profile   string   // file of the profile, empty for none
	foreign   string   // where customers log in over what the scenario speaks
	simulator *process // the operator that messages go to
	phonesIn  *process // another, whose phones write; nil for none
}

const (
	account = "bench" // sends
	key     = "bench-key"
	inbox   = "inbox" // receives what phones send

	// A session of UCP has a hundred numbers, and one of CIMD2 not many more, where one of SMPP has a window of 500: so there are
	// more sessions.
	foreignName     = "6000"
	foreignSessions = "20"
	// Receipts come through the operator's windows, which are a little larger than the customers', as with SMPP (512 and 500): else
	// more would be accepted, for a while, than its receipts find room for.
	foreignWindow   = "100"
	customersWindow = "90"
	service         = "46700000001"

	mailDomain = "sms.example.se"
)

// head is the file of the gateway under measurement up to its connectors.
const head = `node: %s
data: %s
%shttp: {listen: %s}
smpp: {listen: %s}
webhooks: {allow: [127.0.0.0/8]}
log: {level: warn}
`

const pricesFile = "prices.csv"

// inboundRules are the rules for what phones send: the last one matches.
const inboundRules = `inbound:
  - {keyword: [stop, help, info], account: inbox}
  - {to: "+46702*", account: inbox}
  - {to: "+46700000001", from: "+467*", account: inbox, do: [{smpp: inbox}]}
`

// configuration is the file of a gateway for a scenario.
func (r *rig) configuration(n *node, s scenario, operator, phones string) string {
	var links, accounts, routes strings.Builder
	admin := ""
	if s.spare {
		fmt.Fprintf(&links, "  - {name: op2, kind: smpp, hosts: [%s], system_id: kurir, password: secret}\n", operator)
		admin = ", admin: true"
	}
	if s.priced {
		s.top += "prices:\n  - {name: standard, currency: EUR, file: " + filepath.Join(r.dir, pricesFile) + "}\n"
		admin = ", admin: true, prices: standard, balance: {}, limits: {messages: {day: 1000000000}}"
	}
	if s.mail {
		s.top += "smtp: {listen: " + r.foreign + ", domains: [" + mailDomain + "]}\n"
		admin = ", sender: Bench, mail: {authors: [\"*\"]}"
	}
	switch {
	case s.speaks != "":
		name := "account"
		if s.speaks == "cimd2" {
			name = "user"
		}
		s.top += s.speaks + ": {listen: " + r.foreign + "}\n"
		fmt.Fprintf(&links, "  - {name: op1, kind: %s, hosts: [%s], %s: \"%s\", password: secret, sessions: %s, window: %s, lookahead: %s}\n", s.speaks, operator, name, foreignName, foreignSessions, foreignWindow, foreignWindow)
		fmt.Fprintf(&accounts, "  - {name: bench, password: secret, senders: [\"*\"], %s: {name: \"%s\", sessions: 100}}\n", s.speaks, foreignName)
		routes.WriteString("  - {to: \"*\", via: [op1]}\n")
	case s.accounts == 0:
		fmt.Fprintf(&links, "  - {name: op1, kind: smpp, hosts: [%s], system_id: kurir, password: secret, sessions: 4, window: 500, lookahead: 500%s}\n", operator, s.pinned())
		fmt.Fprintf(&accounts, "  - {name: bench, password: secret, api_keys: [bench-key], senders: [\"*\"], smpp: {sessions: 100, window: 5000}%s}\n", admin)
		routes.WriteString("  - {to: \"*\", via: [op1]}\n")
	}
	for i := range s.accounts {
		fmt.Fprintf(&links, "  - {name: op%d, kind: smpp, hosts: [%s], system_id: kurir, password: secret, window: 50}\n", i+1, operator)
		fmt.Fprintf(&accounts, "  - {name: bench-%d, password: secret, senders: [\"*\"], smpp: {sessions: 100, window: 100}}\n", i)
		fmt.Fprintf(&routes, "  - {account: bench-%d, via: [op%d]}\n", i, i+1)
	}
	for i := range s.listeners {
		fmt.Fprintf(&accounts, "  - {name: events-%d, password: secret, api_keys: [events-%d], senders: [\"*\"]}\n", i, i)
	}
	if s.history {
		fmt.Fprintf(&accounts, "  - {name: %s, password: secret, senders: [\"*\"]}\n  - {name: %s, password: secret, senders: [\"*\"]}\n", rareName, other)
	}
	accounts.WriteString("  - {name: inbox, password: secret, smpp: {sessions: 100, window: 5000}}\n")
	if s.phones > 0 {
		fmt.Fprintf(&links, "  - {name: phones, kind: smpp, hosts: [%s], system_id: kurir, password: secret, sessions: 4}\n", phones)
	}
	database := ""
	if r.database != "" {
		database = "database: " + r.database + "\n"
	}
	return fmt.Sprintf(head, n.name, n.data, database, n.http, n.smpp) + s.top + "connectors:\n" + links.String() + "accounts:\n" + accounts.String() +
		"routes:\n" + routes.String() + inboundRules
}

// newRig starts a simulator and a gateway, which is the program given, and
// waits until the links between them are up.
func newRig(ctx context.Context, o options, program string, s scenario) (r *rig, err error) {
	r = &rig{}
	r.name = nodeName(0)
	if o.profile {
		r.profile = profileFile(s.name)
	}
	if r.dir, err = os.MkdirTemp("", "kurir-bench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	r.data = filepath.Join(r.dir, "data")
	if s.old {
		if r.data, err = o.old.folder(ctx); err != nil {
			return nil, err
		}
		r.had = folderOctets(r.data)
	}
	if s.postgres {
		if r.database, err = newDatabase(ctx); err != nil {
			return nil, err
		}
	}
	for i := 1; i < s.nodes; i++ {
		r.others = append(r.others, &node{name: nodeName(i), data: filepath.Join(r.dir, nodeName(i))})
	}
	var operator, phones string
	addresses := []*string{&r.control, &r.phoning, &operator, &phones, &r.foreign}
	for _, n := range r.nodes() {
		addresses = append(addresses, &n.http, &n.smpp, &n.pprof)
	}
	if err = freePorts(addresses...); err != nil {
		return nil, err
	}
	flags := append([]string{"simulate", "--smpp", operator, "--http", r.control}, s.simulator...)
	if s.speaks != "" {
		flags[1], flags = "--"+s.speaks, append(flags, "--smpp", r.phoning)
	}
	if s.stamps {
		flags = append(flags, "--stamps")
	}
	if r.simulator, err = start(r.dir, "simulator", o.kurir, flags...); err != nil {
		return nil, err
	}
	if s.phones > 0 {
		if r.phonesIn, err = start(r.dir, "phones", o.kurir, "simulate", "--smpp", phones, "--http", r.phoning); err != nil {
			return nil, err
		}
	}
	if err = os.WriteFile(filepath.Join(r.dir, pricesFile), []byte("destination,network,price\n*,,0.01\n"), 0o600); err != nil {
		return nil, err
	}
	for _, n := range r.nodes() {
		if err = r.serveNode(n, o, program, s, operator, phones); err != nil {
			return nil, err
		}
	}
	if err = r.linked(ctx, s); err == nil && s.priced {
		err = r.post(ctx, "/v1/balances/"+account+"/topups", `{"amount": "1000000.00", "key": "bench"}`, &struct{}{})
	}
	if err == nil && s.first != "" {
		err = r.post(ctx, "/v1/messages", s.first, &struct{}{})
	}
	return r, err
}

// linksUp tells whether the metrics show links and all of them up.
func linksUp(page string) bool {
	links := 0
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "kurir_link_up{") {
			if !strings.HasSuffix(line, "} 1\n") {
				return false
			}
			links++
		}
	}
	return links > 0
}

// phones sets how many messages a second the phones send.
func (r *rig) phones(ctx context.Context, rate float64) error {
	body := fmt.Sprintf(`{"inbound_rate": %f, "inbound_to": %q}`, rate, service)
	req, err := http.NewRequestWithContext(ctx, http.MethodPatch, "http://"+r.phoning+"/behaviour", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("set the traffic of phones: the simulator answered %s", resp.Status)
	}
	return nil
}

// close stops both and removes the database.
func (r *rig) close() {
	for _, n := range r.others {
		if n.gateway != nil {
			n.gateway.stop()
		}
	}
	for _, p := range []*process{r.gateway, r.simulator, r.phonesIn} {
		if p != nil {
			p.stop()
		}
	}
	if r.database != "" {
		dropDatabase(r.database)
	}
	_ = os.RemoveAll(r.dir)
}
