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
		// Of a part whose receipt has come, while others are awaited: that one, with the time of its receipt. It does not
		// come again with the final state, unless all is pushed.
		some := *m
		some.State, some.Final = message.Enroute, 0
		some.Log = message.AppendEvent(nil, id, message.Event{Kind: message.EventReport, At: id.Millis() + 60_000, Part: 3, State: message.Delivered})
		b = smppDeliverBuilder{tlvs: tlvs, perPart: true}
		one := func(what string, it *gateway.Item, want ...string) {
			t.Helper()
			n, err := b.add(it)
			if err != nil || n != len(want) {
				t.Fatalf("%s: %d receipts: %v", what, n, err)
			}
			for i, w := range want {
				d := b.bodies[len(b.bodies)-n+i]
				number, _ := d.TLVs.U8(smpp.TagSARSegmentSeqnum)
				if text := string(d.Text); d.ESMClass != smpp.ESMReceipt || !strings.Contains(text, w[1:]) || tlvs && fmt.Sprint(number) != w[:1] {
					t.Errorf("%s: part %d: %s, want %s", what, number, text, w)
				}
			}
		}
		const third = "3sub:003 dlvrd:001 submit date:2603011234 done date:2603011235 stat:DELIVRD"
		one("alone", &gateway.Item{Message: &some, State: message.Delivered, Part: 3, Since: id.Millis()}, third)
		whole := some
		whole.State, whole.Final = message.Expired, id.Millis()+120_000
		whole.Log = message.AppendEvent(some.Log[:len(some.Log):len(some.Log)], id, message.Event{Kind: message.EventTold, At: id.Millis(), Part: 3, State: message.Delivered})
		rest := []string{
			"1sub:003 dlvrd:001 submit date:2603011234 done date:2603011236 stat:EXPIRED",
			"2sub:003 dlvrd:001 submit date:2603011234 done date:2603011236 stat:EXPIRED",
		}
		one("the others", &gateway.Item{Message: &whole, State: message.Expired, Since: whole.Final}, rest...)
		whole.Log = message.AppendEvent(whole.Log, id, message.Event{Kind: message.EventPushed, At: id.Millis(), State: message.Expired})
		one("pushed", &gateway.Item{Message: &whole, State: message.Expired, Since: whole.Final}, append(rest, third)...)

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
