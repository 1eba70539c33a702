package ucp

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kurir/gsm"
)

// Whatever stands between STX and ETX: what is read can be shown, and what can be written again means the same.
func FuzzDecode(f *testing.F) {
	for _, frame := range digestVectors() {
		f.Add(frame, false)
		f.Add(frame[1:len(frame)-1], false)
	}
	for _, p := range everyPDU() {
		frame := mustAppend(f, p)
		f.Add(frame[10:len(frame)-3], true)
	}
	f.Add([]byte("O/02/200/////////"), true)
	f.Add([]byte("R/51/N/00/x/"), true)
	f.Add([]byte("O/51/467"+strings.Repeat("/", 18)+"4/0/00"+strings.Repeat("/", 13)), true) // data of no bits
	f.Fuzz(func(t *testing.T, b []byte, frameIt bool) {
		if frameIt {
			b = raw("07", string(b))
		}
		kept := bytes.Clone(b)
		p, err := Decode(b)
		if !bytes.Equal(kept, b) {
			t.Fatal("the frame was changed")
		}
		_ = Describe(b)
		if err != nil {
			e := err.(*DecodeError)
			if p == nil != e.Unanswerable || e.Code == CodeNone {
				t.Fatalf("%s: %+v", p, e)
			}
			if p != nil && !p.Result {
				mustAppend(t, p.Nack(e.Code, e.Error()))
			}
			return
		}
		if p.String() == "" {
			t.Fatal("nothing to show")
		}
		frame, err := Append(nil, p)
		if err != nil {
			return // it was read liberally
		}
		again := mustDecode(t, frame)
		if m := p.Message(); m != nil && m.MT == MTData {
			m.NB, again.Message().NB = "", ""
		}
		if diff := cmp.Diff(p, again); diff != "" {
			t.Fatalf("%q became %q: %s", b, frame, diff)
		}
	})
}

// What a message means is told whatever its fields are.
func FuzzMessage(f *testing.F) {
	f.Add("0ECFB63B7D0ED3CB", OTOAName, "0106050003070201020108", "211126213102", "48656A", uint8(0))
	f.Add("109B4D403020140C00", OTOAName, "", "", "", uint8(0)) // two escapes, of which one septet is left, and an @ at the end
	f.Add("46700000001", OTOAInternational, "02", "2111262131", "FF80", uint8(6))
	f.Fuzz(func(t *testing.T, sender, otoa, services, stamp, text string, alphabet uint8) {
		m := &Message{OAdC: sender, OTOA: otoa, XSer: Services(services), SCTS: stamp, Rsn: stamp}
		_, _ = m.Sender()
		_, _ = m.Reason()
		_, _ = m.Coding(), m.XSer.UDH()
		if name, err := ParseName(sender); err == nil {
			if again, err := AppendName(nil, name); err == nil {
				want := name
				if septets, _ := gsm.AppendGSM7(nil, name); len(septets)%8 == 0 {
					want = strings.TrimSuffix(name, "@") // see ParseName
				}
				if back, err := ParseName(string(again)); err != nil || back != want {
					t.Errorf("%q became %q: %v", name, back, err)
				}
			}
		}
		if at, err := ParseTime(stamp, time.UTC); err == nil && stamp != "" {
			if again := string(AppendSeconds(nil, at, time.UTC)); again[:len(stamp)] != stamp {
				t.Errorf("%s became %s", stamp, again)
			}
		}
		if id, ok := ParseID(stamp); ok && id.SCTS == "" {
			t.Errorf("%q has no time", stamp)
		}
		a := Alphabet(alphabet % 12)
		_ = a.Decode([]byte(text))
		if octets, ok := a.Append(nil, text); ok {
			if back := a.Decode(octets); back != text {
				t.Errorf("%s: %q became %q", a, text, back)
			}
		}
	})
}
