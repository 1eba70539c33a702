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
	o.Resend = func(_ context.Context, account string, id message.ID) (gateway.Result, error) {
		switch {
		case id == m.ID && account == "acme":
			return gateway.Result{ID: 2 << 40, To: m.To, State: message.Queued, Parts: 1}, nil
		case id == 3<<40:
			return gateway.Result{}, message.Fail(message.NotPermitted, "id", "the message was delivered")
		case id == 4<<40:
			return gateway.Result{}, &message.Failure{Kind: message.NoMoney}
		}
		return gateway.Result{}, gateway.ErrNotFound
	}
	h := NewHTTP(o)
	w := asAcme(h, "GET", "/v1/queues/dead", "", "Accept-Language", "sv-SE, en;q=0.5")
	if body := w.Body.String(); w.Code != 200 || !strings.Contains(body, "telefonen är avstängd") || !strings.Contains(body, `"operator_code":27`) {
		t.Errorf("%d %s", w.Code, body)
	}
	if len(asked.States) != 4 {
		t.Errorf("asked for %v", asked.States)
	}
	if w := asAcme(h, "GET", "/v1/queues/dead?state=undeliverable,delivered", ""); w.Code != 200 || len(asked.States) != 1 || !strings.Contains(w.Body.String(), "off or out of coverage") {
		t.Errorf("%d %v %s", w.Code, asked.States, w.Body)
	}
	for id, want := range map[message.ID]int{m.ID: 202, 3 << 40: 409, 4 << 40: 402, 5 << 40: 404} {
		if w := asAcme(h, "POST", "/v1/messages/"+id.String()+"/resend", ""); w.Code != want {
			t.Errorf("resend: %d %s, want %d", w.Code, w.Body, want)
		}
	}
}
