package connector

import (
	"testing"

	"kurir/message"
	"kurir/smpp"
)

// TestOperatorsOwnCodes: what a link's configuration says of a code counts more
// than the specification.
func TestOperatorsOwnCodes(t *testing.T) {
	t.Parallel()
	cfg := SMPPConfig{
		Named:           Named{Name: "op1"},
		Failures:        map[string]string{"0x400": "absent", "ESME_RSUBMITFAIL": "memory_full"},
		ReceiptFailures: map[string]string{"027": "memory_full", "0x99": "absent"},
	}
	l := NewSMPP(cfg, NewShared(), nil)
	for status, want := range map[smpp.Status]message.FailureKind{
		0x400: message.Absent, smpp.ESME_RSUBMITFAIL: message.MemoryFull, smpp.ESME_RTHROTTLED: message.Throttled, 0x401: message.Refused,
	} {
		if f := l.failure(status); f == nil || f.Kind != want || f.Code != uint32(status) {
			t.Errorf("%v: %+v, want %s", status, f, want.Code())
		}
	}
	if f := l.failure(smpp.ESME_ROK); f != nil {
		t.Errorf("ESME_ROK: %+v", f)
	}
	gsm := func(code uint16) smpp.NetworkError { return smpp.NetworkError{Type: 3, Code: code} }
	for _, tt := range []struct {
		network smpp.NetworkError
		code    uint32
		want    message.FailureKind
	}{
		{gsm(27), 27, message.MemoryFull}, // this operator's
		{gsm(6), 6, message.Absent},       // 3GPP TS 29.002: absentSubscriberSM
		{gsm(1), 1, message.BadRecipient},
		{smpp.NetworkError{}, 6, message.NoFailure}, // after err: nobody knows whose code it is
		{smpp.NetworkError{}, 0x99, message.Absent},
		{gsm(250), 250, message.NoFailure},
	} {
		if got := l.receiptFailure(tt.network, tt.code); got != tt.want {
			t.Errorf("%+v %d: %s, want %s", tt.network, tt.code, got.Code(), tt.want.Code())
		}
	}
	for field, c := range map[string]SMPPConfig{
		"failures.0x400":       {Failures: map[string]string{"0x400": "no_route"}},
		"failures.ESME_X":      {Failures: map[string]string{"ESME_X": "busy"}},
		"failures.0":           {Failures: map[string]string{"0": "busy"}},
		"receipt_failures.abc": {ReceiptFailures: map[string]string{"abc": "busy"}},
	} {
		got := ""
		c.meanings(func(field, _ string) { got += field })
		if got != field {
			t.Errorf("%q is wrong, want %q", got, field)
		}
	}
}
