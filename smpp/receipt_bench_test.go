package smpp

import (
	"testing"
	"time"
)

const usualReceipt = "id:0123456789 sub:001 dlvrd:001 submit date:2611280130 done date:2611280131 stat:DELIVRD err:000 text:Hello world, how are"

// benchReceipt is a deliver_sm with a receipt as most SMSCs send it: the text of appendix B and three TLVs.
func benchReceipt() *DeliverSM {
	return &DeliverSM{ShortMessage{
		Source: Address{TONInternational, NPIISDN, "46701234567"}, Dest: Address{TON: TONAlphanumeric, Addr: "Kurir"},
		ESMClass: ESMReceipt, Text: []byte(usualReceipt), TLVs: TLVs{
			{TagReceiptedMessageID, []byte("0123456789\x00")},
			{TagMessageState, []byte{uint8(MessageDelivered)}},
			{TagNetworkErrorCode, []byte{3, 0, 0}},
		},
	}}
}

func BenchmarkReceiptFrom(b *testing.B) {
	d := benchReceipt()
	b.ReportAllocs()
	for b.Loop() {
		if r, ok := ReceiptFrom(d); !ok || r.State != MessageDelivered {
			b.Fatal(r)
		}
	}
}

func BenchmarkParseReceipt(b *testing.B) {
	for name, text := range map[string]string{
		"usual":    usualReceipt,
		"short":    "id:0b8f4a7e-55d0-4f3e-9d2a-3f7cf7d5a0a1 submit date:261128013005 done date:261128013106 stat:UNDELIV err:034",
		"tolerant": "stat:REJECTD err:8 id:17 done date:2611212302, sub:001",
	} {
		b.Run(name, func(b *testing.B) {
			text := []byte(text)
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := ParseReceipt(text); !ok {
					b.Fatal("no receipt")
				}
			}
		})
	}
}

func BenchmarkStateOf(b *testing.B) {
	for _, word := range []string{"DELIVRD", "delivrd", "Undeliverable", "ZONKED"} {
		b.Run(word, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				StateOf(word)
			}
		})
	}
}

func BenchmarkReceiptTime(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseReceiptTime("2611280131", time.UTC); err != nil {
			b.Fatal(err)
		}
	}
}
