package load

import (
	"bytes"
	"strings"
	"testing"

	"kurir/cimd2"
	"kurir/smpp"
	"kurir/ucp"
)

// FuzzScanReceipt holds that the short way to read a receipt never fails on octets and agrees with the long one.
func FuzzScanReceipt(f *testing.F) {
	sm := &smpp.DeliverSM{ShortMessage: smpp.ShortMessage{
		Source: smpp.Address{Addr: "46701234567"}, Dest: smpp.Address{Addr: "Kurir"}, ESMClass: smpp.ESMReceipt,
		Text: []byte("id:abc sub:001 dlvrd:001 submit date:2601011200 done date:2601011200 stat:DELIVRD err:000 text:id:1 stat:UNDELIV"),
	}}
	frame, err := smpp.Append(nil, &smpp.PDU{Sequence: 1, Body: sm})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(frame)
	f.Add(frame[:40])
	f.Fuzz(func(t *testing.T, frame []byte) {
		if len(frame) < smpp.HeaderLen {
			return
		}
		id, stat, ok := scanReceipt(frame)
		var p smpp.PDU
		if !ok || smpp.Decode(frame, &p) != nil {
			return
		}
		body, isDeliver := p.Body.(*smpp.DeliverSM)
		if !isDeliver || bytes.Contains(frame, []byte("\x04\x24")) || len(body.TLVs) > 0 {
			return // TLVs go before the text
		}
		r, ok := smpp.ReceiptFrom(body)
		if ok && strings.HasPrefix(string(body.Text), "id:"+r.ID+" sub:") && string(id) != r.ID {
			t.Errorf("id %q and state %q, the long way has %q and %q", id, stat, r.ID, r.Stat)
		}
	})
}

// sorted is the batch that octets make.
func sorted(l language, octets []byte) (b batch) {
	for {
		frame, used, err := l.frame(octets)
		if err != nil || used == 0 {
			return b
		}
		octets = octets[used:]
		_ = l.sort(&b, frame)
	}
}

// FuzzUCPFrames holds that no octets make the reader of UCP fail, and that it reads of receipts what the codec reads.
func FuzzUCPFrames(f *testing.F) {
	f.Add([]byte("\x0205/00112/O/53/71000/46701234567/////////////211126213102/0/000/211126213110/3//44656C697665726564/////////////7F\x03"))
	f.Add([]byte("\r\n\x0202/00044/R/51/A//46701234567:211126213102/69\x03\x0200/00022/R/51/N/31//07\x03"))
	f.Add([]byte("\x0300/00020/O/53/A///\x03\x02//////////////////\x03"))
	f.Fuzz(func(t *testing.T, octets []byte) {
		l := new(speakUCP)
		b := sorted(l, octets)
		for _, frame := range b.answers {
			if a := l.answer(frame); a.seq > 1<<9 {
				t.Errorf("%q has number %d", frame, a.seq)
			}
		}
		for _, frame := range b.receipts {
			_, _ = l.inbound(frame)
			id, _, ok := l.receipt(frame)
			p, err := ucp.Decode(frame)
			if !ok || err != nil {
				continue
			}
			if m := p.Message(); string(id) != m.OAdC+":"+m.SCTS {
				t.Errorf("%q: %s, the codec has %s", frame, id, p)
			}
		}
	})
}

// FuzzCIMD2Frames holds that no octets make the reader of CIMD2 fail, and that it reads of receipts what the codec reads.
func FuzzCIMD2Frames(f *testing.F) {
	f.Add([]byte("\x0223:002\t021:46701234567\t060:261121212647\t061:4\t062:0\t063:261121212650\tDD\x03"))
	f.Add([]byte("\r\n\x0253:003\t021:46701234567\t060:261121212647\t8F\x03\x0253:009\t900:300\t\x03\x0290:1\t\x03"))
	f.Add([]byte("\x0223:002\t021:\t021:46701234567\t060:261121212647\t061:4\t\x03"))
	f.Add([]byte("\x03\x0223:\t\x03\x02\x0220:000\t021\x03\x0253:255\t021:\t060\t\x03"))
	f.Fuzz(func(t *testing.T, octets []byte) {
		l := new(speakCIMD2)
		b := sorted(l, octets)
		for _, frame := range b.answers {
			if a := l.answer(frame); a.seq > cimd2.MaxWindow {
				t.Errorf("%q has number %d", frame, a.seq)
			}
		}
		for _, frame := range b.receipts {
			id, _, ok := l.receipt(frame)
			p, err := cimd2.Decode(frame)
			var r cimd2.StatusReport
			if !ok || err != nil || p.Read(&r) != nil {
				continue
			}
			if string(id) != r.Destination+":"+r.Timestamp {
				t.Errorf("%q: %s, the codec has %s", frame, id, p)
			}
		}
	})
}

// FuzzWire holds that no octets make the reader of HTTP fail or keep more than it was given.
func FuzzWire(f *testing.F) {
	f.Add([]byte("HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}"))
	f.Add([]byte("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"))
	f.Fuzz(func(t *testing.T, octets []byte) {
		w := newWire(bytes.NewReader(octets))
		for {
			h, body, err := w.read()
			if err != nil {
				return
			}
			if len(h.first)+len(body) > len(octets) {
				t.Fatalf("%d octets out of %d", len(h.first)+len(body), len(octets))
			}
			status(h.first)
		}
	})
}
