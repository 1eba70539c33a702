package connector

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

// replacedText is a message as the gateway measures it.
func replacedText(text string, want gsm.Encoding) *message.Message {
	size, err := gsm.Measure(text, want)
	if err != nil {
		panic(err)
	}
	return &message.Message{
		Content:  message.Content{Text: text, Class: gsm.NoClass},
		Encoding: size.Encoding, Parts: uint8(size.Parts), Expires: time.Now().Add(2 * time.Hour).UnixMilli(),
	}
}

// TestSMPPReplace: replace_sm names a message as the operator and the link know
// it, carries its text as it was sent and the times that were given, and asks for
// the receipt that is awaited (SMPP 3.4 4.10.1). Anything but ESME_ROK is an error.
func TestSMPPReplace(t *testing.T) {
	t.Parallel()
	at := AtOperator{
		ID: "31", From: message.Address{TON: message.TONAlphanumeric, Number: "ACME"},
		To: message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: "46701234567"},
	}
	rename := func(c *SMPPConfig) {
		c.MessageIDs, c.Source = "hex_decimal", []message.AddressRule{{Match: "ACME", Replace: "12345"}}
	}
	shown := smpp.Address{NPI: 1, Addr: "12345"}
	hello := replacedText("hello", gsm.Auto)
	later := time.Now().Add(time.Hour).Truncate(time.Second)
	timed := replacedText("[new]", gsm.Auto)
	timed.SendAt, timed.Receipts = later.UnixMilli(), message.ReceiptIntermediate|message.ReceiptFinal
	latin := func(c *SMPPConfig) { rename(c); c.Alphabet = "latin1" }
	for name, c := range map[string]struct {
		change func(*SMPPConfig)
		r      Replacement
		status smpp.Status
		want   *smpp.ReplaceSM // nil if the operator is not asked
		ok     bool
	}{
		"text": {
			rename,
			Replacement{Old: hello, New: replacedText("[new]", gsm.Auto)},
			smpp.ESME_ROK,
			&smpp.ReplaceSM{RegisteredDelivery: smpp.ReceiptFinal, Text: []byte("\x1b<new\x1b>")}, true,
		},
		"times": {rename, Replacement{Old: hello, New: timed, SendAt: true, Validity: true}, smpp.ESME_ROK, &smpp.ReplaceSM{
			ScheduleTime: string(smpp.AppendTime(nil, later)), Validity: "000000020000000R",
			RegisteredDelivery: smpp.ReceiptFinal | smpp.ReceiptIntermediate, Text: []byte("\x1b<new\x1b>"),
		}, true},
		"UCS-2 as it was": {
			rename,
			Replacement{Old: replacedText("й", gsm.Auto), New: replacedText("n", gsm.UCS2)},
			smpp.ESME_ROK,
			&smpp.ReplaceSM{RegisteredDelivery: smpp.ReceiptFinal, Text: []byte{0, 'n'}}, true,
		},
		"UCS-2 for the link's alphabet": {
			latin,
			Replacement{Old: replacedText("Ω", gsm.Auto), New: replacedText("n", gsm.Auto)},
			smpp.ESME_ROK,
			&smpp.ReplaceSM{RegisteredDelivery: smpp.ReceiptFinal, Text: []byte{0, 'n'}}, true,
		},
		"refused": {
			rename,
			Replacement{Old: hello, New: hello},
			smpp.ESME_RREPLACEFAIL,
			&smpp.ReplaceSM{RegisteredDelivery: smpp.ReceiptFinal, Text: []byte("hello")}, false,
		},
		"another coding":             {rename, Replacement{Old: hello, New: replacedText("й", gsm.Auto)}, smpp.ESME_ROK, nil, false},
		"beyond the link's alphabet": {latin, Replacement{Old: hello, New: replacedText("Ω", gsm.Auto)}, smpp.ESME_ROK, nil, false},
		"two parts":                  {rename, Replacement{Old: hello, New: replacedText(strings.Repeat("x", 161), gsm.Auto)}, smpp.ESME_ROK, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			smppLink(t, c.change, nil, func(t *testing.T, b *contractBench) {
				l, o := b.link.(*SMPP), b.operator().(*smsc)
				var got *smpp.ReplaceSM
				o.manage = func(body smpp.Body) (smpp.Status, smpp.Body) {
					got, _ = body.(*smpp.ReplaceSM)
					return c.status, nil
				}
				r := c.r
				moved := *r.New // the bubble has its own time
				moved.Expires = time.Now().Add(2 * time.Hour).UnixMilli()
				if r.SendAt {
					later := time.Now().Add(time.Hour).Truncate(time.Second)
					moved.SendAt, c.want.ScheduleTime = later.UnixMilli(), string(smpp.AppendTime(nil, later))
				}
				r.New = &moved
				err := l.Replace(t.Context(), at, &r)
				if (err == nil) != c.ok || c.status != smpp.ESME_ROK && !errors.Is(err, c.status) {
					t.Errorf("error %v", err)
				}
				switch {
				case c.want == nil && got != nil:
					t.Errorf("asked by %+v", got)
				case c.want != nil && got == nil:
					t.Fatalf("not asked: %v", err)
				case c.want != nil:
					w := c.want
					if got.MessageID != "1f" || got.Source != shown || got.ScheduleTime != w.ScheduleTime || got.Validity != w.Validity ||
						got.RegisteredDelivery != w.RegisteredDelivery || string(got.Text) != string(w.Text) || len(got.TLVs) > 0 {
						t.Errorf("asked by %+v, want %+v", got, w)
					}
				}
			})
		})
	}
}

// TestSMPPReplaceWait: an operator who does not answer is waited for as long as
// the caller says; a host that did not give the id is not asked, for another
// message may have it there.
func TestSMPPReplaceWait(t *testing.T) {
	t.Parallel()
	hello := replacedText("hello", gsm.Auto)
	smppLink(t, func(c *SMPPConfig) { c.ReceiptsFrom = "host" }, nil, func(t *testing.T, b *contractBench) {
		l := b.link.(*SMPP)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		host := ""
		at := AtOperator{ID: "31", GaveID: func(h string) bool { host = h; return true }}
		if err := l.Replace(ctx, at, &Replacement{Old: hello, New: hello}); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		if host != "pipe:1" {
			t.Errorf("looked at the host %q", host)
		}
		at.GaveID = func(string) bool { return false }
		if err := l.Replace(t.Context(), at, &Replacement{Old: hello, New: hello}); !errors.Is(err, ErrNoSession) {
			t.Errorf("another host: %v", err)
		}
	})
}
