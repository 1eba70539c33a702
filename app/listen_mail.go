package app

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"

	"kurir/account"
	"kurir/api"
	"kurir/config"
	"kurir/message"
)

// What smtp: {connections, connections_per_address} mean when they are 0: programs that send mail make few connections.
const (
	mailConnections           = 1000
	mailConnectionsPerAddress = 100
)

// openMail opens the ports where mails are taken: a plain one, which with a certificate may become encrypted, and one that is
// encrypted from the start.
func openMail(ctx context.Context, log *slog.Logger, s *config.SMTP, most api.ConnectionLimits) (plain, secure net.Listener, certs *certificates, err error) {
	l := s.Listener()
	if l.Listen == "" {
		return nil, nil, nil, nil
	}
	most.All = min(most.All, cmp.Or(s.Connections, mailConnections))
	most.PerAddress = cmp.Or(s.ConnectionsPerAddress, mailConnectionsPerAddress)
	if l.TLS.Cert != "" {
		if certs, err = newCertificates(&l.TLS, nil); err != nil {
			return nil, nil, nil, fmt.Errorf("smtp: read the certificate: %w", err)
		}
	}
	if plain, err = bind(ctx, log, "smtp", l.Listen, &l, most); err != nil || l.TLSListen == "" {
		return plain, nil, certs, err
	}
	if secure, err = bind(ctx, log, "smtp", l.TLSListen, &l, most); err != nil {
		_ = plain.Close()
		return nil, nil, nil, err
	}
	return plain, secure, certs, nil
}

// mailServer makes what takes mails.
func (a *App) mailServer(accounts func() *account.Directory) *api.SMTPServer {
	s := &a.opt.File.SMTP
	o := api.SMTPOptions{
		Accounts: accounts, Verifier: a.verifier, Log: a.log, Now: a.gateway.Now,
		Dimensions: func() *message.CostDimensions { return a.gateway.Snapshot().Dimensions },
		Tokens:     a.mailTokens, Mail: a.mailNow,
		Name: s.Name, Domains: s.Domains, MaxSize: int64(s.MaxSize), MaxRecipients: s.MaxRecipients, Timeout: s.Timeout,
	}
	if certs := a.port("smtp").certs; certs != nil {
		o.TLS = certs.current()
	}
	return api.NewSMTPServer(a.gateway, o)
}

// fixedSMTP is what of smtp changes at the next start only: all but the certificates.
func fixedSMTP(s config.SMTP) config.SMTP {
	s.TLS = fixed(s.Listener()).TLS
	return s
}
