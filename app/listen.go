package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"kurir/api"
	"kurir/config"
	"kurir/connector"
)

// listen opens the ports of the file.
func (a *App) listen(ctx context.Context) (err error) {
	n := api.ConnectionLimits{All: a.most, PerAddress: a.file.Limits.ConnectionsPerAddress, Exempt: prefixes(a.file.HTTP.TrustedProxies)}
	if a.httpListener, a.httpCerts, err = open(ctx, a.log, "http", a.file.HTTP.Listener(), n); err != nil {
		return err
	}
	if a.httpListener != nil {
		a.httpListener = answering(a.httpListener)
	}
	if err = a.openDialects(ctx, n); err != nil {
		return err
	}
	for _, p := range a.ports {
		if err = a.openPort(ctx, p, n); err != nil {
			return err
		}
	}
	return nil
}

// openPort opens the ports of one protocol.
func (a *App) openPort(ctx context.Context, p *sessionPort, n api.ConnectionLimits) (err error) {
	if p.upgrades {
		p.listener, p.secure, p.certs, err = openMail(ctx, a.log, &a.file.SMTP, n)
		return err
	}
	p.listener, p.certs, err = open(ctx, a.log, p.name, *p.setting(a.file), n)
	return err
}

// closePorts gives the ports back.
func (a *App) closePorts() {
	ports := []net.Listener{a.httpListener}
	for _, p := range a.ports {
		ports = append(ports, p.listener, p.secure)
	}
	for _, d := range a.dialects {
		ports = append(ports, d.listener)
	}
	for _, l := range ports {
		if l != nil {
			_ = l.Close()
		}
	}
}

// BusyError says that a port is in use.
type BusyError struct {
	Setting, Address string
}

// Error says what to do about it.
func (e *BusyError) Error() string {
	return fmt.Sprintf("%s: %s is in use by another program: stop that, or choose another port", e.Setting, e.Address)
}

// open opens the ports of one interface: one, or a plain one and one with TLS.
func open(ctx context.Context, log *slog.Logger, setting string, c config.Listener, most api.ConnectionLimits) (_ net.Listener, _ *certificates, err error) {
	if c.Listen == "" {
		return nil, nil, nil
	}
	var certs *certificates
	if c.TLS.Cert != "" {
		var protocols []string
		if setting != "smpp" && setting != "ucp" && setting != "cimd2" {
			protocols = api.HTTPProtocols()
		}
		if certs, err = newCertificates(&c.TLS, protocols); err != nil {
			return nil, nil, fmt.Errorf("%s: read the certificate: %w", setting, err)
		}
	}
	plain, err := bind(ctx, log, setting, c.Listen, &c, most)
	if err != nil || certs == nil {
		return plain, nil, err
	}
	if c.TLSListen == "" {
		return certs.listener(plain), certs, nil
	}
	secure, err := bind(ctx, log, setting, c.TLSListen, &c, most)
	if err != nil {
		_ = plain.Close()
		return nil, nil, err
	}
	return join(plain, certs.listener(secure)), certs, nil
}

// seldomEvery is the least time between two lines of the log about connections
// that are refused.
const seldomEvery = time.Minute

// bind opens one port.
func bind(ctx context.Context, log *slog.Logger, setting, address string, c *config.Listener, most api.ConnectionLimits) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, &BusyError{setting, address}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: listen on %s: %w", setting, address, err)
	}
	full, one, bare := &connector.Seldom{Every: seldomEvery}, &connector.Seldom{Every: seldomEvery}, &connector.Seldom{Every: seldomEvery}
	most.Exempt = append(prefixes(c.Proxy), most.Exempt...)
	most.Refused = func(peer net.Addr, perAddr bool) {
		if perAddr {
			if n := one.Note(); n > 0 {
				log.Warn("connection refused: too many from one address", "interface", setting, "peer", peer, "holds", most.PerAddress, "refused", n)
			}
		} else if n := full.Note(); n > 0 {
			log.Warn("connection refused: too many", "interface", setting, "peer", peer, "holds", most.All, "refused", n)
		}
	}
	return behindProxies(api.LimitListener(l, most), c.Proxy, func(peer net.Addr) {
		if n := bare.Note(); n > 0 {
			log.Warn("a load balancer's connection without a header of the PROXY protocol is closed", "interface", setting, "peer", peer, "closed", n)
		}
	}), nil
}

func (a *App) serveHTTP(stop context.CancelCauseFunc) {
	if a.httpListener == nil {
		return
	}
	if err := a.http.Serve(a.httpListener); !errors.Is(err, http.ErrServerClosed) {
		stop(fmt.Errorf("serve http: %w", err))
	}
}

func (a *App) stopHTTP() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout/2)
	defer cancel()
	servers := []*http.Server{a.http}
	for _, d := range a.dialects {
		servers = append(servers, d.server)
	}
	var closing sync.WaitGroup
	for _, s := range servers {
		closing.Go(func() {
			if err := s.Shutdown(ctx); err != nil {
				_ = s.Close() // streams and slow readers
			}
		})
	}
	closing.Wait()
}

const (
	mostConnections = 10_000 // of one interface, when the file names no number
	fewConnections  = 1000   // worth a warning
	ownFiles        = 64     // the database's, the log's and the like
)

// connections returns how many connections each interface holds: the file's
// number, else as many as the system lets us open beside everything else. It
// raises the limit on open files where it may, and says when few remain.
func connections(log *slog.Logger, f *config.File) int {
	listeners := uint64(0)
	ports := []config.Listener{f.HTTP.Listener(), f.SMPP, f.UCP, f.CIMD2, f.SMTP.Listener()}
	for _, d := range f.Dialects.All() {
		ports = append(ports, d.Listener())
	}
	for _, l := range ports {
		if l.Listen != "" {
			listeners++
		}
		if l.TLSListen != "" {
			listeners++
		}
	}
	rest := uint64(ownFiles + 5*api.CallerFiles) // webhooks, Kannel's, Jasmin's and Twilio's callbacks, Kannel's services
	for _, c := range f.Connectors {
		rest += 2 * uint64(max(1, c.Settings.Leases())) // as one goes and the next comes
	}
	named := f.Limits.Connections
	n := named
	if n == 0 {
		n = mostConnections
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || listeners == 0 {
		return n
	}
	need := rest + listeners*uint64(n)
	if limit.Cur < need && limit.Cur < limit.Max {
		raised := syscall.Rlimit{Cur: min(limit.Max, need), Max: limit.Max}
		if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised) == nil {
			limit = raised
		}
	}
	n, ok := fitting(limit.Cur, rest, listeners, named)
	log.Info("connections", "each_interface", n, "open_files", limit.Cur)
	if !ok {
		advice := "which leaves %d connections for each interface: raise the limit (LimitNOFILE= in a systemd unit, ulimit -n in a shell)"
		if named > 0 {
			advice = "which is too few for limits.connections of %d: raise the limit (LimitNOFILE= in a systemd unit, ulimit -n in a shell) or leave that out"
		}
		log.Warn(fmt.Sprintf("only %d files may be open, "+advice, limit.Cur, n))
	}
	return n
}

// fitting returns how many connections each of the listeners gets when so many
// files may be open and rest of them serve other things; false if the number
// that was named (0 for none) does not fit, or few remain. A quarter of a low
// limit is for connections in any case: the rest is seldom used up.
func fitting(limit, rest, listeners uint64, named int) (int, bool) {
	room := limit / 4 / listeners
	if limit > rest {
		room = max(room, (limit-rest)/listeners)
	}
	if named > 0 {
		return named, uint64(named) <= room
	}
	return int(max(1, min(room, mostConnections))), room >= fewConnections
}
