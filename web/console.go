package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"kurir/account"
)

// consoleEvery is how often the first page of the console is made anew for all who look at it.
const consoleEvery = 2 * time.Second

// consoleView is the first page of the console. Its pieces are templates of their own, which are sent again when they change.
type consoleView struct {
	Health  health
	Status  serverStatus
	Links   []linkLine
	Queues  []laneLine
	Traffic traffic
	Alarms  []row
	Problem *problem // of what could not be read
}

// health says in one sentence whether all is well.
type health struct {
	Level string // good, wait or bad
	Text  string
	More  []string // what else is to be said
}

// serverStatus is of /v1/status what the page shows.
type serverStatus struct {
	Version string  `json:"version"`
	Uptime  float64 `json:"uptime_seconds"`
	Ready   bool    `json:"ready"`
	Reason  string  `json:"reason"`
	Open    int64   `json:"open_in_memory"`
	Waiting int64   `json:"waiting_for_links"`
	Owed    int64   `json:"owed_on_disk"`
	Clock   string  `json:"clock"`
	Risk    string  `json:"database_risk"`
	Bound   int     `json:"customers_sessions"`
	Rates   struct {
		Accepted  float64 `json:"accepted"`
		Delivered float64 `json:"delivered"`
		Inbound   float64 `json:"inbound"`
	} `json:"per_second"`
}

// linkLine is a link in a line.
type linkLine struct {
	Name     string     `json:"name"`
	State    string     `json:"state"`
	Queued   int64      `json:"queued"`
	InFlight int        `json:"in_flight"`
	Sessions []linkSess `json:"sessions"`
}

// Rate is what the link sends a second, in PDUs, as /v1/links says.
func (l *linkLine) Rate() string {
	sum := 0.0
	for _, s := range l.Sessions {
		sum += s.Out
	}
	return fmt.Sprintf("%.1f", sum)
}

// laneLine is a lane in which messages wait, of all links and accounts.
type laneLine struct {
	Priority string
	Waiting  int64
	Oldest   time.Time
	Age      string
}

// traffic is the course of the last minutes.
type traffic struct {
	Points   []trafficPoint `json:"points"`
	Failures []failureLine  `json:"failures"`
}

// failureLine is of how many messages something was the reason that they did not arrive.
type failureLine struct {
	Code     string `json:"code"`
	Detail   string `json:"detail"`
	Messages int64  `json:"messages"`
}

type trafficPoint struct {
	At        time.Time `json:"at"`
	Accepted  float64   `json:"accepted"`
	Delivered float64   `json:"delivered"`
	Failed    float64   `json:"failed"`
	Inbound   float64   `json:"inbound"`
}

// numbers are those of the curve: Unix seconds, and so many a second.
func (p *trafficPoint) numbers() []float64 {
	return []float64{float64(p.At.UnixMilli()) / 1000, p.Accepted, p.Delivered, p.Failed, p.Inbound}
}

// Curve is the points as the script reads them.
func (t *traffic) Curve() string {
	points := make([][]float64, 0, len(t.Points))
	for i := range t.Points {
		points = append(points, t.Points[i].numbers())
	}
	return compactJSON(points)
}

// Newest is the last point likewise.
func (t *traffic) Newest() string {
	if len(t.Points) == 0 {
		return ""
	}
	return compactJSON(t.Points[len(t.Points)-1].numbers())
}

// Steps are the points of every tenth sample, the newest first, for the table.
func (t *traffic) Steps() (rows []trafficPoint) {
	for i := len(t.Points) - 1; i >= 0; i -= 10 {
		rows = append(rows, t.Points[i])
	}
	return rows
}

func compactJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil { // of numbers that are none
		return ""
	}
	return string(text)
}

// consolePage is the first page.
func (v *visit) consolePage() {
	shown := v.console()
	status := http.StatusOK
	if shown.Problem != nil {
		status = shown.Problem.Status
	}
	v.render(status, "console", "console.title", shown)
}

// consoleLive streams what changes of it.
func (v *visit) consoleLive() {
	v.watch(v.live, "console", consoleEvery, func(v *visit) (parts, error) {
		shown := v.console()
		if shown.Problem != nil {
			return nil, fmt.Errorf("read the state of the server: %s", shown.Problem.Detail)
		}
		p := parts{"c-point": shown.Traffic.Newest()}
		for _, piece := range []string{"c-health", "c-now", "c-links", "c-queues", "c-failures", "c-alarms"} {
			html, err := v.piece("console", piece, "console.title", shown)
			if err != nil {
				return nil, err
			}
			p[piece] = html
		}
		return p, nil
	})
}

// piece renders a template within a page's as it stands in the page of a title.
func (v *visit) piece(page, name, title string, data any) (string, error) {
	var out bytes.Buffer
	err := v.templates.make(&out, page, name, &view{visit: v, Title: title, Data: data})
	return out.String(), err
}

// fetch reads what REST answers to a GET into a value.
func (v *visit) fetch(path string, query url.Values, into any) *problem {
	a := v.rest(http.MethodGet, path, query, nil, nil)
	if p := a.problem(); p != nil {
		return p
	}
	if err := a.read(into); err != nil {
		return &problem{Status: http.StatusInternalServerError, Detail: err.Error()}
	}
	return nil
}

// console reads how the server is.
func (v *visit) console() *consoleView {
	shown := &consoleView{}
	var links struct{ Links []linkLine }
	var queues struct{ Queues []queueLine }
	var alarms struct{ Events []row }
	for _, one := range []struct {
		path  string
		query url.Values
		into  any
	}{
		{"/v1/status", nil, &shown.Status},
		{"/v1/status/traffic", nil, &shown.Traffic},
		{"/v1/links", nil, &links},
		{"/v1/queues/links", url.Values{"limit": {"1000"}}, &queues},
		{"/v1/alarms/events", url.Values{"state": {"open,acknowledged"}, "limit": {"10"}}, &alarms},
	} {
		if p := v.fetch(one.path, one.query, one.into); p != nil && p.Status != http.StatusForbidden {
			shown.Problem = p
			return shown
		}
	}
	shown.Links, shown.Alarms = links.Links, alarms.Events
	slices.SortStableFunc(shown.Links, func(a, b linkLine) int { return cmp.Compare(trouble(a.State), trouble(b.State)) })
	shown.Queues = lanes(queues.Queues, v.Now())
	slices.SortFunc(shown.Traffic.Failures, func(a, b failureLine) int { return cmp.Compare(b.Messages, a.Messages) })
	shown.Health = v.health(shown)
	return shown
}

// queueLine is a row of /v1/queues/links.
type queueLine struct {
	Link     string    `json:"link"`
	Priority string    `json:"priority"`
	Account  string    `json:"account"`
	Waiting  int64     `json:"waiting"`
	Oldest   time.Time `json:"oldest"`
	Up       bool      `json:"up"`
}

// lanes sums what waits by lane, the most urgent first.
func lanes(queues []queueLine, now time.Time) (lines []laneLine) {
	for _, name := range []string{"urgent", "high", "normal", "bulk"} {
		line := laneLine{Priority: name}
		for _, q := range queues {
			if q.Priority != name || q.Waiting == 0 {
				continue
			}
			line.Waiting += q.Waiting
			if line.Oldest.IsZero() || q.Oldest.Before(line.Oldest) {
				line.Oldest = q.Oldest
			}
		}
		if line.Waiting > 0 {
			line.Age = age(now.Sub(line.Oldest))
		}
		lines = append(lines, line)
	}
	return lines
}

// age shows a duration in whole seconds and its largest units.
func age(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < time.Minute:
		return d.Truncate(time.Second).String()
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%d d", d/(24*time.Hour))
}

// trouble orders states of links: what is to be looked at first.
func trouble(state string) int {
	if at := slices.Index([]string{"down", "reconnecting", "draining", "stopped", "maintenance"}, state); at >= 0 {
		return at
	}
	return 10 // behind them
}

// health judges.
func (v *visit) health(c *consoleView) health {
	lang := v.lang()
	down, resting := 0, 0
	for _, l := range c.Links {
		switch l.State {
		case "down", "reconnecting":
			down++
		case "draining", "stopped", "maintenance":
			resting++
		}
	}
	open := 0
	for _, a := range c.Alarms {
		if a.text("state") == "open" {
			open++
		}
	}
	var bad, wait []string
	if !c.Status.Ready {
		bad = append(bad, v.words(lang, "health.notready", v.inWords(c.Status.Reason)))
	}
	if open > 0 {
		bad = append(bad, v.words(lang, "health.alarms", open))
	}
	if down > 0 {
		bad = append(bad, v.words(lang, "health.down", down, len(c.Links)))
	}
	for _, text := range []string{c.Status.Clock, c.Status.Risk} {
		if text != "" {
			wait = append(wait, v.inWords(text))
		}
	}
	if resting > 0 {
		wait = append(wait, v.words(lang, "health.resting", resting, len(c.Links)))
	}
	all := append(bad, wait...)
	switch {
	case len(bad) > 0:
		return health{"bad", all[0], all[1:]}
	case len(wait) > 0:
		return health{"wait", all[0], all[1:]}
	case len(c.Links) == 0:
		return health{"wait", v.words(lang, "health.nolinks"), nil}
	}
	return health{"good", v.words(lang, "health.well", len(c.Links)), nil}
}

// linkRate is what a link of a list sends a second.
func linkRate(_ *visit, r row) string {
	sum := 0.0
	sessions, _ := r.at("sessions").([]any)
	for _, one := range sessions {
		if object, ok := one.(map[string]any); ok {
			if rate, ok := object["out_per_second"].(json.Number); ok {
				n, _ := rate.Float64()
				sum += n
			}
		}
	}
	return fmt.Sprintf("%.1f", sum)
}

// Operates tells whether the user may start, stop and acknowledge.
func (v *view) Operates() bool { return v.user != nil && v.user.May(account.Operate) }

// Reads tells whether the user may see texts.
func (v *view) Reads() bool { return v.user != nil && v.user.May(account.SeeTexts) }

// Clock shows a time of the day with milliseconds.
func (v *view) Clock(t time.Time) string { return t.Local().Format("15:04:05.000") }
