package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/modem"
)

// modemView is what is to be known of a GSM modem beyond its session.
type modemView struct {
	State         string `json:"state" doc:"ready, or why it is not: pin, searching and so on"`
	Device        string `json:"device" doc:"where it was found last"`
	Stable        string `json:"stable_device,omitempty" doc:"a name of that device that stays, for the file"`
	Model         string `json:"model,omitempty" doc:"maker and model"`
	IMEI          string `json:"imei,omitempty" doc:"its serial number"`
	IMSI          string `json:"imsi,omitempty" doc:"subscriber of the SIM"`
	Number        string `json:"number,omitempty" doc:"the SIM's own"`
	Network       string `json:"network,omitempty" doc:"network that it is in"`
	Registration  string `json:"registration" doc:"registered, roaming, searching and so on"`
	Signal        *int   `json:"signal_dbm,omitempty" doc:"strength of the signal; left out: not known"`
	ServiceCentre string `json:"service_centre,omitempty" doc:"of the SIM, or as configured"`
	Storage       string `json:"storage,omitempty" doc:"where messages are stored"`
	Stored        int    `json:"stored" doc:"messages in its storage"`
	Room          int    `json:"room" doc:"how many its storage takes"`
	SentToday     int    `json:"sent_today" doc:"parts that its SIM has sent today"`
	DailyLimit    int    `json:"daily_limit,omitempty" doc:"how many it may; left out: no limit"`
	Restarts      uint64 `json:"restarts" doc:"how often it had to be opened anew"`
}

// viewModem is the view of a session's modem; nil of other sessions.
func viewModem(l *gateway.LinkStats, i int) *modemView {
	m := l.Sessions[i].Modem
	if m == nil {
		return nil
	}
	v := &modemView{
		State: m.State.String(), Device: m.Device, Stable: m.Stable, Model: m.Model, IMEI: m.IMEI, IMSI: m.IMSI, Number: m.Number,
		Network: m.Operator, Registration: m.Registration.String(), ServiceCentre: m.Centre, Storage: m.Memory, Stored: m.Used, Room: m.Total,
		SentToday: m.SentToday, DailyLimit: m.DailyLimit, Restarts: m.Restarts,
	}
	if m.Maker != "" {
		v.Model = m.Maker + " " + m.Model
	}
	if dbm, ok := m.DBm(); ok {
		v.Signal = &dbm
	}
	return v
}

// ussdBody is the body of POST /v1/links/{name}/ussd.
type ussdBody struct {
	Code   string `json:"code" doc:"what is dialled, such as *100#, or the answer to what the network asked"`
	Number string `json:"number" doc:"of the SIM whose modem sends it; empty: the first that is ready"`
}

// ussdView is the network's answer.
type ussdView struct {
	Text string `json:"text"`
	More bool   `json:"more" doc:"the network waits for a reply, which is the next request"`
}

// ussdWait is how long the network may take.
const ussdWait = 60 * time.Second

// describeUSSD says what POST /v1/links/{name}/ussd does.
func (s *httpServer) describeUSSD() {
	s.describe("POST /v1/links/{name}/ussd", description{
		name: "askUSSD", summary: "Send a USSD request by a modem of a link, such as for the balance of its SIM", body: ussdBody{},
		answers: map[int]any{http.StatusOK: ussdView{}}, also: []int{http.StatusConflict},
		examples: []example{{name: "refused", call: "/v1/links/op1/ussd", body: `{"code":"*100#"}`, status: http.StatusConflict}},
	})
}

// askUSSD is POST /v1/links/{name}/ussd.
func (s *httpServer) askUSSD(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	if p := noQuery(r); p != nil {
		return p
	}
	var body ussdBody
	if p := s.readJSON(w, r, a, &body); p != nil {
		return p
	}
	if body.Code == "" || len(body.Code) > 182 {
		return faulty(http.StatusUnprocessableEntity, codeBadValue, "code", "code has 1 to 182 characters, such as *100#")
	}
	name := clip(r.PathValue("name"))
	ctx, cancel := lasting(r.Context(), ussdWait)
	defer cancel()
	answer, err := s.Links.USSD(ctx, name, body.Number, body.Code)
	var cme *modem.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &problem{Status: http.StatusGatewayTimeout, Code: codeLinkState, Detail: "the network did not answer in time"}
	case errors.As(err, &cme):
		return &problem{Status: http.StatusConflict, Code: codeLinkState, Detail: cme.Error()}
	case err != nil:
		return linkProblem(err)
	}
	s.Log.Info("USSD request", "link", name, "by", a.Actor())
	return answerJSON(w, &ussdView{answer.Text, answer.More})
}
