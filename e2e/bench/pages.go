package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// What the database of kurir fill has that is rare, and what it has none of.
const (
	rareName  = "rare"   // an account and a link: five messages, all of them rejected
	other     = "second" // an account that has a thousandth
	pagesMost = 100 * time.Millisecond
)

// visited is a page that is asked for, by whom, and how long that took.
type visited struct {
	who   string
	path  string
	took  []time.Duration
	first time.Duration
}

// pages measures how long each page takes with many messages in the database, from the request to the last octet of the answer: first
// once, after the start of the gateway, then o.rounds times, all pages in turn.
func pages(ctx context.Context, o options) error {
	old := o
	old.old = o.pagesOf
	r, err := newRig(ctx, old, o.kurir, scenario{name: "pages", old: true, history: true, top: "users:\n" +
		people(1, "system", account) + people(1, "manager", account) + people(1, "sender", rareName) + people(1, "project", inbox)})
	if err != nil {
		return err
	}
	defer r.close()
	people := map[string]*visitor{}
	for _, name := range []string{"system-0", "manager-0", "sender-0", "project-0"} {
		if people[name], err = r.signIn(ctx, name); err != nil {
			return err
		}
	}
	list, err := r.pageList(ctx)
	if err != nil {
		return err
	}
	before, err := r.gateway.usage()
	if err != nil {
		return err
	}
	for round := range o.rounds + 1 {
		for i := range list {
			p := &list[i]
			began := time.Now()
			if _, err := people[p.who].read(ctx, p.path); err != nil {
				return err
			}
			if took := time.Since(began); round == 0 {
				p.first = took
			} else {
				p.took = append(p.took, took)
			}
		}
	}
	after, err := r.gateway.usage()
	if err != nil {
		return err
	}
	printPages(list, o.rounds)
	fmt.Printf("%-18s CPU of the gateway %.1f ms a page, resident %d MiB\n", "pages",
		(after.cpu-before.cpu).Seconds()*1000/float64(len(list)*(o.rounds+1)), after.resident>>20)
	return nil
}

// printPages prints what each page took, and which were too slow.
func printPages(list []visited, rounds int) {
	fmt.Printf("\n| page | as | first, ms | median, ms | p99, ms | |\n|---|---|---|---|---|---|\n")
	ms := func(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000) }
	slow := 0
	for _, p := range list {
		slices.Sort(p.took)
		median, p99 := p.took[rounds/2], p.took[rounds*99/100]
		verdict := ""
		if median > pagesMost {
			verdict = "NO"
			slow++
		}
		fmt.Printf("| `%s` | %s | %s | %s | %s | %s |\n", p.path, strings.TrimSuffix(p.who, "-0"), ms(p.first), ms(median), ms(p99), verdict)
	}
	fmt.Printf("\n%-18s %d pages, %d with a median above %d ms\n", "pages", len(list), slow, pagesMost.Milliseconds())
}

// pageList are all pages that show something of the database, and their filters.
func (r *rig) pageList(ctx context.Context) (list []visited, err error) {
	var one struct {
		Messages []struct{ ID, To string } `json:"messages"`
		Inbound  []struct{ ID string }     `json:"inbound"`
	}
	for _, path := range []string{"/v1/messages?limit=1", "/v1/inbound?limit=1"} {
		text, err := r.asAccount(ctx, path)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(text), &one); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	if len(one.Messages) == 0 || len(one.Inbound) == 0 {
		return nil, fmt.Errorf("the database has no messages, or none from phones: make it by kurir fill")
	}
	id, in, phone := one.Messages[0].ID, one.Inbound[0].ID, strings.TrimPrefix(one.Messages[0].To, "+")
	now := time.Now().UTC()
	date := func(days int) string { return now.AddDate(0, 0, -days).Format(time.DateOnly) }
	day := "since=" + date(12) + "&until=" + date(11)
	add := func(who, base string, queries ...string) {
		for _, q := range queries {
			list = append(list, visited{who: who, path: strings.TrimSuffix(base+"?"+q, "?")})
		}
	}
	add("system-0", "/console/messages", "", "to="+phone, "id="+id, "reference=none", "account="+account, "account="+other, "account="+rareName, "account="+inbox,
		"state=delivered", "state=undeliverable", "state=rejected", "state=expired", "state=queued", "state=enroute", "link=op1", "link=op2", "link="+rareName, "link=none", day, day+"&account="+other,
		"account="+other+"&state=undeliverable", "account="+account+"&state=rejected", "account="+account+"&link=op2&state=undeliverable", "sort=id", "sort=id&account="+rareName)
	add("system-0", "/console/messages/"+id, "")
	add("system-0", "/console/dead", "", "account="+account, "account="+other, "account="+inbox, "link=op2", "link=none", "state=rejected", "to="+phone, day)
	add("system-0", "/console/inbound", "", "from="+phone, "to=46700000001", "account="+account, "account="+rareName, "account="+inbox, "link=op1", "link=none", "rule=all", "rule=none", "case=7", "unmatched=true", day)
	add("system-0", "/console/inbound/"+in, "")
	for _, name := range []string{
		"", "/links", "/links/op1", "/queues", "/owed", "/sessions", "/webhooks", "/webhooks/attempts", "/webhooks/dead", "/alarms", "/events", "/nodes", "/audit", "/settings",
		"/routes", "/inbound-rules", "/notices", "/accounts", "/accounts/" + account, "/keys", "/lists", "/optouts", "/prices", "/users", "/dry-run",
	} {
		add("system-0", "/console"+name, "")
	}
	for _, report := range []string{"traffic", "quality", "response", "costs", "accounts", "availability"} {
		add("system-0", "/console/reports/"+report, "", "since="+date(20)+"&until="+date(0), "since="+date(365)+"&until="+date(0))
	}
	add("manager-0", "/reports/traffic", "")
	for _, who := range []string{"manager-0", "sender-0", "project-0"} {
		add(who, "/sent", "", "state=delivered", "state=rejected", "state=queued", "to="+phone, day)
	}
	add("manager-0", "/sent/"+id, "")
	for _, path := range []string{"/compose", "/scheduled", "/sendings", "/conversations", "/conversations/" + phone, "/contacts", "/groups", "/own/contacts", "/duty", "/me", "/console/accounts/" + account} {
		add("manager-0", path, "")
	}
	return list, nil
}
