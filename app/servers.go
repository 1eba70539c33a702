package app

import (
	"fmt"
	"math"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"kurir/account"
	"kurir/api"
	"kurir/config"
	"kurir/connector"
	"kurir/gsm"
	"kurir/message"
)

// servers makes what customers connect to.
func (a *App) servers() {
	accounts := func() *account.Directory { return a.gateway.Snapshot().Accounts }
	a.smpp = api.NewSMPPServer(a.gateway, api.SMPPOptions{
		Accounts: accounts, Verifier: a.verifier, Log: a.log, MaxConnections: a.most, Now: a.gateway.Now,
		Country:  func() string { return a.gateway.Snapshot().Country },
		Reported: func() bool { return a.gateway.Snapshot().Reported },
		All:      a.sessions,
	})
	wire := api.WireOptions{Accounts: accounts, Verifier: a.verifier, Log: a.log, All: a.sessions, MaxConnections: a.most, Now: a.gateway.Now}
	a.ucp, a.cimd2 = api.NewUCPServer(a.gateway, wire), api.NewCIMD2Server(a.gateway, wire)
	a.smtp = a.mailServer(accounts)
	a.gateway.Receive(message.SMPPTarget, a.sessions)
	metrics := api.NewMetrics(a.gateway.Stats, a.store.Stats)
	metrics.MustRegister(&api.AccountMetrics{Accounts: accounts, Server: a.sessions, Owed: a.gateway.OwedQueues})
	metrics.MustRegister(&api.MoneyMetrics{Balances: a.gateway.Balances})
	metrics.MustRegister(append(api.SMTPMetrics(a.smtp), api.MailOutMetrics(a.mail)...)...)
	a.status = &api.Status{
		Version: a.opt.Version, Began: time.Now(), Gateway: a.gateway.Stats, Store: a.store.Stats,
		Free: func() (uint64, error) { return diskFree(a.opt.File.Data) }, Mail: a.mailStatus,
	}
	a.balances = &api.BalanceWatch{
		Accounts: accounts, Balances: a.gateway.Balances, Warned: a.gateway.Warned, SetWarned: a.gateway.SetWarned,
		Settings: a.alarmSettings, Webhook: a.webhook, Log: a.log,
	}
	a.watch = &alarmWatch{
		Book: a.alarms, Settings: a.alarmSettings, Stats: a.gateway.Stats, Queues: a.gateway.WaitingQueues, Accounts: accounts,
		Balances: a.gateway.Balances, Certificates: a.shownCertificates, Offset: clockOffset, Keep: a.keepAlarms,
		Follow: a.followAlarms, Tells: a.node.tells,
		Free: func() (free, total uint64, err error) { return diskSpace(a.opt.File.Data) },
	}
	a.notifier = &api.AlarmNotifier{
		Book: a.alarms, Settings: a.alarmSettings, Accounts: accounts, Accept: a.gateway.Accept, Webhook: a.webhook, Log: a.log,
	}
	opt := api.HTTPOptions{
		Log: a.log, Accounts: accounts, Verifier: a.verifier, Guard: a.guard, Logins: a.logins, Handlers: a.handlers(),
		Metrics: metrics, MaxBody: int64(a.file.Limits.Body),
	}
	opt.Use(a.gateway)
	opt.Settings, opt.Attempts = a.httpNow.Load, a.attempts
	opt.Links.Stats, opt.Links.Control, opt.Links.Test, opt.Links.USSD = a.linkStats, a.ControlLink, a.TestLink, a.LinkUSSD
	opt.Nodes = a.shownNodes
	metrics.MustRegister(api.NodeMetrics(a.shownNodes)...)
	opt.Sessions, opt.Status = api.SessionsOptions{List: a.sessions.List, End: a.sessions.End}, a.status
	opt.Config = api.ConfigOptions{Rows: a.Settings, Change: a.ChangeSetting, Audits: a.gateway.Audits, Schema: config.Schema, Routes: a.RoutesWith}
	opt.Users = api.UsersOptions{People: a.people, Invite: a.inviteUser, Note: a.noteUser}
	opt.Alarms = api.AlarmsOptions{Book: a.alarms, Settings: a.alarmSettings, Keep: a.keepAlarms}
	opt.Traces = api.NewTraces(a.log, a.traceLink, a.traceAccount, a.alphabet, a.secretText)
	opt.Closing, opt.Dialects = a.streams, dialectSettings(a.opt.File)
	if d := &a.opt.File.Dialects; d.KannelAdminPassword != "" {
		a.kannelLoad = &api.KannelLoad{Gateway: a.gateway.Stats}
		opt.KannelAdmin = api.KannelAdmin{
			Password: d.KannelAdminPassword, Status: d.KannelStatusPassword, Load: a.kannelLoad, Reload: a.ReloadLists,
		}
	}
	opt.Events = api.NewEvents(api.EventsOptions{
		Follow: a.gateway.FollowEvents, After: a.gateway.EventsAfter, TLVs: opt.TLVs, Log: a.log,
		Total: a.opt.File.Events.Streams, PerAccount: a.opt.File.Events.PerAccount,
	})
	a.gateway.WatchEvents(opt.Events.Wake)
	metrics.MustRegister(api.StreamMetrics(opt.Events, opt.Traces)...)
	opt.Jasmin = a.jasmin
	handler, dialects := api.NewHTTPHandlers(opt)
	a.http = api.NewHTTPServer(handler, a.log)
	for _, d := range a.dialects {
		d.server = api.NewHTTPServer(dialects[d.name], a.log)
	}
	a.http.RegisterOnShutdown(opt.Events.Close)
	a.http.RegisterOnShutdown(opt.Traces.Close) // or the server would wait for those who follow one
	a.http.RegisterOnShutdown(a.endStreams)
}

// receivers makes what carries states and inbound messages to customers that
// are called, not bound.
func (a *App) receivers() {
	a.attempts = api.NewAttempts()
	a.webhook = api.NewWebhook(api.WebhookOptions{
		Guard: a.guard, Attempts: a.attempts, Told: a.gateway.Delivered, Timeout: a.file.Webhooks.Timeout, Secret: a.hookSecrets,
		TLVs: func() *message.TLVDictionary { return a.gateway.Snapshot().TLVs },
	})
	kannel := api.KannelOptions{
		Guard: a.guard, Attempts: a.attempts, Told: a.gateway.Delivered, Timeout: a.file.Webhooks.Timeout,
		TLVs: func() *message.TLVDictionary { return a.gateway.Snapshot().TLVs },
	}
	a.kannel = api.NewKannelCallback(kannel)
	a.service = api.NewKannelService(api.KannelServiceOptions{
		KannelOptions: kannel, Accounts: func() *account.Directory { return a.gateway.Snapshot().Accounts },
		Dimensions: func() *message.CostDimensions { return a.gateway.Snapshot().Dimensions },
	})
	a.jasmin = api.NewJasminCallback(api.JasminOptions{
		Guard: a.guard, Attempts: a.attempts, Told: a.gateway.Delivered, Timeout: a.file.Webhooks.Timeout, AnyAck: a.opt.File.Dialects.JasminAck == "any",
		TLVs: func() *message.TLVDictionary { return a.gateway.Snapshot().TLVs },
	})
	a.twilio = api.NewTwilioCallback(api.TwilioOptions{
		Guard: a.guard, Attempts: a.attempts, Told: a.gateway.Delivered, Timeout: a.file.Webhooks.Timeout,
		Account: func(name string) *account.Account { return a.gateway.Snapshot().Accounts.ByName(name) },
	})
	a.gateway.Receive(message.TwilioTarget, a.twilio)
	a.gateway.Receive(message.WebhookTarget, a.webhook)
	a.gateway.Receive(message.KannelTarget, a.kannel)
	a.gateway.Receive(message.ServiceTarget, a.service)
	a.gateway.Receive(message.JasminTarget, a.jasmin)
}

func (a *App) hookSecrets(name string) (secret, previous string) {
	if acc := a.gateway.Snapshot().Accounts.ByName(name); acc != nil {
		return acc.HookSecrets(time.Now())
	}
	return "", ""
}

// httpSettings is how a file, which was checked, says that the HTTP interfaces are reached.
func httpSettings(f *config.File) *api.HTTPSettings {
	base, _ := url.Parse(f.HTTP.BaseURL) // checked
	return &api.HTTPSettings{
		Base: strings.TrimSuffix(f.HTTP.BaseURL, "/"), Trusted: prefixes(f.HTTP.TrustedProxies), Forwarded: f.HTTP.ForwardedBy == "forwarded", CORS: f.HTTP.CORS,
		Prefix: api.CleanPrefix(base.EscapedPath()), UserHeader: f.HTTP.UserHeader, NewUser: struct{ Account, Role string }(f.HTTP.UserNew), Frames: f.HTTP.FrameOrigins, SecondFactor: f.HTTP.SecondFactor,
		Requests: int64(f.Limits.Requests), AccountRequests: int64(f.Limits.RequestsPerAccount),
	}
}

// prefixes parses networks that were checked.
func prefixes(networks []string) (list []netip.Prefix) {
	for _, text := range networks {
		if p, err := account.ParseNetwork(text); err == nil {
			list = append(list, p)
		}
	}
	return list
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

// diskFree returns how many octets may still be written to the disk of a
// folder.
func diskFree(folder string) (uint64, error) {
	free, _, err := diskSpace(folder)
	return free, err
}

// diskSpace returns with it how many octets there are.
func diskSpace(folder string) (free, total uint64, err error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(folder, &st); err != nil {
		return 0, 0, err
	}
	return st.Bavail * uint64(st.Bsize), st.Blocks * uint64(st.Bsize), nil
}

// traceLink has tap see the PDUs of a link, nil nobody.
func (a *App) traceLink(name string, session uint64, tap api.Tap) error {
	if tap == nil {
		return a.gateway.TraceLink(name, 0, nil)
	}
	number := uint32(min(session, math.MaxUint32)) // beyond it there is none
	return a.gateway.TraceLink(name, number, func(speaks message.Dialect, session uint32, sent bool, frame []byte) {
		tap(speaks, uint64(session), sent, frame)
	})
}

// alphabet is what texts are in on a link or to an account; GSM where there is
// none of this name.
func (a *App) alphabet(ofLink bool, name string) (found api.TraceAlphabets) {
	if !ofLink {
		if acc := a.gateway.Snapshot().Accounts.ByName(name); acc != nil {
			found.UCP = acc.UCP.Alphabet
		}
		found.SMPP = a.smpp.Alphabet(name)
		return found
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range a.file.Connectors {
		if c.Name != name {
			continue
		}
		switch s := c.Settings.(type) {
		case *connector.SMPPConfig:
			found.SMPP, _ = gsm.ParseDefaultAlphabet(s.Alphabet) // checked with the configuration
		case *connector.UCPConfig:
			found.UCP = s.Alphabet
		}
	}
	return found
}

// secretText tells whether what an account sends is shown to nobody.
func (a *App) secretText(name string, from message.Address, text string) bool {
	s := a.gateway.Snapshot()
	acc := s.Accounts.ByName(name)
	return acc == nil || s.SecretText(acc, from, text)
}

// traceAccount has tap see the PDUs of a customer's sessions, nil nobody.
func (a *App) traceAccount(name string, session uint64, tap api.Tap) error {
	if tap != nil && a.gateway.Snapshot().Accounts.ByName(name) == nil {
		return fmt.Errorf("there is no account %q", name)
	}
	return a.sessions.SetTrace(name, session, tap)
}
