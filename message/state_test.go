package message

import "testing"

func TestFinalStatesStand(t *testing.T) {
	t.Parallel()
	for _, s := range States() {
		for _, next := range States() {
			if s.Final() && s.CanBecome(next) {
				t.Errorf("%v is final and may become %v", s, next)
			}
		}
	}
}

func TestEveryStateCanEnd(t *testing.T) {
	t.Parallel()
	for _, s := range States() {
		if s.Final() {
			continue
		}
		for _, end := range []State{Expired, Deleted, Undeliverable} {
			if !s.CanBecome(end) {
				t.Errorf("%v cannot become %v", s, end)
			}
		}
	}
}

func TestStateNames(t *testing.T) {
	t.Parallel()
	for _, s := range States() {
		back, err := ParseState(s.String())
		if err != nil || back != s {
			t.Errorf("ParseState(%q) = %v, %v", s.String(), back, err)
		}
	}
	if _, err := ParseState("lost"); err == nil {
		t.Error("ParseState knows a state that there is not")
	}
}

// The values are those of SMPP 3.4 5.2.28 and appendix B.
func TestStateInSMPP(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		state State
		value uint8
		stat  string
	}{
		{Enroute, 1, "ENROUTE"},
		{Delivered, 2, "DELIVRD"},
		{Expired, 3, "EXPIRED"},
		{Deleted, 4, "DELETED"},
		{Undeliverable, 5, "UNDELIV"},
		{Sent, 6, "ACCEPTD"},
		{Unknown, 7, "UNKNOWN"},
		{Rejected, 8, "REJECTD"},
	} {
		if value, stat := c.state.SMPP(); value != c.value || stat != c.stat {
			t.Errorf("%v is %d %s in SMPP, want %d %s", c.state, value, stat, c.value, c.stat)
		}
		if back := StateFromSMPP(c.value); back != c.state && c.state != Sent {
			t.Errorf("message_state %d is %v, want %v", c.value, back, c.state)
		}
	}
	if StateFromSMPP(6).Final() {
		t.Error("ACCEPTED from an operator is taken for a final state")
	}
	if StateFromSMPP(200) != Unknown {
		t.Error("a message_state that there is not is not unknown")
	}
}

func TestReceiptsWanted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		asked Receipts
		state State
		want  bool
	}{
		{0, Delivered, false},
		{ReceiptFinal, Delivered, true},
		{ReceiptFinal, Undeliverable, true},
		{ReceiptFinal, Enroute, false},
		{ReceiptSuccess, Rejected, false},
		{ReceiptFailure, Delivered, false},
		{ReceiptFailure, Unknown, true},
		{ReceiptIntermediate, Enroute, true},
	} {
		if got := c.asked.Wants(c.state); got != c.want {
			t.Errorf("Receipts(%b).Wants(%v) = %t, want %t", c.asked, c.state, got, c.want)
		}
	}
}
