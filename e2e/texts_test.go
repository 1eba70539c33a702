package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"kurir/simulator"
	"kurir/smpp"
)

// TestComplaint11Texts: texts that need Unicode or more than one message reach the phone as the account's rules say, by
// interface, in national tables where the link has them; what was changed is told.
func TestComplaint11Texts(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{
		link:    `, languages: [turkish]`,
		account: `, text: {unicode: simplify, languages: [turkish], long: separate, numbered: true, smpp: {unicode: refuse, long: refuse}}`,
	})
	linked(t, sim)

	type result struct {
		ID       string   `json:"id"`
		Parts    int      `json:"parts"`
		Encoding string   `json:"encoding"`
		More     []string `json:"more"`
		Replaced []struct{ Character, By string }
	}
	send := func(path, body string) (r result) {
		t.Helper()
		status, answer, _, err := s.do(http.MethodPost, path, "application/json", strings.NewReader(body))
		var accepted struct{ Messages []result }
		if err != nil || json.Unmarshal(answer, &accepted) != nil || len(accepted.Messages) == 0 && json.Unmarshal(answer, &r) != nil || status >= 300 {
			t.Fatalf("%s: %d %s, %v", path, status, answer, err)
		}
		if len(accepted.Messages) > 0 {
			r = accepted.Messages[0]
		}
		return r
	}
	phone := func(to string) (texts []string, messages int) {
		for _, p := range sim.Messages(simulator.Filter{To: to}) {
			texts = append(texts, p.Text)
			messages++
		}
		return texts, messages
	}

	quoted := `{"to": "+46701000001", "text": "ref-1 “` + textMark + `” – å"}`
	before := send("/v1/preview", quoted)
	r := send("/v1/messages", quoted)
	s.becomes(r.ID, "delivered")
	if texts, n := phone("46701000001"); n != 1 || texts[0] != "ref-1 \""+textMark+"\" - å" || r.Encoding != "gsm7" || len(r.Replaced) != 3 || before.Encoding != "gsm7" || len(before.Replaced) != 3 {
		t.Errorf("simplified: %q, %+v, foreseen %+v", texts, r, before)
	}
	if trace, _ := s.trace(r.ID); !strings.Contains(trace, `3 characters of the text got their plain form`) {
		t.Errorf("the trace: %s", trace)
	}

	turkish := "ref-2 " + textMark + " Sayın müşterimiz, şifreniz değişmiştir. Lütfen bilginiz dışındaysa arayınız."
	r = send("/v1/messages", `{"to": "+46701000002", "text": "`+turkish+`"}`)
	s.becomes(r.ID, "delivered")
	if texts, n := phone("46701000002"); n != 1 || texts[0] != turkish || r.Parts != 1 || r.Encoding != "gsm7" || r.Replaced != nil {
		t.Errorf("Turkish: %q, %+v", texts, r)
	}

	long := "ref-3 " + textMark + strings.Repeat(" ord", 60)
	r = send("/v1/messages", `{"to": "+46701000003", "text": "`+long+`"}`)
	if len(r.More) != 1 || r.Parts != 2 {
		t.Fatalf("separate: %+v", r)
	}
	s.becomes(r.ID, "delivered")
	s.becomes(r.More[0], "delivered")
	texts, n := phone("46701000003")
	if n == 2 && strings.HasPrefix(texts[0], "2/2") {
		texts[0], texts[1] = texts[1], texts[0]
	}
	if n != 2 || strings.TrimPrefix(texts[0], "1/2 ")+" "+strings.TrimPrefix(texts[1], "2/2 ") != long || sim.Messages(simulator.Filter{To: "46701000003"})[0].Header != nil {
		t.Errorf("separate: %q", texts)
	}

	e := bindTo(t, s.smpp, smpp.Transceiver)
	m := shortText("46701000004", "")
	m.DataCoding, m.Text = 8, []byte("\x20\x13")
	if status, _ := e.submit(m); status == smpp.ESME_ROK {
		t.Error("Unicode over SMPP is not refused")
	}
	m.Text = []byte("\x00h\x00i")
	if status, _ := e.submit(m); status != smpp.ESME_ROK {
		t.Errorf("a text that only asks for UCS-2: %v", status)
	}
}
