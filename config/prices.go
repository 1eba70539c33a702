package config

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"kurir/account"
	"kurir/billing"
	"kurir/message"
	"kurir/route"
)

// PriceList is what messages cost by destination and connector.
type PriceList struct {
	// Name by which accounts name it.
	Name string `yaml:"name"`
	// Currency is the currency of its prices, three letters (ISO 4217) such as EUR.
	Currency string `yaml:"currency"`
	// File is the prices as CSV: the first line names the columns destination, price and, if wanted, network, link, from and until;
	// docs/billing.md describes them.
	File string `yaml:"file"`
	// CSV is the prices themselves, written as in a file.
	CSV string `yaml:"csv"`

	list *billing.List
}

// List returns the prices; nil if they could not be read.
func (p *PriceList) List() *billing.List { return p.list }

// checkPrices reads the price lists and reports mistakes in them, those of their files with the files' lines, and in
// what accounts say about money. links are the connectors that there are.
func (d *decoder) checkPrices(f *File, links []string) {
	seen := once{d: d, what: "the name"}
	lists := map[string]*PriceList{}
	var names []string
	for i := range f.Prices {
		p := &f.Prices[i]
		path := fmt.Sprintf("prices[%d]", i)
		switch {
		case p.Name == "":
			d.report(path+".name", "is missing")
		case message.NameProblem(p.Name) != "":
			d.report(path+".name", message.NameProblem(p.Name))
		case seen.see(path+".name", p.Name):
			lists[p.Name] = p
			names = append(names, p.Name)
		}
		if problem := message.CurrencyProblem(p.Currency); problem != "" {
			d.report(path+".currency", problem)
		}
		d.readPrices(p, path, links)
	}
	for i := range f.Accounts {
		a := &f.Accounts[i]
		path := fmt.Sprintf("accounts[%d]", i)
		if a.Prices != "" && lists[a.Prices] == nil {
			d.report(path+".prices", "no price list is named "+quote(a.Prices)+known(names))
		}
		if a.Balance != nil {
			if _, ok := billing.ParseRule(a.Balance.Charge); !ok {
				d.report(path+".balance.charge", quote(a.Balance.Charge)+" is not one of "+strings.Join(billing.RuleNames(), ", "))
			}
			for k, to := range a.Balance.Mail {
				if !message.IsMailbox(to) {
					d.report(fmt.Sprintf("%s.balance.mail[%d]", path, k), quote(to)+" is no address of the form name@example.com")
				}
			}
			switch {
			case len(a.Balance.Mail) > 0 && len(a.Balance.Warn) == 0:
				d.report(path+".balance.mail", "is told nothing without warn, the amounts below which the balance is low")
			case len(a.Balance.Mail) > 0 && f.Alarms.Mail.Server == "":
				d.report(path+".balance.mail", "needs alarms: {mail: {server, from}}, by which mail is sent")
			}
		}
	}
	d.checkTerms(f, lists)
}

// readPrices reads the file of a price list.
func (d *decoder) readPrices(p *PriceList, path string, links []string) {
	switch {
	case p.File == "" && p.CSV == "":
		d.report(path+".file", "is missing, and so is csv: one of them has the prices")
		return
	case p.File != "" && p.CSV != "":
		d.report(path+".csv", "is given beside file; one of them has the prices")
		return
	case p.CSV != "":
		prices, mistakes := billing.ReadPrices(strings.NewReader(p.CSV), knownTo(links))
		for _, m := range mistakes {
			d.report(path+".csv", fmt.Sprintf("line %d: %s", m.Line, m.Text))
		}
		p.list = billing.NewList(p.Name, p.Currency, prices)
		return
	}
	info, err := os.Stat(p.File)
	if err == nil && info.Size() > maxFile {
		d.report(path+".file", "is larger than 16 MiB")
		return
	}
	file, err := os.Open(p.File)
	if err != nil {
		d.report(path+".file", quote(p.File)+" "+plain(err))
		return
	}
	defer file.Close()
	prices, mistakes := billing.ReadPrices(file, knownTo(links))
	for _, m := range mistakes {
		d.errors = append(d.errors, Error{File: p.File, Line: m.Line, Column: 1, Text: m.Text})
	}
	p.list = billing.NewList(p.Name, p.Currency, prices)
}

// knownTo is what a price list may name: these links, and countries.
func knownTo(links []string) billing.Known {
	return billing.Known{Links: slices.Concat([]string{}, links), Country: route.IsCountry}
}

// checkTerms reports balances and limits of money that nothing would be taken from, and balances from which more than
// one currency would be.
func (d *decoder) checkTerms(f *File, lists map[string]*PriceList) {
	directory := account.NewDirectory(f.Accounts, nil)
	currency := map[string]string{} // of a level, by account
	by := map[string]string{}       // and the account that says so
	above := map[string]bool{}      // accounts that others pay from, and that need not send themselves
	for i := range f.Accounts {
		above[f.Accounts[i].Parent] = true
	}
	for i := range f.Accounts {
		a := directory.ByName(f.Accounts[i].Name)
		if a == nil || a.Terms() == nil {
			continue
		}
		t, path := a.Terms(), fmt.Sprintf("accounts[%d]", i)
		list := lists[t.Prices]
		switch {
		case t.Prices == "" && (a.SignsIn() || !above[a.Name]) && (t.Payer != nil || t.Limited):
			d.report(path+".prices", "is missing, and no parent has any: there is a balance or a limit of money, and messages would cost nothing")
			continue
		case list == nil:
			continue
		}
		for _, up := range t.Levels {
			if up.Balance == nil && up.Limits.Money == (account.MoneyLimits{}) {
				continue
			}
			if have, ok := currency[up.Name]; ok && have != list.Currency {
				d.report(path+".prices", fmt.Sprintf("the price list %s is in %s, and what is taken from %s for %s is in %s; a balance has one currency",
					quote(t.Prices), list.Currency, quote(up.Name), quote(by[up.Name]), have))
				break
			}
			currency[up.Name], by[up.Name] = list.Currency, a.Name
		}
	}
}
