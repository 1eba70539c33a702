package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"

	"kurir/account"
	"kurir/message"
	"kurir/resource"
)

// sentView is a page of the list of messages.
type sentView struct {
	Rows     []messageRow
	Next     string // address of the next page; empty for the last
	First    bool   // this is the first
	Filters  url.Values
	States   []string
	Problems []string
	Texts    bool
	Open     bool // one of them is under way
}

// messageRow is a message as a list shows it.
type messageRow struct {
	ID, To, From, Text, State, Time string
	Name                            string // of the contact with the number; empty for none
	Parts                           uint8
	Hidden                          bool // the text is shown to nobody, or not to this user
}

func (v *visit) row(m *message.Message) messageRow {
	r := messageRow{
		ID: m.ID.String(), To: m.To.String(), From: m.From.String(), State: m.State.String(), Time: showTime(m.ID.Time()), Parts: m.Parts,
		Hidden: m.Secret() || !v.user.May(account.SeeTexts),
	}
	if !r.Hidden {
		r.Text = m.Content.Text
	}
	return r
}

// rowsOfPage is how many messages are on a page.
const rowsOfPage = "25"

// sentPage is the list of the account's messages, filtered, sorted and paged as GET /v1/messages.
func (v *visit) sentPage() {
	params := url.Values{}
	for name, values := range v.r.URL.Query() { // a form sends fields that are empty, too
		if len(values) > 0 && values[0] != "" {
			params[name] = values
		}
	}
	if !params.Has("limit") {
		params.Set("limit", rowsOfPage)
	}
	noun := resource.Messages()
	shown := &sentView{Filters: params, Texts: v.user.May(account.SeeTexts), First: !params.Has("cursor")}
	for _, s := range message.States() {
		shown.States = append(shown.States, s.String())
	}
	noun.Fields = slices.DeleteFunc(noun.Fields, func(f resource.Field) bool { return f.Name == "account" }) // it is the user's
	q, wrong := noun.Parse(params, cmp.Or(v.account.Country, v.Country()))
	if len(wrong) > 0 {
		for _, one := range wrong {
			shown.Problems = append(shown.Problems, v.inWords(one.Error()))
		}
		v.render(http.StatusBadRequest, "sent", "sent.title", shown)
		return
	}
	rows, next, err := v.Core.Messages(v.r.Context(), resource.MessageFilter(q, v.account.Name))
	if err != nil {
		v.fail(http.StatusServiceUnavailable, "error.database")
		return
	}
	for _, m := range rows {
		shown.Rows = append(shown.Rows, v.row(m))
		shown.Open = shown.Open || !m.State.Final()
	}
	numbers := make([]string, 0, len(shown.Rows))
	for i := range shown.Rows {
		numbers = append(numbers, shown.Rows[i].To)
	}
	names := v.contactNames(numbers)
	for i := range shown.Rows {
		shown.Rows[i].Name = names[shown.Rows[i].To]
	}
	if next != 0 {
		shown.Next = noun.Next("/sent", q, int64(next))
	}
	v.render(http.StatusOK, "sent", "sent.title", shown)
}
