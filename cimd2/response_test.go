package cimd2

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	request := Empty(OpSubmit, 9)
	r := request.Refuse(ErrDestination, "")
	if got := string(encode(t, r)); got != "\x0253:009\t900:300\t901:Incorrect destination address\t03\x03" {
		t.Errorf("%q", got)
	}
	var refusal *Refusal
	if err := r.Refused(); !errors.As(err, &refusal) || refusal.Code != ErrDestination || !errors.Is(err, ErrDestination) {
		t.Errorf("%v", err)
	}
	request.Plain = true
	if got := string(encode(t, request.Refuse(ErrSystem, "\ttry again later, "+strings.Repeat("x", 80)))); strings.Count(got, "\t") != 3 || len(got) > 100 {
		t.Errorf("%q", got)
	}
	for _, op := range []Operation{OpDeliver, OpStatusReport, OpNack, OpSubmitResp, OpGeneralError} {
		if r := Empty(op, 0).Refuse(ErrSystem, ""); r != nil {
			t.Errorf("%s is refused by %s", op, r)
		}
	}
	odd := Empty(OpLoginResp, 1)
	if err := odd.Refused(); err != nil {
		t.Error(err)
	}
	if err := odd.Add(702, "x"); err != nil {
		t.Error(err)
	}
	odd.params = append(odd.params, "900:busy\t"...)
	if err := odd.Refused(); !errors.Is(err, ErrSystem) {
		t.Errorf("an error code that is no number: %v", err)
	}
	if err := Empty(OpGeneralError, 0).Refused(); err == nil {
		t.Error("a general error without parameters is none")
	}
}

// Responses with several destinations, and those of SMSCs that leave something out.
func TestSubmitResponses(t *testing.T) {
	t.Parallel()
	for params, want := range map[string][]SubmitResult{
		"":                                     {},
		"060:261121212647\t":                   {{Timestamp: "261121212647"}},
		"060:261121212647\t060:261121212648\t": {{Timestamp: "261121212647"}, {Timestamp: "261121212648"}},
		"021:467\t060:261121212647\t021:468\t": {{Destination: "467", Timestamp: "261121212647"}, {Destination: "468"}},
		"021:467\t900:300\t901:no\t900:301\t":  {{Destination: "467", Error: 300, ErrorText: "no"}, {Error: 301}},
		"900:10\t901:Temporary congestion\t":   {{Error: ErrCongestion, ErrorText: "Temporary congestion"}},
		"021:467\t066:1\t060:261121212647\t":   {{Destination: "467", Timestamp: "261121212647"}},
		"021:467\t060:261121212647\t900:0\t":   {{Destination: "467", Timestamp: "261121212647"}},
		"021:467\t900:0\t060:261121212647\t":   {{Destination: "467", Timestamp: "261121212647"}},
		"021:+467\t060:261121212647\t021:+468\t060:261121212647\t": {
			{Destination: "+467", Timestamp: "261121212647"}, {Destination: "+468", Timestamp: "261121212647"},
		},
	} {
		p, err := Decode([]byte("\x0253:001\t" + params + "\x03"))
		if err != nil {
			t.Fatal(err)
		}
		var r SubmitResp
		if err := p.Read(&r); err != nil {
			t.Errorf("%q: %v", params, err)
		}
		if diff := cmp.Diff(want, r.Results); diff != "" {
			t.Errorf("%q: %s", params, diff)
		}
	}
}
