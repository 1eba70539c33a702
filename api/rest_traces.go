package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"kurir/account"
	"kurir/resource"
)

// tracePaths registers the traces' part of the REST interface. Admins trace
// everything; ordinary accounts themselves, without texts.
func (s *httpServer) tracePaths() {
	s.rest("/v1/traces", methods{http.MethodGet: anyone(account.TracesRead, s.listTraces)})
	s.rest("/v1/traces/{kind}/{name}", methods{
		http.MethodGet: anyone(account.TracesRead, s.getPDUs).staying(), http.MethodPut: anyone(account.TracesWrite, s.putTrace), http.MethodDelete: anyone(account.TracesWrite, s.deleteTrace),
	})

	of := map[string]string{"kind": "`links` or `accounts`", "name": "of the link or account"}
	yes := &resource.Schema{Type: "boolean"}
	s.describe("GET /v1/traces", description{
		name: "listTraces", summary: "Traces of PDUs", list: &listing{"traces", resource.Traces(), traceView{}}, examples: []example{{call: "/v1/traces"}},
	})
	s.describe("GET /v1/traces/{kind}/{name}", description{
		name: "readTrace", summary: "The PDUs that a trace has", vars: of, text: "With `follow` they come as they are seen, a line of JSON for each.",
		query: []parameter{
			{"after", "number of the last that is known", &resource.Schema{Type: "integer"}},
			{"limit", "PDUs", wholeFrom(1, maxPDUs, resource.MaxLimit)},
			{"hex", "with their octets", yes},
			{"follow", "as they are seen", yes},
		},
		answers: map[int]any{http.StatusOK: pdusView{}}, tables: []string{ndjsonMedia}, line: pduView{},
		examples: []example{{call: "/v1/traces/accounts/acme?limit=1"}},
	})
	s.describe("PUT /v1/traces/{kind}/{name}", description{
		name: "startTrace", summary: "Begin a trace, in place of the one before", vars: of, text: "With `texts` for accounts that may administrate only.",
		body: traceBody{}, answers: map[int]any{http.StatusOK: traceView{}}, examples: []example{{call: "/v1/traces/accounts/acme", body: `{"for":"10m","pdus":100}`}},
	})
	s.describe("DELETE /v1/traces/{kind}/{name}", description{
		name: "endTrace", summary: "End a trace", vars: of, answers: map[int]any{http.StatusNoContent: nil}, examples: []example{{call: "/v1/traces/accounts/acme"}},
	})
}

// pdusView is what a trace has.
type pdusView struct {
	Trace traceView `json:"trace"`
	PDUs  []pduView `json:"pdus"`
}

// traceView is a trace in answers.
type traceView struct {
	Of      string `json:"of"`
	Name    string `json:"name"`
	On      bool   `json:"on"`
	By      string `json:"by"`
	Began   string `json:"began"`
	Until   string `json:"until"`
	PDUs    int    `json:"pdus"`
	Seen    uint64 `json:"seen"`
	Session uint64 `json:"session,omitempty"`
	Texts   bool   `json:"texts"`
}

func viewTrace(t **pduTrace) traceView {
	p := *t
	p.mu.Lock()
	defer p.mu.Unlock()
	return traceView{
		Of: p.kind, Name: p.name, On: !p.over, By: p.by, Began: seenTime(p.began), Until: seenTime(p.until),
		PDUs: p.pdus, Seen: p.seen, Session: p.session, Texts: p.texts,
	}
}

// listTraces is GET /v1/traces.
func (s *httpServer) listTraces(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	find := func() (list []*pduTrace, _ *problem) {
		for _, p := range s.Traces.all() {
			if mayTrace(a, p.traceKey) == nil {
				list = append(list, p)
			}
		}
		return list, nil
	}
	cell := func(p **pduTrace, field string) any {
		switch field {
		case "of":
			return (*p).kind
		case "on":
			return !(*p).isOver()
		}
		return (*p).name
	}
	return listRows(s, w, r, a, "traces", resource.Traces(), find, cell, viewTrace)
}

// mayTrace is the problem of an account that may not trace something.
func mayTrace(a *account.Account, key traceKey) *problem {
	if key.kind == traceAccounts && key.name == a.Name {
		return nil
	}
	return needAdmin(a)
}

// pathTrace reads what a path names.
func pathTrace(r *http.Request, a *account.Account) (traceKey, *problem) {
	key := traceKey{r.PathValue("kind"), r.PathValue("name")}
	if key.kind != traceLinks && key.kind != traceAccounts {
		return key, faulty(http.StatusNotFound, codeNotFound, "", "links and accounts can be traced, not %q", clip(key.kind))
	}
	return key, mayTrace(a, key)
}

// traceBody is the body of PUT.
type traceBody struct {
	PDUs    int    `json:"pdus" doc:"that are kept; the last ones"`
	For     string `json:"for" doc:"how long: 10m, at most 24h"`
	Session uint64 `json:"session" doc:"of this one only"`
	Texts   bool   `json:"texts" doc:"with the texts of messages"`
}

// putTrace is PUT /v1/traces/{kind}/{name}: it begins a trace, in place of the
// one before.
func (s *httpServer) putTrace(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	key, p := pathTrace(r, a)
	if p != nil {
		return p
	}
	var body traceBody
	if p := s.readJSON(w, r, a, &body); p != nil {
		return p
	}
	set := traceSettings{pdus: body.PDUs, long: defaultTrace, session: body.Session, texts: body.Texts, by: a.Actor()}
	if set.pdus == 0 {
		set.pdus = defaultPDUs
	}
	if body.For != "" {
		d, err := time.ParseDuration(body.For)
		if err != nil || d <= 0 || d > maxTrace {
			return faulty(http.StatusUnprocessableEntity, codeBadValue, "for", "for: %q is no time such as 10m, of at most 24h", clip(body.For))
		}
		set.long = d
	}
	if set.pdus < 1 || set.pdus > maxPDUs {
		return faulty(http.StatusUnprocessableEntity, codeBadValue, "pdus", "pdus is not a number from 1 to %d", maxPDUs)
	}
	if set.texts {
		if p := needAdmin(a); p != nil {
			return p
		}
	}
	trace, err := s.Traces.start(key, set)
	switch err {
	case nil:
	case errManyTraces:
		return &problem{Status: http.StatusTooManyRequests, Code: codeTooMany, Detail: err.Error(), RetryAfter: 60}
	default:
		return faulty(http.StatusNotFound, codeNotFound, "name", "%s", clip(err.Error()))
	}
	v := viewTrace(&trace)
	return answerJSON(w, &v)
}

// deleteTrace is DELETE /v1/traces/{kind}/{name}.
func (s *httpServer) deleteTrace(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	key, p := pathTrace(r, a)
	if p == nil {
		p = noQuery(r)
	}
	if p != nil {
		return p
	}
	if !s.Traces.stop(key, a.Name) {
		return noTrace(key, "")
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// noTrace is the problem of what is not traced; advice may be empty.
func noTrace(key traceKey, advice string) *problem {
	return faulty(http.StatusNotFound, codeNotFound, "name", "no trace of %q is on%s", clip(key.name), advice)
}

// askedPDUs are the parameters of GET.
type askedPDUs struct {
	after  uint64
	limit  int
	hex    bool
	texts  bool // the trace has them, and who asks may see them
	follow bool
}

func readAsked(r *http.Request) (q askedPDUs, p *problem) {
	params, p := parseQuery(r)
	if p != nil {
		return q, p
	}
	q.limit = resource.MaxLimit
	for name, values := range params {
		var err error
		switch name {
		case "after":
			q.after, err = strconv.ParseUint(values[0], 10, 64)
		case "limit":
			if q.limit, err = strconv.Atoi(values[0]); err == nil && (q.limit < 1 || q.limit > maxPDUs) {
				err = strconv.ErrRange
			}
		case "hex":
			q.hex, err = strconv.ParseBool(values[0])
		case "follow":
			q.follow, err = strconv.ParseBool(values[0])
		default:
			return q, faulty(http.StatusBadRequest, codeUnknownQuery, clip(name), "there is no parameter %q here; there are after, limit, hex, follow", clip(name))
		}
		if err != nil {
			return q, faulty(http.StatusBadRequest, codeBadValue, name, "%s: %q cannot be", name, clip(values[0]))
		}
	}
	return q, nil
}

// getPDUs is GET /v1/traces/{kind}/{name}: what the trace has, or with follow
// a stream of what it has and gets, a line of JSON for each PDU.
func (s *httpServer) getPDUs(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	key, p := pathTrace(r, a)
	if p != nil {
		return p
	}
	q, p := readAsked(r)
	if p != nil {
		return p
	}
	trace := s.Traces.get(key)
	if trace == nil {
		return noTrace(key, "; PUT begins one")
	}
	q.texts = trace.texts && a.Admin && a.SeesTexts()
	if q.texts {
		s.Log.Info("trace with texts is read", "of", key.kind, "name", key.name, "by", a.Actor())
	}
	if q.follow {
		return s.followTrace(w, r, trace, q)
	}
	found, _ := trace.after(q.after, q.limit)
	answer := pdusView{viewTrace(&trace), make([]pduView, 0, len(found))}
	for i := range found {
		answer.PDUs = append(answer.PDUs, viewPDU(&found[i], trace.pduReading, q.texts, q.hex))
	}
	return answerJSON(w, &answer)
}

const (
	followBeat  = 15 * time.Second // an empty line, so that a client who has gone is noticed
	followWrite = 30 * time.Second // for one helping
	followMost  = 200              // PDUs in it
)

// followTrace streams a trace until it is over or the client goes.
func (s *httpServer) followTrace(w http.ResponseWriter, r *http.Request, trace *pduTrace, q askedPDUs) *problem {
	leave, ok := s.Traces.follow()
	if !ok {
		return &problem{Status: http.StatusTooManyRequests, Code: codeTooMany, Detail: "too many requests follow traces; end one first", RetryAfter: 5}
	}
	defer leave()
	h := w.Header()
	h.Set("Content-Type", "application/x-ndjson")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // a proxy in between must not gather
	w.WriteHeader(http.StatusOK)
	control := http.NewResponseController(w)
	for r.Context().Err() == nil {
		found, over := trace.after(q.after, followMost)
		_ = control.SetWriteDeadline(time.Now().Add(followWrite)) // not every connection can
		if err := writePDUs(w, found, trace.pduReading, q.texts, q.hex); err != nil || control.Flush() != nil {
			return nil
		}
		if len(found) > 0 {
			q.after = found[len(found)-1].n
			continue
		}
		if over {
			return nil
		}
		if !waitTrace(r.Context(), trace, q.after) {
			if _, err := w.Write([]byte("\n")); err != nil {
				return nil
			}
		}
	}
	return nil
}

// waitTrace waits for more; false when it was time for a sign of life first.
func waitTrace(ctx context.Context, trace *pduTrace, after uint64) bool {
	began := time.Now()
	trace.wait(ctx, after, followBeat)
	return time.Since(began) < followBeat
}

// writePDUs writes a line for each PDU.
func writePDUs(w http.ResponseWriter, list []tracedPDU, reading pduReading, texts, hexes bool) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for i := range list {
		if err := e.Encode(viewPDU(&list[i], reading, texts, hexes)); err != nil {
			return err
		}
	}
	return nil
}
