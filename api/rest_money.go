package api

import (
	"context"
	"errors"
	"net/http"

	"kurir/account"
	"kurir/billing"
	"kurir/gateway"
	"kurir/message"
	"kurir/resource"
)

// MoneyOptions is what /v1/balances and /v1/prices are made of: methods of
// *gateway.Gateway.
type MoneyOptions struct {
	Balances func(account string) []gateway.BalanceState
	TopUp    func(ctx context.Context, t gateway.TopUp) (gateway.TopUpState, bool, error)
	TopUps   func(ctx context.Context, account string, n int) ([]gateway.TopUpState, error)
	Prices   func(account string) []gateway.PriceRow
}

// moneyPaths registers the part of the REST interface that is about money.
// Ordinary accounts see their own.
func (s *httpServer) moneyPaths() {
	s.rest("/v1/balances", methods{http.MethodGet: anyone(account.MoneyRead, s.listBalances)})
	s.rest("/v1/balances/{account}", methods{http.MethodGet: anyone(account.MoneyRead, s.getBalance)})
	s.rest("/v1/balances/{account}/topups", methods{http.MethodGet: anyone(account.MoneyRead, s.listTopUps), http.MethodPost: admins(account.MoneyWrite, s.postTopUp)})
	s.rest("/v1/prices", methods{http.MethodGet: anyone(account.MoneyRead, s.listPrices)})

	s.describe("GET /v1/balances", description{
		name: "listBalances", summary: "Money and limits of accounts", list: &listing{"balances", resource.Balances(), balanceView{}}, examples: []example{{call: "/v1/balances"}},
	})
	s.describe("GET /v1/balances/{account}", description{
		name: "getBalance", summary: "Money and limits of an account", answers: map[int]any{http.StatusOK: balanceView{}}, examples: []example{{call: "/v1/balances/acme"}},
	})
	s.describe("GET /v1/balances/{account}/topups", description{
		name: "listTopUps", summary: "What came to a balance, newest first", list: &listing{"topups", resource.TopUps(), topUpView{}},
		examples: []example{{call: "/v1/balances/acme/topups?limit=1"}},
	})
	s.describe("POST /v1/balances/{account}/topups", description{
		name: "topUp", summary: "Put money on a balance, or with a minus take it off",
		text: "On disk when it is answered. `key`, or the header Idempotency-Key, makes it safe to repeat: 200 and `repeated` if it was made before.",
		body: topUpBody{}, answers: map[int]any{http.StatusCreated: topUpView{}, http.StatusOK: topUpView{}}, also: []int{http.StatusConflict, http.StatusGatewayTimeout},
		needs: []string{"Idempotency-Key"},
		examples: []example{
			{name: "first", call: "/v1/balances/acme/topups", body: `{"amount":"50.00","key":"invoice 2026-118","note":"paid by bank"}`, status: http.StatusCreated},
			{name: "repeated", call: "/v1/balances/acme/topups", body: `{"amount":"100.00","key":"invoice 2026-117"}`, status: http.StatusOK},
			{name: "refused", call: "/v1/balances/acme/topups", body: `{"amount":"99.00","key":"invoice 2026-117"}`, status: http.StatusUnprocessableEntity},
		},
	})
	s.describe("GET /v1/prices", description{
		name: "listPrices", summary: "Prices by which messages cost", list: &listing{"prices", resource.Prices(), priceRowView{}},
		examples: []example{{call: "/v1/prices?sort=-price"}},
	})
}

// balanceView is an account's money and limits in answers. Amounts are texts, for
// they are exact.
type balanceView struct {
	Account  string      `json:"account"`
	Parent   string      `json:"parent,omitempty"`
	Prices   string      `json:"prices,omitempty"`
	PaidBy   string      `json:"paid_by,omitempty"`
	Charge   string      `json:"charge,omitempty"`
	Currency string      `json:"currency,omitempty"`
	Balance  *moneyView  `json:"balance,omitempty"`
	Limits   []limitView `json:"limits,omitempty"`
}

// moneyView is a balance.
type moneyView struct {
	Available message.Amount `json:"available"`
	Balance   message.Amount `json:"balance"`
	Credit    message.Amount `json:"credit"`
	Reserved  message.Amount `json:"reserved"`
	Charged   message.Amount `json:"charged"`
	ToppedUp  message.Amount `json:"topped_up"`
}

// limitView is one limit: messages or money by hour, day or month.
type limitView struct {
	Of    string `json:"of"`
	Per   string `json:"per"`
	Most  string `json:"most"`
	Had   string `json:"had"`
	Until string `json:"until"`
}

func viewBalance(b *gateway.BalanceState) balanceView {
	v := balanceView{Account: b.Account, Parent: b.Parent, Prices: b.Prices, PaidBy: b.Payer, Charge: b.Charge, Currency: b.Currency}
	if b.Has || b.ToppedUp != 0 || b.Balance != 0 {
		v.Balance = &moneyView{b.Balance + b.Credit, b.Balance, b.Credit, b.Reserved, b.Charged, b.ToppedUp}
	}
	for _, l := range b.Limits {
		lv := limitView{Of: "messages", Per: l.Per, Most: itoa(l.Most), Had: itoa(l.Had), Until: seenTime(l.Until)}
		if l.Money {
			lv.Of, lv.Most, lv.Had = "money", message.Amount(l.Most).String(), message.Amount(l.Had).String()
		}
		v.Limits = append(v.Limits, lv)
	}
	return v
}

// listBalances is GET /v1/balances.
func (s *httpServer) listBalances(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	find := func() ([]gateway.BalanceState, *problem) { return s.Money.Balances(scope(a)), nil }
	cell := func(b *gateway.BalanceState, field string) any {
		switch field {
		case "parent":
			return b.Parent
		case "currency":
			return b.Currency
		case "balance":
			return int64(b.Balance)
		}
		return b.Account
	}
	return listRows(s, w, r, a, "balances", resource.Balances(), find, cell, viewBalance)
}

// pathAccount is the account in a path, which the caller may see.
func (s *httpServer) pathAccount(r *http.Request, a *account.Account) (string, *problem) {
	name := r.PathValue("account")
	if len(s.Money.Balances(name)) > 0 && (a.Admin || a.Name == name) {
		return name, nil // perhaps taken out of the configuration
	}
	return name, s.unknownAccount(a, "account", name)
}

// getBalance is GET /v1/balances/{account}.
func (s *httpServer) getBalance(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	if p := noQuery(r); p != nil {
		return p
	}
	name, p := s.pathAccount(r, a)
	if p != nil {
		return p
	}
	v := balanceView{Account: name}
	for _, b := range s.Money.Balances(name) {
		v = viewBalance(&b)
	}
	return answerJSON(w, &v)
}

// topUpView is money that came to a balance, or was taken off it.
type topUpView struct {
	Account string         `json:"account"`
	Key     string         `json:"key"`
	At      string         `json:"at"`
	Amount  message.Amount `json:"amount"`
	Balance message.Amount `json:"balance_after"`
	By      string         `json:"by"`
	Note    string         `json:"note,omitempty"`
	Again   bool           `json:"repeated,omitempty"`
}

func viewTopUp(t *gateway.TopUpState) topUpView {
	return topUpView{
		Account: t.Account, Key: t.Key, At: showTime(t.At), Amount: message.Amount(t.Amount), Balance: message.Amount(t.Balance),
		By: t.By, Note: t.Note,
	}
}

// mostTopUps is how many top-ups a list has, the newest.
const mostTopUps = 1000

// listTopUps is GET /v1/balances/{account}/topups.
func (s *httpServer) listTopUps(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	name, p := s.pathAccount(r, a)
	if p != nil {
		return p
	}
	find := func() ([]gateway.TopUpState, *problem) {
		ctx, cancel := lasting(r.Context(), s.Timeout)
		defer cancel()
		list, err := s.Money.TopUps(ctx, name, mostTopUps)
		if err != nil {
			return nil, readProblem(err, "top-up")
		}
		return list, nil
	}
	cell := func(t *gateway.TopUpState, _ string) any { return t.At }
	return listRows(s, w, r, a, "topups", resource.TopUps(), find, cell, viewTopUp)
}

// topUpBody is the body of POST /v1/balances/{account}/topups.
type topUpBody struct {
	Amount string `json:"amount" required:"true" doc:"such as 100.00; with a minus it is taken off"`
	Key    string `json:"key" doc:"a text of your own, by which a repetition is known"`
	Note   string `json:"note"`
}

// bounds on what a top-up says, in octets.
const (
	mostNote = 1000
)

// postTopUp is POST /v1/balances/{account}/topups. The answer comes when it is on
// disk. A key makes it safe to repeat: it is the field or the header
// Idempotency-Key.
func (s *httpServer) postTopUp(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	name, p := s.pathAccount(r, a)
	if p != nil {
		return p
	}
	var body topUpBody
	if p := s.readJSON(w, r, a, &body); p != nil {
		return p
	}
	header := ""
	if values := r.Header[keyHeader]; values != nil {
		if header, p = requestKey(values); p != nil {
			return p
		}
	}
	if body.Key == "" {
		body.Key = header
	}
	amount, err := message.ParseAmount(body.Amount)
	bad := func(field, format string, args ...any) *problem {
		return faulty(http.StatusUnprocessableEntity, codeBadValue, field, format, args...)
	}
	switch {
	case body.Amount == "":
		return faulty(http.StatusUnprocessableEntity, codeRequired, "amount", `amount is missing; it is a text, such as "100.00"`)
	case err != nil:
		return bad("amount", "%v", err)
	case amount == 0:
		return bad("amount", "the amount is 0")
	case body.Key == "":
		return faulty(http.StatusUnprocessableEntity, codeRequired, "key", "key is missing, or the header Idempotency-Key: a text of your own, by which a repetition is known and does nothing")
	case header != "" && header != body.Key:
		return bad("key", "key and the header Idempotency-Key differ")
	case len(body.Key) > mostKey:
		return bad("key", "the key has more than %d octets", mostKey)
	case len(body.Note) > mostNote:
		return bad("note", "the note has more than %d octets", mostNote)
	}
	return s.topUp(w, r, gateway.TopUp{Account: name, Key: body.Key, Amount: amount, By: a.Actor(), Note: body.Note})
}

func (s *httpServer) topUp(w http.ResponseWriter, r *http.Request, t gateway.TopUp) *problem {
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	made, repeated, err := s.Money.TopUp(ctx, t)
	var f *message.Failure
	switch {
	case errors.As(err, &f):
		return failed(f)
	case errors.Is(err, gateway.ErrNoBalance):
		return faulty(http.StatusConflict, codeNoBalance, "account", "%v; whoever keeps the configuration gives it one with balance: {}", err)
	case errors.Is(err, gateway.ErrKeyTaken):
		return faulty(http.StatusUnprocessableEntity, codeKeyTaken, "key", "%v", err)
	case errors.Is(err, gateway.ErrTooLarge), errors.Is(err, gateway.ErrBelowLimit):
		return faulty(http.StatusUnprocessableEntity, codeBadValue, "amount", "%v", err)
	case err != nil && ctx.Err() != nil:
		return &problem{Status: http.StatusGatewayTimeout, Code: codeTimeout, Detail: "the database did not answer in time; repeat the request with the same key to find out"}
	case err != nil:
		return readProblem(err, "balance")
	}
	v := viewTopUp(&made)
	v.Again = repeated && r.Header[keyHeader] == nil
	doc, err := marshal(&v)
	if err != nil {
		return &problem{Status: http.StatusInternalServerError, Code: codeInternal, Detail: "the answer could not be written"}
	}
	status := http.StatusCreated
	switch {
	case v.Again:
		status = http.StatusOK
	case repeated:
		w.Header().Set(replayedHeader, "true")
	default:
		s.Log.Info("balance is topped up", "account", t.Account, "amount", t.Amount.String(), "by", t.By)
	}
	writeJSON(w, status, doc)
	return nil
}

// priceRowView is one price in answers.
type priceRowView struct {
	List        string         `json:"list"`
	Currency    string         `json:"currency"`
	Destination string         `json:"destination,omitempty"`
	Network     string         `json:"network,omitempty"`
	Link        string         `json:"link,omitempty"`
	Price       message.Amount `json:"price"`
	From        string         `json:"from,omitempty"`
	Until       string         `json:"until,omitempty"`
}

func viewPriceRow(p *gateway.PriceRow) priceRowView {
	where := p.Where()
	if p.Network != "" {
		where = p.Country
	}
	return priceRowView{p.List, p.Currency, where, p.Network, p.Link, p.Amount, seenTime(p.From), seenTime(p.Until)}
}

// listPrices is GET /v1/prices: those by which the account's messages cost, for
// an account that may administrate all.
func (s *httpServer) listPrices(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	find := func() ([]gateway.PriceRow, *problem) { return s.Money.Prices(scope(a)), nil }
	cell := func(p *gateway.PriceRow, field string) any {
		switch field {
		case "list":
			return p.List
		case "link":
			return p.Link
		case "price":
			return int64(p.Amount)
		}
		return p.Where()
	}
	return listRows(s, w, r, a, "prices", resource.Prices(), find, cell, viewPriceRow)
}

// priceView is what a message costs.
type priceView struct {
	Currency string         `json:"currency"`
	Reserved message.Amount `json:"reserved"`
	Charged  message.Amount `json:"charged"`
	PaidBy   string         `json:"paid_by,omitempty"`
}

// viewPrice is what a message costs; nil if it costs nothing.
func viewPrice(m *message.Message) *priceView {
	if m.Price == 0 {
		return nil
	}
	r, charged, settled := billing.Ended(m)
	if r == nil {
		return nil
	}
	v := &priceView{Currency: r.Currency, Charged: charged, PaidBy: r.Payer}
	if !settled {
		v.Reserved = message.Amount(m.Price)
	}
	return v
}
