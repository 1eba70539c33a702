package ucp

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every frame of the digest is read, and written again as it was.
func TestVectors(t *testing.T) {
	t.Parallel()
	for _, frame := range digestVectors() {
		p := mustDecode(t, frame)
		if again := mustAppend(t, p); !bytes.Equal(again, frame) {
			t.Errorf("%s\nbecame %s\n(%s)", frame, again, p)
		}
	}
}

// What the frames of the digest say.
func TestVectorsMeaning(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]*PDU{
		"00/00070/O/01/01234567890/09876543210//3/53686F7274204D657373616765/D9": {
			Op: OpCallInput, Body: &CallInput{AdC: "01234567890", OAdC: "09876543210", MT: MTText, Msg: []byte("Short Message")},
		},
		"00/00041/O/01/0888444///2/716436383334/C5": {Op: OpCallInput, Body: &CallInput{AdC: "0888444", MT: MTDigits, Msg: []byte("716436383334")}},
		"06/00043/R/01/A/01234567890:090196103258/4E": {
			TRN: 6, Op: OpCallInput, Result: true, Body: &Result{SM: "01234567890:090196103258"},
		},
		"12/00022/R/01/N/02//03":              {TRN: 12, Op: OpCallInput, Result: true, Body: &Result{Code: CodeSyntax}},
		"02/00035/O/31/0234765439845/0139/A0": {TRN: 2, Op: OpAlert, Body: &Alert{"0234765439845", PIDModem}},
		"04/00023/R/31/A/0003/2D":             {TRN: 4, Op: OpAlert, Result: true, Body: &Result{SM: "0003"}},
		"00/00039/R/51/A//012234:090996101010/68": {
			Op: OpSubmit, Result: true, Body: &Result{SM: "012234:090996101010"},
		},
		"02/00059/O/60/07656765/2/1/1/50617373776F7264//0100//////61": {
			TRN: 2, Op: OpSession, Body: &Login{OAdC: "07656765", OTON: '2', ONPI: '1', STYP: SessionOpen, Pwd: "Password", Vers: Version},
		},
		"01/00045/O/30/66677789///1//////68656C6C6F/CE": {
			TRN: 1, Op: OpTransfer, Body: &Transfer{AdC: "66677789", NRq: '1', Msg: []byte("hello")},
		},
		"03/00128/O/51/46701234567/0ECFB63B7D0ED3CB//1//1/////////////4/96/041F04400438043204350442////1////5039//020108060101070101///46": {
			TRN: 3, Op: OpSubmit, Body: &Message{
				AdC: "46701234567", OAdC: "0ECFB63B7D0ED3CB", NRq: '1', NT: '1', MT: MTData, NB: "96", Msg: []byte("\x04\x1f\x04\x40\x04\x38\x04\x32\x04\x35\x04\x42"),
				MCLs: '1', OTOA: OTOAName, XSer: Services{2, 1, 8, 6, 1, 1, 7, 1, 1},
			},
		},
		"05/00112/O/53/71000/46701234567/////////////211126213102/0/000/211126213110/3//44656C697665726564/////////////7F": {
			TRN: 5, Op: OpNotify, Body: &Message{
				AdC: "71000", OAdC: "46701234567", SCTS: "211126213102", Dst: StatusDelivered, Rsn: "000", DSCTS: "211126213110",
				MT: MTText, Msg: []byte("Delivered"),
			},
		},
		"07/00044/R/60/N/07/authentication failure/FD": {
			TRN: 7, Op: OpSession, Result: true, Body: &Result{Code: CodeAuthentication, SM: "authentication failure"},
		},
	} {
		if diff := cmp.Diff(want, mustDecode(t, framed(text))); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

// Every operation with all its fields survives, and its frame agrees with its length and checksum.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, p := range everyPDU() {
		frame := mustAppend(t, p)
		got := mustDecode(t, frame)
		if m := p.Message(); m != nil && m.MT == MTData {
			m.NB = "32"
		}
		if diff := cmp.Diff(p, got); diff != "" {
			t.Errorf("%s: %s", frame, diff)
		}
		if got.Operation() != uint8(p.Op) || got.Number() != p.TRN || got.IsResponse() != p.Result {
			t.Errorf("%s is TRN %d of op %d", frame, got.Number(), got.Operation())
		}
	}
}

// A frame that is damaged in any octet is refused, or is another frame whose checksum agrees; nothing panics.
func TestDamaged(t *testing.T) {
	t.Parallel()
	for _, frame := range digestVectors() {
		for i := range frame {
			for _, x := range []byte{0, '/', '0', 0xFF, STX, ETX} {
				b := bytes.Clone(frame)
				b[i] = x
				if p, err := Decode(b); err == nil && !bytes.Equal(b, frame) && checksum(b[1:len(b)-3]) != checksum(frame[1:len(frame)-3]) {
					t.Errorf("%q was taken for %s", b, p)
				}
			}
		}
		for n := range frame {
			if p, err := Decode(frame[:n]); err == nil {
				t.Errorf("%q was taken for %s", frame[:n], p)
			}
		}
	}
}

// Each fault has its code, and tells whether and with what to answer.
func TestDecodeErrors(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		frame []byte
		code  Code
		field string
		dumb  bool
	}{
		"checksum":               {framed("01/00045/O/30/66677789///1//////68656C6C6F/CF"), CodeChecksum, "checksum", false},
		"checksum of no digits":  {framed("01/00045/O/30/66677789///1//////68656C6C6F/G."), CodeChecksum, "checksum", false},
		"length":                 {framed("01/00046/O/30/66677789///1//////68656C6C6F/CF"), CodeSyntax, "LEN", false},
		"length of no digits":    {framed("01/0004x/O/30/66677789///1//////68656C6C6F/CF"), CodeSyntax, "LEN", false},
		"unknown operation":      {raw("01", "O/59/"), CodeNotSupported, "OT", false},
		"hexadecimal digits":     {raw("01", "O/01/1/2//3/5G/"), CodeSyntax, "Msg", false},
		"half an octet":          {raw("01", "O/01/1/2//3/5/"), CodeSyntax, "Msg", false},
		"two characters":         {raw("01", "O/01/1/2//33/55/"), CodeSyntax, "MT", false},
		"neither A nor N":        {raw("01", "R/01/B/"), CodeSyntax, "ACK", false},
		"result without a kind":  {raw("01", "R/51/"), CodeSyntax, "ACK", false},
		"no error code":          {raw("01", "R/51/N/x/"), CodeSyntax, "EC", false},
		"more addresses claimed": {raw("01", "O/02/99999/1/2/"), CodeSyntax, "NPL", false},
		"as many as fields":      {raw("01", "O/02/199/1/2/3///"), CodeSyntax, "NPL", false},
		"neither O nor R":        {raw("01", "X/51/A//"), CodeSyntax, "frame", true},
		"TRN of no digits":       {raw("x1", "R/51/A//"), CodeSyntax, "frame", true},
		"short":                  {framed("01/00016"), CodeSyntax, "frame", true},
		"long":                   {raw("01", "O/01/1/2//3/"+strings.Repeat("41", 2100)+"/"), CodeSyntax, "frame", true},
	} {
		p, err := Decode(x.frame)
		var e *DecodeError
		if !errors.As(err, &e) || e.Code != x.code || e.Field != x.field || e.Unanswerable != x.dumb || !errors.Is(err, x.code) || e.Error() == "" {
			t.Errorf("%s: %v, %+v", name, err, e)
			continue
		}
		if (p == nil) != x.dumb || p != nil && (p.TRN != 1 || p.Body != nil || !strings.Contains(p.String(), "not understood")) {
			t.Errorf("%s: gave %s", name, p)
		}
	}
}

// What a peer could stumble over is not written, and the buffer stays as it was.
func TestEncodeErrors(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("1", 30)
	for field, p := range map[string]*PDU{
		"TRN":  {TRN: 100, Op: OpAlert, Body: &Alert{}},
		"OT":   {Op: OpSubmit, Body: &Alert{}},
		"AdC":  {Op: OpSubmit, Body: &Message{AdC: "+46701234567"}},
		"OAdC": {Op: OpSubmit, Body: &Message{OAdC: long}},
		"NT":   {Op: OpSubmit, Body: &Message{NT: '8'}},
		"DDT":  {Op: OpSubmit, Body: &Message{DDT: "3012961212/"}},
		"Msg":  {Op: OpSubmit, Body: &Message{MT: MTText, Msg: make([]byte, 641)}},
		"XSer": {Op: OpSubmit, Body: &Message{XSer: make(Services, 201)}},
		"PWD":  {Op: OpSession, Body: &Login{Pwd: strings.Repeat("x", 65)}},
		"SM":   {Op: OpSubmit, Result: true, Body: &Result{SM: "a/b"}},
		"EC":   {Op: OpSubmit, Result: true, Body: &Result{Code: 100}},
		"NPL":  {Op: OpMultipleInput, Body: &MultipleInput{}},
		"MT":   {Op: OpCallInput, Body: &CallInput{MT: MTData}},
		"NAdC": {Op: OpTransfer, Body: &Transfer{NAdC: "6000\x03"}},
	} {
		out, err := Append([]byte("x"), p)
		var e *EncodeError
		if !errors.As(err, &e) || e.Field != field || string(out) != "x" || !errors.Is(err, e.Code) || e.Error() == "" {
			t.Errorf("%s: %v gave %q", field, err, out)
		}
	}
	for _, p := range []*PDU{{Op: OpAlert}, {Op: OpAlert, Body: &Result{}}, {Op: OpAlert, Result: true, Body: &Alert{}}, {Op: 59, Body: &Alert{}}} {
		if _, err := Append(nil, p); err == nil {
			t.Errorf("%s was written", p)
		}
	}
}

// A refusal can be written whatever its text.
func TestNackText(t *testing.T) {
	t.Parallel()
	p := (&PDU{TRN: 3, Op: OpSubmit}).Nack(CodeSyntax, "a/b\x02c\x03\nd\x7f")
	if got := string(mustAppend(t, p)); got != string(raw("03", "R/51/N/02/a b c  d /")) {
		t.Errorf("%q", got)
	}
}

// No line about a PDU shows a password, an authentication code or a text.
func TestStringHidesSecrets(t *testing.T) {
	t.Parallel()
	const secret = "5314159"
	hidden := []byte(secret)
	for _, p := range []*PDU{
		{Op: OpSession, Body: &Login{OAdC: "6000", Pwd: secret, NPwd: secret}},
		{Op: OpList, Body: &List{Login: Login{OAdC: "6000", Pwd: secret, NPwd: secret}}},
		{Op: OpSubmit, Body: &Message{AC: secret, MT: MTText, Msg: hidden, XSer: append(Services{0x0C, 7}, secret...)}},
		{Op: OpSubmit, Body: &Message{MT: MTDigits, Msg: hidden}},
		{Op: OpCallInput, Body: &CallInput{OAC: secret, MT: MTDigits, Msg: hidden}},
		{Op: OpTransfer, Body: &Transfer{AC: secret, Msg: hidden}},
		{Op: OpMultipleInput, Body: &MultipleInput{Recipients: []string{"1"}, OAC: secret, MT: MTText, Msg: hidden}},
		{Op: OpSupplementary, Body: &Supplementary{OAC: secret, LRP: secret, LPR: secret, LUM: secret, LRC: secret, MT: MTText, Msg: hidden}},
	} {
		frame := mustAppend(t, p)
		for _, line := range []string{p.String(), Describe(frame), Describe(frame[1:])} {
			if strings.Contains(line, secret) || strings.Contains(line, string(appendHex(nil, hidden))) {
				t.Errorf("%s", line)
			}
		}
	}
	line := Describe(framed("07/00044/R/60/N/07/authentication failure/FD"))
	if want := `op 60 (session management) result TRN=7 result=error 07 authentication failure SM="authentication failure"`; line != want {
		t.Errorf("%s, want %s", line, want)
	}
	line = Describe(framed("01/00116/O/51/46701234567/46700000001//1/6000/7/0539////////////3//48656A200F7B7C201B65201B3C1B3E////////1139/////C7"))
	if want := `op 51 (submit) TRN=1 AdC=46701234567 OAdC=46700000001 NRq=1 NAdC=6000 NT=7 NPID=0539 MT=3 Msg=15 octets OTOA=1139`; line != want {
		t.Errorf("%s, want %s", line, want)
	}
}

// The bodies of PDUs do not change with the buffer that they were read from.
func TestDecodeCopies(t *testing.T) {
	t.Parallel()
	for _, frame := range digestVectors() {
		buf := bytes.Clone(frame)
		p := mustDecode(t, buf)
		clear(buf)
		if again := mustAppend(t, p); !bytes.Equal(again, frame) {
			t.Errorf("%s became %s", frame, again)
		}
	}
}
