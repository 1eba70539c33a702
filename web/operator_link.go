package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"kurir/account"
	"kurir/message"
)

// linkEvery is how often the page of a link is made anew for all who look at it.
const linkEvery = time.Second

// pdusShown is how many PDUs of a trace are on the page, the last ones.
const pdusShown = 100

// operatorLinkView is the page of one link.
type operatorLinkView struct {
	linkLine
	Since     time.Time `json:"since"`
	RateLimit float64   `json:"rate_limit"`
	RateShare *int      `json:"rate_share"`
	Taken     int64     `json:"taken"`
	Failed    int64     `json:"failed"`
	Throttled int64     `json:"throttled"`
	Receipts  int64     `json:"receipts"`
	Inbound   int64     `json:"inbound"`
	Unmatched int64     `json:"receipts_unmatched"`
	IDs       string    `json:"message_ids"`
	Nodes     []struct {
		Name string `json:"name"`
		Open int    `json:"open"`
	} `json:"nodes"`

	Acts  []listLink
	Trace *traceView
	Test  *linkTest // what came of a test that was asked for

	Contacts []message.ContactPerson `json:"-"` // whom to turn to
}

// linkSess is a session of a link, as REST shows it.
type linkSess struct {
	Session    uint32     `json:"session"`
	State      string     `json:"state"`
	Since      time.Time  `json:"since"`
	Peer       string     `json:"peer"`
	Mode       string     `json:"mode"`
	Version    string     `json:"version"`
	Window     int        `json:"window"`
	WindowSize int        `json:"window_size"`
	In         float64    `json:"in_per_second"`
	Out        float64    `json:"out_per_second"`
	P50        float64    `json:"latency_p50_ms"`
	P99        float64    `json:"latency_p99_ms"`
	Error      string     `json:"error"`
	ErrorAt    *time.Time `json:"error_at"`
	Modem      *linkModem `json:"modem"`
}

// linkModem is a GSM modem, as REST shows it.
type linkModem struct {
	State        string `json:"state"`
	Device       string `json:"device"`
	Model        string `json:"model"`
	Number       string `json:"number"`
	Network      string `json:"network"`
	Registration string `json:"registration"`
	Signal       *int   `json:"signal_dbm"`
	Stored       int    `json:"stored"`
	Room         int    `json:"room"`
	SentToday    int    `json:"sent_today"`
	DailyLimit   int    `json:"daily_limit"`
}

// Bars is how good the signal is, from 0 to 4 (3GPP TS 27.007 8.5 gives the range; the steps are those of phones).
func (m *linkModem) Bars() int {
	if m.Signal == nil {
		return 0
	}
	bars := 0
	for _, least := range []int{-105, -95, -85, -75} {
		if *m.Signal >= least {
			bars++
		}
	}
	return bars
}

// traceView is what a trace of PDUs has.
type traceView struct {
	On    bool      `json:"on"`
	By    string    `json:"by"`
	Until time.Time `json:"until"`
	Seen  uint64    `json:"seen"`
	Texts bool      `json:"texts"`
	PDUs  []pduLine `json:"-"` // the newest first
}

// pduLine is one of them.
type pduLine struct {
	Number    uint64    `json:"n"`
	At        time.Time `json:"at"`
	Direction string    `json:"direction"`
	Session   uint64    `json:"session"`
	PDU       string    `json:"pdu"`
	Text      string    `json:"text"`
}

// linkTest is how a test of a link went.
type linkTest struct {
	OK    bool `json:"ok"`
	Steps []struct {
		Host   string  `json:"host"`
		Step   string  `json:"step"`
		Took   float64 `json:"took_ms"`
		OK     bool    `json:"ok"`
		Found  string  `json:"found"`
		Error  string  `json:"error"`
		Advice string  `json:"advice"`
	} `json:"steps"`
}

// operatorLink reads the link that the path names.
func (v *visit) operatorLink() (*operatorLinkView, *problem) {
	shown := &operatorLinkView{}
	name := url.PathEscape(v.r.PathValue("name"))
	if p := v.fetch("/v1/links/"+name, nil, shown); p != nil {
		return nil, p
	}
	if v.user.May(account.Operate) {
		for _, act := range []struct {
			name, words string
			fits        bool
		}{
			{"start", "links.start", shown.State == "stopped"},
			{"resume", "links.resume", shown.State == "draining"},
			{"drain", "links.drain", shown.State != "stopped" && shown.State != "draining"},
			{"restart", "links.restart", shown.State != "stopped"},
			{"stop", "links.stop", shown.State != "stopped"},
		} {
			if act.fits {
				shown.Acts = append(shown.Acts, listLink{Path: "/console/links/" + name + "/" + act.name, Words: v.words(v.lang(), act.words)})
			}
		}
	}
	var p *problem
	shown.Trace, p = v.trace("/v1/traces/links/" + name)
	return shown, p
}

// linkContacts reads whom to turn to about the link that the path names; nobody for who may not see settings. The page is of use
// without them.
func (v *visit) linkContacts() []message.ContactPerson {
	var have struct {
		Value struct {
			Contacts []message.ContactPerson `json:"contacts"`
		} `json:"value"`
	}
	if !v.sees(account.SeeSettings) || v.fetch(v.filledPath("/v1/config/connectors/{name}"), nil, &have) != nil {
		return nil
	}
	return have.Value.Contacts
}

// trace reads the last PDUs of a trace, the newest first; nil if there is none.
func (v *visit) trace(path string) (*traceView, *problem) {
	var got struct {
		Trace traceView `json:"trace"`
		PDUs  []pduLine `json:"pdus"`
	}
	p := v.fetch(path, url.Values{"limit": {"1"}}, &got)
	if p == nil && got.Trace.Seen > 0 {
		after := max(got.Trace.Seen, pdusShown) - pdusShown
		p = v.fetch(path, url.Values{"limit": {strconv.Itoa(pdusShown)}, "after": {strconv.FormatUint(after, 10)}}, &got)
	}
	switch {
	case p != nil && p.Status == http.StatusNotFound:
		return nil, nil
	case p != nil:
		return nil, p
	}
	slices.Reverse(got.PDUs)
	got.Trace.PDUs = got.PDUs
	return &got.Trace, nil
}

// operatorLinkPage shows a link.
func (v *visit) operatorLinkPage() {
	shown, p := v.operatorLink()
	if p != nil {
		v.refused(p)
		return
	}
	shown.Contacts = v.linkContacts()
	v.render(http.StatusOK, "operator_link", "oplink.title", shown)
}

// operatorLinkLive streams what changes of it.
func (v *visit) operatorLinkLive() {
	v.watch(v.live, "link "+v.r.PathValue("name"), linkEvery, func(v *visit) (parts, error) {
		shown, p := v.operatorLink()
		if p != nil {
			return nil, fmt.Errorf("read the link: %s", p.Detail)
		}
		out := parts{}
		for _, piece := range []string{"l-state", "l-sessions", "l-trace"} {
			html, err := v.piece("operator_link", piece, "oplink.title", shown)
			if err != nil {
				return nil, err
			}
			out[piece] = html
		}
		return out, nil
	})
}

// beginTrace has the PDUs of a link be shown from now on. Texts are there only for who may see them.
func (v *visit) beginTrace() {
	body := v.filledIn("for")
	if v.r.PostForm.Get("texts") != "" && v.user.May(account.SeeTexts) {
		body["texts"] = true
	}
	v.act(http.MethodPut, "/v1/traces/links/{name}", body, "/console/links/{name}")
}

// endTrace ends it, and forgets what it has.
func (v *visit) endTrace() {
	v.act(http.MethodDelete, "/v1/traces/links/{name}", nil, "/console/links/{name}")
}

// testLink tries the hosts of a link step by step, and shows what came of it.
func (v *visit) testLink() {
	shown, p := v.operatorLink()
	if p == nil {
		got := v.rest(http.MethodPost, v.filledPath("/v1/links/{name}/test"), nil, nil, nil)
		if p = got.problem(); p == nil {
			shown.Test = &linkTest{}
			if err := got.read(shown.Test); err != nil {
				p = &problem{Status: http.StatusInternalServerError, Detail: err.Error()}
			}
			for i := range shown.Test.Steps {
				shown.Test.Steps[i].Advice = v.inWords(shown.Test.Steps[i].Advice)
			}
		}
	}
	if p != nil {
		v.refused(p)
		return
	}
	shown.Contacts = v.linkContacts()
	v.render(http.StatusOK, "operator_link", "oplink.title", shown)
}
