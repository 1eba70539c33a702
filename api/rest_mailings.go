package api

import (
	"context"
	"errors"
	"net/http"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/resource"
)

// mailingPaths registers what is done with requests to many that are under way, and how the messages of a reference stand.
func (s *httpServer) mailingPaths() {
	s.rest("/v1/jobs/{id}/pause", methods{http.MethodPost: anyone(account.QueuesWrite, s.mailingAct(s.People.PauseMailing))})
	s.rest("/v1/jobs/{id}/resume", methods{http.MethodPost: anyone(account.QueuesWrite, s.mailingAct(s.People.ResumeMailing))})
	s.rest("/v1/messages/states", methods{http.MethodGet: anyone(account.MessagesRead, s.getStates)})
	s.describe("POST /v1/jobs/{id}/pause", description{
		name: "pauseJob", summary: "Have a request to many accept no more messages until it goes on",
		text: "What was accepted stays so. Of one that has ended it changes nothing; other jobs cannot be paused.", answers: map[int]any{http.StatusOK: mailingView{}},
		examples: []example{{name: "refused", call: "/v1/jobs/0000000000001/pause", status: http.StatusNotFound}},
	})
	s.describe("POST /v1/jobs/{id}/resume", description{
		name: "resumeJob", summary: "Let a request to many go on that is paused", answers: map[int]any{http.StatusOK: mailingView{}},
		examples: []example{{name: "refused", call: "/v1/jobs/0000000000001/resume", status: http.StatusNotFound}},
	})
	s.describe("GET /v1/messages/states", description{
		name: "countStates", summary: "How many of the messages with a reference are in which state",
		text:    "The first answer about many thousands may not have all of them: then `whole` is false, and later ones have more.",
		answers: map[int]any{http.StatusOK: statesView{}},
		query: []parameter{
			{"reference", "of the messages", &resource.Schema{Type: "string"}},
			{"account", "whose messages, for accounts that may administrate", &resource.Schema{Type: "string"}},
		},
		examples: []example{{call: "/v1/messages/states?reference=order+4711"}},
	})
}

// mailingAct serves an act on one job that sends to many.
func (s *httpServer) mailingAct(act func(ctx context.Context, account string, id message.ID) (gateway.MailingJob, error)) restHandler {
	return func(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
		id, p := pathID(r)
		if p != nil {
			return p
		}
		ctx, cancel := lasting(r.Context(), s.Timeout)
		defer cancel()
		job, err := act(ctx, scope(a), id)
		if err != nil {
			return jobProblem(err)
		}
		return answerJSON(w, viewMailing(&job))
	}
}

// jobProblem is why a job could not be changed.
func jobProblem(err error) *problem {
	var f *message.Failure
	switch {
	case errors.Is(err, gateway.ErrNotFound):
		return readProblem(err, "job")
	case errors.As(err, &f):
		return failed(f)
	}
	return &problem{Status: http.StatusGatewayTimeout, Code: codeTimeout, Detail: "the database did not answer in time; /v1/jobs shows how the job stands"}
}

// statesView is how the messages with a reference stand.
type statesView struct {
	States map[string]int64 `json:"states" doc:"how many messages are in each state that one of them is in"`
	Whole  bool             `json:"whole" doc:"all of them were looked at"`
}

// getStates is GET /v1/messages/states.
func (s *httpServer) getStates(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	params := r.URL.Query()
	for name := range params {
		if name != "reference" && name != "account" {
			return faulty(http.StatusBadRequest, codeUnknownQuery, clip(name), "there is no parameter %q here; there are reference and account", clip(name))
		}
	}
	if params.Get("reference") == "" {
		return faulty(http.StatusBadRequest, codeRequired, "reference", "reference is missing: that of the messages to be counted")
	}
	of := a.Name
	if name := params.Get("account"); name != "" {
		if p := s.unknownAccount(a, "account", name); p != nil {
			return p
		}
		of = name
	}
	t, err := s.People.Tally(r.Context(), of, params.Get("reference"))
	if err != nil {
		return readProblem(err, "message")
	}
	v := &statesView{States: map[string]int64{}, Whole: t.Whole}
	for state, n := range t.States {
		v.States[state.String()] = n
	}
	return answerJSON(w, v)
}
