package web

import (
	"bytes"
	"cmp"
	"net/http"
	"strings"

	"kurir/directory"
	"kurir/gateway"
)

// countView is how long a text is and what it would take.
type countView struct {
	Characters, Parts, Left int
	Unicode                 bool
	Forcing                 []forcingView // the characters for which it needs Unicode
	First                   int           // place of the first of them, from 1
	Plain                   bool          // all have a plain form
	PlainParts              int           // parts of the text with those
	Price                   string
	Texts                   []string // as the phone of the first recipient shows it, part by part
	From                    string
	Flash                   bool
	Leaves                  string    // when it leaves, where that is not at once
	Hours                   string    // whose hours have it wait
	Bad                     []badLine // recipients that cannot be read
	Short                   []string  // numbers with suspiciously few digits
	Bare                    string    // a placeholder of the text that nothing is put in for
}

// forcingView is a character that needs Unicode and what would take its place.
type forcingView struct {
	Character, By string
	Kept          bool
}

// counted previews a form; recipients that are wrong are left out of it and pointed out, what is wrong with the rest is said.
func (v *visit) counted(f *composeForm) (*countView, *formError) {
	c := &countView{Characters: len([]rune(f.Text)), From: cmp.Or(f.From, v.account.Sender), Flash: f.Flash, Bare: f.bare()}
	sub, problem := v.submission(f)
	to := v.firstTo(f, c)
	if problem != nil && problem.Field != "at" {
		return c, nil // nothing is written yet
	}
	mail := &gateway.Mailing{Account: v.account.Name, User: v.user.Name, Common: sub, To: to, Filled: f.Fill || f.File != "", Variables: f.Vars}
	if len(to) > 0 {
		phones, _, err := v.Core.AddressSome(v.r.Context(), mail, 1)
		switch {
		case err != nil || len(phones) == 0:
		case phones[0].Failure != nil:
			if phones[0].Failure.Field == "variables" {
				problem = v.problemOf(phones[0].Failure)
			}
		default:
			sub.To = phones[0].To
			if mail.Filled {
				sub.Content.Text = phones[0].Text
			}
		}
	}
	p, failure := v.Core.Preview(&sub)
	if failure != nil {
		return c, v.problemOf(failure)
	}
	c.fill(p)
	return c, problem
}

// firstTo is the recipient by which the text is measured, at most one, and notes those that cannot be read.
func (v *visit) firstTo(f *composeForm, c *countView) []gateway.MailTo {
	if strings.TrimSpace(f.To) != "" {
		to, problem := v.recipients(v.r.Context(), f.To)
		if problem != nil {
			c.Bad = problem.Lines
		}
		c.Short = v.tooShort(to)
		if len(to) > 0 {
			return to[:1]
		}
	}
	if to, ok := v.sample(f); ok {
		return []gateway.MailTo{to}
	}
	return nil
}

// fewDigits is how many digits a number has at least that is not asked about, and shortShown how many of those are named.
const (
	fewDigits  = 7
	shortShown = 5
)

// tooShort gives numbers with so few digits that some may be missing: no short number that a route is for.
func (v *visit) tooShort(to []gateway.MailTo) (short []string) {
	for _, one := range to {
		n := len(digits(one.To))
		if kind, _ := directory.ParseRecipient(one.To); kind != directory.NumberRecipient || n == 0 || n >= fewDigits {
			continue
		}
		number, err := v.number(one.To)
		if err == nil && !v.Core.KnownNumber(number) && len(short) < shortShown {
			short = append(short, one.To)
		}
	}
	return short
}

// fill says what a preview does.
func (c *countView) fill(p *gateway.Preview) {
	c.Parts, c.Left, c.Unicode, c.First, c.Texts = p.Size.Parts, p.Size.Left, p.Size.Encoding.String() == "ucs2", p.First, p.Parts
	for _, r := range p.Unicode {
		c.Forcing = append(c.Forcing, forcingView{string(r.Rune), r.By, r.Kept})
	}
	if c.Plain = p.Simplified != nil; c.Plain {
		c.PlainParts = p.Simplified.Parts
	}
	if p.Costs != nil {
		c.Price = p.Costs.Most.Amount.String() + " " + p.Costs.Most.Currency
	}
	if p.Opening != nil {
		c.Leaves, c.Hours = showTime(p.Opening.At), p.Opening.Hours
	}
}

// plain gives the text with plain forms in place of a character that needs Unicode, or, for an empty one, of all.
func (v *visit) plain(f *composeForm, only string) string {
	sub, _ := v.submission(f)
	p, failure := v.Core.Preview(&sub)
	if failure != nil {
		return f.Text
	}
	var pairs []string
	for _, r := range p.Unicode {
		if !r.Kept && (only == "" || only == string(r.Rune)) {
			pairs = append(pairs, string(r.Rune), r.By)
		}
	}
	return strings.NewReplacer(pairs...).Replace(f.Text)
}

// count answers with the lines about a text, for the script of the page.
func (v *visit) count() {
	shown := &composeView{composeForm: readCompose(v.r.PostForm)}
	shown.Count, shown.Problem = v.counted(shown.composeForm)
	var out bytes.Buffer
	data := &view{visit: v, Data: shown}
	err := v.templates.make(&out, "compose", "count", data)
	if err == nil {
		err = v.templates.make(&out, "compose", "phone", data)
	}
	if err != nil {
		v.Log.Error("a page could not be made; this is a mistake in Kurir", "page", "count", "error", err)
		http.Error(v.w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = v.w.Write(out.Bytes()) // a client that has gone needs no answer
}

// linesView is a list of lines that cannot be read, or of rows.
type linesView struct {
	View *view
	List []badLine
	Row  bool
}

// Lines gives a list of lines to the template that shows them.
func (v *view) Lines(list []badLine, row bool) linesView { return linesView{v, list, row} }
