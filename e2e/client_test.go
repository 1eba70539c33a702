package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// rest is a client of the HTTP interfaces of one server.
type rest struct {
	t      testing.TB
	base   string
	key    string
	client *http.Client
}

// viewed is a message as GET /v1/messages shows it.
type viewed struct {
	ID        string   `json:"id"`
	State     string   `json:"state"`
	To        string   `json:"to"`
	From      string   `json:"from"`
	Text      string   `json:"text"`
	Parts     int      `json:"parts"`
	Encoding  string   `json:"encoding"`
	Reference string   `json:"reference"`
	Via       string   `json:"via"`
	Link      string   `json:"link"`
	Operator  []string `json:"operator_ids"`
	Created   string   `json:"created"`
	Final     string   `json:"final"`
	Error     *struct {
		Code         string `json:"code"`
		OperatorCode int    `json:"operator_code"`
	} `json:"error"`
}

// problem is an RFC 9457 document.
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Errors []struct {
		Field  string `json:"field"`
		Code   string `json:"code"`
		Detail string `json:"detail"`
	} `json:"errors"`
}

// trace is GET /v1/messages/{id}/trace.
type trace struct {
	Message viewed   `json:"message"`
	Links   []string `json:"links"`
	Routes  []struct {
		Rule    int    `json:"rule"`
		Matched bool   `json:"matched"`
		Why     string `json:"why"`
	} `json:"routes"`
	Events []map[string]any `json:"events"`
}

// do makes a request; status is 0 when there was no answer.
func (r *rest) do(method, path, contentType string, body io.Reader) (int, []byte, http.Header, error) {
	req, err := http.NewRequest(method, r.base+path, body)
	if err != nil {
		return 0, nil, nil, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if r.key != "" && strings.HasPrefix(path, "/v1/") {
		req.Header.Set("Authorization", "Bearer "+r.key)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, text, resp.Header, err
}

// get fetches a page; 0 when there was no answer.
func (r *rest) get(path string) (int, string) {
	status, body, _, err := r.do(http.MethodGet, path, "", nil)
	if err != nil {
		return 0, err.Error()
	}
	return status, string(body)
}

// fetch decodes a page that must be there.
func (r *rest) fetch(path string, v any) {
	r.t.Helper()
	status, text := r.get(path)
	if status != http.StatusOK {
		r.t.Fatalf("GET %s: %d %s", path, status, text)
	}
	if err := json.Unmarshal([]byte(text), v); err != nil {
		r.t.Fatalf("GET %s: %v\n%s", path, err, text)
	}
}

// post sends JSON to /v1/messages and returns the status and the body.
func (r *rest) post(body string) (int, []byte) {
	r.t.Helper()
	status, text, _, err := r.do(http.MethodPost, "/v1/messages", "application/json", strings.NewReader(body))
	if err != nil {
		r.t.Fatalf("POST /v1/messages: %v", err)
	}
	return status, text
}

// send sends one message that must be accepted; fields are further members of the object.
func (r *rest) send(to, text string, fields ...string) string {
	r.t.Helper()
	object := map[string]any{"to": to, "text": text}
	for i := 0; i < len(fields); i += 2 {
		object[fields[i]] = fields[i+1]
	}
	body, _ := json.Marshal(object)
	status, answer := r.post(string(body))
	var accepted struct {
		Messages []viewed `json:"messages"`
	}
	if err := json.Unmarshal(answer, &accepted); status != http.StatusAccepted || err != nil || len(accepted.Messages) != 1 {
		r.t.Fatalf("POST /v1/messages: %d %s", status, answer)
	}
	return accepted.Messages[0].ID
}

// message reads one message.
func (r *rest) message(id string) viewed {
	r.t.Helper()
	var v viewed
	r.fetch("/v1/messages/"+id, &v)
	return v
}

// trace reads what happened to one message, as its text and decoded.
func (r *rest) trace(id string) (string, trace) {
	r.t.Helper()
	status, text := r.get("/v1/messages/" + id + "/trace")
	if status != http.StatusOK {
		r.t.Fatalf("trace of %s: %d %s", id, status, text)
	}
	var tr trace
	if err := json.Unmarshal([]byte(text), &tr); err != nil {
		r.t.Fatalf("trace of %s: %v", id, err)
	}
	return text, tr
}

// becomes waits until a message has the state.
func (r *rest) becomes(id, state string) viewed {
	r.t.Helper()
	var v viewed
	eventually(r.t, "message "+id+" is "+state, func() bool {
		v = r.message(id)
		if v.State != state && final[v.State] {
			r.t.Fatalf("message %s is %s, not %s: %+v", id, v.State, state, v)
		}
		return v.State == state
	})
	return v
}

// final are the states that do not change any more.
var final = map[string]bool{
	"delivered": true, "sent": true, "expired": true, "deleted": true, "undeliverable": true, "rejected": true, "unknown": true,
}

// pages reads a whole list, page by page, and gives each entry to see.
func (r *rest) pages(query url.Values, see func(viewed)) (pages int) {
	r.t.Helper()
	for path := "/v1/messages?" + query.Encode(); ; {
		var page struct {
			Messages []viewed `json:"messages"`
			Next     string   `json:"next"`
		}
		r.fetch(path, &page)
		pages++
		for _, m := range page.Messages {
			see(m)
		}
		if page.Next == "" {
			return pages
		}
		path = page.Next
	}
}

// over waits until at least n messages are in the list and all of it is final. It holds those, too, whose acceptance their customer never
// heard of, so that it may be later than what the customer waits for.
func (r *rest) over(n int) {
	r.t.Helper()
	open := map[string]string{}
	defer func() {
		if r.t.Failed() {
			r.t.Logf("%d messages are not final: %.500s", len(open), fmt.Sprint(open))
		}
	}()
	within(r.t, 2*patience, "all messages are final", func() bool {
		clear(open)
		listed := 0
		r.pages(url.Values{"limit": {"1000"}}, func(v viewed) {
			listed++
			if !final[v.State] {
				open[v.ID] = v.State
			}
		})
		return listed >= n && len(open) == 0
	})
}

// sendsms sends by Kannel's interface.
func (r *rest) sendsms(values url.Values) (int, string) {
	r.t.Helper()
	q := url.Values{"username": {account}, "password": {password}}
	for name, v := range values {
		q[name] = v
	}
	return r.get("/cgi-bin/sendsms?" + q.Encode())
}

// metric reads one figure of /metrics; label is what stands in braces, empty for none.
func (r *rest) metric(name string) float64 {
	r.t.Helper()
	status, text := r.get("/metrics")
	if status != http.StatusOK {
		r.t.Fatalf("/metrics: %d", status)
	}
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			var v float64
			if _, err := fmt.Sscan(rest, &v); err != nil {
				r.t.Fatalf("/metrics: %q: %v", line, err)
			}
			return v
		}
	}
	r.t.Fatalf("/metrics has no %s:\n%s", name, text)
	return 0
}

// judgePages fails when a page for operators holds what it never may.
func (r *rest) judgePages() {
	r.t.Helper()
	for _, path := range []string{"/metrics", "/healthz", "/readyz"} {
		status, text := r.get(path)
		if status == 0 {
			r.t.Fatalf("%s: %s", path, text)
		}
		judge(r.t, path, text)
	}
}

// decodeProblem reads a problem document.
func decodeProblem(t testing.TB, body []byte) problem {
	t.Helper()
	var p problem
	d := json.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(&p); err != nil {
		t.Fatalf("no problem document: %v\n%s", err, body)
	}
	return p
}
