package web

import (
	"bytes"
	"net/http"
	"strings"

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
}

// forcingView is a character that needs Unicode and what would take its place.
type forcingView struct {
	Character, By string
	Kept          bool
}

// counted previews a form; recipients that are wrong are left out of it, what is wrong with the rest is said.
func (v *visit) counted(f *composeForm) (*countView, *formError) {
	sub, problem := v.submission(f)
	if problem != nil && problem.Field != "at" {
		return &countView{}, nil // nothing is written yet
	}
	if to, problem := v.recipients(v.r.Context(), f.To); problem == nil {
		mail := &gateway.Mailing{Account: v.account.Name, Common: sub, To: to[:1]}
		if phones, _, err := v.Core.AddressSome(v.r.Context(), mail, 1); err == nil && len(phones) > 0 && phones[0].Failure == nil {
			sub.To = phones[0].To
		}
	}
	p, failure := v.Core.Preview(&sub)
	if failure != nil {
		return nil, v.problemOf(failure)
	}
	c := &countView{Characters: len([]rune(f.Text)), Parts: p.Size.Parts, Left: p.Size.Left, Unicode: p.Size.Encoding.String() == "ucs2", First: p.First}
	for _, r := range p.Unicode {
		c.Forcing = append(c.Forcing, forcingView{string(r.Rune), r.By, r.Kept})
	}
	if c.Plain = p.Simplified != nil; c.Plain {
		c.PlainParts = p.Simplified.Parts
	}
	if p.Costs != nil {
		c.Price = p.Costs.Most.Amount.String() + " " + p.Costs.Most.Currency
	}
	return c, nil
}

// plain gives the text with plain forms in place of characters that need Unicode.
func (v *visit) plain(f *composeForm) string {
	sub, _ := v.submission(f)
	p, failure := v.Core.Preview(&sub)
	if failure != nil {
		return f.Text
	}
	var pairs []string
	for _, r := range p.Unicode {
		if !r.Kept {
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
	if err := v.templates["compose"].ExecuteTemplate(&out, "count", &view{visit: v, Data: shown}); err != nil {
		v.Log.Error("a page could not be made; this is a mistake in Kurir", "page", "count", "error", err)
		http.Error(v.w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = v.w.Write(out.Bytes()) // a client that has gone needs no answer
}
