package api

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
)

// deliverJasmin gives items to a JasminCallback and returns the verdicts.
func deliverJasmin(t *testing.T, o JasminOptions, items ...*gateway.Item) (all []gateway.Delivered) {
	t.Helper()
	told := make(chan gateway.Delivered, len(items))
	o.Told = func(list []gateway.Delivered) { told <- list[0] }
	o.Guard = loopback()
	j := NewJasminCallback(o)
	defer j.Close()
	j.Deliver("acme", items)
	for range items {
		all = append(all, <-told)
	}
	return all
}

// withLog is testMessage with other events, in a state.
func withLog(state message.State, events ...message.Event) *message.Message {
	m := testMessage()
	m.Log, m.State = nil, state
	m.Receipts = message.ReceiptFinal | message.ReceiptIntermediate
	if !state.Final() {
		m.Final = 0
	}
	for _, e := range events {
		e.At += testEpoch.UnixMilli()
		m.Log = message.AppendEvent(m.Log, m.ID, e)
	}
	return m
}

// Which calls a state brings, by the dlr-level: level and message_status of each.
func TestJasminLevels(t *testing.T) {
	t.Parallel()
	took := message.Event{Kind: message.EventTaken, Text: "abc"}
	told := message.Event{Kind: message.EventTold, State: message.Enroute, Code: 200}
	midway := message.Event{Kind: message.EventReport, State: message.Enroute, At: 5}
	refused := message.Event{Kind: message.EventFailed, Failure: message.BadRecipient, Code: 11}
	for _, c := range []struct {
		name  string
		state message.State
		log   []message.Event
		want  [4]string // by level
	}{
		{"taken", message.Enroute, []message.Event{took}, [4]string{1: "1 ESME_ROK", 3: "1 ESME_ROK"}},
		{"delivered", message.Delivered, []message.Event{took, told}, [4]string{2: "2 DELIVRD", 3: "2 DELIVRD"}},
		{"delivered before the answer was told", message.Delivered, []message.Event{took}, [4]string{1: "1 ESME_ROK", 2: "2 DELIVRD", 3: "1 ESME_ROK, 2 DELIVRD"}},
		{"on its way", message.Buffered, []message.Event{took, told, midway}, [4]string{2: "2 ENROUTE", 3: "2 ENROUTE"}},
		{"undeliverable", message.Undeliverable, []message.Event{took, told}, [4]string{2: "2 UNDELIV", 3: "2 UNDELIV"}},
		{"rejected by receipt", message.Rejected, []message.Event{took, told}, [4]string{2: "2 REJECTD", 3: "2 REJECTD"}},
		{"expired with the operator", message.Expired, []message.Event{took, told}, [4]string{2: "2 EXPIRED", 3: "2 EXPIRED"}},
		{"deleted", message.Deleted, []message.Event{took, told}, [4]string{2: "2 DELETED", 3: "2 DELETED"}},
		{"unknown", message.Unknown, []message.Event{took, told}, [4]string{2: "2 UNKNOWN", 3: "2 UNKNOWN"}},
		{"no receipts", message.Sent, []message.Event{took, told}, [4]string{2: "2 ACCEPTD", 3: "2 ACCEPTD"}},
		{"refused", message.Rejected, []message.Event{refused}, [4]string{1: "1 ESME_RINVDSTADR", 2: "2 REJECTD", 3: "1 ESME_RINVDSTADR"}},
		{"refused by a code of the operator's own", message.Rejected, []message.Event{{Kind: message.EventFailed, Failure: message.Refused, Code: 0x555}}, [4]string{1: "1 ESME_RUNKNOWNERR", 2: "2 REJECTD", 3: "1 ESME_RUNKNOWNERR"}},
		{"expired here", message.Expired, nil, [4]string{1: "1 ESME_RSUBMITFAIL", 2: "2 EXPIRED", 3: "1 ESME_RSUBMITFAIL"}},
	} {
		for level := uint8(1); level <= 3; level++ {
			item := stateItem(withLog(c.state, c.log...), message.JasminTarget, "http://x/", level)
			var calls []string
			for _, form := range jasminReceipts(item) {
				v, err := url.ParseQuery(string(form))
				if err != nil {
					t.Fatal(err)
				}
				calls = append(calls, v.Get("level")+" "+v.Get("message_status"))
			}
			if got := strings.Join(calls, ", "); got != c.want[level] {
				t.Errorf("%s, level %d: %q, want %q", c.name, level, got, c.want[level])
			}
		}
	}
}

// The calls themselves, by both methods.
func TestJasminReceiptCalls(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	h.answer = func(w http.ResponseWriter, _ *http.Request, _ []byte) { _, _ = w.Write([]byte("ACK/Jasmin\n")) }
	post := stateItem(testMessage(), message.JasminTarget, h.URL+"/dlr?my=1", 3)
	get := stateItem(testMessage(), message.JasminTarget, h.URL+"/dlr?my=1", 2|message.JasminGet)
	for _, d := range append(deliverJasmin(t, JasminOptions{}, post), deliverJasmin(t, JasminOptions{}, get)...) {
		if d.Verdict != gateway.Acknowledged || d.Code != 200 {
			t.Errorf("%+v", d)
		}
	}
	id := testMessage().ID.UUID()
	first := url.Values{"id": {id}, "level": {"1"}, "message_status": {"ESME_ROK"}, "connector": {"op1"}}
	second := url.Values{
		"id": {id}, "level": {"2"}, "message_status": {"DELIVRD"}, "connector": {"op1"}, "id_smsc": {"abc"}, "sub": {"001"}, "dlvrd": {"001"},
		"subdate": {"2611050830"}, "donedate": {"2611050830"}, "err": {"000"}, "text": {"a secret text"},
	}
	third := maps.Clone(second)
	third["my"] = []string{"1"}
	var got []url.Values
	for i, body := range h.bodies {
		_, query, _ := strings.Cut(h.targets[i], "?")
		if body != "" {
			query = body
		}
		v, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, v)
		for name, want := range map[string]string{"User-Agent": "Jasmin gateway/1.0 DLRThrower", "Content-Type": "application/x-www-form-urlencoded", "Accept": "text/plain"} {
			if h.headers[i].Get(name) != want {
				t.Errorf("%s: %q", name, h.headers[i].Get(name))
			}
		}
	}
	if diff := cmp.Diff([]url.Values{first, second, third}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if !slices.Equal(h.targets[:2], []string{"/dlr?my=1", "/dlr?my=1"}) {
		t.Errorf("POST to %v", h.targets)
	}
}

// Jasmin's rule: a status under 400 and ACK/Jasmin; with AnyAck any 2xx.
func TestJasminAck(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status       int
		body         string
		exact, anyOf gateway.Verdict
	}{
		{200, "ACK/Jasmin", gateway.Acknowledged, gateway.Acknowledged},
		{202, " ACK/Jasmin\r\n", gateway.Acknowledged, gateway.Acknowledged},
		{302, "ACK/Jasmin", gateway.Acknowledged, gateway.Acknowledged},
		{200, "ack/jasmin", gateway.TryLater, gateway.Acknowledged},
		{200, "Error connecting to DB", gateway.TryLater, gateway.Acknowledged},
		{204, "", gateway.TryLater, gateway.Acknowledged},
		{302, "", gateway.TryLater, gateway.TryLater},
		{404, "ACK/Jasmin", gateway.GiveUp, gateway.GiveUp},
		{410, "", gateway.GiveUp, gateway.GiveUp},
		{500, "ACK/Jasmin", gateway.TryLater, gateway.TryLater},
	} {
		h := newHook(t)
		h.answer = func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			w.WriteHeader(c.status)
			if c.status != 204 {
				_, _ = w.Write([]byte(c.body))
			}
		}
		for anyAck, want := range map[bool]gateway.Verdict{false: c.exact, true: c.anyOf} {
			d := deliverJasmin(t, JasminOptions{AnyAck: anyAck}, stateItem(testMessage(), message.JasminTarget, h.URL, 2))
			if d[0].Verdict != want {
				t.Errorf("%d %q, any %t: %+v, want %d", c.status, c.body, anyAck, d[0], want)
			}
		}
	}
}

// A state that another has overtaken is not told, unless nobody asked for the other.
func TestJasminOvertaken(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	h.answer = func(w http.ResponseWriter, _ *http.Request, _ []byte) { _, _ = w.Write([]byte("ACK/Jasmin")) }
	for level, calls := range map[uint8]int{1: 1, 3: 0} {
		m := testMessage()
		m.Receipts = jasminLevelOf[level]
		item := stateItem(m, message.JasminTarget, h.URL, level)
		item.State = message.Enroute
		before := len(h.bodies)
		if d := deliverJasmin(t, JasminOptions{}, item); d[0].Verdict != gateway.Acknowledged || len(h.bodies)-before != calls {
			t.Errorf("level %d: %+v after %d calls, want %d", level, d[0], len(h.bodies)-before, calls)
		}
	}
}

// Inbound messages, with the octets of their coding or as text.
func TestJasminInbound(t *testing.T) {
	t.Parallel()
	inbound := func(enc gsm.Encoding, class int8, text, data string) *message.Inbound {
		return &message.Inbound{
			ID: 7, Link: "op1", Account: "acme", From: message.Address{TON: message.TONInternational, Number: "46701"}, To: message.Address{Number: "72456"},
			Content: message.Content{Text: text, Data: []byte(data), Class: class}, Encoding: enc,
		}
	}
	withTLV := inbound(gsm.GSM7, -1, "hi", "")
	withTLV.Content.Extra = &message.Extra{TLVs: []message.TLV{{Tag: 0x1400, Value: []byte{1}}}}
	for _, c := range []struct {
		name                    string
		in                      *message.Inbound
		mask                    uint8
		content, binary, coding string
		tlvs                    string
	}{
		{"septets", inbound(gsm.GSM7, -1, "@å€", ""), 0, "\x00\x0f\x1be", "000f1b65", "0", ""},
		{"septets as text", inbound(gsm.GSM7, -1, "@å€", ""), message.JasminText, "@å€", "000f1b65", "0", ""},
		{"UCS-2", inbound(gsm.UCS2, -1, "h😀", ""), 0, "\x00h\xd8\x3d\xde\x00", "0068d83dde00", "8", ""},
		{"UCS-2 as text", inbound(gsm.UCS2, -1, "h😀", ""), message.JasminText, "h😀", "0068d83dde00", "8", ""},
		{"Latin-1", inbound(gsm.Latin1, -1, "hå", ""), 0, "h\xe5", "68e5", "3", ""},
		{"octets", inbound(gsm.Binary, -1, "", "\x00\xff"), message.JasminText, "\x00\xff", "00ff", "4", ""},
		{"flash", inbound(gsm.GSM7, 0, "hi", ""), 0, "hi", "6869", "240", ""},
		{"a national table", inbound(gsm.GSM7, -1, "ğ", ""), 0, "\x01\x1f", "011f", "8", ""},
		{"TLVs", withTLV, message.JasminGet, "hi", "6869", "0", `{"0x1400":"hex:01"}`},
	} {
		h := newHook(t)
		h.answer = func(w http.ResponseWriter, _ *http.Request, _ []byte) { _, _ = w.Write([]byte("ACK/Jasmin")) }
		item := &gateway.Item{Inbound: c.in, Target: message.Target{Kind: message.JasminTarget, Account: "acme", Address: h.URL, Mask: c.mask}}
		if d := deliverJasmin(t, JasminOptions{}, item); d[0].Verdict != gateway.Acknowledged {
			t.Errorf("%s: %+v", c.name, d[0])
			continue
		}
		_, query, _ := strings.Cut(h.targets[0], "?")
		v, err := url.ParseQuery(query + h.bodies[0])
		if err != nil {
			t.Fatal(err)
		}
		want := url.Values{
			"id": {c.in.ID.UUID()}, "from": {"+46701"}, "to": {"72456"}, "origin-connector": {"op1"},
			"content": {c.content}, "binary": {c.binary}, "coding": {c.coding},
		}
		if c.tlvs != "" {
			want["tlv_params"] = []string{c.tlvs}
		}
		if diff := cmp.Diff(want, v); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.name, diff)
		}
		if agent := h.headers[0].Get("User-Agent"); agent != "Jasmin gateway/1.0 deliverSmHttpThrower" {
			t.Errorf("User-Agent %q", agent)
		}
	}
}
