package message

import "testing"

func TestFailuresSpeakPlainly(t *testing.T) {
	t.Parallel()
	seen := map[string]FailureKind{}
	for k := NoFailure; k <= Loop; k++ {
		code := k.Code()
		if other, twice := seen[code]; twice {
			t.Errorf("%d and %d have the same code %q", k, other, code)
		}
		seen[code] = k
		text := (&Failure{Kind: k}).Error()
		if text == "" || text == code {
			t.Errorf("%s has no sentence", code)
		}
		if swedish := k.Sentence("sv"); swedish == text {
			t.Errorf("%s has no sentence in Swedish", code)
		}
	}
	f := Fail(BadRecipient, "to", "%q has letters", "070x")
	if f.Error() != `"070x" has letters` || f.Field != "to" {
		t.Errorf("got %q for field %q", f.Error(), f.Field)
	}
}

func TestWhichFailuresPass(t *testing.T) {
	t.Parallel()
	for _, k := range []FailureKind{Throttled, Busy, LinkDown, NoAnswer, Absent, MemoryFull, StoreFull, Overloaded, Stopping, LimitReached} {
		if !k.Temporary() {
			t.Errorf("%s should be tried again", k.Code())
		}
	}
	for _, k := range []FailureKind{Refused, BadRecipient, BadSender, BadContent, NotPermitted, NoRoute, TooOld, Withheld, NoMoney, NoPrice, Loop} {
		if k.Temporary() {
			t.Errorf("%s should not be tried again", k.Code())
		}
	}
}
