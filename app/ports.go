package app

import (
	"context"
	"fmt"
	"net"

	"kurir/config"
)

// sessionPort is where customers keep sessions over one protocol: SMPP, EMI/UCP, CIMD2, SMTP.
type sessionPort struct {
	name     string
	setting  func(f *config.File) *config.Listener
	serve    func(ctx context.Context, ln net.Listener) error
	listener net.Listener  // nil where there is none
	certs    *certificates // nil without TLS
	upgrades bool          // a connection of listener becomes one with TLS (STARTTLS); those of secure are from the start
	secure   net.Listener  // nil where there is none
}

// sessionPorts are those that there may be.
func (a *App) sessionPorts() []*sessionPort {
	return []*sessionPort{
		{
			name: "smpp", setting: func(f *config.File) *config.Listener { return &f.SMPP },
			serve: func(ctx context.Context, ln net.Listener) error { return a.smpp.Serve(ctx, ln) },
		},
		{
			name: "ucp", setting: func(f *config.File) *config.Listener { return &f.UCP },
			serve: func(ctx context.Context, ln net.Listener) error { return a.ucp.Serve(ctx, ln) },
		},
		{
			name: "cimd2", setting: func(f *config.File) *config.Listener { return &f.CIMD2 },
			serve: func(ctx context.Context, ln net.Listener) error { return a.cimd2.Serve(ctx, ln) },
		},
		{
			name: "smtp", upgrades: true,
			setting: func(f *config.File) *config.Listener { l := f.SMTP.Listener(); return &l },
			serve: func(ctx context.Context, ln net.Listener) error {
				return a.smtp.Serve(ctx, ln, a.port("smtp").secure)
			},
		},
	}
}

// port is one of them by its name.
func (a *App) port(name string) *sessionPort {
	for _, p := range a.ports {
		if p.name == name {
			return p
		}
	}
	return &sessionPort{name: name}
}

// SMPPAddr returns where customers bind; nil when they cannot.
func (a *App) SMPPAddr() net.Addr { return addrOf(a.port("smpp").listener) }

// UCPAddr returns where customers log in over EMI/UCP; nil when they cannot.
func (a *App) UCPAddr() net.Addr { return addrOf(a.port("ucp").listener) }

// CIMD2Addr returns where customers log in over CIMD2; nil when they cannot.
func (a *App) CIMD2Addr() net.Addr { return addrOf(a.port("cimd2").listener) }

// SMTPAddr returns where mails to phones are taken, SMTPSAddr where that is with TLS from the start; nil when they are not.
func (a *App) SMTPAddr() net.Addr { return addrOf(a.port("smtp").listener) }

// SMTPSAddr is the second of SMTPAddr.
func (a *App) SMTPSAddr() net.Addr { return addrOf(a.port("smtp").secure) }

// servePort runs one of them until ctx ends.
func (a *App) servePort(ctx context.Context, p *sessionPort, stop context.CancelCauseFunc) {
	if p.listener == nil {
		return
	}
	if err := p.serve(ctx, p.listener); err != nil && ctx.Err() == nil {
		stop(fmt.Errorf("serve %s: %w", p.name, err))
	}
}

// listens tells for the log where the server keeps what it has, and where it listens: an interface that is not there is left out.
func (a *App) listens() []any {
	said := []any{"data", a.opt.File.Data}
	for _, on := range []struct {
		name string
		addr net.Addr
	}{{"http", a.HTTPAddr()}, {"smpp", a.SMPPAddr()}, {"ucp", a.UCPAddr()}, {"cimd2", a.CIMD2Addr()}, {"smtp", a.SMTPAddr()}} {
		if on.addr != nil {
			said = append(said, on.name, on.addr)
		}
	}
	return said
}
