package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/resource"
)

// listDead is GET /v1/queues/dead: messages that did not arrive, as GET
// /v1/messages has them.
func (s *httpServer) listDead(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	find := func(ctx context.Context, f gateway.Filter) ([]*message.Message, message.ID, error) {
		if len(f.States) == 0 {
			f.States = gateway.DeadStates()
		}
		return s.Messages(ctx, f)
	}
	return list(s, w, r, a, "messages", resource.Dead(), find, s.shown(r, a))
}

// resendMessage is POST /v1/messages/{id}/resend: a message that did not arrive
// is sent again, as a new one.
func (s *httpServer) resendMessage(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	id, p := pathID(r)
	if p != nil {
		return p
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	key := keptWith(w)
	if key != nil {
		key.Answer = func(r []gateway.Result) []byte {
			return appendAnswer(nil, http.StatusAccepted, "", "", resent(&r[0]))
		}
	}
	res, err := s.Resend(ctx, a.Name, id, key)
	var f *message.Failure
	switch {
	case err == nil:
	case errors.Is(err, gateway.ErrNotFound):
		return readProblem(err, "message")
	case !errors.As(err, &f):
		return &problem{Status: http.StatusGatewayTimeout, Code: codeTimeout, Detail: "the gateway did not answer in time; the message may have been accepted or not"}
	case f.Field == "id":
		return faulty(http.StatusConflict, s.unsent(ctx, a, id, f), "id", "%s", f.Error())
	default:
		return refusal([]message.FailureKind{f.Kind}, []fieldError{{Index: -1, Field: f.Field, Code: f.Kind.Code(), Detail: f.Error()}})
	}
	s.Log.Info("a message is sent again", "message", id, "as", res.ID, "by", a.Actor())
	writeJSON(w, http.StatusAccepted, resent(&res))
	return nil
}

// unsent is the code of why a message is not sent again.
func (s *httpServer) unsent(ctx context.Context, a *account.Account, id message.ID, f *message.Failure) string {
	m, err := s.Message(ctx, a.Name, id)
	switch {
	case err != nil || slices.Contains(gateway.DeadStates(), m.State):
		return f.Kind.Code()
	case m.State.Final():
		return codeFinal
	}
	return codeNotFinal
}

// resent is the answer to who sends a message again.
func resent(r *gateway.Result) []byte { return append(appendResult(nil, r, -1), '\n') }

// shown makes the rows of a list of messages.
func (s *httpServer) shown(r *http.Request, a *account.Account) func(m *message.Message) (message.ID, messageView) {
	language, named := languageOf(r), r.URL.Query().Has("account")
	return func(m *message.Message) (message.ID, messageView) {
		v := s.view(m, a, language)
		if named {
			v.Account = m.Account
		}
		return m.ID, v
	}
}

// view is a message as an answer shows it to who acts, in a language.
func (s *httpServer) view(m *message.Message, a *account.Account, language string) messageView {
	v := view(m, m.State, true, s.TLVs())
	if !a.SeesTextsOf(m.Account) {
		v.Text, v.Data, v.UDH = "", "", ""
	}
	if m.Account != a.Name {
		v.Account = m.Account
	}
	if v.Error != nil {
		v.Error.Detail = v.Error.sentence(m.State, language)
	}
	return v
}

// languageOf is the language in which a client reads sentences about failures:
// "sv" if it names Swedish first (RFC 9110 12.5.4), else "", English.
func languageOf(r *http.Request) string {
	first, _, _ := strings.Cut(r.Header.Get("Accept-Language"), ",")
	if name, _, _ := strings.Cut(strings.TrimSpace(first), ";"); strings.EqualFold(name, "sv") || len(name) > 2 && strings.EqualFold(name[:3], "sv-") {
		return "sv"
	}
	return ""
}
