package config

import (
	"fmt"
	"net/url"
	"strings"

	"kurir/account"
)

// HTTP is where the HTTP interfaces are served, and how they are reached from outside.
type HTTP struct {
	// Listen is host:port; a port of 0 takes a free one. Empty: 127.0.0.1:8080.
	Listen string `yaml:"listen"`
	// TLSListen is a second host:port, served with TLS beside the first, which is then plain. Empty: with tls the first
	// is served with TLS.
	TLSListen string `yaml:"tls_listen"`
	// TLS encrypts the interface. Left out: plain.
	TLS TLS `yaml:"tls"`
	// Proxy is the load balancers, as networks (10.0.0.0/8) or single addresses, that begin each connection with a
	// header of the PROXY protocol, version 1 or 2, which names the client. One of theirs without it is closed; others
	// are taken as they are. Empty: none.
	Proxy []string `yaml:"proxy"`
	// BaseURL is the address at which clients reach the interfaces, with the path in front of them if a reverse proxy
	// takes one off: https://sms.example.com/kurir. Addresses in answers begin with it. Empty: they begin with the path.
	BaseURL string `yaml:"base_url"`
	// TrustedProxies are the reverse proxies, as networks (10.0.0.0/8) or single addresses, whose headers say who the
	// client is. From others these headers are ignored. Empty: none.
	TrustedProxies []string `yaml:"trusted_proxies"`
	// ForwardedBy is which headers of the trusted proxies are read: x-forwarded (X-Forwarded-For, -Proto and -Host) or forwarded
	// (RFC 7239). Of the others they may hand on what clients write. Empty: x-forwarded.
	ForwardedBy string `yaml:"forwarded_by"`
	// CORS are the origins, such as https://app.example.com, from which pages in browsers may use the REST interface; * are
	// all. Empty: none.
	CORS []string `yaml:"cors"`
	// SecondFactor are the roles, such as system, whose users sign in to the web pages with a second factor beside the password: who
	// has none sets one up with the next sign-in. Accounts can ask for it, too. Empty: none.
	SecondFactor []string `yaml:"second_factor"`
}

// Listener is where it is served.
func (h *HTTP) Listener() Listener {
	return Listener{Listen: h.Listen, TLSListen: h.TLSListen, TLS: h.TLS, Proxy: h.Proxy}
}

// checkHTTP reports what is wrong with how the HTTP interfaces are reached.
func (d *decoder) checkHTTP(h *HTTP) {
	d.checkListener("http", h.Listener())
	if u, err := url.Parse(h.BaseURL); h.BaseURL != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "") {
		d.report("http.base_url", quote(h.BaseURL)+" is no address such as https://sms.example.com or https://example.com/kurir")
	}
	for i, network := range h.TrustedProxies {
		if _, err := account.ParseNetwork(network); err != nil {
			d.report(fmt.Sprintf("http.trusted_proxies[%d]", i), quote(network)+" is neither a network such as 10.0.0.0/8 nor an address")
		}
	}
	if h.ForwardedBy != "" {
		d.oneOf("http.forwarded_by", h.ForwardedBy, "x-forwarded", "forwarded")
	}
	for i, role := range h.SecondFactor {
		d.oneOf(fmt.Sprintf("http.second_factor[%d]", i), role, account.Roles()...)
	}
	for i, origin := range h.CORS {
		u, err := url.Parse(origin)
		if origin != "*" && (err != nil || u.Scheme+"://"+u.Host != origin || u.Host == "" || origin != strings.ToLower(origin)) {
			d.report(fmt.Sprintf("http.cors[%d]", i), quote(origin)+" is no origin as browsers write it, such as https://app.example.com, nor *")
		}
	}
}
