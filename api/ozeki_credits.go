package api

import (
	"errors"
	"net/http"
	"strings"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// ozekiEndless is the balance where there is no end to it.
const ozekiEndless = "-1"

// ozekiCredits is the row about an account's balance.
func (s *httpServer) ozekiCredits(name string) ozekiRow {
	balance := ozekiEndless
	if amount, has := s.pays(name); has {
		balance = strings.TrimSuffix(jasminAmount(amount), ".0")
	}
	return ozekiRow{"account", []ozekiField{{"username", name}, {"balance", balance}}}
}

// ozekiOf is the account that a request is about: the caller's own, and for
// those who look after the server any that there is.
func (s *httpServer) ozekiOf(f ozekiRequest, a *account.Account, change bool) (string, *ozekiError) {
	name := f.get("useraccount")
	if name == "" {
		name = a.Name
	}
	switch {
	case change && !a.Admin:
		return "", ozekiRefuse(http.StatusForbidden, "Only an administrator may change balances")
	case name != a.Name && !a.Admin, s.Accounts().ByName(name) == nil:
		return "", ozekiRefuse(http.StatusForbidden, "There is no such account, or it is not yours: "+clip(name))
	}
	return name, nil
}

// ozekiGetCredits is action=getcredits.
func (s *httpServer) ozekiGetCredits(_ *http.Request, f ozekiRequest, a *account.Account) ([]ozekiRow, *ozekiError) {
	name, bad := s.ozekiOf(f, a, false)
	if bad != nil {
		return nil, bad
	}
	return []ozekiRow{s.ozekiCredits(name)}, nil
}

// ozekiSetCredits is action=setcredits: newbalance in place of the balance;
// nothing, if it is empty.
func (s *httpServer) ozekiSetCredits(r *http.Request, f ozekiRequest, a *account.Account) ([]ozekiRow, *ozekiError) {
	name, bad := s.ozekiOf(f, a, true)
	if bad != nil {
		return nil, bad
	}
	if given := strings.TrimSpace(f.get("newbalance")); given != "" {
		wanted, err := message.ParseAmount(given)
		if err != nil {
			return nil, ozekiRefuse(http.StatusBadRequest, "newbalance: "+err.Error())
		}
		now, _ := s.pays(name)
		bad = s.ozekiTopUp(r, a, name, wanted-now, "setcredits")
	}
	return []ozekiRow{s.ozekiCredits(name)}, bad
}

// ozekiAddCredits is action=addcredits.
func (s *httpServer) ozekiAddCredits(r *http.Request, f ozekiRequest, a *account.Account) ([]ozekiRow, *ozekiError) {
	name, bad := s.ozekiOf(f, a, true)
	if bad != nil {
		return nil, bad
	}
	amount, err := message.ParseAmount(strings.TrimSpace(f.get("add")))
	if err != nil {
		return nil, ozekiRefuse(http.StatusBadRequest, "add: "+err.Error())
	}
	bad = s.ozekiTopUp(r, a, name, amount, "addcredits")
	return []ozekiRow{s.ozekiCredits(name)}, bad
}

// ozekiTopUp changes a balance. Each request counts, as with Ozeki, which has
// no keys by which a repetition is known.
func (s *httpServer) ozekiTopUp(r *http.Request, by *account.Account, name string, amount message.Amount, action string) *ozekiError {
	if amount == 0 {
		return nil
	}
	if s.Money.TopUp == nil {
		return ozekiRefuse(http.StatusConflict, gateway.ErrNoBalance.Error())
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	_, _, err := s.Money.TopUp(ctx, gateway.TopUp{Account: name, Key: "ozeki-" + newUUID(), Amount: amount, By: by.Name, Note: "Ozeki " + action})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, gateway.ErrNoBalance), errors.Is(err, gateway.ErrTooLarge), errors.Is(err, gateway.ErrBelowLimit):
		return ozekiRefuse(http.StatusConflict, err.Error())
	}
	return ozekiRefuse(http.StatusServiceUnavailable, "the balance could not be written; look at it before you try again")
}
