package web

import (
	"net/http"
	"time"
)

// inboundView is the page of a message from a phone.
type inboundView struct {
	ID       string    `json:"id"`
	From     string    `json:"from"`
	To       string    `json:"to"`
	Text     string    `json:"text"`
	Data     string    `json:"data"`
	Parts    int       `json:"parts"`
	Missing  int       `json:"missing_parts"`
	Received time.Time `json:"received"`
	Link     string    `json:"link"`
	Rule     string    `json:"rule"`
	Series   string    `json:"series"`
	Case     string    `json:"case"`
	Tag      string    `json:"tag"`
	Answers  string    `json:"answers"`
	Account  string    `json:"account"`
	Events   []struct {
		At    time.Time `json:"at"`
		What  string    `json:"what"`
		Part  int       `json:"part"`
		Text  string    `json:"text"`
		Cause string    `json:"cause"`
		Code  uint32    `json:"code"`
	} `json:"events"`
}

// inboundPage shows a message from a phone, and what became of it at each of its targets.
func (v *visit) inboundPage() {
	shown := &inboundView{}
	if p := v.fetch(v.filledPath("/v1/inbound/{id}"), nil, shown); p != nil {
		v.refused(p)
		return
	}
	v.render(http.StatusOK, "inbound", "inbound.title", shown)
}

// explainView is the page that says which rules meet a message from a phone.
type explainView struct {
	Asked  map[string]any
	Answer *dryResult
	Wrong  *problem
}

// explainPage asks about what.
func (v *visit) explainPage() {
	v.render(http.StatusOK, "explain", "inbound.explain", &explainView{Asked: map[string]any{}})
}

// explainInbound answers.
func (v *visit) explainInbound() {
	shown := &explainView{Asked: v.filledIn("to", "from", "text", "link")}
	got := v.rest(http.MethodPost, "/v1/inbound/explain", nil, shown.Asked, nil)
	status := http.StatusOK
	if shown.Wrong = got.problem(); shown.Wrong != nil {
		status = shown.Wrong.Status
	} else {
		shown.Answer = &dryResult{}
		if err := got.read(shown.Answer); err != nil {
			shown.Answer, shown.Wrong = nil, &problem{Status: http.StatusInternalServerError, Detail: err.Error()}
		} else {
			shown.Answer.say(v.inWords)
		}
	}
	v.render(status, "explain", "inbound.explain", shown)
}
