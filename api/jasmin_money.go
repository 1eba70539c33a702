package api

import (
	"encoding/json"
	"net/http"
	"strings"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// writeJSON answers as /rate and /balance do: of an error its text in quotes.
func (a *jasminAnswer) writeJSON(w http.ResponseWriter, body string) {
	if a.status != http.StatusOK {
		text, _ := json.Marshal(a.text) // a text can be written
		body = string(text)
	}
	writeJasmin(w, a, "application/json", body)
}

// jasminRate is GET and POST /rate: what a message would cost.
func (s *httpServer) jasminRate(w http.ResponseWriter, r *http.Request) {
	args, a, bad := s.jasminAsk(w, r, jasminToRate)
	body := ""
	if bad == nil {
		defer a.EndRequest()
		body, bad = s.jasminRated(args, a)
	}
	if bad == nil {
		bad = &jasminAnswer{status: http.StatusOK}
	}
	bad.writeJSON(w, body)
}

// jasminAsk reads a request that sends nothing; the place of a jasminLogin is to
// be given back.
func (s *httpServer) jasminAsk(w http.ResponseWriter, r *http.Request, page jasminPage) (*jasminArgs, *account.Account, *jasminAnswer) {
	s.jasmin.requests.Add(1)
	args, bad := s.jasminRead(w, r)
	if bad == nil {
		bad = args.check(page)
	}
	if bad != nil {
		return nil, nil, bad
	}
	a, bad := s.jasminLogin(r, args)
	return args, a, bad
}

// jasminRated returns the answer of /rate for arguments that were checked.
func (s *httpServer) jasminRated(args *jasminArgs, a *account.Account) (string, *jasminAnswer) {
	one := jasminMessage{args: args}
	if !args.has("content") && !args.has("hex-content") {
		args.set("content", "")
	}
	bad := one.content()
	if bad == nil {
		bad = one.submission(a, s)
	}
	if bad != nil {
		return "", bad
	}
	p, f := s.Preview(&one.sub)
	if f != nil {
		bad = jasminFailure(f, &one)
		s.jasmin.answered(bad)
		return "", bad
	}
	parts, unit := max(1, p.Size.Parts), message.Amount(0)
	if p.Costs != nil {
		unit = p.Costs.Most.Amount / message.Amount(parts)
	}
	return `{"submit_sm_count": ` + itoa(int64(parts)) + `, "unit_rate": ` + jasminAmount(unit) + "}", nil
}

// jasminBalance is GET and POST /balance.
func (s *httpServer) jasminBalance(w http.ResponseWriter, r *http.Request) {
	_, a, bad := s.jasminAsk(w, r, jasminToBalance)
	if bad != nil {
		bad.writeJSON(w, "")
		return
	}
	defer a.EndRequest()
	(&jasminAnswer{status: http.StatusOK}).writeJSON(w, s.jasminHas(a))
}

// jasminHas is what an account has: the balance that pays for its messages and
// how many messages it may send yet, by the strictest of its limits; "ND" where
// there is no end to it.
func (s *httpServer) jasminHas(a *account.Account) string {
	balance, left := `"ND"`, int64(-1)
	if amount, has := s.pays(a.Name); has {
		balance = jasminAmount(amount)
	}
	if state, known := s.balanceOf(a.Name); known {
		for _, l := range state.Limits {
			if rest := max(0, l.Most-l.Had); !l.Money && (left < 0 || rest < left) {
				left = rest
			}
		}
	}
	count := `"ND"`
	if left >= 0 {
		count = itoa(left)
	}
	return `{"balance": ` + balance + `, "sms_count": ` + count + "}"
}

// balanceOf returns the state of an account's money and limits, if it has any.
func (s *httpServer) balanceOf(name string) (gateway.BalanceState, bool) {
	if s.Money.Balances != nil {
		for _, state := range s.Money.Balances(name) {
			if state.Account == name {
				return state, true
			}
		}
	}
	return gateway.BalanceState{}, false
}

// pays returns the balance that pays for an account's messages; false if none
// does.
func (s *httpServer) pays(name string) (message.Amount, bool) {
	state, known := s.balanceOf(name)
	if known && !state.Has && state.Payer != name {
		state, known = s.balanceOf(state.Payer)
	}
	return state.Balance, known && state.Has
}

// jasminAmount writes an amount as Jasmin does, as a number with as few decimals
// as it needs and at least one.
func jasminAmount(a message.Amount) string {
	text := strings.TrimRight(a.String(), "0")
	if strings.HasSuffix(text, ".") {
		text += "0"
	}
	return text
}
