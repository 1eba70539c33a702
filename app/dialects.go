package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"kurir/account"
	"kurir/api"
	"kurir/config"
)

// dialectPort is the port of a dialect's own.
type dialectPort struct {
	name     string
	listener net.Listener
	certs    *certificates // nil without TLS
	server   *http.Server
}

// openDialects opens the ports that dialects have of their own.
func (a *App) openDialects(ctx context.Context, most api.ConnectionLimits) error {
	for _, d := range a.file.Dialects.All() {
		l, certs, err := open(ctx, a.log, "dialects."+d.Name, d.Listener(), most)
		if err != nil {
			return err
		}
		if l != nil {
			a.dialects = append(a.dialects, &dialectPort{name: d.Name, listener: answering(l), certs: certs})
		}
	}
	return nil
}

// dialectSettings are those of the file as the HTTP interfaces want them.
func dialectSettings(f *config.File) map[string]api.Dialect {
	set := map[string]api.Dialect{}
	for _, d := range f.Dialects.All() {
		one := api.Dialect{Off: d.Off, Own: d.Listen != "", Path: d.Path}
		for _, text := range d.Addresses {
			if network, err := account.ParseNetwork(text); err == nil { // or the file had been refused
				one.Networks = append(one.Networks, network)
			}
		}
		set[d.Name] = one
	}
	return set
}

// DialectAddr returns where a dialect has a port of its own; nil when it has none.
func (a *App) DialectAddr(name string) net.Addr {
	for _, d := range a.dialects {
		if d.name == name {
			return d.listener.Addr()
		}
	}
	return nil
}

func (d *dialectPort) serve(stop context.CancelCauseFunc) {
	if err := d.server.Serve(d.listener); !errors.Is(err, http.ErrServerClosed) {
		stop(fmt.Errorf("serve %s: %w", d.name, err))
	}
}

// fixedDialects is what of them changes at the next start only.
func fixedDialects(f *config.File) any {
	all := []any{f.Dialects.JasminAck, f.Dialects.KannelAdminPassword, f.Dialects.KannelStatusPassword}
	for _, d := range f.Dialects.All() {
		one := *d.Dialect
		one.TLS = config.TLS{}
		all = append(all, one, fixed(d.Listener()))
	}
	return all
}
