package message_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"kurir/message"
)

// TestTLVList: parameters of receipts are written as SMPP does, and read again; too many of them leave out what has no
// room, and damaged ones are read as far as they go.
func TestTLVList(t *testing.T) {
	t.Parallel()
	list := []message.TLV{{Tag: 0x1400, Value: []byte("ab")}, {Tag: 0x1401, Value: []byte{}}, {Tag: 0x1402, Value: []byte{7}}}
	text := message.EncodeTLVs(list)
	if want := "\x14\x00\x00\x02ab\x14\x01\x00\x00\x14\x02\x00\x01\x07"; text != want {
		t.Errorf("written as %q, want %q", text, want)
	}
	if diff := cmp.Diff(list, message.DecodeTLVs(text)); diff != "" {
		t.Error(diff)
	}
	for n := range len(text) {
		if got := message.DecodeTLVs(text[:n]); len(got) > len(list) {
			t.Errorf("cut at %d: %v", n, got)
		}
	}
	long := message.EncodeTLVs([]message.TLV{{Tag: 1, Value: make([]byte, 300)}, {Tag: 2, Value: make([]byte, 200)}, {Tag: 3, Value: make([]byte, 100)}})
	if got := message.DecodeTLVs(long); len(long) > message.MaxReportOctets || len(got) != 1 || got[0].Tag != 2 {
		t.Errorf("%d octets, %d parameters", len(long), len(got))
	}
	m := &message.Message{ID: 1}
	add := func(part uint8, state message.State, tag uint16) {
		m.Log = message.AppendEvent(m.Log, m.ID, message.Event{Kind: message.EventReport, Part: part, State: state})
		m.Log = message.AppendEvent(m.Log, m.ID, message.Event{Kind: message.EventParameters, Part: part, Text: message.EncodeTLVs([]message.TLV{{Tag: tag, Value: []byte{1}}})})
	}
	if got := message.ReportTLVs(m, 0, true); got != nil {
		t.Errorf("of none: %v", got)
	}
	add(1, message.Enroute, 5)
	add(1, message.Delivered, 10)
	add(2, message.Delivered, 20)
	for part, want := range []uint16{20, 10, 20} {
		if got := message.ReportTLVs(m, uint8(part), true); len(got) != 1 || got[0].Tag != want {
			t.Errorf("part %d: %v, want %d", part, got, want)
		}
	}
	if got := message.ReportTLVs(m, 0, false); len(got) != 1 || got[0].Tag != 5 {
		t.Errorf("of the intermediate one: %v", got)
	}
}
