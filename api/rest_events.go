package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/resource"
)

// eventPaths serves the stream of an account's events.
func (s *httpServer) eventPaths() {
	s.rest("/v1/events", methods{http.MethodGet: anyone(account.EventsRead, s.getEvents).staying()})
	types := &resource.Schema{Type: "array", Items: oneOf(typeState, typeInbound)}
	s.describe("GET /v1/events", description{
		name: "followEvents", summary: "Events as they happen",
		text: "A stream without end, in the form of server-sent events, of states of the account's messages and of messages from phones. " +
			"`data` of each is what a webhook of the same type has as its body, `id` the position to go on from. 410 for a position behind which not all events are kept.",
		query: []parameter{
			{"account", "whose, for accounts that may administrate; left out: one's own", nil},
			{"cursor", "`id` of an event: begins behind it; left out: now", nil},
			{"since", "begins with the events from then on: RFC 3339, a date, or Unix seconds", nil},
			{"types", "only events of these types", types},
			{"reference", "only states of messages with this reference", nil},
			{"tag", "only events of messages with this tag", nil},
		},
		needs: []string{"Last-Event-ID"}, tables: []string{eventStreamMedia}, line: schemaOf(streamedEvent), answers: map[int]any{http.StatusOK: nil},
		also: []int{http.StatusNotFound, http.StatusGone},
		examples: []example{
			{name: "states", call: "/v1/events?types=message.state&tag=shop", media: eventStreamMedia},
			{name: "refused", call: "/v1/events?since=2025-01-01", status: http.StatusGone},
		},
	})
}

const eventStreamMedia = "text/event-stream"

const (
	eventBeat  = 15 * time.Second // a comment, so that a client or proxy that has gone is noticed
	eventWrite = 20 * time.Second // for one helping of writing
	eventPiece = 64 << 10         // octets of it
	eventRetry = "retry: 3000\n"  // milliseconds after which clients come back
	eventAhead = time.Hour        // by which a position may lie in the future: it may have been given out before the clock was set back
)

// askedEvents is what a stream is asked for.
type askedEvents struct {
	account        string
	after          message.ID // 0: from now on
	types          []string   // none: all
	reference, tag string
	blind          bool // without what phones write
}

// The types of events; streams have the first two.
const (
	typeState      = "message.state"
	typeInbound    = "message.inbound"
	typeLow        = "balance.low"
	typeAlarmBegan = "alarm.began"
	typeAlarmEnded = "alarm.ended"
)

// eventParameters are those of GET /v1/events.
const eventParameters = "account, cursor, since, types, reference, tag"

// readEvents reads what a request asks for.
func (s *httpServer) readEvents(r *http.Request, a *account.Account) (q askedEvents, p *problem) {
	params, p := parseQuery(r)
	if p != nil {
		return q, p
	}
	q.account, q.blind = a.Name, !a.SeesTexts()
	bad := func(field, format string, args ...any) *problem {
		return faulty(http.StatusBadRequest, codeBadValue, field, format, args...)
	}
	position := func(name, text string) (p *problem) {
		var err error
		if q.after, err = gateway.EventPosition(text); err != nil {
			p = bad(name, "%s: %q is no id of an event: %v", name, clip(text), err)
		}
		return p
	}
	for name, values := range params {
		value := values[0]
		switch name {
		case "account":
			q.account = value
		case "cursor":
			p = position(name, value)
		case "since":
			at, err := resource.ParseTime(value)
			if err != nil {
				p = bad(name, "since: %v", err)
			}
			q.after = gateway.EventPositionAt(at)
		case "types":
			q.types = strings.Split(value, ",")
			for _, t := range q.types {
				if t != typeState && t != typeInbound {
					p = bad(name, "types: %q is no type of events; %s and %s are", clip(t), typeState, typeInbound)
				}
			}
		case "reference":
			q.reference = value
		case "tag":
			q.tag = value
		default:
			p = faulty(http.StatusBadRequest, codeUnknownQuery, clip(name), "there is no parameter %q here; there are %s", clip(name), eventParameters)
		}
		if p != nil {
			return q, p
		}
	}
	if params.Has("cursor") && params.Has("since") {
		return q, bad("since", "cursor and since both say where to begin; leave one out")
	}
	if last := r.Header.Get("Last-Event-ID"); last != "" { // of a browser that comes back to the same address
		if p := position("Last-Event-ID", last); p != nil {
			return q, p
		}
	}
	if q.after.Time().After(s.Now().Add(eventAhead)) {
		return q, bad("cursor", "the position to begin at lies in the future")
	}
	return q, s.mayFollow(a, q.account)
}

// mayFollow is the problem of an account that may not follow another's events.
func (s *httpServer) mayFollow(a *account.Account, name string) *problem {
	if name == a.Name {
		return nil
	}
	if p := needAdmin(a); p != nil {
		return p
	}
	if s.Accounts().ByName(name) == nil {
		return faulty(http.StatusNotFound, codeNotFound, "account", "there is no account %q", clip(name))
	}
	return nil
}

// wants tells whether an event is asked for, and may be seen.
func (q *askedEvents) wants(f *frame) bool {
	t := typeState
	if f.inbound {
		t = typeInbound
	}
	if f.inbound && q.blind { // it is little but its text
		return false
	}
	return (len(q.types) == 0 || slices.Contains(q.types, t)) && (q.reference == "" || q.reference == f.reference) && (q.tag == "" || q.tag == f.tag)
}

// getEvents is GET /v1/events: a stream of what becomes of the account's messages
// and of what comes from phones (server-sent events of the HTML standard). The id
// of each is the position to go on from.
func (s *httpServer) getEvents(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	q, p := s.readEvents(r, a)
	if p != nil {
		return p
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.Timeout)
	defer cancel()
	st, err := s.Events.open(ctx, q.account)
	if err != nil {
		return eventsProblem(err)
	}
	defer st.close()
	if q.after != 0 {
		if err := st.seek(ctx, q.after); err != nil {
			return eventsProblem(err)
		}
	}
	h := w.Header()
	h.Set("Content-Type", eventStreamMedia)
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no") // a proxy in between must not gather
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		s.stream(w, r, a, &q, st)
	}
	return nil
}

// eventsProblem is the answer to why a stream cannot be opened.
func eventsProblem(err error) *problem {
	var gone *gateway.EventsGoneError
	var f *message.Failure
	switch {
	case errors.As(err, &gone):
		since := "now"
		if gone.Floor != 0 {
			since = seenTime(gone.Floor.Time())
		}
		return faulty(http.StatusGone, codeGone, "cursor",
			"events are kept since %s; begin without a position, and ask GET /v1/messages and GET /v1/inbound for what was missed", since)
	case errors.Is(err, errManyStreams):
		return &problem{Status: http.StatusServiceUnavailable, Code: codeTooMany, Detail: err.Error() + "; try again later", RetryAfter: 30}
	case errors.Is(err, errManyOfYours):
		return &problem{Status: http.StatusTooManyRequests, Code: codeTooMany, Detail: err.Error(), RetryAfter: 30}
	case errors.Is(err, gateway.ErrStopped):
		f = &message.Failure{Kind: message.Stopping}
	case !errors.As(err, &f):
		return readProblem(err, "event")
	}
	return failed(f)
}

// stream sends events until the client goes, reads too slowly or may not any
// more, or the server stops.
func (s *httpServer) stream(w http.ResponseWriter, r *http.Request, a *account.Account, q *askedEvents, st *eventStream) {
	out := &eventWriter{w: w, control: http.NewResponseController(w), q: q}
	if out.write([]byte(eventRetry)) != nil || out.position(st.at) != nil {
		return
	}
	beat := time.NewTimer(eventBeat)
	defer beat.Stop()
	accounts, checked := s.Accounts(), time.Now()
	for r.Context().Err() == nil && s.Events.ctx.Err() == nil {
		if now := s.Accounts(); now != accounts || a.Key() != nil && time.Since(checked) >= eventBeat { // a key expires
			if accounts, checked = now, time.Now(); !s.stillMayFollow(w, r, a.Name, q.account) {
				return
			}
		}
		got, more, err := st.next(r.Context())
		if err != nil {
			s.Log.Debug("a stream of events ends", "account", q.account, "error", err)
			return
		}
		if more == nil {
			if out.send(&got, st.at) != nil {
				return
			}
			st.at = got.to
			continue
		}
		if out.dirty {
			beat.Reset(eventBeat)
		}
		if out.flush() != nil {
			return
		}
		select {
		case <-more:
		case <-r.Context().Done():
		case <-s.Events.ctx.Done():
		case <-beat.C:
			if out.beat(st.at) != nil {
				return
			}
		}
	}
}

// stillMayFollow tells whether a stream may go on under accounts and keys that
// have changed since.
func (s *httpServer) stillMayFollow(w http.ResponseWriter, r *http.Request, name, of string) bool {
	a, p := s.authenticate(r)
	if o := anyone(account.EventsRead, nil); p == nil {
		a, p = o.permit(w, a)
	}
	return p == nil && a.Name == name && s.mayFollow(a, of) == nil
}

// eventWriter writes what a stream says.
type eventWriter struct {
	w       io.Writer
	control *http.ResponseController
	q       *askedEvents
	said    message.ID // the last position
	dirty   bool       // something is not flushed
}

// write writes at most about eventPiece octets, within eventWrite.
func (o *eventWriter) write(b []byte) error {
	_ = o.control.SetWriteDeadline(time.Now().Add(eventWrite))
	o.dirty = true
	_, err := o.w.Write(b)
	return err
}

func (o *eventWriter) flush() error {
	if !o.dirty {
		return nil
	}
	o.dirty = false
	_ = o.control.SetWriteDeadline(time.Now().Add(eventWrite))
	return o.control.Flush()
}

// position says where the stream stands, without an event.
func (o *eventWriter) position(at message.ID) error {
	o.said = at
	return o.write([]byte("id: " + at.String() + "\n\n"))
}

// beat says that the stream lives, and where it stands if events were left out.
func (o *eventWriter) beat(at message.ID) error {
	if at != o.said {
		return o.position(at)
	}
	return o.write([]byte(":\n\n"))
}

// send sends those events of a helping that lie behind a position and are asked
// for.
func (o *eventWriter) send(got *helping, after message.ID) error {
	piece := make([]byte, 0, min(got.octets, eventPiece))
	for i := range got.frames {
		f := &got.frames[i]
		if f.position <= after || !o.q.wants(f) {
			continue
		}
		if len(piece) > 0 && len(piece)+len(f.text) > eventPiece {
			if err := o.write(piece); err != nil {
				return err
			}
			piece = piece[:0]
		}
		piece = append(piece, f.text...)
		o.said = f.position
	}
	if len(piece) == 0 {
		return nil
	}
	return o.write(piece)
}
