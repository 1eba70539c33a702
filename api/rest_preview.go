package api

import (
	"net/http"

	"kurir/account"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
)

// previewView is the answer to POST /v1/preview.
type previewView struct {
	Encoding  gsm.Encoding   `json:"encoding"`
	Languages []string       `json:"languages,omitempty"` // whose national tables are used
	Parts     int            `json:"parts"`
	Units     int            `json:"units"` // septets, UTF-16 units or octets
	Left      int            `json:"left"`
	Text      string         `json:"text,omitempty"` // if it is not the one that was given
	Replaced  []replacedView `json:"replaced,omitempty"`
	LeftOut   int            `json:"left_out,omitempty"`
	Messages  []string       `json:"messages,omitempty"` // the texts that a long one is cut into
	Unicode   *unicodeView   `json:"unicode,omitempty"`
	Links     []string       `json:"links,omitempty"`
	Price     string         `json:"price,omitempty"` // what would be reserved: by the dearest link
	Currency  string         `json:"currency,omitempty"`
	Prices    []linkPrice    `json:"prices,omitempty"`
	// Candidates are links that are given another sender than the message's, and those of its route that are skipped.
	Candidates []candidateOfPreview `json:"candidates,omitempty"`
	Rewriting  []ruleView           `json:"rewriting,omitempty"` // rules about sender and recipient
	openingView
}

// linkPrice is what a message costs by a link.
type linkPrice struct {
	Link  string `json:"link"`
	Price string `json:"price"`

	PricedBy priceRowView `json:"priced_by"`
}

// candidateOfPreview is a link that has something particular about it.
type candidateOfPreview struct {
	Link    string `json:"link"`
	From    string `json:"from,omitempty"`
	Skipped string `json:"skipped,omitempty"`
}

// unicodeView is why a text needs Unicode, and what would come of it without.
type unicodeView struct {
	First      int            `json:"first"` // place of the first such character, from 1
	Characters []replacedView `json:"characters"`
	Simplified *sizeView      `json:"simplified,omitempty"`
}

type replacedView struct {
	Character string  `json:"character"`
	By        *string `json:"by"`
	Count     int     `json:"count"`
}

type sizeView struct {
	Encoding gsm.Encoding `json:"encoding"`
	Parts    int          `json:"parts"`
	Left     int          `json:"left"`
}

func viewReplaced(list []gsm.Replaced) []replacedView {
	var views []replacedView
	for _, r := range list {
		v := replacedView{Character: string(r.Rune), Count: r.Count}
		if !r.Kept {
			v.By = &r.By
		}
		views = append(views, v)
	}
	return views
}

// previewPaths registers what says how messages would go, and sends none.
func (s *httpServer) previewPaths() {
	s.rest("/v1/preview", methods{http.MethodPost: anyone(account.MessagesRead, s.postPreview)})
	s.rest("/v1/routes/explain", methods{http.MethodPost: anyone(account.MessagesRead, s.explainRoute)})

	s.describe("POST /v1/preview", description{
		name: "previewMessage", summary: "How a message would be sent: encoding, parts, price, links",
		text: "What would be refused is refused in the same words. Nothing is accepted, stored or counted.",
		body: newMessage(nil), answers: map[int]any{http.StatusOK: previewView{}}, also: []int{http.StatusPaymentRequired},
		examples: []example{
			{name: "simplified", call: "/v1/preview", body: `{"to":"+46701234567","text":"Vi ses “imorgon” – å ä ö","unicode":"simplify"}`},
			{name: "text alone", call: "/v1/preview", body: `{"text":"På väg 😀"}`},
		},
	})
	s.describe("POST /v1/routes/explain", description{
		name: "explainRoute", summary: "Which rules a message meets, and by which links it would go",
		text: "Accounts that may administrate may ask for another by `account`.",
		body: explainBody{}, answers: map[int]any{http.StatusOK: explainView{}}, also: []int{http.StatusNotFound},
		examples: []example{{call: "/v1/routes/explain", body: `{"to":"+46701234567","text":"Your code is 1234","at":"2026-11-02T12:00:00Z"}`}},
	})
}

// postPreview is POST /v1/preview: how a message would be sent, with the fields
// of POST /v1/messages. Nothing is sent.
func (s *httpServer) postPreview(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	req, p := s.readMessages(w, r, a)
	if p != nil {
		return p
	}
	if req.several {
		return faulty(http.StatusUnprocessableEntity, codeBadValue, "messages", "a preview is of one message: give its fields themselves")
	}
	m := &req.messages[0]
	if len(m.to) > 1 {
		return faulty(http.StatusUnprocessableEntity, codeTooMany, "to", "a preview is for one recipient, or for none")
	}
	var sub gateway.Submission
	var f *message.Failure
	if m.people != nil {
		sub, f = (&addressing{s, r.Context()}).first(m, a)
	} else if sub, f = m.submission(a, s.Guard, s.TLVs()); len(m.to) == 1 {
		if sub.To = m.to[0]; sub.To == "" && f == nil {
			f = message.Fail(message.BadRecipient, "to", "the recipient is empty")
		}
	}
	if f != nil {
		return refusedPreview(f)
	}
	preview, f := s.Preview(&sub)
	if f != nil {
		return refusedPreview(f)
	}
	size := preview.Size
	v := previewView{Encoding: size.Encoding, Parts: size.Parts, Units: size.Units, Left: size.Left, Links: preview.Links, Messages: preview.Messages}
	for _, l := range []gsm.Language{size.Shift.Single, size.Shift.Locking} {
		if l != gsm.NoLanguage && (len(v.Languages) == 0 || v.Languages[0] != l.String()) {
			v.Languages = append(v.Languages, l.String())
		}
	}
	if c := preview.Costs; c != nil {
		v.Price, v.Currency = c.Most.Amount.String(), c.Most.Currency
		for i, amount := range c.By {
			v.Prices = append(v.Prices, linkPrice{preview.Links[i], amount.String(), viewPriceRow(&c.Rows[i])})
		}
	}
	for _, c := range preview.Candidates {
		v.Candidates = append(v.Candidates, candidateOfPreview{c.Link, c.From, c.Skipped})
	}
	for _, c := range preview.Rewriting {
		v.Rewriting = append(v.Rewriting, ruleView(c))
	}
	v.openingView = viewOpening(preview.Opening)
	if preview.Text != m.text {
		v.Text = preview.Text
	}
	if c := preview.Changed; c != nil {
		v.Replaced, v.LeftOut = viewReplaced(c.Replaced), c.Cut
	}
	if len(preview.Unicode) > 0 {
		v.Unicode = &unicodeView{First: preview.First, Characters: viewReplaced(preview.Unicode)}
		if n := preview.Simplified; n != nil {
			v.Unicode.Simplified = &sizeView{Encoding: n.Encoding, Parts: n.Parts, Left: n.Left}
		}
	}
	return answerJSON(w, &v)
}

// refusedPreview says why the message would be refused, as POST /v1/messages
// does.
func refusedPreview(f *message.Failure) *problem {
	b := batch{}
	b.fail(0, "", f)
	p := refusal(b.kinds, b.bad)
	return p
}
