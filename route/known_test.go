package route

import (
	"testing"

	"kurir/message"
)

// Short numbers are whole where a rule is for them, or for short ones that begin so; rules for countries say nothing of that.
func TestKnows(t *testing.T) {
	t.Parallel()
	table := NewTable([]Rule{{To: Patterns{"+46*", "72456"}}, {To: Patterns{"118*"}}, {To: Patterns{"*"}}, {}})
	for number, want := range map[string]bool{"72456": true, "118800": true, "72457": false, "070123": false, "+46112": false, "+4670123": false} {
		a, err := Normalise(number, "46")
		if err != nil {
			t.Fatal(err)
		}
		if got := table.Knows(a); got != want {
			t.Errorf("%s (%+v) is known: %v, want %v", number, a, got, want)
		}
	}
	if table.Knows(message.Address{Number: "1"}) {
		t.Error("1 is known")
	}
}
