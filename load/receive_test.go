package load

import (
	"fmt"
	"testing"
	"time"

	"kurir/smpp"
)

// TestInboundBooks holds that gaps, repetitions and messages of others are seen.
func TestInboundBooks(t *testing.T) {
	t.Parallel()
	o := Options{Kind: Receive, Address: "x", Count: 10}
	if err := o.defaults(); err != nil {
		t.Fatal(err)
	}
	r := &run{opt: o, ledger: newLedger(), start: time.Now()}
	s := &session{run: r, tally: r.tally(), speaks: o.language()}
	made := time.Now().Add(-50 * time.Millisecond).UnixMicro()
	for _, text := range []string{
		fmt.Sprintf("in-abc-%010d %016d", 1, made),
		fmt.Sprintf("in-abc-%010d %016d", 5, made),
		fmt.Sprintf("in-abc-%010d %016d", 5, made), // again
		fmt.Sprintf("in-xyz-%010d %016d", 2, made), // of another simulator
		fmt.Sprintf("in-abc-%010d %016d", 0, made), // no number
		"in-", "in-abc-0000000003", "hello", "",
	} {
		frame, err := smpp.Append(nil, &smpp.PDU{Sequence: 1, Body: &smpp.DeliverSM{ShortMessage: smpp.ShortMessage{Text: []byte(text)}}})
		if err != nil {
			t.Fatal(err)
		}
		s.receipt(frame, r.now())
	}
	rep := r.report()
	if rep.Sent != 5 || rep.Lost != 3 || rep.Duplicated != 1 || rep.Unknown != 6 || rep.Receipt.Count != 2 || rep.Receipt.P50 < 50 {
		t.Errorf("%+v", rep)
	}
}
