package ucp

import (
	_ "embed"
	"strings"
	"testing"
)

// The examples of the specification, and frames that were taken from kannel and go-gsm/ucp.
//
//go:embed testdata/digest.txt
var digestFrames string

// framed puts STX and ETX around what people write of a frame.
func framed(text string) []byte { return []byte("\x02" + text + "\x03") }

// digestVectors gives the frames of the file.
func digestVectors() [][]byte {
	var list [][]byte
	for line := range strings.Lines(digestFrames) {
		list = append(list, framed(strings.TrimSpace(line)))
	}
	return list
}

// raw makes a frame of what stands between LEN and checksum, both of which it fills in.
func raw(trn, rest string) []byte {
	size := len(trn) + 1 + 5 + 1 + len(rest) + 2
	digits := []byte("00000")
	for i := 4; i >= 0; i-- {
		digits[i] = '0' + byte(size%10)
		size /= 10
	}
	head := trn + "/" + string(digits) + "/" + rest
	sum := checksum([]byte(head))
	return framed(head + string([]byte{upperHex[sum>>4], upperHex[sum&15]}))
}

// mustDecode decodes a frame that is good.
func mustDecode(t *testing.T, frame []byte) *PDU {
	t.Helper()
	p, err := Decode(frame)
	if err != nil {
		t.Fatalf("%q: %v", frame, err)
	}
	return p
}

// mustAppend encodes a PDU that is good.
func mustAppend(t testing.TB, p *PDU) []byte {
	t.Helper()
	frame, err := Append(nil, p)
	if err != nil {
		t.Fatalf("%s: %v", p, err)
	}
	return frame
}

// everyPDU gives one PDU of each operation with all its fields in use, and its results.
func everyPDU() []*PDU {
	message := func() *Message {
		return &Message{
			AdC: "46701234567", OAdC: "46700000001", AC: "1234", NRq: '1', NAdC: "1920870340125000", NT: '7', NPID: PIDTCP,
			LRq: '1', LRAd: "46709999999", LPID: PIDMobile, DD: '1', DDT: "3012961212", VP: "3112961212", RPID: "0127",
			SCTS: "291126170000", Dst: StatusFailed, Rsn: "107", DSCTS: "291126170001", MT: MTText, Msg: []byte("Hej \x0f"),
			MMS: '1', PR: '1', DCs: '0', MCLs: '1', RPI: '1', CPg: '0', RPLy: '0', OTOA: OTOAInternational, HPLMN: "24001",
			XSer: Services{}.Add(ServiceUDH, 5, 0, 3, 7, 2, 1).Add(ServiceDCS, 0).Add(0x40, 1, 2, 3),
		}
	}
	login := Login{OAdC: "6000", OTON: '6', ONPI: '5', STYP: SessionPassword, Pwd: "secret", NPwd: "Secret2", Vers: Version, LAdC: "46701234567", LTON: '1', LNPI: '1', OPID: "39"}
	list := login
	list.OPID = ""
	var all []*PDU
	add := func(o Operation, body Body) {
		p := &PDU{TRN: uint8(len(all)), Op: o, Body: body}
		all = append(all, p, p.Ack("46701234567:291126170000"), p.Nack(CodeNotFound, "not there"))
	}
	add(OpCallInput, &CallInput{"46701234567", "46700000001", "12", MTText, []byte("hello")})
	add(OpMultipleInput, &MultipleInput{[]string{"46701234567", "46701234568"}, "46700000001", "12", MTDigits, []byte("112")})
	add(OpSupplementary, &Supplementary{
		AdC: "46701234567", OAdC: "46700000001", OAC: "12", Groups: []string{"1", "2"}, RP: '1', LRP: "11", PR: '1', LPR: "12",
		UM: '1', LUM: "13", RC: '1', LRC: "14", DD: '1', DDT: "3012961212", MT: MTText, Msg: []byte("hello"),
	})
	add(OpTransfer, &Transfer{"46701234567", "46700000001", "12", '1', "6000", PIDTCP, '1', "3012961212", "3112961212", []byte("hello")})
	add(OpAlert, &Alert{"6000", PIDTCP})
	for o := OpSubmit; o <= OpDeletionAnswer; o++ {
		add(o, message())
	}
	data := message()
	data.SetData([]byte{4, 0x1F, 4, 0x40})
	data.XSer = Services{}.Add(ServiceDCS, 8)
	if err := data.SetSender("Omnigate"); err != nil {
		panic(err)
	}
	add(OpSubmit, data)
	add(OpSession, &login)
	add(OpList, &List{Login: list, RES2: "x"})
	return all
}
