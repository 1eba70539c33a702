package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"kurir/account"
	"kurir/rota"
)

// boardDays is how far the board looks ahead.
const boardDays = 28

// problemsShown is how many gaps and overlaps are listed.
const problemsShown = 20

// boardRow is a rota as the first page shows it.
type boardRow struct {
	Name, Path    string
	Now, By       string // Now is empty for a gap
	Next, At      string // hand-over: to whom, and when; At is empty where nothing changes
	Gaps, Doubles int    // in the next four weeks
}

// board shows who is on duty by the account's rotas, now and next.
func (v *visit) board() []boardRow {
	var rows []boardRow
	now := v.Now()
	for _, p := range v.Core.Rotas().All() {
		if p.Rota.Account == v.account.Name {
			rows = append(rows, boardOf(p, now))
		}
	}
	return rows
}

func boardOf(p *rota.Plan, now time.Time) boardRow {
	d := p.OnDuty(now)
	r := boardRow{Name: p.Rota.Name, Path: rotaPath(p), Now: rota.Labels(d.Who), By: d.By}
	if next, changes := p.Next(now); changes {
		r.Next, r.At = rota.Labels(next.Who), showIn(next.From, p.Zone())
	}
	spans, err := p.Between(now, now.AddDate(0, 0, boardDays))
	for i := 0; err == nil && i < len(spans); i++ {
		if spans[i].Gap() {
			r.Gaps++
		}
		if len(spans[i].Also) > 0 {
			r.Doubles++
		}
	}
	return r
}

func rotaPath(p *rota.Plan) string { return "/duty/rota/" + url.PathEscape(p.Rota.Name) }

// showIn shows a time by the clock of a rota, to the minute.
func showIn(at time.Time, zone *time.Location) string { return at.In(zone).Format("2006-01-02 15:04") }

// BoardRow is the rota as the first page shows it, for the template that both have.
func (r *rotaView) BoardRow() boardRow { return r.boardRow }

// rotaView is the page of one rota.
type rotaView struct {
	boardRow
	Zone     string
	Days     []boardDay
	Wrong    []boardSpan // gaps and overlaps
	Swaps    []swapRow
	Form     *swapForm // nil for who may not change it
	People   []string  // who stands in the rota
	Calendar string    // address to subscribe to; empty for none
}

// boardDay is one day of the calendar.
type boardDay struct {
	Date, Day string // 2026-11-30, and the name of the day of the week
	Today     bool
	Spans     []boardSpan
}

// boardSpan is who is on duty for a time.
type boardSpan struct {
	From, To  string
	Who, Also string
	Gap       bool
}

// rotaNamed finds the rota of the path among those of the account; nil, with an answer, for none.
func (v *visit) rotaNamed() *rota.Plan {
	p := v.Core.Rotas().Find(v.account.Name, v.r.PathValue("name"))
	if p == nil {
		v.fail(http.StatusNotFound, "board.norota")
	}
	return p
}

// rotaPage shows who is on duty by one rota in the next four weeks.
func (v *visit) rotaPage() {
	if p := v.rotaNamed(); p != nil {
		v.showRota(http.StatusOK, p, &swapForm{})
	}
}

func (v *visit) showRota(status int, p *rota.Plan, form *swapForm) {
	now := v.Now()
	shown := &rotaView{boardRow: boardOf(p, now), Zone: p.Zone().String(), People: peopleOf(p.Rota), Calendar: v.calendarAddress(p)}
	shown.Days, shown.Wrong = v.weeks(p, now)
	for i := range p.Rota.Exceptions {
		shown.Swaps = append(shown.Swaps, v.swapRow(i, &p.Rota.Exceptions[i]))
	}
	if v.user.May(account.ChangePeople) {
		shown.Form = form
	}
	v.render(status, "rota", "board.title", shown)
}

// weeks gives the days of the next four weeks with who is on duty in each, and what is wrong with them.
func (v *visit) weeks(p *rota.Plan, now time.Time) (days []boardDay, wrong []boardSpan) {
	local := now.In(p.Zone())
	begin := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, p.Zone())
	spans, err := p.Between(begin, begin.AddDate(0, 0, boardDays))
	if err != nil {
		return nil, nil // the clock is not within the years that there are rotas for
	}
	for i := range spans {
		if s := &spans[i]; (s.Gap() || len(s.Also) > 0) && s.To.After(now) && len(wrong) < problemsShown {
			wrong = append(wrong, spanOf(s, s.From, s.To, "2006-01-02 15:04"))
		}
	}
	at := 0
	for n := range boardDays {
		from, to := begin.AddDate(0, 0, n), begin.AddDate(0, 0, n+1)
		day := boardDay{Date: from.Format(time.DateOnly), Day: v.words(v.lang(), "day."+strconv.Itoa(int(from.Weekday()))), Today: n == 0}
		for at < len(spans) && !spans[at].To.After(from) {
			at++
		}
		for k := at; k < len(spans) && spans[k].From.Before(to); k++ {
			day.Spans = append(day.Spans, spanOf(&spans[k], later(spans[k].From, from), sooner(spans[k].To, to), "15:04"))
		}
		days = append(days, day)
	}
	return days, wrong
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func sooner(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func spanOf(s *rota.Span, from, to time.Time, form string) boardSpan {
	end := to.In(s.From.Location())
	text := end.Format(form)
	if form == "15:04" && text == "00:00" {
		text = "24:00"
	}
	return boardSpan{From: from.In(s.From.Location()).Format(form), To: text, Who: rota.Labels(s.Who), Also: strings.Join(s.Also, ", "), Gap: s.Gap()}
}

// peopleOf gives everybody who stands in a rota, once, in their order.
func peopleOf(r *rota.Rota) (list []string) {
	seen := map[string]bool{}
	add := func(who []string) {
		for _, one := range who {
			if !seen[one] {
				seen[one] = true
				list = append(list, one)
			}
		}
	}
	for i := range r.Layers {
		for k := range r.Layers[i].Slots {
			add(r.Layers[i].Slots[k].Who)
		}
	}
	add(r.Else)
	return list
}

// With gives the page with other data, for a template within it.
func (v *view) With(data any) *view { return &view{visit: v.visit, Title: v.Title, Data: data} }

// GapWords says how many gaps there are.
func (r boardRow) GapWords(v *view) string {
	if r.Gaps == 1 {
		return v.T("board.onegap")
	}
	return v.T("board.gaps", r.Gaps)
}

// swapWords says what an exception does.
func (v *visit) swapWords(e *rota.Exception) string {
	who, away := rota.Labels(e.Who), rota.Label(e.For)
	switch {
	case away == "":
		return who
	case who == "":
		return v.words(v.lang(), "swap.away", away)
	}
	return v.words(v.lang(), "swap.stands", who, away)
}

// swapRow is an exception on the page.
type swapRow struct {
	Index                    int
	From, Until, Words, Note string
	Mark                     string // tells it from another that has taken its place
}

func (v *visit) swapRow(i int, e *rota.Exception) swapRow {
	return swapRow{i, e.From, e.Until, v.swapWords(e), e.Note, markOfSwap(e)}
}

func markOfSwap(e *rota.Exception) string {
	return fmt.Sprint(e.From, "|", e.Until, "|", e.For, "|", e.Who)
}
