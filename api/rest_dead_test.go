package api

import (
	"context"
	"strings"
	"testing"

	"kurir/gateway"
	"kurir/message"
)

// TestDeadLetters: what did not arrive is listed with its reason in the client's
// language, and sent again as a new message.
func TestDeadLetters(t *testing.T) {
	t.Parallel()
	m := &message.Message{ID: 1 << 40, Account: "acme", To: message.Address{TON: 1, Number: "46701234567"}, Parts: 1}
	m.State = message.Undeliverable
	m.Log = message.AppendEvent(nil, m.ID, message.Event{Kind: message.EventReport, At: m.ID.Millis(), Part: 1, State: message.Undeliverable, Failure: message.Absent, Code: 27})
	o := (&fakeGateway{}).options()
	var asked gateway.Filter
	o.Messages = func(_ context.Context, f gateway.Filter) ([]*message.Message, message.ID, error) {
		asked = f
		return []*message.Message{m}, 0, nil
	}
	o.Resend = func(_ context.Context, account string, id message.ID, _ *gateway.Keyed) (gateway.Result, error) {
		switch {
		case id == m.ID && account == "acme":
			return gateway.Result{ID: 2 << 40, To: m.To, State: message.Queued, Parts: 1}, nil
		case id == 3<<40 || id == 6<<40:
			return gateway.Result{}, message.Fail(message.NotPermitted, "id", "the message was delivered")
		case id == 4<<40:
			return gateway.Result{}, &message.Failure{Kind: message.NoMoney}
		}
		return gateway.Result{}, gateway.ErrNotFound
	}
	o.Message = func(_ context.Context, _ string, id message.ID) (*message.Message, error) {
		found := &message.Message{ID: id}
		found.State = map[message.ID]message.State{3 << 40: message.Delivered, 6 << 40: message.Scheduled}[id]
		return found, nil
	}
	h := NewHTTP(o)
	w := asAcme(h, "GET", "/v1/queues/dead", "", "Accept-Language", "sv-SE, en;q=0.5")
	if body := w.Body.String(); w.Code != 200 || !strings.Contains(body, "telefonen är avstängd") || !strings.Contains(body, `"operator_code":27`) {
		t.Errorf("%d %s", w.Code, body)
	}
	if len(asked.States) != 4 {
		t.Errorf("asked for %v", asked.States)
	}
	if w := asAcme(h, "GET", "/v1/queues/dead?state=undeliverable", ""); w.Code != 200 || len(asked.States) != 1 || !strings.Contains(w.Body.String(), "off or out of coverage") {
		t.Errorf("%d %v %s", w.Code, asked.States, w.Body)
	}
	if w := asAcme(h, "GET", "/v1/queues/dead?state=delivered", ""); w.Code != 400 || !strings.Contains(w.Body.String(), "expired, undeliverable, rejected, unknown") ||
		strings.Contains(w.Body.String(), "queued") {
		t.Errorf("a state that is not dead: %d %s", w.Code, w.Body)
	}
	for id, want := range map[message.ID]int{m.ID: 202, 3 << 40: 409, 6 << 40: 409, 4 << 40: 402, 5 << 40: 404} {
		if w := asAcme(h, "POST", "/v1/messages/"+id.String()+"/resend", ""); w.Code != want {
			t.Errorf("resend: %d %s, want %d", w.Code, w.Body, want)
		}
	}
	for id, want := range map[message.ID]string{3 << 40: "already_final", 6 << 40: "not_final"} {
		if w := asAcme(h, "POST", "/v1/messages/"+id.String()+"/resend", ""); readProblemDocument(t, w).Code != want {
			t.Errorf("resend: %s, want %s", w.Body, want)
		}
	}
}

// TestReasons: whatever did not arrive says why in a sentence, in English and Swedish, also where an operator gives no reason,
// or one that nobody knows; so does its trace.
func TestReasons(t *testing.T) {
	t.Parallel()
	m := &message.Message{ID: 1 << 40, Account: "acme", To: message.Address{TON: 1, Number: "46701234567"}, Parts: 1}
	o := (&fakeGateway{}).options()
	o.Message = func(context.Context, string, message.ID) (*message.Message, error) { return m, nil }
	o.Trace = func(context.Context, *message.Message) (*gateway.Trace, error) {
		return &gateway.Trace{Message: m, Events: []gateway.TraceEntry{{What: "failed", Failure: message.Absent}, {What: "pushed", Text: "by root"}}}, nil
	}
	h := NewHTTP(o)
	get := func(path, language string) string {
		return asAcme(h, "GET", "/v1/messages/"+m.ID.String()+path, "", "Accept-Language", language).Body.String()
	}
	for _, c := range []struct {
		state            message.State
		failure          message.FailureKind
		code             uint32
		english, swedish string // empty: no error
	}{
		{message.Undeliverable, message.NoFailure, 36, `"code":"undeliverable","detail":"the operator could not deliver it","operator_code":36`, "operatören kunde inte leverera det"},
		{message.Undeliverable, message.Absent, 27, `"code":"absent","detail":"the phone is off or out of coverage","operator_code":27`, "telefonen är avstängd eller utom täckning"},
		{message.Rejected, message.NoFailure, 0, `"code":"rejected","detail":"the operator rejected it"`, "operatören avvisade det"},
		{message.Expired, message.NoFailure, 0, `"code":"expired","detail":"it had not arrived when its validity ended"`, "det hade inte kommit fram"},
		{message.Unknown, message.NoFailure, 0, `"code":"unknown","detail":"what became of it is not known"`, "det är okänt"},
		{message.Deleted, message.NoFailure, 0, "", ""},
		{message.Delivered, message.NoFailure, 0, "", ""},
		{message.Enroute, message.NoFailure, 0, "", ""},
	} {
		m.State = c.state
		m.Log = message.AppendEvent(nil, m.ID, message.Event{Kind: message.EventReport, At: m.ID.Millis(), Part: 1, State: c.state, Failure: c.failure, Code: c.code})
		for language, want := range map[string]string{"en": c.english, "sv": c.swedish} {
			if body := get("", language); strings.Contains(body, `"error"`) != (want != "") || !strings.Contains(body, want) {
				t.Errorf("%s: %s, want %q", c.state, body, want)
			}
		}
	}
	for language, want := range map[string]string{"en": "the phone is off", "sv": "telefonen är avstängd"} {
		if body := get("/trace", language); !strings.Contains(body, `"text":"`+want) || !strings.Contains(body, `"text":"by root"`) {
			t.Errorf("the trace: %s, want %q", body, want)
		}
	}
}
