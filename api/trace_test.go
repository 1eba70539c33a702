package api

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

// fakeTaps are links and accounts that can be traced.
type fakeTaps map[string]Tap

func (f fakeTaps) set(name string, session uint64, tap Tap) error {
	if name == "nobody" || session > 9 {
		return errors.New("there is none such")
	}
	f[name] = tap
	return nil
}

// allGSM has data_coding 0 mean the GSM alphabet everywhere.
func allGSM(bool, string) (all TraceAlphabets) { return all }

func traceHandler(t *testing.T) (http.Handler, fakeTaps, *bytes.Buffer) {
	t.Helper()
	taps, log := fakeTaps{}, &bytes.Buffer{}
	o := (&fakeGateway{}).options()
	o.Traces = NewTraces(slog.New(slog.NewTextHandler(log, nil)), taps.set, taps.set, allGSM, noSecrets)
	t.Cleanup(o.Traces.Close)
	return NewHTTP(o), taps, log
}

func frameOf(t *testing.T, seq uint32, body smpp.Body) []byte {
	t.Helper()
	frame, err := smpp.Append(nil, &smpp.PDU{Sequence: seq, Body: body})
	if err != nil {
		t.Fatal(err)
	}
	return frame
}

// A trace shows neither a password in any form, nor without texts a text.
func TestTraceHides(t *testing.T) {
	t.Parallel()
	const mark = "Zx9Qw"
	text := smpp.ShortMessage{Text: []byte("to you: " + mark)}
	payload := smpp.TLVs{{Tag: smpp.TagMessagePayload, Value: []byte(mark)}}
	for _, c := range []struct {
		body   smpp.Body
		secret bool // also with texts
	}{
		{&smpp.Bind{Mode: smpp.Transceiver, SystemID: "a", Password: mark}, true},
		{&smpp.Outbind{SystemID: "a", Password: mark}, true},
		{&smpp.SubmitSM{ShortMessage: text}, false},
		{&smpp.DeliverSM{ShortMessage: text}, false},
		{&smpp.DeliverSM{ShortMessage: smpp.ShortMessage{TLVs: payload}}, false},
		{&smpp.DataSM{TLVs: payload}, false},
		{&smpp.ReplaceSM{Text: []byte(mark)}, false},
		{&smpp.SubmitMulti{Dests: make([]smpp.MultiDest, 1), Text: []byte(mark)}, false},
	} {
		frame := frameOf(t, 1, c.body)
		whole := fmt.Sprintf("%x", frame)
		for _, texts := range []bool{false, true} {
			v := viewPDU(&tracedPDU{frame: frame}, pduReading{alphabet: gsm.DefaultGSM}, texts, true)
			shown, _ := json.Marshal(v)
			shows := bytes.Contains(shown, []byte(mark)) || bytes.Contains(shown, fmt.Appendf(nil, "%x", mark))
			if shows != (texts && !c.secret) {
				t.Errorf("%s with texts %t: %s", c.body.Command(), texts, shown)
			}
			if len(v.Hex) != len(whole) || v.Hex[:32] != whole[:32] {
				t.Errorf("%s with texts %t: the octets are not those of the PDU: %s", c.body.Command(), texts, v.Hex)
			}
			if texts && !c.secret && !strings.Contains(v.Text, mark) {
				t.Errorf("%s: the text is %q", c.body.Command(), v.Text)
			}
		}
		cut := bytes.Clone(frame[:len(frame)-1])
		cut[3]--
		if v, _ := json.Marshal(viewPDU(&tracedPDU{frame: cut}, pduReading{alphabet: gsm.DefaultGSM}, true, true)); c.secret && bytes.Contains(v, fmt.Appendf(nil, "%x", mark)) {
			t.Errorf("%s that is cut: %s", c.body.Command(), v)
		}
	}
}

// A text is read as the session's side reads it.
func TestTraceAlphabet(t *testing.T) {
	t.Parallel()
	packed := gsm.Pack(nil, []byte("\x00\x05 hello"), 0) // @é hello
	long := append([]byte("\x05\x00\x03\x2a\x02\x01"), gsm.Pack(nil, []byte("\x00\x05 hello"), gsm.FillBits(6))...)
	message := func(coding, esm uint8, text string) smpp.ShortMessage {
		return smpp.ShortMessage{DataCoding: coding, ESMClass: esm, Text: []byte(text)}
	}
	for _, c := range []struct {
		alphabet gsm.DefaultAlphabet
		body     smpp.Body
		want     string
	}{
		{gsm.DefaultGSM, &smpp.SubmitSM{ShortMessage: message(0, 0, "\x00\x05 hello")}, "@é hello"},
		{gsm.DefaultLatin1, &smpp.SubmitSM{ShortMessage: message(0, 0, "@\xe9 hello")}, "@é hello"},
		{gsm.DefaultLatin1, &smpp.ReplaceSM{Text: []byte("@\xe9 hello")}, "@é hello"},
		{gsm.DefaultLatin1, &smpp.SubmitSM{ShortMessage: message(0xF0, 0, "\x00\x05 hello")}, "@é hello"}, // a class names GSM's
		{gsm.DefaultUTF8, &smpp.DeliverSM{ShortMessage: message(0, 0, "@é hello")}, "@é hello"},
		{gsm.DefaultPacked, &smpp.DeliverSM{ShortMessage: message(0, 0, string(packed))}, "@é hello"},
		{gsm.DefaultPacked, &smpp.SubmitSM{ShortMessage: message(0, smpp.ESMUDHI, string(long))}, "@é hello"},
		{gsm.DefaultUCS2, &smpp.SubmitSM{ShortMessage: message(0, 0, "\x00@\x00\xe9")}, "@é"},
		{gsm.DefaultUCS2, &smpp.DeliverSM{ShortMessage: message(0, smpp.ESMReceipt, "id:1 stat:DELIVRD")}, "id:1 stat:DELIVRD"},
		{gsm.DefaultUCS2, &smpp.SubmitSM{ShortMessage: message(3, 0, "@\xe9")}, "@é"},
	} {
		if v := viewPDU(&tracedPDU{frame: frameOf(t, 1, c.body)}, pduReading{alphabet: c.alphabet}, true, false); v.Text != c.want {
			t.Errorf("%v: %s reads %q, want %q", c.alphabet, v.PDU, v.Text, c.want)
		}
	}
}

// The ring keeps the last PDUs in order, whatever comes, and bounds octets.
func TestTraceRing(t *testing.T) {
	t.Parallel()
	p := &pduTrace{traceSettings: traceSettings{pdus: 5, session: 7}}
	for i := range 12 {
		p.take(message.SMPP, 7, i%2 == 0, []byte{byte(i)})
		p.take(message.SMPP, 8, true, []byte("another session"))
	}
	list, _ := p.after(0, 100)
	if len(list) != 5 || list[0].n != 8 || list[4].n != 12 || list[4].frame[0] != 11 || list[4].sent {
		t.Errorf("%+v", list)
	}
	if list, _ = p.after(10, 1); len(list) != 1 || list[0].n != 11 {
		t.Errorf("behind 10: %+v", list)
	}
	if list, _ = p.after(12, 10); len(list) != 0 {
		t.Errorf("behind the last: %+v", list)
	}
	big := &pduTrace{traceSettings: traceSettings{pdus: maxPDUs}}
	for range 3 * maxTraceOctets / 50_000 {
		big.take(message.SMPP, 1, true, make([]byte, 50_000))
	}
	octets := 0
	for _, pdu := range big.ring {
		octets += len(pdu.frame)
	}
	if octets > maxTraceOctets || octets < maxTraceOctets/2 || octets != big.octets {
		t.Errorf("%d octets are kept, %d counted", octets, big.octets)
	}
}

// Who may trace what, and what the log says of it.
func TestTraceRights(t *testing.T) {
	t.Parallel()
	h, taps, log := traceHandler(t)
	put := func(key, path, body string) *httptest.ResponseRecorder {
		return ask(h, http.MethodPut, path, body, "Authorization", "Bearer "+key, "Content-Type", "application/json")
	}
	for _, c := range []struct {
		key, path, body string
		status          int
	}{
		{"acme-key", "/v1/traces/links/op1", `{}`, 403},
		{"acme-key", "/v1/traces/accounts/mute", `{}`, 403},
		{"acme-key", "/v1/traces/accounts/acme", `{"texts":true}`, 403},
		{"acme-key", "/v1/traces/accounts/acme", `{"pdus":10}`, 200},
		{"root-key", "/v1/traces/links/op1", `{"texts":true,"for":"1m"}`, 200},
		{"root-key", "/v1/traces/links/nobody", `{}`, 404},
		{"root-key", "/v1/traces/links/op1", `{"session":10}`, 404},
		{"root-key", "/v1/traces/links/op1", `{"texts":true,"session":3}`, 200},
		{"root-key", "/v1/traces/accounts/mute", ``, 200},
		{"root-key", "/v1/traces/phones/op1", `{}`, 404},
		{"root-key", "/v1/traces/links/op1", `{"for":"48h"}`, 422},
		{"root-key", "/v1/traces/links/op1", `{"pdus":10001}`, 422},
		{"root-key", "/v1/traces/links/op1", `{"pdu":1}`, 400},
	} {
		if w := put(c.key, c.path, c.body); w.Code != c.status {
			t.Errorf("%s %s %s: %d %s, want %d", c.key, c.path, c.body, w.Code, w.Body, c.status)
		}
	}
	taps["op1"](message.SMPP, 3, true, frameOf(t, 9, &smpp.SubmitSM{ShortMessage: smpp.ShortMessage{Text: []byte("hi there")}}))
	w := ask(h, http.MethodGet, "/v1/traces/links/op1?hex=true", "", "Authorization", "Bearer root-key")
	for _, want := range []string{`"of":"links","name":"op1","on":true,"by":"root"`, `"n":1,`, `"direction":"out","session":3,`, `"pdu":"submit_sm sequence=9 `, `"text":"hi there"`, `"hex":"000000`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%d %s does not say %s", w.Code, w.Body, want)
		}
	}
	if w := ask(h, http.MethodGet, "/v1/traces", "", "Authorization", "Bearer acme-key"); strings.Contains(w.Body.String(), "op1") || !strings.Contains(w.Body.String(), `"name":"acme"`) {
		t.Errorf("acme sees %s", w.Body)
	}
	if w := ask(h, http.MethodDelete, "/v1/traces/links/op1", "", "Authorization", "Bearer root-key"); w.Code != http.StatusNoContent || taps["op1"] != nil {
		t.Errorf("off: %d %s, tap %t", w.Code, w.Body, taps["op1"] != nil)
	}
	for method, advised := range map[string]bool{http.MethodGet: true, http.MethodDelete: false} {
		w := ask(h, method, "/v1/traces/links/op1", "", "Authorization", "Bearer root-key")
		if w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "PUT") != advised {
			t.Errorf("after that %s: %d %s", method, w.Code, w.Body)
		}
	}
	for _, want := range []string{"trace begins", "by=root", "texts=true", "trace ends"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q: %s", want, log)
		}
	}
}

// A trace ends after its time, and what it has stays.
func TestTraceTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		taps := fakeTaps{}
		traces := NewTraces(slog.New(slog.DiscardHandler), taps.set, taps.set, allGSM, noSecrets)
		key := traceKey{traceAccounts, "acme"}
		p, err := traces.start(key, traceSettings{pdus: 10, long: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		taps["acme"](message.SMPP, 1, false, []byte("x"))
		time.Sleep(time.Minute)
		synctest.Wait()
		if list, over := p.after(0, 10); !over || len(list) != 1 || taps["acme"] != nil || traces.get(key) != p {
			t.Errorf("over %t, %d PDUs, tap %t", over, len(list), taps["acme"] != nil)
		}
		for i := range tracesMost - 1 {
			if _, err := traces.start(traceKey{traceLinks, fmt.Sprint(i)}, traceSettings{pdus: 10, long: time.Minute}); err != nil {
				t.Error(err)
			}
		}
		if _, err := traces.start(traceKey{traceLinks, "x"}, traceSettings{pdus: 10, long: time.Minute}); err != nil || traces.get(key) != nil {
			t.Errorf("in place of the one that is over: %v", err)
		}
		if _, err := traces.start(traceKey{traceLinks, "y"}, traceSettings{pdus: 10, long: time.Minute}); err != errManyTraces {
			t.Errorf("one too many: %v", err)
		}
		traces.Close()
	})
}

// Whoever follows gets each PDU as it comes, and the end.
func TestTraceFollow(t *testing.T) {
	t.Parallel()
	h, taps, _ := traceHandler(t)
	s := httptest.NewServer(h)
	defer s.Close()
	if w := ask(h, http.MethodPut, "/v1/traces/accounts/acme", "{}", "Authorization", "Bearer acme-key", "Content-Type", "application/json"); w.Code != 200 {
		t.Fatal(w.Code, w.Body)
	}
	tap := taps["acme"]
	tap(message.SMPP, 1, false, frameOf(t, 1, &smpp.EnquireLink{}))
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/v1/traces/accounts/acme?follow=true", nil)
	req.Header.Set("Authorization", "Bearer acme-key")
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for i := range 3 {
		if !lines.Scan() {
			t.Fatal("the stream ends", lines.Err())
		}
		if want := fmt.Sprintf(`"pdu":"enquire_link sequence=%d"`, i+1); !strings.Contains(lines.Text(), want) {
			t.Errorf("%s does not say %s", lines.Text(), want)
		}
		tap(message.SMPP, 1, false, frameOf(t, uint32(i+2), &smpp.EnquireLink{}))
	}
	ask(h, http.MethodDelete, "/v1/traces/accounts/acme", "", "Authorization", "Bearer acme-key")
	for lines.Scan() { // the last, and then the end
	}
	if err := lines.Err(); err != nil {
		t.Error(err)
	}
}

// The PDUs of an account's sessions are seen, of those bound before and after.
func TestSMPPTrace(t *testing.T) {
	smppTest(t, func(t *testing.T, b *smppBench) {
		type line struct {
			session uint64
			sent    bool
			command smpp.CommandID
		}
		seen := make(chan line, 100)
		one := b.mustBind(smpp.Transceiver)
		tap := func(_ message.Dialect, session uint64, sent bool, frame []byte) {
			seen <- line{session, sent, smpp.ParseHeader(frame).Command}
		}
		for _, wrong := range []struct {
			account string
			session uint64
		}{{"acme", 2}, {"mute", 1}} {
			if err := b.server.SetTrace(wrong.account, wrong.session, tap); err != ErrNoSession {
				t.Errorf("session %d of %s can be traced: %v", wrong.session, wrong.account, err)
			}
		}
		if err := b.server.SetTrace("acme", 1, tap); err != nil {
			t.Error(err)
		}
		two := b.mustBind(smpp.Transceiver)
		synctest.Wait()
		for len(seen) > 0 { // the answer to the bind, or not
			<-seen
		}
		one.do(t, &smpp.EnquireLink{})
		two.do(t, &smpp.EnquireLink{})
		_ = b.server.SetTrace("acme", 0, nil)
		two.do(t, &smpp.EnquireLink{})
		for _, want := range []line{
			{1, false, smpp.CommandEnquireLink},
			{1, true, smpp.CommandEnquireLinkResp},
			{2, false, smpp.CommandEnquireLink},
			{2, true, smpp.CommandEnquireLinkResp},
		} {
			if len(seen) == 0 {
				t.Fatalf("%v was not seen", want)
			}
			if got := <-seen; got != want {
				t.Errorf("seen %v, want %v", got, want)
			}
		}
		if len(seen) > 0 {
			t.Errorf("%d more are seen after the end", len(seen))
		}
	})
}

func noSecrets(string, message.Address, string) bool { return false }
