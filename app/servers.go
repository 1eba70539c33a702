package app

import (
	"fmt"
	"net/netip"

	"kurir/account"
	"kurir/api"
	"kurir/config"
	"kurir/message"
)

// servers makes what customers connect to.
func (a *App) servers() {
	accounts := func() *account.Directory { return a.gateway.Snapshot().Accounts }
	a.smpp = api.NewSMPPServer(a.gateway, api.SMPPOptions{
		Accounts: accounts, Verifier: a.verifier, Log: a.log, MaxConnections: a.most,
	})
	a.gateway.Receive(message.SMPPTarget, a.smpp)
	opt := api.HTTPOptions{
		Log: a.log, Accounts: accounts, Verifier: a.verifier, Guard: a.guard, Handlers: a.opt.Handlers,
		Metrics: api.NewMetrics(a.gateway.Stats, a.store.Stats), MaxBody: int64(a.file.Limits.Body),
	}
	opt.Use(a.gateway)
	opt.Links.Control, opt.Links.Test = a.ControlLink, a.TestLink
	handler := api.NewHTTP(opt)
	a.http = api.NewHTTPServer(handler, a.log)
}

// receivers makes what carries states and inbound messages to customers that
// are called, not bound.
func (a *App) receivers() {
	a.webhook = api.NewWebhook(api.WebhookOptions{
		Guard: a.guard, Told: a.gateway.Delivered, Timeout: a.file.Webhooks.Timeout, Secret: a.webhookSecret,
		TLVs: func() *message.TLVDictionary { return a.gateway.Snapshot().TLVs },
	})
	a.kannel = api.NewKannelCallback(api.KannelOptions{
		Guard: a.guard, Told: a.gateway.Delivered, Timeout: a.file.Webhooks.Timeout,
	})
	a.gateway.Receive(message.WebhookTarget, a.webhook)
	a.gateway.Receive(message.KannelTarget, a.kannel)
}

func (a *App) webhookSecret(name string) string {
	if acc := a.gateway.Snapshot().Accounts.ByName(name); acc != nil {
		return acc.WebhookSecret.Reveal()
	}
	return ""
}

// allowed reads the networks that webhooks named in requests may lead to.
func allowed(f *config.File) ([]netip.Prefix, error) {
	var allow []netip.Prefix
	for _, text := range f.Webhooks.Allow {
		p, err := account.ParseNetwork(text)
		if err != nil {
			return nil, fmt.Errorf("webhooks.allow: %w", err)
		}
		allow = append(allow, p)
	}
	return allow, nil
}
