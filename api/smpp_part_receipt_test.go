package api

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kurir/gateway"
	"kurir/message"
	"kurir/smpp"
)

// TestSMPPPartReceipts: with receipts_per: part each part of a long message has
// a receipt, that names it, counts the parts and says what became of it.
func TestSMPPPartReceipts(t *testing.T) {
	t.Parallel()
	id := message.NewIDs(0, 0).Next(time.Date(2026, 3, 1, 12, 34, 56, 0, time.UTC))
	report := func(log []byte, part uint8, state message.State, code uint32) []byte {
		return message.AppendEvent(log, id, message.Event{Kind: message.EventReport, At: id.Millis(), Part: part, State: state, Code: code})
	}
	m := &message.Message{ID: id, Parts: 3, Content: message.Content{Text: "a long one"}}
	m.State, m.Final = message.Undeliverable, id.Millis()+1000
	m.Log = report(report(report(nil, 1, message.Enroute, 0), 1, message.Delivered, 0), 2, message.Undeliverable, 27)
	for _, tlvs := range []bool{true, false} {
		b := smppDeliverBuilder{tlvs: tlvs, perPart: true}
		n, err := b.add(&gateway.Item{Message: m, State: message.Undeliverable, Since: m.Final})
		if err != nil || n != 3 || len(b.bodies) != 3 {
			t.Fatalf("%d receipts: %v", n, err)
		}
		for i, want := range []string{
			"sub:003 dlvrd:001 submit date:2603011234 done date:2603011234 stat:DELIVRD err:000",
			"sub:003 dlvrd:001 submit date:2603011234 done date:2603011234 stat:UNDELIV err:027",
			"sub:003 dlvrd:001 submit date:2603011234 done date:2603011234 stat:UNDELIV err:000",
		} {
			d := &b.bodies[i]
			if text := string(d.Text); !strings.Contains(text, want) || !strings.HasPrefix(text, "id:"+id.String()+" ") {
				t.Errorf("part %d: %s, want %s", i+1, text, want)
			}
			total, _ := d.TLVs.U8(smpp.TagSARTotalSegments)
			number, named := d.TLVs.U8(smpp.TagSARSegmentSeqnum)
			state, _ := d.TLVs.U8(smpp.TagMessageState)
			if named != tlvs || tlvs && fmt.Sprint(total, number, state) != fmt.Sprint(3, i+1, []int{2, 5, 5}[i]) {
				t.Errorf("part %d: part %d of %d, message_state %d", i+1, number, total, state)
			}
		}
		// What is not final, or has one part, has one receipt.
		for _, it := range []*gateway.Item{
			{Message: m, State: message.Enroute, Since: m.Final},
			{Message: &message.Message{ID: id, Parts: 1}, State: message.Delivered, Since: m.Final},
		} {
			if n, err := b.add(it); n != 1 || err != nil {
				t.Errorf("%d receipts of a message that is %s: %v", n, it.State, err)
			}
		}
	}
}
