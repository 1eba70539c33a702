package route

import (
	"fmt"
	"testing"
	"time"

	"kurir/gsm"
	"kurir/message"
)

// TestConditions has an example of each kind of rule: a message that it is for, one that it is not for, and why not.
func TestConditions(t *testing.T) {
	t.Parallel()
	at := func(text string) time.Time {
		v, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, test := range []struct {
		rule     Rule
		yes, not Query
		why      string
	}{
		{Rule{To: Patterns{"+4670?????67"}}, Query{To: message.Address{Number: "46701234567"}}, Query{To: message.Address{TON: 1, Number: "46701234568"}}, "recipient +46701234568 does not match to: +4670?????67"},
		{Rule{Group: Patterns{"gold"}}, Query{Account: "a", Groups: []string{"new", "gold"}}, Query{Account: "b", Groups: []string{"new"}}, "account b is in new and in none of group: gold"},
		{Rule{Group: Patterns{"gold*"}}, Query{Account: "a", Groups: []string{"golden"}}, Query{Account: "b"}, "account b is in no group; the rule is for group: gold*"},
		{Rule{Interface: Patterns{"smpp", "rest"}}, Query{Via: message.ViaREST}, Query{Via: message.ViaKannel}, "the message came by kannel, the rule is for interface: smpp, rest"},
		{Rule{Tag: Patterns{"news", "campaign-*"}}, Query{Tag: "campaign-7"}, Query{Tag: "newsletter"}, "tag newsletter does not match tag: news, campaign-*"},
		{Rule{Tag: Patterns{"news"}}, Query{Tag: "news"}, Query{}, "the message has no tag; the rule is for tag: news"},
		{Rule{Tag: Patterns{"news", "campaign-*"}}, Query{Tag: "news"}, Query{Tag: "campaign"}, "tag campaign does not match tag: news, campaign-*"},
		{Rule{Encoding: Patterns{"gsm7"}}, Query{Encoding: gsm.GSM7}, Query{Encoding: gsm.UCS2}, "the text needs ucs2, the rule is for encoding: gsm7"},
		{Rule{Parts: "2-5"}, Query{Parts: 5}, Query{Parts: 6}, "the message has parts: 6, the rule is for parts: 2-5"},
		{Rule{Parts: "3-"}, Query{Parts: 255}, Query{Parts: 2}, "the message has parts: 2, the rule is for parts: 3-"},
		{Rule{Text: "(?i)\\bcode\\b"}, Query{Text: "Your Code: 12"}, Query{Text: "decode"}, `the text holds nothing that matches text: "(?i)\\bcode\\b"`},
		{Rule{Text: "x"}, Query{Text: "x"}, Query{Text: "x", Encoding: gsm.Binary}, `the message is binary, the rule is for texts with "x"`},
		// A Sunday night in Stockholm is still Saturday in UTC; summer time counts.
		{Rule{When: Patterns{"sun"}, Zone: "Europe/Stockholm"}, Query{At: at("2026-07-04T22:30:00Z")}, Query{At: at("2026-07-04T21:30:00Z")}, "Sat 23:30 CEST is not within when: sun"},
		{Rule{When: Patterns{"mon-fri 08:00-17:00"}}, Query{At: at("2026-11-27T16:59:59Z")}, Query{At: at("2026-11-27T17:00:00Z")}, "Fri 17:00 UTC is not within when: mon-fri 08:00-17:00"},
		{Rule{When: Patterns{"sat 22:00-06:00"}}, Query{At: at("2026-11-29T05:59:00Z")}, Query{At: at("2026-11-28T05:59:00Z")}, "Sat 05:59 UTC is not within when: sat 22:00-06:00"},
		{Rule{When: Patterns{"fri-mon"}}, Query{At: at("2026-11-30T12:00:00Z")}, Query{At: at("2026-12-01T12:00:00Z")}, "Tue 12:00 UTC is not within when: fri-mon"},
	} {
		test.rule.Via = via("op1")
		test.rule.Validate(func(field, problem string) { t.Errorf("%+v: %s %s", test.rule, field, problem) })
		table := NewTable([]Rule{test.rule})
		if _, ok := table.Choose(test.yes); !ok {
			t.Errorf("%+v does not match %+v: %s", test.rule, test.yes, table.Explain(test.yes)[0].Why)
		}
		if _, ok := table.Choose(test.not); ok || table.Explain(test.not)[0].Why != test.why {
			t.Errorf("%+v with %+v: %v, %q", test.rule, test.not, ok, table.Explain(test.not)[0].Why)
		}
	}
}

func TestSpanMistakes(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "noon", "mon-", "mon 8-17", "08:00-08:00", "24:00-06:00", "mon 08:00-17:00 tue", "mon tue", "8:00-17:00", "08:00"} {
		if _, err := message.ParseSpan(text); err == nil {
			t.Errorf("%q is taken for a time of the week", text)
		}
	}
}

// shares counts what rule or first link n messages to different recipients take.
func shares(table *Table, n int, q func(i int) Query) map[string]int {
	got := map[string]int{}
	for i := range n {
		if c, ok := table.Choose(q(i)); ok {
			got[c.Links[0]]++
		}
	}
	return got
}

func near(got, want int) bool { return got > want*9/10 && got < want*11/10 }

func fresh(i int) Query {
	return Query{To: message.Address{TON: 1, Number: fmt.Sprint(46700000000 + i%7)}, Account: "a", Expires: 1790000000000 + int64(i)}
}

// TestWeights: 70 and 30 of a hundred messages begin with the one and the other link, and the other is tried next.
func TestWeights(t *testing.T) {
	t.Parallel()
	table := NewTable([]Rule{{Via: Via{{"op1", 70}, {"op2", 20}, {"op3", 10}}}})
	got := shares(table, 10_000, fresh)
	if !near(got["op1"], 7000) || !near(got["op2"], 2000) || !near(got["op3"], 1000) {
		t.Errorf("shares are %v", got)
	}
	for i := range 100 {
		c, _ := table.Choose(fresh(i))
		if again, _ := table.Choose(fresh(i)); again.Links[0] != c.Links[0] || len(c.Links) != 3 {
			t.Fatalf("%v, then %v", c, again)
		}
		if c.Links[0] == "op2" && fmt.Sprint(c.Links) != "[op2 op1 op3]" {
			t.Fatalf("the order is %v", c.Links)
		}
	}
}

// TestPercent: a share of what the rule before left over is a share of that.
func TestPercent(t *testing.T) {
	t.Parallel()
	table := NewTable([]Rule{{Percent: 10, Via: via("a")}, {Percent: 50, Via: via("b")}, {Via: via("c")}})
	if got := shares(table, 20_000, fresh); !near(got["a"], 2000) || !near(got["b"], 9000) || !near(got["c"], 9000) {
		t.Errorf("shares are %v", got)
	}
}

// TestSticky: with sticky all messages to one recipient go alike; without, the parts of one long message do.
func TestSticky(t *testing.T) {
	t.Parallel()
	weights := Via{{"op1", 50}, {"op2", 50}}
	part := func(i int) Query {
		q := fresh(7 * i)
		q.Header = []byte{5, 0, 3, 42, 100, byte(i + 1)}
		return q
	}
	if got := shares(NewTable([]Rule{{Via: weights}}), 100, part); len(got) != 1 {
		t.Errorf("parts of one message go by %v", got)
	}
	sticky := NewTable([]Rule{{Via: weights, Sticky: "recipient"}})
	if got := shares(sticky, 100, func(i int) Query { return fresh(7 * i) }); len(got) != 1 {
		t.Errorf("messages to one recipient go by %v", got)
	}
	if got := shares(sticky, 10_000, func(i int) Query { q := fresh(i); q.To.Number = fmt.Sprint(46700000000 + i); return q }); !near(got["op1"], 5000) {
		t.Errorf("messages to many go by %v", got)
	}
}

// TestComplaint14RulesDoNotSlow: rules cost no memory of each message, whatever they look at. What text is compared with lies in a pool
// of the standard library, which the race detector empties at random: that one may cost a piece.
func TestComplaint14RulesDoNotSlow(t *testing.T) { // not parallel: it counts allocations
	for _, looked := range []bool{false, true} { // at the text
		percent, most := 0, 1.0
		if !looked {
			percent, most = 1, 0
		}
		table := NewTable([]Rule{
			{Group: Patterns{"gold"}, Interface: Patterns{"smpp"}, Percent: 1, Via: via("x")},
			{When: Patterns{"mon"}, Zone: "Europe/Stockholm", Percent: percent, Text: "code", Via: via("x")},
			{Via: Via{{"op1", 70}, {"op2", 30}}, Sticky: "recipient"},
		})
		q := fresh(1)
		q.Groups, q.Via, q.Text, q.At = []string{"gold"}, message.ViaSMPP, "nothing", time.Unix(1790000000, 0)
		if n := testing.AllocsPerRun(100, func() { table.Choose(q) }); n > most {
			t.Errorf("Choose, the text looked at %v: %v allocations", looked, n)
		}
	}
}
