package account

import (
	"fmt"
	"maps"
	"time"

	"kurir/message"
)

// Balance is money of an account, from which messages are paid.
type Balance struct {
	// Credit is how far below zero the balance may go. Empty: 0, prepaid.
	Credit message.Amount `yaml:"credit"`
	// Charge is when a message is paid: sent, when an operator has taken it; accepted, when Kurir has, and nothing is given
	// back; delivered, when it is delivered. Until then its price is reserved. Empty: sent.
	Charge string `yaml:"charge"`
	// Warn is amounts: when what is available, with the credit, falls below one of them, the account's webhook is told, or that
	// of the nearest parent that has one, the addresses of mail, and the log. Empty: none.
	Warn []message.Amount `yaml:"warn"`
	// Mail is the addresses that are told of it too, by the server of alarms. Empty: none.
	Mail []string `yaml:"mail"`
}

// Limits is how much of an account and those below it is accepted; what exceeds it is refused until the next hour, day
// or month begins.
type Limits struct {
	// Messages is how many messages are accepted.
	Messages MessageLimits `yaml:"messages"`
	// Money is what the messages that are accepted may cost.
	Money MoneyLimits `yaml:"money"`
}

// MessageLimits are limits of messages by time.
type MessageLimits struct {
	// Hour is how many in an hour of the clock. 0: no limit.
	Hour int64 `yaml:"hour" example:"1000"`
	// Day is how many in a day of the account's time zone. 0: no limit.
	Day int64 `yaml:"day" example:"10000"`
	// Month is how many in a month of the account's time zone. 0: no limit.
	Month int64 `yaml:"month" example:"100000"`
}

// MoneyLimits are limits of money by time.
type MoneyLimits struct {
	// Hour is how much in an hour of the clock. 0: no limit.
	Hour message.Amount `yaml:"hour"`
	// Day is how much in a day of the account's time zone. 0: no limit.
	Day message.Amount `yaml:"day"`
	// Month is how much in a month of the account's time zone. 0: no limit.
	Month message.Amount `yaml:"month"`
}

// any tells whether there is a limit.
func (l *Limits) any() bool { return l.Messages != MessageLimits{} || l.Money != MoneyLimits{} }

// Terms is what an account and those above it say about money and limits.
type Terms struct {
	Prices  string     // price list; empty: messages cost nothing
	Payer   *Account   // the nearest with a balance; nil: nobody pays
	Levels  []*Account // itself and those above that have a balance or limits, the nearest first
	Limited bool       // one of them limits money
}

// Terms returns what holds for the account's messages; nil when they are neither paid for nor limited. Accounts of a
// Directory only.
func (a *Account) Terms() *Terms { return a.terms }

// Location is the time zone in which days and months of limits begin.
func (a *Account) Location() *time.Location {
	if a.zone == nil {
		return time.UTC
	}
	return a.zone
}

// SignsIn tells whether anybody can sign in to the account: one that is there for those below it need not have a
// password.
func (a *Account) SignsIn() bool {
	return a.Password != "" || len(a.APIKeys) > 0 || a.SMPP.Password != "" || a.UCP.Password != "" || a.CIMD2.Password != "" || len(a.UCP.Addresses) > 0 || a.keyed || len(a.PlainFrom) > 0 || a.Twilio.AccountSID != "" ||
		len(a.Mail.Networks) > 0 || a.Mail.Domain != ""
}

// agree finds out the terms of every account.
func (s *Directory) agree() {
	for _, a := range s.accounts {
		if zone, err := time.LoadLocation(a.Zone); err == nil && a.Zone != "" {
			a.zone = zone
		}
		t := &Terms{}
		a.looks = &Looks{}
		var dimensions map[string]string
		for up, steps := a, 0; up != nil && steps <= len(s.accounts); up, steps = s.byName[up.Parent], steps+1 {
			dimensions = inherit(dimensions, up.Dimensions)
			a.looks.inherit(&up.Web)
			if t.Prices == "" {
				t.Prices = up.Prices
			}
			if t.Payer == nil && up.Balance != nil {
				t.Payer = up
			}
			if up.Balance != nil || up.Limits.any() {
				t.Levels = append(t.Levels, up)
			}
			t.Limited = t.Limited || up.Limits.Money != MoneyLimits{}
		}
		if t.Prices != "" || len(t.Levels) > 0 {
			a.terms = t
		}
		if d := message.DimensionsOf(dimensions); d != "" {
			a.special = &message.Special{Dimensions: d}
		}
	}
}

// inherit adds what an account above says to what those below say, which may be nil.
func inherit(below, above map[string]string) map[string]string {
	if len(above) == 0 {
		return below
	}
	all := maps.Clone(above)
	maps.Copy(all, below)
	return all
}

// Special returns what all messages of the account have; nil for nothing. It is shared.
func (a *Account) Special() *message.Special { return a.special }

// CheckTree reports parents that there are not and accounts that are above themselves, by the index of the account, and
// notes which accounts are parents. It comes before Validate.
func CheckTree(accounts []Account, report func(i int, field, problem string)) {
	at := make(map[string]int, len(accounts))
	for i := range accounts {
		if _, twice := at[accounts[i].Name]; !twice {
			at[accounts[i].Name] = i
		}
	}
	for i := range accounts {
		parent := accounts[i].Parent
		if parent == "" {
			continue
		}
		up, known := at[parent]
		if !known {
			report(i, "parent", fmt.Sprintf("no account is named %.40q", parent))
			continue
		}
		accounts[up].above = true
		way := accounts[i].Name
		for steps := 0; steps <= len(accounts); steps++ {
			way += " under " + accounts[up].Name
			if up == i {
				report(i, "parent", "leads back to the account itself: "+way)
				break
			}
			next, known := at[accounts[up].Parent]
			if !known {
				break
			}
			up = next
		}
	}
}

// validateMoney reports mistakes in balance and limits.
func (a *Account) validateMoney(report func(field, problem string)) {
	if _, err := time.LoadLocation(a.Zone); a.Zone == "Local" || err != nil {
		report("zone", fmt.Sprintf("%.40q is not a time zone such as Europe/Stockholm", a.Zone))
	}
	if a.Balance != nil && a.Balance.Credit < 0 {
		report("balance.credit", "is less than 0; it says how far below zero the balance may go")
	}
	if a.Balance != nil {
		for i, amount := range a.Balance.Warn {
			if amount <= 0 {
				report(fmt.Sprintf("balance.warn[%d]", i), "is not more than 0; what is available does not fall below that")
			}
		}
	}
	for field, n := range map[string]int64{
		"messages.hour": a.Limits.Messages.Hour, "messages.day": a.Limits.Messages.Day, "messages.month": a.Limits.Messages.Month,
		"money.hour": int64(a.Limits.Money.Hour), "money.day": int64(a.Limits.Money.Day), "money.month": int64(a.Limits.Money.Month),
	} {
		if n < 0 {
			report("limits."+field, "is less than 0; leave it out for no limit")
		}
	}
}
