package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"

	"kurir/api"
	"kurir/config"
)

// listen opens the ports of the file.
func (a *App) listen(ctx context.Context) (err error) {
	n := a.file.Limits.Connections
	if a.httpListener, err = open(ctx, "http", a.file.HTTP, n); err != nil {
		return err
	}
	if a.httpListener != nil {
		a.httpListener = api.AnswerListener(a.httpListener)
	}
	a.smppListener, err = open(ctx, "smpp", a.file.SMPP, n)
	return err
}

// BusyError says that a port is in use.
type BusyError struct {
	Setting, Address string
}

// Error says what to do about it.
func (e *BusyError) Error() string {
	return fmt.Sprintf("%s: %s is in use by another program: stop that, or choose another port", e.Setting, e.Address)
}

func open(ctx context.Context, setting string, c config.Listener, most int) (net.Listener, error) {
	if c.Listen == "" {
		return nil, nil
	}
	var conf *tls.Config
	if c.TLS.Cert != "" {
		cert, err := tls.LoadX509KeyPair(c.TLS.Cert, c.TLS.Key)
		if err != nil {
			return nil, fmt.Errorf("%s: read the certificate: %w", setting, err)
		}
		conf = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, &BusyError{setting, c.Listen}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: listen on %s: %w", setting, c.Listen, err)
	}
	l = api.LimitListener(l, most)
	if conf != nil {
		l = tls.NewListener(l, conf)
	}
	return l, nil
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
	if err := a.http.Shutdown(ctx); err != nil {
		_ = a.http.Close() // streams and slow readers
	}
}

func (a *App) serveSMPP(ctx context.Context, stop context.CancelCauseFunc) {
	if a.smppListener == nil {
		return
	}
	if err := a.smpp.Serve(ctx, a.smppListener); err != nil && ctx.Err() == nil {
		stop(fmt.Errorf("serve smpp: %w", err))
	}
}

// checkFiles raises the number of files that may be open to what the system
// allows and says when that is too few.
func checkFiles(log *slog.Logger, f *config.File) {
	need := uint64(64)
	for _, l := range []config.Listener{f.HTTP, f.SMPP} {
		if l.Listen != "" {
			need += uint64(f.Limits.Connections)
		}
	}
	for _, c := range f.Connectors {
		need += 2 * uint64(c.SMPP.WithDefaults().Sessions)
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return
	}
	if limit.Cur < need && limit.Cur < limit.Max {
		limit.Cur = min(limit.Max, need)
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	}
	if limit.Cur < need {
		log.Warn(fmt.Sprintf("only %d files may be open, and %d connections and files are configured: "+
			"raise the limit (LimitNOFILE= in a systemd unit, ulimit -n in a shell) or lower limits.connections", limit.Cur, need))
	}
}
