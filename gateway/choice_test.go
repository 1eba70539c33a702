package gateway

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/message"
	"kurir/route"
)

// TestTraceOfConditions: what a rule looks at is explained as it was decided, also by a configuration that is no longer
// in force and at another time of the week.
func TestTraceOfConditions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		time.Sleep(12*time.Hour - time.Minute) // to 23:59 of a Sunday
		k := Kept{Routes: []route.Rule{
			{Name: "long", Parts: "2-", Via: route.Via{{Link: "op2"}}},
			{Name: "others", Account: route.Patterns{"beta"}, Via: route.Via{{Link: "op2"}}},
			{Name: "shared", Group: route.Patterns{"gold"}, Interface: route.Patterns{"rest"}, When: route.Patterns{"sun"}, Via: route.Via{{Link: "op1", Weight: 50}, {Link: "op2", Weight: 50}}},
			{Name: "rest", Via: route.Via{{Link: "once"}}},
		}}
		k.SetGroups("acme", []string{"gold"})
		text, err := k.Text()
		if err != nil {
			t.Fatal(err)
		}
		s := testSnapshot()
		s.Accounts = account.NewDirectory([]account.Account{{Name: "acme", Senders: []string{"*"}, Sender: "ACME", Groups: []string{"gold"}}}, nil)
		s.Text, s.Routes = text, route.NewTable(k.Routes)
		w := start(t, dir, Options{Snapshot: s}, nil)
		sub := w.submission("46100001", "hello")
		sub.Via = message.ViaREST
		ids := w.submit(sub)
		for range 30 {
			time.Sleep(time.Millisecond)
			ids = append(ids, w.submit(sub)...)
		}
		time.Sleep(2 * time.Minute) // Monday
		synctest.Wait()
		next := testSnapshot()
		next.Number = 2
		w.Replace(next)
		w.submit(w.submission("46100001", "hello")) // stores the new configuration
		first := map[string]int{}
		for _, id := range ids {
			m := w.onDisk(id)
			first[m.Links[0]]++
			trace, err := w.Trace(t.Context(), m)
			if err != nil || len(trace.Route) != 4 {
				t.Fatalf("explained by %+v %v", trace.Route, err)
			}
			if c := trace.Route[2]; !c.Matched || c.Why != "goes by "+strings.Join(m.Links, ", then ")+", by weight" {
				t.Errorf("links %v, explained by %+v", m.Links, c)
			}
			if why := trace.Route[0].Why; why != "the message has parts: 1, the rule is for parts: 2-" {
				t.Errorf("the first rule: %s", why)
			}
		}
		if len(first) != 2 || slices.Contains([]int{first["op1"], first["op2"]}, 0) {
			t.Errorf("shares are %v", first)
		}
	})
}

// TestExplainRoute: what is explained is what happens, and nothing is accepted by it.
func TestExplainRoute(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		s := testSnapshot()
		s.Routes = route.NewTable([]route.Rule{
			{Name: "night", When: route.Patterns{"22:00-06:00"}, Via: route.Via{{Link: "once"}}},
			{Name: "day", To: route.Patterns{"46*"}, Via: route.Via{{Link: "op1"}, {Link: "op2"}}},
		})
		w := start(t, dir, Options{Snapshot: s}, nil)
		w.fakeLink("op2").core.SessionUp(1, 10)
		e, f := w.ExplainRoute(w.submission("46100001", "hello"), time.Now())
		if f != nil || e.Refusal != nil || e.Parts != 1 || !slices.Equal(e.Candidates, []Candidate{{Link: "op1"}, {Link: "op2", Up: true}}) {
			t.Errorf("by day: %+v %v", e, f)
		}
		if e.Rules[0].Why != "Sun 12:00 UTC is not within when: 22:00-06:00" || !e.Rules[1].Matched {
			t.Errorf("by day: %+v", e.Rules)
		}
		if m := w.onDisk(w.submit(w.submission("46100001", "hello"))[0]); !slices.Equal(m.Links, []string{"op1", "op2"}) {
			t.Errorf("it goes by %v", m.Links)
		}
		e, f = w.ExplainRoute(w.submission("46100001", "hello"), time.Now().Add(11*time.Hour))
		if f != nil || !slices.Equal(e.Candidates, []Candidate{{Link: "once", Up: false}}) {
			t.Errorf("by night: %+v %v", e, f)
		}
		e, f = w.ExplainRoute(w.submission("47100001", "hello"), time.Now())
		if f != nil || e.Refusal == nil || e.Refusal.Kind != message.NoRoute || e.Candidates != nil {
			t.Errorf("without a route: %+v %v", e, f)
		}
		if _, f = w.ExplainRoute(w.submission("4x", "hello"), time.Now()); f == nil || f.Field != "to" {
			t.Errorf("to nobody: %+v", f)
		}
	})
}
