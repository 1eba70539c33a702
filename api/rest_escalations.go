package api

import (
	"errors"
	"net/http"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/resource"
)

// escalationPaths registers messages to rotas that ask one person after the other.
func (s *httpServer) escalationPaths() {
	s.rest("/v1/escalations", methods{http.MethodGet: anyone(account.MessagesRead, s.listEscalations)})
	s.rest("/v1/escalations/{id}", methods{http.MethodGet: anyone(account.MessagesRead, s.getEscalation)})
	s.rest("/v1/escalations/{id}/acknowledge", methods{http.MethodPost: anyone(account.MessagesWrite, s.acknowledgeEscalation)})

	s.describe("GET /v1/escalations", description{
		name: "listEscalations", summary: "Messages to rotas that ask one person after the other, newest first",
		list: &listing{"escalations", resource.Escalations(), escalationView{}}, examples: []example{{call: "/v1/escalations?state=asking"}},
	})
	s.describe("GET /v1/escalations/{id}", description{
		name: "getEscalation", summary: "One of them, with who was asked when", answers: map[int]any{http.StatusOK: escalationStepsView{}},
		also: []int{http.StatusNotFound},
		examples: []example{
			{name: "asking", call: "/v1/escalations/06y30tp6r0401"}, {name: "refused", call: "/v1/escalations/06y30tp6r0499", status: http.StatusNotFound},
		},
	})
	s.describe("POST /v1/escalations/{id}/acknowledge", description{
		name: "acknowledgeEscalation", summary: "Say that somebody has taken the message",
		text:    "Nobody else is asked, and those who were asked are told. Of one that is over nothing changes: `by` says who was first.",
		answers: map[int]any{http.StatusOK: escalationStepsView{}}, also: []int{http.StatusNotFound},
		examples: []example{{call: "/v1/escalations/06y30tp6r0401/acknowledge"}},
	})
}

// escalationView is an escalation in lists.
type escalationView struct {
	ID      message.ID              `json:"id" doc:"that of its first message; the others have it as their reference"`
	Account string                  `json:"account"`
	Rota    string                  `json:"rota" doc:"name of the rota to which it was sent"`
	State   gateway.EscalationState `json:"state" doc:"asking, acknowledged, exhausted (all were asked in vain) or stopped (its message was cancelled before it was to be sent, or it was open in a copy of the database that was restored)"`
	Began   string                  `json:"began"`
	Until   string                  `json:"until,omitempty" doc:"when those asked last had their time"`
	Taken   string                  `json:"acknowledged,omitempty"`
	By      string                  `json:"by,omitempty" doc:"who has taken it: a contact, number, account or mail address"`
	Ended   string                  `json:"ended,omitempty"`
}

// escalationStepsView is an escalation with its steps.
type escalationStepsView struct {
	escalationView
	Steps []escalationStepView `json:"steps"`
}

// escalationStepView is one asking.
type escalationStepView struct {
	At    string             `json:"at"`
	Until string             `json:"until" doc:"how long they had to answer"`
	Round int                `json:"round" doc:"from 1"`
	Step  int                `json:"step" doc:"of the round; 1 is those on duty"`
	Asked []askedPersonsView `json:"asked" doc:"who was asked, a message each"`
}

// askedPersonsView is somebody who was asked.
type askedPersonsView struct {
	To      string      `json:"to" doc:"number"`
	Name    string      `json:"name,omitempty" doc:"of the contact"`
	Message *message.ID `json:"message,omitempty" doc:"left out where it was refused"`
	Failed  string      `json:"failed,omitempty" doc:"the final state of a message that did not arrive, or the code for which it was refused"`
}

func viewEscalation(e *gateway.Escalation) escalationView {
	return escalationView{e.ID, e.Account, e.Rota, e.State, seenTime(e.Began), seenTime(e.Until), seenTime(e.Taken), e.By, seenTime(e.Ended)}
}

func viewEscalationSteps(e *gateway.Escalation) *escalationStepsView {
	v := &escalationStepsView{viewEscalation(e), make([]escalationStepView, len(e.Steps))}
	for i := range e.Steps {
		s := &e.Steps[i]
		v.Steps[i] = escalationStepView{seenTime(s.At), seenTime(s.Until), s.Round + 1, s.Step + 1, make([]askedPersonsView, len(s.Asked))}
		for k, a := range s.Asked {
			to := "+" + a.Who
			one := askedPersonsView{To: to, Failed: a.Failed}
			if name := e.Name(a.Who); name != to {
				one.Name = name
			}
			if a.ID != 0 {
				one.Message = &a.ID
			}
			v.Steps[i].Asked[k] = one
		}
	}
	return v
}

// listEscalations is GET /v1/escalations: an account's own, everybody's for one that may administrate.
func (s *httpServer) listEscalations(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	find := func() ([]*gateway.Escalation, *problem) {
		ctx, cancel := lasting(r.Context(), s.Timeout)
		defer cancel()
		list, err := s.People.Escalations(ctx, scope(a))
		if err != nil {
			return nil, readProblem(err, "escalation")
		}
		return list, nil
	}
	cell := func(e **gateway.Escalation, field string) any {
		switch field {
		case "rota":
			return (*e).Rota
		case "account":
			return (*e).Account
		case "state":
			return string((*e).State)
		case "began":
			return (*e).Began
		}
		return int64((*e).ID)
	}
	return listRows(s, w, r, a, "escalations", resource.Escalations(), find, cell, func(e **gateway.Escalation) escalationView { return viewEscalation(*e) })
}

// getEscalation is GET /v1/escalations/{id}.
func (s *httpServer) getEscalation(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	id, p := pathID(r)
	if p != nil {
		return p
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	e, err := s.People.Escalation(ctx, scope(a), id)
	if err != nil {
		return readProblem(err, "escalation")
	}
	return answerJSON(w, viewEscalationSteps(e))
}

// acknowledgeEscalation is POST /v1/escalations/{id}/acknowledge.
func (s *httpServer) acknowledgeEscalation(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	id, p := pathID(r)
	if p != nil {
		return p
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	e, err := s.People.AcknowledgeEscalation(ctx, scope(a), id, a.Actor())
	var full *message.Failure
	switch {
	case errors.As(err, &full):
		return failed(full)
	case err != nil:
		return readProblem(err, "escalation")
	}
	return answerJSON(w, viewEscalationSteps(e))
}
