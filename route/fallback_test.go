package route

import (
	"slices"
	"testing"
	"time"

	"kurir/message"
)

// TestFallback: what is kept with a message reads back, a rule without one keeps
// nothing, and mistakes are named.
func TestFallback(t *testing.T) {
	t.Parallel()
	f := &Fallback{After: 3, On: []string{"refused"}, MayRepeat: true, Missing: time.Minute, Within: time.Hour}
	table := NewTable([]Rule{{To: Patterns{"46*"}, Via: Via{{Link: "op1"}, {Link: "op2"}}, Fallback: f}, {Via: Via{{Link: "op1"}}}})
	choice, _ := table.Choose(Query{To: message.Address{TON: 1, Number: "46701234567"}})
	back, err := ParseFallback(choice.Fallback)
	if err != nil || back.Text() != f.Text() || !slices.Equal(back.On, f.On) || back.Missing != time.Minute {
		t.Errorf("%q reads as %+v, %v", choice.Fallback, back, err)
	}
	if !back.Leads(message.Refused) || back.Leads(message.Busy) || !(&Fallback{}).Leads(message.Busy) || (&Fallback{}).Leads(message.Refused) {
		t.Error("the wrong failures lead to the next link")
	}
	if other, _ := table.Choose(Query{To: message.Address{TON: 1, Number: "4512345678"}}); other.Fallback != "" {
		t.Errorf("a rule without a fallback keeps %q", other.Fallback)
	}
	for want, f := range map[string]Fallback{
		"the next link is tried after a failure: one that passes":         {},
		"the next link is tried after 3 failures of these: busy, refused": {After: 3, On: []string{"busy", "refused"}},
		"the next link is tried after a failure: refused; it may send again what was taken, after a negative receipt, and when none has come for 1m0s, for 1h0m0s": {On: []string{"refused"}, MayRepeat: true, Missing: time.Minute, Within: time.Hour},
	} {
		if got := f.Sentence(); got != want {
			t.Errorf("%+v: %q, want %q", f, got, want)
		}
	}
	two := Via{{Link: "op1"}, {Link: "op2"}}
	for field, rule := range map[string]Rule{
		"fallback":            {Via: Via{{Link: "op1"}}, Fallback: &Fallback{After: 2}},
		"fallback.after":      {Via: two, Fallback: &Fallback{After: -1}},
		"fallback.on":         {Via: two, Fallback: &Fallback{On: []string{"no_money"}}},
		"fallback.missing":    {Via: two, Fallback: &Fallback{MayRepeat: true, Missing: time.Millisecond}},
		"fallback.within":     {Via: two, Fallback: &Fallback{MayRepeat: true, Within: -1}},
		"fallback.may_repeat": {Via: two, Fallback: &Fallback{Within: time.Hour}},
	} {
		got := ""
		rule.Validate(func(field, _ string) { got += field })
		if got != field {
			t.Errorf("%q is wrong, want %q", got, field)
		}
	}
}
