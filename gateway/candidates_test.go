package gateway

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/billing"
	"kurir/message"
	"kurir/route"
)

// TestComplaint15Routes: what a rule says beside its links, on one gateway: links that do not carry the sender, rewriting, choice by
// price and load, long texts; and that explain, preview and the trace say so.
func TestComplaint15Routes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		s := testSnapshot()
		s.Accounts = account.NewDirectory([]account.Account{{
			Name: "acme", Senders: []string{"*"}, Sender: "ACME", MaxParts: 20,
			Destination: []message.AddressRule{{Pattern: "^9994(.*)$", Replace: "4$1"}},
			Source:      []message.AddressRule{{Kind: "name", Country: message.Words{"US", "CA"}, Replace: "+15550100000"}},
		}}, nil)
		s.Networks = route.NewNetworks([]route.NetworkPrefix{{Prefix: "4480", Network: route.Network{Code: "23410", Name: "O2"}}})
		both := route.Via{{Link: "op1"}, {Link: "op2"}}
		to := func(prefix string) route.Patterns { return route.Patterns{prefix} }
		s.Routes = route.NewTable([]route.Rule{
			{Name: "skip", To: to("461*"), Via: both},
			{Name: "own", To: to("462*"), Via: both, OtherSender: "own"},
			{
				Name: "rewritten", To: to("463*"), Via: route.Via{{Link: "op2"}}, Source: []message.AddressRule{{Kind: "name", Replace: "+46800001"}},
				Destination: []message.AddressRule{{Strip: "46", Add: "0", TON: new(uint8)}},
			},
			{Name: "cheap", To: to("464*"), Via: both, Choose: "price", Prices: "costs"},
			{Name: "idle", To: to("465*"), Via: route.Via{{Link: "op2"}, {Link: "once"}}, Choose: "load"},
			{Name: "short", To: to("466*"), Via: route.Via{{Link: "op2"}}, Long: "cut"},
			{Name: "few", To: to("467*"), Via: route.Via{{Link: "op2"}}, MaxParts: 2},
			{Name: "abroad", Via: route.Via{{Link: "op2"}}, Source: []message.AddressRule{{Match: "ACME", Network: message.Words{"234*"}, Replace: "+447000000000"}}},
		})
		s.Prices = map[string]*billing.List{"costs": billing.NewList("costs", "EUR", []billing.Price{
			{Prefix: "46", Link: "op1", Amount: 200}, {Prefix: "46", Link: "op2", Amount: 100},
		})}
		op1 := s.Links["op1"]
		op1.Senders = &message.SenderAbility{Kinds: []string{"international"}, Own: "+46737494949"}
		s.Links["op1"], s.Choosy = op1, true
		op2, national := s.Links["op2"], uint8(2)
		op2.Destination = message.NewAddressRules([]message.AddressRule{{Match: "+4480*", Strip: "4480", Add: "00", TON: &national}})
		s.Links["op2"] = op2
		k := Kept{}
		k.SetSenders("op1", op1.Senders)
		w := start(t, dir, Options{Snapshot: s}, nil)
		links := map[string]*fakeLink{}
		for _, name := range []string{"op1", "op2", "once"} {
			links[name] = w.fakeLink(name)
			links[name].core.SessionUp(uint32(len(links)), 10)
		}
		sent := func(link, to, from, text string) (out string, m *message.Message) {
			t.Helper()
			sub := w.untold(to, text)
			sub.From = from
			id := w.submit(sub)[0]
			synctest.Wait()
			list := links[link].take()
			if len(list) != 1 {
				t.Fatalf("%s got %d messages to %s", link, len(list), to)
			}
			return list[0].From.String() + " " + list[0].To.String(), w.onDisk(id)
		}

		if out, m := sent("op2", "4610001", "ACME", "x"); out != "ACME 4610001" && out != "ACME +4610001" || len(m.Links) != 1 {
			t.Errorf("a link that does not carry names is not skipped: %s, %v", out, m.Links)
		} else if trace, err := w.Trace(t.Context(), m); err != nil || !strings.HasSuffix(trace.Route[0].Why, "; op1 is skipped for the sender ACME: it carries international numbers, +46737494949") {
			t.Errorf("the trace: %+v, %v", trace.Route[0], err)
		}
		if _, m := sent("op1", "4610001", "+4670000001", "x"); len(m.Links) != 2 {
			t.Errorf("a number may go by %v", m.Links)
		}
		out, m := sent("op1", "4620001", "ACME", "x")
		if !strings.HasPrefix(out, "+46737494949 ") || m.From.Number != "ACME" {
			t.Errorf("own sender: %s", out)
		}
		if trace, err := w.Trace(t.Context(), m); err != nil || !slices.ContainsFunc(trace.Events, func(e TraceEntry) bool {
			return e.What == "shown_as" && e.Text == "the link is given the sender +46737494949"
		}) {
			t.Errorf("the trace: %+v, %v", trace.Events, err)
		}
		for _, c := range []struct{ to, from, skipped string }{{"4620001", "+46737494949", ""}, {"4610001", "", "it carries international numbers, +46737494949"}} {
			e, f := w.ExplainRoute(w.untold(c.to, "x"), time.Now())
			if f != nil || !slices.ContainsFunc(e.Candidates, func(o Candidate) bool { return o.Link == "op1" && o.From == c.from && o.Skipped == c.skipped }) {
				t.Errorf("explained by %+v, %v", e, f)
			}
			p, f := w.Preview(w.untold(c.to, "x"))
			if f != nil || len(p.Candidates) != 1 || p.Candidates[0].From != c.from || p.Candidates[0].Skipped != c.skipped {
				t.Errorf("foreseen %+v, %v", p, f)
			}
		}
		if out, m := sent("op2", "9994670001", "ACME", "x"); out != "ACME +4670001" || m.To.Number != "4670001" {
			t.Errorf("rewritten for the account: %s; the message is to %s", out, m.To)
		}
		if out, m := sent("op2", "4630001", "ACME", "x"); out != "+46800001 030001" || m.To.Number != "4630001" {
			t.Errorf("rewritten: %s; the message is to %s", out, m.To)
		}
		why := func(to string) string {
			const pattern, country, network, link = "account acme: destination[0] false +%s does not match pattern: ^9994(.*)$\naccount acme: source[0] ", "false recipient +%s is in %s, the rule is for country: US, CA\nroute abroad: source[0] ",
				"false the network of +%s is not known, the rule is for network: 234*\nconnector op2: destination[0] ", "false +%s does not match match: +4480*\n"
			switch text := fmt.Sprintf(pattern, to); to {
			case "448012345678":
				return text + fmt.Sprintf(country, to, "GB") + "true ACME becomes +447000000000, type 1 and plan 1\nconnector op2: destination[0] true +448012345678 becomes 0012345678, type 2 and plan 1\n"
			case "447012345678":
				return text + fmt.Sprintf(country+network+link, to, "GB", to, to)
			case "16495550123":
				return text + fmt.Sprintf(country+network+link, to, "TC", to, to)
			default:
				return text + "true ACME becomes +15550100000, type 1 and plan 1\nroute abroad: source[0] false +15550100000 does not match match: ACME\nconnector op2: destination[0] " + fmt.Sprintf(link, to)
			}
		}
		for to, want := range map[string]string{"14165550123": "+15550100000", "12025550123": "+15550100000", "16495550123": "ACME", "448012345678": "+447000000000", "447012345678": "ACME"} {
			out, m := sent("op2", to, "ACME", "x")
			if out != want+" +"+to || m.From.String() != want && to[0] == '1' || m.From.Number != "ACME" && to[0] == '4' {
				t.Errorf("rewritten by country or network: %s; the message is from %s", out, m.From)
			}
			e, f := w.ExplainRoute(w.untold(to, "x"), time.Now())
			if f != nil || cmp.Or(e.Candidates[0].From, e.From.String()) != want {
				t.Errorf("to %s explained by %+v, %v", to, e, f)
			}
			p, f := w.Preview(w.untold(to, "x"))
			if f != nil || !slices.Equal(p.Rewriting, e.Rewriting) {
				t.Errorf("to %s foreseen %+v, explained %+v, %v", to, p.Rewriting, e.Rewriting, f)
			}
			told := ""
			for _, r := range e.Rewriting {
				told += fmt.Sprintf("%s %t %s\n", r.Name, r.Matched, r.Why)
			}
			if told != why(to) {
				t.Errorf("to %s it says\n%s, want\n%s", to, told, why(to))
			}
		}
		if _, m := sent("op2", "4640001", "+4670000001", "x"); !slices.Equal(m.Links, []string{"op2", "op1"}) {
			t.Errorf("the cheapest first: %v", m.Links)
		}
		sent("once", "4650001", "ACME", "x") // op2 has several, unanswered
		if _, m := sent("op2", "4660001", "ACME", strings.Repeat("x", 200)); m.Parts != 1 || len(m.Content.Text) != 160 {
			t.Errorf("cut by the route: %d parts", m.Parts)
		}
		sub := w.untold("4660001", strings.Repeat("x", 200))
		sub.Text = &message.TextRules{LongSaid: true}
		if m := w.onDisk(w.submit(sub)[0]); m.Parts != 2 {
			t.Errorf("what the message says itself is not done: %d parts", m.Parts)
		}
		for n, sub := range map[int]*Submission{2: w.untold("4670001", strings.Repeat("x", 400)), 1: w.untold("4670001", strings.Repeat("x", 200))} {
			sub.MaxParts = n
			r, err := w.Submit(t.Context(), []*Submission{sub})
			if err != nil || r[0].Failure == nil || !strings.Contains(r[0].Failure.Text, "at most "+string(rune('0'+n))) {
				t.Errorf("of %d parts: %+v, %v", n, r, err)
			}
		}
	})
}
