package gsm

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

var (
	tpduTo  = Address{TON: TONInternational, NPI: NPIISDN, Number: "46701234567"}
	tpduDay = Validity{Format: ValidityRelative, Octet: 0xA7}
	tpduAt  = time.Date(2026, 12, 1, 12, 21, 34, 0, time.FixedZone("", 7200))
)

// tpduVector is a TPDU checked by other programs.
type tpduVector struct {
	name, hex string
	fromPhone bool
	want      TPDU
	text      string
}

func tpduText(text string) UserData {
	septets, ok := AppendGSM7(nil, text)
	if !ok {
		panic(text)
	}
	return UserData{Payload: septets}
}

func tpduSubmit(u UserData, change func(*Submit)) *Submit {
	p := &Submit{To: tpduTo, Validity: tpduDay, UserData: u}
	if change != nil {
		change(p)
	}
	return p
}

// withHeader gives user data a coding and a header.
func withHeader(u UserData, coding uint8, header ...byte) UserData {
	u.Coding, u.Header = coding, header
	return u
}

func tpduVectors() []tpduVector {
	ucs2 := func(text string) UserData { return UserData{Coding: 8, Payload: AppendUCS2(nil, text)} }
	from := func(a Address, text string) *Deliver {
		return &Deliver{From: a, Time: tpduAt, UserData: tpduText(text)}
	}
	report := func(reference uint8, s DeliveryStatus) *StatusReport {
		return &StatusReport{Reference: reference, To: tpduTo, Sent: tpduAt, Done: tpduAt.Add(61 * time.Second), Status: s}
	}
	return []tpduVector{
		{"plain", "11000B916407214365F70000A70AE8329BFD4697D9EC37", true, tpduSubmit(tpduText("hellohello"), nil), "hellohello"},
		{"letters", "11000B916407214365F70000A70EC8B21AF4D8F3419BF286B7F101", true, tpduSubmit(tpduText("Hej åäö €[]"), nil), "Hej åäö €[]"},
		{"seven", "11000B916407214365F70000A70731D98C56B3DD00", true, tpduSubmit(tpduText("1234567"), nil), "1234567"},
		{"eight", "11000B916407214365F70000A70831D98C56B3DD70", true, tpduSubmit(tpduText("12345678"), nil), "12345678"},
		{"ucs2", "11000B916407214365F70008A70C041F04400438043204350442", true, tpduSubmit(ucs2("Привет"), nil), "Привет"},
		{"emoji", "11000B916407214365F70008A70A004800690020D83DDE00", true, tpduSubmit(ucs2("Hi 😀"), nil), "Hi 😀"},
		{"flash", "11000B916407214365F70010A7064676788E0E01", true, tpduSubmit(withHeader(tpduText("Flash!"), 0x10), nil), "Flash!"},
		{"report asked for", "31000B916407214365F70000A70178", true, tpduSubmit(tpduText("x"), func(p *Submit) { p.StatusReport = true }), "x"},
		{"national", "11000A8170103254760000A703E8B21A", true, tpduSubmit(tpduText("hej"), func(p *Submit) {
			p.To = Address{TON: TONUnknown, NPI: NPIISDN, Number: "0701234567"}
		}), "hej"},
		{"8-bit reference", "51000B916407214365F70000A70C0500034C020182C1603008", true, tpduSubmit(withHeader(tpduText("AAAAA"), 0, 5, 0, 3, 0x4C, 2, 1), nil), "AAAAA"},
		{"16-bit reference", "51000B916407214365F70000A70D060804ABCD020142A1502804", true, tpduSubmit(withHeader(tpduText("BBBBB"), 0, 6, 8, 4, 0xAB, 0xCD, 2, 1), nil), "BBBBB"},
		{"ports", "51000B916407214365F70004A70A0605040B8423F0010203", true, tpduSubmit(withHeader(UserData{Payload: []byte{1, 2, 3}}, 4, 6, 5, 4, 0x0B, 0x84, 0x23, 0xF0), nil), ""},
		{"no validity", "01000B916407214365F7000003E8B21A", true, tpduSubmit(tpduText("hej"), func(p *Submit) { p.Validity = Validity{} }), "hej"},
		{"Turkish", "51000B916407214365F70000A70703240101D8CC01", true, tpduSubmit(withHeader(UserData{Payload: []byte{0x1B, 0x73}}, 0, 3, 0x24, 1, 1), nil), "ş"},
		{"received", "040B916407214365F70000622110211243800AE8329BFD4697D9EC37", false, from(tpduTo, "hellohello"), "hellohello"},
		{"from Omnigate", "040ED0CFB63B7D0ED3CB00006221102112438003E8B21A", false, from(Address{TON: TONAlphanumeric, Number: "Omnigate"}, "hej"), "hej"},
		{"from Svenska", "040DD0537BD93D5F870100006221102112438003E8B21A", false, from(Address{TON: TONAlphanumeric, Number: "Svenska"}, "hej"), "hej"},
		{"empty", "040B916407214365F700006221102112438000", false, from(tpduTo, ""), ""},
		{"delivered", "06050B916407214365F7622110211243806221102122538000", false, report(5, 0), ""},
		{"expired", "06060B916407214365F7622110211243806221102122538046", false, report(6, 0x46), ""},
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (v *tpduVector) decode(b []byte) (TPDU, error) {
	if v.fromPhone {
		return DecodeFromPhone(b)
	}
	return DecodeToPhone(b)
}

// userData gives the user data of any TPDU.
func userData(p TPDU) *UserData {
	switch p := p.(type) {
	case *Submit:
		return &p.UserData
	case *Deliver:
		return &p.UserData
	case *StatusReport:
		return &p.UserData
	case *SubmitReport:
		return &p.UserData
	case *DeliverReport:
		return &p.UserData
	}
	return &UserData{}
}

// sameTPDU compares; empty and missing octets are the same, and so are equal times.
func sameTPDU(a, b TPDU) bool {
	norm := func(p TPDU) any {
		out, err := AppendTPDU(nil, p)
		return []any{reflect.TypeOf(p), hex.EncodeToString(out), err}
	}
	return reflect.DeepEqual(norm(a), norm(b))
}

func TestTPDUVectors(t *testing.T) {
	t.Parallel()
	for _, v := range tpduVectors() {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			b := unhex(t, v.hex)
			got, err := v.decode(b)
			if err != nil {
				t.Fatal(err)
			}
			if !sameTPDU(got, v.want) {
				t.Errorf("decoded %+v, want %+v", got, v.want)
			}
			if text, ok := userData(got).Text(); text != v.text || ok != (v.name != "ports") {
				t.Errorf("text %q (%t), want %q", text, ok, v.text)
			}
			out, err := AppendTPDU(nil, v.want)
			if err != nil || !bytes.Equal(out, b) {
				t.Errorf("encoded %X (%v), want %s", out, err, v.hex)
			}
		})
	}
}

// The digest's whole PDU, with the service centre's address, and the form that leaves it to the modem.
func TestPDU(t *testing.T) {
	t.Parallel()
	whole := unhex(t, "07916407058099F9040B916407214365F70000622110211243000AE8329BFD4697D9EC37")
	centre, tpdu, err := CutPDU(whole)
	if err != nil || centre.String() != "+46705008999" || len(tpdu) != 28 {
		t.Fatalf("centre %s, %d octets, %v", centre, len(tpdu), err)
	}
	p, err := DecodeToPhone(tpdu)
	d, ok := p.(*Deliver)
	if err != nil || !ok || d.From.String() != "+46701234567" || !d.Time.Equal(time.Date(2026, 12, 1, 12, 21, 34, 0, time.UTC)) {
		t.Fatalf("%+v, %v", p, err)
	}
	out, err := AppendPDU(nil, centre, tpdu)
	if err != nil || !bytes.Equal(out, whole) {
		t.Errorf("%X, %v", out, err)
	}
	if out, _ = AppendPDU(nil, Address{}, tpdu); out[0] != 0 || !bytes.Equal(out[1:], tpdu) {
		t.Errorf("without a centre %X", out)
	}
	for _, bad := range []string{"", "07", "0791640705", "0D91" + strings.Repeat("11", 13)} {
		if _, _, err := CutPDU(unhex(t, bad)); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

func TestReports(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		hex       string
		fromPhone bool
		want      TPDU
	}{
		{"010062211021124380", false, &SubmitReport{Time: tpduAt}},
		{"01C00062211021124380", false, &SubmitReport{Failed: true, Cause: 0xC0, Time: tpduAt}},
		{"0000", true, &DeliverReport{}},
		{"00D300", true, &DeliverReport{Failed: true, Cause: 0xD3}},
		{"0007000003E8B21A", true, &DeliverReport{Optional: Optional{Has: 7, UserData: tpduText("hej")}}},
		{"220900020" + "90B916407214365F700", true, &Command{Reference: 9, StatusReport: true, Type: CommandDelete, Number: 9, To: tpduTo}},
		{"06050B916407214365F762211021124380622110211243800004" + "03E8B21A", false, &StatusReport{
			Reference: 5, To: tpduTo, Sent: tpduAt, Done: tpduAt, Optional: Optional{Has: HasData, UserData: tpduText("hej")},
		}},
	} {
		b := unhex(t, c.hex)
		v := tpduVector{fromPhone: c.fromPhone}
		got, err := v.decode(b)
		if err != nil || !sameTPDU(got, c.want) {
			t.Errorf("%s: %+v, %v; want %+v", c.hex, got, err, c.want)
		}
		if out, err := AppendTPDU(nil, c.want); err != nil || !bytes.Equal(out, b) {
			t.Errorf("%+v is written %X (%v), want %s", c.want, out, err, c.hex)
		}
	}
}

func TestTPDUUnreadable(t *testing.T) {
	t.Parallel()
	for _, v := range tpduVectors() {
		b := unhex(t, v.hex)
		u := userData(v.want)
		mandatory := len(b) - len(u.Header) - len(Pack(nil, u.Payload, 0)) - 1
		for n := range min(mandatory, len(b)) {
			if _, err := v.decode(b[:n]); !errors.Is(err, ErrTPDUTruncated) && n > 0 {
				t.Errorf("%s, %d octets of it: %v", v.name, n, err)
			}
		}
	}
	if _, err := DecodeFromPhone([]byte{3, 0, 0}); err == nil {
		t.Error("a type that is reserved is read")
	}
	if p, err := DecodeToPhone(unhex(t, "070B916407214365F700006221102112438000")); err != nil {
		t.Error(err)
	} else if _, ok := p.(*Deliver); !ok {
		t.Errorf("the reserved type to a phone is %T", p)
	}
	for _, bad := range []TPDU{
		&Submit{To: Address{Number: "4670x"}},
		&Submit{To: Address{Number: strings.Repeat("1", 21)}},
		&Deliver{From: Address{TON: TONAlphanumeric, Number: "Twelve chars"}},
		&Deliver{From: Address{TON: TONAlphanumeric, Number: "Привет"}},
		&Submit{To: tpduTo, UserData: UserData{Payload: make([]byte, 161)}},
		&Submit{To: tpduTo, UserData: UserData{Coding: 4, Payload: make([]byte, 141)}},
	} {
		if out, err := AppendTPDU([]byte{7}, bad); err == nil || len(out) != 1 {
			t.Errorf("%+v is written", bad)
		}
	}
}

// deliveredHead is a Deliver up to the length of its user data.
const deliveredHead = "040B916407214365F7000062211021124380"

// deliveredText decodes a Deliver.
func deliveredText(t *testing.T, s string) string {
	t.Helper()
	p, err := DecodeToPhone(unhex(t, s))
	if err != nil {
		t.Fatal(err)
	}
	out, _ := userData(p).Text()
	return out
}

// TestTPDUCorners: the corner cases of TPDUs by their number in the list of the protocol notes.
func TestTPDUCorners(t *testing.T) {
	t.Parallel()
	t.Run("corner 1", func(t *testing.T) { // no @ at the end of seven characters
		t.Parallel()
		if got := deliveredText(t, deliveredHead+"0731D98C56B3DD00"); got != "1234567" {
			t.Errorf("%q", got)
		}
	})
	t.Run("corner 2", func(t *testing.T) { // odd number of semi-octets of a name
		t.Parallel()
		p, err := DecodeToPhone(unhex(t, "040DD0537BD93D5F870100006221102112438003E8B21A"))
		if err != nil || p.(*Deliver).From.Number != "Svenska" {
			t.Errorf("%+v, %v", p, err)
		}
	})
	t.Run("corner 3", func(t *testing.T) { // a time that is none
		t.Parallel()
		for _, scts := range []string{"FFFFFFFFFFFFFF", "62211021124A80", "00000000000000", "62311321124380", "62201321124380", "62210321124380"} {
			p, err := DecodeToPhone(unhex(t, "040B916407214365F70000"+scts+"03E8B21A"))
			if err != nil {
				t.Errorf("%s: %v", scts, err)
			} else if d := p.(*Deliver); !d.Time.IsZero() && scts != "62210321124380" {
				t.Errorf("%s is %v", scts, d.Time)
			}
		}
	})
	t.Run("corner 5", func(t *testing.T) { // none and one character
		t.Parallel()
		if got := deliveredText(t, deliveredHead+"00"); got != "" {
			t.Errorf("%q", got)
		}
		if got := deliveredText(t, deliveredHead+"0178"); got != "x" {
			t.Errorf("%q", got)
		}
	})
}

// What does not fit its own lengths is shown as far as it goes; what fits to the last octet is whole.
func TestTPDULengths(t *testing.T) {
	t.Parallel()
	t.Run("header longer than the user data", func(t *testing.T) {
		t.Parallel()
		p, err := DecodeToPhone(unhex(t, "440B916407214365F700006221102112438003E8B21A"))
		if err != nil || len(p.(*Deliver).Header) != 0 {
			t.Errorf("%+v, %v", p, err)
		}
		if got := deliveredText(t, "440B916407214365F700006221102112438003E8B21A"); got != "hej" {
			t.Errorf("%q", got)
		}
	})
	t.Run("user data cut off", func(t *testing.T) {
		t.Parallel()
		if got := deliveredText(t, deliveredHead+"0AE8B21A"); got != "hej" {
			t.Errorf("%q", got)
		}
		if got := deliveredText(t, deliveredHead+"FF"); got != "" {
			t.Errorf("%q", got)
		}
	})
	t.Run("full segments", func(t *testing.T) {
		t.Parallel()
		for _, enc := range []Encoding{GSM7, UCS2} {
			for _, wide := range []bool{false, true} {
				segments, err := AppendSegments(nil, strings.Repeat("0123456789", 40), SplitOptions{Encoding: enc, Wide: wide})
				if err != nil {
					t.Fatal(err)
				}
				u := UserData{Coding: Coding(enc, NoClass).Octet(), Header: segments[0].Header, Payload: segments[0].Payload}
				b, err := AppendTPDU(nil, &Submit{To: tpduTo, UserData: u})
				if err != nil || len(b) < 13+139 {
					t.Fatalf("%v: %d octets, %v", enc, len(b), err)
				}
				p, err := DecodeFromPhone(b)
				if err != nil || !bytes.Equal(p.(*Submit).Payload, u.Payload) || !bytes.Equal(p.(*Submit).Header, u.Header) {
					t.Errorf("%v: %+v, %v", enc, p, err)
				}
			}
		}
	})
}

func FuzzTPDU(f *testing.F) {
	for _, v := range tpduVectors() {
		f.Add(unhex(f, v.hex), v.fromPhone)
	}
	f.Add(unhex(f, "0007000003E8B21A"), true)
	f.Add(unhex(f, "22090002090B916407214365F700"), true)
	f.Fuzz(func(t *testing.T, b []byte, fromPhone bool) {
		v := tpduVector{fromPhone: fromPhone}
		p, err := v.decode(b)
		if err != nil {
			return
		}
		userData(p).Text()
		userData(p).Concat()
		out, err := AppendTPDU(nil, p)
		if err != nil {
			return // names that are too long, for example
		}
		again, err := v.decode(out)
		if err != nil {
			t.Fatalf("%X was read, written %X and not read again: %v", b, out, err)
		}
		if !sameTPDU(p, again) {
			t.Fatalf("%X was read as %+v, written %X and read as %+v", b, p, out, again)
		}
	})
}

func FuzzCutPDU(f *testing.F) {
	f.Add(unhex(f, "07916407058099F9040B916407214365F70000622110211243000AE8329BFD4697D9EC37"))
	f.Add([]byte{0})
	f.Fuzz(func(t *testing.T, b []byte) {
		centre, tpdu, err := CutPDU(b)
		if err != nil {
			return
		}
		out, err := AppendPDU(nil, centre, tpdu)
		if err != nil {
			t.Fatalf("%X: %v", b, err)
		}
		again, rest, err := CutPDU(out)
		if err != nil || !bytes.Equal(rest, tpdu) || again.Number != centre.Number {
			t.Fatalf("%X is read as %+v, then as %+v: %v", b, centre, again, err)
		}
	})
}
