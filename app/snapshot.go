package app

import (
	"bytes"
	"context"
	"fmt"

	"kurir/account"
	"kurir/command"
	"kurir/config"
	"kurir/connector"
	"kurir/filter"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
	"kurir/rota"
	"kurir/route"
	"kurir/store"
)

// snapshot makes what the gateway works by of a file. Its number grows when
// links or routes differ from those in force. When it fails, nothing of what
// is in force has changed.
func (a *App) snapshot(ctx context.Context, f *config.File, old *gateway.Snapshot) (*gateway.Snapshot, error) {
	s := &gateway.Snapshot{
		Routes: route.NewTable(f.Routes), Links: map[string]gateway.LinkSettings{},
		TLVs: f.TLVDictionary(), Inbound: gateway.NewInboundTable(f.Inbound), Replies: f.Replies, Series: gateway.NewSeriesTable(f.Series), Country: f.Country, Validity: f.Validity, JoinWait: f.JoinWait, MaxParts: f.Limits.MaxParts, Retries: f.Retries, Schedules: f.Schedules,
		Secret: f.Secret.Rules(), Dimensions: message.NewCostDimensions(f.Dimensions, f.TLVDictionary()),
		Lists: f.Lists, Networks: f.Networks.Table(), Rotas: rota.NewSet(f.Rotas), Maintenance: f.Maintenance,
	}
	s.Self = a.shared.Self()
	a.mailSettings(f, s, old)
	if err := a.pricing(ctx, f, s); err != nil {
		return nil, err
	}
	for i := range f.Commands {
		if s.Commands == nil {
			s.Commands = map[string]*command.Config{}
		}
		s.Commands[f.Commands[i].Name] = &f.Commands[i]
	}
	for _, c := range f.Filters {
		if s.Filters == nil {
			s.Filters = map[string]*filter.Filter{}
		}
		s.Filters[c.Name] = filter.New(c)
	}
	k := gateway.Kept{Routes: f.Routes}
	for i := range f.Connectors {
		c := &f.Connectors[i]
		link := linkSettings(c)
		link.Planned = gateway.PlannedFor(f.Maintenance, true, c.Name)
		s.Links[c.Name] = link
		if smpp, ok := c.Settings.(*connector.SMPPConfig); ok {
			s.Reported = s.Reported || len(smpp.TLVs.Receipts) > 0
		}
		if senders := s.Links[c.Name].Senders; senders != nil {
			s.Choosy = true
			k.SetSenders(c.Name, senders)
		}
		k.Links = append(k.Links, c.Name)
		if most := s.Links[c.Name].MaxValidity; most > 0 {
			k.SetMaxValidity(c.Name, most)
		}
	}
	for i := range f.Accounts {
		if a := &f.Accounts[i]; len(a.Groups) > 0 {
			k.SetGroups(a.Name, a.Groups)
		}
	}
	text, err := k.Text()
	if err != nil {
		return nil, fmt.Errorf("describe the configuration: %w", err)
	}
	s.Text = text
	number, stored, err := a.store.Configuration(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the last configuration: %w", err)
	}
	s.Number = nextNumber(text, old, number, stored)
	if a.store.Shared() {
		s.Number = sharedNumber(text, old, number, stored, a.node.number())
	}
	// Last, because accounts share what is left of their rates with those before.
	var previous *account.Directory
	if old != nil {
		previous = old.Accounts
	}
	s.Accounts = account.NewDirectory(f.Accounts, previous)
	s.Accounts.AddKeys(f.Keys, previous)
	s.Accounts.AddUsers(f.Users)
	s.Accounts.AddNotices(f.Notices)
	return s, nil
}

// nextNumber gives the number of a configuration with that text: the number of
// the one in force (the stored one at start) if they are the same, else a new
// one. What is in force may not be stored yet.
func nextNumber(text []byte, old *gateway.Snapshot, number uint32, stored []byte) uint32 {
	switch {
	case old == nil && number != 0 && bytes.Equal(stored, text):
		return number
	case old == nil:
		return number + 1
	case bytes.Equal(old.Text, text):
		return old.Number
	}
	return max(number, old.Number) + 1
}

// sharedNumber is nextNumber where other nodes give numbers, too: a configuration
// that one of them has stored last has its number, a new one has a number that is
// no other node's.
func sharedNumber(text []byte, old *gateway.Snapshot, number uint32, stored []byte, node int) uint32 {
	switch {
	case number != 0 && bytes.Equal(stored, text):
		return number
	case old != nil && bytes.Equal(old.Text, text):
		return old.Number
	case old != nil:
		number = max(number, old.Number)
	}
	return (number/store.MaxNodes+1)*store.MaxNodes + uint32(node)
}

func linkSettings(c *config.Connector) gateway.LinkSettings {
	every := c.Settings.Every()
	s := gateway.LinkSettings{
		Name: c.Name, Rate: float64(every.Rate), ReceiptWait: every.ReceiptWait,
		ThrottleWait: every.ThrottleWait, FallbackWait: every.FallbackWait, ReturnWait: every.ReturnWait, Once: every.Uncertain == "once",
		ReceiptsFrom: every.ReceiptsFrom, ReceiveOnly: c.Settings.Leases() == 0,
		QuietCut: every.QuietCut, Maintenance: every.Plan(), Senders: every.Senders,
		Source: message.NewAddressRules(every.Source), Destination: message.NewAddressRules(every.Destination),
	}
	s.Languages, _ = gsm.ParseLanguages(every.Languages) // checked with the file
	switch every.InboundNumbers {
	case "international":
		s.InboundNumbers = gateway.NumbersInternational
	case "national":
		s.InboundNumbers, s.Country = gateway.NumbersNational, every.Country
	}
	validity := ""
	switch own := c.Settings.(type) {
	case *connector.SMPPConfig:
		validity, s.IDs, s.Cancel, s.Replace = own.Validity, idForm(own.MessageIDs), own.Cancel, own.Replace
	case *connector.UCPConfig: // its ids are made of recipients and times
		validity, s.IDs, s.Cancel, s.Replace = own.Validity, gateway.IDsExactly, own.Cancel, own.Replace
	case *connector.CIMD2Config:
		validity, s.IDs, s.Cancel = own.Validity, gateway.IDsExactly, own.Cancel
	case *connector.ModemConfig:
		s.IDs, s.SIM = gateway.IDsExactly, true
	}
	if validity != "none" { // else nothing is told
		s.MaxValidity = every.MaxValidity
	}
	switch every.Receipts {
	case "always":
		s.Receipts = gateway.ReceiptsAlways
	case "never":
		s.Receipts = gateway.ReceiptsNever
	}
	return s
}

// idForm is how ids in answers and receipts of a link agree.
func idForm(word string) gateway.IDForms {
	switch word {
	case "string":
		return gateway.IDsExactly
	case "hex_decimal", "decimal_hex": // the link makes them alike
		return gateway.IDsAsAnswered
	}
	return gateway.IDsInAnyForm
}

// trustedURLs are the addresses that the file gives: they may be private.
func trustedURLs(f *config.File) []string {
	var urls []string
	for i := range f.Accounts {
		if u := f.Accounts[i].Webhook; u != "" {
			urls = append(urls, u)
		}
		if u := f.Accounts[i].DLRURL; u != "" {
			urls = append(urls, u)
		}
	}
	for i := range f.Inbound {
		for _, do := range f.Inbound[i].Do {
			for _, u := range []string{do.Webhook, do.Jasmin, do.Twilio} {
				if u != "" {
					urls = append(urls, u)
				}
			}
			if u := do.Kannel.URL(); u != "" {
				urls = append(urls, u)
			}
		}
	}
	return urls
}
