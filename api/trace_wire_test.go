package api

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"kurir/cimd2"
	"kurir/message"
	"kurir/ucp"
)

// wireFrames are frames of each protocol with what must be hidden in them.
func wireFrames(t *testing.T, mark string) []wireFrame {
	t.Helper()
	ucpFrame := func(op ucp.Operation, b ucp.Body) []byte {
		frame, err := ucp.Append(nil, &ucp.PDU{TRN: 7, Op: op, Body: b})
		if err != nil {
			t.Fatal(err)
		}
		return frame
	}
	cimd2Frame := func(b cimd2.Body) []byte {
		p, err := cimd2.New(b)
		if err != nil {
			t.Fatal(err)
		}
		p.Seq = 7
		frame, err := cimd2.Append(nil, p)
		if err != nil {
			t.Fatal(err)
		}
		return frame
	}
	text, data := ucpText("46701234567", mark), ucpText("46701234567", "")
	text.AC = "Kq7"
	data.SetData([]byte(mark))
	binary := cimd2Text("", "46701234567")
	binary.Data, binary.Binary, binary.Coding = []byte(mark), true, cimd2.Some(4)
	pdu := hex.EncodeToString([]byte(mark + mark))
	return []wireFrame{
		{message.UCP, ucpFrame(ucp.OpSubmit, text), "op 51 (submit) TRN=7 AdC=46701234567 OAdC=6000", true},
		{message.UCP, ucpFrame(ucp.OpSubmit, data), "op 51 (submit) TRN=7 AdC=46701234567 OAdC=6000", false},
		{message.UCP, ucpFrame(ucp.OpCallInput, &ucp.CallInput{AdC: "1", OAdC: "2", MT: ucp.MTText, Msg: []byte(mark)}), "op 01 (call input) TRN=7 AdC=1 OAdC=2", true},
		{message.UCP, ucpFrame(ucp.OpSession, &ucp.Login{OAdC: "8888", STYP: '1', Pwd: "Kq7", NPwd: "Kq7"}), "op 60 (session management) TRN=7 OAdC=8888", false},
		{message.CIMD2, cimd2Frame(cimd2Text(mark, "46701234567")), "submit number=7 021=46701234567 023=6000", true},
		{message.CIMD2, cimd2Frame(binary), "submit number=7 021=46701234567 023=6000", false},
		{message.CIMD2, cimd2Frame(&cimd2.Login{User: "shop", Password: "Kq7"}), `login number=7 010="shop"`, false},
		{message.AT, []byte(pdu), "(10 octets)", true},
		{message.AT, []byte("AT+CMGS=23"), "AT+CMGS=23", false},
		{message.AT, []byte(`+CUSD: 0,"` + mark + `",15`), "+CUSD: 0,***", true},
		{message.AT, []byte(`AT+CPIN="Kq7"`), "AT+CPIN=***", false},
		{message.AT, []byte("490154203237518"), "490154203237518", false},
	}
}

type wireFrame struct {
	speaks message.Dialect
	frame  []byte
	line   string // how its line begins
	text   bool   // with a text that may be shown to some
}

// TestTraceDialects: a trace shows operation, number and addresses of each protocol, a text only where it may be shown, and
// never a password.
func TestTraceDialects(t *testing.T) {
	t.Parallel()
	const mark, password = "Zx9Qw", "Kq7"
	for _, f := range wireFrames(t, mark) {
		for _, texts := range []bool{false, true} {
			v := viewPDU(&tracedPDU{speaks: f.speaks, frame: f.frame}, pduReading{ofLink: true}, texts, true)
			octets, err := hex.DecodeString(v.Hex)
			if err != nil || !strings.HasPrefix(v.PDU, f.line) || len(octets) == 0 {
				t.Errorf("%q: %+v", f.line, v)
			}
			shown, _ := json.Marshal(v)
			all := strings.ToUpper(string(shown) + string(octets))
			for _, what := range []string{mark, strings.ToUpper(hex.EncodeToString([]byte(mark)))} {
				if strings.Contains(all, strings.ToUpper(what)) && !texts {
					t.Errorf("%q: the text is shown: %s", f.line, all)
				}
			}
			if f.text && texts && !strings.Contains(strings.ToUpper(v.Text), strings.ToUpper(mark)) && !strings.Contains(v.Text, hex.EncodeToString([]byte(mark))) {
				t.Errorf("%q with texts: the text is %q", f.line, v.Text)
			}
			if strings.Contains(all, strings.ToUpper(password)) || strings.Contains(all, hex.EncodeToString([]byte(password))) {
				t.Errorf("%q: the password is shown: %s", f.line, all)
			}
			if f.speaks != message.AT && (len(octets) != len(f.frame) || frameViews[f.speaks].describe(octets) != v.PDU) {
				t.Errorf("%q: the octets are not those of the frame: %q", f.line, octets)
			}
		}
	}
}

// TestTraceSessions: a customer's session over UCP and CIMD2 is traced as what it speaks.
func TestTraceSessions(t *testing.T) {
	t.Parallel()
	t.Run("ucp", func(t *testing.T) {
		ucpTest(t, func(t *testing.T, b ucpBench) {
			c := b.mustLogin()
			wireTraced(t, b.all, func() { _ = ucpSent(t, c, ucpText("46701234567", "x")) },
				"op 51 (submit) TRN=", "op 51 (submit) result TRN=")
		})
	})
	t.Run("cimd2", func(t *testing.T) {
		cimd2Test(t, func(t *testing.T, b cimd2Bench) {
			c := b.mustLogin()
			wireTraced(t, b.all, func() { _ = cimd2Sent(t, c, cimd2Text("x", "46701234567")) }, "submit number=", "submit response number=")
		})
	})
}

// wireTraced compares what a trace of acme shows meanwhile with the beginnings of its lines.
func wireTraced(t *testing.T, all *Sessions, do func(), want ...string) {
	t.Helper()
	var lines []string
	if err := all.SetTrace("acme", 0, func(speaks message.Dialect, session uint64, sent bool, frame []byte) {
		p := tracedPDU{speaks: speaks, session: session, sent: sent, frame: frame}
		lines = append(lines, viewPDU(&p, pduReading{}, true, false).PDU)
	}); err != nil {
		t.Error(err)
	}
	do()
	_ = all.SetTrace("acme", 0, nil)
	if len(lines) != len(want) {
		t.Fatalf("%q", lines)
	}
	for i := range want {
		if !strings.HasPrefix(lines[i], want[i]) {
			t.Errorf("%q, want %q", lines[i], want[i])
		}
	}
}
