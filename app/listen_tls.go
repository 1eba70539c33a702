package app

import (
	"crypto/tls"
	"fmt"
	"net"
	"sync/atomic"

	"kurir/config"
)

// certificates is what an interface shows and asks of its clients, as the files
// were when they were last read.
type certificates struct {
	conf      atomic.Pointer[tls.Config]
	protocols []string // of which a client chooses one; nil: there is one
}

func newCertificates(t *config.TLS, protocols []string) (*certificates, error) {
	conf, err := t.Config()
	if err != nil {
		return nil, err
	}
	c := &certificates{protocols: protocols}
	c.use(conf)
	return c, nil
}

// use puts certificates into force for the connections that come.
func (c *certificates) use(conf *tls.Config) {
	conf.NextProtos = c.protocols
	c.conf.Store(conf)
}

// listener wraps connections into TLS.
func (c *certificates) listener(l net.Listener) net.Listener { return tls.NewListener(l, c.current()) }

// current is a configuration of which each handshake uses what is in force when it begins.
func (c *certificates) current() *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return c.conf.Load(), nil },
	}
}

// freshCertificates holds certificates that were read anew, until they are used.
type freshCertificates []freshCertificate

type freshCertificate struct {
	of   *certificates
	conf *tls.Config
}

// readCertificates reads the certificates of a configuration, for those
// interfaces that were started with TLS.
func (a *App) readCertificates(f *config.File) (list freshCertificates, err error) {
	type shown struct {
		name string
		of   *certificates
		tls  *config.TLS
	}
	all := []shown{{"http", a.httpCerts, &f.HTTP.TLS}}
	for _, p := range a.ports {
		all = append(all, shown{p.name, p.certs, &p.setting(f).TLS})
	}
	for _, d := range f.Dialects.All() {
		all = append(all, shown{d.Name, a.certificates()[d.Name], &d.TLS})
	}
	for _, i := range all {
		if i.of == nil || i.tls.Cert == "" {
			continue
		}
		conf, err := i.tls.Config()
		if err != nil {
			return nil, fmt.Errorf("%s: read the certificate: %w", i.name, err)
		}
		list = append(list, freshCertificate{i.of, conf})
	}
	return list, nil
}

// certificates are those that our interfaces show, nil where they show none.
func (a *App) certificates() map[string]*certificates {
	all := map[string]*certificates{"http": a.httpCerts}
	for _, p := range a.ports {
		all[p.name] = p.certs
	}
	for _, d := range a.dialects {
		all[d.name] = d.certs
	}
	return all
}

// use puts them into force for the connections that come.
func (list freshCertificates) use() {
	for _, r := range list {
		r.of.use(r.conf)
	}
}

// fixed is what of a listener changes at the next start only. Of certificates
// that is whether there are any.
func fixed(l config.Listener) config.Listener {
	if l.TLS.Cert != "" {
		l.TLS = config.TLS{Cert: "yes"}
	}
	return l
}
