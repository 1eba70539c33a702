package load_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// trials is for what takes real time, which a machine that is held up does not give: of three trials one has to go well. Each returns what
// is wrong.
func trials(t *testing.T, trial func() string) {
	t.Helper()
	var wrong string
	for range 3 {
		if wrong = trial(); wrong == "" {
			return
		}
	}
	t.Error(wrong)
}

// unless gives what is wrong, nothing if all is good.
func unless(good bool, facts ...any) string {
	if good {
		return ""
	}
	return fmt.Sprintf(strings.Repeat("%+v ", len(facts)), facts...)
}

// gateway answers like the HTTP interfaces of a gateway: every seventh message is refused, the others get a receipt,
// every fifth of them two.
type gateway struct {
	n     atomic.Int64
	hooks chan hook
	keys  sync.Map // of requests
}

// hook is one call that the gateway owes.
type hook struct{ method, address, body string }

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/cgi-bin/sendsms" {
		if q := r.URL.Query(); q.Get("dlr-url") != "" {
			g.hooks <- hook{http.MethodGet, strings.ReplaceAll(q.Get("dlr-url"), "%d", "1"), ""}
		}
		w.WriteHeader(http.StatusAccepted)
		io.WriteString(w, "0: Accepted for delivery")
		return
	}
	if r.Header.Get("Content-Type") == "application/x-ndjson" {
		g.stream(w, r)
		return
	}
	if key := r.Header.Get("Idempotency-Key"); key != "" {
		if _, again := g.keys.LoadOrStore(key, true); again {
			w.WriteHeader(http.StatusConflict)
			return
		}
	}
	type message struct{ To, Text, Reference, Webhook string }
	var one message
	var many struct{ Messages []message }
	body, _ := io.ReadAll(r.Body)
	several := json.Unmarshal(body, &many) == nil && len(many.Messages) > 0
	if !several && (json.Unmarshal(body, &one) != nil || r.Header.Get("Authorization") != "Bearer key" && r.Header.Get("Authorization") != "Basic dTpw") {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if !several {
		many.Messages = []message{one}
	}
	var out []string
	for i, m := range many.Messages {
		n := g.n.Add(1)
		if n%7 == 0 {
			continue
		}
		index := ""
		if several {
			index = fmt.Sprintf(`"index":%d,`, i)
		}
		out = append(out, fmt.Sprintf(`{%s"id":"%013d","to":%q}`, index, n, m.To))
		for range 1 + max(0, n%5-3) {
			if m.Webhook != "" {
				g.hooks <- hook{http.MethodPost, m.Webhook, fmt.Sprintf(`{"type":"message.state","data":{"id":"%013d","state":"delivered","reference":%q}}`, n, m.Reference)}
			}
		}
	}
	if len(out) == 0 {
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	w.WriteHeader(http.StatusAccepted)
	if several {
		w.(http.Flusher).Flush() // so that the body comes in chunks
	}
	fmt.Fprintf(w, `{"messages":[%s],"errors":[{"index":0,"code":"x"}]}`, strings.Join(out, ","))
}

// stream answers each line as it comes, and every seventh with an error.
func (g *gateway) stream(w http.ResponseWriter, r *http.Request) {
	_ = http.NewResponseController(w).EnableFullDuplex()
	lines := 0
	for in := bufio.NewScanner(r.Body); in.Scan(); {
		lines++
		var m struct{ To, Text string }
		if json.Unmarshal(in.Bytes(), &m) != nil || m.To == "" || m.Text == "" {
			return
		}
		if n := g.n.Add(1); n%7 == 0 {
			fmt.Fprintf(w, `{"line":%d,"code":"no_route","detail":"x"}`+"\n", lines)
		} else {
			fmt.Fprintf(w, `{"line":%d,"id":"%013d","to":%q}`+"\n", lines, n, m.To)
		}
		w.(http.Flusher).Flush()
	}
	fmt.Fprintf(w, `{"summary":{"lines":%d}}`+"\n", lines)
}
