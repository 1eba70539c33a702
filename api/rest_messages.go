package api

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"kurir/account"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
)

// postMessages is POST /v1/messages: one or many messages at once. 202 says
// which were accepted, and are on disk, and which were not and why.
func (s *httpServer) postMessages(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	return s.postMessagesVia(w, r, a, "")
}

// postMessagesVia is postMessages; a link that is named takes the place of the
// route.
func (s *httpServer) postMessagesVia(w http.ResponseWriter, r *http.Request, a *account.Account, link string) *problem {
	if isNDJSON(r) {
		return s.streamMessages(w, r, a, link)
	}
	req, p := s.readMessages(w, r, a)
	if p != nil {
		return p
	}
	b := batch{several: req.several, atomic: req.atomic, link: link, addressing: addressing{s, r.Context()}}
	if p := b.build(req, a, s.Guard, s.TLVs()); p != nil {
		return p
	}
	if b.mailing != nil {
		return s.postMailing(w, r, a, &b)
	}
	if key := keptWith(w); key != nil {
		key.Answer = b.kept
		for _, sub := range b.subs {
			sub.Keyed = key
		}
	}
	if b.atomic && len(b.bad) > 0 {
		b.withhold()
	} else if len(b.subs) > 0 {
		if b.results, p = s.submit(b.subs); p != nil {
			return p
		}
		tellRate(w, a)
	}
	return b.answer(w)
}

// readMessages reads the body of POST /v1/messages.
func (s *httpServer) readMessages(w http.ResponseWriter, r *http.Request, a *account.Account) (*restRequest, *problem) {
	wrongType := wantType(r, "application/json")
	if wrongType != nil && !isForm(r) {
		return nil, wrongType
	}
	if p := onlyQuery(r, "none is known but summary, of messages in lines (application/x-ndjson)"); p != nil {
		return nil, p
	}
	body, p := s.readBody(w, r, a)
	if p != nil {
		return nil, p
	}
	defer body.free(s)
	text := bytes.TrimSpace(body.b)
	if wrongType != nil && len(text) > 0 && text[0] != '{' && text[0] != '[' {
		return nil, wrongType
	}
	return readRequest(body.b)
}

// isForm tells whether the body is said to be a form. curl -d says so of
// everything, also of JSON, which is then believed to be what it looks like.
func isForm(r *http.Request) bool {
	return r.Header.Get("Content-Type") == "application/x-www-form-urlencoded"
}

// batch is what a request becomes, or some lines of a stream: submissions to hand
// over, and those that were bad before.
type batch struct {
	several, atomic bool
	together        bool                 // more than one message
	stream          uint32               // of which these are some lines; 0 for none
	link            string               // in place of the route; empty: the routes decide
	made            []gateway.Submission // room for those to come
	subs            []*gateway.Submission
	at              []int // index within "messages" of each submission, or number of its line
	results         []gateway.Result
	bad             []fieldError
	kinds           []message.FailureKind // of bad

	addressing                  // finds contacts and groups
	mailing    *gateway.Mailing // the request is one to so many that it becomes a job; nil for most
}

// build makes a submission per recipient.
func (b *batch) build(req *restRequest, a *account.Account, guard *Guard, tlvs *message.TLVDictionary) *problem {
	total := 0
	for i := range req.messages {
		total += len(req.messages[i].to)
	}
	if total > maxMessages {
		return faulty(http.StatusUnprocessableEntity, codeTooMany, "to", "a request may make at most %d messages, this one would make %d", maxMessages, total)
	}
	b.made = make([]gateway.Submission, total) // one allocation for all
	b.subs = make([]*gateway.Submission, 0, total)
	b.together = total > 1
	for i := range req.messages {
		b.add(i, &req.messages[i], a, guard, tlvs)
	}
	return nil
}

// add makes the submissions of one message, which stands at an index.
func (b *batch) add(index int, m *restMessage, a *account.Account, guard *Guard, tlvs *message.TLVDictionary) {
	if m.people != nil {
		b.addPeople(index, m, a)
		return
	}
	if len(m.to) == 0 {
		b.fail(index, "", message.Fail(message.BadRecipient, "to", "to is missing or empty"))
		return
	}
	common, failure := m.submission(a, guard, tlvs)
	common.Atomic, common.Batch, common.Stream, common.Link = b.atomic, b.together, b.stream, b.link
	for _, to := range m.to {
		switch {
		case failure != nil:
			b.fail(index, to, failure)
			continue
		case to == "":
			b.fail(index, to, message.Fail(message.BadRecipient, "to", "a recipient is empty"))
			continue
		}
		b.made[0] = common
		b.made[0].To = to
		b.subs = append(b.subs, &b.made[0])
		b.made = b.made[1:]
		if b.several {
			b.at = append(b.at, index)
		}
	}
}

// fail records a message that is not accepted.
func (b *batch) fail(index int, to string, f *message.Failure) {
	if !b.several {
		index = -1
	}
	b.kinds = append(b.kinds, f.Kind)
	b.bad = append(b.bad, fieldError{Index: index, To: clip(to), Field: f.Field, Code: f.Kind.Code(), Detail: f.Error()})
}

// withhold refuses all that are good, because others of an atomic request are
// not.
func (b *batch) withhold() {
	for i, sub := range b.subs {
		b.fail(b.index(i), sub.To, &message.Failure{Kind: message.Withheld, Field: "atomic"})
	}
}

// index returns the place within "messages" of a submission.
func (b *batch) index(i int) int {
	if b.several {
		return b.at[i]
	}
	return -1
}

// answers keeps the octets of answers.
var answers = sync.Pool{New: func() any { b := make([]byte, 0, 1<<10); return &b }}

// kept is the answer as it is kept for repetitions of the request. It is made
// by another goroutine, of a copy of the batch.
func (b batch) kept(results []gateway.Result) []byte {
	b.results, b.bad, b.kinds = results, slices.Clip(b.bad), slices.Clip(b.kinds)
	out, _ := b.append(appendAnswer(nil, http.StatusAccepted, "", "", nil))
	return out
}

// answer writes what was accepted, or returns the problem if nothing was.
func (b *batch) answer(w http.ResponseWriter) *problem {
	buf := answers.Get().(*[]byte)
	out, accepted := b.append((*buf)[:0])
	defer func() {
		if *buf = out; cap(out) <= maxPooledBody {
			answers.Put(buf)
		}
	}()
	if accepted == 0 {
		return refusal(b.kinds, b.bad)
	}
	writeJSON(w, http.StatusAccepted, out)
	return nil
}

// append appends the answer and returns how many messages were accepted.
func (b *batch) append(out []byte) ([]byte, int) {
	out = append(out, `{"messages":[`...)
	accepted := 0
	for i := range b.results {
		res := &b.results[i]
		index := b.index(i)
		if res.Failure != nil {
			b.fail(index, b.subs[i].To, res.Failure)
			continue
		}
		if accepted > 0 {
			out = append(out, ',')
		}
		accepted++
		out = appendResult(out, res, index)
	}
	out = append(out, `],"errors":`...)
	out = appendFieldErrors(out, b.bad)
	return append(out, "}\n"...), accepted
}

func appendResult(out []byte, r *gateway.Result, index int) []byte {
	out = append(out, '{')
	if index >= 0 {
		out = append(out, `"index":`...)
		out = strconv.AppendInt(out, int64(index), 10)
		out = append(out, ',')
	}
	return append(appendAccepted(out, r), '}')
}

// appendAccepted appends the members of a result.
func appendAccepted(out []byte, r *gateway.Result) []byte {
	out = append(out, `"id":"`...)
	out = r.ID.Append(out)
	out = append(out, `","to":`...)
	out = appendJSONString(out, r.To.String())
	out = append(out, `,"state":"`...)
	out = append(out, r.State.String()...)
	out = append(out, `","parts":`...)
	out = strconv.AppendInt(out, int64(r.Parts), 10)
	out = append(out, `,"encoding":"`...)
	out = append(out, r.Encoding.String()...)
	out = append(out, '"')
	if r.Cost != nil {
		out = append(append(append(out, `,"price":"`...), r.Cost.Amount.String()...), `","currency":`...)
		out = appendJSONString(out, r.Cost.Currency)
	}
	if r.Changed != nil {
		out = appendChanged(out, r.Changed)
	}
	if len(r.More) > 0 {
		out = append(out, `,"more":[`...)
		for i, id := range r.More {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(id.Append(append(out, '"')), '"')
		}
		out = append(out, ']')
	}
	return out
}

// appendChanged tells what was done to a text.
func appendChanged(out []byte, c *gateway.Changed) []byte {
	if len(c.Replaced) > 0 {
		out = append(out, `,"replaced":`...)
		out = appendReplaced(out, c.Replaced)
	}
	if c.Cut > 0 {
		out = append(out, `,"left_out":`...)
		out = strconv.AppendInt(out, int64(c.Cut), 10)
	}
	return out
}

// appendReplaced lists characters and what stands for each.
func appendReplaced(out []byte, list []gsm.Replaced) []byte {
	out = append(out, '[')
	for i, r := range list {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, `{"character":`...)
		out = appendJSONString(out, string(r.Rune))
		out = append(out, `,"by":`...)
		if r.Kept {
			out = append(out, "null"...)
		} else {
			out = appendJSONString(out, r.By)
		}
		out = append(out, `,"count":`...)
		out = strconv.AppendInt(out, int64(r.Count), 10)
		out = append(out, '}')
	}
	return append(out, ']')
}

// Header values that every answer has, made once.
var (
	jsonType = []string{"application/json"}
	noStore  = []string{"no-store"}
)

// writeJSON answers with a JSON text.
func writeJSON(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h["Content-Type"] = jsonType
	h["Cache-Control"] = noStore
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone needs no answer
}
