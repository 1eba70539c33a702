package cimd2

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kurir/gsm"
)

// septets gives a text in the GSM alphabet.
func septets(t testing.TB, text string) []byte {
	t.Helper()
	b, ok := gsm.AppendGSM7(nil, text)
	if !ok {
		t.Fatalf("%q is not in the GSM alphabet", text)
	}
	return b
}

// bodies gives one body of each operation with all its parameters in use, and the forms that differ.
func bodies(t testing.TB) []Body {
	return []Body{
		&Login{User: "acme", Password: "secret", Subaddress: Some(2), Window: Some(128)},
		&Submit{
			Destinations: []string{"+46701234567", "46708888888"}, Originator: "600", Coding: Some(0),
			UserData: UserData{Header: []byte{5, 0, 3, 7, 2, 1}, Data: septets(t, "Hej åäö € []")}, More: Some(1), ValidityRelative: Some(-1),
			Protocol: Some(64), FirstAbsolute: "261121212647", ReplyPath: Some(1), Reports: Some(int(ReportsAll)),
			CancelEnabled: Some(1), Tariff: Some(99), Service: Some(9), Priority: Some(1),
		},
		&Submit{
			Destinations: []string{"46701234567"}, AlphaOriginator: "Kurir", Coding: Some(8), ValidityAbsolute: "261122000000",
			UserData: UserData{Data: []byte{4, 0x1F, 4, 0x40}, Binary: true}, FirstRelative: Some(167), Reports: Some(0),
		},
		&SubmitResp{Results: []SubmitResult{{Destination: "46701234567", Timestamp: "261121212647"}}},
		&SubmitResp{Results: []SubmitResult{
			{Destination: "46701234567", Timestamp: "261121212647"},
			{Destination: "467", Error: ErrDestination, ErrorText: "Incorrect destination address"},
			{Destination: "46708888888", Timestamp: "261121212648"},
		}},
		&Enquire{Destination: "46701234567", Timestamp: "261121212647"},
		&EnquireResp{Report{"46701234567", "261121212647", StatusDelivered, Some(0), "261121212650"}},
		&DeliveryRequest{Mode: Some(RequestAll)}, &DeliveryRequestResp{Count: Some(999)},
		&Cancel{Mode: Some(CancelTimestamp), Destination: "46701234567", Timestamp: "261121212647"},
		&Cancel{Mode: Some(CancelAll), Destination: "46701234567"},
		&Set{Password: "better"}, &Get{Item: Some(int(ParamTime))}, &GetResp{Time: "261121212647"},
		&Deliver{
			Destination: "46708888888", Originator: "46700000001", OriginatorIMSI: "240011234567890", OriginatorMSC: "46705008999",
			Coding: Some(0), UserData: UserData{Data: septets(t, "Hej_@$\"\n")}, Protocol: Some(0), Timestamp: "261121212818",
		},
		&StatusReport{Report{"46701234567", "261121212647", StatusFailed, Some(29), "261121212650"}},
	}
}

// everyPacket gives a packet of each operation: requests, responses, refusals.
func everyPacket(t testing.TB) []*Packet {
	var list []*Packet
	for _, b := range bodies(t) {
		p, err := New(b)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
		if r := p.Refuse(ErrSystem, ""); r != nil {
			list = append(list, r)
		}
	}
	for _, op := range []Operation{
		OpLogout, OpAlive, OpNack, OpLoginResp, OpLogoutResp, OpCancelResp, OpSetResp, OpDeliverResp, OpStatusReportResp, OpAliveResp,
	} {
		list = append(list, Empty(op, 0))
	}
	general := Empty(OpGeneralError, 0)
	if err := errors.Join(general.Add(ParamErrorCode, "6"), general.Add(ParamErrorText, "General system error")); err != nil {
		t.Fatal(err)
	}
	list = append(list, general)
	for i, p := range list {
		p.SetNumber(uint8(i))
	}
	return list
}

func encode(t testing.TB, p *Packet) []byte {
	t.Helper()
	b, err := Append(nil, p)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEveryBodyComesBack(t *testing.T) {
	t.Parallel()
	for _, b := range bodies(t) {
		p, err := New(b)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(encode(t, p))
		if err != nil {
			t.Fatalf("%s: %v", p, err)
		}
		back := body(b.Operation())
		if err := got.Read(back); err != nil {
			t.Errorf("%s: %v", p, err)
		}
		if diff := cmp.Diff(b, back); diff != "" {
			t.Errorf("%s: %s", p, diff)
		}
	}
}

func TestEveryPacketComesBack(t *testing.T) {
	t.Parallel()
	for _, p := range everyPacket(t) {
		for _, plain := range []bool{false, true} {
			p.Plain = plain
			b := encode(t, p)
			got, err := Decode(b)
			if err != nil {
				t.Fatalf("%s: %v", p, err)
			}
			if got.String() != p.String() || got.Plain != plain || got.Operation() != p.Operation() || got.IsResponse() != p.IsResponse() {
				t.Errorf("%s became %s", p, got)
			}
			if again := encode(t, got); !bytes.Equal(again, b) {
				t.Errorf("%q was written as %q", b, again)
			}
		}
	}
}

// Parameters stay in the order in which they came, those that nobody knows included, and colons in values stay.
func TestOrderAndUnknownParametersAreKept(t *testing.T) {
	t.Parallel()
	in := "\x0203:003\t777:own: a:b\t033:x\t021:467\t021:468\t100:\t\x03"
	p, err := Decode([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(encode(t, p)); got != in {
		t.Errorf("%q became %q", in, got)
	}
	if v, ok := p.Get(777); !ok || string(v) != "own: a:b" {
		t.Errorf("777 is %q, %v", v, ok)
	}
	var s Submit
	if err := p.Read(&s); err != nil || cmp.Diff(s.Destinations, []string{"467", "468"}) != "" {
		t.Errorf("destinations %q, %v", s.Destinations, err)
	}
	if err := p.Add(778, "more"); err != nil {
		t.Error(err)
	}
	if got := string(encode(t, p)); got != strings.TrimSuffix(in, "\x03")+"778:more\t\x03" {
		t.Errorf("with one more: %q", got)
	}
}

// A frame that is no packet is an error; where the header can be trusted, it is told.
func TestDecodeErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		frame           string
		known, checksum bool
	}{
		{"", false, false},
		{"\x02\x03", false, false},
		{"01:001\t", false, false},
		{"\x0201:001\t", false, false},
		{"\x0201:0001\t\x03", false, false},
		{"\x0201:256\t\x03", false, false},
		{"\x02a1:001\t\x03", false, false},
		{"\x0201-001\t\x03", false, false},
		{"\x0201:001;;;;\x03", false, false},
		{"\x0201:001\tC\x03", false, false},
		{"\x0201:001\tGG\x03", false, false},
		{"\x0202:011\t38\x03", false, true},
		{"\x0202:011\t021:x\t39\x03", false, true},
		{"\x0202:011\t21:x\t\x03", true, false},
		{"\x0202:011\t0a1:x\t\x03", true, false},
		{"\x0202:011\t021\t\x03", true, false},
		{"\x0202:011\t\t\x03", true, false},
		{"\x0202:011\t021:a\x00\t\x03", true, false},
		{"\x0202:011\t021:a\x03\t\x03", true, false},
		{"\x0202:011\t021:a\x0202:012\t\x03", true, false},
		{"\x0202:011\t033:" + strings.Repeat("x", MaxPacket) + "\t\x03", false, false},
	} {
		p, err := Decode([]byte(c.frame))
		var de *DecodeError
		if !errors.As(err, &de) || de.Known != c.known || de.Checksum != c.checksum || de.Reason == "" || (p != nil) != c.known {
			t.Errorf("%.40q: %v, %v", c.frame, p, err)
			continue
		}
		if c.known && (p.Op != OpLogout || p.Seq != 11 || de.Op != OpLogout || de.Seq != 11) {
			t.Errorf("%.40q: %s, %v", c.frame, p, err)
		}
		if Describe([]byte(c.frame)) == "" {
			t.Errorf("%.40q is described by nothing", c.frame)
		}
	}
}

// Whatever is cut off a packet, the rest is an error.
func TestCutPackets(t *testing.T) {
	t.Parallel()
	for _, f := range fixtures(t) {
		for n := range len(f.frame) - 1 {
			if _, err := Decode(append(bytes.Clone(f.frame[:n]), ETX)); err == nil && f.frame[n-1] != tab {
				t.Errorf("%q cut to %d is a packet", f.frame, n)
			}
		}
	}
}

// mistake is a body that must not be written, and why.
type mistake struct {
	body  Body
	param Param
	code  ErrorCode
}

func checkMistakes(t *testing.T, list []mistake) {
	t.Helper()
	for _, c := range list {
		p, err := New(c.body)
		var pe *ParamError
		if !errors.As(err, &pe) || pe.Param != c.param || pe.Code != c.code || !errors.Is(err, c.code) || p != nil {
			t.Errorf("%+v: %v, want %s and %s", c.body, err, c.param, c.code)
		}
	}
}

// New writes nothing that the table of parameters or the operation forbids, and says which parameter it is.
func TestNewIsStrict(t *testing.T) {
	t.Parallel()
	checkMistakes(t, []mistake{
		{&Login{Password: "x"}, ParamUser, ErrLogin},
		{&Login{User: "a"}, ParamPassword, ErrLogin},
		{&Login{User: "a", Password: strings.Repeat("x", 33)}, ParamPassword, ErrLogin},
		{&Login{User: "a\tb", Password: "x"}, ParamUser, ErrLogin},
		{&Login{User: " a", Password: "x"}, ParamUser, ErrLogin},
		{&Login{User: "a", Password: "x", Window: Some(0)}, ParamWindow, ErrWindowSize},
		{&Login{User: "a", Password: "x", Window: Some(129)}, ParamWindow, ErrWindowSize},
		{&Login{User: "a", Password: "x", Subaddress: Some(10)}, ParamSubaddress, ErrSubaddress},
		{&SubmitResp{Results: []SubmitResult{{Destination: "467"}}}, ParamTimestamp, ErrFormat},
		{&Enquire{Destination: "467"}, ParamTimestamp, ErrEnquireTimestamp},
		{&Enquire{Timestamp: "261121212647"}, ParamDestination, ErrEnquireAddress},
		{&DeliveryRequest{Mode: Some(3)}, ParamDeliveryRequestMode, ErrRequestMode},
		{&Cancel{Mode: Some(CancelTimestamp), Destination: "467"}, ParamTimestamp, ErrCancelCombination},
		{&Cancel{Mode: Some(CancelAll)}, ParamDestination, ErrCancelAddress},
		{&Cancel{Mode: Some(3)}, ParamCancelMode, ErrCancelMode},
		{&Set{}, ParamPassword, ErrUnsupportedParameter},
		{&Get{}, ParamGet, ErrUnsupportedItem},
		{&Get{Item: Some(500)}, ParamGet, ErrUnsupportedItem},
		{&Deliver{}, ParamDestination, ErrFormat},
		{&StatusReport{Report{Destination: "467"}}, ParamTimestamp, ErrFormat},
	})
	p := Empty(OpSubmit, 1)
	for code, value := range map[Param]string{1000: "x", 700: "a\x00", 701: "a\tb", 702: "\x02", 703: "\x03", 704: "a ", ParamTariff: "100"} {
		if err := p.Add(code, value); err == nil {
			t.Errorf("%03d with %q was added", code, value)
		}
	}
	if _, err := Append(nil, Empty(100, 1)); err == nil {
		t.Error("operation 100 was written")
	}
}

func TestSubmitIsStrict(t *testing.T) {
	t.Parallel()
	submit := func(change func(*Submit)) *Submit {
		s := &Submit{Destinations: []string{"467"}, UserData: UserData{Data: []byte("x")}}
		change(s)
		return s
	}
	long := strings.Repeat("1", 21)
	checkMistakes(t, []mistake{
		{submit(func(s *Submit) { s.Destinations = nil }), ParamDestination, ErrDestination},
		{submit(func(s *Submit) { s.Destinations = []string{""} }), ParamDestination, ErrDestination},
		{submit(func(s *Submit) { s.Destinations = []string{"46 70"} }), ParamDestination, ErrDestination},
		{submit(func(s *Submit) { s.Destinations = []string{long} }), ParamDestination, ErrDestination},
		{submit(func(s *Submit) { s.Originator = "Kurir" }), ParamOriginator, ErrOriginator},
		{submit(func(s *Submit) { s.Originator, s.AlphaOriginator = "1", "a" }), ParamAlphaOriginator, ErrAlphaOriginator},
		{submit(func(s *Submit) { s.AlphaOriginator = "twelve chars" }), ParamAlphaOriginator, ErrAlphaOriginatorData},
		{submit(func(s *Submit) { s.Coding = Some(256) }), ParamCoding, ErrCoding},
		{submit(func(s *Submit) { s.Data = make([]byte, 161) }), ParamText, ErrUserData},
		{submit(func(s *Submit) { s.Header, s.Data = []byte{5, 0, 3, 1, 2, 1}, make([]byte, 154) }), ParamText, ErrUserData},
		{submit(func(s *Submit) { s.Binary, s.Data = true, make([]byte, 141) }), ParamBinary, ErrUserData},
		{submit(func(s *Submit) { s.Header = []byte{5, 0} }), ParamText, ErrUserData},
		{submit(func(s *Submit) { s.More = Some(2) }), ParamMore, ErrMore},
		{submit(func(s *Submit) { s.ValidityRelative = Some(-2) }), ParamValidityRelative, ErrValidity},
		{submit(func(s *Submit) { s.ValidityAbsolute = "2611212126" }), ParamValidityAbsolute, ErrValidity},
		{submit(func(s *Submit) { s.ValidityAbsolute, s.ValidityRelative = "261121212647", Some(1) }), ParamValidityAbsolute, ErrValidity},
		{submit(func(s *Submit) { s.FirstAbsolute, s.FirstRelative = "261121212647", Some(1) }), ParamFirstAbsolute, ErrFirstDelivery},
		{submit(func(s *Submit) { s.Protocol = Some(-1) }), ParamProtocol, ErrProtocol},
		{submit(func(s *Submit) { s.Reports = Some(64) }), ParamReportRequest, ErrReportRequest},
		{submit(func(s *Submit) { s.Priority = Some(0) }), ParamPriority, ErrPriority},
	})
}

// Read forgives lengths, and tells what does not make sense by the code with which to answer.
func TestReadIsLiberal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		params string
		code   ErrorCode
	}{
		{"021:467\t033:" + strings.Repeat("x", 500) + "\t", NoError},
		{"021:467\t023:\t033:x\t", NoError},
		{"021:467\t027:more than eleven\t033:\t", NoError},
		{"021:467\t030:008\t034:00ab\t", NoError},
		{"033:x\t", ErrDestination},
		{"021:4a\t", ErrDestination},
		{"021:467\t021:4a\t", ErrDestination},
		{"021:467\t030:256\t", ErrCoding},
		{"021:467\t030:x\t", ErrCoding},
		{"021:467\t034:0\t", ErrUserData},
		{"021:467\t034:0g\t", ErrUserData},
		{"021:467\t033:x\t034:00\t", ErrUserDataCombination},
		{"021:467\t032:0500\t033:x\t", ErrUserData},
		{"021:467\t051:26112121264x\t", ErrValidity},
		{"021:467\t056:64\t", ErrReportRequest},
	} {
		p, err := Decode([]byte("\x0203:001\t" + c.params + "\x03"))
		if err != nil {
			t.Errorf("%.40q: %v", c.params, err)
			continue
		}
		var s Submit
		err = p.Read(&s)
		if c.code == NoError && err != nil || c.code != NoError && !errors.Is(err, c.code) {
			t.Errorf("%.40q: %v, want %s", c.params, err, c.code)
		}
	}
	if err := Empty(OpSubmit, 1).Read(&Deliver{}); !errors.Is(err, ErrUnexpectedOperation) {
		t.Errorf("a submission read as a delivery: %v", err)
	}
}
